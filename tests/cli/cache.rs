//! `esker cache`.

use insta::assert_snapshot;

use crate::support::data::bytes;
use crate::support::remote::Remote;
use crate::support::world::World;

fn with_data() -> World {
    World::new()
        .file("data/a", bytes(1, 200_000))
        .file("data/b", bytes(2, 10_000))
        .esker("add data")
        .ok()
        .commit("data")
}

#[test]
fn a_cache_that_is_not_there_is_told_and_not_made() {
    let world = World::new().esker("cache info").ok();
    assert_snapshot!(world.shown(), @r"
    folder                 $WORLD/alice/.git/esker/cache
    mode                   full
    on disk                0 bytes in 0 packs
    objects                0 in 0 index segments
    used by this worktree  0 bytes in 0 objects
    ");
    assert!(!world.path(".git/esker/cache").exists());
    world.esker("cache clear").ok().prints("dropped 0 packs, 0 bytes");
}

#[test]
fn what_is_used_is_counted() {
    let world = with_data().file("data/a", bytes(3, 200_000)).esker("add data").ok();
    let world = world.esker("cache info --json").ok();
    let info = world.json();
    let number = |key: &str| info[key].as_u64().unwrap();
    assert!(
        number("disk_bytes") > 410_000 && number("used_bytes") > 210_000 && number("used_bytes") < 300_000,
        "{info}"
    );
    assert!(number("objects") > number("used_objects") && number("packs") >= 2 && number("segments") >= 1, "{info}");
}

#[test]
fn the_only_copy_is_not_dropped() {
    let world = with_data().git("rm -q --cached data.esker").commit("gone").remove("data.esker");
    let world = world.esker("cache clear").exits(3).says("are in this cache only").says("run `esker push` first");
    assert!(world.path(".git/esker/cache/packs").exists());
    let world = world.esker("cache clear --force").ok().prints("dropped ");
    world.esker("cache info --json").ok().prints("\"packs\":0");
}

#[test]
fn what_a_remote_has_is_dropped_and_fetched_again() {
    let world = World::on(Remote::Folder).file("data/a", bytes(1, 200_000)).esker("add data").ok().commit("data");
    let world = world.esker("push").ok().esker("cache clear").ok().prints("dropped 2 packs");
    // The files are not the only copy, either.
    let world = world.esker("rm data").ok().esker("checkout HEAD -- data").ok().prints("fetched");
    assert_eq!(world.read("data/a"), bytes(1, 200_000));
}

#[test]
fn what_only_another_worktree_needs_is_not_dropped() {
    let world = World::new().git("worktree add -q ../linked").go_to("linked").file("x", bytes(1, 20_000));
    let world = world.esker("add x").ok().go_to("alice").esker("cache info").ok();
    assert!(world.shown().contains("shared with            $WORLD/linked\n"));
    world.esker("cache clear").exits(3).says("are in this cache only");
}

#[test]
fn what_nothing_needs_is_dropped() {
    let world = World::new().file("x", bytes(1, 20_000)).esker("add x").ok().esker("rm x").ok();
    world.esker("cache clear").ok().prints("dropped 1 packs");
}

#[test]
fn a_shared_cache_is_dropped_only_by_force() {
    let world = World::new().esker(["config", "set", "--local", "cache.dir", "../shared"]).ok();
    let world = world.file("x", "1").esker("add x").ok().esker("cache info").ok();
    assert!(world.shown().contains("/alice/../shared (set by cache.dir: other clones may share it)"));
    let world = world.esker("cache clear").exits(3).says("may be shared").says("--force");
    world.esker("cache clear --force").ok();
}
