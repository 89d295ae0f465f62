//! A thin cache: the files of the worktree are the only copy of what was added, until it is pushed.

use std::fs;

use crate::support::data::{bytes, rows};
use crate::support::remote::Remote;
use crate::support::world::World;

const THIN: [&str; 5] = ["config", "set", "--local", "cache.mode", "thin"];

/// A project with a remote and a thin cache.
fn thin(remote: Remote) -> World {
    World::on(remote).esker(THIN).ok()
}

/// The same with a dataset that no push has sent: a large file, a small one, and one of a few bytes.
fn unpushed(remote: Remote) -> World {
    let world = thin(remote).file("data/large.bin", bytes(1, 12_000_000)).file("data/some.csv", rows(5000));
    world.file("data/sub/few", "few").esker("add data").ok().commit("one")
}

/// The bytes of all packs in the cache.
fn cached_bytes(world: &World) -> u64 {
    let folders = fs::read_dir(world.path(".git/esker/cache/packs")).into_iter().flatten();
    let packs = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    packs.map(|pack| pack.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn add_leaves_data_in_its_files_and_push_reads_it_there() {
    for remote in Remote::all() {
        let world = thin(remote).file("data/large.bin", bytes(1, 12_000_000)).file("data/some.csv", rows(5000));
        let world = world.file("data/few", "few").esker("add data").ok().prints("left ").never_says("stored ");
        let world = world.file("one", "o").esker("add one --json").ok();
        assert_eq!((&world.json()["new_bytes"], &world.json()["left_bytes"]), (&0.into(), &1.into()), "{remote:?}");
        let world = world.commit("one");
        assert!(cached_bytes(&world) < 40_000, "{remote:?}: more than lists was stored");
        let world = world.esker("push -n").ok().prints("would send").esker("push").ok().prints("sent ");
        assert!(cached_bytes(&world) < 40_000, "{remote:?}: a push filled the cache");
        let world = world.esker("push").ok().prints("up to date").clone_as("bob").esker("pull").ok();
        assert_eq!(world.read("data/large.bin"), bytes(1, 12_000_000), "{remote:?}");
        assert_eq!((world.read("data/some.csv"), world.text("one")), (rows(5000), "o".to_owned()));
        world.esker("verify --remote --read-data").ok();
    }
}

#[test]
fn a_file_edited_before_its_push_is_named_and_nothing_is_sent() {
    for remote in Remote::all() {
        let world = unpushed(remote).file("data/some.csv", rows(5001)).esker("push").exits(5);
        let world = world.says("edited or removed after `esker add` and before a push").says("data/some.csv");
        let world = world.never_says("large.bin").says("put the old content back");
        let world = world.esker("status --remote").ok().prints("that the remote origin lacks");
        // The old content is found by its hash, whatever its stat.
        let world = world.file("data/some.csv", rows(5000)).esker("push").ok().clone_as("bob").esker("pull").ok();
        assert_eq!(world.read("data/some.csv"), rows(5000), "{remote:?}");
    }
}

#[test]
fn an_older_version_that_is_lost_is_named_with_its_commit_and_may_be_left_out() {
    let world = unpushed(Remote::Folder).file("data/some.csv", "other").esker("add data").ok();
    let world = world.says("data: 1 file of HEAD changed before a push").commit("two").esker("push").exits(5);
    let commit = world.git_output("rev-parse HEAD~1")[..10].to_owned();
    let world = world.says(&format!("data/some.csv (as in {commit})")).esker("push --all-commits").exits(5);
    let world = world.esker("push --rev HEAD").ok().clone_as("bob").esker("pull").ok();
    assert_eq!((world.text("data/some.csv"), world.read("data/large.bin").len()), ("other".to_owned(), 12_000_000));
}

#[test]
fn data_that_never_was_here_is_not_called_edited() {
    let world = World::on(Remote::Folder).file("x", "1").esker("add x").ok().commit("x").clone_as("bob");
    world.esker(THIN).ok().esker("push").exits(5).says("neither in the cache nor in").never_says("edited");
}

#[test]
fn what_a_checkout_replaces_is_stored_first() {
    let world = unpushed(Remote::Folder).git("tag v1").remove("data/sub").rename("data/some.csv", "data/moved.csv");
    let world = world.file("data/new", bytes(7, 50_000)).esker("add data").ok().commit("two").git("tag v2");
    assert!(cached_bytes(&world) < 40_000);
    // Of the first version one file is lost with its bytes: nothing is touched.
    let world = world.esker("checkout v1").exits(5).says("data/sub/few");
    assert!(world.path("data/new").exists() && world.path("data/moved.csv").exists());
    let world = world.file("data/sub/few", "few").esker("add data").ok().commit("three").esker("checkout v1").ok();
    assert_eq!(world.tree("data").files(), ["large.bin", "some.csv", "sub/few"]);
    assert_eq!(world.read("data/some.csv"), rows(5000));
    let cached = cached_bytes(&world);
    assert!(cached > 50_000 && cached < 1_000_000, "{cached}: the large file stands where it stood");
    let world = world.esker("checkout v2").ok();
    assert_eq!((world.read("data/new"), world.read("data/moved.csv").len()), (bytes(7, 50_000), rows(5000).len()));
    world.esker("push --all-commits").ok();
}

#[test]
fn what_a_remote_has_is_not_stored_for_a_checkout() {
    let world = unpushed(Remote::Folder).git("tag v1").esker("push").ok();
    let world = world.file("data/large.bin", "small now").esker("add data").ok().commit("two").esker("push").ok();
    let world = world.esker("checkout v1").ok();
    assert_eq!(world.read("data/large.bin"), bytes(1, 12_000_000));
    assert!(cached_bytes(&world) < 100_000, "{}", cached_bytes(&world));
}

#[test]
fn what_rm_removes_is_stored_first() {
    let world = unpushed(Remote::Folder).file("one", bytes(3, 9000)).esker("add one").ok().commit("two");
    let world = world.esker("rm data/some.csv one").ok();
    assert!(!world.path("one").exists() && !world.path("data/some.csv").exists());
    assert!(cached_bytes(&world) < 400_000, "only what goes is stored");
    let world = world.commit("three").esker("checkout HEAD~1").ok();
    assert_eq!((world.read("one"), world.read("data/some.csv")), (bytes(3, 9000), rows(5000)));
}

#[test]
fn nothing_that_the_files_have_is_called_missing() {
    let world = unpushed(Remote::Folder).file("one", "o").esker("add one").ok().commit("two");
    let world = world.esker("status").ok().never_says("that the cache lacks").prints("no remote is known to have");
    let world = world.esker("verify").ok().prints("in files of the worktree only").prints("all there");
    let world = world.esker("verify --remote").ok().prints("not pushed yet: data").prints("not pushed yet: one");
    let world = world.esker("gc").ok().esker("fetch").ok().prints("up to date").esker("diff HEAD~1 HEAD").ok();
    let world = world.esker("cat data/large.bin").ok();
    assert_eq!(world.stdout(), bytes(1, 12_000_000));
    let world = world.esker("checkout").ok().esker("pull").ok().prints("up to date");
    // What is edited is not what was added, and that is said.
    let world = world.file("data/some.csv", "edited").esker("verify").exits(5).prints("data/some.csv");
    world.never_says("large.bin").esker("verify --remote").exits(5).prints("data/some.csv");
}

#[test]
fn a_pull_leaves_no_second_copy() {
    for remote in Remote::all() {
        let world = unpushed(remote).esker("push").ok().clone_as("bob").esker(THIN).ok().esker("pull").ok();
        assert!(cached_bytes(&world) < 40_000, "{remote:?}: {}", cached_bytes(&world));
        assert_eq!(world.read("data/large.bin"), bytes(1, 12_000_000), "{remote:?}");
        let world = world.esker("pull").ok().prints("up to date").esker("status").ok().prints("Nothing changed");
        let world = world.file("data/some.csv", rows(10)).esker("add data").ok().commit("bob").esker("push").ok();
        let world = world.publish().go_to("alice").git("pull -q").esker("pull").ok();
        assert_eq!(world.read("data/some.csv"), rows(10), "{remote:?}");
    }
}

#[test]
fn a_part_may_be_added_while_the_rest_is_not_here() {
    let world = unpushed(Remote::Folder).esker("push").ok().clone_as("bob").esker(THIN).ok();
    let world = world.file("data/sub/new", bytes(5, 100_000)).esker("add data/sub/new").ok().commit("new");
    assert!(cached_bytes(&world) < 40_000);
    let world = world.esker("push").ok().publish().go_to("alice").git("pull -q").esker("pull").ok();
    assert_eq!(world.read("data/sub/new"), bytes(5, 100_000));
}

#[test]
fn the_mode_may_change_at_any_time() {
    let world = World::on(Remote::Folder).file("old", bytes(1, 100_000)).esker("add old").ok().commit("old");
    let world = world.esker("cache info").ok().prints("full").esker(THIN).ok();
    let world = world.esker("cache info").ok().prints("thin").esker("doctor").ok().prints("thin");
    let world = world.file("new", bytes(2, 100_000)).esker("add new").ok().commit("new");
    let cached = cached_bytes(&world);
    assert!(cached > 100_000 && cached < 150_000);
    // Full again: what only files have can be stored, and pushed as it is.
    let world = world.esker("config unset --local cache.mode").ok().esker("verify").exits(5).prints("new (");
    let world = world.esker("verify --repair").ok().esker("verify").ok().esker("push").ok();
    assert!(cached_bytes(&world) > 200_000);
    // Thin again: what a remote has goes.
    let world = world.esker(THIN).ok().esker("gc --grace 0").ok();
    assert!(cached_bytes(&world) < 10_000, "{}", cached_bytes(&world));
    let world = world.remove("new").remove("old").esker("checkout").ok();
    assert_eq!((world.read("new"), world.read("old")), (bytes(2, 100_000), bytes(1, 100_000)));
}

#[test]
fn the_data_of_another_worktree_is_not_missing_and_may_be_pushed() {
    let world = unpushed(Remote::Folder).git("worktree add -q -b side ../linked").go_to("linked");
    let world = world.file("data/new", bytes(9, 70_000)).esker("add data/new").ok().commit("new").go_to("alice");
    let world = world.esker("verify").ok().prints("in files of the worktree only");
    let world = world.esker("push --all-branches").ok().git("checkout -q --ignore-other-worktrees side");
    let world = world.esker("pull").ok();
    assert_eq!(world.read("data/new"), bytes(9, 70_000));
    // What another worktree had and has no more is not called edited here.
    let world = world.go_to("linked").file("x", bytes(8, 70_000)).esker("add x").ok().commit("x").remove("x");
    world.go_to("alice").esker("push --rev side").exits(5).says("neither in the cache nor in").never_says("edited");
}
