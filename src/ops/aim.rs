//! One dataset on its way to what it should become.

use std::collections::HashSet;

use crate::base::{Id, Job, RepoPath};
use crate::format::compression::Noticer;
use crate::format::pack::PackKind;
use crate::format::seen::{Change, Record};
use crate::format::tree;
use crate::packs::{Nowhere, PackError, Sink};
use crate::worktree::{Placer, Sparse, Staging};

use super::bring;
use super::checkout::CheckedOut;
use super::error::{Error, Kind, MOST_NAMED};
use super::fetcher::Fetcher;
use super::lazy_writer::LazyWriter;
use super::pages::Pages;
use super::place::Placed;
use super::plan::{Plan, plan};
use super::project::Project;
use super::seen::{self, overlay};
use super::shelter::{Sheltered, shelter};
use super::survey::{Survey, survey};
use super::targets::Target;
use super::unstored::Unstored;
use super::version::{Version, changes};

/// A target, what is there, and what must be done.
pub struct Aim<'a> {
    /// What it should become.
    pub target: Target,
    /// What must be done.
    pub plan: Plan,
    /// Its pages.
    pub pages: Pages<'a>,
    /// What was put in place.
    pub placed: Vec<Placed>,
    survey: Survey,
}

impl<'a> Aim<'a> {
    /// Looks at the dataset and plans, for a worktree that keeps what `sparse` says.
    pub fn take(
        project: &'a Project,
        target: Target,
        sparse: Option<&Sparse>,
        force: bool,
        fetcher: Option<&Fetcher<'_>>,
        job: &Job<'_>,
    ) -> Result<Aim<'a>, Error> {
        let survey = survey(project, &target.dataset, &Nowhere, crate::base::Step::Hash, job)?;
        let remote_name = target.pointer.as_ref().and_then(|pointer| pointer.remote.as_deref());
        let remote_name = fetcher.and_then(|fetcher| fetcher.name(remote_name));
        let pages = Pages::of_verb(project, remote_name.as_deref(), fetcher.is_some())?;
        bring_missing_pages(project, &target, &survey, fetcher, job)?;
        // A dataset that is one file is always kept.
        let is_wanted = |path: &RepoPath| sparse.is_none_or(|sparse| sparse.wants(&target.dataset.join(path)));
        let keeps = |path: &RepoPath| path.is_empty() || is_wanted(path);
        let plan = plan(&pages, &survey, &target.version(), target.files(), &target.inside, &keeps, force);
        let plan = plan.map_err(|error| missing_pages(error, project, &target))?;
        Ok(Aim { target, plan, pages, placed: Vec::new(), survey })
    }

    /// The remote that its pointer names.
    pub fn remote_name(&self) -> Option<&str> {
        self.target.pointer.as_ref().and_then(|pointer| pointer.remote.as_deref())
    }

    /// What the dataset was last made equal to, if what is at `path` was not edited since.
    pub fn unedited(&self, path: &RepoPath) -> Option<Version> {
        self.survey.difference(path).is_none().then(|| self.survey.version())
    }

    /// Whether nothing has to be done in the worktree.
    pub fn is_done(&self) -> bool {
        self.plan.is_empty()
    }

    /// What is told of it.
    pub fn report(&self) -> CheckedOut {
        CheckedOut {
            path: self.target.dataset.clone(),
            added: self.plan.added(),
            modified: self.plan.modified(),
            deleted: self.plan.removes.len() as u64,
            is_gone: self.target.pointer.is_none(),
        }
    }

    /// Stores in the cache what would be lost with the files that are replaced or removed.
    pub fn shelter(&self, project: &Project, job: &Job<'_>) -> Result<Sheltered, Error> {
        shelter(project, &self.target.dataset, &self.plan, &self.survey, job)
    }

    /// Looks for `wanted` in the files that are here. What is found is taken out of `wanted`.
    pub fn unstored(&self, project: &Project, wanted: &mut HashSet<Id>) -> Result<Unstored, Error> {
        let mut unstored = Unstored::nothing();
        let asked = [self.target.version()];
        unstored.look(project, &self.pages, &self.target.dataset, &self.survey, &asked, wanted)?;
        Ok(unstored)
    }

    /// Makes the folder of a dataset that has no files.
    pub fn make_root(&self, project: &Project) -> Result<(), Error> {
        let path = self.target.dataset.below(project.root());
        if matches!(self.target.version(), Version::Folder(_)) && !path.exists() {
            let staging = Staging::begin(project.root())?;
            Placer::open(project.root(), &staging)?.make_folder(&self.target.dataset)?;
        }
        Ok(())
    }

    /// The same error, with its files named from the root.
    pub fn in_dataset(&self, error: Error) -> Error {
        match error {
            Error::DataDamaged { mut files, count, cause } => {
                files.truncate(MOST_NAMED);
                files.iter_mut().for_each(|file| *file = self.target.dataset.join(file));
                Error::DataDamaged { files, count, cause }
            }
            error => error,
        }
    }

    /// Remembers the worktree as it is now.
    pub fn remember(&self, project: &Project) -> Result<(), Error> {
        let Some(pointer) = &self.target.pointer else {
            return Ok(seen::forget(project, &self.target.dataset)?);
        };
        let is_known = self.survey.base == Some(pointer.id) && self.plan.already.is_empty();
        if is_known && self.is_done() && !self.survey.has_new_stats() {
            return Ok(());
        }
        let base = match self.base_now(project, pointer.id) {
            Ok(base) => base,
            // A part of the target lies in a tree that cannot be read: no pointer has that, so all is read again.
            Err(error) if matches!(error.kind(), Kind::Damage | Kind::Remote) => {
                return Ok(seen::forget(project, &self.target.dataset)?);
            }
            Err(error) => return Err(error),
        };
        let already: HashSet<&[u8]> = self.plan.already.iter().map(RepoPath::as_bytes).collect();
        let changes = || {
            let removed = self.plan.removes.iter().map(|(path, _)| (path.as_bytes(), None));
            let placed = self.placed.iter().filter_map(placed_record);
            overlay(overlay(self.survey.changes(|path| already.contains(path)), removed), placed)
        };
        self.survey.remember_as(project, base, changes)
    }

    /// What the whole dataset is equal to now: the target, or what it was with a part of the target in it.
    fn base_now(&self, project: &Project, target: Id) -> Result<Id, Error> {
        let inside = &self.target.inside;
        let (Version::Folder(base), Version::Folder(_)) = (self.survey.version(), self.target.version()) else {
            return Ok(target);
        };
        if inside.is_empty() || base == target {
            return Ok(target);
        }
        let part = changes(&self.pages, &Version::Folder(base), &Version::Folder(target), inside)?;
        let part = part.into_iter().map(|change| {
            let path = change.path().clone();
            match change {
                tree::Change::Added(entry) | tree::Change::Modified { new: entry, .. } => (path, Some(entry.node)),
                tree::Change::Removed(_) => (path, None),
            }
        });
        let writer = LazyWriter::new(project.cache()?);
        let mut noticer = Noticer::new(writer.compression());
        let root = tree::edit(&self.pages, &base, part, |id, page: Vec<u8>| {
            Ok::<_, Error>(writer.take(PackKind::Pages, id, &page, &mut noticer)?)
        })?;
        writer.finish()?;
        Ok(root.id)
    }
}

