//! What a push sends must be here: in the cache, or in files of the worktree that are known to hold it.

use std::collections::{BTreeSet, HashSet};

use crate::base::{Cancel, FileKind, Id, Job, RepoPath, Stat, Step, Unit};
use crate::format::pointer::{Kind, Pointer};
use crate::git::{Commit, PastPointer};
use crate::packs::{Content, PackError, Sink};
use crate::worktree::{self, WorktreeError};

use super::copies::Copies;
use super::error::{EditedFile, Error, MOST_NAMED};
use super::ingest::{ingest, unknown};
use super::lack::Lack;
use super::pages::Pages;
use super::pointed::{Dataset, Selected, pointer_path};
use super::project::Project;
use super::remotes::Remote;
use super::seen::SeenFile;
use super::suffering::{missing, suffering};
use super::unstored::Unstored;

/// Sees that all that the remote lacks can be sent, and that no page is lost. Returns where those chunks are that the
/// cache lacks.
///
/// # Errors
/// `EditedUnpushed` names the files that were added, never pushed, and are not any more what they were; `DataMissing`
/// other files whose data is neither here nor there.
pub fn require(
    project: &Project,
    remote: &Remote,
    wanted: &[Selected],
    lack: &Lack,
    job: &Job<'_>,
) -> Result<Unstored, Error> {
    let cache = project.cache()?;
    let needed = lack.chunks.iter().map(|chunk| chunk.id);
    let mut absent: HashSet<Id> = needed.filter(|id| cache.find(id).is_none()).collect();
    let unstored = match absent.is_empty() {
        true => Unstored::nothing(),
        false => Unstored::find(project, wanted, &mut absent, job)?,
    };
    absent.extend(&lack.unread);
    if absent.is_empty() {
        return Ok(unstored);
    }
    // A full cache had a copy, and lost it; and where lists are lost, nobody knows what was here.
    let pages = Pages::new(project, Some(&remote.name))?;
    if project.config().is_thin() && lack.unread.is_empty() {
        let lacking = wanted.iter().zip(&lack.shares).filter(|(_, share)| share.chunks > 0);
        let (files, count) = edited_files(project, &pages, lacking.map(|(selected, _)| selected), &absent)?;
        if count > 0 {
            return Err(Error::EditedUnpushed { files, count });
        }
    }
    let files = suffering(&pages, wanted, &absent)?;
    Err(missing(&files, vec![remote.packs.name().to_owned()]))
}

/// The files that need something absent, and that were here with it as far as is known: the first ones, and how many.
fn edited_files<'s>(
    project: &Project,
    pages: &Pages<'_>,
    wanted: impl Iterator<Item = &'s Selected>,
    absent: &HashSet<Id>,
) -> Result<(Vec<EditedFile>, usize), Error> {
    let copies = Copies::load(project)?;
    let (mut edited, mut count) = (Vec::new(), 0);
    if absent.iter().any(|id| copies.have(id)) {
        return Ok((edited, count));
    }
    for selected in wanted {
        let here = Here::of(project, &selected.dataset)?;
        for path in suffering(pages, std::slice::from_ref(selected), absent)? {
            let Some(revision) = here.had(&path) else { continue };
            count += 1;
            if count <= MOST_NAMED {
                edited.push(EditedFile { path, revision });
            }
        }
    }
    Ok((edited, count))
}

/// What this worktree is known to have had of one version of a dataset.
struct Here {
    dataset: RepoPath,
    seen: SeenFile,
    /// A commit that points at the version, if the worktree has another by now.
    revision: Option<String>,
    has_lists: bool,
}

impl Here {
    fn of(project: &Project, dataset: &Dataset) -> Result<Here, Error> {
        let seen = SeenFile::load(project, &dataset.path);
        let is_older = seen.base() != Some(dataset.pointer.id);
        let revision = if is_older { revision_of(project, dataset)? } else { None };
        let has_lists = !matches!(dataset.pointer.kind, Kind::File { manifest: None, .. });
        Ok(Here { dataset: dataset.path.clone(), seen, revision, has_lists })
    }

