//! What a verb can answer: the errors of the rooms below, and what only a verb knows.

#![deny(clippy::wildcard_enum_match_arm)]

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{Cancelled, Id, PathError, PathRefused, RepoPath};
use crate::format::{FormatError, tree};
use crate::git::GitError;
use crate::packs::PackError;
use crate::store::StoreError;
use crate::worktree::{Refused, WorktreeError};

use super::migrate::{Tool, Trouble};

/// What stands in the way, for exit codes and for exception classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What was asked for makes no sense.
    Usage,
    /// The project's state stands in the way.
    State,
    /// A remote cannot be reached, or refuses.
    Remote,
    /// Data is missing or damaged.
    Damage,
    /// The verb was asked to stop.
    Cancelled,
}

/// Why a verb did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    #[error(transparent)]
    Packs(#[from] PackError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Worktree(#[from] WorktreeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Disk(#[from] PathError),
    #[error(transparent)]
    Path(#[from] PathRefused),
    #[error(transparent)]
    Tree(#[from] tree::Refused),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("`{given}` is refused: {reason}")]
    Argument { given: String, reason: String },
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },

    #[error("{} is not an esker project: it has no .esker/config.toml", root.display())]
    NotInitialised { root: PathBuf },
    #[error("HEAD has .esker/config.toml, and the worktree has not")]
    ProjectFileGone,
    #[error("`{key}` is not set{}", within.as_ref().map_or(String::new(), |file| format!(" in {file}")))]
    NotSet { key: String, within: Option<String> },
    #[error("{}: {cause}", file.display())]
    Settings { file: PathBuf, cause: FormatError },
    #[error("{path}: {cause}")]
    Foreign { path: RepoPath, cause: FormatError },
    #[error("the map of what was migrated, {path}: {cause}")]
    Map { path: RepoPath, cause: FormatError },
    #[error("not all data of {} is there, so nothing was changed:{}", tool.name(), troubles_text(troubles, *count))]
    NotAllThere { tool: Tool, troubles: Vec<Trouble>, count: usize, fetch_problem: Option<String> },
    #[error("pointer {path}: {cause}")]
    Pointer { path: RepoPath, cause: FormatError },
    #[error("{path} has conflicts that are not resolved")]
    PointerConflict { path: RepoPath },
    #[error("both sides changed:{}", list_text(files, *count))]
    Clashes { files: Vec<RepoPath>, count: usize },
    #[error("{path} is in no conflict")]
    NotInConflict { path: RepoPath },
    #[error("{path} was not changed by both sides")]
    NoClash { path: RepoPath },

    #[error("{} lies outside the repository {}", path.display(), root.display())]
    Outside { path: PathBuf, root: PathBuf },
    #[error("{path} does not exist")]
    NoSuchPath { path: RepoPath },
    #[error("no dataset is at, in or above {path}")]
    NoDataset { path: RepoPath },
    #[error("{path} is not in the dataset {dataset}")]
    NotInDataset { path: RepoPath, dataset: RepoPath },
    #[error("no dataset is tracked yet")]
    NothingTracked,
    #[error("revision {revision} has no pointer for {path}")]
    NotInRevision { revision: String, path: RepoPath },

    #[error("{url} is no esker project at {revision}: it has no .esker/config.toml")]
    NoProjectThere { url: String, revision: String },
    #[error("{url} has nothing at {path} at {revision}")]
    NotThere { url: String, revision: String, path: RepoPath },
    #[error("no dataset of {url} is at, in or above {path}: that is in Git itself")]
    InGitThere { url: String, path: RepoPath },
    #[error(
        "the remote `{remote}` of {url} is the folder {folder} beside that repository, which is not on this machine"
    )]
    RemoteThere { url: String, remote: String, folder: String },
    #[error("data of {url} cannot be fetched: {reason}")]
    NoRemoteThere { url: String, reason: String },
    #[error("{} exists already", path.display())]
    OutExists { path: PathBuf },
    #[error("{path} is no import")]
    NotImported { path: RepoPath },
    #[error("nothing was imported")]
    NothingImported,
    #[error("{path} of {url} is not what the pointer of {dataset} says it was there")]
    SourceDiffers { dataset: RepoPath, url: String, path: RepoPath },

    #[error("{path} is tracked by Git")]
    TrackedByGit { path: RepoPath },
    #[error("{path} lies in the dataset {dataset}")]
    InsideDataset { path: RepoPath, dataset: RepoPath },
    #[error("{path} holds {nested}, and one dataset cannot hold another, or a repository")]
    HoldsOther { path: RepoPath, nested: RepoPath },
    #[error("{path} cannot be a dataset: {reason}")]
    CannotTrack { path: RepoPath, reason: String },
    #[error("{}", refused_text(refused))]
    Unkept { refused: Vec<Refused> },
    #[error("{path} changed each time it was read")]
    KeepsChanging { path: RepoPath },
    #[error("{pointer} changed since {dataset} was last in step with it")]
    PointerMoved { dataset: RepoPath, pointer: RepoPath },
    #[error("unsaved changes would be lost:{}", list_text(files, *count))]
    LocalEdits { files: Vec<RepoPath>, count: usize },
    #[error("{path} is in the way of a file that belongs there")]
    InTheWay { path: RepoPath },
    #[error("{path} exists already")]
    TargetExists { path: RepoPath },
    #[error(
        "data of {dataset} may be in its files only: the cache lacks {chunks} chunks, as do all remotes known here"
    )]
    WorktreeOnly { dataset: RepoPath, chunks: u64 },

    #[error("the tree of the dataset names {path}, which is never written: {reason}")]
    HostileTree { path: RepoPath, reason: &'static str },
    #[error("no remote is configured")]
    NoRemote,
    #[error("there are several remotes, and none is the default: {}", names.join(", "))]
    WhichRemote { names: Vec<String> },
    #[error("there is no remote `{name}`")]
    UnknownRemote { name: String, known: Vec<String> },
    #[error("there is a remote `{name}` already: {url}")]
    RemoteExists { name: String, url: String },
    #[error("data is {}:{}", lacking(stores), list_text(files, *count))]
    DataMissing { files: Vec<RepoPath>, count: usize, stores: Vec<String> },
    #[error("edited or removed after `esker add` and before a push, and the thin cache has no copy:{}", edited_text(files, *count))]
    EditedUnpushed { files: Vec<EditedFile>, count: usize },
    #[error("{cause}; files that suffer:{}", list_text(files, *count))]
    DataDamaged { files: Vec<RepoPath>, count: usize, cause: Box<PackError> },
    #[error("what was sent to {remote} was condemned there by `esker gc` as fast as it came")]
    KeepsVanishing { remote: String },
    #[error("nothing was removed from {store}: what the root {root} keeps cannot be read: {cause}")]
    RootUnread { store: String, root: Id, cause: Box<PackError> },
    #[error("this clone is shallow, so what its old commits need is not known here")]
    Shallow,
    #[error("{count} chunks are in this cache only, and in no remote that is known to have them")]
    OnlyCopy { count: u64 },
    #[error("the cache {} may be shared, and what other clones need of it is not known here", folder.display())]
    SharedCache { folder: PathBuf },
}

