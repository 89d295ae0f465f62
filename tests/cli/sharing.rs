//! What `esker push`, `fetch`, `pull` and `remote` say.

use insta::assert_snapshot;

use crate::support::data::rows;
use crate::support::remote::Remote;
use crate::support::world::World;

fn added() -> World {
    let world = World::on(Remote::Folder).file("data/a.csv", rows(5000)).file("data/b.csv", rows(100));
    world.file("model.bin", "weights").esker("add data model.bin").ok().commit("data")
}

#[test]
fn a_push_says_what_is_new_and_what_was_there() {
    let world = added().esker("push -n");
    assert_snapshot!(world.shown(), @"
    data: 164.8 KiB new in 2 files
    model.bin: 7 bytes new
    would send 164.8 KiB to origin
    ");
    let world = world.esker("push");
    assert_snapshot!(world.shown(), @"
    data: 164.8 KiB new in 2 files
    model.bin: 7 bytes new
    sent 164.8 KiB to origin in 2 packs, 48.3 KiB after compression
    ");
    let world = world.file("model.bin", "better weights").esker("add model.bin").ok().esker("push");
    assert_snapshot!(world.shown(), @"
    model.bin: 14 bytes new
    sent 14 bytes to origin in 1 pack; 164.8 KiB is there already
    ");
    let world = world.esker("push");
    assert_snapshot!(world.shown(), @"everything is up to date");
    world.esker("push -q").ok().says_nothing();
}

#[test]
fn a_pull_says_what_came_and_what_changed() {
    let world = added().esker("push").ok().clone_as("bob").esker("fetch data/b.csv");
    assert_snapshot!(world.shown(), @"fetched 3.1 KiB for 1 file from origin");
    let world = world.esker("pull");
    assert_snapshot!(world.shown(), @"
    fetched 161.6 KiB for 2 files from origin
    data: 2 added
    model.bin: 1 added
    ");
    let world = world.esker("pull");
    assert_snapshot!(world.shown(), @"everything is up to date");
}

#[test]
fn json_is_one_document() {
    let world = added().esker("--json push");
    let pushed = world.json();
    let remote = &pushed["remotes"][0];
    assert_eq!((&pushed["is_up_to_date"], &remote["remote"]), (&false.into(), &"origin".into()));
    let world = world.clone_as("bob").esker("--json fetch");
    assert_eq!(world.json()["remotes"][0]["new_bytes"], remote["new_bytes"]);
    let world = world.esker("--json pull");
    assert_eq!(world.json()["checked_out"]["datasets"].as_array().unwrap().len(), 2);
    let world = world.esker("--json remote check");
    assert_eq!(world.json()["tries"].as_array().unwrap().len(), 5);
    let world = world.esker("--json pull nope");
    assert_eq!(world.exits(2).json()["error"]["kind"], "usage");
}
