//! `gc`: what nothing needs goes from remotes and from the cache, and all else stays.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::support::data::bytes;
use crate::support::remote::Remote;
use crate::support::world::World;

/// The keys of the remote that begin with `prefix`, with the size of each.
fn held(world: &World, prefix: &str) -> Vec<(String, u64)> {
    fn below(folder: &Path, root: &Path, found: &mut Vec<(String, u64)>) {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => below(&path, root, found),
                path => {
                    let key = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    found.push((key, fs::metadata(&path).unwrap().len()));
                }
            }
        }
    }
    let mut found = Vec::new();
    match world.server() {
        Some(server) => found.extend(server.keys().into_iter().map(|key| {
            let len = server.object(&key).unwrap().len() as u64;
            (key.split_once('/').map_or(key.clone(), |(_, rest)| rest.to_owned()), len)
        })),
        None => below(&world.root().join("remote"), &world.root().join("remote"), &mut found),
    }
    found.retain(|(key, _)| key.starts_with(prefix));
    found.sort();
    found
}

fn pack_bytes(world: &World) -> u64 {
    held(world, "packs/").iter().map(|(_, bytes)| bytes).sum()
}

/// Three commits of one dataset on `main` and one on `side`, all of them pushed.
fn with_history(remote: Remote) -> World {
    let mut world = World::on(remote).publish();
    for version in 1..=3 {
        world = world.file("data/x", bytes(version, 400_000)).file("data/same", bytes(9, 50_000));
        world = world.esker("add data").ok().commit("more").esker("push").ok();
        world = world.git("push --quiet --all");
    }
    world = world.git("checkout --quiet -b side").file("data/x", bytes(4, 400_000)).esker("add data").ok();
    world = world.commit("side").esker("push").ok().git("push --quiet --all");
    world.git("checkout --quiet main").esker("checkout").ok()
}

#[test]
fn a_deleted_branch_frees_its_bytes_and_all_that_is_kept_still_comes() {
    for remote in Remote::all() {
        let world = with_history(remote);
        let before = pack_bytes(&world);
        let world = world.git("branch -D side").git("push --quiet origin --delete side");
        let world = world.esker("gc --remote --keep-last 1 --grace 0").exits(2).says("--yes");
        let world = world.esker("gc --remote --keep-last 1 --grace 0 --yes").ok().prints("removed ");
        let after = pack_bytes(&world);
        assert!(after < 600_000 && before > 1_600_000, "{remote:?}: {before} to {after}");
        let world = world.clone_as("bob").esker("pull").ok();
        assert_eq!(world.read("data/x"), bytes(3, 400_000), "{remote:?}");
        let world = world.esker("fetch --rev HEAD~1").exits(5).says("data is neither in the cache nor in");
        // Whoever still has the data can send it again.
        let world = world.go_to("alice").esker("push --all-commits").ok().go_to("bob").esker("fetch --rev HEAD~1").ok();
        drop(world);
    }
}

#[test]
fn undo_brings_back_what_was_dropped_within_the_grace() {
    for remote in Remote::all() {
        let world = with_history(remote);
        let world = world.esker("gc --remote --keep-last 1").ok().prints("dropped what ");
        let world = world.esker("gc --remote --undo").ok().prints("is kept again");
        let world = world.esker("gc --remote --grace 0 --yes").ok();
        let world = world.clone_as("bob");
        let world = world.esker("fetch --all-commits").ok();
        world.esker("checkout HEAD~2").ok();
    }
}

#[test]
fn what_an_interrupted_push_left_goes() {
    for remote in Remote::all() {
        let world = World::on(remote).file("a", bytes(1, 100_000)).esker("add a").ok().commit("a").esker("push").ok();
        let before = held(&world, "packs/").len();
        // All that was pushed before the root is there, and no root.
        let world = world.file("b", bytes(2, 100_000)).esker("add b").ok().commit("b").esker("push").ok();
        let roots = held(&world, "roots/");
        let world = match world.server() {
            Some(server) => {
                assert!(roots.iter().all(|(key, _)| server.remove(&format!("data/{key}"))));
                world
            }
            None => {
                roots.iter().for_each(|(key, _)| fs::remove_file(world.root().join("remote").join(key)).unwrap());
                world
            }
        };
        let world = world.git("reset --quiet --hard HEAD~1").esker("push").ok();
        let world = world.esker("gc --remote --grace 0 --yes").ok().prints("removed ");
        assert_eq!(held(&world, "packs/").len(), before, "{remote:?}");
        world.clone_as("bob").esker("pull").ok();
    }
}

/// A19.
#[test]
fn two_repositories_share_a_remote_and_a_collection_of_one_never_harms_the_other() {
    for remote in Remote::all() {
        let world = with_history(remote);
        let world = world.clone_as("carol").file(".esker/config.toml", "");
        // Another project on the same prefix, with the same data as the oldest version of the first.
        let settings = fs::read_to_string(world.root().join("alice/.esker/config.toml")).unwrap();
        let id = settings.split('"').find(|word| word.len() == 32).unwrap().to_owned();
        let other = settings.replace(&id, &"ab".repeat(16));
        let world = world.file(".esker/config.toml", other).file("data/x", bytes(1, 400_000));
        let world = world.file("data/same", bytes(8, 50_000)).esker("add --force data").ok().commit("other");
        let world = world.esker("push").ok().go_to("alice").git("branch -D side");
        let world = world.git("push --quiet origin --delete side");
        let world = world.esker("gc --remote --keep-last 1 --grace 0 --yes").ok();
        let world = world.go_to("carol").remove(".git/esker/cache").esker("fetch").ok();
        let world = world.esker("checkout --force").ok();
        assert_eq!(world.read("data/x"), bytes(1, 400_000), "{remote:?}");
    }
}

