//! Looking without a checkout: `ls`, `cat`, `du`, `log`.

use std::fs;

use insta::assert_snapshot;

use crate::support::data::{bytes, flip, insert_in_the_middle, rows};
use crate::support::remote::Remote;
use crate::support::world::World;

fn two_versions(world: World) -> World {
    let world = world.file("data/a.csv", rows(100)).file("data/img/one.png", bytes(1, 2_000_000));
    let world = world.folder("data/none").link("data/link", "a.csv").file("single.bin", bytes(2, 300));
    let world = world.esker("add data single.bin").ok().commit("one").git("tag v1");
    let large = insert_in_the_middle(&bytes(1, 2_000_000), b"more");
    let world = world.file("data/img/one.png", large).file("data/img/two.png", "2").remove("data/a.csv");
    world.esker("add data").ok().commit("two").git("tag v2")
}

#[test]
fn ls_shows_datasets_and_what_is_in_them_at_any_revision() {
    let world = two_versions(World::new());
    let world = world.esker("ls").ok();
    assert_snapshot!(world.shown(), @r"
    data/
    single.bin
    ");
    let world = world.esker("ls -l v1:data").ok();
    assert_snapshot!(world.shown(), @r"
     3.1 KiB     data/a.csv
     1.9 MiB  1  data/img/
     0 bytes     data/link -> a.csv
     0 bytes  1  data/none/
    ");
    let world = world.esker("ls -r :data").ok();
    assert_snapshot!(world.shown(), @r"
    data/img/one.png
    data/img/two.png
    data/link
    data/none/
    ");
    let world = world.esker("ls v1:data/img/one.png").ok().prints("data/img/one.png");
    let world = world.esker("ls v2:data/a.csv").exits(2).says("is not in the dataset data").esker("ls code").exits(2);
    let world = world.says("code").esker("ls --json v1:").ok();
    let entries = world.json()["entries"].clone();
    assert_eq!((&entries[0]["path"], &entries[0]["files"]), (&"data".into(), &4.into()));
}

#[test]
fn cat_prints_any_file_of_any_revision() {
    let world = two_versions(World::new()).file("data/img/two.png", "changed here").esker("cat v1:data/a.csv").ok();
    assert_eq!(world.stdout(), rows(100));
    let world = world.esker("cat data/img/two.png").ok();
    assert_eq!(world.stdout(), b"2");
    let world = world.esker("cat v1:data/img/one.png").ok();
    assert!(world.stdout() == bytes(1, 2_000_000));
    let world = world.esker("cat single.bin").ok();
    assert_eq!(world.stdout(), bytes(2, 300));
    let world = world.esker("cat data").exits(2).says("data is a folder").esker("cat data/img").exits(2).says("folder");
    world.esker("cat data/link").exits(2).says("symlink to a.csv").esker("cat data/nothing").exits(2).says("nothing");
}

/// No chunk of it ever enters the cache.
#[test]
fn cat_reads_straight_from_the_remote() {
    for remote in Remote::all() {
        let world = two_versions(World::on(remote)).esker("push --all-tags").ok().clone_as("bob");
        let world = world.esker("cat v1:data/img/one.png").ok();
        assert!(world.stdout() == bytes(1, 2_000_000));
        let world = world.esker("status data").ok().prints("to be fetched").esker("cat data/img/two.png").ok();
        assert_eq!(world.stdout(), b"2");
    }
}

#[test]
fn cat_tells_what_is_missing_or_damaged_and_heals_by_the_remote() {
    let world = two_versions(World::new()).remove(".git/esker/cache/packs");
    world.esker("cat single.bin").exits(5).says("single.bin");
    let world = two_versions(World::on(Remote::Folder)).esker("push").ok();
    damage_packs(&world);
    let world = world.esker("cat single.bin").ok();
    assert_eq!(world.stdout(), bytes(2, 300));
    let world = two_versions(World::new());
    damage_packs(&world);
    world.esker("cat single.bin").exits(5).says("damaged");
}

/// Flips a bit in every kilobyte of every pack of the cache.
fn damage_packs(world: &World) {
    for folder in fs::read_dir(world.path(".git/esker/cache/packs")).unwrap() {
        for pack in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = pack.unwrap().path();
            let content = fs::read(&path).unwrap();
            let damaged = (100..content.len()).step_by(100).fold(content.clone(), |bytes, at| flip(&bytes, at));
            if content.len() > 2_000_000 {
                fs::remove_file(&path).unwrap();
                fs::write(&path, damaged).unwrap();
            }
        }
    }
}

#[test]
fn du_counts_what_is_there_once_only() {
    let world = World::new().file("a/x", bytes(1, 1000)).file("a/y", bytes(1, 1000)).file("b/z", bytes(1, 1000));
    let world = world.esker("add a b").ok().commit("one");
    assert_snapshot!(world.esker("du").ok().shown(), @r"
    files        size      unique    in cache  dataset
        2     2.0 KiB  1000 bytes  1000 bytes  a
        1  1000 bytes  1000 bytes  1000 bytes  b
        3     2.9 KiB  1000 bytes  1000 bytes  total
    ");
}

#[test]
fn log_tells_who_changed_a_dataset_and_by_how_much() {
    let world = two_versions(World::new()).file("code.py", "x").git("add code.py").commit("code");
    let world = world.esker("log").ok();
    let text = String::from_utf8_lossy(world.stdout()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].ends_with("2026-01-01 Alice two"), "{text}");
    assert_eq!(lines[1], "    data: 1 new, 1 deleted, 1 modified (-3.1 KiB)");
    assert!(lines[3..].contains(&"    data: new, 4 files, 1.9 MiB"), "{text}");
    assert!(lines[3..].contains(&"    single.bin: new, 1 file, 300 bytes"), "{text}");
    let world = world.esker("log -n 1 data/a.csv").ok().prints("data/a.csv: deleted, 1 file, 3.1 KiB");
    let world = world.esker("log v1 -- data").ok();
    let world = world.prints("one").never_says("two").esker("log --json single.bin").ok();
    assert_eq!(world.json()["commits"].as_array().unwrap().len(), 1);
}

/// Only commits that changed the part are told, with the size that it had then; and other verbs look into the same part.
#[test]
fn a_part_of_a_dataset_has_its_own_history() {
    let world = two_versions(World::new()).file("data/link2", "elsewhere").esker("add data").ok().commit("three");
    let world = world.file("data/img/two.png", "2b").esker("add data").ok().commit("four");
    let world = world.remove("data").remove("single.bin").esker("log data/img").ok();
    assert_snapshot!(without_commits(&world.shown()), @r"
    2026-01-01 Alice four
        data/img: 1 modified (+1 byte), now 2 files, 1.9 MiB
    2026-01-01 Alice two
        data/img: 1 new, 1 modified (+5 bytes), now 2 files, 1.9 MiB
    2026-01-01 Alice one
        data/img: new, 1 file, 1.9 MiB
    ");
    let world = world.esker("log data/img/two.png").ok();
    assert_snapshot!(without_commits(&world.shown()), @r"
    2026-01-01 Alice four
        data/img/two.png: 1 modified (+1 byte), now 2 bytes
    2026-01-01 Alice two
        data/img/two.png: new, 1 file, 1 byte
    ");
    let world = world.esker("log --json -n 1 data/img").ok();
    let part = world.json()["commits"][0]["datasets"][0]["part"].clone();
    assert_eq!((&part["path"], &part["new"]["files"]), (&"data/img".into(), &2.into()));
    let world = world.esker("diff v1 HEAD -- data/img/two.png").ok().prints("data/img/two.png").never_says("one.png");
    let world = world.esker("du v1 data/img").ok().prints("1.9 MiB").esker("ls v1:data/img").ok().never_says("two.png");
    let world = world.esker("cat HEAD~1:data/img/two.png").ok();
    assert_eq!(world.stdout(), b"2");
    assert!(!world.path("data").exists());
}

fn without_commits(text: &str) -> String {
    let rest = |line: &str| if line.starts_with(' ') { line.to_owned() } else { line[11..].to_owned() };
    text.lines().map(|line| rest(line) + "\n").collect()
}

/// Where lists of files are nowhere, the commits are told all the same.
#[test]
fn log_goes_on_without_lists_of_files() {
    let world = two_versions(World::new()).remove(".git/esker/cache");
    world.esker("log").ok().prints("two").prints("its lists of files are not here").prints("data: new, 4 files");
}
