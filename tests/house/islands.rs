//! Rule: a crate that has a home is named nowhere else, so that it can be changed there alone.

use super::source::{Source, find_word};

/// Each crate and the places (folders end in `/`) that may name it.
const HOMES: [(&str, &[&str]); 26] = [
    ("aws_config", &["src/store/s3/"]),
    ("aws_credential_types", &["src/store/s3/"]),
    ("aws_sdk_s3", &["src/store/s3/"]),
    ("aws_smithy_http_client", &["src/store/s3/"]),
    ("bytes", &["src/store/s3/"]),
    ("http_body", &["src/store/s3/"]),
    ("tokio", &["src/store/s3/"]),
    ("git2", &["src/git/"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("ctrlc", &["src/cli/"]),
    ("indicatif", &["src/cli/"]),
    ("md5", &["src/format/foreign/"]),
    ("serde_json", &["src/cli/", "src/format/foreign/"]),
    ("serde_saphyr", &["src/format/foreign/"]),
    ("sha2", &["src/format/foreign/"]),
    ("toml_edit", &["src/format/"]),
    ("zstd", &["src/format/"]),
    ("icu_normalizer", &["src/worktree/"]),
    ("ignore", &["src/worktree/"]),
    ("memmap2", &["src/packs/"]),
    ("rayon", &["src/packs/", "src/ops/"]),
    ("rustix", &["src/base/", "src/worktree/", "src/store/local", "src/store/direct", "src/store/blocks"]),
    ("libc", &[]),
    ("nix", &[]),
];

/// Crates that are named outside their home. Tests obey as well.
pub fn breaches(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(|source| HOMES.iter().flat_map(|home| of_file(source, home))).collect()
}

fn of_file(source: &Source, (name, homes): &(&str, &[&str])) -> Vec<String> {
    if homes.iter().any(|home| source.path.starts_with(home)) || declares(source, name) {
        return Vec::new();
    }
    let code = source.code.as_str();
    let path = format!("{name}::");
    let rule = format!("the crate `{name}` is at home in {homes:?} only (tests/house/islands.rs)");
    find_word(code, &path).filter(|at| !code[..*at].ends_with("::")).map(|at| source.breach(at, &rule)).collect()
}

/// Whether `name` is one of our own modules here: declared, or taken from another room.
fn declares(source: &Source, name: &str) -> bool {
    let code = source.code.as_str();
    let is_declared = find_word(code, &format!("mod {name};")).next().is_some();
    let items = find_word(code, "use ").filter_map(|at| code[at + "use ".len()..].split(';').next());
    let mut ours = items.filter(|item| ["crate::", "super::"].iter().any(|top| item.starts_with(top)));
    is_declared || ours.any(|item| find_word(item, name).next().is_some())
}

#[test]
fn a_crate_away_from_home_is_found() {
    let found = |path: &str, text: &str| breaches(&[Source::new(path, text)]).len();
    assert_eq!(found("src/store/local.rs", "use tokio::fs;"), 1);
    assert_eq!(found("src/ops/push.rs", "fn f() -> git2::Oid { ::git2::Oid::zero() }"), 1);
    assert_eq!(found("src/ops/push.rs", "#[cfg(test)] mod tests { use clap::Parser; }"), 1);
}

#[test]
fn a_crate_at_home_and_a_module_of_its_name_are_allowed() {
    let found = |path: &str, text: &str| breaches(&[Source::new(path, text)]).len();
    assert_eq!(found("src/store/s3/runtime.rs", "use tokio::runtime; // git2::x"), 0);
    assert_eq!(found("src/git/mod.rs", "mod ignore;\npub use ignore::Ignored;"), 0);
    assert_eq!(found("src/ops/add.rs", "use crate::git::{Repo, ignore};\nfn f() { ignore::with_line() }"), 0);
    assert_eq!(found("src/git/repo.rs", "use super::ignore::Ignored;"), 0);
}
