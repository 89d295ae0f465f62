//! `add`: scenarios A1 to A6, A17, A18.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use esker::base::Id;

use crate::support::data::{bytes, insert_in_the_middle, rows};
use crate::support::world::World;

fn pointer_field(world: &World, pointer: &str, field: &str) -> String {
    let text = world.text(pointer);
    let line = text.lines().find(|line| line.starts_with(&format!("{field} = "))).unwrap_or_else(|| panic!("{text}"));
    line.split(" = ").nth(1).unwrap().trim_matches('"').to_owned()
}

/// A1.
#[test]
fn a_file_gets_a_pointer_with_its_blake3_and_stays_as_it_is() {
    let world = World::new().file("train.csv", rows(1000));
    let touched = |world: &World| fs::metadata(world.path("train.csv")).unwrap().modified().unwrap();
    let before = touched(&world);
    let world = world.esker("add train.csv").ok();
    assert_eq!(pointer_field(&world, "train.csv.esker", "id"), Id::of(&rows(1000)).to_string());
    assert_eq!(pointer_field(&world, "train.csv.esker", "bytes"), rows(1000).len().to_string());
    assert_eq!((touched(&world), world.read("train.csv")), (before, rows(1000)));
    assert!(world.text(".gitignore").lines().any(|line| line == "/train.csv"));
    let staged = world.git_output("diff --cached --name-only");
    assert!(staged.contains("train.csv.esker") && staged.contains(".gitignore"), "{staged}");
    assert_eq!(world.git_output("status --short -- train.csv"), "");
}

/// A2.
#[test]
fn a_folder_of_odd_names_comes_back_as_it_was() {
    let names: [&[u8]; 11] = [
        b"plain",
        b"two words",
        "Gr\u{fc}\u{df}e \u{1f600}".as_bytes(),
        b"#hash",
        b"[x]",
        b"!bang",
        b"trailing ",
        b"new\nline",
        b"back\\slash",
        b"not utf-8 \xff\xfe",
        &[b'n'; 255],
    ];
    let world = World::new().folder("data/deep/er/empty").folder("data/sub");
    for (at, name) in names.iter().enumerate() {
        for folder in ["data", "data/sub", "data/deep/er"] {
            fs::write(world.path(folder).join(OsStr::from_bytes(name)), format!("{folder} {at}")).unwrap();
        }
    }
    let world = world.file("data/run.sh", "#!/bin/sh\n").executable("data/run.sh").link("data/sub/link", "../run.sh");
    let world = world.link("data/dangling", "no/where").esker("add data").ok().commit("data");
    let before = world.tree("data");
    let world = world.remove("data").esker("checkout").ok();
    assert_eq!(world.tree("data"), before);
    world.esker("add data").ok().prints("unchanged");
}

/// A3.
#[test]
fn a_second_add_reads_no_file_and_writes_nothing() {
    let world = World::new().file("data/a.csv", rows(5000)).file("data/b/c.bin", bytes(1, 300_000));
    let world = world.esker("add data").ok();
    let before = (world.footprint(""), world.footprint(".git/esker"));
    let world = world.esker("add data --json").ok();
    assert_eq!(world.json()["files_read"], 0);
    assert_eq!((world.footprint(""), world.footprint(".git/esker")), before);
}

#[test]
fn a_touched_file_is_read_once_more_and_then_known() {
    let world = World::new().file("data/a.csv", rows(50)).file("data/b.csv", rows(60)).esker("add data").ok();
    let pointer = world.text("data.esker");
    let world = world.file("data/a.csv", rows(50)).esker("add data --json").ok();
    assert_eq!(world.json()["files_read"], 1);
    assert_eq!(world.text("data.esker"), pointer);
    let world = world.esker("add data --json").ok();
    assert_eq!(world.json()["files_read"], 0);
}

/// A5.
#[test]
fn what_the_user_wrote_into_a_pointer_stays() {
    let world = World::new().file("data/a", "one").esker("add data").ok();
    let pointer = format!("# ours\n{}\n[meta]\nowner = \"us\" # and them\n", world.text("data.esker"));
    let world = world.file("data.esker", &pointer).file("data/a", "two").esker("add data").ok();
    let text = world.text("data.esker");
    assert!(text.starts_with("# ours\n") && text.contains("[meta]\nowner = \"us\" # and them\n"), "{text}");
    assert!(!text.contains(&pointer_field(&World::new().file("data.esker", &pointer), "data.esker", "id")));
}

#[test]
fn a_part_of_a_dataset_is_added_alone() {
    let world = World::new().file("data/a", "one").file("data/sub/b", "two").esker("add data").ok();
    let world = world.file("data/a", "three").file("data/sub/b", "four").esker("add data/sub").ok();
    let world = world.esker("checkout").exits(3).says("data/a").never_says("data/sub/b");
    world.esker("add data").ok().esker("checkout").ok().prints("up to date");
}

/// A17.
#[test]
fn the_same_content_is_stored_once() {
    let content = bytes(7, 400_000);
    let world = World::new().file("one/x", &content).esker("add one --json").ok();
    assert_eq!(world.json()["new_bytes"], 400_000);
    let world = world.file("two/y", &content).file("three", &content).esker("add two three --json").ok();
    assert_eq!(world.json()["new_bytes"], 0);
}

/// A18, on a smaller file.
#[test]
fn an_insertion_costs_little_in_the_cache() {
    let old = bytes(3, 24 << 20);
    let world = World::new().file("big", &old).esker("add big").ok().commit("one");
    let world = world.file("big", insert_in_the_middle(&old, &bytes(4, 1 << 20))).esker("add big --json").ok();
    let stored = world.json()["stored_bytes"].as_u64().unwrap();
    assert!((1 << 20..2 << 20).contains(&stored), "{stored} bytes stored");
}

#[test]
fn from_a_sub_folder_paths_mean_what_they_say() {
    let world = World::new().file("sub/data/a", "one").go_to("alice/sub").esker("add data").ok();
    assert!(world.text("data.esker").contains("kind = \"folder\""));
    assert!(world.text(".gitignore").contains("/data"));
    world.go_to("alice").esker("-C sub add ../sub/data").ok().prints("unchanged: sub/data");
}

#[test]
fn what_was_added_before_is_added_again_when_its_pointer_is_gone() {
    let world = World::new().file("x", rows(100)).file("data/a", rows(200)).esker("add x data").ok();
    let world = world.git("rm -q --cached x.esker data.esker").remove("x.esker").remove("data.esker");
    let world = world.esker("add x data").ok().never_says("new data").commit("back");
    let world = world.remove("x").remove("data").esker("checkout").ok();
    assert_eq!((world.read("x"), world.read("data/a")), (rows(100), rows(200)));
}

#[test]
fn what_no_cache_has_any_more_is_stored_again() {
    for pointers_stay in [true, false] {
        let mut world = World::new().file("x", rows(100)).file("data/a", rows(200)).file("data/b", "b");
        world = world.esker("add x data").ok();
        if !pointers_stay {
            world = world.git("rm -q --cached x.esker data.esker").remove("x.esker").remove("data.esker");
        }
        world = world.remove(".git/esker/cache").file("data/b", "changed").file("x", rows(101));
        world = world.esker("add x data").ok().commit("back");
        world = world.esker("verify --read-data").ok().remove("x").remove("data").esker("checkout").ok();
        assert_eq!((world.read("x"), world.read("data/a")), (rows(101), rows(200)));
    }
}
