//! The verb itself: pairs of versions, what differs in each pair, and which datasets only have another name.

use crate::base::{Job, RepoPath, Step, Unit};
use crate::format::tree::{Change, Entry, Node};

use super::super::changed::{Changes, Counts, Sides};
use super::super::chosen::Chosen;
use super::super::error::Error;
use super::super::moment::Moment;
use super::super::pages::Pages;
use super::super::project::Project;
use super::super::shape::Shape;
use super::super::version::{Version, changes};
use super::fresh::fresh_bytes;
use super::report::{DatasetChange, DatasetDiff, DiffOptions, DiffReport, State};
use super::sides::{Sides as Both, Two};

/// Compares the trees of two moments; the data itself is read only in the worktree, and only where it may have changed.
///
/// Pages that the cache lacks are fetched and kept.
pub fn diff(project: &Project, options: &DiffOptions, job: &Job<'_>) -> Result<DiffReport, Error> {
    let from = match &options.from {
        Some(revision) => Moment::of(project, Some(revision))?,
        None => Moment::head(project)?,
    };
    let to = Moment::of(project, options.to.as_deref())?;
    job.began(Step::Compare, None, Unit::Items);
    let sides = Both::new(project, &from, &to);
    let mut datasets = Vec::new();
    for chosen in sides.may_differ(&options.paths)? {
        datasets.extend(compare(&chosen, &sides.of(&chosen.dataset, job)?)?);
    }
    sides.keep()?;
    job.done(Step::Compare);
    pair_renamed(&mut datasets);
    let counts = datasets.iter().fold(Counts::default(), |counts, dataset| counts.and(dataset.changes.counts));
    let changed_bytes = datasets.iter().map(|dataset| dataset.changed_bytes).sum();
    let name = |moment: &Moment| moment.name().map(str::to_owned);
    Ok(DiffReport { from: name(&from), to: name(&to), datasets, counts, changed_bytes })
}

fn compare(chosen: &Chosen, two: &Two<'_>) -> Result<Option<DatasetDiff>, Error> {
    let Two { old, new, pages } = two;
    let change = match (&old.version, &new.version) {
        (Version::Nothing, Version::Nothing) => return Ok(None),
        (Version::Nothing, _) => DatasetChange::Added,
        (_, Version::Nothing) => DatasetChange::Deleted,
        (Version::File(_), Version::Folder(_)) | (Version::Folder(_), Version::File(_)) => DatasetChange::Type,
        _ => DatasetChange::Modified,
    };
    let mut sides = Vec::new();
    for change in changes(pages, &old.version, &new.version, &chosen.common())? {
        if chosen.has(change.path()) {
            sides.extend(both(pages, change)?);
        }
    }
    let changes = Changes::of(&chosen.dataset, sides, |folder| remains(pages, &new.version, folder))?;
    if changes.is_empty() && (change == DatasetChange::Modified || !chosen.is_whole()) {
        return Ok(None);
    }
    Ok(Some(DatasetDiff {
        path: chosen.dataset.clone(),
        change,
        from: None,
        old: State::of(old),
        new: State::of(new),
        changed_bytes: changes.files.iter().filter_map(|file| file.changed_bytes).sum(),
        changes,
    }))
}

/// `None` if it is the same to a user.
fn both(pages: &Pages<'_>, change: Change) -> Result<Option<Sides>, Error> {
    let shape = |entry: &Entry| Some(Shape::of_node(&entry.node));
    Ok(Some(match change {
        Change::Added(new) => {
            let changed_bytes = matches!(new.node, Node::File { .. }).then(|| new.node.bytes());
            Sides { old: None, new: shape(&new), changed_bytes, path: new.path }
        }
        Change::Removed(old) => Sides { old: shape(&old), new: None, changed_bytes: None, path: old.path },
        Change::Modified { old, new } if old.node.has_content_of(&new.node) => return Ok(None),
        Change::Modified { old, new } => {
            let changed_bytes = match &new.node {
                Node::File { .. } => fresh_bytes(pages, &old.node, &new.node)?,
                Node::Symlink { .. } | Node::EmptyFolder => None,
            };
            Sides { old: shape(&old), new: shape(&new), changed_bytes, path: new.path }
        }
    }))
}

fn remains(pages: &Pages<'_>, version: &Version, folder: &RepoPath) -> Result<bool, Error> {
    Ok(version.entries(pages, folder)?.next().transpose()?.is_some())
}

/// A dataset that went and one that came with the same content are one with another name: its files are not told.
fn pair_renamed(datasets: &mut Vec<DatasetDiff>) {
    let is = |dataset: &DatasetDiff, change| dataset.change == change && dataset.changes.counts.total() > 0;
    for at in 0..datasets.len() {
        if !is(&datasets[at], DatasetChange::Added) {
            continue;
        }
        let new = datasets[at].new;
        let same = |other: &DatasetDiff| {
            is(other, DatasetChange::Deleted)
                && (other.old.map(|state| (state.id, state.is_folder))) == new.map(|state| (state.id, state.is_folder))
        };
        let Some(gone) = datasets.iter().position(same) else { continue };
        let (from, old) = (datasets[gone].path.clone(), datasets[gone].old);
        // Marked, and dropped below: what is still looked at must not move.
        datasets[gone].changes = Changes::default();
        datasets[gone].change = DatasetChange::Renamed;
        let dataset = &mut datasets[at];
        dataset.change = DatasetChange::Renamed;
        (dataset.from, dataset.old, dataset.changed_bytes) = (Some(from), old, 0);
        dataset.changes = Changes::default();
    }
    datasets.retain(|dataset| dataset.change != DatasetChange::Renamed || dataset.from.is_some());
}
