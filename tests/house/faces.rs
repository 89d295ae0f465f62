//! Rule: a `mod.rs` is a face: one opening, `mod` lines and `pub use` lines. It defines nothing.

use super::source::Source;

/// Whatever else stands in a `mod.rs`.
pub fn breaches(sources: &[Source]) -> Vec<String> {
    sources.iter().filter(|source| source.path.ends_with("/mod.rs")).flat_map(of_face).collect()
}

fn of_face(source: &Source) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut at = 0;
    for item in source.code.split_inclusive(';') {
        let bare = without_attributes(item.trim());
        if !bare.is_empty() && !is_of_a_face(bare) {
            let start = at + item.find(bare).expect("a part of the item");
            let shown = bare.lines().next().unwrap_or_default();
            breaches.push(source.breach(start, &format!("a mod.rs holds `mod` and `pub use` only, not `{shown}`")));
        }
        at += item.len();
    }
    breaches
}

fn without_attributes(item: &str) -> &str {
    let mut item = item;
    while item.starts_with("#[") || item.starts_with("#![") {
        // No attribute of a face has a `]` inside.
        item = item.split_once(']').map_or("", |(_, rest)| rest).trim_start();
    }
    item
}

fn is_of_a_face(item: &str) -> bool {
    let item = item.trim_end_matches(';');
    let (visible, rest) = match item.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => (true, rest.split_once(')').map_or("", |(_, rest)| rest)),
        Some(rest) => (true, rest),
        None => (false, item),
    };
    let rest = rest.trim_start();
    let is_module = rest.strip_prefix("mod ").is_some_and(|name| !name.contains('{'));
    is_module || (visible && rest.starts_with("use "))
}

#[test]
fn a_face_that_defines_something_is_found() {
    let found = |text: &str| breaches(&[Source::new("src/base/mod.rs", text)]);
    assert_eq!(
        found("//! x\nmod id;\n\nfn helper() {}\n"),
        ["src/base/mod.rs:4: a mod.rs holds `mod` and `pub use` only, not `fn helper() {}`"]
    );
    assert_eq!(found("mod inside { }").len(), 1);
    assert_eq!(found("use std::fmt;").len(), 1);
    assert_eq!(found("pub const A: u8 = 1;").len(), 1);
}

#[test]
fn faces_as_they_should_be_are_allowed() {
    let text = "//! Opening.\n#![allow(dead_code)]\nmod a;\npub mod b;\n#[cfg(feature = \"s3\")]\npub(crate) mod c;\n\
        pub use a::{\n    A,\n    B,\n};\n// why\npub(crate) use b::C;\n#[cfg(test)]\nmod tests;\n";
    assert_eq!(breaches(&[Source::new("src/base/mod.rs", text)]), [""; 0]);
}
