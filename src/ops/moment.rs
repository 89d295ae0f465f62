//! A moment of the project: what a commit holds, or what the pointers in the worktree say.

use std::collections::BTreeSet;

use crate::base::RepoPath;
use crate::format::pointer::Pointer;
use crate::git::{Commit, is_pointer};

use super::chosen::{Chosen, choose};
use super::error::Error;
use super::pointed::{self, dataset_path, pointer_path};
use super::project::Project;

/// When.
#[derive(Debug, Clone)]
pub enum Moment {
    /// Before the first commit.
    Beginning,
    /// At a commit, as the user named it.
    Commit(String, Commit),
    /// Now.
    Worktree,
}

impl Moment {
    /// The moment that a revision names; now, if there is none.
    pub fn of(project: &Project, revision: Option<&str>) -> Result<Moment, Error> {
        let Some(revision) = revision else { return Ok(Moment::Worktree) };
        Ok(Moment::Commit(revision.to_owned(), project.repo().resolve(revision)?))
    }

    /// The commit of `HEAD`.
    pub fn head(project: &Project) -> Result<Moment, Error> {
        let head = project.repo().head()?;
        Ok(head.map_or(Moment::Beginning, |commit| Moment::Commit("HEAD".to_owned(), commit)))
    }

    /// What people call it.
    pub fn name(&self) -> Option<&str> {
        match self {
            Moment::Beginning | Moment::Worktree => None,
            Moment::Commit(name, _) => Some(name),
        }
    }

    /// Its commit, if it is one.
    pub fn commit(&self) -> Option<&Commit> {
        match self {
            Moment::Beginning | Moment::Worktree => None,
            Moment::Commit(_, commit) => Some(commit),
        }
    }

    /// Where its datasets are, or may be; no pointer is read.
    pub fn paths(&self, project: &Project) -> Result<BTreeSet<RepoPath>, Error> {
        match self {
            Moment::Beginning => Ok(BTreeSet::new()),
            Moment::Commit(_, commit) => {
                let blobs = project.repo().pointer_blobs_at(commit)?;
                Ok(blobs.iter().filter_map(|(pointer, _)| dataset_path(pointer)).collect())
            }
            Moment::Worktree => {
                let mut paths = pointed::known_paths(project)?;
                let conflicts = project.repo().conflicts()?;
                let in_conflict = conflicts.iter().map(|conflict| &conflict.path).filter(|path| is_pointer(path));
                paths.extend(in_conflict.filter_map(dataset_path));
                Ok(paths)
            }
        }
    }

    /// The pointer of a dataset, if it has one.
    pub fn pointer(&self, project: &Project, dataset: &RepoPath) -> Result<Option<Pointer>, Error> {
        match self {
            Moment::Beginning => Ok(None),
            Moment::Worktree => pointed::read(project, dataset),
            Moment::Commit(_, commit) => {
                let path = pointer_path(dataset);
                let bytes = project.repo().pointer_at(commit, &path)?;
                bytes.map(|bytes| pointed::parse(&path, &bytes)).transpose()
            }
        }
    }

    /// The datasets that `paths` mean, with their pointers. No paths mean all.
    ///
    /// # Errors
    /// `NoDataset`, or `NotInRevision`, for a path that means nothing then.
    pub fn datasets(&self, project: &Project, paths: &[RepoPath]) -> Result<Vec<(Chosen, Pointer)>, Error> {
        let chosen = choose(&self.paths(project)?, paths).map_err(|error| self.not_there(error))?;
        let read = chosen.into_iter().map(|chosen| Ok(self.pointer(project, &chosen.dataset)?.map(|it| (chosen, it))));
        read.filter_map(Result::transpose).collect()
    }

    /// The error for a path that a commit does not have names the commit.
    fn not_there(&self, error: Error) -> Error {
        match (self, error) {
            (Moment::Commit(revision, _), Error::NoDataset { path }) => {
                Error::NotInRevision { revision: revision.clone(), path }
            }
            (_, error) => error,
        }
    }
}
