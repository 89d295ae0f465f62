//! What the old tool names: in the worktree, and in the commits that were asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Job, RepoPath};
use crate::format::foreign::{OldId, Place};
use crate::git::{BlobId, Commit, GitFile};

use super::super::error::Error;
use super::super::project::Project;
use super::super::selection::SelectionOptions;
use super::report::{LeftOut, MigrateOptions};

/// All that the old tool names.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// In any revision that was asked for, and in the worktree.
    pub places: BTreeSet<Place>,
    /// In the worktree, by dataset.
    pub here: BTreeMap<RepoPath, Wanted>,
    /// What is not taken over.
    pub left: BTreeSet<LeftOut>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// How many commits were looked at.
    pub commits: u64,
}

/// What a dataset of the worktree is made of.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// What the old tool knows as one.
    One(Place),
    /// A folder of files that it knows one by one.
    Folder(Vec<FileOf>),
}

/// A file of such a folder.
#[derive(Debug, Clone)]
pub struct FileOf {
    /// Where, below the folder.
    pub path: RepoPath,
    /// What it is.
    pub old: OldId,
    /// Whether its owner may execute it.
    pub executable: bool,
}

impl Surveyed {
    /// Each old id with a path that needs it.
    pub fn wanted(&self) -> BTreeMap<OldId, RepoPath> {
        let mut wanted: BTreeMap<OldId, RepoPath> = BTreeMap::new();
        for place in &self.places {
            wanted.entry(place.old.clone()).or_insert_with(|| place.dataset.clone());
        }
        for (folder, here) in &self.here {
            let Wanted::Folder(files) = here else { continue };
            for file in files {
                wanted.entry(file.old.clone()).or_insert_with(|| folder.join(&file.path));
            }
        }
        wanted
    }

    /// Says why something is left out.
    pub fn leave(&mut self, path: &str, file: &RepoPath, reason: &str) {
        self.left.insert(LeftOut { path: path.to_owned(), file: file.clone(), reason: reason.to_owned() });
    }
}

/// A place, without the remote.
pub fn place(file: &GitFile, blob: BlobId, dataset: RepoPath, old: OldId, executable: bool) -> Place {
    Place { file: file.path.clone(), blob: blob.to_string().into(), dataset, old, executable, remote: None }
}

/// The commits that were asked for, newest first.
pub fn commits(project: &Project, options: &MigrateOptions, job: &Job<'_>) -> Result<Vec<Commit>, Error> {
    let selection = SelectionOptions {
        all_branches: options.all_branches,
        all_tags: options.all_tags,
        all_commits: options.all_commits,
        ..SelectionOptions::default()
    };
    let tips = selection.tips(project.repo())?;
    if !options.all_commits {
        return Ok(tips);
    }
    Ok(project.repo().history(&tips, job.cancel)?)
}
