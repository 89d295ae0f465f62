//! Moving a file or a folder of the worktree in one step: never through a symlink, never over anything.

use std::io;
use std::path::Path;

use super::parents::Parents;
use super::{WorktreeError, names};
use crate::base::{AtPath, RepoPath};

/// Gives what stands at `from` the name `to`; folders above that are made. Both are relative to `root`.
///
/// # Errors
/// `InTheWay` if something stands at `to`, or something other than a folder above it; `Refused` for a name that is
/// never written. After any error it still stands at `from`.
pub fn relocate(root: &Path, from: &RepoPath, to: &RepoPath) -> Result<(), WorktreeError> {
    let refused = |reason: &str| WorktreeError::Refused { path: to.clone(), reason: reason.to_owned() };
    names::check_portable(to).map_err(refused)?;
    // Each of the two keeps one folder open.
    let (mut origins, mut targets) = (Parents::open(root)?, Parents::open(root)?);
    let origin = match origins.of(from) {
        Ok(folder) => folder,
        Err(error) => return Err(origins.explain("move", from, error)),
    };
    let moved = targets.made(to).and_then(|target| origin.rename_new(from.name(), target, to.name()));
    match moved {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(WorktreeError::InTheWay { path: to.clone(), at: to.clone(), what: "something" })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error).at("move", &from.below(root))?,
        Err(error) => Err(targets.explain("move", to, error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_folder_moves_whole_and_folders_above_are_made() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/x"), "x").unwrap();
        relocate(root.path(), &path("a"), &path("b/c/d")).unwrap();
        assert_eq!(fs::read(root.path().join("b/c/d/x")).unwrap(), b"x");
        assert!(!root.path().join("a").exists());
    }

    #[test]
    fn nothing_is_replaced_and_no_link_is_followed() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["a", "b"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        fs::create_dir(root.path().join("empty")).unwrap();
        symlink(outside.path(), root.path().join("link")).unwrap();
        for to in ["b", "empty", "link", "link/x", "b/x"] {
            let error = relocate(root.path(), &path("a"), &path(to)).unwrap_err();
            assert!(matches!(error, WorktreeError::InTheWay { .. }), "{to}: {error}");
        }
        assert!(matches!(relocate(root.path(), &path("a"), &path(".GIT/x")), Err(WorktreeError::Refused { .. })));
        assert!(matches!(relocate(root.path(), &path("absent"), &path("c")), Err(WorktreeError::Disk(_))));
        assert_eq!(fs::read(root.path().join("a")).unwrap(), b"a");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
