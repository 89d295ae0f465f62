//! A path inside a repository or a dataset: relative, `/` between names, any bytes but NUL.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// A relative path: names joined by `/`, none of them empty, `.` or `..`, no NUL anywhere.
///
/// The empty path is the folder itself. Order is that of the bytes. Names need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RepoPath(Box<[u8]>);

/// Why a path or a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path `{path}` is refused: {reason}")]
pub struct PathRefused {
    /// The path, as text.
    pub path: String,
    /// Half a sentence.
    pub reason: &'static str,
}

impl RepoPath {
    /// The longest path, in bytes (PATH_MAX of Linux, less its NUL).
    pub const MAX_LEN: usize = 4095;

    /// Takes bytes that are such a path already.
    pub fn new(bytes: &[u8]) -> Result<RepoPath, PathRefused> {
        match RepoPath::check(bytes) {
            Ok(()) => Ok(RepoPath(bytes.into())),
            Err(reason) => Err(PathRefused { path: text(bytes), reason }),
        }
    }

    /// Refuses bytes that are not such a path, in half a sentence; allocates nothing.
    pub fn check(bytes: &[u8]) -> Result<(), &'static str> {
        if bytes.len() > Self::MAX_LEN {
            return Err("it is longer than 4,095 bytes");
        }
        if bytes.is_empty() {
            return Ok(());
        }
        check_nul(bytes)?;
        bytes.split(|byte| *byte == b'/').try_for_each(check_plain_name)
    }

    /// The bytes, `/` between names.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same as a path of the system.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Where this lies below `root`.
    pub fn below(&self, root: &Path) -> PathBuf {
        if self.is_empty() { root.to_owned() } else { root.join(self.as_path()) }
    }

    /// Whether this is the folder itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and `name` (one name or more) after it.
    pub fn join(&self, name: &RepoPath) -> RepoPath {
        if self.is_empty() {
            return name.clone();
        }
        if name.is_empty() {
            return self.clone();
        }
        let mut bytes = Vec::with_capacity(self.0.len() + 1 + name.0.len());
        bytes.extend_from_slice(&self.0);
        bytes.push(b'/');
        bytes.extend_from_slice(&name.0);
        RepoPath(bytes.into())
    }

    /// The folder that this lies in; `None` for the empty path.
    pub fn parent(&self) -> Option<RepoPath> {
        if self.is_empty() {
            return None;
        }
        let end = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(RepoPath(self.0[..end].into()))
    }

    /// The last name; empty for the empty path.
    pub fn name(&self) -> &[u8] {
        let start = self.0.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        &self.0[start..]
    }

    /// What is left of this below `folder`: empty if they are equal, `None` if it lies elsewhere.
    pub fn strip(&self, folder: &RepoPath) -> Option<RepoPath> {
        if folder.is_empty() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(&*folder.0)?;
        match rest.split_first() {
            None => Some(RepoPath::default()),
            Some((b'/', rest)) => Some(RepoPath(rest.into())),
            Some(_) => None,
        }
    }

    /// Whether this is `folder` or lies in it.
    pub fn is_in(&self, folder: &RepoPath) -> bool {
        self.strip(folder).is_some()
    }

    /// With `suffix` after the last name: `data` and `.esker` give `data.esker`.
    pub fn with_suffix(&self, suffix: &str) -> RepoPath {
        let mut bytes = self.0.to_vec();
        bytes.extend_from_slice(suffix.as_bytes());
        RepoPath(bytes.into())
    }
}

/// Refuses what no file system gives a file: an empty name, `.`, `..`, a `/` or a NUL, over 255 bytes.
pub fn check_name(name: &[u8]) -> Result<(), &'static str> {
    check_nul(name)?;
    if name.contains(&b'/') { Err("a name has a `/` in it") } else { check_plain_name(name) }
}

/// Without a branch for each byte: a million paths are checked whenever a large tree is read.
fn check_nul(bytes: &[u8]) -> Result<(), &'static str> {
    let has_nul = bytes.iter().fold(false, |found, byte| found | (*byte == 0));
    if has_nul { Err("it has a NUL byte in it") } else { Ok(()) }
}

fn check_plain_name(name: &[u8]) -> Result<(), &'static str> {
    match name {
        b"" => Err("it has an empty name in it"),
        b"." | b".." => Err("it has `.` or `..` in it"),
        _ if name.len() > 255 => Err("a name is longer than 255 bytes"),
        _ => Ok(()),
    }
}

/// The path for people: as it is if it is plain text, else in Git's quotes ("a\nb", "\377").
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(plain) if !plain.chars().any(|c| c.is_control() || c == '"') => plain.to_owned(),
        _ => quoted(bytes),
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if c.is_ascii_control() => out.push_str(&format!("\\{:03o}", c as u32)),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\{byte:03o}"));
        }
    }
    out.push('"');
    out
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text(&self.0))
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.0))
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(plain) => serializer.serialize_str(plain),
            Err(_) => serializer.serialize_str(&quoted(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn paths_that_could_leave_are_refused() {
        for bad in ["/a", "a//b", "a/", "..", "a/../b", "./a", "a\0b"] {
            assert!(RepoPath::new(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(RepoPath::new(&[b'a'; 256]).is_err());
    }

    #[test]
    fn parts_are_found() {
        assert_eq!(path("a/b/c").parent(), Some(path("a/b")));
        assert_eq!(path("a").parent(), Some(path("")));
        assert_eq!(path("a/b").name(), b"b");
        assert_eq!(path("a/b/c").strip(&path("a")), Some(path("b/c")));
        assert_eq!(path("ab").strip(&path("a")), None);
        assert!(path("a").is_in(&path("a")));
        assert_eq!(path("a").join(&path("b")), path("a/b"));
    }

    #[test]
    fn odd_names_are_shown_in_quotes() {
        assert_eq!(RepoPath::new(b"a\nb").unwrap().to_string(), "\"a\\nb\"");
        assert_eq!(RepoPath::new(b"\xff").unwrap().to_string(), "\"\\377\"");
        assert_eq!(path("Grüße [x]").to_string(), "Grüße [x]");
    }
}
