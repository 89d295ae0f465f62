//! `esker demo`: it plays the main job, so that it is a test of all of it.

use crate::support::world::World;

#[test]
fn the_demo_plays_to_its_end_and_leaves_nothing_behind() {
    let world = World::empty().esker("demo").ok();
    let shown = world.shown();
    for command in ["esker init", "esker add data", "esker push", "esker pull", "esker diff", "esker checkout HEAD~1"] {
        assert!(shown.contains(&format!("$ {command}\n")), "{command}: {shown}");
    }
    assert!(shown.ends_with("# Both times every file was byte for byte what it had been.\n"), "{shown}");
    assert!(world.tree("../tmp").files().is_empty() && world.tree("").files().is_empty());
}

#[test]
fn the_demo_can_be_kept_and_told_to_programs() {
    let world = World::empty().esker("demo --json --keep tour").ok();
    let report = world.json();
    assert_eq!(report["folder"].as_str().unwrap(), world.path("tour").to_str().unwrap());
    assert_eq!(report["scenes"][1]["command"], "esker init");
    assert!(world.path("tour/colleague/data.esker").exists());
    assert!(
        report["scenes"].as_array().unwrap().iter().all(|scene| !scene["output"].as_str().unwrap().contains("error:"))
    );
    let world = world.esker("demo --keep tour").exits(2).says("tour is not empty");
    world.variable("PATH", "/nowhere").esker("demo").exits(3).says("cannot run `git`, which the demo needs");
}

/// What Git and esker are told elsewhere does not reach the demo.
#[test]
fn nothing_of_the_user_changes_the_demo() {
    let world = World::new().variable("GIT_DIR", "/nowhere").variable("ESKER_REMOTE", "absent");
    world.variable("GIT_AUTHOR_DATE", "nonsense").esker("demo").ok();
}
