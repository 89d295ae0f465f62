//! `log`: which commits changed a dataset, and by how much.

use std::cell::Cell;

use serde::Serialize;

use crate::base::{Job, RepoPath};
use crate::format::tree::Change;
use crate::git::{Commit, GitError, LogEntry};

use super::super::changed::{Changes, Counts, Sides};
use super::super::diff::{DatasetChange, State};
use super::super::error::{Error, Kind};
use super::super::here::Held;
use super::super::moment::Moment;
use super::super::pages::Pages;
use super::super::pointed::{dataset_path, pointer_path};
use super::super::project::Project;
use super::super::shape::Shape;
use super::super::version::{Version, changes};

/// What to tell.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// The revision to begin with; `HEAD` if `None`.
    pub revision: Option<String>,
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
    /// The most commits to tell.
    pub most: Option<usize>,
}

/// The commits that changed data, newest first.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogReport {
    /// Each of them.
    pub commits: Vec<Logged>,
}

/// One commit.
#[derive(Debug, Clone, Serialize)]
pub struct Logged {
    /// Which.
    #[serde(flatten)]
    pub commit: Commit,
    /// The datasets that it changed, by path.
    pub datasets: Vec<LoggedDataset>,
}

/// What a commit did to one dataset.
#[derive(Debug, Clone, Serialize)]
pub struct LoggedDataset {
    /// Where it is, or was.
    pub path: RepoPath,
    /// How it changed as a whole.
    pub change: DatasetChange,
    /// What it was.
    pub old: Option<State>,
    /// What it is.
    pub new: Option<State>,
    /// How many files changed; `None` if their lists cannot be had.
    pub counts: Option<Counts>,
    /// By how much all files together grew, in bytes; less than nothing if they shrank.
    pub grown_bytes: Option<i64>,
    /// The part of it that is meant, if it is not all of it and its lists can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<LoggedPart>,
}

/// A file or a folder in a dataset, before a commit and after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedPart {
    /// Where it is; the innermost folder of several.
    pub path: RepoPath,
    /// What it was; `None` if it was not there.
    pub old: Option<PartSize>,
    /// What it is; `None` if it is gone.
    pub new: Option<PartSize>,
}

/// How large a part of a dataset is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PartSize {
    /// How many entries it has.
    pub files: u64,
    /// The sizes of all its files, in bytes.
    pub bytes: u64,
}

/// Tells the commits that changed what is chosen, against their first parents.
///
/// Lists of files that neither the cache nor a remote has are no error: the counts are left out.
pub fn log(project: &Project, options: &LogOptions, job: &Job<'_>) -> Result<LogReport, Error> {
    let tip = match &options.revision {
        Some(revision) => project.repo().resolve(revision)?,
        None => project.repo().head()?.ok_or(GitError::Unborn)?,
    };
    let most = options.most.unwrap_or(usize::MAX);
    let history =
        History { project, paths: &options.paths, pages: Pages::new(project, None)?, is_cut: Cell::new(false) };
    let (mut commits, mut looked, mut asked) = (Vec::new(), 0, most);
    loop {
        let entries = project.repo().log(std::slice::from_ref(&tip), &pointers(&options.paths), asked, job.cancel)?;
        let is_all = entries.len() < asked;
        // A commit may have changed a dataset elsewhere than in the part that is meant: then more must be looked at.
        for entry in entries.into_iter().skip(std::mem::replace(&mut looked, asked)) {
            job.check()?;
            commits.extend(history.logged(entry)?);
            if commits.len() >= most {
                break;
            }
        }
        if is_all || commits.len() >= most {
            break;
        }
        asked = asked.saturating_mul(8);
    }
    history.pages.keep()?;
    Ok(LogReport { commits })
}

/// The pointers that `paths` may mean: their own, those in them, and those of all folders above.
fn pointers(paths: &[RepoPath]) -> Vec<RepoPath> {
    let above = |path: &RepoPath| std::iter::successors(Some(path.clone()), RepoPath::parent).collect::<Vec<_>>();
    let own = paths.iter().flat_map(above).filter(|path| !path.is_empty()).map(|path| pointer_path(&path));
    paths.iter().cloned().chain(own).collect()
}

struct History<'a> {
    project: &'a Project,
    paths: &'a [RepoPath],
    pages: Pages<'a>,
    /// Whether the remote failed: it is asked no more.
    is_cut: Cell<bool>,
}

