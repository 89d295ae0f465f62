//! Rules on files: each says what it is for, none is long, none is forgotten by its parent.

use std::collections::BTreeSet;

use super::source::{Source, find_word, name};

/// More lines than this and a file holds two things.
const MOST_LINES: usize = 400;

/// Files that do not begin with a `//!` sentence.
pub fn without_opening(sources: &[Source]) -> Vec<String> {
    let opens = |source: &Source| source.text.starts_with("//! ");
    let silent = sources.iter().filter(|source| !opens(source));
    silent.map(|source| source.breach(0, "a file begins with a `//!` sentence that says what it is for")).collect()
}

/// Files of more than [`MOST_LINES`].
pub fn too_long(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter(|source| source.text.lines().count() > MOST_LINES);
    long.map(|source| source.breach(source.text.len(), &format!("a file has at most {MOST_LINES} lines"))).collect()
}

/// The files that Cargo compiles by itself: the crate roots.
pub fn roots(cargo_toml: &str) -> Vec<String> {
    let named = cargo_toml.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'));
    let usual = ["src/lib.rs", "src/main.rs"];
    usual.into_iter().chain(named).map(str::to_owned).collect()
}

/// Files that no `mod` line leads to: they would never be compiled, and their tests never run.
pub fn forgotten(sources: &[Source], roots: &[String]) -> Vec<String> {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = roots.to_vec();
    while let Some(path) = open.pop() {
        let Some(source) = sources.iter().find(|source| source.path == path) else { continue };
        if reached.insert(path) {
            open.extend(children(source));
        }
    }
    let lost = sources.iter().filter(|source| !reached.contains(&source.path));
    lost.map(|source| source.breach(0, "no `mod` line leads to this file, so it is never compiled")).collect()
}

/// Where the modules that a file declares may lie.
fn children(source: &Source) -> Vec<String> {
    let declared = find_word(&source.code, "mod ").map(|at| name(&source.code[at + "mod ".len()..]));
    declared.flat_map(|module| source.child(module)).collect()
}

#[test]
fn a_file_without_opening_is_found() {
    let found = |text: &str| without_opening(&[Source::new("src/base/a.rs", text)]).len();
    assert_eq!((found("use std::fs;\n"), found("//!\n"), found("//! Ids.\n")), (1, 1, 0));
}

#[test]
fn a_long_file_is_found() {
    let found = |lines: usize| too_long(&[Source::new("src/base/a.rs", &"x\n".repeat(lines))]).len();
    assert_eq!((found(MOST_LINES), found(MOST_LINES + 1)), (0, 1));
}

#[test]
fn a_forgotten_file_is_found() {
    let sources = [
        Source::new("src/lib.rs", "pub mod base;\n// mod lost;"),
        Source::new("src/base/mod.rs", "mod id;"),
        Source::new("src/base/id.rs", "mod text;\n#[cfg(test)]\nmod tests;"),
        Source::new("src/base/id/text.rs", ""),
        Source::new("src/base/id/tests.rs", ""),
        Source::new("src/base/lost.rs", ""),
        Source::new("src/text.rs", ""),
    ];
    let found = forgotten(&sources, &roots("[[test]]\npath = \"tests/main.rs\"\n"));
    let paths: Vec<&str> = found.iter().map(|breach| breach.split(':').next().unwrap()).collect();
    assert_eq!(paths, ["src/base/lost.rs", "src/text.rs"]);
}
