//! A worktree that keeps only a part of its datasets: what is left out is neither missed nor lost.

use crate::support::data::{bytes, rows};
use crate::support::remote::Remote;
use crate::support::world::World;

/// `data/train` and `data/test`, added, committed and pushed; a folder beside them.
fn two_parts(remote: Remote) -> World {
    let world = World::on(remote).file("data/train/a", bytes(1, 300_000)).file("data/train/b", "b");
    let world = world.file("data/test/c", bytes(2, 200_000)).file("other/d.csv", rows(500));
    world.esker("add data other").ok().commit("data").esker("push").ok()
}

#[test]
fn what_is_left_out_goes_and_is_not_missed() {
    let world = two_parts(Remote::Folder);
    let before = world.tree("data");
    let world = world.esker("sparse set data/train").ok().prints("this worktree keeps what matches data/train");
    assert!(world.path("data/train/a").exists() && !world.path("data/test").exists());
    // Its folder stays, empty: the dataset itself is not gone.
    assert!(world.path("other").exists() && !world.path("other/d.csv").exists());
    let world = world.esker("status --exit-code").ok().prints("1 file left out");
    let world = world.esker("checkout").ok().esker("pull").ok();
    assert!(!world.path("data/test/c").exists());
    let world = world.esker("sparse list").ok().prints("data/train");
    let world = world.esker("sparse add other").ok();
    assert!(world.path("other/d.csv").exists() && !world.path("data/test").exists());
    let world = world.esker("sparse disable").ok().prints("keeps everything");
    assert_eq!(world.tree("data"), before);
    world.esker("status --exit-code").ok();
}

#[test]
fn an_add_keeps_what_is_left_out() {
    let world = two_parts(Remote::Folder).esker(["sparse", "set", "data", "!data/test"]).ok();
    let world = world.file("data/train/new", "new").remove("data/train/b").esker("add data").ok();
    let world = world.prints("updated data (3 files").commit("new").esker("push").ok();
    let world = world.clone_as("bob").esker("pull").ok();
    assert!(world.read("data/test/c") == bytes(2, 200_000));
    assert_eq!(world.text("data/train/new"), "new");
    assert!(!world.path("data/train/b").exists());
}

#[test]
fn a_fresh_clone_fetches_only_what_it_keeps() {
    for remote in Remote::all() {
        let world = two_parts(remote).clone_as("bob").esker("sparse set data/test").ok();
        let world = world.esker("pull").ok().prints("everything is up to date");
        assert!(world.read("data/test/c") == bytes(2, 200_000), "{remote:?}");
        assert!(!world.path("data/train").exists() && !world.path("other/d.csv").exists());
        let info = world.esker("cache info --json").ok();
        assert!(info.json()["disk_bytes"].as_u64().unwrap() < 280_000, "{remote:?}: more than that part came");
    }
}

#[test]
fn another_version_brings_only_what_is_kept() {
    let world = two_parts(Remote::Folder).git("tag v1").file("data/train/a", "second").file("data/test/c", "second");
    let world = world.esker("add data").ok().commit("second").git("tag v2").esker("sparse set data/train").ok();
    let world = world.esker("checkout v1").ok();
    assert!(world.read("data/train/a") == bytes(1, 300_000) && !world.path("data/test").exists());
    let world = world.esker("checkout v2").ok().esker("sparse disable").ok();
    assert_eq!((world.text("data/train/a"), world.text("data/test/c")), ("second".to_owned(), "second".to_owned()));
}

#[test]
fn a_change_that_nobody_added_is_not_lost() {
    let world = two_parts(Remote::Folder).file("data/test/c", "edited").file("data/test/own", "never added");
    let world = world.esker("sparse set data/train").exits(3).says("data/test/c");
    let world = world.esker("sparse list").ok().prints("everything is kept");
    assert_eq!(world.text("data/test/c"), "edited");
    let world = world.esker("sparse set data/train --force").ok();
    assert!(!world.path("data/test/c").exists());
    assert_eq!(world.text("data/test/own"), "never added", "esker never knew that file");
}

#[test]
fn what_is_no_pattern_is_refused() {
    let world = two_parts(Remote::Folder).esker(["sparse", "set", "data", "[z-a]"]).exits(3).says("line 2");
    world.esker("sparse list").ok().prints("everything is kept");
}

#[test]
fn what_is_new_fits_in_with_what_is_left_out() {
    let world = two_parts(Remote::Folder).folder("data/train/empty").folder("data/later").esker("add data").ok();
    let world = world.commit("folders").esker("push").ok().esker("sparse set data/train/a").ok();
    // An empty folder that is left out gets a file; one that is left out and not empty is made anew.
    let world = world.file("data/train/empty/c", "c").file("data/later/d", "d").folder("data/test");
    let world = world.esker("status").ok().esker("diff").ok().esker("add data").ok().esker("status").ok();
    let world = world.commit("more").esker("sparse disable").ok();
    let files = ["data/train/empty/c", "data/later/d", "data/train/b"].map(|path| world.text(path));
    assert_eq!(files, ["c", "d", "b"]);
    assert!(world.path("data/test/c").exists());
}
