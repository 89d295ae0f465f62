//! Merging data by Git: scenarios B22 and B23.

use crate::support::data::rows;
use crate::support::world::World;

/// Two branches of a project with hooks: `main`, checked out, and `side`.
fn branches(ours: impl FnOnce(World) -> World, theirs: impl FnOnce(World) -> World) -> World {
    let world = World::hooked().file("data/a.csv", rows(10)).file("data/b.csv", rows(20)).file("data/sub/c", "c");
    let world = world.esker("add data").ok().commit("base").git("checkout -q -b side");
    let world = theirs(world).esker("add data").ok().commit("theirs").git("checkout -q main");
    ours(world).esker("add data").ok().commit("ours")
}

fn in_conflict() -> World {
    let ours = |world: World| world.file("data/a.csv", "ours").file("data/sub/ours", "1");
    let theirs = |world: World| world.file("data/a.csv", "theirs").file("data/sub/theirs", "2").remove("data/b.csv");
    branches(ours, theirs).run_program("git", "merge -q side").exits(1).says("both sides changed data/a.csv")
}

/// B22.
#[test]
fn changes_of_different_files_merge_and_the_data_is_there() {
    let theirs = |world: World| world.file("data/b.csv", "theirs").file("data/new/d", "d").remove("data/sub/c");
    let world = branches(|world| world.file("data/a.csv", "ours"), theirs).git("merge -q side");
    assert_eq!(world.tree("data").files(), ["a.csv", "b.csv", "new/d"]);
    assert_eq!((world.text("data/a.csv"), world.text("data/b.csv")), ("ours".into(), "theirs".into()));
    world.esker("status --exit-code").ok().git("diff --exit-code HEAD");
}

#[test]
fn two_branches_with_one_dataset_more_each_merge_by_themselves() {
    for first in ["", "old"] {
        // The ignore file is there before, or comes on both sides.
        let world = World::hooked().file("old/x", "0");
        let world = if first.is_empty() { world } else { world.esker("add old").ok().commit("old") };
        let world = world.git("checkout -q -b side").file("theirs/x", "1").esker("add theirs").ok().commit("theirs");
        let world = world.git("checkout -q main").file("ours/x", "2").esker("add ours").ok().commit("ours");
        let world = world.git("merge -q side").git("check-ignore ours theirs");
        assert_eq!((world.text("ours/x"), world.text("theirs/x")), ("2".to_owned(), "1".to_owned()));
        world.esker("status --exit-code").ok();
    }
}

#[test]
fn the_same_change_on_both_sides_is_no_conflict() {
    let change = |world: World| world.file("data/a.csv", "same").remove("data/b.csv");
    let world = branches(|world| change(world).file("data/x", "1"), |world| change(world).file("data/y", "2"));
    let world = world.git("merge -q side");
    assert_eq!(world.tree("data").files(), ["a.csv", "sub/c", "x", "y"]);
}

/// B22.
#[test]
fn a_conflict_names_the_files_and_leaves_the_data_alone() {
    let world = in_conflict();
    assert_eq!(world.git_output("status --porcelain"), "UU data.esker");
    let pointer = world.text("data.esker");
    assert!(pointer.contains("<<<<<<< HEAD\n") && pointer.contains("\n||||||| ") && pointer.contains("\n>>>>>>> side"));
    assert_eq!(world.text("data/a.csv"), "ours");
    let world = world.esker("status").ok().prints("data: both sides changed 1 file\n").prints("      data/a.csv\n");
    let world = world.esker("status --json").ok();
    let clashes = &world.json()["datasets"][0]["clashes"];
    assert_eq!(clashes["files"][0]["path"], "data/a.csv");
    assert_eq!(clashes["files"][0]["ours"]["bytes"], 4);
    let world = world.esker("push").exits(3).says("esker resolve data");
    let world = world.esker("resolve").exits(3).says("both sides changed:\n  data/a.csv").says("--theirs");
    assert_eq!(world.text("data.esker"), pointer);
}

