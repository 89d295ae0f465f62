//! Several programs at once: in one repository, and on one remote.

use std::process::{Command, Stdio};

use crate::support::data::bytes;
use crate::support::remote::Remote;
use crate::support::world::World;

/// So many clones push at once.
const CLONES: usize = 8;
/// How often a race is run: it goes another way each time.
const RACES: u64 = 5;

/// `esker` in the clone where the world stands.
fn esker(world: &World, words: &str) -> Command {
    let mut command = world.command();
    command.args(words.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs programs at once; each must succeed.
#[track_caller]
fn at_once(commands: impl IntoIterator<Item = Command>) {
    let started: Vec<_> = commands.into_iter().map(|mut command| (command.spawn().unwrap(), command)).collect();
    for (child, command) in started {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    }
}

/// A26.
#[test]
fn two_adds_of_different_datasets_both_succeed() {
    let mut world = World::new();
    for race in 0..RACES {
        world = world.file("one/a", bytes(race, 300_000)).file("two/b", bytes(100 + race, 300_000));
        at_once(["add one", "add two"].map(|words| esker(&world, words)));
        world = world.commit("both").esker("status --exit-code").ok();
        assert_eq!(world.git_output("status --porcelain"), "", "both pointers were staged");
    }
    let (one, two) = (world.tree("one"), world.tree("two"));
    let world = world.remove("one").remove("two").esker("checkout").ok();
    assert_eq!((world.tree("one"), world.tree("two")), (one, two));
}

#[test]
fn two_adds_of_one_dataset_both_succeed() {
    let mut world = World::new();
    for race in 0..RACES {
        world = world.file("data/a", bytes(race, 300_000)).file("data/b", bytes(50 + race, 1000));
        at_once(["add data", "add data"].map(|words| esker(&world, words)));
        world = world.commit("data").esker("status --exit-code").ok();
    }
    let before = world.tree("data");
    assert_eq!(world.remove("data").esker("checkout").ok().tree("data"), before);
}

#[test]
fn an_add_and_a_checkout_do_not_disturb_each_other() {
    let mut world = World::new().file("old/a", bytes(1, 200_000)).esker("add old").ok().commit("one").git("tag v1");
    world = world.file("old/a", bytes(2, 200_000)).esker("add old").ok().commit("two");
    for race in 0..RACES {
        world = world.file("new/b", bytes(10 + race, 300_000));
        let from = if race % 2 == 0 { "checkout v1 -- old" } else { "checkout HEAD -- old" };
        at_once([esker(&world, "add new"), esker(&world, from)]);
        let version = if race % 2 == 0 { 1 } else { 2 };
        assert!(world.read("old/a") == bytes(version, 200_000), "{from}");
        assert!(world.read("new/b") == bytes(10 + race, 300_000));
        world = world.esker("cat new/b").ok();
        assert!(world.stdout() == bytes(10 + race, 300_000));
        world = world.git("add new.esker .gitignore").git("commit -q -m new -- new.esker .gitignore");
    }
}

#[test]
fn an_add_a_checkout_and_a_collection_do_not_disturb_each_other() {
    let mut world = World::on(Remote::Folder);
    for version in 1..=2 {
        world = world.file("old/a", bytes(version, 200_000)).esker("add old").ok().commit("old");
        world = world.git(["tag", &format!("v{version}")]);
    }
    for race in 0..RACES {
        // A version that nobody needs, since the remote has it, and its bytes come back while they are collected.
        let again = bytes(1000 + race % 2, 300_000);
        world = world.file("new/b", bytes(1001 - race % 2, 300_000)).esker("add new").ok().commit("new");
        world = world.esker("push --all-commits").ok().file("new/b", &again);
        let version = 1 + race % 2;
        let from = format!("checkout v{version} -- old");
        at_once(["add new", &from, "gc --grace 0"].map(|words| esker(&world, words)));
        assert!(world.read("old/a") == bytes(version, 200_000), "{from}");
        // What was added is in the cache, whatever the collection took.
        world = world.remove("new").esker("checkout --no-fetch new").ok();
        assert!(world.read("new/b") == again);
        world = world.esker("verify --read-data").ok().git("add new.esker old.esker .gitignore").commit("race");
    }
}

/// What a push finds on the remote may be what a collection is about to take.
#[test]
fn a_push_from_one_clone_and_a_collection_from_another_both_succeed() {
    for remote in Remote::all() {
        let world = World::on(remote).file("data/a", bytes(1, 300_000)).esker("add data").ok().commit("one");
        let mut world = world.esker("push").ok().clone_as("bob").esker("pull").ok();
        for race in 0..RACES {
            // A branch that is gone had half of what bob is about to push.
            let common = bytes(10 + race, 300_000);
            world = world.go_to("alice").git("checkout -q -b gone").file("data/a", &common).esker("add data").ok();
            world = world.commit("gone").esker("push").ok().git("checkout -q main").esker("checkout").ok();
            world = world.git("branch -q -D gone");
            let grace = if race % 2 == 0 { "0" } else { "1s" };
            let collect = esker(&world, &format!("gc --remote --keep-last 1 --yes --grace {grace}"));
            world = world.go_to("bob").file("data/a", &common).file("data/c", bytes(50 + race, 200_000));
            world = world.esker("add data").ok().commit("bob");
            at_once([collect, esker(&world, "push")]);
            let pushed = world.tree("data");
            world = world.remove("data").remove(".git/esker").esker("pull").ok();
            assert!(world.tree("data") == pushed, "{remote:?}");
            world = world.esker("verify --remote --read-data").ok();
        }
    }
}

/// C26.
#[test]
fn eight_clones_push_to_one_remote_at_once() {
    // Half of what each pushes is common to all.
    let common = bytes(1, 400_000);
    let part = |number: usize| [common.clone(), bytes(2 + number as u64, 400_000)].concat();
    for remote in Remote::all() {
        let mut world = World::on(remote);
        for number in 0..CLONES {
            world = world.go_to("alice").clone_as(&format!("clone-{number}"));
            world = world.git(["checkout", "-q", "-b", &branch(number)]);
            world = world.file("own/part", part(number)).file("own/name", branch(number));
            world = world.esker("add own").ok().commit("own");
        }
        let mut pushes = Vec::new();
        for number in 0..CLONES {
            world = world.go_to(&format!("clone-{number}"));
            pushes.push(esker(&world, "push"));
        }
        at_once(pushes);
        for number in 0..CLONES {
            world = world.go_to(&format!("clone-{number}")).publish();
        }
        world = world.clone_as("fresh");
        for number in 0..CLONES {
            world = world.git(["checkout", "-q", &branch(number)]).esker("pull").ok();
            assert_eq!(world.text("own/name"), branch(number), "{remote:?}");
            assert!(world.read("own/part") == part(number), "{remote:?}");
        }
    }
}

fn branch(number: usize) -> String {
    format!("branch-{number}")
}
