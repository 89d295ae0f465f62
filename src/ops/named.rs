//! `REV:PATH` as Git has it: what is at a path, now or at a revision.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::base::RepoPath;

use super::chosen::choose;
use super::error::Error;
use super::moment::Moment;
use super::project::Project;

/// What a user names.
#[derive(Debug, Clone)]
pub struct Named {
    /// When.
    pub moment: Moment,
    /// What, relative to the root of the worktree; empty for everything.
    pub path: RepoPath,
}

/// Takes `PATH`, `REV:PATH` or `REV:` (everything) apart; `:PATH` is `PATH` now, no text is where the user stands.
///
/// A path that is there wins over a revision, so that `a:b` may be the name of a file.
///
/// # Errors
/// `Outside`; and for a revision that is none, what Git says.
pub fn named(project: &Project, text: &OsStr) -> Result<Named, Error> {
    let whole = project.path(Path::new(text));
    let bytes = text.as_bytes();
    let Some(colon) = bytes.iter().position(|byte| *byte == b':').filter(|_| !is_there(project, &whole)) else {
        return Ok(Named { moment: Moment::Worktree, path: whole? });
    };
    let path = match &bytes[colon + 1..] {
        b"" => Ok(RepoPath::default()),
        path => project.path(Path::new(OsStr::from_bytes(path))),
    };
    if colon == 0 {
        return Ok(Named { moment: Moment::Worktree, path: path? });
    }
    let revision = String::from_utf8_lossy(&bytes[..colon]);
    match Moment::of(project, Some(&revision)) {
        Ok(moment) => Ok(Named { moment, path: path? }),
        // The data may be elsewhere: then the name is known to its dataset only.
        Err(error) => match whole {
            Ok(path) if is_in_dataset(project, &path) => Ok(Named { moment: Moment::Worktree, path }),
            _ => Err(error),
        },
    }
}

fn is_there(project: &Project, path: &Result<RepoPath, Error>) -> bool {
    path.as_ref().is_ok_and(|path| fs::symlink_metadata(path.below(project.root())).is_ok())
}

fn is_in_dataset(project: &Project, path: &RepoPath) -> bool {
    let known = Moment::Worktree.paths(project);
    known.is_ok_and(|known| choose(&known, std::slice::from_ref(path)).is_ok())
}
