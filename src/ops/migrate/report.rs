//! What is to be migrated, and what was.

use serde::Serialize;

use crate::base::{Id, RepoPath};

/// Whose data it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// DVC.
    #[default]
    Dvc,
    /// Git LFS.
    Lfs,
}

impl Tool {
    /// Its name in file names: that of the map, and of what the clone knows.
    pub fn file_name(self) -> &'static str {
        match self {
            Tool::Dvc => "dvc",
            Tool::Lfs => "lfs",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Dvc => "DVC",
            Tool::Lfs => "Git LFS",
        }
    }
}

/// How to migrate.
#[derive(Debug, Clone, Default)]
pub struct MigrateOptions {
    /// Whose data.
    pub tool: Tool,
    /// What every commit names that a branch, a tag or a branch of a remote reaches, besides the worktree.
    pub all_commits: bool,
    /// What the newest commit of every branch names.
    pub all_branches: bool,
    /// What the commit of every tag names.
    pub all_tags: bool,
    /// The only remote of the old tool that is asked.
    pub remote: Option<String>,
    /// Folders that become one dataset each, instead of one for each file. For Git LFS only.
    pub folders: Vec<RepoPath>,
    /// Only tell what would be done.
    pub is_dry_run: bool,
    /// Leave out what is missing or damaged, and go on.
    pub allow_missing: bool,
}

/// What was done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MigrateReport {
    /// Whose data.
    pub tool: Tool,
    /// Whether nothing was changed.
    pub is_dry_run: bool,
    /// The datasets of the worktree, by path.
    pub datasets: Vec<Migrated>,
    /// How many versions of datasets there are in all revisions that were asked for.
    pub versions: u64,
    /// How many commits were looked at, besides the worktree.
    pub commits: u64,
    /// How many distinct files of the old tool there are.
    pub objects: u64,
    /// How many of them were read; the others were known from an earlier run.
    pub objects_read: u64,
    /// Bytes read.
    pub bytes_read: u64,
    /// Bytes of new chunks before compression.
    pub new_bytes: u64,
    /// Bytes that they take in the cache.
    pub stored_bytes: u64,
    /// What is missing or damaged.
    pub troubles: Vec<Trouble>,
    /// What was not taken over, and why.
    pub left: Vec<LeftOut>,
    /// What else there is to know, a line each.
    pub notes: Vec<String>,
    /// What of the old tool is not needed any more, once all works: commands.
    pub removable: Vec<String>,
}

/// A dataset of the worktree.
#[derive(Debug, Clone, Serialize)]
pub struct Migrated {
    /// Where it is.
    pub path: RepoPath,
    /// Its id; `None` in a dry run.
    pub id: Option<Id>,
    /// Its size, in bytes; `None` in a dry run.
    pub bytes: Option<u64>,
    /// How many files it has; `None` in a dry run.
    pub files: Option<u64>,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether its pointer was not there before.
    pub is_new: bool,
}

/// An object of the old tool that could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Trouble {
    /// A dataset, or a file in one, that needs it.
    pub path: RepoPath,
    /// What the old tool calls it.
    pub old: String,
    /// Whether it is there, and is not what its name says.
    pub is_damaged: bool,
    /// Where it was looked for, or where the damaged one lies.
    pub places: Vec<String>,
}

/// Something that is not taken over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// What: a path, as the old tool writes it.
    pub path: String,
    /// The file that names it.
    pub file: RepoPath,
    /// Why, as half a sentence.
    pub reason: String,
}
