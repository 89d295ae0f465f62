//! `checkout`: scenarios A9 to A12.

use std::fs;

use crate::support::data::{bytes, flip, insert_at, rows};
use crate::support::world::World;

/// Two versions, tagged: three files of the first are changed, gone and kept; one is new.
fn two_versions() -> World {
    let world = World::new().file("data/kept", rows(10)).file("data/sub/changed", rows(20)).file("data/gone", "x");
    let world = world.esker("add data").ok().commit("one").git("tag v1");
    let world = world.remove("data/gone").file("data/sub/changed", rows(30)).file("data/new/deep", "y");
    world.esker("add data").ok().commit("two").git("tag v2")
}

/// A9.
#[test]
fn versions_come_and_go_with_exact_counts() {
    let world = two_versions().file("data/own", "never added");
    let second = world.tree("data");
    let world = world.git("checkout -q v1").esker("checkout").ok().prints("data: 1 added, 1 modified, 1 deleted");
    assert_eq!(world.read("data/sub/changed"), rows(20));
    assert_eq!(world.text("data/own"), "never added");
    assert!(!world.path("data/new").exists());
    let world = world.git("checkout -q v2").esker("checkout").ok().prints("data: 1 added, 1 modified, 1 deleted");
    assert_eq!(world.tree("data"), second);
}

/// A9.
#[test]
fn a_dataset_of_one_branch_goes_with_it_and_the_users_files_stay() {
    let world = World::new().git("checkout -q -b side").file("side/a", "1").file("side/b/c", "2");
    let world = world.esker("add side").ok().commit("side").file("side/mine", "3");
    let world = world.git("checkout -q main").esker("checkout").ok().prints("side: 2 deleted");
    assert!(!world.path("side/a").exists() && !world.path("side/b").exists());
    assert_eq!(world.text("side/mine"), "3");
    let world = world.git("checkout -q side").esker("checkout").ok().prints("side: 2 added");
    assert_eq!(world.text("side/b/c"), "2");
}

/// A10.
#[test]
fn a_revision_brings_its_pointers_too_and_git_restores_them() {
    let world = two_versions().esker("checkout v1 -- data").ok();
    assert_eq!(world.text("data.esker"), world.git_output("show v1:data.esker") + "\n");
    assert_eq!(world.read("data/sub/changed"), rows(20));
    assert!(world.git_output("diff --cached --name-only").contains("data.esker"));
    let world = world.git("restore --staged --worktree data.esker").esker("checkout").ok();
    assert_eq!(world.read("data/sub/changed"), rows(30));
}

/// A11.
#[test]
fn an_unsaved_change_is_named_and_kept() {
    let world = two_versions().file("data/sub/changed", "mine");
    let before = world.footprint("");
    let world = world.git("checkout -q v1").esker("checkout").exits(3).says("data/sub/changed").says("--force");
    let world = world.git("checkout -q v2").esker("checkout").exits(3);
    assert_eq!(world.text("data/sub/changed"), "mine");
    assert_eq!(world.footprint("data"), world.footprint("data"));
    drop(before);
    let world = world.esker("checkout --force").ok();
    assert_eq!(world.read("data/sub/changed"), rows(30));
}

#[test]
fn a_new_file_of_the_user_is_not_overwritten_by_one_of_the_same_name() {
    let world = two_versions().git("checkout -q v1").esker("checkout").ok().file("data/new/deep", "mine");
    let world = world.git("checkout -q v2").esker("checkout").exits(3).says("data/new/deep");
    assert_eq!(world.text("data/new/deep"), "mine");
}

#[test]
fn what_the_user_deleted_comes_back() {
    let world = two_versions().remove("data/kept").remove("data/new");
    let world = world.esker("checkout").ok().prints("data: 2 added");
    assert_eq!(world.read("data/kept"), rows(10));
}

