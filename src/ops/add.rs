//! `add`: what is in the worktree becomes what the pointer says.

use serde::Serialize;

use crate::base::{Id, Job, RepoPath, Step};
use crate::packs::Sink;

use super::admit::{self, Admitted};
use super::copies::Copies;
use super::draft::Draft;
use super::error::Error;
use super::lazy_writer::LazyWriter;
use super::overwritten;
use super::pages::Pages;
use super::part;
use super::pointed;
use super::project::Project;
use super::publish;
use super::seen::SeenFile;
use super::survey::{Standing, survey_knowing};
use super::thin_writer::ThinWriter;
use super::version::{Version, is_whole};

/// How to add.
#[derive(Debug, Clone, Default)]
pub struct AddOptions {
    /// Files and folders, relative to the root of the worktree.
    pub paths: Vec<RepoPath>,
    /// Replace a pointer that changed since the worktree was last in step with it.
    pub force: bool,
}

/// What `add` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AddReport {
    /// Each dataset that was named, by path.
    pub datasets: Vec<Added>,
    /// How many files were read; the others had not changed.
    pub files_read: u64,
    /// Bytes of new chunks that were stored in the cache, before compression.
    pub new_bytes: u64,
    /// Bytes that they, and lists, take there.
    pub stored_bytes: u64,
    /// Bytes of chunks that were read and left in their files: the cache is thin, and lacks them.
    pub left_bytes: u64,
}

/// One dataset.
#[derive(Debug, Clone, Serialize)]
pub struct Added {
    /// Where it is.
    pub path: RepoPath,
    /// Its id.
    pub id: Id,
    /// Its size, in bytes.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether it was not tracked before.
    pub is_new: bool,
    /// Whether its pointer changed.
    pub is_changed: bool,
}

/// Stores what is new of each path in the cache, and writes the pointers last. In a thin cache only lists are stored.
///
/// # Errors
/// After any error, pointers, ignore files and Git's index are as they were.
pub fn add(project: &Project, options: &AddOptions, job: &Job<'_>) -> Result<AddReport, Error> {
    let tracked = pointed::in_worktree(project)?;
    let admitted = admit::admit(project, tracked, options)?;
    // What is found in the cache from here on is there until a pointer names it.
    let _held = project.hold_cache()?;
    let writer = LazyWriter::new(project.cache()?);
    let thin = ThinWriter::new(project.cache()?, &writer);
    let sink: &dyn Sink = if project.config().is_thin() { &thin } else { &writer };
    let pages = Pages::new(project, None)?;
    let drafts = admitted.iter().map(|wanted| draft(project, wanted, &pages, sink, job));
    let drafts = drafts.collect::<Result<Vec<_>, Error>>()?;
    let left_bytes = thin.left_bytes();
    let written = writer.finish()?;
    publish::publish(project, &drafts)?;
    for draft in &drafts {
        draft.remember(project)?;
    }
    if project.config().is_thin() {
        overwritten::warn(project, &drafts, job)?;
    }
    Ok(AddReport {
        datasets: drafts.iter().map(Draft::report).collect(),
        files_read: drafts.iter().map(Draft::files_read).sum(),
        new_bytes: written.raw_bytes,
        stored_bytes: written.stored_bytes,
        left_bytes,
    })
}

fn draft(
    project: &Project,
    wanted: &Admitted,
    pages: &Pages<'_>,
    sink: &dyn Sink,
    job: &Job<'_>,
) -> Result<Draft, Error> {
    let mut seen = SeenFile::load(project, &wanted.dataset);
    let base = seen.base();
    // Unless the worktree was once in step with the pointer, nobody knows whether what is missing was removed.
    if !wanted.inside.is_empty() && base.is_none() {
        return part::draft(project, wanted, pages, sink, job);
    }
    if wanted.inside.is_empty() && !is_kept(project, wanted, &seen)? {
        // All files are read, and what they hold is stored.
        seen = SeenFile::default();
    }
    let survey = survey_knowing(project, &wanted.dataset, seen, sink, Step::Store, job)?;
    admit::check_content(&wanted.dataset, &survey)?;
    match survey.standing {
        Standing::Absent => Err(Error::NoSuchPath { path: wanted.dataset.clone() }),
        Standing::File => Draft::of_file(wanted, survey, base, sink),
        Standing::Folder => Draft::of_folder(wanted, survey, base, pages, sink),
    }
}

/// Whether what was seen is still somewhere, so that a file which is as it was then need not be stored.
///
/// What the pointer names is kept by every collection. If the pointer was removed since, or another took its place, the
/// data of the worktree may be nowhere else.
fn is_kept(project: &Project, wanted: &Admitted, seen: &SeenFile) -> Result<bool, Error> {
    let Some(base) = seen.base() else { return Ok(true) };
    let is_pointed = wanted.pointer.as_ref().is_some_and(|pointer| pointer.id == base);
    if seen.is_of_a_file() {
        return Ok(is_pointed);
    }
    let cache = project.cache()?;
    if is_pointed && cache.find(&base).is_some() {
        return Ok(true);
    }
    let copies = Copies::load(project)?;
    if is_pointed {
        return Ok(copies.have(&base));
    }
    is_whole(project, &Version::Folder(base), &|id| cache.find(id).is_some() || copies.have(id))
}
