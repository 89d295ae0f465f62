//! `push`: a remote gets what it lacks of the data, and is asked to keep it.
//!
//! The order is what keeps data safe while others push and collect garbage in the same store (docs/sharing.md: condemn,
//! publish, look again): packs, then the index that names them, then the root that asks for their life, then a second
//! look whether all that the root relies on still counts. Only after that look is a push a success.

use serde::Serialize;

use crate::base::{Id, Job, RepoPath, Step, Unit};
use crate::packs::{Catalog, Written, transfer};
use crate::store::StoreError;

use super::acknowledged::Acknowledged;
use super::error::Error;
use super::lack::{Lack, lack, lack_with_pages};
use super::pages::Pages;
use super::pointed::{Dataset, Selected};
use super::project::Project;
use super::remotes::Remote;
use super::root;
use super::selection::{self, Part, SelectionOptions};
use super::source;
use super::unstored::Unstored;

/// How often a push sends again what was condemned under its hands. More than once takes two collectors in a row.
const MOST_ROUNDS: usize = 4;

/// What to push, and where to.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// Which versions.
    pub selection: SelectionOptions,
    /// The remote, if not the default one or that which a pointer names.
    pub remote: Option<String>,
    /// Only say what would be sent.
    pub is_dry_run: bool,
}

/// What `push` did, or would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PushReport {
    /// Whether nothing was sent since only that was asked.
    pub is_dry_run: bool,
    /// Whether no remote lacked anything.
    pub is_up_to_date: bool,
    /// Each remote that datasets go to, by name.
    pub remotes: Vec<Pushed>,
}

/// What one remote got.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pushed {
    /// What the project calls it.
    pub remote: String,
    /// Where it is.
    pub store: String,
    /// Each version of each dataset that goes there, by path.
    pub datasets: Vec<PushedDataset>,
    /// Bytes of all these versions, before compression.
    pub bytes: u64,
    /// Files with data that the remote lacked.
    pub new_files: u64,
    /// Chunks that it lacked.
    pub new_chunks: u64,
    /// Bytes of these chunks, before compression.
    pub new_bytes: u64,
    /// Bytes as they were sent.
    pub sent_bytes: u64,
    /// Packs that were stored.
    pub packs: u64,
    /// The roots that now keep the data alive, if new ones were needed.
    pub roots: Vec<Id>,
}

/// One version of one dataset.
#[derive(Debug, Clone, Serialize)]
pub struct PushedDataset {
    /// Where it is in the worktree.
    pub path: RepoPath,
    /// Its id.
    pub id: Id,
    /// Its size.
    pub bytes: u64,
    /// Files with data that the remote lacked.
    pub new_files: u64,
    /// Chunks that it lacked.
    pub new_chunks: u64,
    /// Bytes of these chunks, before compression.
    pub new_bytes: u64,
    /// Whether the remote lacked nothing.
    pub is_up_to_date: bool,
}

/// Sends what each remote lacks.
///
/// # Errors
/// `DataMissing` or `EditedUnpushed` before anything is sent, if some data is neither here nor there; `EditedUnpushed`
/// for a file that changes just then. After any error, what was sent whole
/// is kept, and the same push goes on from there.
pub fn push(project: &Project, options: &PushOptions, job: &Job<'_>) -> Result<PushReport, Error> {
    let selection = selection::to_push(project, &options.selection, job)?;
    let mut report = PushReport { is_dry_run: options.is_dry_run, is_up_to_date: true, remotes: Vec::new() };
    for part in selection.by_remote(project, options.remote.as_deref())? {
        selection::check_parts(&Pages::new(project, Some(&part.remote))?, &part.wanted)?;
        let part = part.whole();
        let pushed = if options.is_dry_run {
            foresee(project, &part, job)?
        } else {
            push_to(project, &project.remote_to_write(Some(&part.remote))?, &part, job)?
        };
        report.is_up_to_date &= pushed.new_chunks == 0 && pushed.packs == 0;
        report.remotes.push(pushed);
    }
    Ok(report)
}

/// What a push to one remote would send. Nothing is written there.
fn foresee(project: &Project, part: &Part, job: &Job<'_>) -> Result<Pushed, Error> {
    match project.remote(Some(&part.remote)) {
        Ok(remote) => {
            remote.packs.refresh_for_push(false)?;
            let acknowledged = Acknowledged::load(&remote.packs)?;
            let (lack, _) = look(project, &remote, &part.wanted, &acknowledged, job)?;
            Ok(Pushed::of(part, remote.packs.name(), &lack))
        }
        // The first push will make the folder.
        Err(Error::Store(StoreError::NoPlace { store, .. })) => {
            let lack = lack(project, &part.wanted, &Catalog::default(), &Acknowledged::default(), job)?;
            Ok(Pushed::of(part, &store, &lack))
        }
        Err(error) => Err(error),
    }
}