/// A12: without a remote, and with one chunk of the cache turned bad.
#[test]
fn damage_in_the_cache_is_named_and_nothing_is_touched() {
    let world = World::new().file("data/a", bytes(1, 50_000)).file("data/b", bytes(2, 50_000));
    let world = world.esker("add data").ok().commit("one").git("tag v1").file("data/a", "a2").file("data/b", "b2");
    let world = world.esker("add data").ok().commit("two");
    damage_packs(&world, &bytes(1, 50_000));
    let before = world.footprint("data");
    let world = world.git("checkout -q v1").esker("checkout").exits(5).says("data/a").never_says("data/b");
    assert_eq!(world.footprint("data"), before);
    let world = world.esker("checkout --force").exits(5);
    assert_eq!(world.footprint("data"), before);
}

/// Turns a bit of `content` wherever a pack of the cache holds it.
fn damage_packs(world: &World, content: &[u8]) {
    let mut damaged = 0;
    for folder in fs::read_dir(world.path(".git/esker/cache/packs")).unwrap() {
        for pack in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = pack.unwrap().path();
            let held = fs::read(&path).unwrap();
            if let Some(at) = held.windows(64).position(|window| window == &content[..64]) {
                fs::write(&path, flip(&held, at + 100)).unwrap();
                damaged += 1;
            }
        }
    }
    assert_eq!(damaged, 1);
}

#[test]
fn a_file_becomes_a_folder_and_back() {
    let world = World::new().file("data/x", "file").file("data/y/z", "in a folder").esker("add data").ok();
    let world = world.commit("one").git("tag v1").remove("data/x").remove("data/y");
    let world = world.file("data/x/inner", "1").file("data/y", "2").esker("add data").ok().commit("two");
    let second = world.tree("data");
    let world = world.git("checkout -q v1").esker("checkout").ok();
    assert_eq!((world.text("data/x"), world.text("data/y/z")), ("file".into(), "in a folder".into()));
    let world = world.git("checkout -q main").esker("checkout").ok();
    assert_eq!(world.tree("data"), second);
}

#[test]
fn a_dataset_becomes_a_folder_and_back() {
    let world = World::new().file("thing", rows(40)).esker("add thing").ok().commit("one").git("tag v1");
    let world = world.remove("thing").file("thing/a", "1").file("thing/b", "2").esker("add thing").ok().commit("two");
    let world = world.git("checkout -q v1").esker("checkout").ok();
    assert_eq!(world.read("thing"), rows(40));
    let world = world.git("checkout -q main").esker("checkout").ok();
    assert_eq!((world.text("thing/a"), world.text("thing/b")), ("1".into(), "2".into()));
}

#[test]
fn a_large_file_comes_back_whole() {
    let content = bytes(9, 40 << 20);
    let world = World::new().file("big", &content).esker("add big").ok().remove("big").esker("checkout").ok();
    assert!(world.read("big") == content);
}

#[test]
fn a_file_stays_executable() {
    let world = World::new().file("run", "#!/bin/sh\n").executable("run").esker("add run").ok().commit("one");
    let world = world.git("tag v1").remove("run").esker("checkout").ok().run_program("./run", "").ok();
    let world = world.run_program("chmod", "-x run").ok().esker("status").ok().prints("run");
    let world = world.esker("add run").ok().prints("updated run").commit("two").git("checkout -q v1");
    world
        .esker("checkout")
        .ok()
        .prints("run: 1 modified")
        .run_program("./run", "")
        .ok()
        .esker("status --exit-code")
        .ok();
}

#[test]
fn an_empty_folder_that_was_placed_is_no_change_of_the_user() {
    let world = World::new().file("data/sub/c", "c").file("data/a", "1").esker("add data").ok().commit("one");
    let world = world.git("tag v1").remove("data/sub/c").esker("add data").ok().commit("two");
    let world = world.git("checkout -q v1").esker("checkout").ok().git("checkout -q main").esker("checkout").ok();
    let world = world.esker("status --exit-code").ok().remove("data").esker("checkout").ok();
    assert!(world.path("data/sub").is_dir());
    world.esker("status --exit-code").ok();
}