/// B22: one command, each way.
#[test]
fn a_side_is_chosen_by_one_command() {
    for (option, text) in [("--ours", "ours".to_owned()), ("--theirs", "theirs".to_owned())] {
        let world = in_conflict().esker(&format!("resolve data {option}")).ok().prints("data: settled\n");
        assert_eq!(world.text("data/a.csv"), text);
        // What only one side changed is merged whatever is chosen.
        assert_eq!(world.tree("data").files(), ["a.csv", "sub/c", "sub/ours", "sub/theirs"]);
        let world = world.commit("merged").esker("status --exit-code").ok();
        assert_eq!(world.git_output("log -1 --format=%p").split(' ').count(), 2);
    }
    let world = in_conflict().esker("resolve --base").ok();
    assert_eq!(world.read("data/a.csv"), rows(10));
    let world = in_conflict().esker("resolve data/a.csv --both").ok().prints("their side is data/a.theirs.csv");
    assert_eq!((world.text("data/a.csv"), world.text("data/a.theirs.csv")), ("ours".into(), "theirs".into()));
    world.commit("both").esker("status --exit-code").ok();
}

#[test]
fn files_are_settled_one_by_one_and_git_keeps_the_sides() {
    let change = |side: &'static str| move |world: World| world.file("data/a.csv", side).file("data/b.csv", side);
    let world = branches(change("ours"), change("theirs")).run_program("git", "merge -q side").exits(1);
    let world = world.esker("resolve data/a.csv --theirs").ok().prints("1 chosen, 1 still in conflict");
    let world = world.esker("status").ok().prints("data/b.csv\n").never_says("a.csv");
    assert_eq!(world.git_output("ls-files --unmerged").lines().count(), 3);
    let world = world.esker("resolve data/sub/c --ours").exits(2).says("data/sub/c was not changed by both sides");
    let world = world.esker("resolve data/b.csv --ours").ok().prints("data: settled");
    assert_eq!((world.text("data/a.csv"), world.text("data/b.csv")), ("theirs".into(), "ours".into()));
    world.commit("merged").esker("resolve data --ours").exits(2).says("data is in no conflict");
}

#[test]
fn deleted_here_and_changed_there_is_a_conflict_either_way() {
    let world = branches(|world| world.remove("data/a.csv"), |world| world.file("data/a.csv", "theirs"));
    let world = world.run_program("git", "merge -q side").exits(1);
    let world = world.esker("status").ok().prints("data/a.csv  (deleted by us)").esker("resolve --theirs").ok();
    assert_eq!(world.text("data/a.csv"), "theirs");
}

#[test]
fn a_dataset_that_one_side_removed_is_kept_or_goes() {
    let base = || {
        let world = World::hooked().file("data/a", "1").esker("add data").ok().commit("base");
        let world = world.git("checkout -q -b side").file("data/a", "2").esker("add data").ok().commit("theirs");
        let world = world.git("checkout -q main").esker("rm data").ok().commit("ours");
        world.run_program("git", "merge -q side").exits(1)
    };
    let world = base().esker("status").ok().prints("data: both sides changed it");
    let world = world.esker("resolve data --ours").ok().prints("data: settled, the dataset is gone");
    assert!(!world.path("data.esker").exists() && !world.path("data/a").exists());
    let world = world.commit("merged").esker("status --exit-code").ok();
    drop(world);
    let world = base().esker("resolve data --theirs").ok();
    assert_eq!(world.text("data/a"), "2");
    world.commit("merged").esker("status --exit-code").ok();
}

#[test]
fn a_dataset_that_is_a_file_clashes_as_a_whole() {
    let change = |world: World, text: &str| world.file("model.bin", text).esker("add model.bin").ok();
    let world = change(World::hooked(), "base").commit("base").git("checkout -q -b side");
    let world = change(world, "theirs").commit("theirs").git("checkout -q main");
    let world = change(world, "ours").commit("ours").run_program("git", "merge -q side").exits(1);
    let world = world.esker("resolve model.bin --both").ok().prints("their side is model.theirs.bin");
    assert_eq!((world.text("model.bin"), world.text("model.theirs.bin")), ("ours".into(), "theirs".into()));
    let world = world.commit("both").esker("status --exit-code").ok();
    assert_eq!(world.git_output("ls-files *.esker"), "model.bin.esker\nmodel.theirs.bin.esker");
}

#[test]
fn unsaved_changes_stop_a_resolution_before_anything_is_written() {
    let world = in_conflict().file("data/a.csv", "unsaved");
    let (pointer, index) = (world.text("data.esker"), world.read(".git/index"));
    let world = world.esker("resolve --theirs").exits(3).says("unsaved changes").says("data/a.csv");
    assert_eq!((world.text("data.esker"), world.read(".git/index")), (pointer, index));
    assert_eq!(world.text("data/a.csv"), "unsaved");
    let world = world.esker("resolve --theirs --force").ok();
    assert_eq!(world.text("data/a.csv"), "theirs");
}

