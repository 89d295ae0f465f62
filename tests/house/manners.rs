//! Rules on words: the library prints nothing and does not look around, and nothing is left half done.

use super::source::{Source, find_word};

const LOUD: [&str; 4] = ["println!", "eprintln!", "print!", "eprint!"];
/// What is said to the system around: variables, arguments, home and current folder, the end of the process.
const AROUND: [&str; 3] = ["env::", "process::exit", "process::abort"];

/// Where the library (all but `cli`) prints, reads the environment or ends the process. Tests may.
pub fn outspoken(sources: &[Source]) -> Vec<String> {
    let library = sources.iter().filter(|source| !matches!(source.room(), Some("cli" | "main")));
    let loud = |source: &Source| {
        let hits = |words: &[&'static str], rule: &str| -> Vec<String> {
            words.iter().flat_map(|word| found(source, &source.product, word, rule)).collect()
        };
        [hits(&LOUD, "the library prints nothing"), hits(&AROUND, "the library does not look around itself")].concat()
    };
    library.flat_map(loud).collect()
}

/// Where a result is unwrapped outside tests.
pub fn unwraps(sources: &[Source]) -> Vec<String> {
    let rule = "`expect(\"why this holds\")`, not";
    sources.iter().flat_map(|source| found(source, &source.product, ".unwrap()", rule)).collect()
}

/// Where all names of a module are taken at once, outside tests. A prelude is made for that.
pub fn globs(sources: &[Source]) -> Vec<String> {
    let of_file = |source: &Source| {
        let product = source.product.replace("prelude::*", "prelude   ");
        found(source, &product, "::*", "names are imported one by one, not")
    };
    sources.iter().flat_map(of_file).collect()
}

/// Marks of unfinished work, in code or in comments.
pub fn forbidden(sources: &[Source]) -> Vec<String> {
    // Put together here, so that this file does not hold them.
    let words = [
        concat!("to", "do!"),
        concat!("unimpl", "emented!"),
        concat!("db", "g!"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
    ];
    let of_file = |source: &Source| -> Vec<String> {
        words.iter().flat_map(|word| found(source, &source.text, word, "nothing is left half done")).collect()
    };
    sources.iter().flat_map(of_file).collect()
}

fn found(source: &Source, text: &str, word: &str, rule: &str) -> Vec<String> {
    let rule = format!("{rule}: `{word}`");
    let starts_open = !word.starts_with(|first: char| first.is_alphanumeric());
    let places: Vec<usize> = if starts_open {
        text.match_indices(word).map(|(at, _)| at).collect()
    } else {
        find_word(text, word).collect()
    };
    places.into_iter().map(|at| source.breach(at, &rule)).collect()
}

#[test]
fn a_loud_or_curious_library_is_found() {
    let found = |path: &str, text: &str| outspoken(&[Source::new(path, text)]).len();
    assert_eq!(found("src/ops/push.rs", "fn f() { println!(); std::env::var(x); std::process::exit(1) }"), 3);
    assert_eq!(found("src/ops/push.rs", "fn f() { env!(A); writeln!(out) } // println!\n"), 0);
    assert_eq!(found("src/ops/push.rs", "#[cfg(test)]\nmod tests { fn f() { println!() } }"), 0);
    assert_eq!(found("src/cli/out.rs", "fn f() { std::env::var_os(x) }"), 0);
}

#[test]
fn unwraps_and_globs_are_found_outside_tests() {
    let both = |text: &str| {
        let sources = [Source::new("src/base/id.rs", text)];
        (unwraps(&sources).len(), globs(&sources).len())
    };
    assert_eq!(both("use super::*;\nuse rayon::prelude::*;\nfn f() { a.unwrap(); b.unwrap_or(1) }"), (1, 1));
    assert_eq!(both("#[cfg(test)]\nmod tests { use super::*; fn f() { a.unwrap() } }"), (0, 0));
}

#[test]
fn marks_of_unfinished_work_are_found_even_in_comments() {
    let text = concat!("// FIX", "ME later\nfn f() { to", "do!() }");
    let found = forbidden(&[Source::new("src/base/id.rs", text)]);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("src/base/id.rs:2: "), "{found:?}");
}
