//! Rules on papers: few packages, each dependency explained, each verb told.

use super::source::Source;

/// More packages than this in Cargo.lock need a decision, not a merge.
const MOST_PACKAGES: usize = 330;

/// A file of the package.
pub fn read(path: &str) -> String {
    let whole = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// Whether the lock file names too many packages.
pub fn too_many_packages(cargo_lock: &str) -> Vec<String> {
    let count = cargo_lock.lines().filter(|line| *line == "[[package]]").count();
    let rule = || format!("Cargo.lock: {count} packages, {MOST_PACKAGES} at most (tests/house/papers.rs)");
    (count > MOST_PACKAGES).then(rule).into_iter().collect()
}

/// Dependencies that have no row in the table of docs/dependencies.md.
pub fn unexplained(cargo_toml: &str, dependencies_md: &str) -> Vec<String> {
    let has_row = |name: &str| dependencies_md.lines().any(|line| line.starts_with(&format!("| `{name}` |")));
    let bare = dependencies(cargo_toml).into_iter().filter(|(_, name)| !has_row(name));
    bare.map(|(line, name)| format!("Cargo.toml:{line}: docs/dependencies.md has no row for `{name}`")).collect()
}

/// Line and name of each dependency.
fn dependencies(cargo_toml: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let mut inside = false;
    for (at, line) in cargo_toml.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once(['=', '.'])) {
            names.push((at + 1, name.trim()));
        }
    }
    names
}

/// Whether README and `.ci/run` name the same command for the tests: whoever follows the one sees what the other sees.
pub fn other_test_command(readme: &str, ci_run: &str) -> Vec<String> {
    let command = ci_run.trim_end().lines().last().unwrap_or_default().trim_start_matches("step ");
    let is_told = readme.lines().any(|line| line == command);
    (!is_told)
        .then(|| format!(".ci/run: it ends with `{command}`, which is no line of README.md"))
        .into_iter()
        .collect()
}

/// Verbs that docs/command-line.md does not tell of, or whose help has no examples.
pub fn untold_verbs(sources: &[Source], command_line_md: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        let Some(verb) = verb(&source.path) else { continue };
        if !command_line_md.contains(&format!("`esker {verb}")) {
            breaches.push(source.breach(0, &format!("docs/command-line.md does not tell of `esker {verb}`")));
        }
        if !source.text.contains("after_help") {
            breaches.push(source.breach(0, &format!("the help of `esker {verb}` has no examples (after_help)")));
        }
    }
    breaches
}

/// The verb whose file this is: `src/cli/verbs/push.rs`.
fn verb(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/cli/verbs/")?.strip_suffix(".rs")?;
    (name != "mod" && !name.contains('/')).then_some(name)
}

#[test]
fn too_many_packages_are_found() {
    let lock = |count: usize| "[[package]]\nname = \"a\"\n".repeat(count);
    assert_eq!(too_many_packages(&lock(MOST_PACKAGES)).len(), 0);
    assert_eq!(too_many_packages(&lock(MOST_PACKAGES + 1)).len(), 1);
}

#[test]
fn an_unexplained_dependency_is_found() {
    let cargo = "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\nzstd = { version = \"1\" }\n[dev-dependencies]\ninsta = \"1\"\n";
    let found = unexplained(cargo, "| crate | why |\n| `serde` | x |\n");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], "Cargo.toml:5: docs/dependencies.md has no row for `zstd`");
}

#[test]
fn another_test_command_is_found() {
    let ci_run = "set -e\nstep cargo fmt\nstep cargo test\n";
    assert_eq!(other_test_command("```\ncargo test\n```\n", ci_run).len(), 0);
    assert_eq!(other_test_command("run cargo test --all\n", ci_run).len(), 1);
}

#[test]
fn an_untold_verb_is_found() {
    let verbs = [Source::new("src/cli/verbs/mod.rs", ""), Source::new("src/cli/verbs/push.rs", "after_help")];
    assert_eq!(untold_verbs(&verbs, "`esker push [PATH…]`"), [""; 0]);
    assert_eq!(untold_verbs(&verbs, "`esker pull`").len(), 1);
    assert_eq!(untold_verbs(&[Source::new("src/cli/verbs/push.rs", "")], "`esker push`").len(), 1);
}
