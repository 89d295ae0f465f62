//! What is refused, with its exit code and what to type next: scenarios A4, A15, A20.

use std::process::Command;

use crate::support::world::World;

/// Runs `esker words`, which must be refused and leave everything as it was.
fn refused(world: World, words: &str, code: i32, says: &str) -> World {
    let before = (world.footprint(""), world.git_output("status --porcelain"));
    let world = world.esker(words).exits(code).says(says);
    assert_eq!((world.footprint(""), world.git_output("status --porcelain")), before, "{words}");
    world
}

/// A4.
#[test]
fn what_cannot_be_a_dataset_is_refused_and_nothing_changes() {
    let world = World::new().file("code/main.py", "print()").git("add code").commit("code").file("data/a", "1");
    let world = world.esker("add data").ok().commit("data").file("data/b", "2").file("plain/data/x", "3");
    let world = refused(world, "add code", 3, "git rm -r --cached code");
    let world = refused(world, "add code/main.py", 3, "tracked by Git");
    let world = refused(world, "add ../elsewhere", 2, "outside the repository");
    let world = refused(world, "add nothing", 2, "nothing does not exist");
    let world = refused(world, "add .", 3, "the whole repository");
    let world = refused(world, "add .git", 3, "belongs to Git");
    let world = world.esker("add plain/data").ok().commit("plain");
    let world = refused(world, "add plain", 3, "plain/data.esker");
    world.esker("add data").ok();
}

#[test]
fn what_no_dataset_can_keep_is_named() {
    let world = World::new().file("data/a", "1");
    Command::new("mkfifo").arg(world.path("data/pipe")).status().unwrap();
    let world = refused(world, "add data", 3, "data/pipe");
    let world = world.remove("data/pipe").file("data/inner/.git/HEAD", "ref: refs/heads/main");
    let world = refused(world, "add data", 3, "data/inner/.git");
    world.remove("data/inner").esker("add data").ok();
}

/// Somebody else's newer data must not be reverted by an add.
#[test]
fn a_pointer_that_moved_is_not_overwritten() {
    let world = World::new().file("data/a", "1").esker("add data").ok().commit("one");
    let world = world.file("data/a", "2").esker("add data").ok().commit("two").git("checkout -q HEAD~1");
    let world = world.file("data/a", "3");
    let world = refused(world, "add data", 3, "data.esker changed");
    world.esker("add data --force").ok();
}

/// A15.
#[test]
fn each_missing_thing_is_told_with_the_next_command() {
    World::empty().esker("add x").exits(3).says("not in a Git repository").says("git init");
    World::git_only().file("x", "1").esker("add x").exits(3).says("not an esker project").says("esker init");
    let world = World::new().esker("checkout no-such-rev -- x").exits(2).says("no-such-rev");
    let world = world.esker("checkout nowhere").exits(2).says("nowhere");
    let world = world.file("data/a", "1").esker("add data").ok().commit("one").remove("data");
    world.remove(".git/esker/cache").esker("checkout").exits(5).says("data").says("esker remote add");
}

/// A20.
#[test]
fn dangerous_settings_are_refused_with_file_and_line() {
    for (line, says) in [
        ("[remote.origin]\nsecret_access_key = \"x\"", "secret"),
        ("[core]\nhook = \"rm -rf /\"", "hook"),
        ("[cache]\ndir = \"/somewhere\"", "cache.dir"),
        ("[cache]\ndir = \"../../somewhere\"", "cache.dir"),
        ("[remote.origin]\nurl = \"s3://me:secret@bucket\"", "url"),
    ] {
        let world = World::new();
        let config = format!("{}\n{line}\n", world.text(".esker/config.toml"));
        let at = config.lines().count();
        let world = world.file(".esker/config.toml", config).file("x", "1").esker("add x").exits(3).says(says);
        world.says(".esker/config.toml").says(&format!("line {at}")).never_says("me:secret");
    }
}

#[test]
fn a_damaged_pointer_is_named_with_exit_5() {
    let world = World::new().file("data/a", "1").esker("add data").ok().commit("one");
    for text in [
        "nonsense",
        "version = 1\n",
        "version = 2\nkind = \"folder\"",
        "version = 1\nkind = \"file\"\nid = \"../x\"\nbytes = -1",
    ] {
        let next = World::new().file("data/a", "1").esker("add data").ok().file("data.esker", text);
        next.esker("checkout").exits(5).says("data.esker");
    }
    drop(world);
}
