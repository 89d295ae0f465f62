//! What is staged, and what Git tracks.

use super::error::GitError;
use super::pointers::{is_pointer_name, is_regular};
use super::{BlobId, Repo};
use crate::base::RepoPath;

/// The most that is read of a staged file.
const FILE_LIMIT: u64 = 1 << 20;

/// A path that a merge could not decide. A side is `None` if it has no file there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Where.
    pub path: RepoPath,
    /// What both sides started from.
    pub base: Option<BlobId>,
    /// Our side (in a rebase: the branch that is built on).
    pub ours: Option<BlobId>,
    /// The other side.
    pub theirs: Option<BlobId>,
}

impl Repo {
    /// The pointers in the index, by path. Those in conflict are left out; see `conflicts`.
    pub fn staged_pointers(&self) -> Result<Vec<RepoPath>, GitError> {
        Ok(self.staged_pointer_blobs()?.into_iter().map(|(path, _)| path).collect())
    }

    pub(super) fn staged_pointer_blobs(&self) -> Result<Vec<(RepoPath, BlobId)>, GitError> {
        let mut pointers = Vec::new();
        for entry in self.index()?.iter() {
            if stage(&entry) == 0 && is_regular(entry.mode as i32) && is_pointer_name(last_name(&entry.path)) {
                pointers.push((RepoPath::new(&entry.path)?, BlobId(entry.id)));
            }
        }
        // A file system that folds case has an index in another order.
        pointers.sort();
        Ok(pointers)
    }

    /// All paths in conflict, pointers or not, by path.
    pub fn conflicts(&self) -> Result<Vec<Conflict>, GitError> {
        let mut conflicts: Vec<Conflict> = Vec::new();
        for entry in self.index()?.iter().filter(|entry| stage(entry) != 0) {
            let path = RepoPath::new(&entry.path)?;
            if conflicts.last().is_none_or(|last| last.path != path) {
                conflicts.push(Conflict { path, base: None, ours: None, theirs: None });
            }
            let last = conflicts.last_mut().expect("one was just pushed");
            let side = match stage(&entry) {
                1 => &mut last.base,
                2 => &mut last.ours,
                _ => &mut last.theirs,
            };
            *side = Some(BlobId(entry.id));
        }
        conflicts.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(conflicts)
    }

    /// The bytes of the file that is staged at `path`; `None` if there is none, or a conflict. For small files: at
    /// most 1 MiB.
    pub fn staged_file(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        match self.index()?.get_path(path.as_path(), 0) {
            Some(entry) if is_regular(entry.mode as i32) => self.read(path, BlobId(entry.id), FILE_LIMIT).map(Some),
            _ => Ok(None),
        }
    }

    /// The same of all sides, where it is in conflict.
    pub fn staged_sides(&self, path: &RepoPath) -> Result<Vec<Vec<u8>>, GitError> {
        let index = self.index()?;
        let sides = (0..4).filter_map(|stage| index.get_path(path.as_path(), stage));
        let sides = sides.filter(|entry| is_regular(entry.mode as i32));
        sides.map(|entry| self.read(path, BlobId(entry.id), FILE_LIMIT)).collect()
    }

    /// What Git tracks at `path` or below it, at most `limit` paths; what is in conflict counts.
    pub fn tracked_below(&self, path: &RepoPath, limit: usize) -> Result<Vec<RepoPath>, GitError> {
        let index = self.index()?;
        let mut tracked: Vec<RepoPath> = Vec::new();
        if !path.is_empty() && (0..4).any(|stage| index.get_path(path.as_path(), stage).is_some()) {
            tracked.push(path.clone());
        }
        let mut folder = path.as_bytes().to_vec();
        if !path.is_empty() {
            folder.push(b'/');
        }
        let first = if path.is_empty() { 0 } else { index.find_prefix(folder.as_slice()).unwrap_or(index.len()) };
        let entries = (first..index.len()).map_while(|at| index.get(at));
        for entry in entries.take_while(|entry| entry.path.starts_with(&folder)) {
            if tracked.len() >= limit {
                break;
            }
            let path = RepoPath::new(&entry.path)?;
            if tracked.last() != Some(&path) {
                tracked.push(path);
            }
        }
        tracked.truncate(limit);
        Ok(tracked)
    }

    /// The files that Git tracks with this many bytes or more, as large as they were when they were staged.
    pub fn large_files(&self, least_bytes: u64) -> Result<Vec<(RepoPath, u64)>, GitError> {
        let is_large = |entry: &git2::IndexEntry| u64::from(entry.file_size) >= least_bytes && stage(entry) == 0;
        let index = self.index()?;
        let large = index.iter().filter(is_large);
        large.map(|entry| Ok((RepoPath::new(&entry.path)?, u64::from(entry.file_size)))).collect()
    }

    /// The index as it is on disk now.
    pub(super) fn index(&self) -> Result<git2::Index, GitError> {
        let read = self.inner.index().and_then(|mut index| index.read(false).map(|()| index));
        read.map_err(|error| self.index_unread(&error))
    }

