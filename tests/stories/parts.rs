//! A part of a dataset whose rest is not here, and data that only a remote has: scenarios A6, A12, A16.

use std::fs;

use crate::support::data::{bytes, rows};
use crate::support::remote::Remote;
use crate::support::world::World;

/// A6.
#[test]
fn a_file_joins_a_dataset_that_is_not_here() {
    for remote in Remote::all() {
        let world = World::on(remote).file("data/a.bin", bytes(1, 600_000)).file("data/old", "x");
        let world = world.file("data/sub/b.csv", rows(2000)).esker("add data").ok().commit("data").esker("push").ok();
        let world = world.clone_as("bob").file("data/new.png", bytes(2, 5000)).esker("add data/new.png").ok();
        let world = world.prints("updated data (4 files");
        assert!(cached_bytes(&world) < 20_000, "{remote:?}: more than pages came");
        let world = world.commit("new").esker("push --json").ok();
        assert_eq!(world.json()["remotes"][0]["new_bytes"], 5000, "{remote:?}");
        let world = world.esker("rm data/old").ok().commit("without old").esker("push").ok();
        let world = world.git("push -q origin HEAD").go_to("alice").git("pull -q").esker("pull").ok();
        assert_eq!(world.read("data/new.png"), bytes(2, 5000), "{remote:?}");
        assert_eq!(world.read("data/a.bin"), bytes(1, 600_000));
        assert!(!world.path("data/old").exists());
    }
}

fn cached_bytes(world: &World) -> u64 {
    let folders = fs::read_dir(world.path(".git/esker/cache/packs")).unwrap();
    let packs = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    packs.map(|pack| pack.unwrap().metadata().unwrap().len()).sum()
}

/// A pulled part is not mistaken for the whole.
#[test]
fn an_add_after_a_partial_pull_keeps_the_rest() {
    let world = World::on(Remote::Folder).file("data/one/a", "1").file("data/two/b", "2").esker("add data").ok();
    let world = world.commit("data").esker("push").ok().clone_as("bob").esker("pull data/one").ok();
    assert!(!world.path("data/two").exists());
    let world = world.file("data/one/a", "3").esker("add data").ok().prints("updated data (2 files");
    let world = world.commit("three").esker("pull").ok();
    assert_eq!((world.text("data/one/a"), world.text("data/two/b")), ("3".to_owned(), "2".to_owned()));
}

/// A12: what the cache lost comes from the remote; what both lost is named, and nothing is touched.
#[test]
fn damage_is_healed_from_a_remote_and_told_where_none_can() {
    for remote in Remote::all() {
        let world = World::on(remote).file("data/a", bytes(1, 90_000)).file("data/b", bytes(2, 90_000));
        let world = world.esker("add data").ok().commit("one").git("tag v1").esker("push").ok();
        let world = world.file("data/a", "a2").file("data/b", "b2").esker("add data").ok().commit("two");
        damage_every_pack(&world);
        let world = world.git("checkout -q v1").esker("checkout --no-fetch").exits(5).says("data/a");
        assert_eq!(world.text("data/a"), "a2", "{remote:?}");
        let world = world.esker("checkout").ok();
        assert_eq!(world.read("data/b"), bytes(2, 90_000), "{remote:?}");
    }
}

/// Turns a byte in the middle of every large pack of the cache.
fn damage_every_pack(world: &World) {
    for folder in fs::read_dir(world.path(".git/esker/cache/packs")).unwrap() {
        for pack in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = pack.unwrap().path();
            let mut held = fs::read(&path).unwrap();
            if held.len() > 90_000 {
                for at in [20_000, 110_000] {
                    held[at] ^= 1;
                }
                fs::write(&path, held).unwrap();
            }
        }
    }
}

/// A16: Git sets these variables in hooks; a rebase stops in the middle; a submodule has a `.git` file.
#[test]
fn add_and_checkout_work_where_git_puts_them() {
    let world = World::new().file("data/a", "1").esker("add data").ok().commit("one");
    let git_dir = world.path(".git").into_os_string();
    let world = world.variable("GIT_DIR", git_dir).file("data/a", "2").esker("add data").ok().commit("two");
    let world = world.remove("data").esker("checkout").ok();
    assert_eq!(world.text("data/a"), "2");

    let world = World::new().file("data/a", "1").esker("add data").ok().commit("one").file("code", "x").git("add code");
    let world = world.commit("code").variable("GIT_SEQUENCE_EDITOR", "sed -i 1s/pick/edit/");
    let world = world.git("rebase -q -i HEAD~1").file("data/a", "2").esker("add data").ok().esker("checkout").ok();
    let world = world.git("commit -q --amend --no-edit").git("rebase --continue");
    assert!(world.git_output("log -1 --stat").contains("data.esker"));

    let world = World::git_only().file("inner/README", "x").git("-C inner init -q").git("-C inner add .");
    let world = world.git("-C inner commit -q -m one").git("submodule add -q ./inner sub").commit("sub");
    let world = world.go_to("alice/sub").esker("init").ok().file("data/a", "in a submodule").esker("add data").ok();
    let world = world.remove("data").esker("checkout").ok();
    assert_eq!(world.text("data/a"), "in a submodule");
}
