//! `gc --undo`: roots that this clone dropped come back, as far as their data is still there.

use crate::base::{Id, Job};
use crate::format::root::Root;
use crate::packs::{PackError, PackStore, Sweep};

use super::super::error::Error;
use super::super::project::Project;
use super::super::remotes::Remote;
use super::super::root::random;
use super::live::{Live, Stopped};
use super::report::{Restored, UndoReport};

/// How often a rescue is looked at again. More than once takes two collectors in a row.
const MOST_ROUNDS: usize = 4;

/// Brings back what the last collections of this clone dropped from a remote.
///
/// # Errors
/// Those of the remote. A root of which something is gone is no error: the report says so.
pub fn gc_undo(project: &Project, remote: Option<&str>, job: &Job<'_>) -> Result<UndoReport, Error> {
    let remote = project.remote_to_write(remote)?;
    undo_in(&remote, Some(project.cache()?), job)
}

/// The same for a remote that is open.
pub fn undo_in(remote: &Remote, near: Option<&PackStore>, job: &Job<'_>) -> Result<UndoReport, Error> {
    let mut report = UndoReport { remote: remote.name.clone(), roots: Vec::new() };
    let dropped = remote.packs.dropped()?;
    if dropped.is_empty() {
        return Ok(report);
    }
    let listed = remote.packs.roots()?;
    let mut sweep = remote.packs.sweep(false)?;
    for (id, root) in dropped {
        if !listed.contains(&id) {
            report.roots.push(restore(remote, near, &mut sweep, (&id, &root), job)?);
        }
        remote.packs.forget_dropped(&id)?;
    }
    Ok(report)
}

/// Asks for the life of what a root had kept, as a push does: data, index, root, and a second look.
fn restore(
    remote: &Remote,
    near: Option<&PackStore>,
    sweep: &mut Sweep<'_>,
    (id, dropped): (&Id, &Root),
    job: &Job<'_>,
) -> Result<Restored, Error> {
    let mut restored = Restored { dropped: *id, root: None, datasets: dropped.datasets.len() as u64, missing: 0 };
    let everything = sweep.everything()?;
    let mut live = Live::new(near, &everything, sweep.ids());
    for dataset in &dropped.datasets {
        match live.add(dataset, job) {
            Err(PackError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) if error.is_about_data() => restored.missing += 1,
            Err(error) => return Err(Stopped(error).at(remote.packs.name(), id)),
            Ok(()) => {}
        }
    }
    let live = live.into_ids();
    restored.missing += sweep.missing(&live);
    if restored.missing > 0 {
        return Ok(restored);
    }
    // A name of its own: other clones may have believed the old one, and looked away since.
    let fresh = Root { random: random(), ..dropped.clone() };
    for _ in 0..MOST_ROUNDS {
        let written = sweep.rescue(&live, job)?;
        restored.missing = sweep.homeless(&live);
        if restored.missing > 0 {
            break;
        }
        if restored.root.is_none() {
            restored.root = Some(remote.packs.put_root(&fresh)?);
        } else if written.packs == 0 {
            // Nothing had to be copied after the root was there: all later collectors see it.
            remote.packs.acknowledge(&fresh)?;
            return Ok(restored);
        }
    }
    match restored.root.take() {
        Some(root) if restored.missing > 0 => remote.packs.delete_root(&root)?,
        Some(_) => return Err(Error::KeepsVanishing { remote: remote.name.clone() }),
        None => {}
    }
    Ok(restored)
}
