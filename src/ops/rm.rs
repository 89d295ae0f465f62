//! `rm`: a dataset, or a part of one, is tracked no longer, and its files go.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::{Job, RepoPath};

use super::departure::Departure;
use super::error::{Error, MOST_NAMED};
use super::pointed::{self, dataset_path};
use super::project::Project;
use super::publish::{self, Undo};

/// What to remove.
#[derive(Debug, Clone, Default)]
pub struct RmOptions {
    /// Datasets, their pointers, parts of datasets.
    pub paths: Vec<RepoPath>,
    /// Leave the files where they are.
    pub keep: bool,
    /// Remove also files with changes that were never added, or whose data is known to be nowhere else.
    pub force: bool,
}

/// What `rm` did.
#[derive(Debug, Clone, Serialize)]
pub struct RmReport {
    /// Each dataset of which something was removed, by path.
    pub datasets: Vec<Removed>,
}

/// What was removed of one dataset.
#[derive(Debug, Clone, Serialize)]
pub struct Removed {
    /// The dataset.
    pub path: RepoPath,
    /// What was named in it; empty if all of it is tracked no longer.
    pub parts: Vec<RepoPath>,
    /// How many files, links and empty folders were removed from the worktree.
    pub files_removed: u64,
    /// How many that esker never knew were left there.
    pub files_left: u64,
}

/// Removes pointers, ignore lines and the files that are what they were when they were added. What only these files have
/// is stored in the cache first.
///
/// Of a part, only the pointer changes, and of its tree only the pages on the way are read.
///
/// # Errors
/// `LocalEdits` and `WorktreeOnly`, before anything is touched. If pointers or Git's index cannot be written, all is as
/// it was. If a file cannot be removed after that, the same call again goes on.
pub fn rm(project: &Project, options: &RmOptions, job: &Job<'_>) -> Result<RmReport, Error> {
    // A part that goes leaves a new tree: what that shares with others must be there until its pointer is.
    let _held = project.hold_cache()?;
    let mut departures = Vec::new();
    for (dataset, parts) in sorted(project, &options.paths)? {
        departures.push(Departure::plan(project, dataset, parts, options, job)?);
    }
    refuse_edits(&departures)?;
    departures.iter_mut().try_for_each(|departure| departure.shelter(project, options.force, job))?;
    let drafts = departures.iter_mut().filter_map(|departure| departure.draft(project).transpose());
    let drafts = drafts.collect::<Result<Vec<_>, Error>>()?;
    publish::publish(project, &drafts)?;
    withdraw(project, &departures)?;
    for departure in &departures {
        departure.remove_files(project, options.force)?;
        departure.remember(project)?;
    }
    Ok(RmReport { datasets: departures.iter().map(Departure::report).collect() })
}

/// Each dataset that is meant, and which parts of it; no part means all.
fn sorted(project: &Project, paths: &[RepoPath]) -> Result<BTreeMap<RepoPath, Vec<RepoPath>>, Error> {
    let known = pointed::known_paths(project)?;
    let mut sorted: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
    for path in paths {
        let (dataset, inside) = meant(project, &known, path)?;
        sorted.entry(dataset).or_default().push(inside);
    }
    for parts in sorted.values_mut() {
        parts.sort();
        parts.dedup_by(|next, kept| next.is_in(kept));
        parts.retain(|part| !part.is_empty());
    }
    Ok(sorted)
}

fn meant(project: &Project, known: &BTreeSet<RepoPath>, path: &RepoPath) -> Result<(RepoPath, RepoPath), Error> {
    // A pointer that is broken can be removed, too, and one that Git does not know of yet.
    let has_pointer = |path: &RepoPath| Ok::<_, Error>(pointed::read_bytes(project, path)?.is_some());
    let mut path = path.clone();
    if let Some(named) = dataset_path(&path)
        && (known.contains(&named) || has_pointer(&named)?)
    {
        path = named;
    }
    if let Some(dataset) = known.iter().find(|dataset| path.is_in(dataset)) {
        return Ok((dataset.clone(), path.strip(dataset).unwrap_or_default()));
    }
    if has_pointer(&path)? {
        return Ok((path, RepoPath::default()));
    }
    let inner: Vec<String> = known.iter().filter(|dataset| dataset.is_in(&path)).map(ToString::to_string).collect();
    match inner.is_empty() {
        true => Err(Error::NoDataset { path }),
        false => Err(Error::usage(
            format!("{path} is no dataset: it holds {}", inner.join(", ")),
            Some(&format!("name them one by one: `esker rm {}`", inner.join(" "))),
        )),
    }
}

fn refuse_edits(departures: &[Departure]) -> Result<(), Error> {
    let mut files: Vec<RepoPath> = departures.iter().flat_map(Departure::edits).collect();
    let count = files.len();
    files.truncate(MOST_NAMED);
    if count == 0 { Ok(()) } else { Err(Error::LocalEdits { files, count }) }
}

/// Takes away the pointers and ignore lines of whole datasets, in one step for Git.
fn withdraw(project: &Project, departures: &[Departure]) -> Result<(), Error> {
    let _alone = publish::alone(project)?;
    let mut undo = Undo::default();
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    let withdrawn = departures
        .iter()
        .filter(|departure| departure.is_whole())
        .try_for_each(|departure| departure.withdraw(project, &mut undo, &mut added, &mut removed))
        .and_then(|()| {
            // An ignore file that lost a line for one dataset may have gone with the next.
            added.retain(|path| !removed.contains(path));
            let stages = project.config().stages() && !removed.is_empty();
            if stages { Ok(project.repo().restage(&added, &removed)?) } else { Ok(()) }
        });
    if withdrawn.is_err() {
        undo.put_back();
    }
    withdrawn
}
