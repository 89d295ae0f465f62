//! `push`, `fetch` and `pull`: scenarios A7, A8, A17 to A19, on a folder and on a bucket.

use std::fs;
use std::path::Path;

use crate::support::data::{bytes, insert_in_the_middle, rows};
use crate::support::remote::Remote;
use crate::support::s3_server::Fault;
use crate::support::world::World;

/// How many requests reach the bucket while `step` is done; 0 for a folder, which nobody counts.
fn requests(world: World, step: impl FnOnce(World) -> World) -> (World, usize) {
    if let Some(server) = world.server() {
        server.forget();
    }
    let world = step(world);
    let count = world.server().map_or(0, |server| server.count("*"));
    (world, count)
}

/// How many bytes the remote holds.
fn remote_bytes(world: &World) -> u64 {
    fn below(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let bytes = |path: &Path| if path.is_dir() { below(path) } else { fs::metadata(path).unwrap().len() };
        entries.map(|entry| bytes(&entry.path())).sum()
    }
    match world.server() {
        Some(server) => server.keys().iter().map(|key| server.object(key).unwrap().len() as u64).sum(),
        None => below(&world.root().join("remote")),
    }
}

/// A7.
#[test]
fn a_clone_gets_what_was_pushed_and_the_second_time_nothing_moves() {
    for remote in Remote::all() {
        let world = World::on(remote).file("data/a/one.csv", rows(3000)).file("data/two", bytes(1, 400_000));
        let world = world.folder("data/empty").file("run.sh", "#!/bin/sh\n").executable("run.sh");
        let world = world.file("model.bin", bytes(2, 3 << 20)).esker("add data model.bin run.sh").ok().commit("data");
        let world = world.esker("push").ok().prints("sent ").prints("to origin");
        let before = (world.tree("data"), world.read("model.bin"));
        let world = world.clone_as("bob").esker("pull").ok().prints("fetched ").prints("data: 3 added");
        assert_eq!((world.tree("data"), world.read("model.bin")), before, "{remote:?}");
        let (world, pulled) = requests(world, |world| world.esker("pull").ok().prints("everything is up to date"));
        let world = world.go_to("alice");
        let (_, pushed) = requests(world, |world| world.esker("push").ok().prints("everything is up to date"));
        assert!(pulled == 0 && pushed <= 4, "{remote:?}: {pulled} and {pushed} requests");
    }
}

#[test]
fn thousands_of_files_take_a_handful_of_requests() {
    let mut world = World::on(Remote::S3);
    for n in 0..3000 {
        world = world.file(&format!("data/{}/{n}.txt", n % 10), format!("file number {n}\n"));
    }
    let world = world.esker("add data").ok().commit("data");
    let (world, pushed) = requests(world, |world| world.esker("push").ok().prints("in 3,000 files"));
    let world = world.clone_as("bob");
    let (world, pulled) = requests(world, |world| world.esker("pull").ok().prints("data: 3,000 added"));
    assert!(pushed <= 12 && pulled <= 8, "{pushed} and {pulled} requests");
    let world = world.file("data/3/new.txt", "new\n").esker("add data").ok().commit("more");
    let (_, pushed) = requests(world, |world| world.esker("push").ok().prints("data: 4 bytes new\n"));
    assert!(pushed <= 12, "{pushed} requests");
}

/// A8.
#[test]
fn a_part_comes_alone_and_one_that_is_not_there_is_an_error() {
    for remote in Remote::all() {
        let world = World::on(remote).file("data/sub/a", bytes(1, 50_000)).file("data/b", bytes(2, 50_000));
        let world = world.esker("add data").ok().commit("data").esker("push").ok().clone_as("bob");
        let world = world.esker("pull data/sub").ok().prints("fetched 48.8 KiB for 1 file");
        assert_eq!(world.tree("data").files(), ["sub/a"]);
        let world = world.esker("pull data/nope").exits(2).says("nope is not in the dataset data");
        let world = world.esker("fetch elsewhere").exits(2).says("no dataset is at, in or above elsewhere");
        let world = world.esker("pull").ok();
        assert_eq!(world.tree("data").files(), ["b", "sub/a"]);
    }
}

#[test]
fn both_of_two_commits_made_before_one_push_have_their_data() {
    for remote in Remote::all() {
        let world = World::on(remote).publish().file("a.bin", "one").esker("add a.bin").ok().commit("one");
        let world = world.git("tag v1").file("a.bin", "two").esker("add a.bin").ok().commit("two");
        let world = world.esker("push").ok().clone_as("bob").esker("checkout v1").ok();
        assert_eq!(world.text("a.bin"), "one", "{remote:?}");
        let world = world.git("restore --staged --worktree .").esker("checkout").ok();
        assert_eq!(world.text("a.bin"), "two", "{remote:?}");
    }
}

