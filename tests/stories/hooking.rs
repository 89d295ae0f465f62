//! Hooks: data follows Git, and goes before commits. Scenario B21, and A16 where it is about hooks.

use std::fs;

use crate::support::remote::Remote;
use crate::support::world::World;

/// A project with hooks and two versions: `v1` (a, gone) and `v2` (a, b), which is checked out.
fn versions(world: World) -> World {
    let world = world.file("data/a", "1").file("data/gone", "x").esker("add data").ok().commit("one").git("tag v1");
    let world = world.file("data/a", "2").file("data/b", "b").remove("data/gone").esker("add data").ok();
    world.commit("two").git("tag v2")
}

fn data(world: &World) -> (Vec<String>, String) {
    (world.tree("data").files().iter().map(ToString::to_string).collect(), world.text("data/a"))
}

fn first() -> (Vec<String>, String) {
    (vec!["a".into(), "gone".into()], "1".into())
}

fn second() -> (Vec<String>, String) {
    (vec!["a".into(), "b".into()], "2".into())
}

/// B21.
#[test]
fn checkout_switch_and_restore_bring_the_data_along() {
    let world = versions(World::hooked()).git("checkout -q v1");
    assert_eq!(data(&world), first());
    let world = world.git("switch -q main");
    assert_eq!(data(&world), second());
    let world = world.git("checkout -q v1 -- data.esker");
    assert_eq!(data(&world), first());
    let world = world.git("restore --staged --worktree data.esker");
    assert_eq!(data(&world), second());
    // A dataset of another branch comes and goes.
    let world = world.git("checkout -q -b side").file("more/x", "x").esker("add more").ok().commit("more");
    let world = world.git("checkout -q main");
    assert!(!world.path("more/x").exists());
    let world = world.git("checkout -q side");
    assert_eq!(world.text("more/x"), "x");
}

/// B21.
#[test]
fn a_pull_brings_what_a_colleague_pushed() {
    for remote in [Remote::Folder, Remote::S3] {
        let world = versions(World::hooked_on(remote)).esker("push").ok().clone_as("bob");
        let world = world.esker("hooks install").ok().prints("installed hooks").esker("pull").ok();
        let world = world.file("data/b", "bob's").esker("add data").ok().commit("three");
        // The data goes first, without being asked for.
        let world = world.git("push -q").go_to("alice").git("pull -q");
        assert_eq!(world.text("data/b"), "bob's");
        world.esker("status --exit-code").ok();
    }
}

#[test]
fn a_rebase_moves_the_data_once_at_its_end() {
    let world = versions(World::hooked()).git("checkout -q -b side v1").file("data/side", "s").esker("add data").ok();
    let world = world.commit("side").git("rebase -q main");
    assert_eq!(world.tree("data").files(), ["a", "b", "side"]);
    // One that only moves the branch forward tells no end.
    let world = world.git("checkout -q -b behind v1").git("rebase -q main");
    assert_eq!(data(&world), second());
    // In the middle nothing moves.
    let world = world.git("checkout -q -b clash v1").file("data/a", "clash").esker("add data").ok().commit("clash");
    let world = world.run_program("git", "rebase -q main").exits(1);
    assert_eq!(world.text("data/a"), "clash");
    let world = world.esker("status").ok().prints("In the middle of `git rebase`").prints("      data/a\n");
    let world = world.git("rebase --abort").esker("status --exit-code").ok();
    assert_eq!(world.text("data/a"), "clash");
}

/// A16.
#[test]
fn a_new_worktree_gets_its_data_and_a_bare_repository_is_left_alone() {
    let world = versions(World::hooked()).git("worktree add -q ../linked v1").go_to("linked");
    assert_eq!(data(&world), first());
    let world = world.git("checkout -q --detach v2");
    assert_eq!(data(&world), second());
    let world = world.go_to("alice").git("clone -q --bare . ../bare.git").go_to("bare.git");
    let world = world.esker("hook post-checkout 0 HEAD 1").ok().says_nothing();
    world.go_to("empty").esker("hook post-merge 0").ok().says_nothing();
}

#[test]
fn lacking_data_stops_no_checkout_and_is_told() {
    let world = versions(World::hooked()).git("checkout -q v1").remove(".git/esker/cache").git("checkout -q v2");
    let world = world.says("warning: data did not follow").says("hint: ");
    assert_eq!(data(&world), first());
    // A remote that does not answer is no reason, either.
    let world = world.esker("remote add origin s3://nowhere/x --endpoint http://127.0.0.1:9 --region r").ok();
    let world = world.variable("AWS_ACCESS_KEY_ID", "k").variable("AWS_SECRET_ACCESS_KEY", "s").commit("r");
    world.git("checkout -q v1").git("checkout -q main").says("did not follow");
}

