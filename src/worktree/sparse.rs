//! Which files of datasets are wanted in a worktree: patterns in Git's syntax, of which the last that matches decides.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::WorktreeError;
use super::sys;
use crate::base::{AtPath, RepoPath, remove_if_there, replace_file};

/// What a worktree keeps.
#[derive(Debug, Clone)]
pub struct Sparse {
    patterns: Vec<String>,
    rules: Gitignore,
}

impl Sparse {
    /// Takes patterns, relative to the root of the worktree. A pattern that matches a folder matches all that is in it; one
    /// that begins with `!` leaves out what an earlier one matched.
    ///
    /// # Errors
    /// `IgnoreLine` for one that is no pattern.
    pub fn new(patterns: Vec<String>) -> Result<Sparse, WorktreeError> {
        let mut builder = GitignoreBuilder::new("");
        let wrong = |line: usize, error: ignore::Error| WorktreeError::IgnoreLine {
            path: RepoPath::new(b"sparse").unwrap_or_default(),
            line,
            reason: error.to_string(),
        };
        for (line, pattern) in (1..).zip(&patterns) {
            builder.add_line(None, pattern).map_err(|error| wrong(line, error))?;
        }
        let rules = builder.build().map_err(|error| wrong(patterns.len(), error))?;
        Ok(Sparse { patterns, rules })
    }

    /// Reads what was stored in `file`; `None` if nothing was: then all is wanted.
    pub fn load(file: &Path) -> Result<Option<Sparse>, WorktreeError> {
        match fs::read_to_string(file) {
            Ok(text) => Sparse::new(text.lines().map(str::to_owned).collect()).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read", file)?,
        }
    }

    /// Stores it in `file`, a pattern in each line; `None` removes what was there.
    pub fn store(sparse: Option<&Sparse>, file: &Path) -> Result<(), WorktreeError> {
        let Some(sparse) = sparse else { return Ok(remove_if_there(file)?) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).at("make", folder)?;
        }
        let text: String = sparse.patterns.iter().map(|pattern| format!("{pattern}\n")).collect();
        Ok(replace_file(file, text.as_bytes())?)
    }

    /// The patterns, in order.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether the file `path`, relative to the root of the worktree, is wanted there.
    pub fn wants(&self, path: &RepoPath) -> bool {
        self.rules.matched_path_or_any_parents(sys::path_of(path.as_bytes()), false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(patterns: &[&str], path: &str) -> bool {
        let sparse = Sparse::new(patterns.iter().map(|pattern| (*pattern).to_owned()).collect()).unwrap();
        sparse.wants(&RepoPath::new(path.as_bytes()).unwrap())
    }

    #[test]
    fn a_folder_stands_for_all_that_is_in_it() {
        assert!(wants(&["data/train"], "data/train/a/b"));
        assert!(!wants(&["data/train"], "data/test/a"));
        assert!(!wants(&["data/train"], "data/trainer"));
        assert!(wants(&["*.csv"], "data/x/y.csv") && !wants(&["*.csv"], "data/x/y.png"));
        assert!(wants(&["/data/"], "data/x") && !wants(&["/data/"], "more/data/x"));
        assert!(!wants(&[], "data/x"));
    }

    #[test]
    fn the_last_that_matches_decides() {
        assert!(!wants(&["data", "!data/raw"], "data/raw/x"));
        assert!(wants(&["data", "!data/raw"], "data/done/x"));
        assert!(wants(&["data", "!data/raw", "data/raw/x"], "data/raw/x"));
    }

    #[test]
    fn it_is_read_back_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/sparse");
        assert!(Sparse::load(&file).unwrap().is_none());
        Sparse::store(Some(&Sparse::new(vec!["a".into(), "!b c".into()]).unwrap()), &file).unwrap();
        assert_eq!(Sparse::load(&file).unwrap().unwrap().patterns(), ["a", "!b c"]);
        Sparse::store(None, &file).unwrap();
        assert!(Sparse::load(&file).unwrap().is_none());
    }

    #[test]
    fn what_is_no_pattern_is_told_with_its_line() {
        let error = Sparse::new(vec!["a".into(), "[z-a]".into()]).unwrap_err();
        assert!(matches!(error, WorktreeError::IgnoreLine { line: 2, .. }), "{error}");
    }
}
