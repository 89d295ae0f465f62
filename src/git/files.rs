//! Files that Git holds and that are no pointers: those of other tools.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::error::{Doing, GitError};
use super::index::stage;
use super::pointers::{extend, is_executable, is_regular, is_tree};
use super::{BlobId, Commit, CommitId, Repo};
use crate::base::{Cancel, Cancelled, RepoPath};

/// A regular file of the past, or of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitFile {
    /// Where it lies.
    pub path: RepoPath,
    /// Its content.
    pub blob: BlobId,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// The first of the commits that has it so; `None` in the index.
    pub commit: Option<CommitId>,
}

/// Whether a file is meant: its path, and its content.
pub type IsMeant<'a> = &'a mut dyn FnMut(&[u8], BlobId) -> Result<bool, GitError>;

impl Repo {
    /// The files of these commits that are meant, once per path and content. A tree that many commits share is looked at
    /// once.
    pub fn files_in(
        &self,
        commits: &[Commit],
        is_meant: IsMeant<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<GitFile>, GitError> {
        let mut search = Search { repo: self, is_meant, known: HashSet::new(), found: Vec::new() };
        for commit in commits {
            if cancel.is_set() {
                return Err(GitError::Cancelled(Cancelled));
            }
            search.enter(self.tree_of(commit)?.id(), &mut Vec::new(), commit.id)?;
        }
        Ok(search.found)
    }

    /// The staged files that are meant, by path. What is in conflict is left out.
    pub fn staged_files(&self, is_meant: IsMeant<'_>) -> Result<Vec<GitFile>, GitError> {
        let mut files = Vec::new();
        for entry in self.index()?.iter().filter(|entry| stage(entry) == 0 && is_regular(entry.mode as i32)) {
            let blob = BlobId(entry.id);
            if is_meant(&entry.path, blob)? {
                let executable = is_executable(entry.mode as i32);
                files.push(GitFile { path: RepoPath::new(&entry.path)?, blob, executable, commit: None });
            }
        }
        Ok(files)
    }

    /// The size of a file in Git, in bytes.
    pub fn blob_len(&self, blob: BlobId) -> Result<u64, GitError> {
        let odb = self.inner.odb().doing("open Git's objects")?;
        Ok(odb.read_header(blob.0).doing(format!("read {blob}"))?.0 as u64)
    }

    /// The bytes of a file that another call named, which has at most `limit_bytes`.
    ///
    /// # Errors
    /// `TooLarge` if it is longer.
    pub fn blob_bytes(&self, path: &RepoPath, blob: BlobId, limit_bytes: u64) -> Result<Vec<u8>, GitError> {
        self.read(path, blob, limit_bytes)
    }

    /// The file at `path` in `commit`, unread.
    pub fn file_blob_at(&self, commit: &Commit, path: &RepoPath) -> Result<Option<BlobId>, GitError> {
        self.blob_at(&self.tree_of(commit)?, path)
    }

    /// Whether `commit` has a file or a folder at `path`.
    pub fn has_at(&self, commit: CommitId, path: &RepoPath) -> Result<bool, GitError> {
        let tree = self.commit(commit.0)?.tree().doing(format!("read the tree of {commit}"))?;
        Ok(tree.get_path(path.as_path()).is_ok())
    }

    /// What an attribute of Git is at `path` in this worktree: `None` if it is not set to a text.
    pub fn attribute(&self, path: &RepoPath, name: &str) -> Option<String> {
        let value = self.inner.get_attr(path.as_path(), name, git2::AttrCheckFlags::default()).ok()?;
        value.map(str::to_owned)
    }
}

struct Search<'r, 'f> {
    repo: &'r Repo,
    is_meant: IsMeant<'f>,
    /// Trees and files seen, each with a hash of the path that it was seen at.
    known: HashSet<(git2::Oid, u64)>,
    found: Vec<GitFile>,
}

impl Search<'_, '_> {
    fn enter(&mut self, tree: git2::Oid, folder: &mut Vec<u8>, commit: CommitId) -> Result<(), GitError> {
        if !self.is_new(tree, folder) {
            return Ok(());
        }
        let folder_len = folder.len();
        for entry in self.repo.tree(tree)?.iter() {
            let (mode, blob) = (entry.filemode(), BlobId(entry.id()));
            if is_tree(mode) {
                extend(folder, entry.name_bytes())?;
                self.enter(blob.0, folder, commit)?;
            } else if is_regular(mode) {
                folder.extend_from_slice(entry.name_bytes());
                if self.is_new(blob.0, folder) && (self.is_meant)(folder, blob)? {
                    let executable = is_executable(mode);
                    self.found.push(GitFile { path: RepoPath::new(folder)?, blob, executable, commit: Some(commit) });
                }
            }
            folder.truncate(folder_len);
        }
        Ok(())
    }

    fn is_new(&mut self, id: git2::Oid, path: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        self.known.insert((id, hasher.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::*;

    #[test]
    fn files_are_found_once_per_path_and_content() {
        let sandbox = Sandbox::new();
        sandbox.commit("a/x.dvc", "1");
        sandbox.commit("a/x.dvc", "2");
        sandbox.commit("code", "2");
        sandbox.commit("b/x.dvc", "2");
        let repo = sandbox.open();
        let commits = repo.history(&[repo.head().unwrap().unwrap()], &Cancel::default()).unwrap();
        let mut is_meant = |path: &[u8], _| Ok(path.ends_with(b".dvc"));
        let found = repo.files_in(&commits, &mut is_meant, &Cancel::default()).unwrap();
        let text = |file: &GitFile| String::from_utf8(repo.blob_bytes(&file.path, file.blob, 9).unwrap()).unwrap();
        let mut shown: Vec<_> = found.iter().map(|file| (file.path.to_string(), text(file))).collect();
        shown.sort();
        let expected = [("a/x.dvc", "1"), ("a/x.dvc", "2"), ("b/x.dvc", "2")];
        assert_eq!(shown, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
        assert_eq!(repo.staged_files(&mut is_meant).unwrap().len(), 2);
        assert!(repo.has_at(found[0].commit.unwrap(), &path("a")).unwrap());
        assert_eq!(repo.blob_len(BlobId::of(b"1")).unwrap(), 1);
    }
}
