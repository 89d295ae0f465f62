//! Where and when the verbs that look are called: scenarios A15 and A16.

use insta::assert_snapshot;

use crate::support::world::World;

const LOOKING: [&str; 6] = ["status", "diff", "ls", "cat data/a", "du", "log"];

fn one_dataset(world: World) -> World {
    world.file("data/a", "one\n").file("data/sub/b", "two\n").esker("add data").ok().commit("data")
}

/// A15.
#[test]
fn without_a_project_each_verb_says_what_to_type() {
    for verb in LOOKING {
        World::empty().esker(verb).exits(3).says("not in a Git repository").says("hint: run `git init`");
        World::git_only().esker(verb).exits(3).says("not an esker project").says("hint: run `esker init`");
        let bare = World::git_only().git("init -q --bare bare.git").go_to("alice/bare.git");
        bare.esker(verb).exits(3).says("use a clone that has a worktree");
    }
}

/// A15.
#[test]
fn before_the_first_commit_and_at_no_revision_the_answer_is_clear() {
    let world = World::git_only().esker("init").ok().file("data/a", "one\n").esker("add data").ok();
    let world = world.esker("status").ok().prints("On branch main").prints("new:  data.esker").esker("ls").ok();
    let world =
        world.esker("log").exits(3).says("git commit").esker("diff HEAD").exits(3).says("git commit").commit("one");
    for words in ["diff v9 HEAD", "ls v9:", "cat v9:data/a", "du v9 --", "log v9 --"] {
        World::new().esker(words).exits(2).says("`v9`").says("git log --oneline --all");
    }
    drop(world);
}

/// A16.
#[test]
fn sub_folders_and_c_work_from_where_they_say() {
    let world = one_dataset(World::new()).folder("code/deep").file("data/a", "other").go_to("alice/code/deep");
    let world = world.esker("status").ok().prints("modified:  ../../data/a");
    let world = world.esker("ls").ok().prints("../../data/").esker("cat ../../data/sub/b").ok().prints("two\n");
    let world = world.go_to("alice/data/sub").esker("ls").ok().prints("b").esker("cat b").ok().prints("two\n");
    let world = world.go_to("alice").esker("-C data/sub status").ok().prints("modified:  ../a");
    world.esker("-C data status sub").ok().never_says("modified").esker("status ../elsewhere").exits(2).says("outside");
}

/// A16.
#[test]
fn a_detached_head_and_a_rebase_are_told() {
    let world = one_dataset(World::new()).git("checkout -q --detach").esker("status").ok().prints("HEAD detached at");
    let world = world.git("checkout -q main").git("checkout -q -b side").file("data/a", "side").esker("add data").ok();
    let world = world.commit("side").git("checkout -q main").esker("checkout").ok().file("data/a", "main");
    let world = world.esker("add data").ok().commit("main").run_program("git", "rebase -q side").exits(1);
    world.esker("status").ok().prints("In the middle of `git rebase`").prints("Data in conflict");
}

/// A16: each worktree knows its own data; the cache is one.
#[test]
fn linked_worktrees_stand_for_themselves() {
    let world = one_dataset(World::new()).git("worktree add -q -b side ../linked").file("data/a", "changed");
    let world = world.esker("status").ok().prints("modified:  data/a").go_to("linked").esker("status").ok();
    let world = world.prints("On branch side").prints("2 files, 8 bytes, in the cache").esker("checkout").ok();
    let world = world.esker("status --exit-code").ok().go_to("alice").esker("status --exit-code").exits(1);
    world.prints("modified:  data/a");
}

/// A16.
#[test]
fn a_shallow_clone_and_git_dir_work() {
    let world = one_dataset(World::new()).file("data/c", "3").esker("add data").ok().commit("two").publish();
    let shared = format!("file://{}/shared.git", world.root().display());
    let shallow = world.root().join("shallow");
    let world = world.git(["clone", "-q", "--depth=1", &shared, shallow.to_str().unwrap()]).go_to("shallow");
    let world = world.esker("status").ok().prints("not in the worktree").esker("ls").ok().prints("data/");
    let world = world.esker("log").ok().prints("two").esker("diff HEAD~1 HEAD").exits(2).says("HEAD~1");
    let world = world.go_to("alice").variable("GIT_DIR", ".git").variable("GIT_INDEX_FILE", ".git/index");
    world.esker("status --exit-code").ok().esker("ls -r").ok().prints("data/sub/b");
}

#[test]
fn a_revision_and_a_path_of_one_name_are_told_apart() {
    let world = one_dataset(World::new()).git("tag data").esker("diff data").exits(2).says("a revision and a path");
    let world = world.file("a:b/x", "colon").esker(["add", "a:b"]).ok().commit("two");
    assert_snapshot!(world.esker(["ls", "a:b"]).ok().shown(), @"a:b/x");
    let world = one_dataset(World::new()).git("tag data").esker("du data --").ok().prints("data");
    world.esker("diff -- data").ok().esker("cat data:data/a").ok().prints("one\n");
}