pub(super) fn push_to(project: &Project, remote: &Remote, part: &Part, job: &Job<'_>) -> Result<Pushed, Error> {
    remote.packs.refresh_for_push(true)?;
    let mut acknowledged = Acknowledged::load(&remote.packs)?;
    let is_kept = acknowledged.keep(&part.commits, part.datasets());
    if !is_kept {
        acknowledged = acknowledged.in_peace(&remote.packs.catalog());
    }
    let (mut lack, mut unstored) = look(project, remote, &part.wanted, &acknowledged, job)?;
    let mut pushed = Pushed::of(part, remote.packs.name(), &lack);
    if is_kept {
        return Ok(pushed);
    }
    let roots = root::roots(project, part)?;
    for _ in 0..MOST_ROUNDS {
        pushed.count(send(project, remote, &part.wanted, &mut lack, &unstored, job)?);
        if pushed.roots.is_empty() {
            // The root comes after all that it leads to, so that a collector never finds one that leads nowhere.
            pushed.roots = roots.iter().map(|root| remote.packs.put_root(root)).collect::<Result<_, _>>()?;
        }
        // A collector that had listed the roots before ours was there may have condemned what ours relies on. It did so
        // before it listed them: so we see its record now. Every later collector sees our root.
        remote.packs.look_again()?;
        if lack.rests_on_roots() {
            acknowledged = Acknowledged::load(&remote.packs)?.in_peace(&remote.packs.catalog());
        }
        if lack.is_settled(&remote.packs.catalog(), &acknowledged) {
            root::acknowledge(remote, &roots);
            return Ok(pushed);
        }
        (lack, unstored) = look(project, remote, &part.wanted, &acknowledged, job)?;
    }
    Err(Error::KeepsVanishing { remote: remote.name.clone() })
}

/// What the remote lacks, all of which can be sent, and where that is which the cache lacks.
fn look(
    project: &Project,
    remote: &Remote,
    wanted: &[Selected],
    acknowledged: &Acknowledged,
    job: &Job<'_>,
) -> Result<(Lack, Unstored), Error> {
    let lack = lack_with_pages(project, remote, wanted, &remote.packs, acknowledged, job)?;
    let unstored = source::require(project, remote, wanted, &lack, job)?;
    Ok((lack, unstored))
}

/// Sends what is lacking, then the index that makes it count.
fn send(
    project: &Project,
    remote: &Remote,
    wanted: &[Selected],
    lack: &mut Lack,
    unstored: &Unstored,
    job: &Job<'_>,
) -> Result<Written, Error> {
    if lack.is_nothing() {
        return Ok(Written::default());
    }
    let cache = project.cache()?;
    let writer = remote.packs.writer()?;
    let in_files = unstored.ids();
    let chunks = lack.chunks.iter().map(|chunk| chunk.id);
    let chunks: Vec<Id> = chunks.filter(|id| !in_files.contains(id)).collect();
    let damaged = |error| source::damaged(project, wanted, error);
    job.began(Step::Send, Some(lack.bytes()), Unit::Bytes);
    // Pages last: where a page is, what it leads to was there before.
    let sent = transfer(cache, &writer, &chunks, Step::Send, job)
        .map_err(damaged)
        .and_then(|()| unstored.read(|_| true, &writer, Step::Send, job).map_err(source::edited))
        .and_then(|()| transfer(cache, &writer, &lack.pages, Step::Send, job).map_err(damaged));
    let written = match sent {
        Ok(()) => writer.finish()?,
        Err(error) => {
            // The next push goes on from what is whole; the error that led here is the one to tell.
            let _ = writer.keep_stored();
            return Err(error);
        }
    };
    job.done(Step::Send);
    lack.sent(&remote.packs.catalog());
    Ok(written)
}

impl Part {
    fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.wanted.iter().map(|selected| &selected.dataset)
    }
}

impl Pushed {
    fn of(part: &Part, store: &str, lack: &Lack) -> Pushed {
        let datasets: Vec<PushedDataset> = part
            .datasets()
            .zip(&lack.shares)
            .map(|(dataset, share)| PushedDataset {
                path: dataset.path.clone(),
                id: dataset.pointer.id,
                bytes: dataset.pointer.bytes,
                new_files: share.files,
                new_chunks: share.chunks,
                new_bytes: share.bytes,
                is_up_to_date: share.chunks == 0 && share.pages == 0,
            })
            .collect();
        Pushed {
            remote: part.remote.clone(),
            store: store.to_owned(),
            bytes: datasets.iter().map(|dataset| dataset.bytes).sum(),
            new_files: datasets.iter().map(|dataset| dataset.new_files).sum(),
            new_chunks: datasets.iter().map(|dataset| dataset.new_chunks).sum(),
            new_bytes: datasets.iter().map(|dataset| dataset.new_bytes).sum(),
            datasets,
            ..Pushed::default()
        }
    }

    fn count(&mut self, written: Written) {
        self.sent_bytes += written.stored_bytes;
        self.packs += written.packs;
    }
}

#[cfg(test)]
mod tests;
