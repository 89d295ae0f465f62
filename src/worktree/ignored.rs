//! What `.eskerignore` files leave out: Git's syntax and Git's order, the innermost file first.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::WorktreeError;
use super::sys::{self, Folder, Kind};
use crate::base::{AtPath, RepoPath};

/// The name of an ignore file.
pub const IGNORE_FILE: &str = ".eskerignore";

const MOST_BYTES: u64 = 1 << 20;

/// The ignore rules that hold in a dataset because of the folders above it.
#[derive(Debug, Clone, Default)]
pub struct Ignored {
    pub(super) dataset: RepoPath,
    pub(super) rules: Rules,
}

impl Ignored {
    /// Nothing is ignored but by files inside the dataset.
    pub fn nothing() -> Ignored {
        Ignored::default()
    }

    /// Reads the ignore files of `root`, a repository, and of the folders between it and `dataset`.
    ///
    /// Those of `dataset` itself and below are read by the scan on its way.
    ///
    /// # Errors
    /// `IgnoreLine` for a line that is no pattern. Folders that are not there have no rules.
    pub fn load(root: &Path, dataset: &RepoPath) -> Result<Ignored, WorktreeError> {
        let handle = Folder::open(root).at("open", root)?;
        let mut rules = Rules::default();
        for end in parents(dataset.as_bytes()) {
            let above = &dataset.as_bytes()[..end];
            match handle.below(above) {
                Ok(folder) => rules = rules.and_those_of(&folder, above)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound || sys::is_blocked(&error) => break,
                Err(error) => Err(error).at("open", &root.join(sys::path_of(above)))?,
            }
        }
        Ok(Ignored { dataset: dataset.clone(), rules })
    }

    /// Whether `path`, relative to the repository, is left out by these rules, itself or with a folder above it.
    pub fn is_ignored(&self, path: &RepoPath, is_dir: bool) -> bool {
        let bytes = path.as_bytes();
        let above = parents(bytes).filter(|end| *end > 0).any(|end| self.rules.ignores(&bytes[..end], true));
        above || self.rules.ignores(bytes, is_dir)
    }
}

/// Where each folder above `path` ends: 0 for the root, then one before each `/`.
fn parents(path: &[u8]) -> impl Iterator<Item = usize> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    std::iter::once(0).chain(slashes).filter(|_| !path.is_empty())
}

/// The rules that hold in one folder. Cheap to clone; none at all cost nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(Option<Arc<Level>>);

#[derive(Debug)]
struct Level {
    patterns: Gitignore,
    /// Where the file lies, with a `/` at its end unless that is the root: what its patterns are not matched with.
    folder: Vec<u8>,
    above: Rules,
}

impl Rules {
    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether `path`, relative to the repository, is left out. The folders above it are not asked.
    pub fn ignores(&self, path: &[u8], is_dir: bool) -> bool {
        let mut rules = self;
        while let Some(level) = &rules.0 {
            let inside = path.strip_prefix(level.folder.as_slice());
            match inside.map_or(Match::None, |inside| level.patterns.matched(sys::path_of(inside), is_dir)) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => rules = &level.above,
            }
        }
        false
    }

    /// These rules and, before them, those of the ignore file in `folder`, which lies at `at` in the repository.
    pub fn and_those_of(self, folder: &Folder, at: &[u8]) -> Result<Rules, WorktreeError> {
        let text = match read(folder) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound || sys::is_blocked(&error) => return Ok(self),
            Err(error) => Err(error).at("read", &sys::path_of(at).join(IGNORE_FILE))?,
        };
        let patterns = parse(&text, at)?;
        if patterns.is_empty() {
            return Ok(self);
        }
        let folder = if at.is_empty() { Vec::new() } else { [at, b"/"].concat() };
        Ok(Rules(Some(Arc::new(Level { patterns, folder, above: self }))))
    }
}

/// A symlink or a folder of that name holds no rules, as in Git.
fn read(folder: &Folder) -> io::Result<Vec<u8>> {
    let file = folder.open_file(IGNORE_FILE.as_bytes())?;
    let mut text = Vec::new();
    if sys::look_at(&file)?.kind == Kind::File {
        file.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    }
    if text.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

fn parse(text: &[u8], at: &[u8]) -> Result<Gitignore, WorktreeError> {
    let path = RepoPath::new(at)?.join(&RepoPath::new(IGNORE_FILE.as_bytes())?);
    let refused = |line: usize, reason: String| WorktreeError::IgnoreLine { path: path.clone(), line, reason };
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    // Paths are given to it relative to the file's folder: to "." it strips nothing from them.
    let mut builder = GitignoreBuilder::new(".");
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| refused(at + 1, "not UTF-8".to_owned()))?;
        builder.add_line(None, line).map_err(|error| refused(at + 1, error.to_string()))?;
    }
    builder.build().map_err(|error| refused(1, error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn rules_hold_from_the_root_down_and_the_inner_file_wins() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/data")).unwrap();
        fs::write(root.path().join(IGNORE_FILE), "*.log\n/a/data/top\ncache/\n").unwrap();
        fs::write(root.path().join("a").join(IGNORE_FILE), "!keep.log\n/data/inner\n").unwrap();
        let ignored = Ignored::load(root.path(), &path("a/data")).unwrap();
        for (name, is_dir, expected) in [
            ("a/data/x.log", false, true),
            ("a/data/keep.log", false, false),
            ("a/data/top", false, true),
            ("a/data/sub/top", false, false),
            ("a/data/inner", false, true),
            ("a/data/cache", true, true),
            ("a/data/cache", false, false),
            ("a/data/cache/deep/file", false, true),
        ] {
            assert_eq!(ignored.is_ignored(&path(name), is_dir), expected, "{name}");
        }
    }

    #[test]
    fn a_line_that_is_no_pattern_is_told_with_its_number() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(IGNORE_FILE), "fine\n\n{a\n").unwrap();
        let told = Ignored::load(root.path(), &path("data")).map(|_| ());
        if let Err(error) = told {
            assert!(error.to_string().starts_with(".eskerignore, line 3"), "{error}");
        }
        fs::write(root.path().join(IGNORE_FILE), b"fine\n\xff\n").unwrap();
        let error = Ignored::load(root.path(), &path("data")).unwrap_err();
        assert_eq!(error.to_string(), ".eskerignore, line 2: not UTF-8");
    }

    #[test]
    fn no_ignore_file_means_no_rules() {
        let root = tempfile::tempdir().unwrap();
        assert!(Ignored::load(root.path(), &path("not/there/data")).unwrap().rules.is_empty());
    }
}
