//! `esker rm`.

use insta::assert_snapshot;

use crate::support::data::rows;
use crate::support::world::World;

fn with_data() -> World {
    let world = World::new().file("data/a.csv", rows(50)).file("data/sub/b.csv", rows(60)).folder("data/empty");
    world.file("one.csv", rows(9)).esker("add data one.csv").ok().commit("data")
}

#[test]
fn a_dataset_goes_with_its_files_pointer_and_ignore_line() {
    let world = with_data().esker("rm data").ok();
    assert_snapshot!(world.shown(), @"data is tracked no longer (3 files removed)");
    assert!(!world.path("data").exists());
    assert_eq!(world.git_output("status --short"), "M  .gitignore\nD  data.esker");
    let world = world.esker("rm one.csv.esker").ok().prints("one.csv is tracked no longer (1 file removed)");
    assert_eq!(world.git_output("status --short"), "D  .gitignore\nD  data.esker\nD  one.csv.esker");
    // The older revision has it still.
    let world = world.esker("checkout HEAD").ok();
    assert_eq!(world.read("data/sub/b.csv"), rows(60));
}

#[test]
fn the_files_stay_if_that_is_wanted() {
    let world = with_data();
    let before = world.footprint("data");
    let world = world.esker("rm --keep data").ok().prints("data is tracked no longer (its files stay)");
    assert_eq!(world.footprint("data"), before);
    assert!(world.git_output("status --short").contains("?? data/"));
    world.esker("add data").ok().prints("added data");
}

#[test]
fn changes_are_not_lost_and_unknown_files_stay() {
    let world = with_data().file("data/a.csv", "mine").file("data/new.csv", "new");
    let before = world.footprint("");
    let world = world.esker("rm data one.csv");
    assert_snapshot!(world.shown(), @r"
    ! error: unsaved changes would be lost:
    !   data/a.csv
    ! hint: `esker add` keeps these changes as a new version, `--force` drops them
    exit code 3
    ");
    assert_eq!(world.footprint(""), before);
    let world = world.esker("rm data --force").ok().prints("left 1 file there that esker never knew");
    assert_eq!(world.tree("data").files(), ["new.csv"]);
}

/// A6.
#[test]
fn a_file_of_a_dataset_that_is_not_here_is_removed_from_it() {
    let world = with_data().remove("data").remove(".git/esker/seen");
    let world = world.esker("rm data/sub/b.csv").ok().prints("data/sub/b.csv is no longer in data (0 files removed)");
    assert!(!world.path("data").exists());
    let world = world.commit("removal").esker("checkout").ok();
    assert_eq!(world.tree("data").files(), ["a.csv"]);
    assert!(world.path("data/empty").is_dir());
}

#[test]
fn parts_of_a_dataset_that_is_here_go_from_both() {
    let world = with_data().file("data/x.csv", rows(7)).esker("add data").ok().commit("x");
    let world = world.file("data/sub/new", "new").esker("rm data/sub data/x.csv").ok();
    assert_snapshot!(world.shown(), @r"
    data/sub is no longer in data (2 files removed)
    data/x.csv is no longer in data (2 files removed)
    left 1 file there that esker never knew
    ");
    assert_eq!(world.tree("data").files(), ["a.csv", "sub/new"]);
    assert_eq!(world.git_output("status --short"), "M  data.esker");
    // The worktree is known still: only the unknown file is read.
    let world = world.esker("add data --json").ok();
    assert_eq!((&world.json()["files_read"], &world.json()["datasets"][0]["files"]), (&1.into(), &3.into()));
}

#[test]
fn the_last_file_of_a_dataset_leaves_an_empty_one() {
    let world = World::new().file("d/x", "1").esker("add d").ok().esker("rm d/x").ok();
    assert!(world.path("d").is_dir() && world.text("d.esker").contains("files = 0"));
    world.esker("add d").ok().prints("unchanged");
}

#[test]
fn a_part_that_changed_or_is_not_there_is_refused() {
    let world =
        with_data().file("data/a.csv", "mine").esker("rm data/a.csv").exits(3).says("would be lost:\n  data/a.csv\n");
    let world = world.esker("rm data/absent").exits(2).says("data/absent is not in the dataset data");
    let world = world.esker("rm one.csv/x").exits(2).says("one.csv/x is not in the dataset one.csv");
    let world = world.esker("rm nothing").exits(2).says("no dataset is at, in or above nothing");
    assert!(world.path("data/a.csv").exists());
    let world = world.folder("sets").esker("mv one.csv sets").ok();
    world.esker("rm sets").exits(2).says("sets is no dataset: it holds sets/one.csv");
}

#[test]
fn the_last_copy_of_data_is_stored_before_its_files_go() {
    let world = with_data().file("large.csv", rows(9000)).esker("add large.csv").ok().commit("large");
    let world = world.remove(".git/esker/cache/packs").remove(".git/esker/cache/index");
    let world = world.esker("rm one.csv large.csv").ok();
    assert!(!world.path("one.csv").exists() && !world.path("large.csv").exists());
    let world = world.esker("checkout HEAD -- one.csv large.csv").ok();
    assert_eq!((world.read("one.csv"), world.read("large.csv")), (rows(9), rows(9000)));
}

#[test]
fn without_knowledge_of_the_worktree_files_are_compared_with_the_pointer() {
    let world = with_data().remove(".git/esker/seen").file("data/a.csv", "mine").esker("rm data").exits(3);
    let world = world.says("would be lost:\n  data/a.csv\n").file("data/a.csv", rows(50)).esker("rm data").ok();
    assert!(!world.path("data").exists());
}

#[test]
fn a_broken_pointer_can_be_removed() {
    let world = with_data().file("data.esker", "<<<<<<< ours\n").esker("rm data").ok();
    assert!(!world.path("data.esker").exists() && !world.path("data").exists());
}

#[test]
fn a_failure_puts_pointers_back_and_removes_no_file() {
    let world = with_data();
    let before = world.footprint("data");
    let world = world.file(".git/index.lock", "").esker("rm data one.csv").exits(3).says("index.lock");
    assert_eq!(world.footprint("data"), before);
    let world = world.remove(".git/index.lock");
    assert_eq!(world.git_output("status --short"), "");
    let world = world.file(".git/index.lock", "").esker("rm data/a.csv").exits(3).remove(".git/index.lock");
    assert_eq!((world.git_output("status --short"), world.footprint("data")), (String::new(), before));
}