/// A file that is not any more what was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedFile {
    /// Where it is.
    pub path: RepoPath,
    /// A commit that has it so, if it was added anew since.
    pub revision: Option<String>,
}

/// How many files an error names; the rest is counted.
pub(super) const MOST_NAMED: usize = 20;

/// What cannot be kept: in one line if it is one, else each on a line of its own.
fn refused_text(refused: &[Refused]) -> String {
    if let [only] = refused {
        return format!("{} cannot be kept: {}", only.path, only.reason);
    }
    let named = refused.iter().take(MOST_NAMED);
    let mut text = format!("{} paths cannot be kept:", refused.len());
    text.extend(named.map(|refused| format!("\n  {}: {}", refused.path, refused.reason)));
    if refused.len() > MOST_NAMED {
        text.push_str(&format!("\n  … and {} more", refused.len() - MOST_NAMED));
    }
    text
}

/// The files, each on a line of its own.
fn list_text(files: &[RepoPath], count: usize) -> String {
    let mut text: String = files.iter().map(|file| format!("\n  {file}")).collect();
    if count > files.len() {
        text.push_str(&format!("\n  … and {} more", count - files.len()));
    }
    text
}

/// Such files, each on a line of its own.
fn edited_text(files: &[EditedFile], count: usize) -> String {
    let of =
        |file: &EditedFile| file.revision.as_ref().map_or(String::new(), |revision| format!(" (as in {revision})"));
    let mut text: String = files.iter().map(|file| format!("\n  {}{}", file.path, of(file))).collect();
    if count > files.len() {
        text.push_str(&format!("\n  … and {} more", count - files.len()));
    }
    text
}

/// What is missing or damaged, each on a line of its own.
fn troubles_text(troubles: &[Trouble], count: usize) -> String {
    let line = |trouble: &Trouble| {
        let Trouble { path, old, is_damaged, places } = trouble;
        let places = places.join(", ");
        let what = if *is_damaged { "damaged: " } else { "not in " };
        format!("\n  {path} ({old}): {what}{places}")
    };
    let mut text: String = troubles.iter().map(line).collect();
    if count > troubles.len() {
        text.push_str(&format!("\n  … and {} more", count - troubles.len()));
    }
    text
}

fn lacking(stores: &[String]) -> String {
    match stores {
        [] => "not in the cache, and no remote is asked".to_owned(),
        stores => format!("neither in the cache nor in {}", stores.join(", ")),
    }
}

impl Error {
    /// The same error, with a file that is named from within `dataset` named from the root.
    pub(super) fn within(self, dataset: &RepoPath) -> Error {
        if let Error::KeepsChanging { path } = &self {
            return Error::KeepsChanging { path: dataset.join(path) };
        }
        self
    }

    /// A request that makes no sense, and what to type instead.
    pub fn usage(message: impl Into<String>, hint: Option<&str>) -> Error {
        Error::Usage { message: message.into(), hint: hint.map(str::to_owned) }
    }

