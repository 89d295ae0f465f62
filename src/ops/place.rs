//! Putting in place what was staged and checked, and removing last what must go.

use std::path::Path;

use crate::base::{Id, RepoPath, Stat};
use crate::format::seen::Kind;
use crate::worktree::{Placer, Staged, Staging, There};

use super::error::Error;
use super::plan::{Plan, Remove};
use super::seen;
use super::shelter::Sheltered;

/// What was put in place: the record that remembers it. No stat if somebody else was at it at that moment.
pub struct Placed {
    /// Where, below the dataset.
    pub path: RepoPath,
    /// What it is.
    pub kind: Kind,
    /// The id of its content.
    pub id: Id,
    /// Its stat.
    pub stat: Option<Stat>,
}

/// Puts all that was staged in its place below `root`, and removes last what must go.
///
/// `Sheltered` stands for a look at what that takes away: nobody comes here without one.
pub fn put(
    root: &Path,
    dataset: &RepoPath,
    staging: &Staging,
    plan: &Plan,
    staged: Vec<Option<Staged>>,
    _sheltered: &Sheltered,
    force: bool,
) -> Result<Vec<Placed>, Error> {
    let mut placer = Placer::open(root, staging)?;
    let (first, last) = plan.removals();
    remove(&mut placer, dataset, &first)?;
    let mut placed = Vec::with_capacity(staged.len());
    let mut folders = Vec::new();
    for (write, staged) in plan.writes.iter().zip(staged) {
        let path = dataset.join(&write.path);
        let there = match write.replaces {
            Some(_) if force => There::Anything,
            Some(stat) => There::Unchanged(stat),
            None => There::Nothing,
        };
        let stat = match staged {
            Some(staged) => placer.place(staged, &path, there)?,
            None => {
                folders.push((placed.len(), path));
                None
            }
        };
        let (kind, id) = seen::of_node(&write.node);
        placed.push(Placed { path: write.path.clone(), kind, id, stat });
    }
    remove(&mut placer, dataset, &last)?;
    for (at, folder) in &folders {
        placed[*at].stat = Some(placer.make_folder(folder)?);
    }
    Ok(placed)
}

fn remove(placer: &mut Placer<'_>, dataset: &RepoPath, removes: &[&Remove]) -> Result<(), Error> {
    let paths: Vec<RepoPath> = removes.iter().map(|(path, _)| dataset.join(path)).collect();
    for (path, (_, stat)) in paths.iter().zip(removes) {
        placer.remove(path, Some(stat))?;
    }
    let within = dataset.parent().unwrap_or_default();
    placer.remove_empty_folders(paths.iter(), &within)?;
    Ok(())
}
