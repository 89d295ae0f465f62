//! The options that say which versions of which datasets are meant: the same for push, fetch and pull.

use std::path::PathBuf;

use super::call::Call;
use super::failure::Failure;
use crate::ops::{Project, SelectionOptions};

/// Paths and revisions.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Chosen {
    /// Datasets, parts of them, folders that hold some (default: all)
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The versions of this revision; may be given more than once
    #[arg(long = "rev", value_name = "REV")]
    revisions: Vec<String>,

    /// The versions of the newest commit of every branch
    #[arg(long)]
    all_branches: bool,

    /// The versions of every tag
    #[arg(long)]
    all_tags: bool,

    /// The versions of every commit
    #[arg(long)]
    all_commits: bool,
}

impl Chosen {
    /// The same for an operation.
    pub fn options(self, call: &Call, project: &Project) -> Result<SelectionOptions, Failure> {
        Ok(SelectionOptions {
            paths: call.paths(project, &self.paths)?,
            revisions: self.revisions,
            all_branches: self.all_branches,
            all_tags: self.all_tags,
            all_commits: self.all_commits,
            range: None,
        })
    }
}
