//! `esker doctor`.

use crate::support::data::{bytes, rows};
use crate::support::world::World;

/// The state and the message of each check of that name.
fn found(world: &World, name: &str) -> Vec<(String, String)> {
    let report = world.json();
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    checks.map(|check| (text(&check["state"]), text(&check["message"]))).collect()
}

#[test]
fn a_whole_project_has_nothing_to_mend_but_no_remote() {
    let world = World::new().file("data/a.csv", rows(9)).esker("add data").ok().commit("data").esker("doctor").ok();
    let shown = world.shown();
    for part in
        ["ok    repository    $WORLD/alice\n", "ok    pointers      1 dataset\n", "warn  remotes       no remote is"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(
        shown.ends_with(
            "hint: remotes: run `esker remote add origin URL`, with a folder or s3://bucket/prefix as URL\n"
        )
    );
    let before = (world.footprint(""), world.footprint(".git"));
    let world = world.esker("doctor --json").ok();
    assert_eq!((world.footprint(""), world.footprint(".git")), before);
    assert_eq!(world.json()["state"], "warn");
    let world = world.esker("remote add origin ../remote").ok().esker("doctor").ok();
    world
        .prints("origin is not there: ../remote")
        .folder("../remote")
        .esker("doctor --json")
        .ok()
        .prints("\"state\":\"ok\"}");
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let world = World::new().file("data/a.csv", rows(9)).file("x", "1").esker("add data x").ok().commit("data");
    let world = world.file("data.esker", "version = 1\nnonsense = 2\n").file(".gitignore", "/data\n");
    let world = world.file("large.bin", bytes(1, 11 << 20)).git("add large.bin");
    let world = world.folder(".esker/tmp/00000000000000aa").file(".esker/tmp/.gitignore", "*\n");
    let seen = world.path(".git/esker/seen").read_dir().unwrap().next().unwrap().unwrap().path();
    std::fs::write(seen, "damaged").unwrap();
    let world = world.esker("doctor --json").exits(3);
    assert!(found(&world, "pointers")[0].1.starts_with("pointer data.esker: "), "{:?}", found(&world, "pointers"));
    assert_eq!(found(&world, "ignore lines")[0].1, "no line of a .gitignore keeps x out of Git");
    assert_eq!(found(&world, "large files")[0].1, "Git tracks large.bin (11.0 MiB)");
    assert_eq!(found(&world, "staging")[0].1, "1 runs were cut short and left files in .esker/tmp");
    assert_eq!(found(&world, "seen")[0].1, "what was seen of 1 dataset cannot be read");
    let world = world.git("add -f x").esker("doctor --json").exits(3);
    assert_eq!(found(&world, "ignore lines")[0], ("fail".to_owned(), "x is tracked by Git".to_owned()));
}

#[test]
fn a_folder_that_is_no_project_gets_the_next_step() {
    let world =
        World::empty().esker("doctor").exits(3).prints("fail  repository  $WORLD/empty is not in a Git repository");
    world.prints("hint: repository: run `git init`, then `esker init`");
    World::git_only().esker("doctor").exits(3).prints("hint: settings: run `esker init`");
    let world = World::new().file(".esker/config.toml", "[core]\nx = 1\n").esker("doctor").exits(3);
    world.prints("fail  settings    .esker/config.toml: line 2: `core.x` is not a key of esker");
}

#[test]
fn a_remote_that_nobody_knows_fails() {
    let world = World::new().esker("config set core.remote absent").ok().esker("doctor").exits(3);
    world.prints("fail  remotes       there is no remote `absent`");
}

#[test]
fn a_machine_without_git_is_told_so() {
    let world = World::new().variable("PATH", "/nowhere").esker("doctor").ok();
    world.prints("warn  git           cannot run git: No such file or directory");
}