    /// Whether the file was here, as far as is known, and in which commit if not in the newest version.
    fn had(&self, path: &RepoPath) -> Option<Option<String>> {
        let inside = path.strip(&self.dataset)?;
        let was_seen = || self.seen.seen().is_some_and(|seen| seen.records().any(|it| it.path == inside.as_bytes()));
        // Of an older version nothing is seen any more. But there are lists of it, and no remote is known to have them.
        let had = if self.revision.is_some() { self.has_lists && self.seen.base().is_some() } else { was_seen() };
        had.then(|| self.revision.clone())
    }
}

/// The newest commit that points at this version.
fn revision_of(project: &Project, dataset: &Dataset) -> Result<Option<String>, Error> {
    let repo = project.repo();
    let mut tips: Vec<Commit> = repo.head()?.into_iter().collect();
    tips.extend(repo.branches()?.into_iter().map(|tip| tip.commit));
    let pointer = pointer_path(&dataset.path);
    let past = repo.pointers_in_history(&tips, &Cancel::default())?;
    let is_it = |past: &&PastPointer| {
        past.path == pointer && Pointer::parse(&past.bytes).is_ok_and(|it| it.id == dataset.pointer.id)
    };
    Ok(past.iter().find(is_it).map(|past| past.commit.short()))
}

/// A file that changed while a push read it.
pub fn edited(error: Error) -> Error {
    match error {
        Error::Worktree(WorktreeError::Changed { path }) => {
            Error::EditedUnpushed { files: vec![EditedFile { path, revision: None }], count: 1 }
        }
        error => error,
    }
}

/// Reads those of `files` into `sink` that have the stat that they had when they were last seen.
pub fn store_unchanged(
    project: &Project,
    dataset: &Dataset,
    files: &BTreeSet<RepoPath>,
    sink: &dyn Sink,
    job: &Job<'_>,
) -> Result<Vec<Content>, Error> {
    let unchanged = unchanged(project, dataset, files)?;
    if unchanged.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<(&RepoPath, Stat)> = unchanged.iter().map(|(path, stat)| (path, *stat)).collect();
    job.began(Step::Store, Some(named.iter().map(|(_, stat)| stat.bytes).sum()), Unit::Bytes);
    let read = ingest(project.root(), &named, &unknown, sink, Step::Store, job)?;
    job.done(Step::Store);
    Ok(read.into_iter().map(|read| read.content).collect())
}

/// Which of `files` have the stat that they had when they were last seen.
fn unchanged(project: &Project, dataset: &Dataset, files: &BTreeSet<RepoPath>) -> Result<Vec<(RepoPath, Stat)>, Error> {
    let file = SeenFile::load(project, &dataset.path);
    let Some(seen) = file.seen() else { return Ok(Vec::new()) };
    let mut unchanged = Vec::new();
    for record in seen.believed(&worktree::boot_id()) {
        let Ok(path) = RepoPath::new(record.path).map(|path| dataset.path.join(&path)) else { continue };
        if !files.contains(&path) {
            continue;
        }
        let found = worktree::scan_one(project.root(), &path);
        let same = found.ok().filter(|found| found.stat == record.stat && matches!(found.kind, FileKind::File { .. }));
        unchanged.extend(same.map(|found| (path, found.stat)));
    }
    Ok(unchanged)
}

/// An error of a transfer out of the cache, with the files that suffer.
pub fn damaged(project: &Project, wanted: &[Selected], error: PackError) -> Error {
    let PackError::Damaged { id, .. } = &error else { return error.into() };
    let files = Pages::new(project, None).and_then(|pages| suffering(&pages, wanted, &HashSet::from([*id])));
    match files {
        Ok(files) => {
            let count = files.len();
            let files = files.into_iter().take(MOST_NAMED).collect();
            Error::DataDamaged { files, count, cause: Box::new(error) }
        }
        // What is damaged is the one thing to tell.
        Err(_) => error.into(),
    }
}
