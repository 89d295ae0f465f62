//! Putting staged files into the worktree: by renames through folder handles, never through a symlink, never over
//! something that was not expected there.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::parents::Parents;
use super::staging::{Staged, Staging, random};
use super::sys::{self, Folder, Kind};
use super::{WorktreeError, names};
use crate::base::{RepoPath, Stat};

/// What must stand at a path for it to be replaced. An empty folder in the way of a file never matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// Nothing.
    Nothing,
    /// The file or symlink that had this stat.
    Unchanged(Stat),
    /// Any file or symlink: the user forces it.
    Anything,
}

/// Places what was staged below one root. Quick if paths come in order. One per thread.
///
/// Nothing is sorted out here: what must go before something else is placed (a file where a folder comes, the
/// files of a folder where a file comes) must be removed before.
#[derive(Debug)]
pub struct Placer<'a> {
    staging: &'a Staging,
    parents: Parents,
}

enum Outcome {
    Done,
    Changed,
    Folder,
}

impl<'a> Placer<'a> {
    /// Places below `root`, which may itself be reached through symlinks.
    pub fn open(root: &Path, staging: &'a Staging) -> Result<Placer<'a>, WorktreeError> {
        Ok(Placer { staging, parents: Parents::open(root)? })
    }

    /// Gives `staged` its name, in one step; folders above it are made if need be.
    ///
    /// Returns its stat now, or `None` if somebody was at it within that very moment: then nothing is known of it.
    ///
    /// # Errors
    /// `Changed` if something other than `there` stands at `path`; `InTheWay` if a folder that is not empty does, or
    /// if a file or a symlink stands where a folder above must be; `Refused` for a name that is never written.
    /// What stood there then still does.
    pub fn place(&mut self, staged: Staged, path: &RepoPath, there: There) -> Result<Option<Stat>, WorktreeError> {
        check_name(path)?;
        let mut placed = self.put(&staged, path, there);
        if placed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // The folder that is open may have been removed meanwhile.
            self.parents.forget();
            placed = self.put(&staged, path, there);
        }
        match placed {
            Ok((Outcome::Done, stat)) => Ok(stat),
            Ok((Outcome::Changed, _)) => Err(WorktreeError::Changed { path: path.clone() }),
            Ok((Outcome::Folder, _)) => Err(in_the_way(path, "a folder that is not empty")),
            Err(error) => Err(self.parents.explain("write", path, error)),
        }
    }