#[test]
fn a_dry_run_names_files_and_changes_nothing() {
    for remote in Remote::all() {
        let world = with_history(remote);
        let before = held(&world, "");
        let world =
            world.esker("gc --remote --keep-last 1 --grace 0 -n").ok().prints("data/x of ").prints("would remove");
        assert_eq!(held(&world, ""), before, "{remote:?}");
        let world = world.esker("--json gc --remote --keep-last 1 -n").ok();
        let report = world.json();
        assert_eq!(report["files"].as_array().unwrap().len(), 2, "{report}");
        assert_eq!(report["is_dry_run"], true);
        assert_eq!(held(&world, ""), before, "{remote:?}");
    }
}

#[test]
fn a_shallow_clone_must_not_drop_what_it_does_not_know() {
    let world = with_history(Remote::Folder);
    let world = world.run_program("sh", ["-c", "git rev-parse HEAD > .git/shallow"]).ok();
    let world = world.esker("gc --remote --keep-last 1").exits(3).says("git fetch --unshallow");
    world.esker("gc --remote").ok();
}

#[test]
fn a_damaged_root_stops_a_collection_before_anything_changes() {
    let world = with_history(Remote::Folder);
    let (root, _) = held(&world, "roots/").remove(0);
    let path = world.root().join("remote").join(root);
    let mut content = fs::read(&path).unwrap();
    content[50] ^= 1;
    fs::write(&path, content).unwrap();
    let before = held(&world, "");
    let world = world.esker("gc --remote --keep-last 1 --grace 0 --yes").exits(5).says("nothing was removed");
    assert_eq!(held(&world, ""), before);
}

#[test]
fn a_collection_with_nothing_to_do_asks_a_handful_of_times() {
    let world = with_history(Remote::S3);
    world.esker("gc --remote").ok();
    let world = with_history(Remote::S3);
    world.server().unwrap().forget();
    let world = world.esker("gc --remote").ok();
    let count = world.server().unwrap().count("*");
    // Config, four listings, a root for each of four pushes, the clock.
    assert!(count <= 14, "{count} requests");
}

#[test]
fn the_cache_keeps_the_only_copy_and_drops_what_a_remote_has() {
    let mut world = World::on(Remote::Folder);
    for version in 1..=3 {
        world = world.file("data/x", bytes(version, 400_000)).esker("add data").ok().commit("more");
    }
    let world = world.esker("gc --grace 0").ok().prints("nothing to remove");
    let world = world.esker("push --all-commits").ok().esker("gc --grace 0").ok().prints("removed ");
    let world = world.esker("fetch --rev HEAD~2").ok().prints("fetched ");
    let world = world.remove("data/x").esker("checkout --no-fetch").ok();
    assert_eq!(world.read("data/x"), bytes(3, 400_000));
}

#[test]
fn what_is_added_while_the_cache_is_collected_is_there() {
    let mut world = World::on(Remote::Folder);
    for version in 1..=2 {
        world = world.file("data/x", bytes(version, 2 << 20)).esker("add data").ok().commit("more");
    }
    let mut world = world.esker("push --all-commits").ok();
    for round in 0..5 {
        // The old content comes back while a collection finds that nothing names it.
        world = world.file("data/x", bytes(1 + round % 2, 2 << 20));
        let run = |words: &[&str]| {
            let mut command = world.command();
            command.args(words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let both = [run(&["gc", "--grace", "0"]), run(&["add", "data"])];
        for child in both {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        world = world.remove("data/x").esker("checkout --no-fetch --force").ok();
        assert_eq!(world.read("data/x"), bytes(1 + round % 2, 2 << 20), "round {round}");
    }
}

/// Makes files look a month old: what no revision names stays in the cache for two weeks.
fn make_old(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => make_old(&entry.path()),
            false => {
                let then = SystemTime::now() - Duration::from_secs(30 * 86_400);
                fs::File::open(entry.path()).unwrap().set_modified(then).unwrap();
            }
        }
    }
}

#[test]
fn what_the_worktree_holds_stays_in_the_cache_though_the_pointer_says_something_else() {
    let mut world = World::on(Remote::Folder);
    for version in 1..=2 {
        world = world.file("data/x", bytes(version, 400_000)).esker("add data").ok().commit("more");
    }
    let world = world.esker("push --all-commits").ok().git("reset -q --hard HEAD~1");
    make_old(&world.path(".git/esker/cache/packs"));
    let world = world.esker("gc --grace 0").ok().prints("nothing to remove");
    let world = world.esker("status").ok().prints("run `esker checkout`").esker("diff").ok().esker("rm data").ok();
    assert!(!world.path("data").exists());
    // Nobody needs it any more.
    world.esker("gc --grace 0").ok().prints("removed");
}

#[test]
fn files_of_which_nobody_knows_what_they_were_are_changes() {
    let mut world = World::on(Remote::Folder);
    for version in 1..=2 {
        world = world.file("data/x", bytes(version, 400_000)).file("data/y", "y").esker("add data").ok().commit("more");
    }
    let world = world.esker("push --all-commits").ok().git("reset -q --hard HEAD~1").remove(".git/esker/cache");
    let world = world.esker("fetch").ok().esker("rm data").exits(3).says("data/x").never_says("data/y");
    assert_eq!(world.read("data/x"), bytes(2, 400_000));
    world.esker("rm --keep data").ok();
}
