//! The data of one dataset in the worktree against its pointer.

use std::collections::HashSet;
use std::convert::Infallible;

use crate::base::{Id, Job, RepoPath, Step};
use crate::format::pointer::Pointer;
use crate::format::tree::{self, Change};
use crate::packs::Nowhere;

use super::super::changed::{Changes, Sides};
use super::super::chosen::Chosen;
use super::super::error::Error;
use super::super::here::{Held, note_stats};
use super::super::pages::Pages;
use super::super::project::Project;
use super::super::shape::Shape;
use super::super::survey::{Difference, Standing, Survey, survey};
use super::super::version::{Version, changes};
use super::report::{DataState, RefusedPath};

/// What was found.
pub struct Data {
    /// Where it stands.
    pub state: DataState,
    /// What the user changed; `None` if nothing is here, nor was.
    pub changes: Option<Changes>,
    /// How many entries were left out when it was checked out.
    pub left_out: u64,
    /// What no dataset can keep.
    pub refused: Vec<RefusedPath>,
}

impl Data {
    fn of(state: DataState, changes: Option<Changes>) -> Data {
        Data { state, changes, left_out: 0, refused: Vec::new() }
    }
}

/// Looks at a dataset. Its pointer may be gone, or be one that cannot be read.
pub fn look(
    project: &Project,
    chosen: &Chosen,
    pointer: Option<&Pointer>,
    is_unreadable: bool,
    pages: &Pages<'_>,
    job: &Job<'_>,
) -> Result<Data, Error> {
    let survey = survey(project, &chosen.dataset, &Nowhere, Step::Hash, job)?;
    note_stats(project, &survey);
    let mut data = match pointer {
        None => without_pointer(&survey, chosen, is_unreadable),
        Some(_) if survey.standing == Standing::Absent => absent(&survey),
        Some(pointer) if survey.base == Some(pointer.id) => Data {
            left_out: left_out(&survey, pointer),
            ..Data::of(same_if_empty(&survey), Some(edits(&survey, chosen, None)))
        },
        Some(pointer) => moved(project, &survey, chosen, pointer, pages)?,
    };
    let nested = survey.nested.iter().map(|path| (path, "it is a repository or a pointer inside a dataset"));
    let refused = survey.refused.iter().map(|refused| (&refused.path, refused.reason.as_str()));
    let refused = refused.chain(nested).filter(|(path, _)| chosen.has(path));
    data.refused = refused
        .map(|(path, reason)| RefusedPath { path: chosen.dataset.join(path), reason: reason.to_owned() })
        .collect();
    Ok(data)
}

fn same_if_empty(survey: &Survey) -> DataState {
    if survey.has_differences() { DataState::Changed } else { DataState::Same }
}

fn absent(survey: &Survey) -> Data {
    Data::of(if survey.base.is_some() { DataState::Deleted } else { DataState::Absent }, None)
}

fn without_pointer(survey: &Survey, chosen: &Chosen, is_unreadable: bool) -> Data {
    let is_here = survey.standing != Standing::Absent && survey.base.is_some();
    let changes = is_here.then(|| edits(survey, chosen, None));
    let state = match (is_unreadable, is_here) {
        (true, _) => DataState::Unknown,
        (false, true) => DataState::NoPointer,
        (false, false) => DataState::Gone,
    };
    Data::of(state, changes)
}

fn left_out(survey: &Survey, pointer: &Pointer) -> u64 {
    Held::by_pointer(Some(pointer)).files.saturating_sub(survey.seen_count())
}

/// What the user changed since the worktree was last made equal to a pointer, of the paths in `only`.
fn edits(survey: &Survey, chosen: &Chosen, only: Option<&HashSet<RepoPath>>) -> Changes {
    let is_meant = |difference: &Difference| {
        chosen.has(&difference.path) && only.is_none_or(|only| only.contains(&difference.path))
    };
    let sides = survey.differences().filter(is_meant).map(|difference| Sides {
        old: difference.old.map(Shape::of_seen),
        new: difference.new.as_ref().map(Shape::of_node),
        changed_bytes: None,
        path: difference.path,
    });
    let Ok(changes) = Changes::of(&chosen.dataset, sides.collect(), remains_in(survey));
    changes
}

fn remains_in(survey: &Survey) -> impl FnMut(&RepoPath) -> Result<bool, Infallible> + '_ {
    |folder| Ok(survey.stat(folder).is_some() || survey.below(folder).next().is_some())
}

/// The pointer is not what the worktree was last made equal to: it moved, or nobody knows what the data is.
fn moved(
    project: &Project,
    survey: &Survey,
    chosen: &Chosen,
    pointer: &Pointer,
    pages: &Pages<'_>,
) -> Result<Data, Error> {
    if survey.is_unchanged() {
        return Ok(Data::of(DataState::Behind, Some(Changes::default())));
    }
    let is_new = survey.base.is_none();
    match compare(survey, pointer, pages) {
        Ok(differing) if differing.is_empty() => {
            // It was brought here by other means, or the pointer says by now what the user did.
            let _ = survey.remember(project, pointer.id, |_| true);
            Ok(Data::of(DataState::Same, Some(Changes::default())))
        }
        Ok(differing) if is_new => {
            let sides = differing.iter().filter(|change| chosen.has(change.path())).map(sides);
            let Ok(changes) = Changes::of(&chosen.dataset, sides.collect(), remains_in(survey));
            Ok(Data::of(DataState::Changed, Some(changes)))
        }
        Ok(differing) => {
            let paths = differing.iter().map(|change| change.path().clone()).collect();
            Ok(Data::of(DataState::Behind, Some(edits(survey, chosen, Some(&paths)))))
        }
        // Without the lists of files in the cache, only what the user changed is known.
        Err(Error::Packs(error)) if error.is_about_data() => {
            let state = if is_new { DataState::Unknown } else { DataState::Behind };
            Ok(Data::of(state, Some(if is_new { Changes::default() } else { edits(survey, chosen, None) })))
        }
        Err(error) => Err(error),
    }
}

/// What must change to make the pointer's version into that of the worktree.
fn compare(survey: &Survey, pointer: &Pointer, pages: &Pages<'_>) -> Result<Vec<Change>, Error> {
    let whole = RepoPath::default();
    let here = match survey.standing {
        Standing::Absent => Version::Nothing,
        Standing::File => survey.file().map_or(Version::Nothing, Version::File),
        Standing::Folder => {
            let keep = |id: Id, page| {
                pages.put(id, page);
                Ok(())
            };
            Version::Folder(survey.tree(&whole, pages, keep)?.id)
        }
    };
    changes(pages, &Version::of(pointer), &here, &whole)
}

fn sides(change: &Change) -> Sides {
    let (old, new) = match change {
        tree::Change::Added(entry) => (None, Some(entry)),
        tree::Change::Removed(entry) => (Some(entry), None),
        tree::Change::Modified { old, new } => (Some(old), Some(new)),
    };
    let shape = |entry: &tree::Entry| Shape::of_node(&entry.node);
    Sides { path: change.path().clone(), old: old.map(shape), new: new.map(shape), changed_bytes: None }
}
