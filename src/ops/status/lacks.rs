//! What the cache lacks of a dataset.

use serde::Serialize;

use crate::base::{Id, RepoPath};
use crate::format::pointer::{Kind, Pointer};

use super::super::copies::Copies;
use super::super::error::Error;
use super::super::pages::Pages;
use super::super::project::Project;
use super::super::version::{Version, lacking};
use super::report::DataState;

/// What is missing somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lacks {
    /// How many chunks.
    pub chunks: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Whether these are all: the lists of further ones may be missing too.
    pub is_all: bool,
}

/// The chunk or page that all else is reached from; `None` for a file of no bytes.
fn first(pointer: &Pointer) -> Option<Id> {
    match pointer.kind {
        Kind::Folder { .. } => Some(pointer.id),
        Kind::File { manifest: Some(page), .. } => Some(page),
        Kind::File { manifest: None, .. } => (pointer.bytes > 0).then_some(pointer.id),
    }
}

/// Whether the data of a dataset in that state is here, and in no remote as far as is known. Pages are pushed last, so that
/// one tells of all.
pub fn is_unpushed(project: &Project, copies: &Copies, pointer: &Pointer, state: DataState) -> Result<bool, Error> {
    let Some(first) = first(pointer) else { return Ok(false) };
    Ok(!copies.have(&first) && is_here(project, &first, pointer, state)?)
}

/// Whether the cache has it, or it is a file of one chunk that stands in the worktree.
fn is_here(project: &Project, first: &Id, pointer: &Pointer, state: DataState) -> Result<bool, Error> {
    let is_in_file = matches!(pointer.kind, Kind::File { manifest: None, .. }) && state == DataState::Same;
    Ok(is_in_file || project.cache()?.find(first).is_some())
}

/// A look at one chunk or page that is enough where the data was here a moment ago.
pub fn at_a_glance(project: &Project, pointer: &Pointer, state: DataState) -> Result<Option<Lacks>, Error> {
    let Some(first) = first(pointer) else { return Ok(None) };
    let is_there = is_here(project, &first, pointer, state)?;
    Ok((!is_there).then_some(Lacks { chunks: 0, bytes: 0, is_all: false }))
}

/// Looks for every page and chunk.
pub fn in_full(project: &Project, pages: &Pages<'_>, pointer: &Pointer) -> Result<Option<Lacks>, Error> {
    let cache = project.cache()?.catalog();
    let has = |id: &Id| cache.find(id).is_some();
    let whole = RepoPath::default();
    let mut found = match lacking(pages, &Version::of(pointer), &whole, &has) {
        Ok(found) => found,
        // A list that cannot be read lists nothing.
        Err(Error::Packs(error)) if error.is_about_data() => {
            return Ok(Some(Lacks { chunks: 0, bytes: 0, is_all: false }));
        }
        Err(error) => return Err(error),
    };
    if found.pages.is_empty() && found.chunks.is_empty() {
        return Ok(None);
    }
    found.chunks.sort_unstable_by_key(|chunk| chunk.id);
    found.chunks.dedup();
    Ok(Some(Lacks {
        chunks: found.chunks.len() as u64,
        bytes: found.chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum(),
        is_all: found.pages.is_empty(),
    }))
}
