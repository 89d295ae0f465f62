//! `esker completions` and `esker man`.

use crate::support::world::World;

#[test]
fn every_shell_gets_completions_that_know_the_verbs() {
    let mut world = World::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        world = world.esker(["completions", shell]).ok().prints("completions").prints("no-progress");
    }
}

#[test]
fn bash_accepts_its_completions() {
    let world = World::empty().esker("completions bash").ok();
    let script = world.stdout().to_vec();
    world.file("script", script).run_program("bash", "-n script").ok().says_nothing();
}

#[test]
fn the_whole_manual_tells_every_verb() {
    World::empty().esker("man").ok().prints(".SH \"ESKER COMPLETIONS\"").prints(".SH \"EXIT CODES\"");
}

#[test]
fn a_page_for_each_verb_is_written() {
    let world = World::empty().esker("man --dir pages/man1").ok().says_nothing();
    let pages = world.tree("pages").files();
    assert!(pages.contains(&"man1/esker.1".to_owned()) && pages.contains(&"man1/esker-man.1".to_owned()), "{pages:?}");
    assert!(world.text("pages/man1/esker-man.1").contains(".SH EXAMPLES"));
}
