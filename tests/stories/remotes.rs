//! Remotes: naming them, and what stands in the way. Scenarios A15, A16, A20.

use insta::assert_snapshot;

use crate::support::remote::Remote;
use crate::support::world::World;

#[test]
fn without_a_remote_every_verb_that_needs_one_says_how_to_add_one() {
    let mut world = World::new().file("a", "1").esker("add a").ok().commit("a");
    for verb in ["push", "fetch", "pull", "remote check"] {
        world =
            world.esker(verb).exits(3).says("no remote is configured").says("hint: run `esker remote add origin URL`");
    }
    world.esker("push -r nope").exits(2).says("there is no remote `nope`");
}

#[test]
fn where_nothing_is_tracked_nothing_is_to_do() {
    let world = World::new().esker("push").ok().prints("no dataset is tracked yet");
    world.esker("pull").ok().prints("no dataset is tracked yet").esker("fetch").ok();
}

#[test]
fn a_repository_without_a_commit_is_pushed_all_the_same() {
    let world = World::git_only().esker("init").ok().file("a", "1").esker("add a").ok();
    world.esker("remote add origin ../remote").ok().esker("push").ok().prints("sent 1 byte to origin");
}

#[test]
fn outside_of_a_project_the_next_command_is_told() {
    World::empty().esker("push").exits(3).says("hint: run `git init`, then `esker init`");
    World::git_only().esker("pull").exits(3).says("hint: run `esker init`");
}

#[test]
fn a_relative_folder_starts_where_the_user_stands_and_means_the_same_everywhere() {
    let world = World::new().folder("sub").go_to("alice/sub").esker("remote add origin ../../data").ok();
    let world = world.go_to("alice");
    assert!(world.text(".esker/config.toml").contains("url = \"../data\""), "{}", world.text(".esker/config.toml"));
    assert!(world.git_output("diff --cached --name-only").contains(".esker/config.toml"));
    let world = world.file("a", "1").esker("add a").ok().commit("a").go_to("alice/sub").esker("push").ok();
    assert!(world.root().join("data/packs").is_dir());
}

#[test]
fn remotes_are_listed_renamed_and_forgotten() {
    let world = World::new().esker("remote").ok().prints("no remote is configured");
    let world = world.esker("remote add one ../one").ok().prints("added one: ../one (the default)");
    let world = world.esker("remote add two s3://bucket/p --region eu-west-1 --local").ok();
    assert!(!world.text(".esker/config.toml").contains("bucket"));
    let world = world.esker("remote add one ../x").exits(3).says("there is a remote `one` already: ../one");
    let world = world.esker("remote list");
    assert_snapshot!(world.shown(), @r"
    one  ../one         (default)
    two  s3://bucket/p
    ");
    let world = world.esker("remote rename one first").ok().prints("renamed one to first (the default)");
    let world = world.esker("remote default two --local").ok().prints("two is the default now");
    let world = world.esker("--json remote");
    let report = world.json();
    let told: Vec<(&str, bool)> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), it["is_default"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("first", false), ("two", true)]);
    let world = world.esker("remote remove two").ok().prints("its data is still at s3://bucket/p");
    world.esker("remote remove two").exits(2).says("there is no remote `two`").says("remotes are: first");
}

/// A20.
#[test]
fn secrets_and_addresses_that_make_no_sense_are_refused() {
    let world = World::new();
    let before = world.text(".esker/config.toml");
    let world = world.esker("remote add o s3://AKIA:hunter2@bucket/p").exits(2).never_says("hunter2");
    let world = world.esker("remote add o gs://bucket/p").exits(2).says("s3://bucket/prefix");
    let world = world.esker("remote add o /x --region eu").exits(2).says("for s3:// only");
    let world = world.esker(["remote", "add", "a b", "/x"]).exits(2).says("cannot be the name of a remote");
    assert_eq!(world.text(".esker/config.toml"), before);
}

#[test]
fn a_check_tells_what_a_remote_can_do() {
    for remote in Remote::all() {
        let world = World::on(remote).esker("remote check").ok();
        for what in ["write   works", "read    works", "list    works", "delete  works", "open    works"] {
            assert!(world.shown().contains(what), "{remote:?}: {}", world.shown());
        }
        if let Some(server) = world.server() {
            assert_eq!(server.keys(), [""; 0]);
            server.from(1, "PUT", crate::support::s3_server::Fault::Denied);
            let world = world.esker("remote check").exits(4).prints("write   fails").prints("list    works");
            assert_eq!(world.esker("--json remote check").exits(4).json()["is_good"], false);
        }
    }
}

#[test]
fn a_bucket_that_is_not_there_is_a_fault_of_the_remote() {
    let world = World::on(Remote::S3).file("a", "1").esker("add a").ok().commit("a");
    let endpoint = world.server().unwrap().endpoint();
    let world = world.esker(["remote", "add", "gone", "s3://nowhere/p", "--endpoint", &endpoint, "--region", "x"]).ok();
    let world = world.esker("push -r gone").exits(4).says("hint: `esker remote check`");
    world.esker("fetch -r gone").ok().prints("everything is up to date");
}

#[test]
fn a_folder_that_is_not_there_is_made_by_a_push_and_missed_by_a_pull() {
    let world = World::new().esker("remote add origin ../gone").ok().file("a", "1").esker("add a").ok().commit("a");
    let world = world.esker("push -n").ok().prints("would send 1 byte to origin");
    assert!(!world.root().join("gone").exists());
    let world = world.clone_as("bob").esker("pull").exits(4).says("does not exist");
    world.go_to("alice").esker("push").ok().go_to("bob").esker("pull").ok();
}
