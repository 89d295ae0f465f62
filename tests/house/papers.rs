//! Rules on papers: few packages, each dependency explained, each verb told.

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
