//! Rule: a room imports only from floors below its own, never sideways or up.

use super::source::{Source, find_word, name};

/// Each room and its floor. A new room is written here first.
const FLOORS: [(&str, u8); 11] = [
    ("main", 6),
    ("cli", 5),
    ("ops", 4),
    ("packs", 3),
    ("store", 2),
    ("format", 2),
    ("chunk", 2),
    ("git", 2),
    ("worktree", 2),
    ("table", 2),
    ("base", 1),
];

/// Arrows that point up or sideways, and rooms that have no floor. Tests obey as well.
pub fn breaches(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(of_file).collect()
}

fn of_file(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(floor) = floor(room) else {
        return vec![source.breach(0, &format!("the room `{room}` has no floor in tests/house/floors.rs"))];
    };
    let mut breaches = Vec::new();
    for (at, other) in rooms_named(source) {
        let wrong = match self::floor(other) {
            Some(below) => other != room && below >= floor,
            None => false,
        };
        if wrong {
            let rule = format!("`{room}` names `{other}`, which does not lie on a floor below it");
            breaches.push(source.breach(at, &rule));
        }
    }
    breaches
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == room).map(|(_, floor)| *floor)
}

/// Every room that the file names from the top of the crate, and where.
fn rooms_named(source: &Source) -> Vec<(usize, &str)> {
    let code = source.code.as_str();
    let mut named = Vec::new();
    for top in ["crate::", "esker::"] {
        for at in find_word(code, top) {
            named.extend(first_names(&code[at + top.len()..]).map(|room| (at, room)));
        }
    }
    let depth = source.module().len();
    for at in find_word(code, "super::").filter(|at| !code[..*at].ends_with("super::")) {
        let above = code[at..].trim_start_matches("super::");
        let steps = (code.len() - at - above.len()) / "super::".len();
        // A module of tests stands one step lower than its file.
        let inside_tests = source.product.as_bytes().get(at) == Some(&b' ');
        if steps >= depth + usize::from(inside_tests) {
            named.extend(first_names(above).map(|room| (at, room)));
        }
    }
    named
}

/// The first names of a path or of a group of paths: `a::b` gives `a`, `{a::{b, c}, d}` gives `a` and `d`.
fn first_names(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_start();
    let mut firsts = Vec::new();
    let Some(group) = path.strip_prefix('{') else {
        firsts.push(name(path));
        return firsts.into_iter();
    };
    let (mut depth, mut begins) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                firsts.push(name(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    firsts.into_iter()
}

#[test]
fn arrows_up_and_sideways_are_found() {
    let found = |path: &str, text: &str| breaches(&[Source::new(path, text)]);
    assert_eq!(
        found("src/packs/writer.rs", "//! x\nuse crate::ops::Error;\n"),
        ["src/packs/writer.rs:2: `packs` names `ops`, which does not lie on a floor below it"]
    );
    assert_eq!(found("src/store/local.rs", "use crate::{base::Id, format::{a, b}};").len(), 1);
    assert_eq!(found("src/store/s3/calls.rs", "fn f() { super::super::super::packs::x() }").len(), 1);
    assert_eq!(found("src/store/mod.rs", "#[cfg(test)]\nmod tests { use super::super::git::Repo; }").len(), 1);
    assert_eq!(found("src/main.rs", "fn main() { esker::cli::main() }").len(), 0);
    assert_eq!(found("src/attic/mod.rs", "").len(), 1);
}

#[test]
fn arrows_down_and_home_are_allowed() {
    let text = "use crate::{base::Id, store::Store}; use crate::packs::Writer; use super::layout; // crate::ops\n\
        fn f() { \"crate::cli\"; }\n#[cfg(test)]\nmod tests { use super::super::layout::x; }";
    assert_eq!(breaches(&[Source::new("src/packs/reader.rs", text)]), [""; 0]);
}
