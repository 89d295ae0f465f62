//! What a checkout aims at: datasets and what each should become.

use std::collections::BTreeSet;

use crate::base::RepoPath;
use crate::format::pointer::{Kind, Pointer};

use super::checkout::CheckoutOptions;
use super::error::Error;
use super::pointed::{self, Dataset, Selected, pointer_path};
use super::project::Project;
use super::seen;
use super::version::Version;

/// A dataset and what it should become.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it is.
    pub dataset: RepoPath,
    /// The part of it that is meant; empty for all.
    pub inside: RepoPath,
    /// What its pointer says; `None` if the dataset goes.
    pub pointer: Option<Pointer>,
    /// The bytes that its pointer gets, where those of a revision are taken.
    pub pointer_bytes: Option<Vec<u8>>,
}

impl Target {
    /// What it should become.
    pub fn version(&self) -> Version {
        self.pointer.as_ref().map_or(Version::Nothing, Version::of)
    }

    /// The same as a selection; `None` if the dataset goes.
    pub fn selected(&self) -> Option<Selected> {
        let pointer = self.pointer.clone()?;
        Some(Selected { dataset: Dataset { path: self.dataset.clone(), pointer }, inside: self.inside.clone() })
    }

    /// How many entries that has.
    pub fn files(&self) -> u64 {
        match self.pointer.as_ref().map(|pointer| pointer.kind) {
            None => 0,
            Some(Kind::File { .. }) => 1,
            Some(Kind::Folder { files }) => files,
        }
    }
}

/// All targets that the options name, by path.
pub fn targets(project: &Project, options: &CheckoutOptions) -> Result<Vec<Target>, Error> {
    match &options.revision {
        Some(revision) => of_revision(project, revision, &options.paths),
        None => of_worktree(project, &options.paths),
    }
}

fn of_revision(project: &Project, revision: &str, paths: &[RepoPath]) -> Result<Vec<Target>, Error> {
    let commit = project.repo().resolve(revision)?;
    let selected = pointed::select(pointed::at(project, &commit)?, paths).map_err(|error| match error {
        Error::NoDataset { path } => Error::NotInRevision { revision: revision.to_owned(), path },
        error => error,
    })?;
    let target = |selected: Selected| {
        let pointer = pointer_path(&selected.dataset.path);
        let pointer_bytes = project.repo().pointer_at(&commit, &pointer)?;
        Ok(Target { pointer_bytes, ..existing(selected) })
    };
    selected.into_iter().map(target).collect()
}

fn of_worktree(project: &Project, paths: &[RepoPath]) -> Result<Vec<Target>, Error> {
    let datasets = pointed::in_worktree(project)?;
    let pointed: BTreeSet<RepoPath> = datasets.iter().map(|dataset| dataset.path.clone()).collect();
    // Datasets that were here and have no pointer any more: they belong to another branch.
    let gone = seen::known(project)?.into_iter().filter(|path| !pointed.contains(path));
    let gone = gone.filter(|path| paths.is_empty() || paths.iter().any(|wanted| path.is_in(wanted)));
    let gone = gone.map(|dataset| Target { dataset, inside: RepoPath::default(), pointer: None, pointer_bytes: None });
    let mut targets: Vec<Target> = gone.collect();
    let named: Vec<RepoPath> =
        paths.iter().filter(|path| !targets.iter().any(|gone| gone.dataset.is_in(path))).cloned().collect();
    if paths.is_empty() || !named.is_empty() {
        targets.extend(pointed::select(datasets, &named)?.into_iter().map(existing));
    }
    targets.sort_by(|one, other| one.dataset.cmp(&other.dataset));
    Ok(targets)
}

fn existing(selected: Selected) -> Target {
    Target {
        dataset: selected.dataset.path,
        inside: selected.inside,
        pointer: Some(selected.dataset.pointer),
        pointer_bytes: None,
    }
}
