//! Names that would mean something else on another file system: never written, wherever we run.

use std::borrow::Cow;
use std::collections::HashMap;

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::base::RepoPath;

/// Refuses names that Git or esker would take for their own on some file system.
///
/// Such are `.git` and `.esker`, and what NTFS and HFS+ take for them: other case, `GIT~1`, trailing dots and
/// spaces, a stream after `:`, code points that HFS+ leaves out. What only Windows cannot write (`con`, `a:b`, a `\`
/// in a name) is refused on Windows only: elsewhere such a file is harmless, and the user's.
///
/// Returns half a sentence.
pub fn check_portable(path: &RepoPath) -> Result<(), &'static str> {
    path.as_bytes().split(|byte| *byte == b'/').try_for_each(check_name)
}

/// The same for one name.
pub(super) fn check_name(name: &[u8]) -> Result<(), &'static str> {
    if name.split(|byte| *byte == b'\\').any(is_disguise) {
        return Err("Git or esker would take a name in it for its own folder");
    }
    if cfg!(windows) { check_for_windows(name) } else { Ok(()) }
}

fn is_disguise(name: &[u8]) -> bool {
    // Nearly all names are told here: the first letter is the one thing that all disguises share.
    match name.first() {
        Some(b'.' | b'g' | b'G' | b'e' | b'E') => is_ntfs_name(name) || is_hfs_name(name),
        Some(0xe2 | 0xef) => is_hfs_name(name),
        _ => false,
    }
}

/// As `is_ntfs_dotgit` of Git.
fn is_ntfs_name(name: &[u8]) -> bool {
    let after = |start: &[u8]| {
        let matches = name.len() >= start.len() && name[..start.len()].eq_ignore_ascii_case(start);
        matches.then(|| &name[start.len()..])
    };
    [b".git".as_slice(), b"git~1", b".esker", b"esker~1"].into_iter().filter_map(after).any(|rest| {
        let end = rest.iter().position(|byte| !matches!(byte, b'.' | b' '));
        end.is_none_or(|at| rest[at] == b':')
    })
}

/// As `is_hfs_dotgit` of Git.
fn is_hfs_name(name: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(name) else { return false };
    let ignorable = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let left = || text.chars().filter(|c| !ignorable(c)).flat_map(char::to_lowercase);
    left().eq(".git".chars()) || left().eq(".esker".chars())
}

fn check_for_windows(name: &[u8]) -> Result<(), &'static str> {
    if name.iter().any(|byte| matches!(byte, b'\\' | b':' | b'*' | b'?' | b'"' | b'<' | b'>' | b'|' | 0..32)) {
        return Err("a name in it has a character that Windows cannot write");
    }
    if matches!(name.last(), Some(b'.' | b' ')) {
        return Err("a name in it ends with a dot or a space, which Windows cannot write");
    }
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or(name).trim_ascii_end();
    let is_device = match stem {
        [front @ .., b'1'..=b'9'] => [b"com".as_slice(), b"lpt"].iter().any(|word| front.eq_ignore_ascii_case(word)),
        _ => [b"con".as_slice(), b"prn", b"aux", b"nul", b"conin$", b"conout$"]
            .iter()
            .any(|word| stem.eq_ignore_ascii_case(word)),
    };
    if is_device { Err("a name in it is that of a Windows device") } else { Ok(()) }
}

/// A name beside a file for its next content, where it cannot be staged on the same file system.
pub(super) fn temporary(random: u64) -> String {
    format!(".esker-{random:016x}.tmp")
}

/// Whether a crash may have left this behind; no scan finds it.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    let middle = name.strip_prefix(b".esker-").and_then(|rest| rest.strip_suffix(b".tmp"));
    middle.is_some_and(|digits| digits.len() == 16 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Pairs of paths that would be one on a file system that folds case or normalises Unicode, folders above them
/// included; the one that came first is the first of its pair.
///
/// Strict: what any of NTFS, APFS and HFS+ takes for one is told.
pub fn collisions<'a>(paths: impl IntoIterator<Item = &'a RepoPath>) -> Vec<(RepoPath, RepoPath)> {
    let mut first: HashMap<Vec<u8>, &[u8]> = HashMap::new();
    let mut found = Vec::new();
    for path in paths {
        let bytes = path.as_bytes();
        let mut key = Vec::with_capacity(bytes.len());
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut start = 0;
        for end in ends.chain([bytes.len()]) {
            key.extend_from_slice(&folded(&bytes[start..end]));
            let here = &bytes[..end];
            let other = *first.entry(key.clone()).or_insert(here);
            if other != here {
                found.extend(RepoPath::new(other).ok().zip(RepoPath::new(here).ok()));
                break;
            }
            key.push(b'/');
            start = end + 1;
        }
    }
    found.dedup();
    found
}

/// What folding file systems compare: canonical decomposition, full case folding. Bytes that are no UTF-8 stay.
fn folded(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let Ok(text) = std::str::from_utf8(name) else { return Cow::Borrowed(name) };
    let nfd = DecomposingNormalizerBorrowed::new_nfd();
    // Upper, then lower, brings together what lower alone leaves apart: ß and ss, ς and σ.
    let cased: String = nfd.normalize(text).chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    Cow::Owned(nfd.normalize(&cased).into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn disguises_of_git_and_esker_are_refused_at_any_depth() {
        for bad in [
            ".git",
            ".git/hooks/post-checkout",
            "a/.GIT/config",
            "GIT~1",
            "a/git~1/b",
            ".git ",
            ".git. .",
            ".git::$INDEX_ALLOCATION",
            ".Git:stream",
            ".g\u{200c}it",
            "\u{feff}.git",
            "\u{200e}.eSKer",
            "a\\.git\\hooks",
            ".esker/config.toml",
            "ESKER~1",
        ] {
            assert!(check_portable(&path(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn plain_names_are_allowed() {
        for good in
            [".gitignore", ".gitattributes", "git", "git~2", "a.git", ".git2", ".eskerignore", "esker", "con", "a\\b"]
        {
            assert_eq!(check_portable(&path(good)), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn temporary_names_are_known_again() {
        assert!(is_temporary(temporary(7).as_bytes()));
        assert!(!is_temporary(b".esker-7.tmp") && !is_temporary(b".esker-000000000000000g.tmp"));
    }

    #[test]
    fn windows_devices_and_characters_are_known() {
        for bad in ["con", "AUX.txt", "lpt1", "Com9.tar.gz", "a:b", "x.", "y ", "a\\b", "nul "] {
            assert!(check_for_windows(bad.as_bytes()).is_err(), "{bad:?}");
        }
        for good in ["console", "com", "com10", "a.con", "lpt"] {
            assert_eq!(check_for_windows(good.as_bytes()), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn names_that_fold_together_are_found() {
        let pairs = |names: &[&str]| collisions(&names.iter().map(|name| path(name)).collect::<Vec<_>>());
        assert_eq!(pairs(&["A", "a", "b"]), vec![(path("A"), path("a"))]);
        assert_eq!(pairs(&["Data/x", "data/y"]), vec![(path("Data"), path("data"))]);
        assert_eq!(pairs(&["\u{e9}", "e\u{301}"]), vec![(path("\u{e9}"), path("e\u{301}"))]);
        assert_eq!(pairs(&["stra\u{df}e", "STRASSE"]).len(), 1);
        assert_eq!(pairs(&["a/x", "a/y", "b/x"]), vec![]);
    }
}