#[test]
fn revisions_are_fetched_by_name() {
    let world = World::on(Remote::Folder).file("a.bin", bytes(1, 20_000)).esker("add a.bin").ok().commit("one");
    let world = world.git("tag v1").file("a.bin", bytes(2, 30_000)).esker("add a.bin").ok().commit("two");
    let world = world.esker("push").ok().clone_as("bob");
    let world = world.esker("fetch --rev v1").ok().prints("fetched 19.5 KiB");
    let world = world.esker("fetch --all-tags").ok().prints("everything is up to date");
    let world = world.esker("fetch --all-commits").ok().prints("fetched 29.3 KiB");
    world.esker("fetch --rev v9").exits(2).says("unknown revision `v9`");
}

/// A17, A19.
#[test]
fn what_the_remote_has_is_never_sent_again() {
    for remote in Remote::all() {
        let world = World::on(remote).file("a", bytes(1, 300_000)).file("b", bytes(1, 300_000));
        let world =
            world.esker("add a b").ok().commit("twice").esker("push").ok().prints("; 293.0 KiB is there already");
        let before = remote_bytes(&world);
        let world = world.rename("a", "c").git("mv a.esker c.esker").esker("add c").ok().commit("renamed");
        let world = world.esker("push").ok().prints("everything is up to date");
        assert!(remote_bytes(&world) - before < 1000, "{remote:?}");
    }
}

/// A19.
#[test]
fn two_repositories_share_one_prefix() {
    let world =
        World::on(Remote::Folder).file("a", bytes(1, 300_000)).esker("add a").ok().commit("a").esker("push").ok();
    let before = remote_bytes(&world);
    let url = world.root().join("remote").to_str().unwrap().to_owned();
    fs::create_dir(world.root().join("other")).unwrap();
    let world = world.go_to("other").git("init -q").esker("init").ok().esker(["remote", "add", "origin", &url]).ok();
    let world = world.file("x", bytes(1, 300_000)).esker("add x").ok().commit("x");
    let world = world.esker("push").ok().prints("everything is up to date");
    assert!(remote_bytes(&world) - before < 1000);
    assert_eq!(fs::read_dir(world.root().join("remote/roots")).unwrap().count(), 2);
}

/// A18.
#[test]
fn an_insertion_into_a_big_file_costs_what_was_inserted() {
    let old = bytes(1, 64 << 20);
    for remote in Remote::all() {
        let world = World::on(remote).file("big", &old).esker("add big").ok().commit("old").esker("push").ok();
        let before = remote_bytes(&world);
        let world = world.file("big", insert_in_the_middle(&old, &bytes(2, 1 << 20)));
        let world = world.esker("add big").ok().commit("new").esker("push -n").ok().prints("would send 1.");
        assert_eq!(remote_bytes(&world), before);
        let world = world.esker("push").ok();
        let cost = remote_bytes(&world) - before;
        assert!(cost < 2 << 20, "{remote:?}: {cost}");
    }
}

#[test]
fn an_interrupted_push_goes_on_where_it_stopped() {
    let world = World::on(Remote::S3).file("data/a", bytes(1, 40 << 20)).file("data/b", bytes(2, 40 << 20));
    let world = world.esker("add data").ok().commit("data");
    // The second of three packs does not arrive.
    world.server().unwrap().from(3, "PUT", Fault::Denied);
    let world = world.esker("push").exits(4).says("hint: ");
    let server = world.server().unwrap();
    let packs = || server.keys().iter().filter(|key| key.contains("/packs/")).count();
    let before = packs();
    server.calm();
    assert!(before > 0);
    let (world, _) = requests(world, |world| world.esker("push").ok().prints("sent "));
    let server = world.server().unwrap();
    let log = server.log();
    let sent = log.iter().filter(|logged| logged.method == "PUT" && logged.key.contains("/packs/")).count();
    assert!(sent + before <= 4, "{before} before, {sent} after");
    let before = world.tree("data");
    assert_eq!(world.clone_as("bob").esker("pull").ok().tree("data"), before);
}

#[test]
fn data_that_nobody_pushed_is_named() {
    for remote in Remote::all() {
        let world = World::on(remote).file("a", "one").esker("add a").ok().commit("a").esker("push").ok();
        let world = world.file("data/b", "two").esker("add data").ok().commit("b").clone_as("bob");
        let world = world.esker("pull").exits(5).says("data is neither in the cache nor in");
        let world = world.esker("pull a").ok();
        assert_eq!(world.text("a"), "one");
    }
}
