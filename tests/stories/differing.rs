//! `diff`: scenario A13.

use std::fs;

use insta::assert_snapshot;

use crate::support::data::{bytes, insert_in_the_middle, rows};
use crate::support::remote::Remote;
use crate::support::world::World;

/// A first version, tagged `v1`.
fn first(world: World) -> World {
    let world = world.file("data/kept.csv", rows(10)).file("data/large.bin", bytes(1, 3_000_000));
    let world = world.file("data/old/a", "aaa").file("data/old/b", "bbb").file("data/old/sub/c", "ccc");
    let world = world.file("data/gone.txt", "gone").file("data/name.txt", "same").file("data/empty.txt", "");
    let world = world.file("data/tool.sh", "#!/bin/sh\n").link("data/link", "kept.csv");
    world.esker("add data").ok().commit("one").git("tag v1")
}

/// Every kind of change, not recorded.
fn changed(world: World) -> World {
    let large = insert_in_the_middle(&world.read("data/large.bin"), b"some bytes more");
    let world = world.file("data/large.bin", large).remove("data/gone.txt").file("data/new.txt", "new");
    let world = world.rename("data/old", "data/moved").rename("data/name.txt", "data/other.txt");
    let world = world.rename("data/empty.txt", "data/empty-too.txt").executable("data/tool.sh");
    world.remove("data/link").link("data/link", "new.txt")
}

fn two_versions(world: World) -> World {
    changed(first(world)).esker("add data").ok().commit("two").git("tag v2")
}

const CHANGES: &str = "\
data: 2 new, 2 deleted, 2 modified, 4 renamed, 1 with another mode
  renamed:   data/old/ -> data/moved/         3 files
  deleted:   data/empty.txt                   0 bytes
  new:       data/empty-too.txt               0 bytes
  deleted:   data/gone.txt                    4 bytes
  modified:  data/large.bin                   XX new of 2.9 MiB
  modified:  data/link                        points elsewhere
  new:       data/new.txt                     3 bytes
  renamed:   data/name.txt -> data/other.txt
  mode:      data/tool.sh                     now executable
1 dataset: 2 new, 2 deleted, 2 modified, 4 renamed, 1 with another mode; XX of new data
";

/// What was printed, with the sizes that the cuts of chunks decide written as XX; lines in order.
fn printed(world: &World) -> Vec<String> {
    let text = String::from_utf8(world.stdout().to_vec()).unwrap();
    let mut lines: Vec<String> = text.lines().map(without_cut_sizes).collect();
    lines.sort();
    lines
}

fn without_cut_sizes(line: &str) -> String {
    for end in [" new of", " of new data"] {
        if let Some(at) = line.find(end) {
            let start = line[..at].trim_end_matches(|c: char| c != ' ' && c != ';').trim_end();
            let start = start.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            return format!("{start}XX{}", &line[at..]);
        }
    }
    line.to_owned()
}

fn wanted() -> Vec<String> {
    let mut lines: Vec<String> = CHANGES.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn every_kind_of_change_between_two_revisions_is_told() {
    let world = two_versions(World::new()).esker("diff v1 v2").ok();
    assert_eq!(printed(&world), wanted());
    let world = world.esker("diff v1..v2").ok();
    assert_eq!(printed(&world), wanted());
    world.esker("diff v2 v2 --exit-code").ok().says_nothing();
}

#[test]
fn the_worktree_itself_is_compared_before_anything_is_added() {
    let world = changed(first(World::new())).esker("diff").ok();
    assert_eq!(printed(&world), wanted());
    // With --exit-code, as `git diff` has it.
    let world = world.esker("diff --exit-code --stat").exits(1).esker("diff v1").ok();
    assert_eq!(printed(&world), wanted());
    let world = world.esker("checkout --force").ok().esker("diff --exit-code").exits(1);
    // Files that esker never knew stay, and are told.
    assert_snapshot!(world.esker("diff --name-only").ok().shown(), @r"
    data/empty-too.txt
    data/moved/a
    data/moved/b
    data/moved/sub/c
    data/new.txt
    data/other.txt
    ");
}

#[test]
fn a_modified_file_tells_how_little_of_it_is_new() {
    let world = two_versions(World::new()).esker("diff v1 v2 --json").ok();
    let report = world.json();
    let files = report["datasets"][0]["changes"]["files"].as_array().unwrap().clone();
    let large = files.iter().find(|file| file["path"] == "data/large.bin").unwrap();
    let new = large["changed_bytes"].as_u64().unwrap();
    assert!((16_384..600_000).contains(&new), "{new}");
    assert_eq!(large["new"]["bytes"], 3_000_015);
    assert_eq!(report["counts"]["renamed"], 4);
    assert_eq!(report["datasets"][0]["changes"]["renamed_folders"][0]["files"], 3);
    assert_eq!((&report["from"], &report["to"]), (&"v1".into(), &"v2".into()));
    drop(world);
}

#[test]
fn paths_limit_what_is_compared() {
    let world = two_versions(World::new());
    assert_snapshot!(world.esker("diff v1 v2 data/tool.sh data/new.txt").ok().shown(), @r"
    data: 1 new, 1 with another mode
      new:   data/new.txt  3 bytes
      mode:  data/tool.sh  now executable
    1 dataset: 1 new, 1 with another mode; 3 bytes of new data
    ");
    let world = two_versions(World::new()).folder("code").go_to("alice/code");
    let world = world.esker("diff v1 v2 --name-only -- ../data/moved").ok().prints("data/moved/sub/c");
    world.esker("diff v1 -- ../nowhere").exits(2).says("nowhere").esker("diff v1 nowhere").exits(2).says("nowhere");
}

#[test]
fn datasets_come_go_move_and_change_their_kind() {
    let world = World::new().file("a/x", "1").file("a/y", "2").file("gone/z", "3").file("thing", "4");
    let world = world.esker("add a gone thing").ok().commit("one");
    let world = world.git("rm -q --cached gone.esker").remove("gone.esker").remove("gone").remove("thing");
    let world = world.rename("a", "b").git("rm -q --cached a.esker").remove("a.esker").file("thing/part", "5");
    let world = world.file("fresh", "6").esker("add b fresh").ok();
    let world = world.esker("add thing").ok().commit("two");
    assert_snapshot!(world.esker("diff HEAD~1 HEAD").ok().shown(), @r"
    a -> b: renamed dataset, 2 files, 2 bytes
    fresh: new dataset, 1 file, 1 byte
    gone: deleted dataset, 1 file, 1 byte
    thing: a file became a folder
      deleted:  thing       1 byte
      new:      thing/part  1 byte
    4 datasets: 2 new, 2 deleted; 2 bytes of new data
    ");
}

/// Only lists of files travel.
#[test]
fn a_clone_that_never_fetched_data_tells_the_same() {
    for remote in Remote::all() {
        let world = two_versions(World::on(remote)).esker("push --all-tags").ok().clone_as("bob");
        let world = world.esker("diff v1 v2").ok();
        assert_eq!(printed(&world), wanted());
        let cache = world.path(".git/esker/cache/packs");
        assert!(folder_bytes(&cache) < 100_000, "{remote:?}: data was fetched");
        // Nothing is in the worktree: there its pointers speak.
        world.esker("diff --exit-code").ok().says_nothing();
    }
}

fn folder_bytes(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { folder_bytes(&path) } else { fs::metadata(&path).unwrap().len() }).sum()
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let world = World::git_only().esker("init").ok().file("data/a", "1").esker("add data").ok();
    world.esker("diff").ok().prints("data: new dataset, 1 file, 1 byte");
}