    /// Whether data or lists of files are not to be had just now: not here, and no remote gives them.
    pub(super) fn is_about_absence(&self) -> bool {
        let is_remote = self.kind() == Kind::Remote;
        let is_absent = matches!(self, Error::DataMissing { .. } | Error::Packs(PackError::Absent { .. }));
        is_remote || is_absent || matches!(self, Error::NoRemote | Error::WhichRemote { .. })
    }

    /// What stands in the way.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Cancelled(_) | Error::Packs(PackError::Cancelled(_)) => Kind::Cancelled,
            Error::Packs(PackError::Store(error)) | Error::Store(error) => store_kind(error),
            Error::KeepsVanishing { .. } | Error::Packs(PackError::KeepsChanging { .. }) => Kind::Remote,
            Error::Packs(PackError::Disk(_)) | Error::Disk(_) => Kind::State,
            Error::Packs(
                PackError::Object { .. }
                | PackError::Absent { .. }
                | PackError::Damaged { .. }
                | PackError::Page { .. },
            )
            | Error::DataMissing { .. }
            | Error::DataDamaged { .. }
            | Error::EditedUnpushed { .. }
            | Error::RootUnread { .. }
            | Error::HostileTree { .. }
            | Error::Foreign { .. }
            | Error::Map { .. }
            | Error::NotAllThere { .. }
            | Error::SourceDiffers { .. }
            | Error::Pointer { .. } => Kind::Damage,
            Error::RemoteThere { .. } | Error::NoRemoteThere { .. } => Kind::Remote,
            Error::Worktree(error) => worktree_kind(error),
            Error::Git(error) => git_kind(error),
            Error::Path(_)
            | Error::Argument { .. }
            | Error::Usage { .. }
            | Error::Outside { .. }
            | Error::NoSuchPath { .. }
            | Error::NoDataset { .. }
            | Error::NotInDataset { .. }
            | Error::NotInRevision { .. }
            | Error::NotInConflict { .. }
            | Error::NoClash { .. }
            | Error::NotThere { .. }
            | Error::InGitThere { .. }
            | Error::NotImported { .. }
            | Error::UnknownRemote { .. } => Kind::Usage,
            Error::NotInitialised { .. }
            | Error::NoProjectThere { .. }
            | Error::NothingImported
            | Error::OutExists { .. }
            | Error::ProjectFileGone
            | Error::NotSet { .. }
            | Error::Settings { .. }
            | Error::Tree(_)
            | Error::PointerConflict { .. }
            | Error::Clashes { .. }
            | Error::NothingTracked
            | Error::TrackedByGit { .. }
            | Error::InsideDataset { .. }
            | Error::HoldsOther { .. }
            | Error::CannotTrack { .. }
            | Error::Unkept { .. }
            | Error::KeepsChanging { .. }
            | Error::PointerMoved { .. }
            | Error::LocalEdits { .. }
            | Error::InTheWay { .. }
            | Error::TargetExists { .. }
            | Error::WorktreeOnly { .. }
            | Error::NoRemote
            | Error::WhichRemote { .. }
            | Error::RemoteExists { .. }
            | Error::OnlyCopy { .. }
            | Error::Shallow
            | Error::SharedCache { .. } => Kind::State,
        }
    }
}

fn store_kind(error: &StoreError) -> Kind {
    match error {
        StoreError::Missing { .. } | StoreError::Short { .. } | StoreError::TooLarge { .. } => Kind::Damage,
        StoreError::Denied { .. } | StoreError::Unreachable { .. } | StoreError::NoPlace { .. } => Kind::Remote,
        StoreError::Address { .. } => Kind::Usage,
        StoreError::Disk(_) => Kind::State,
    }
}

fn worktree_kind(error: &WorktreeError) -> Kind {
    match error {
        WorktreeError::Cancelled(_) => Kind::Cancelled,
        WorktreeError::Disk(_)
        | WorktreeError::Changed { .. }
        | WorktreeError::InTheWay { .. }
        | WorktreeError::Refused { .. }
        | WorktreeError::Path(_)
        | WorktreeError::IgnoreLine { .. } => Kind::State,
    }
}

fn git_kind(error: &GitError) -> Kind {
    match error {
        GitError::Cancelled(_) => Kind::Cancelled,
        GitError::UnknownRevision { .. }
        | GitError::AmbiguousRevision { .. }
        | GitError::NotACommit { .. }
        | GitError::Transport { .. }
        | GitError::UnknownThere { .. } => Kind::Usage,
        GitError::NotReached { .. } => Kind::Remote,
        GitError::TooLarge { .. } | GitError::ObjectMissing { .. } | GitError::Path(_) => Kind::Damage,
        GitError::NoRepository { .. }
        | GitError::Bare { .. }
        | GitError::NotOwned { .. }
        | GitError::Unsupported { .. }
        | GitError::Unborn
        | GitError::Ignored { .. }
        | GitError::Foreign { .. }
        | GitError::Locked { .. }
        | GitError::NoProgram { .. }
        | GitError::Git { .. }
        | GitError::Disk(_) => Kind::State,
    }
}
