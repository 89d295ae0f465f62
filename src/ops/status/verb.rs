//! The verb itself: one dataset after the other, and no trouble of one hides the others.

use crate::base::{Job, Step, Unit, Warning};
use crate::git::Conflict;

use super::super::chosen::{Chosen, choose};
use super::super::copies::Copies;
use super::super::error::Error;
use super::super::here::Held;
use super::super::hooks::{large_staged, merges};
use super::super::merge::clashes;
use super::super::pages::Pages;
use super::super::project::Project;
use super::super::remote_state::{RemoteState, remote_state};
use super::data::{Data, look};
use super::known::Known;
use super::lacks;
use super::report::{DataState, DatasetStatus, PointerStatus, StatusOptions, StatusReport};

/// Looks at every dataset that is chosen. Reads what may have changed, writes nothing but what was seen.
pub fn status(project: &Project, options: &StatusOptions, job: &Job<'_>) -> Result<StatusReport, Error> {
    let known = Known::load(project)?;
    let conflicts = project.repo().conflicts()?;
    let has_remote = !project.config().remotes().is_empty();
    let copies = if has_remote { Some(Copies::load(project)?) } else { None };
    let beside = Beside { conflicts: &conflicts, copies: copies.as_ref() };
    let chosen = choose(&known.paths(), &options.paths)?;
    job.began(Step::Scan, None, Unit::Items);
    let datasets = chosen.iter().map(|chosen| of_dataset(project, &known, &beside, chosen, job));
    let datasets = datasets.filter_map(Result::transpose).collect::<Result<Vec<_>, Error>>()?;
    job.done(Step::Scan);
    let remotes = if options.asks_remotes { ask(project, options, &datasets, job)? } else { None };
    Ok(StatusReport {
        head: project.repo().head_name()?,
        git: project.repo().state(),
        datasets,
        remotes,
        large: large_staged(project)?,
        merges_by_file: merges(project.repo())?,
    })
}

/// What is looked up once for all datasets.
struct Beside<'a> {
    conflicts: &'a [Conflict],
    copies: Option<&'a Copies>,
}

/// `None` where a pointer that cannot be read stands in the way: what a push would send is not known then.
fn ask(
    project: &Project,
    options: &StatusOptions,
    datasets: &[DatasetStatus],
    job: &Job<'_>,
) -> Result<Option<Vec<RemoteState>>, Error> {
    match remote_state(project, &options.paths, options.remote.as_deref(), job) {
        Ok(remotes) => Ok(Some(remotes)),
        Err(error @ (Error::Pointer { .. } | Error::PointerConflict { .. }))
            if datasets.iter().any(DatasetStatus::is_unreadable) =>
        {
            job.warn(Warning::Note(format!("no remote is asked: {error}")));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// `None` if neither a pointer nor data of it is left.
fn of_dataset(
    project: &Project,
    known: &Known,
    beside: &Beside<'_>,
    chosen: &Chosen,
    job: &Job<'_>,
) -> Result<Option<DatasetStatus>, Error> {
    job.check()?;
    let (status, pointer) = known.pointer(project, &chosen.dataset)?;
    let pages = Pages::of_verb(project, None, false)?;
    let is_unreadable = status.in_conflict || status.problem.is_some();
    let found = look(project, chosen, pointer.as_ref(), is_unreadable, &pages, job)?;
    let Data { state, changes, left_out, refused } = found;
    if state == DataState::Gone && status == PointerStatus::default() {
        return Ok(None);
    }
    let cache_lacks = match (&pointer, state) {
        (None, _) => None,
        (Some(pointer), DataState::Absent | DataState::Deleted) => lacks::in_full(project, &pages, pointer)?,
        (Some(pointer), _) => lacks::at_a_glance(project, pointer, state)?,
    };
    let unpushed = beside.copies.zip(pointer.as_ref());
    let is_unpushed =
        unpushed.map(|(copies, pointer)| lacks::is_unpushed(project, copies, pointer, state)).transpose()?;
    let clashes = if status.in_conflict { clashes(project, beside.conflicts, &chosen.dataset)? } else { None };
    Ok(Some(DatasetStatus {
        clashes,
        is_unpushed,
        path: chosen.dataset.clone(),
        files: pointer.as_ref().map(|pointer| Held::by_pointer(Some(pointer)).files),
        bytes: pointer.as_ref().map(|pointer| pointer.bytes),
        pointer: status,
        data: state,
        changes: changes.unwrap_or_default(),
        left_out,
        refused,
        cache_lacks,
    }))
}