    pub(super) fn index_unread(&self, error: &git2::Error) -> GitError {
        let reason = error.message().to_owned();
        if reason.contains("unsupported") {
            // A split index, or a sparse one: libgit2 can read neither.
            return GitError::Unsupported { path: self.index_file.clone(), reason };
        }
        GitError::Git { doing: format!("read {}", self.index_file.display()), reason }
    }
}

fn last_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// 0 for a file that is just staged; 1 to 3 for the sides of a conflict.
pub(super) fn stage(entry: &git2::IndexEntry) -> u16 {
    (entry.flags >> 12) & 3
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::super::{BlobId, GitError};

    #[test]
    fn staged_files_are_read_from_the_index() {
        let sandbox = Sandbox::new();
        let repo = sandbox.open();
        assert!(repo.staged_pointers().unwrap().is_empty());
        sandbox.write("a.esker", "staged");
        sandbox.git(&["add", "a.esker"]);
        sandbox.write("a.esker", "worktree");
        assert_eq!(repo.staged_file(&path("a.esker")).unwrap().unwrap(), b"staged");
        assert_eq!(repo.staged_file(&path("b")).unwrap(), None);
        assert_eq!(repo.staged_pointers().unwrap(), [path("a.esker")]);
        sandbox.git(&["rm", "--quiet", "--force", "--cached", "a.esker"]);
        assert!(repo.staged_pointers().unwrap().is_empty());
    }

    #[test]
    fn what_git_tracks_is_found_at_a_path_and_below_it() {
        let sandbox = Sandbox::new();
        for name in ["data/x", "data/y/z", "data.esker", "data-2/x", "datax"] {
            sandbox.write(name, "");
        }
        sandbox.git(&["add", "."]);
        let repo = sandbox.open();
        let tracked = |text: &str, limit| repo.tracked_below(&path(text), limit).unwrap();
        assert_eq!(tracked("data", 9), [path("data/x"), path("data/y/z")]);
        assert_eq!(tracked("data", 1), [path("data/x")]);
        assert_eq!(tracked("data/y/z", 9), [path("data/y/z")]);
        assert_eq!(tracked("", 9).len(), 5);
        assert!(tracked("dat", 9).is_empty());
        assert!(tracked("zzz", 9).is_empty());
        assert!(tracked("data", 0).is_empty());
    }

    #[test]
    fn a_conflict_has_its_three_sides_and_is_no_staged_pointer() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "base");
        sandbox.commit("gone.esker", "base");
        sandbox.git(&["checkout", "--quiet", "-b", "side"]);
        sandbox.commit("a.esker", "side");
        sandbox.commit("gone.esker", "side");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.git(&["rm", "--quiet", "gone.esker"]);
        sandbox.commit("a.esker", "main");
        assert!(!sandbox.try_git_in(&sandbox.root(), &["merge", "side"]).0);
        let repo = sandbox.open();
        let conflicts = repo.conflicts().unwrap();
        assert_eq!(conflicts.len(), 2);
        let id = |text: &str| Some(BlobId::of(text.as_bytes()));
        let sides = (conflicts[0].base, conflicts[0].ours, conflicts[0].theirs);
        assert_eq!(sides, (id("base"), id("main"), id("side")));
        assert_eq!((conflicts[1].path.clone(), conflicts[1].ours), (path("gone.esker"), None));
        assert!(repo.staged_pointers().unwrap().is_empty());
        assert_eq!(repo.staged_file(&path("a.esker")).unwrap(), None);
        assert_eq!(repo.tracked_below(&path("a.esker"), 9).unwrap(), [path("a.esker")]);
        sandbox.write("a.esker", "resolved");
        repo.stage(&[path("a.esker")]).unwrap();
        assert_eq!(repo.conflicts().unwrap().len(), 1);
        assert!(sandbox.git(&["status", "--porcelain"]).contains("M  a.esker"));
    }

    #[test]
    fn an_index_that_libgit2_cannot_read_is_refused() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        sandbox.git(&["update-index", "--split-index"]);
        let error = sandbox.open().staged_pointers().unwrap_err();
        assert!(matches!(error, GitError::Unsupported { .. }), "{error:?}");
        sandbox.git(&["update-index", "--no-split-index"]);
        assert_eq!(sandbox.open().staged_pointers().unwrap().len(), 1);
        sandbox.commit("far/away/b", "1");
        sandbox.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "near"]);
        let error = sandbox.open().staged_pointers().unwrap_err();
        assert!(matches!(error, GitError::Unsupported { .. }), "{error:?}");
    }

    #[test]
    fn indexes_of_every_make_of_git_are_read() {
        let sandbox = Sandbox::new();
        sandbox.commit("d/a.esker", "1");
        sandbox.commit("d/b.esker", "1");
        sandbox.git(&["config", "index.skipHash", "true"]);
        sandbox.git(&["update-index", "--index-version", "4", "--untracked-cache"]);
        sandbox.write("d/c.esker", "1");
        sandbox.git(&["add", "--intent-to-add", "d/c.esker"]);
        let repo = sandbox.open();
        assert_eq!(repo.staged_pointers().unwrap().len(), 3);
        repo.stage(&[path("d/c.esker")]).unwrap();
        assert_eq!(sandbox.git(&["diff", "--cached", "--name-only"]), "d/c.esker\n");
        sandbox.git(&["fsck", "--strict"]);
    }
}
