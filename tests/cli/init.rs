//! `esker init`.

use insta::assert_snapshot;

use crate::support::world::World;

#[test]
fn a_repository_becomes_a_project_and_all_of_it_is_staged() {
    let world = World::git_only().esker("init").ok();
    assert_snapshot!(world.shown(), @r"
    the repository is an esker project now
    wrote .esker/config.toml, .eskerignore, .gitattributes, staged in Git
    installed hooks (post-checkout, post-merge, post-rewrite, pre-push) and drivers (merge, diff)
    ");
    assert_eq!(world.git_output("status --porcelain"), "A  .esker/config.toml\nA  .eskerignore\nA  .gitattributes");
    assert_eq!(world.text(".gitattributes"), "*.esker -text diff=esker merge=esker\n.gitignore merge=union\n");
    let settings = world.text(".esker/config.toml");
    let id = settings.lines().find_map(|line| line.strip_prefix("id = ")).unwrap();
    assert!(id.len() == 34 && settings.starts_with("# "), "{settings}");
    let world = world.commit("init").esker("config list").ok().prints("project.id=");
    // Everything in the ignore file is a comment.
    assert!(world.text(".eskerignore").lines().all(|line| line.starts_with('#')));
}

#[test]
fn two_projects_have_two_ids() {
    let id = || World::git_only().esker("init").ok().esker("config get project.id").ok().shown();
    assert_ne!(id(), id());
}

#[test]
fn a_second_time_nothing_changes() {
    let world = World::new();
    let (before, index) = (world.footprint(""), world.read(".git/index"));
    let world = world.esker("init").ok().prints("is an esker project already\n");
    assert_eq!((world.footprint(""), world.read(".git/index")), (before, index));
}

#[test]
fn what_is_there_is_kept() {
    let world = World::git_only().file(".gitattributes", "*.png binary").file(".eskerignore", "*.log\n");
    let world = world.file(".esker/config.toml", "[core]\nthreads = 3 # mine\n").esker("init").ok();
    assert_snapshot!(world.shown(), @r"
    the repository is an esker project already
    added lines to .esker/config.toml, .gitattributes, staged in Git
    installed hooks (post-checkout, post-merge, post-rewrite, pre-push) and drivers (merge, diff)
    ");
    let lines = "*.png binary\n*.esker -text diff=esker merge=esker\n.gitignore merge=union\n";
    assert_eq!(world.text(".gitattributes"), lines);
    assert_eq!(world.text(".eskerignore"), "*.log\n");
    assert!(world.text(".esker/config.toml").starts_with("[core]\nthreads = 3 # mine\n\n[project]\nid = "));
}

#[test]
fn a_sub_folder_initialises_the_root_and_an_unborn_head_is_fine() {
    let world = World::git_only().folder("deep/er").go_to("alice/deep/er").esker("init").ok();
    let world = world.prints("the repository $WORLD/alice is an esker project now\n").go_to("alice");
    assert!(world.path(".esker/config.toml").exists() && !world.path("deep/er/.esker").exists());
}

/// A16.
#[test]
fn a_submodule_and_a_linked_worktree_are_projects_of_their_own() {
    let world = World::git_only().commit("one").git("worktree add -q ../linked").go_to("linked").esker("init").ok();
    assert!(world.path(".esker/config.toml").exists());
    let world = world.go_to("alice").git("clone -q . ../inner").git("submodule --quiet add ../inner inner");
    let world = world.go_to("alice/inner").esker("init").ok().go_to("alice");
    assert!(world.path("inner/.esker/config.toml").exists() && !world.path(".esker").exists());
}

#[test]
fn nothing_is_staged_where_the_user_does_not_want_it() {
    let world = World::git_only().variable("ESKER_GIT_STAGE", "false").esker("init").ok().never_says("staged");
    assert_eq!(world.git_output("diff --cached --name-only"), "");
    assert!(world.path(".esker/config.toml").exists());
}

/// A15.
#[test]
fn where_there_is_no_worktree_it_says_what_to_do() {
    assert_snapshot!(World::empty().esker("init").shown(), @r"
    ! error: $WORLD/empty is not in a Git repository
    ! hint: run `git init`, then `esker init`
    exit code 3
    ");
    let bare = World::git_only().git("init -q --bare ../bare.git").go_to("bare.git");
    assert_snapshot!(bare.esker("init").shown(), @r"
    ! error: the Git repository $WORLD/bare.git is bare: it has no worktree
    ! hint: use a clone that has a worktree
    exit code 3
    ");
}

#[test]
fn a_project_whose_file_was_removed_is_not_started_anew() {
    let world = World::new().remove(".esker").esker("init");
    assert_snapshot!(world.shown(), @r"
    ! error: HEAD has .esker/config.toml, and the worktree has not
    ! hint: run `git checkout HEAD -- .esker/config.toml` to bring it back
    exit code 3
    ");
    world.git("checkout HEAD -- .esker/config.toml").esker("init").ok();
}

#[test]
fn a_failure_leaves_no_trace() {
    let world = World::git_only().file(".gitignore", ".esker\n").file(".gitattributes", "# mine\n");
    let before = world.tree("");
    let world = world.esker("init").exits(3).says("Git ignores .esker/config.toml");
    assert_eq!(world.tree("").files(), before.files());
    assert_eq!(world.text(".gitattributes"), "# mine\n");
}

#[test]
fn nothing_is_written_through_a_link() {
    let world = World::git_only().folder("../outside").link(".esker", "../outside").esker("init").exits(3);
    assert!(world.shown().contains(".esker is a link or another repository"));
    assert!(world.tree("../outside").files().is_empty());
}

/// The attributes name drivers that nothing configures here: Git then does what it does without them.
#[test]
fn pointers_are_text_to_git_and_no_filter_changes_them() {
    let world = World::new().git("config core.autocrlf true").file("a.esker", "version = 1\r\nid = 1\n");
    let world = world.git("add a.esker").commit("one");
    assert_eq!(world.git_output("cat-file -s HEAD:a.esker"), "20");
    let world = world.file("a.esker", "version = 1\r\nid = 2\n");
    assert!(world.git_output("diff").contains("-id = 1\n+id = 2"));
    let world = world.git("commit -q -a -m two").git("checkout -q -b side HEAD~1");
    let world = world.file("a.esker", "version = 1\r\nid = 3\n").git("commit -q -a -m three");
    let world = world.run_program("git", "merge -q main").exits(1);
    let merged = world.text("a.esker").replace('\r', "");
    assert!(merged.contains("<<<<<<< HEAD\nid = 3\n=======\nid = 2\n>>>>>>> main\n"), "{merged}");
}
