//! Files that Git itself keeps, at any commit.

use super::error::{Doing, GitError};
use super::pointers::{is_executable, is_regular, is_tree};
use super::{BlobId, Commit, Repo};
use crate::base::RepoPath;

/// What Git has at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainFile {
    /// A file.
    File {
        /// Its content.
        blob: BlobId,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A folder.
    Folder,
    /// A symbolic link, or a submodule.
    Other,
}

impl Repo {
    /// What Git has at `path` in `commit`, whose files need not be here.
    pub fn plain_at(&self, commit: &Commit, path: &RepoPath) -> Result<Option<PlainFile>, GitError> {
        if path.is_empty() {
            return Ok(Some(PlainFile::Folder));
        }
        let tree = self.tree_of(commit)?;
        let entry = match tree.get_path(path.as_path()) {
            Ok(entry) => entry,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error).doing(format!("find {path} in the tree {}", tree.id())),
        };
        let mode = entry.filemode();
        Ok(Some(match () {
            () if is_tree(mode) => PlainFile::Folder,
            () if is_regular(mode) => PlainFile::File { blob: BlobId(entry.id()), executable: is_executable(mode) },
            () => PlainFile::Other,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::*;

    #[test]
    fn a_file_a_folder_and_a_link_are_told_apart() {
        let sandbox = Sandbox::new();
        sandbox.write("code/run.sh", "x");
        std::os::unix::fs::symlink("run.sh", sandbox.root().join("code/link")).unwrap();
        sandbox.git(&["add", "."]);
        sandbox.git(&["update-index", "--chmod=+x", "code/run.sh"]);
        sandbox.git(&["commit", "--quiet", "--message", "m"]);
        let repo = sandbox.open();
        let head = repo.head().unwrap().unwrap();
        let at = |name: &str| repo.plain_at(&head, &path(name)).unwrap();
        assert_eq!(at("code/run.sh"), Some(PlainFile::File { blob: BlobId::of(b"x"), executable: true }));
        assert_eq!((at("code"), at("code/link")), (Some(PlainFile::Folder), Some(PlainFile::Other)));
        assert_eq!((at("nothing"), at("code/run.sh/x")), (None, None));
        assert_eq!(repo.blob_bytes(&path("code/run.sh"), BlobId::of(b"x"), 10).unwrap(), b"x");
    }
}
