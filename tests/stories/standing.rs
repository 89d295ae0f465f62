//! `status`: scenario A14, and A9 as far as it tells of it.

use std::process::Command;

use insta::assert_snapshot;

use crate::support::data::rows;
use crate::support::remote::Remote;
use crate::support::world::World;

fn one_dataset(world: World) -> World {
    let world = world.file("data/a.csv", rows(10)).file("data/b.csv", rows(20)).file("data/old/x", "x1");
    let world = world.file("data/old/y", "y1").file("data/run.sh", "run");
    world.esker("add data").ok().commit("data")
}

/// How the data of the first dataset stands.
fn data(world: &World) -> String {
    world.json()["datasets"][0]["data"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_changed_is_one_line_and_writes_nothing() {
    let world = one_dataset(World::new()).esker("status").ok();
    assert_snapshot!(world.shown(), @r"
    On branch main
    Nothing changed: 1 dataset, 1006 bytes
    ");
    let before = world.footprint(".git/esker");
    let world = world.esker("status --exit-code").ok();
    assert_eq!(world.footprint(".git/esker"), before);
}

#[test]
fn changes_inside_a_dataset_are_told_by_file() {
    let world = one_dataset(World::new()).file("data/a.csv", rows(11)).file("data/new.csv", "1,2\n");
    let world = world.remove("data/b.csv").rename("data/old", "data/fresh").executable("data/run.sh");
    assert_snapshot!(world.esker("status --exit-code").exits(1).shown(), @r"
    On branch main

    Changed data:
      (`esker add PATH` keeps them as a new version, `esker checkout --force PATH` drops them)
      data: 1 new, 1 deleted, 1 modified, 2 renamed, 1 with another mode
        renamed:   data/old/ -> data/fresh/  2 files
        modified:  data/a.csv
        deleted:   data/b.csv
        new:       data/new.csv              4 bytes
        mode:      data/run.sh               now executable
    exit code 1
    ");
}

#[test]
fn a_long_list_is_cut_and_verbose_shows_all() {
    let mut world = one_dataset(World::new());
    for at in 0..30 {
        world = world.file(&format!("data/new/{at:02}"), format!("{at}"));
    }
    let world = world.esker("status").ok().prints("data/new/19").prints("… and 10 more (-v shows all)");
    let world = world.never_says("data/new/20").esker("status -v").ok().prints("data/new/29");
    let world = world.esker("status --json").ok();
    assert_eq!(world.json()["datasets"][0]["changes"]["files"].as_array().unwrap().len(), 30);
}

#[test]
fn pointers_are_compared_with_git() {
    let world = one_dataset(World::new()).file("data/a.csv", rows(12)).esker("add data").ok();
    let world = world.esker("status").ok().prints("Pointers to be committed").prints("modified:  data.esker");
    let world =
        world.git("reset -q").esker("status").ok().prints("Pointers not staged").prints("modified:  data.esker");
    let world = world.git("commit -q -a -m two").file("more/a", "1").esker("add more").ok();
    let world =
        world.esker("status").ok().prints("new:  more.esker").git("rm -q --cached data.esker").remove("data.esker");
    let world = world.esker("status").ok().prints("deleted:  data.esker").prints("Data whose pointer is gone");
    world.esker("status more --exit-code").exits(1).never_says("data.esker");
}

/// A9: Git moved the pointer; the data is older, with or without changes of the user.
#[test]
fn a_pointer_that_git_moved_is_told_apart_from_changes_of_the_user() {
    let world = one_dataset(World::new()).git("tag v1").file("data/a.csv", rows(12)).file("data/c", "c");
    let world = world.esker("add data").ok().commit("two").git("checkout -q v1").esker("status --exit-code").exits(1);
    let world = world.prints("HEAD detached at").prints("run `esker checkout`").never_says("Changed data");
    let world = world.file("data/b.csv", "mine").esker("status").ok().prints("modified:  data/b.csv");
    let world =
        world.prints("run `esker checkout`").never_says("data/c").remove("data/b.csv").file("data/b.csv", rows(20));
    let world = world.esker("checkout").ok().esker("status --exit-code").ok().prints("Nothing changed");
    // What the other version holds, put here by hand, is that version.
    let world =
        world.file("data/a.csv", rows(12)).file("data/c", "c").git("checkout -q main").esker("status --json").ok();
    assert_eq!(data(&world), "same");
    world.esker("status --exit-code").ok();
}

#[test]
fn a_dataset_of_another_branch_is_told_until_it_goes() {
    let world = World::new().git("checkout -q -b side").file("side/a", "1").esker("add side").ok().commit("side");
    let world = world.git("checkout -q main").esker("status").ok().prints("Data whose pointer is gone").prints("side");
    world.esker("checkout").ok().esker("status").ok().prints("No dataset is tracked here").never_says("side");
}

#[test]
fn files_that_nobody_added_stay_new_through_checkouts() {
    let world = one_dataset(World::new()).git("tag v1").file("data/c", "c").esker("add data").ok().commit("two");
    let world = world.file("data/mine", "m").git("checkout -q v1").esker("checkout").ok();
    world.esker("status").ok().prints("new:  data/mine").git("checkout -q main").esker("checkout").ok();
}

#[test]
fn data_that_was_removed_and_data_that_never_came_differ() {
    let world = one_dataset(World::on(Remote::Folder)).esker("push").ok();
    let world = world.remove("data").esker("status").ok().prints("data: deleted, 5 files");
    let world = world.clone_as("bob").esker("status --exit-code").exits(1);
    let world = world
        .prints("Data that is not in the worktree")
        .prints("run `esker pull`")
        .prints("5 files, 1006 bytes, to be");
    let world = world.esker("fetch").ok().esker("status").ok().prints("5 files, 1006 bytes, in the cache");
    world.esker("checkout").ok().esker("status --exit-code").ok();
}

#[test]
fn what_the_cache_and_the_remote_lack_is_told() {
    let world = one_dataset(World::on(Remote::Folder)).esker("status --remote").ok();
    let world =
        world.prints("Data that the remote origin lacks").prints("run `esker push`").prints("5 files, 1006 bytes");
    let world = world.esker("status --remote --exit-code").exits(1).esker("push").ok();
    let world = world
        .esker("status --remote --exit-code")
        .ok()
        .prints("origin has all of this data")
        .remove(".git/esker/cache");
    let world = world.esker("status").ok().prints("Data that the cache lacks").prints("run `esker fetch`");
    world.esker("fetch").ok().esker("status").ok().never_says("lacks");
}

#[test]
fn a_part_that_was_pulled_is_no_change_and_the_rest_is_counted() {
    let world = one_dataset(World::on(Remote::Folder)).esker("push").ok().clone_as("bob");
    let world = world.esker("pull data/old").ok().esker("status --exit-code").ok().prints("partly in the worktree");
    world.esker("status").ok().prints("3 files left out").never_says("Changed data");
}

/// One dataset in trouble hides no other.
#[test]
fn conflicts_and_broken_pointers_are_listed_beside_the_rest() {
    let world =
        one_dataset(World::new()).file("other/a", "1").file("bad/a", "1").esker("add other bad").ok().commit("more");
    let world = world.git("checkout -q -b side").file("data/a.csv", "theirs").esker("add data").ok().commit("theirs");
    let world = world.git("checkout -q main").esker("checkout").ok().file("data/a.csv", "ours").esker("add data").ok();
    let world = world.commit("ours").run_program("git", "merge -q side").exits(1);
    let world = world.file("other/b", "2").file("bad.esker", "nonsense");
    let world = world.esker("status --exit-code").exits(1).prints("In the middle of `git merge`");
    let world = world.prints("Data in conflict:").prints("`esker resolve PATH --ours`").prints("new:  other/b");
    let world = world.prints("Pointers that cannot be read:").prints("bad.esker");
    let world = world.git("checkout --ours data.esker").git("add data.esker").esker("status").ok();
    world.never_says("in conflict");
}

#[test]
fn what_no_dataset_can_keep_is_told_and_does_not_hang() {
    let world = one_dataset(World::new());
    Command::new("mkfifo").arg(world.path("data/pipe")).status().unwrap();
    let world = world.esker("status --exit-code").exits(1).prints("What cannot be kept:").prints("data/pipe: it is a");
    world.remove("data/pipe").esker("status --exit-code").ok();
}

#[test]
fn a_dataset_that_was_removed_with_its_pointer_is_told_until_the_commit() {
    let world = one_dataset(World::new()).esker("rm --force data").ok().esker("status").ok();
    let world = world.prints("deleted:  data.esker").never_says("pointer is gone").commit("gone");
    world.esker("status --exit-code").ok().prints("No dataset is tracked here");
}

/// Touched files are read once, then known again.
#[test]
fn files_with_new_times_and_old_content_are_no_change() {
    let world = one_dataset(World::new()).file("data/a.csv", rows(10)).esker("status --exit-code").ok();
    let before = world.footprint(".git/esker");
    let world = world.esker("status --exit-code").ok();
    assert_eq!(world.footprint(".git/esker"), before, "it was read again");
}
