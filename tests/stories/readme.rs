//! The README: what it shows is what the program does.

use crate::support::world::World;

/// The blocks of the README that show a session: commands behind `$ `, and what they print.
fn sessions() -> Vec<String> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks = readme.split("```").skip(1).step_by(2);
    blocks.filter_map(|block| block.strip_prefix("console\n")).map(str::to_owned).collect()
}

#[test]
fn every_session_runs_as_it_is_shown() {
    let sessions = sessions();
    assert!(!sessions.is_empty());
    for session in sessions {
        let commands: Vec<&str> = session.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
        // One shell for all, since folders are changed; each command is told before it runs.
        let script: String = commands
            .iter()
            .map(|command| format!("cat <<'END'\n$ {command}\nEND\n{command} 2>&1 || exit 1\n"))
            .collect();
        let world = World::empty().run_program("bash", ["-c", &script]).ok();
        let printed = world.shown().replace("$WORLD/empty", "/home/ada");
        assert!(printed == session, "the README shows\n{session}\nand this is what is printed:\n{printed}");
    }
}
