//! A settled dataset gets its pointer, Git is told, and the data follows: all of it or nothing.

use crate::base::{Job, RepoPath};
use crate::format::pointer::Pointer;
use crate::git::GitError;

use super::super::checkout::{CheckedOut, place};
use super::super::error::Error;
use super::super::gc::CacheLock;
use super::super::pointed::{self, pointer_path};
use super::super::project::Project;
use super::super::publish::{self, Undo, ignore_dataset, read_if_there};
use super::super::targets::Target;

/// Pointers that are to be written, each with its bytes; none: the dataset goes.
pub type Settled = Vec<(RepoPath, Option<Vec<u8>>)>;

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// What changed in the worktree.
    pub checked_out: Vec<CheckedOut>,
    /// Whether Git knows.
    pub is_staged: bool,
    /// Why the data is not in the worktree, although its pointer is settled.
    pub problem: Option<Error>,
}

/// Writes pointers, makes the data what they say, and stages them. Lacking data does not stop it.
///
/// `held` lasts until the pointers are written: what they say stays in the cache from then on.
///
/// # Errors
/// After any error all pointers are as they were; unsaved changes in the worktree are such an error.
pub fn materialise(
    project: &Project,
    settled: &Settled,
    held: CacheLock,
    force: bool,
    job: &Job<'_>,
) -> Result<Done, Error> {
    let mut undo = Undo::default();
    let done = write(project, settled, &mut undo).and_then(|written| {
        drop(held);
        follow(project, written, force, job)
    });
    if done.is_err() {
        // Nobody was kept out while the data was placed: what others wrote since is theirs.
        let _alone = publish::alone(project);
        undo.put_back();
    }
    done
}

/// What was written.
#[derive(Default)]
struct Written {
    added: Vec<RepoPath>,
    removed: Vec<RepoPath>,
    targets: Vec<Target>,
}

fn write(project: &Project, settled: &Settled, undo: &mut Undo) -> Result<Written, Error> {
    let _alone = publish::alone(project)?;
    let mut written = Written::default();
    for (dataset, bytes) in settled {
        let path = pointer_path(dataset);
        refuse_link(project, &path)?;
        let file = path.below(project.root());
        let old = read_if_there(&file)?;
        let mut pointer = None;
        match bytes {
            Some(bytes) => {
                pointer = Some(pointed::parse(&path, bytes)?);
                undo.replace(file, old, bytes)?;
                written.added.push(path);
                written.added.extend(ignore_dataset(project, dataset, undo)?);
            }
            None => {
                old.map_or(Ok(()), |old| undo.remove(file, old))?;
                written.removed.push(path);
            }
        }
        written.targets.push(target(dataset, pointer));
    }
    Ok(written)
}

fn follow(project: &Project, written: Written, force: bool, job: &Job<'_>) -> Result<Done, Error> {
    let Written { added, removed, targets } = written;
    let mut done = Done::default();
    match place(project, targets, force, None, job) {
        Ok(report) => done.checked_out = report.datasets,
        Err(error) if error.is_about_absence() => done.problem = Some(error),
        Err(error) => return Err(error),
    }
    if project.config().stages() {
        project.repo().restage(&added, &removed)?;
        done.is_staged = true;
    }
    Ok(done)
}

fn target(dataset: &RepoPath, pointer: Option<Pointer>) -> Target {
    Target { dataset: dataset.clone(), inside: RepoPath::default(), pointer, pointer_bytes: None }
}

/// A pointer is written in this repository, not behind a link that somebody committed.
fn refuse_link(project: &Project, path: &RepoPath) -> Result<(), Error> {
    match project.repo().foreign_folder(path)? {
        Some(folder) => Err(GitError::Foreign { path: path.clone(), folder }.into()),
        None => Ok(()),
    }
}
