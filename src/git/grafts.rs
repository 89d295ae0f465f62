//! Pointers that old commits would hold, had esker been there: each stands in for a file of another tool.
//!
//! A pointer that a commit does hold comes before any graft. The bytes of a graft are known by the id that Git would give
//! them, so that a commit which adds the same pointer changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use super::error::GitError;
use super::{BlobId, Commit, Repo};
use crate::base::RepoPath;

/// Where a commit has this file with this content, it points at a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graft {
    /// The file of the other tool.
    pub file: RepoPath,
    /// Its content: Git's hash, 40 hex digits.
    pub blob: Box<str>,
    /// The pointer that stands in for it.
    pub pointer: RepoPath,
    /// The bytes of that.
    pub bytes: Vec<u8>,
}

/// All grafts of a repository.
#[derive(Debug, Default)]
pub(super) struct Grafts {
    all: Vec<Placed>,
    /// By the hash of the file, and by the pointer: positions in `all`.
    by_blob: HashMap<git2::Oid, Vec<usize>>,
    by_pointer: BTreeMap<RepoPath, Vec<usize>>,
    bytes: HashMap<BlobId, Vec<u8>>,
}

/// The grafts, or how they are made: most verbs look at no old revision.
pub(super) enum Late {
    /// They are made.
    Made(Arc<Grafts>),
    /// They are made when they are first asked for.
    Later(Box<dyn FnOnce() -> Vec<Graft> + Send>),
}

impl Default for Late {
    fn default() -> Late {
        Late::Made(Arc::default())
    }
}

#[derive(Debug)]
struct Placed {
    file: RepoPath,
    blob: git2::Oid,
    pointer: RepoPath,
    id: BlobId,
}

impl Grafts {
    fn of(grafts: Vec<Graft>) -> Grafts {
        let mut all = Grafts::default();
        for Graft { file, blob, pointer, bytes } in grafts {
            let Ok(blob) = git2::Oid::from_str(&blob) else { continue };
            let id = BlobId::of(&bytes);
            let at = all.all.len();
            all.by_blob.entry(blob).or_default().push(at);
            all.by_pointer.entry(pointer.clone()).or_default().push(at);
            all.bytes.insert(id, bytes);
            all.all.push(Placed { file, blob, pointer, id });
        }
        all
    }

    /// Whether a file of this content may stand for something.
    pub(super) fn know(&self, blob: git2::Oid) -> bool {
        self.by_blob.contains_key(&blob)
    }

