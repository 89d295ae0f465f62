//! Which paths of the worktree are Git's to take.

use std::fs;
use std::io;

use super::Repo;
use super::error::{Doing, GitError};
use crate::base::{AtPath, RepoPath};

impl Repo {
    /// Whether an ignore rule keeps `path` out of Git, tracked or not: rules for the folders above it count.
    pub fn is_ignored(&self, path: &RepoPath) -> Result<bool, GitError> {
        self.worktree()?;
        self.inner.is_path_ignored(path.as_path()).doing(format!("read the ignore rules for {path}"))
    }

    /// The topmost folder above `path` that is a symbolic link or a repository of its own, such as a submodule: what
    /// lies behind it is not for this repository. `None` if there is none.
    pub fn foreign_folder(&self, path: &RepoPath) -> Result<Option<RepoPath>, GitError> {
        let root = self.worktree()?;
        let mut foreign = None;
        let mut folder = path.parent();
        while let Some(above) = folder.filter(|folder| !folder.is_empty()) {
            let place = above.below(root);
            match fs::symlink_metadata(&place) {
                Ok(stat) if stat.is_symlink() || place.join(".git").exists() => foreign = Some(above.clone()),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).at("read", &place)?,
                _ => {}
            }
            folder = above.parent();
        }
        Ok(foreign)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::testing::{Sandbox, path};
    use super::*;

    #[test]
    fn what_lies_in_another_repository_or_behind_a_link_is_not_staged() {
        let sandbox = Sandbox::new();
        sandbox.git(&["init", "--quiet", "inner"]);
        sandbox.write("inner/a/x.esker", "1");
        sandbox.write("plain/a/x.esker", "1");
        symlink("plain", sandbox.root().join("link")).unwrap();
        let repo = sandbox.open();
        for (name, folder) in [("inner/a/x.esker", "inner"), ("link/a/x.esker", "link")] {
            assert_eq!(repo.foreign_folder(&path(name)).unwrap(), Some(path(folder)));
            let error = repo.stage(&[path(name)]).unwrap_err();
            assert!(matches!(&error, GitError::Foreign { folder: told, .. } if *told == path(folder)), "{error:?}");
        }
        for name in ["plain/a/x.esker", "inner", "absent/x", ""] {
            assert_eq!(repo.foreign_folder(&path(name)).unwrap(), None, "{name}");
        }
    }
}