#[test]
fn what_the_user_wrote_into_a_pointer_survives_a_merge() {
    let note = |world: World, text: &str| {
        let pointer = world.text("data.esker");
        world.file("data.esker", format!("{pointer}\n[meta]\n{text}"))
    };
    let ours = |world: World| note(world.file("data/a.csv", "ours"), "owner = \"ada\"\n");
    let world = branches(ours, |world| world.file("data/b.csv", "theirs")).git("merge -q side");
    assert!(world.text("data.esker").ends_with("\n[meta]\nowner = \"ada\"\n"));
    assert_eq!((world.text("data/a.csv"), world.text("data/b.csv")), ("ours".into(), "theirs".into()));
}

/// A colleague who never ran `esker hooks install`.
#[test]
fn a_clone_without_the_driver_is_told_what_to_type() {
    let theirs = |world: World| world.file("data/b.csv", "theirs");
    let world = branches(|world| world.file("data/a.csv", "ours"), theirs).esker("hooks uninstall").ok();
    let world = world.run_program("git", "merge -q side").exits(1);
    let world = world.esker("checkout").exits(3).says("`esker resolve data`").says("esker hooks install");
    let world = world.esker("status").ok().prints("no file clashes, `esker resolve` is enough");
    let world = world.prints("`esker hooks install` lets Git merge data by itself next time");
    let world = world.esker("resolve").ok().prints("data: settled\n").commit("merged");
    assert_eq!((world.text("data/a.csv"), world.text("data/b.csv")), ("ours".into(), "theirs".into()));
    world.esker("status --exit-code").ok();
}

#[test]
fn what_cannot_be_merged_for_lack_of_lists_keeps_all_sides() {
    let theirs = |world: World| world.file("data/b.csv", "theirs");
    let world = branches(|world| world.file("data/a.csv", "ours"), theirs).remove(".git/esker/cache");
    let world = world.run_program("git", "merge -q side").exits(1).says("data.esker is not merged");
    assert_eq!(world.git_output("status --porcelain"), "UU data.esker");
    let world = world.esker("resolve").exits(5);
    assert!(world.text("data.esker").starts_with("<<<<<<< HEAD\n"));
    world.git("merge --abort").git("diff --exit-code HEAD");
}

#[test]
fn a_rebase_and_a_cherry_pick_merge_too() {
    let theirs = |world: World| world.file("data/b.csv", "theirs");
    let world = branches(|world| world.file("data/a.csv", "ours"), theirs).git("rebase -q side");
    assert_eq!((world.text("data/a.csv"), world.text("data/b.csv")), ("ours".into(), "theirs".into()));
    let world = world.git("checkout -q -b pick HEAD~2").git("cherry-pick main").esker("checkout").ok();
    assert_eq!((world.text("data/a.csv"), world.read("data/b.csv")), ("ours".into(), rows(20)));
}

/// B23.
#[test]
fn git_shows_which_files_changed() {
    let theirs = |world: World| world.file("data/b.csv", "theirs").remove("data/sub/c");
    let world = branches(|world| world.file("data/a.csv", "ours"), theirs);
    for words in ["diff main~1 side", "show side", "log -p -1 side"] {
        let shown = world.git_output(words);
        assert!(shown.contains("\n-b.csv  ") && shown.contains("\n+b.csv  6 bytes, "), "{words}: {shown}");
        assert!(shown.contains("\n-sub/c  1 byte") && !shown.contains("id = "), "{words}: {shown}");
    }
    let world = world.file("data/a.csv", "newer").esker("add data").ok();
    assert!(world.git_output("diff --cached").contains("\n+a.csv  5 bytes, "));
    // Without the lists, or without the program, the pointer is shown.
    let world = world.remove(".git/esker/cache");
    assert!(world.git_output("diff HEAD~1 HEAD").contains("(the list of its files is not here"));
    let world = world.variable("PATH", "/usr/local/bin:/usr/bin:/bin");
    assert!(world.git_output("diff HEAD~1 HEAD").contains("\n+id = "));
}
