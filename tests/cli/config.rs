//! `esker config`.

use insta::assert_snapshot;

use crate::support::world::World;

#[test]
fn a_value_is_set_where_git_tracks_it_and_staged() {
    let world = World::new().esker("config set core.remote backup").ok();
    assert_snapshot!(world.shown(), @"core.remote is backup now, in .esker/config.toml");
    assert_eq!(world.git_output("diff --cached --name-only"), ".esker/config.toml");
    let world = world.esker("config get core.remote").ok();
    assert_eq!(world.stdout(), b"backup\n");
    let world = world.esker("config set core.remote backup").ok().prints("core.remote is backup already");
    let world = world.esker("config unset core.remote").ok().prints("core.remote is not set any more");
    assert_eq!(world.git_output("diff HEAD --name-only"), ".esker/config.toml");
    assert_snapshot!(world.esker("config get core.remote").shown(), @r"
    ! error: `core.remote` is not set
    ! hint: set it by `esker config set core.remote VALUE`
    exit code 3
    ");
}

#[test]
fn the_nearest_place_wins_and_each_is_told_by_name() {
    let world = World::new().variable("ESKER_THREADS", "5");
    let world = world.esker("config set --user core.threads 1").ok().esker("config set core.threads 2").ok();
    let world = world.esker("config set --local core.threads 3").ok();
    assert_snapshot!(world.shown(), @"core.threads is 3 now, in .git/esker/config.toml, but ESKER_THREADS wins");
    let world = world.esker("config list --show-origin").ok();
    assert_snapshot!(world.shown().lines().filter(|line| line.contains("threads")).collect::<String>(),
        @"ESKER_THREADS	core.threads=5");
    for (place, value) in [("--user", "1\n"), ("--project", "2\n"), ("--local", "3\n")] {
        World::new().esker(["config", "get", place, "core.threads"]).exits(3).says("`core.threads` is not set in ");
        assert_eq!(
            world.command().args(["config", "get", place, "core.threads"]).output().unwrap().stdout,
            value.as_bytes()
        );
    }
    let world = world.esker("config list --json --local").ok();
    assert_snapshot!(world.json()["settings"], @r#"[{"key":"core.threads","origin":".git/esker/config.toml:2","place":"clone","value":"3"}]"#);
}

#[test]
fn your_own_settings_need_no_repository() {
    let world = World::empty().esker("config set --user core.threads 2").ok();
    assert_eq!(world.text("../home/.config/esker/config.toml"), "[core]\nthreads = 2\n");
    world
        .esker("config list")
        .ok()
        .prints("core.threads=2")
        .esker("config set core.threads 3")
        .exits(3)
        .says("git init");
}

/// A20.
#[test]
fn what_no_file_may_hold_is_refused() {
    let refused = |words: &str| World::new().esker(words).exits(2).shown();
    assert_snapshot!(refused("config set core.thread 2"), @r"
    ! error: `core.thread` is not a key of esker: did you mean `core.threads`?
    ! hint: `esker help config` lists all keys
    exit code 2
    ");
    assert_snapshot!(refused("config set cache.dir /mnt/fast"), @r"
    ! error: `cache.dir` is refused: a file that Git tracks may name only a folder inside the project, by a relative path
    ! hint: `esker config set --local` takes it
    exit code 2
    ");
    assert!(refused("config set remote.o.secret_access_key x").contains("no file of esker holds a secret"));
    assert!(refused("config set core.pager_command less").contains("no setting of esker is a command"));
    let url = refused("config set remote.o.url s3://me:hunter2@bucket");
    assert!(url.contains("holds a password") && !url.contains("hunter2"), "{url}");
    assert!(refused("config set --local project.id 00000000000000000000000000000000").contains("--project` takes it"));
}

/// A20.
#[test]
fn a_bad_line_in_the_tracked_file_is_told_with_its_number_by_every_verb() {
    let told = |text: &str| World::new().file(".esker/config.toml", text).esker("config list").exits(3).shown();
    assert_snapshot!(told("# ours\n[remote.o]\nurl = \"/x\"\nsecret_key = \"hunter2\"\n"), @r"
    ! error: .esker/config.toml: line 4: `remote.o.secret_key` is refused: no file of esker holds a secret; give it in the environment, or name a profile
    ! hint: correct that line; `esker help config` lists the keys that esker knows
    exit code 3
    ");
    assert!(told("[core]\nhook = \"rm -rf /\"\n").contains(".esker/config.toml: line 2: `core.hook` is refused"));
    assert!(told("cache.dir = \"/tmp\"\n").contains("line 1: `cache.dir` is refused: a file that Git tracks"));
    assert!(told("[core\n").contains("line 1: it is not TOML"));
    let world = World::new().file(".esker/config.toml", "[core]\nx = 1\n");
    let world =
        world.esker("add data").exits(3).says(".esker/config.toml: line 2").esker("init").exits(3).says("line 2");
    world.esker("config set core.threads 2").exits(3).says("line 2");
}

#[test]
fn the_help_lists_all_keys() {
    World::empty().esker("help config").ok().prints("remote.<name>.endpoint").prints("cache.compression");
}

#[test]
fn a_value_that_cannot_be_staged_is_not_written() {
    let world = World::new().file(".git/index.lock", "");
    let before = world.text(".esker/config.toml");
    let world = world.esker("config set core.threads 2").exits(3).says("index.lock");
    assert_eq!(world.text(".esker/config.toml"), before);
}