    /// What a file at `path` of this content stands for: pointers and their bytes' ids.
    pub(super) fn of_file<'g>(
        &'g self,
        blob: git2::Oid,
        path: &'g [u8],
    ) -> impl Iterator<Item = (&'g RepoPath, BlobId)> + 'g {
        let at = self.by_blob.get(&blob).into_iter().flatten().map(|at| &self.all[*at]);
        at.filter(move |placed| placed.file.as_bytes() == path).map(|placed| (&placed.pointer, placed.id))
    }

    /// The bytes of a graft.
    pub(super) fn bytes(&self, id: BlobId) -> Option<&[u8]> {
        self.bytes.get(&id).map(Vec::as_slice)
    }

    /// The files that stand for pointers at or below one of `paths`.
    pub(super) fn files_of(&self, paths: &[RepoPath]) -> BTreeSet<RepoPath> {
        let is_meant = |pointer: &RepoPath| paths.iter().any(|path| pointer.is_in(path));
        self.all.iter().filter(|placed| is_meant(&placed.pointer)).map(|placed| placed.file.clone()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Repo {
    /// From now on, what `make` gives stands in for files of other tools, and no graft of before does. It is called when
    /// an old revision is first looked at.
    pub fn graft(&self, make: impl FnOnce() -> Vec<Graft> + Send + 'static) {
        *self.grafts.lock().unwrap_or_else(PoisonError::into_inner) = Late::Later(Box::new(make));
    }

    pub(super) fn grafts(&self) -> Arc<Grafts> {
        let mut late = self.grafts.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match std::mem::take(&mut *late) {
            Late::Made(made) => made,
            Late::Later(make) => Arc::new(Grafts::of(make())),
        };
        *late = Late::Made(Arc::clone(&made));
        made
    }

    /// The bytes of the pointer at `path` in `commit`; `None` if it has none there.
    ///
    /// # Errors
    /// `TooLarge` if it has more than 64 KiB.
    pub fn pointer_at(&self, commit: &Commit, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let blob = self.pointer_blob_in(&self.tree_of(commit)?, path)?;
        blob.map(|blob| self.pointer_bytes(path, blob)).transpose()
    }

    /// The pointer at `path` in a tree: its own, else a graft.
    pub(super) fn pointer_blob_in(&self, root: &git2::Tree<'_>, path: &RepoPath) -> Result<Option<BlobId>, GitError> {
        if let Some(blob) = self.blob_at(root, path)? {
            return Ok(Some(blob));
        }
        let grafts = self.grafts();
        for placed in grafts.by_pointer.get(path).into_iter().flatten().map(|at| &grafts.all[*at]) {
            if self.blob_at(root, &placed.file)? == Some(BlobId(placed.blob)) {
                return Ok(Some(placed.id));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::*;
    use crate::base::Cancel;

    /// A repository whose first two commits hold `d/a.dvc` in two versions, the third a pointer beside it that says the
    /// same as the second, the fourth another one.
    fn migrated() -> (Sandbox, Repo) {
        let sandbox = Sandbox::new();
        sandbox.commit("d/a.dvc", "old 1");
        sandbox.commit("d/a.dvc", "old 2");
        sandbox.commit("d/a.esker", "new 2");
        sandbox.commit("d/a.esker", "new 3");
        let repo = sandbox.open();
        let pairs = [("old 1", "new 1"), ("old 2", "new 2")];
        repo.graft(move || pairs.map(|(old, new)| graft("d/a.dvc", old, "d/a.esker", new)).into());
        (sandbox, repo)
    }

    fn graft(file: &str, text: &str, pointer: &str, bytes: &str) -> Graft {
        let blob = BlobId::of(text.as_bytes()).to_string().into();
        Graft { file: path(file), blob, pointer: path(pointer), bytes: bytes.into() }
    }

    #[test]
    fn an_old_commit_holds_what_its_old_files_stand_for() {
        let (_sandbox, repo) = migrated();
        for (revision, text) in [("HEAD~3", "new 1"), ("HEAD~2", "new 2"), ("HEAD~1", "new 2"), ("HEAD", "new 3")] {
            let commit = repo.resolve(revision).unwrap();
            assert_eq!(repo.pointers_at(&commit).unwrap(), [(path("d/a.esker"), text.into())], "{revision}");
            assert_eq!(repo.pointer_at(&commit, &path("d/a.esker")).unwrap().unwrap(), text.as_bytes());
            assert_eq!(repo.pointer_at(&commit, &path("d/b.esker")).unwrap(), None);
        }
        assert_eq!(repo.own_pointer_blobs_at(&repo.resolve("HEAD~2").unwrap()).unwrap(), []);
    }

    #[test]
    fn history_tells_old_pointers_and_none_that_a_pointer_hides() {
        let (sandbox, repo) = migrated();
        let texts = |revision: &str| {
            let tips = [repo.resolve(revision).unwrap()];
            let all = repo.pointers_in_history(&tips, &Cancel::default()).unwrap();
            all.into_iter().map(|past| String::from_utf8(past.bytes).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(texts("HEAD"), ["new 3", "new 2", "new 1"]);
        sandbox.git(&["checkout", "--quiet", "--orphan", "fresh"]);
        sandbox.git(&["commit", "--quiet", "--message", "both files, one of them old"]);
        assert_eq!(texts("fresh"), ["new 3"]);
    }

    #[test]
    fn the_commit_that_adds_the_same_pointer_changes_nothing() {
        let (_sandbox, repo) = migrated();
        let changed = |old: &str, new: &str| {
            let (old, new) = (repo.resolve(old).unwrap(), repo.resolve(new).unwrap());
            repo.changed_pointers(Some(&old), Some(&new)).unwrap().len()
        };
        assert_eq!((changed("HEAD~3", "HEAD~2"), changed("HEAD~2", "HEAD~1"), changed("HEAD~1", "HEAD")), (1, 0, 1));
        let (old, new) = (repo.resolve("HEAD~2").unwrap(), repo.resolve("HEAD~1").unwrap());
        assert_eq!(repo.changed_own_pointers(Some(&old), Some(&new)).unwrap().len(), 1);
        let tips = [repo.head().unwrap().unwrap()];
        for paths in [vec![], vec![path("d/a.esker")], vec![path("d")]] {
            let log = repo.log(&tips, &paths, usize::MAX, &Cancel::default()).unwrap();
            assert_eq!(log.len(), 3, "{paths:?}");
        }
        assert!(repo.log(&tips, &[path("e")], usize::MAX, &Cancel::default()).unwrap().is_empty());
    }

    #[test]
    fn a_file_may_stand_for_datasets_in_other_folders() {
        let sandbox = Sandbox::new();
        sandbox.commit("dvc.lock", "1");
        sandbox.commit("code", "x");
        sandbox.commit("dvc.lock", "2");
        let repo = sandbox.open();
        let two = |text: &str| {
            ["m/a.esker", "m/b.esker"].map(|pointer| graft("dvc.lock", text, pointer, &format!("{pointer} {text}")))
        };
        let both = [two("1"), two("2")].concat();
        repo.graft(|| both);
        let head = repo.head().unwrap().unwrap();
        assert_eq!(repo.pointers_at(&head).unwrap().len(), 2);
        assert_eq!(repo.pointers_in_history(std::slice::from_ref(&head), &Cancel::default()).unwrap().len(), 4);
        let log = repo.log(&[head], &[path("m/b.esker")], usize::MAX, &Cancel::default()).unwrap();
        let changed: Vec<_> = log.into_iter().map(|entry| entry.changed).collect();
        assert_eq!(changed, [[path("m/b.esker")], [path("m/b.esker")]]);
    }
}