#[test]
fn unsaved_changes_are_kept_and_named() {
    let world = versions(World::hooked()).file("data/a", "mine").git("checkout -q v1");
    let world =
        world.says("warning: data did not follow: unsaved changes would be lost").says("esker checkout --force data");
    assert_eq!(world.text("data/a"), "mine");
}

#[test]
fn what_the_user_does_not_have_here_does_not_come_by_itself() {
    let world = versions(World::hooked()).clone_as("bob").esker("hooks install").ok();
    let world = world.git("checkout -q v1").git("checkout -q main");
    assert!(!world.path("data").exists());
}

#[test]
fn hooks_can_be_passed_over() {
    let world = versions(World::hooked()).variable("ESKER_SKIP_HOOKS", "1").git("checkout -q v1");
    assert_eq!(data(&world), second());
    let world = world.esker("hook post-checkout v2 v1 1").ok();
    assert_eq!(data(&world), second());
    let world = world.variable("ESKER_SKIP_HOOKS", "0").git("checkout -q v2").git("checkout -q v1");
    assert_eq!(data(&world), first());
}

/// B21: without the program Git goes on, but sends no commits without their data.
#[test]
fn a_missing_program_is_told() {
    let world = versions(World::hooked()).publish().variable("PATH", "/usr/local/bin:/usr/bin:/bin");
    let world = world.git("checkout -q v1").says("`esker` is not on the PATH").git("checkout -q main");
    let world = world.commit("more").run_program("git", "push -q").exits(1).says("the data cannot be pushed");
    world.variable("ESKER_SKIP_HOOKS", "1").git("push -q");
}

/// B21.
#[test]
fn a_push_sends_the_data_of_all_refs_first() {
    let world = World::hooked_on(Remote::Folder).publish();
    let world = versions(world).git("checkout -q -b side v1").file("data/side", "s").esker("add data").ok();
    let world = world.commit("side").git("push -q --all").says("esker: sent ").git("push -q --tags");
    let world = world.esker("push -n --all-commits").ok().prints("everything is up to date");
    // Nothing new: nothing is said.
    let world = world.git("push -q --all").commit("no data").git("push -q").never_says("esker");
    drop(world);
    // Commits that point at no data ask no store.
    let world = World::hooked_on(Remote::Folder).remove("../remote").publish_nothing().git("push -q -u origin main");
    assert!(!world.path("../remote").exists());
}

/// B21.
#[test]
fn a_data_push_that_fails_stops_the_commits() {
    let world = versions(World::hooked_on(Remote::Folder)).publish_nothing().remove(".git/esker/cache");
    let world = world.run_program("git", "push -q -u origin main").exits(1).says("nothing is pushed: ");
    let world = world.says("`ESKER_SKIP_HOOKS=1 git push`");
    assert_eq!(world.git_output("ls-remote origin"), "");
    let world = world.esker("add data").ok();
    // The data of v2 is here again, that of v1 is lost: it is still part of what is pushed.
    world
        .run_program("git", "push -q -u origin main")
        .exits(1)
        .variable("ESKER_SKIP_HOOKS", "1")
        .git("push -q origin main");
}

#[test]
fn a_push_notices_what_was_forgotten() {
    let world = versions(World::hooked()).publish_nothing().file("data/new", "n").file("big.bin", vec![0; 11 << 20]);
    let world = world.git("add big.bin").esker("status").ok();
    let world = world.prints("Large files that the next commit puts into Git itself:").prints("    big.bin  11.0 MiB");
    let world = world.commit("big").git("push -q -u origin main").says("no remote is configured");
    let world = world.says("1 file in data were never added").says("big.bin goes into Git itself, with 11.0 MiB");
    world.esker("status").ok().never_says("Large files");
}

#[test]
fn status_tells_what_no_remote_has() {
    let world = versions(World::hooked_on(Remote::Folder)).esker("status").ok();
    let world = world.prints("Data that no remote is known to have:\n  (run `esker push`)\n    data  2 bytes\n");
    world.esker("push").ok().esker("status").ok().never_says("no remote");
}

/// B21.
#[test]
fn hooks_that_are_there_keep_running_and_come_back_byte_for_byte() {
    let log = "#!/bin/sh\necho \"$(basename $0) $*\" >> log\n";
    let reads = "#!/usr/bin/env bash\nset -e\ncat >> log\nexit 0\n";
    let world = World::hooked().esker("hooks uninstall").ok();
    let before = world.footprint(".git/hooks");
    let config = world.text(".git/config");
    let mut world = world;
    for (name, text) in [("post-checkout", log), ("pre-push", reads)] {
        world = world.file(&format!(".git/hooks/{name}"), text).executable(&format!(".git/hooks/{name}"));
    }
    let world = world.esker("hooks install").ok().esker("hooks install").ok().prints("in place already");
    let world = versions(world).publish_nothing().git("checkout -q v1");
    assert_eq!(data(&world), first());
    let world = world.git("push -q origin main");
    let logged = world.text("log");
    assert!(logged.contains("post-checkout ") && logged.contains("refs/heads/main"), "{logged}");
    let world = world.esker("hooks uninstall").ok();
    assert_eq!((world.text(".git/hooks/post-checkout"), world.text(".git/hooks/pre-push")), (log.into(), reads.into()));
    let world = world.remove(".git/hooks/post-checkout").remove(".git/hooks/pre-push");
    assert_eq!(world.tree(".git/hooks").files(), before.files());
    assert!(world.text(".git/config").starts_with(&config));
}