fn placed_record(placed: &Placed) -> Option<Change<'_>> {
    let Placed { path, kind, id, stat } = placed;
    Some((path.as_bytes(), Some(Record { path: path.as_bytes(), kind: *kind, stat: (*stat)?, id: *id })))
}

/// Where the tree of the target is not here at all, its pages come level by level, not one by one.
fn bring_missing_pages(
    project: &Project,
    target: &Target,
    survey: &Survey,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<(), Error> {
    let (Some(pointer), Some(fetcher)) = (&target.pointer, fetcher) else { return Ok(()) };
    let version = target.version();
    let root = match &version {
        Version::Folder(root) => *root,
        Version::File(_) | Version::Nothing => return Ok(()),
    };
    if survey.base == Some(root) && survey.is_unchanged() || project.cache()?.find(&root).is_some() {
        return Ok(());
    }
    if let Some(remote) = fetcher.remote(pointer.remote.as_deref())? {
        let brought = bring::bring_pages(project, &remote, &[(version, target.inside.clone())], job);
        brought.map_err(|error| missing_pages(error, project, target))?;
    }
    Ok(())
}

/// Where pages are nowhere, it is the dataset as a whole that suffers.
pub fn missing_pages(error: Error, project: &Project, target: &Target) -> Error {
    match error {
        Error::Packs(PackError::Absent { store, .. }) => {
            let is_remote = project.cache().is_ok_and(|cache| cache.name() != store);
            let stores = if is_remote { vec![store] } else { Vec::new() };
            Error::DataMissing { files: vec![target.dataset.clone()], count: 1, stores }
        }
        error => error,
    }
}