impl History<'_> {
    /// `None` if the commit changed nothing of what is meant.
    fn logged(&self, entry: LogEntry) -> Result<Option<Logged>, Error> {
        let LogEntry { commit, changed } = entry;
        let new = Moment::Commit(commit.id.to_string(), commit.clone());
        let old = match self.project.repo().resolve(&format!("{}^1", commit.id)) {
            Ok(parent) => Moment::Commit(parent.id.to_string(), parent),
            // The first commit of all, or of a shallow clone.
            Err(GitError::UnknownRevision { .. } | GitError::ObjectMissing { .. }) => Moment::Beginning,
            Err(error) => return Err(error.into()),
        };
        let datasets = changed.iter().filter_map(dataset_path).map(|dataset| self.dataset(&old, &new, dataset));
        let datasets: Vec<_> = datasets.filter_map(Result::transpose).collect::<Result<_, Error>>()?;
        Ok((!datasets.is_empty()).then_some(Logged { commit, datasets }))
    }

    fn dataset(&self, old: &Moment, new: &Moment, path: RepoPath) -> Result<Option<LoggedDataset>, Error> {
        let held = |moment: &Moment| {
            // What was once broken, or is of a newer version, has no content to tell.
            let pointer = moment.pointer(self.project, &path).ok().flatten();
            Held::by_pointer(pointer.as_ref())
        };
        let (old, new) = (held(old), held(new));
        let changes = self.changes_if_known(&path, &old.version, &new.version)?;
        let counts = changes.as_ref().map(|changes| changes.counts);
        let is_part = !self.paths.is_empty() && !self.paths.iter().any(|wanted| self.means(&path, wanted));
        if is_part && counts.is_some_and(|counts| counts.total() == 0) {
            return Ok(None);
        }
        let grown_bytes = changes.as_ref().map(grown_bytes);
        // Where the lists of files cannot be had, that was told by the counts.
        let part = if is_part && counts.is_some() { self.part(&path, &old.version, &new.version)? } else { None };
        let change = match (&old.version, &new.version) {
            (Version::Nothing, _) => DatasetChange::Added,
            (_, Version::Nothing) => DatasetChange::Deleted,
            (Version::File(_), Version::Folder(_)) | (Version::Folder(_), Version::File(_)) => DatasetChange::Type,
            _ => DatasetChange::Modified,
        };
        Ok(Some(LoggedDataset { path, change, old: State::of(&old), new: State::of(&new), counts, grown_bytes, part }))
    }

    fn part(&self, dataset: &RepoPath, old: &Version, new: &Version) -> Result<Option<LoggedPart>, Error> {
        let mut insides: Vec<RepoPath> = self.paths.iter().filter_map(|wanted| wanted.strip(dataset)).collect();
        insides.sort();
        insides.dedup_by(|next, kept| next.is_in(kept));
        let Some(mut common) = insides.first().cloned() else { return Ok(None) };
        while !insides.iter().all(|inside| inside.is_in(&common)) {
            common = common.parent().unwrap_or_default();
        }
        let (old, new) = (self.size(old, &insides)?, self.size(new, &insides)?);
        Ok(Some(LoggedPart { path: dataset.join(&common), old, new }))
    }

    fn size(&self, version: &Version, insides: &[RepoPath]) -> Result<Option<PartSize>, Error> {
        let mut size = PartSize::default();
        for inside in insides {
            for entry in version.entries(&self.pages, inside)? {
                size.files += 1;
                size.bytes += entry?.node.bytes();
            }
        }
        Ok((size.files > 0).then_some(size))
    }

    fn means(&self, dataset: &RepoPath, wanted: &RepoPath) -> bool {
        dataset.is_in(wanted) || pointer_path(dataset) == *wanted
    }

    /// `None` if the lists of files cannot be had.
    fn changes_if_known(&self, dataset: &RepoPath, old: &Version, new: &Version) -> Result<Option<Changes>, Error> {
        if self.is_cut.get() {
            return Ok(None);
        }
        match self.changes(dataset, old, new) {
            Ok(changes) => Ok(Some(changes)),
            Err(error) if error.kind() == Kind::Remote => {
                self.is_cut.set(true);
                Ok(None)
            }
            Err(error) if error.kind() == Kind::Damage => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn changes(&self, dataset: &RepoPath, old: &Version, new: &Version) -> Result<Changes, Error> {
        let is_meant = |path: &RepoPath| {
            let whole = dataset.join(path);
            let is_in = |wanted: &RepoPath| whole.is_in(wanted) || self.means(dataset, wanted);
            self.paths.is_empty() || self.paths.iter().any(is_in)
        };
        let all = changes(&self.pages, old, new, &RepoPath::default())?;
        let sides = all.into_iter().filter(|change| is_meant(change.path())).map(sides).collect();
        Changes::of(dataset, sides, |folder| Ok(new.entries(&self.pages, folder)?.next().transpose()?.is_some()))
    }
}

fn grown_bytes(changes: &Changes) -> i64 {
    let bytes = |shape: Option<Shape>| shape.and_then(|shape| shape.bytes).unwrap_or(0) as i64;
    changes.files.iter().map(|file| bytes(file.new) - bytes(file.old)).sum()
}

fn sides(change: Change) -> Sides {
    let path = change.path().clone();
    let (old, new) = match change {
        Change::Added(entry) => (None, Some(entry.node)),
        Change::Removed(entry) => (Some(entry.node), None),
        Change::Modified { old, new } if old.node.has_content_of(&new.node) => (None, None),
        Change::Modified { old, new } => (Some(old.node), Some(new.node)),
    };
    let shape = |node: &crate::format::tree::Node| Shape::of_node(node);
    Sides { path, old: old.as_ref().map(shape), new: new.as_ref().map(shape), changed_bytes: None }
}