#[test]
fn a_hook_that_refuses_still_refuses() {
    let world = World::hooked_on(Remote::Folder).esker("hooks uninstall").ok();
    let world = world.file(".git/hooks/pre-push", "#!/bin/sh\necho no >&2\nexit 7\n").executable(".git/hooks/pre-push");
    let world = versions(world.esker("hooks install").ok()).publish_nothing();
    world.run_program("git", "push -q origin main").exits(1).says("no\n");
}

/// B21: core.hooksPath, as husky and many teams set it.
#[test]
fn other_folders_of_hooks_are_used_and_managers_are_left_alone() {
    let world = versions(World::hooked().esker("hooks uninstall").ok()).git("config core.hooksPath .githooks");
    let world = world.esker("hooks install").ok().git("checkout -q v1");
    assert_eq!(data(&world), first());
    assert!(world.path(".githooks/post-checkout").exists() && !world.path(".git/hooks/post-checkout").exists());
    let world = world.esker("hooks uninstall").ok();
    assert!(world.tree(".githooks").files().is_empty());

    // Husky runs what stands in its own folder.
    let world = world.git("checkout -q main").git("config core.hooksPath .husky/_").esker("checkout").ok();
    let husky = "#!/usr/bin/env sh\nh=.husky/$(basename \"$0\")\n[ ! -f \"$h\" ] && exit 0\nsh -e \"$h\" \"$@\"\n";
    let world = world.file(".husky/_/post-checkout", husky).executable(".husky/_/post-checkout");
    let world =
        world.esker("hooks install").ok().prints("the hook post-checkout is left alone: husky writes the hooks here");
    let world = world.prints("add this line to .husky/post-checkout: esker hook post-checkout \"$@\"");
    let world = world.file(".husky/post-checkout", "esker hook post-checkout \"$@\"\n").git("checkout -q v1");
    assert_eq!(data(&world), first());
    world.esker("hooks status").ok().prints("installed by hand");
}

#[test]
fn what_is_no_shell_script_is_kept() {
    let world = World::hooked().esker("hooks uninstall").ok();
    let python = "#!/usr/bin/env python3\nprint(1)\n";
    let lefthook = "#!/bin/sh\ncall_lefthook run \"post-merge\" \"$@\"\n";
    let pre_commit = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\nexec true\n";
    let mut world = world;
    for (name, text) in [("post-checkout", python), ("post-merge", lefthook), ("pre-push", pre_commit)] {
        world = world.file(&format!(".git/hooks/{name}"), text).executable(&format!(".git/hooks/{name}"));
    }
    let world = world.file(".git/hooks/post-rewrite", "#!/bin/sh\n").esker("hooks install").ok();
    let world = world.prints("post-checkout is left alone: it is no shell script");
    let world =
        world.prints("post-merge is left alone: lefthook writes it\n  add this to lefthook.yml:\n  post-merge:\n");
    let world = world.prints("post-rewrite is left alone: it is not executable");
    for (name, text) in [("post-checkout", python), ("post-merge", lefthook), ("pre-push", pre_commit)] {
        assert_eq!(world.text(&format!(".git/hooks/{name}")), text);
    }
    // pre-commit runs the hook that was there before it, under this name.
    assert!(world.text(".git/hooks/pre-push.legacy").contains("esker hook pre-push"));
    let world = world.esker("hooks uninstall").ok();
    assert!(!world.path(".git/hooks/pre-push.legacy").exists());
    let world = world.link(".git/hooks/x", "y");
    fs::remove_file(world.path(".git/hooks/post-checkout")).unwrap();
    let world = world.link(".git/hooks/post-checkout", "../../script").esker("hooks install").ok();
    world.prints("post-checkout is left alone: it is a link");
}

#[test]
fn init_installs_unless_it_is_told_not_to() {
    let world = World::git_only().esker("init --no-hooks").ok().never_says("hooks");
    assert!(!world.path(".git/hooks/pre-push").exists());
    let world = world.esker("hooks status").ok().prints("pre-push").prints("absent").prints("not set");
    let world = world.esker("init --json").ok();
    assert_eq!(world.json()["hooks"]["hooks"][0]["state"], "installed");
    world.git("config merge.esker.driver").esker("hooks status --json").ok().esker("hook nonsense").exits(2);
}
