//! `fetch`: the cache gets what it lacks of the data.

use std::collections::HashSet;

use serde::Serialize;

use crate::base::{Id, Job, RepoPath};
use crate::format::tree::ChunkRef;

use super::acknowledged::Acknowledged;
use super::bring;
use super::elsewhere::{is_imported, supply};
use super::error::Error;
use super::lack::{Lack, lack, lack_with_pages};
use super::pages::Pages;
use super::project::Project;
use super::selection::{self, Part, Selection, SelectionOptions};
use super::suffering::{missing, suffering};
use super::unstored::Unstored;

/// What to fetch, and where from.
#[derive(Debug, Clone, Default)]
pub struct FetchOptions {
    /// Which versions.
    pub selection: SelectionOptions,
    /// The remote, if not the default one or that which a pointer names.
    pub remote: Option<String>,
}

/// What `fetch` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FetchReport {
    /// Whether the cache lacked nothing.
    pub is_up_to_date: bool,
    /// Each remote that datasets come from, by name.
    pub remotes: Vec<Fetched>,
}

/// What came from one remote.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Fetched {
    /// What the project calls it.
    pub remote: String,
    /// Each version of each dataset, or of a part of one, by path.
    pub datasets: Vec<FetchedDataset>,
    /// Files of which something was fetched.
    pub new_files: u64,
    /// Chunks that were fetched.
    pub new_chunks: u64,
    /// Bytes of these chunks.
    pub new_bytes: u64,
}

/// One version of one dataset, or of a part of one.
#[derive(Debug, Clone, Serialize)]
pub struct FetchedDataset {
    /// Where it is in the worktree; with the part, if only that is meant.
    pub path: RepoPath,
    /// The id of the dataset.
    pub id: Id,
    /// Files of which something was fetched.
    pub new_files: u64,
    /// Chunks that were fetched.
    pub new_chunks: u64,
    /// Bytes of these chunks.
    pub new_bytes: u64,
}

/// Fetches what the cache lacks, and what a thin cache lacks and files of the worktree have not, either. Where nothing is
/// lacking, no remote is asked. What was imported and no remote gives comes
/// from its source, unless the user names a remote.
///
/// # Errors
/// `NotInDataset` for a part that no version has. `DataMissing` for files whose data is nowhere, after everything else
/// was fetched. After any error, what was fetched is kept.
pub fn fetch(project: &Project, options: &FetchOptions, job: &Job<'_>) -> Result<FetchReport, Error> {
    fetch_with(project, options, Bring::All, job)
}

/// What a fetch brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bring {
    /// Pages and chunks.
    All,
    /// Pages only, as long as no chunk is nowhere: somebody else brings the chunks that the report tells of.
    Pages,
}

/// As [`fetch`].
pub fn fetch_with(
    project: &Project,
    options: &FetchOptions,
    bring: Bring,
    job: &Job<'_>,
) -> Result<FetchReport, Error> {
    let mut selection = selection::to_fetch(project, &options.selection, job)?;
    let from_remotes = |selection: Selection| -> Result<Vec<Fetched>, Error> {
        let parts = selection.by_remote(project, options.remote.as_deref())?;
        parts.iter().map(|part| fetch_from(project, part, bring, job)).collect()
    };
    let may_ask_sources = options.remote.is_none() && selection.wanted.iter().any(is_imported);
    let remotes = match from_remotes(selection.clone()) {
        Err(error) if may_ask_sources && error.is_about_absence() => {
            let mut remotes = supply(project, &selection.wanted, job)?;
            selection.wanted.retain(|selected| !is_imported(selected));
            remotes.extend(from_remotes(selection)?);
            remotes
        }
        remotes => remotes?,
    };
    let is_up_to_date = remotes.iter().all(|fetched| fetched.new_chunks == 0);
    Ok(FetchReport { is_up_to_date, remotes })
}

fn fetch_from(project: &Project, part: &Part, bring: Bring, job: &Job<'_>) -> Result<Fetched, Error> {
    let cache = project.cache()?;
    let pages = Pages::new(project, Some(&part.remote))?;
    let nobody = Acknowledged::default();
    let is_thin = project.config().is_thin();
    let mut lack = lack(project, &part.wanted, &cache.catalog(), &nobody, job)?;
    leave_in_files(project, part, &mut lack, |_| is_thin, job)?;
    if lack.chunks.is_empty() && lack.unread.is_empty() {
        selection::check_parts(&pages, &part.wanted)?;
        return Ok(Fetched::of(part, &lack));
    }
    let remote = project.remote(Some(&part.remote))?;
    remote.packs.refresh(false)?;
    let mut lack = lack_with_pages(project, &remote, &part.wanted, cache, &nobody, job)?;
    let catalog = remote.packs.catalog();
    let chunks = lack.chunks.iter().map(|chunk| chunk.id);
    let elsewhere: HashSet<Id> = chunks.filter(|id| catalog.find(id).is_none()).collect();
    leave_in_files(project, part, &mut lack, |id| is_thin || elsewhere.contains(id), job)?;
    if lack.unread.is_empty() {
        selection::check_parts(&pages, &part.wanted)?;
    }
    let (gone, there): (Vec<ChunkRef>, Vec<ChunkRef>) =
        lack.chunks.iter().partition(|chunk| elsewhere.contains(&chunk.id));
    let absent: HashSet<Id> = gone.iter().map(|chunk| chunk.id).chain(lack.unread.iter().copied()).collect();
    if !there.is_empty() && (bring == Bring::All || !absent.is_empty()) {
        bring::bring_chunks(project, &remote, &there, &|_, _| (), job)?;
    }
    match absent.is_empty() {
        true => Ok(Fetched::of(part, &lack)),
        false => {
            let files = suffering(&pages, &part.wanted, &absent)?;
            Err(missing(&files, vec![remote.packs.name().to_owned()]))
        }
    }
}

/// Takes out of `lack` what files of the worktree have, as far as `is_asked` says that they are asked for it.
fn leave_in_files(
    project: &Project,
    part: &Part,
    lack: &mut Lack,
    is_asked: impl Fn(&Id) -> bool,
    job: &Job<'_>,
) -> Result<(), Error> {
    let mut wanted: HashSet<Id> = lack.chunks.iter().map(|chunk| chunk.id).filter(is_asked).collect();
    if !wanted.is_empty() {
        lack.leave_out(&Unstored::find(project, &part.wanted, &mut wanted, job)?.ids());
    }
    Ok(())
}

impl Fetched {
    /// Counts what came of one more dataset.
    pub(super) fn add(&mut self, dataset: FetchedDataset) {
        self.new_files += dataset.new_files;
        self.new_chunks += dataset.new_chunks;
        self.new_bytes += dataset.new_bytes;
        self.datasets.push(dataset);
    }

    fn of(part: &Part, lack: &Lack) -> Fetched {
        let datasets: Vec<FetchedDataset> = part
            .wanted
            .iter()
            .zip(&lack.shares)
            .map(|(selected, share)| FetchedDataset {
                path: selected.dataset.path.join(&selected.inside),
                id: selected.dataset.pointer.id,
                new_files: share.files,
                new_chunks: share.chunks,
                new_bytes: share.bytes,
            })
            .collect();
        Fetched {
            remote: part.remote.clone(),
            new_files: datasets.iter().map(|dataset| dataset.new_files).sum(),
            new_chunks: datasets.iter().map(|dataset| dataset.new_chunks).sum(),
            new_bytes: datasets.iter().map(|dataset| dataset.new_bytes).sum(),
            datasets,
        }
    }
}

#[cfg(test)]
mod tests;
