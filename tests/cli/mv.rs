//! `esker mv`.

use insta::assert_snapshot;

use crate::support::data::rows;
use crate::support::world::World;

fn with_data() -> World {
    World::new()
        .file("data/a.csv", rows(50))
        .folder("data/empty")
        .file("one.csv", rows(9))
        .esker("add data one.csv")
        .ok()
}

#[test]
fn a_dataset_moves_whole_and_nothing_is_read_again() {
    let world = with_data().commit("data");
    let id = world.text("data.esker");
    let before = world.footprint("data");
    let world = world.esker("mv data sets/big").ok().prints("moved data to sets/big\n");
    assert_eq!((world.text("sets/big.esker"), world.footprint("sets/big")), (id, before));
    assert_eq!(world.text("sets/.gitignore"), "/big\n");
    assert_eq!(world.text(".gitignore"), "/one.csv\n");
    assert_snapshot!(world.git_output("status --short"), @r"
    M  .gitignore
    A  sets/.gitignore
    R  data.esker -> sets/big.esker
    ");
    let world = world.esker("add sets/big --json").ok();
    assert_eq!((&world.json()["files_read"], &world.json()["datasets"][0]["is_changed"]), (&0.into(), &false.into()));
    world.esker("checkout").ok().prints("up to date");
}

#[test]
fn a_file_moves_and_is_not_read_again() {
    let world = with_data().folder("sets").esker("mv one.csv.esker sets").ok().prints("moved one.csv to sets/one.csv");
    let world = world.esker("add sets/one.csv --json").ok();
    assert_eq!(world.json()["files_read"], 0);
    assert_eq!(world.esker("mv sets/one.csv.esker two.csv.esker").ok().read("two.csv"), rows(9));
}

#[test]
fn an_ignore_file_of_nothing_else_goes() {
    let world = World::new().file("a/x", "1").esker("add a/x").ok().commit("x").esker("mv a/x y").ok();
    assert!(!world.path("a/.gitignore").exists());
    assert_eq!(world.git_output("status --short"), "A  .gitignore\nD  a/.gitignore\nR  a/x.esker -> y.esker");
}

#[test]
fn a_dataset_that_is_not_here_moves_too() {
    let world = with_data().commit("data").remove("data").esker("mv data sets/data").ok();
    let world = world.prints("its data is not in the worktree").esker("checkout").ok();
    assert_eq!(world.read("sets/data/a.csv"), rows(50));
}

#[test]
fn nothing_that_exists_is_replaced() {
    let refused = |world: World, words: &str| {
        let before = world.footprint("");
        let world = world.esker(words);
        let shown = world.shown();
        assert_eq!(world.footprint(""), before, "{words}");
        assert!(shown.contains("exit code"), "{words}: {shown}");
        shown
    };
    let world = || with_data().file("other", "x").commit("data").file("tracked/x", "").git("add tracked");
    assert!(refused(world(), "mv data other").contains("other exists already"));
    assert!(refused(world(), "mv data data").contains("data exists already"));
    assert!(refused(world(), "mv data data/sub").contains("data/sub lies in the dataset data"));
    assert!(refused(world(), "mv one.csv data").contains("data/one.csv lies in the dataset data"));
    assert!(refused(world(), "mv one.csv tracked/x").contains("exists already"));
    assert!(refused(world().file("y.esker", "x"), "mv one.csv y").contains("y.esker exists already"));
    assert!(refused(world(), "mv one.csv .git/x").contains("it belongs to Git"));
    assert!(refused(world(), "mv one.csv ../x").contains("lies outside the repository"));
    assert!(refused(world(), "mv absent x").contains("no dataset is at"));
    assert_snapshot!(refused(world(), "mv data/a.csv b.csv"), @r"
    ! error: data/a.csv lies in the dataset data, and only whole datasets are moved
    ! hint: move it as any other file, then run `esker add data`
    exit code 2
    ");
}

#[test]
fn a_failure_puts_all_back() {
    let world = with_data().commit("data");
    let before = (world.footprint("data"), world.tree(""));
    let world = world.file(".git/index.lock", "").esker("mv data new/sets/data").exits(3).says("index.lock");
    assert_eq!((world.footprint("data"), world.tree("")), before);
    let world = world.remove(".git/index.lock").esker("add data --json").ok();
    assert_eq!(world.json()["files_read"], 0);
}

#[test]
fn a_run_that_was_cut_short_is_finished_by_the_next() {
    let world = with_data().commit("data");
    // As left behind by a crash after the data moved and before the old pointer went.
    let pointer = world.text("data.esker");
    let world = world.file("new.esker", pointer).file(".gitignore", "/data\n/one.csv\n/new\n").rename("data", "new");
    let world = world.esker("mv data new").ok().prints("moved data to new\n");
    assert!(!world.path("data.esker").exists());
    world.esker("checkout").ok().prints("up to date");
}