/// `bob` has the first version; his pointer is that of the second, and nobody has any more than that.
fn without_the_version_before() -> World {
    let world = two_versions();
    let cache = |clone: &str| world.root().join(clone).join(".git/esker/cache");
    let (full, second) = (cache("alice"), cache("carol"));
    let world = world.clone_as("bob").git("checkout -q v1").variable("ESKER_CACHE_DIR", full).esker("checkout").ok();
    let world = world.clone_as("carol").file("data/kept", rows(10)).file("data/sub/changed", rows(30));
    let world = world.file("data/new/deep", "y").variable("ESKER_CACHE_DIR", second).esker("add data").ok();
    assert_eq!(world.git_output("status --porcelain"), "", "it is the second version");
    world.go_to("bob").git("checkout -q v2")
}

#[test]
fn a_checkout_needs_nothing_of_the_version_that_was_there_before() {
    let world = without_the_version_before().file("data/sub/changed", "mine");
    let world = world.esker("checkout --no-fetch").exits(3).says("data/sub/changed").says("--force");
    assert_eq!(world.text("data/sub/changed"), "mine");
    let world = world.file("data/sub/changed", rows(20)).file("data/own", "never added");
    let world = world.esker("checkout --no-fetch").ok().prints("data: 1 added, 1 modified, 1 deleted");
    assert_eq!(world.text("data/own"), "never added");
    let world = world.remove("data/own").esker("status --exit-code").ok();
    assert_eq!(world.tree("data").files(), ["kept", "new/deep", "sub/changed"]);
    assert_eq!(world.read("data/sub/changed"), rows(30));
}

#[test]
fn a_part_needs_nothing_of_the_version_before_either_and_then_all_is_read_again() {
    let world = without_the_version_before().file("data/sub/changed", "mine");
    let world = world.esker("checkout --no-fetch data/sub").exits(3).says("data/sub/changed");
    let world = world.file("data/sub/changed", rows(20)).esker("checkout --no-fetch data/sub").ok();
    assert_eq!(world.read("data/sub/changed"), rows(30));
    // Which version the rest is of is not known any more: nothing of it goes.
    let world = world.esker("checkout --no-fetch").ok();
    assert_eq!(world.tree("data").files(), ["gone", "kept", "new/deep", "sub/changed"]);
    world.remove("data/gone").esker("status --exit-code").ok();
}

/// Two versions of a large file at `path` that differ at their beginning; of the first, the cache has lost what both have.
fn large_file_of_which_the_cache_lost_a_part(path: &str, dataset: &str) -> (World, [Vec<u8>; 2]) {
    let first = bytes(1, 12 << 20);
    let second = insert_at(&first, 200_000, b"more");
    let world = World::new().file(path, &first).esker(["add", dataset]).ok().commit("one").git("tag v1");
    let world = world.file(path, &second).esker(["add", dataset]).ok().commit("two").git("tag v2");
    damage_packs(&world, &first[6 << 20..]);
    (world, [first, second])
}

#[test]
fn what_a_large_file_shares_with_the_one_it_replaces_is_read_from_there() {
    for (path, dataset) in [("data/large", "data"), ("large", "large")] {
        let (world, [first, second]) = large_file_of_which_the_cache_lost_a_part(path, dataset);
        let world = world.git("checkout -q v1").esker("checkout").ok();
        assert!(world.read(path) == first);
        let world = world.esker(["checkout", "v2", "--", dataset]).ok();
        assert!(world.read(path) == second);
    }
}

#[test]
fn an_edited_large_file_is_no_source_of_the_one_that_replaces_it() {
    let (world, [first, second]) = large_file_of_which_the_cache_lost_a_part("large", "large");
    let edited = insert_at(&second, 1 << 20, b"mine");
    let world = world.file("large", &edited).git("checkout -q v1").esker("checkout --force").exits(5).says("large");
    assert!(world.read("large") == edited);
    let world = world.file("large", &first).esker("checkout").ok();
    assert!(world.read("large") == first);
}

#[test]
fn a_file_whose_list_of_chunks_is_nowhere_is_named() {
    let world = World::new().file("table.csv", rows(20_000)).esker("add table.csv").ok().commit("one").clone_as("bob");
    world.esker("checkout").exits(5).says("table.csv").never_says("has no chunk");
}
