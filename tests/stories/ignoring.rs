//! `.eskerignore`: what it names is no data, at any depth, and nobody touches it.

use crate::support::world::World;

/// Two files of data, and beside them what is ignored by the root's rules and by those of a folder.
fn partly_ignored() -> World {
    let world = World::new().file(".eskerignore", "*.tmp\n").file("data/a", "a").file("data/x.tmp", "x");
    let world = world.file("data/sub/.eskerignore", "!kept.tmp\n/log\n").file("data/sub/kept.tmp", "kept");
    world
        .file("data/sub/log/l", "l")
        .file("data/log", "no log of that folder")
        .esker("add data")
        .ok()
        .commit("v1")
        .git("tag v1")
}

#[test]
fn what_is_ignored_is_neither_added_nor_missed() {
    let world = partly_ignored().esker("ls -r data").ok();
    let listed = world.shown();
    for (path, is_data) in [("a", true), ("sub/kept.tmp", true), ("log", true), ("x.tmp", false), ("sub/log/l", false)]
    {
        let is_listed = listed
            .lines()
            .any(|line| line.ends_with(&format!("data/{path}")) || line.ends_with(&format!(" {path}")) || line == path);
        assert_eq!(is_listed, is_data, "{path} in:\n{listed}");
    }
    let world = world.file("data/x.tmp", "changed").remove("data/sub/log").file("data/sub/y.tmp", "new");
    world.esker("status --exit-code").ok().never_says("tmp");
}

#[test]
fn a_checkout_leaves_what_is_ignored() {
    let world =
        partly_ignored().remove("data/sub/kept.tmp").file("data/a", "second").esker("add data").ok().commit("v2");
    let world = world.esker("checkout v1").ok();
    assert_eq!((world.text("data/sub/kept.tmp"), world.text("data/a")), ("kept".to_owned(), "a".to_owned()));
    let world = world.esker("checkout HEAD").ok();
    assert!(!world.path("data/sub/kept.tmp").exists());
    assert_eq!((world.text("data/x.tmp"), world.text("data/sub/log/l")), ("x".to_owned(), "l".to_owned()));
    let world = world.esker("rm data").ok();
    assert_eq!((world.text("data/x.tmp"), world.text("data/sub/log/l")), ("x".to_owned(), "l".to_owned()));
    assert!(!world.path("data/a").exists());
}