    fn put(&mut self, staged: &Staged, path: &RepoPath, there: There) -> io::Result<(Outcome, Option<Stat>)> {
        let (from, folder, name) = (self.staging.folder(), self.parents.made(path)?, path.name());
        if let There::Unchanged(stat) = there
            && !is_still(folder, name, &stat)?
        {
            return Ok((Outcome::Changed, None));
        }
        let (outcome, stat) = match rename(from, staged.name.as_bytes(), folder, name, there) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy(from, staged, folder, name, there)?,
            other => (other?, staged.stat),
        };
        Ok((outcome, stat_after(folder, name, &stat)))
    }

    /// Removes the file, symlink or empty folder `path`; its absence is success.
    ///
    /// With `only` a file or symlink is removed only if that is its stat. A folder that is not empty is left, without an error.
    ///
    /// # Errors
    /// `Changed` if it has another stat than `only`.
    pub fn remove(&mut self, path: &RepoPath, only: Option<&Stat>) -> Result<(), WorktreeError> {
        check_name(path)?;
        let removed = self.parents.of(path).and_then(|folder| match only {
            Some(stat) if !may_go(folder, path.name(), stat)? => Ok(folder.look(path.name()).is_err()),
            _ => remove(folder, path.name()).map(|()| true),
        });
        match removed {
            Ok(true) => Ok(()),
            Ok(false) => Err(WorktreeError::Changed { path: path.clone() }),
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(self.parents.explain("remove", path, error)),
        }
    }

    /// Removes the folders above `removed` that hold nothing any more, up to but without `within`.
    ///
    /// Folders that the dataset keeps empty must be made after this.
    pub fn remove_empty_folders<'p>(
        &mut self,
        removed: impl IntoIterator<Item = &'p RepoPath>,
        within: &RepoPath,
    ) -> Result<(), WorktreeError> {
        // Last first: a folder comes after the folder that it lies in.
        for folder in folders_above(removed, within).into_iter().rev() {
            self.parents.forget_if(&folder);
            match self.parents.of(&folder).and_then(|above| above.remove_folder(folder.name())) {
                Err(error) if !is_gone(&error) && !is_needed(&error) => {
                    return Err(self.parents.explain("remove", &folder, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the folder `path`, and those above it; that it is there already is success. Returns its stat.
    ///
    /// # Errors
    /// `InTheWay` if a file or a symlink stands there or above.
    pub fn make_folder(&mut self, path: &RepoPath) -> Result<Stat, WorktreeError> {
        check_name(path)?;
        let made = self.parents.made(path).and_then(|folder| match folder.make(path.name()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => folder.look(path.name()),
        });
        match made {
            Ok(look) if look.kind == Kind::Folder => Ok(look.stat),
            Ok(_) => Err(in_the_way(path, "something that is no folder")),
            Err(error) => Err(self.parents.explain("make", path, error)),
        }
    }

    /// Changes whether the file `path`, whose stat was `stat`, may be executed. Returns its stat now.
    ///
    /// # Errors
    /// `Changed` if it has another stat, or is no file any more.
    pub fn set_executable(&mut self, path: &RepoPath, stat: &Stat, executable: bool) -> Result<Stat, WorktreeError> {
        check_name(path)?;
        let opened = self.parents.of(path).and_then(|folder| folder.open_file(path.name()));
        let done = opened.and_then(|file| {
            let look = sys::look_at(&file)?;
            if look.kind != Kind::File || look.stat != *stat {
                return Ok(None);
            }
            sys::set_executable(&file, executable)?;
            Ok(Some(sys::look_at(&file)?.stat))
        });
        match done {
            Ok(Some(stat)) => Ok(stat),
            Ok(None) => Err(WorktreeError::Changed { path: path.clone() }),
            Err(error) if is_gone(&error) => Err(WorktreeError::Changed { path: path.clone() }),
            Err(error) => Err(self.parents.explain("change the mode of", path, error)),
        }
    }
}

fn check_name(path: &RepoPath) -> Result<(), WorktreeError> {
    let refused = |reason: &str| WorktreeError::Refused { path: path.clone(), reason: reason.to_owned() };
    names::check_portable(path).map_err(refused)
}

fn in_the_way(path: &RepoPath, what: &'static str) -> WorktreeError {
    WorktreeError::InTheWay { path: path.clone(), at: path.clone(), what }
}

/// Whether an error says that there is nothing to remove: not that, or not that way.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || sys::is_blocked(error)
}

/// Whether an error says that a folder holds something, or has something mounted on it.
fn is_needed(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, ResourceBusy};
    matches!(error.kind(), DirectoryNotEmpty | AlreadyExists | ResourceBusy)
}

fn is_still(folder: &Folder, name: &[u8], stat: &Stat) -> io::Result<bool> {
    match folder.look(name) {
        Ok(look) => Ok(look.stat == *stat && look.kind != Kind::Folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether this is what had the stat, or a folder: that goes only while it is empty, whatever was in it meanwhile.
fn may_go(folder: &Folder, name: &[u8], stat: &Stat) -> io::Result<bool> {
    let is_folder = folder.look(name).is_ok_and(|look| look.kind == Kind::Folder);
    Ok(is_folder || is_still(folder, name, stat)?)
}

/// The stat of what was placed: a rename gives it a new ctime. `None` if it is not that any more.
fn stat_after(folder: &Folder, name: &[u8], placed: &Stat) -> Option<Stat> {
    let stat = folder.look(name).ok()?.stat;
    let is_same = (stat.inode, stat.bytes, stat.mtime) == (placed.inode, placed.bytes, placed.mtime);
    is_same.then_some(stat)
}

fn rename(from: &Folder, staged: &[u8], to: &Folder, name: &[u8], there: There) -> io::Result<Outcome> {
    let attempt = || match there {
        There::Nothing => from.rename_new(staged, to, name),
        There::Unchanged(_) | There::Anything => from.rename(staged, to, name),
    };
    match attempt() {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory || is_needed(&error) => {}
        other => return other.map(|()| Outcome::Done),
    }
    match to.remove_folder(name) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Outcome::Changed),
        Err(error) if is_needed(&error) => Ok(Outcome::Folder),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => attempt().map(|()| Outcome::Done),
    }
}

/// For a folder on another file system: a copy beside the target, then a rename.
fn copy(from: &Folder, staged: &Staged, to: &Folder, name: &[u8], there: There) -> io::Result<(Outcome, Stat)> {
    let temporary = names::temporary(random()?);
    let placed = copy_to(from, staged, to, temporary.as_bytes())
        .and_then(|stat| Ok((rename(to, temporary.as_bytes(), to, name, there)?, stat)));
    match &placed {
        // Only space is at stake: the staging folder goes soon.
        Ok((Outcome::Done, _)) => drop(from.remove_file(staged.name.as_bytes())),
        // The first error is the one to tell; debris is worth one try.
        _ => drop(to.remove_file(temporary.as_bytes())),
    }
    placed
}

fn copy_to(from: &Folder, staged: &Staged, to: &Folder, name: &[u8]) -> io::Result<Stat> {
    let Some(executable) = staged.executable else {
        to.make_link(&from.link_target(staged.name.as_bytes())?, name)?;
        return Ok(to.look(name)?.stat);
    };
    let mut source = from.open_file(staged.name.as_bytes())?;
    let mut file = to.create(name, executable)?;
    io::copy(&mut source, &mut file)?;
    Ok(sys::look_at(&file)?.stat)
}

fn remove(folder: &Folder, name: &[u8]) -> io::Result<()> {
    let Err(error) = folder.remove_file(name) else { return Ok(()) };
    match folder.look(name) {
        Ok(look) if look.kind == Kind::Folder => match folder.remove_folder(name) {
            Err(error) if is_needed(&error) => Ok(()),
            other => other,
        },
        _ => Err(error),
    }
}

/// All folders above `paths` that lie in `within`, without itself.
fn folders_above<'p>(paths: impl IntoIterator<Item = &'p RepoPath>, within: &RepoPath) -> BTreeSet<RepoPath> {
    let mut folders = BTreeSet::new();
    for path in paths {
        let mut above = path.parent();
        while let Some(folder) = above {
            if folder.strip(within).is_none_or(|inside| inside.is_empty()) || folders.contains(&folder) {
                break;
            }
            above = folder.parent();
            folders.insert(folder);
        }
    }
    folders
}

#[cfg(test)]
mod tests;
