//! The next command to type, for each error that has one.

#![deny(clippy::wildcard_enum_match_arm)]

use std::io::ErrorKind;

use crate::base::PathError;
use crate::format::FormatError;
use crate::git::GitError;
use crate::packs::PackError;
use crate::store::StoreError;
use crate::worktree::WorktreeError;

use super::error::Error;
use super::migrate::Tool;
use super::pointed::dataset_path;

impl Error {
    /// What to type next; one line, commands in backquotes.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Error::Usage { hint, .. } => return hint.clone(),
            Error::Packs(error) => return packs_hint(error),
            Error::Git(error) => return git_hint(error),
            Error::Worktree(error) => return worktree_hint(error),
            Error::Store(error) => return store_hint(error),
            Error::Cancelled(_) => AGAIN.to_owned(),
            Error::Disk(error) => return disk_hint(error),
            Error::Argument { .. }
            | Error::Path(_)
            | Error::Tree(_)
            | Error::Unkept { .. }
            | Error::HostileTree { .. }
            | Error::CannotTrack { .. } => return None,
            Error::NotInitialised { .. } => "run `esker init`".to_owned(),
            Error::ProjectFileGone => "run `git checkout HEAD -- .esker/config.toml` to bring it back".to_owned(),
            Error::NotSet { key, .. } => format!("set it by `esker config set {key} VALUE`"),
            Error::Settings { .. } => {
                "correct that line; `esker help config` lists the keys that esker knows".to_owned()
            }
            Error::Pointer { cause: FormatError::Newer { .. }, .. } => "install a newer esker".to_owned(),
            Error::Pointer { path, .. } => {
                format!("`git log -- {path}` shows its versions, `git checkout REV -- {path}` brings one back")
            }
            Error::Foreign { path, .. } => {
                format!("`git log -- {path}` shows its versions; correct it, or take it out of Git, then try again")
            }
            Error::Map { cause: FormatError::Newer { .. }, .. } => "install a newer esker".to_owned(),
            Error::Map { path, .. } => {
                format!("`git log -- {path}` shows its versions, `git checkout REV -- {path}` brings one back")
            }
            Error::NotAllThere { tool, fetch_problem, .. } => not_all_there_hint(*tool, fetch_problem.as_deref()),
            Error::PointerConflict { path } => {
                let dataset = dataset_path(path).unwrap_or_else(|| path.clone());
                format!(
                    "`esker resolve {dataset}` merges it by file, `esker hooks install` lets Git do so by itself next time"
                )
            }
            Error::Clashes { .. } => {
                "choose by `esker resolve PATH --ours`, `--theirs`, `--base` or `--both`; a file may be a PATH"
                    .to_owned()
            }
            Error::NotInConflict { .. } | Error::NoClash { .. } => {
                "`esker status` lists what is in conflict".to_owned()
            }
            Error::Outside { .. } => "name a path inside the repository".to_owned(),
            Error::NoSuchPath { .. } | Error::NoDataset { .. } => "`esker ls` lists what is tracked".to_owned(),
            Error::NotInDataset { dataset, .. } => format!("`esker ls -r {dataset}` lists what is in it"),
            Error::NothingTracked => "run `esker add PATH` for a file or a folder of data".to_owned(),
            Error::NotInRevision { revision, .. } => format!("`esker ls {revision}:` lists what it has"),
            Error::NoProjectThere { .. } => {
                "name a revision by `--rev` at which it is one, or another repository".to_owned()
            }
            Error::NotThere { url, .. } => format!("`esker ls --from {url}` lists its datasets"),
            Error::InGitThere { url, .. } => {
                format!("`git clone --depth 1 {url}` brings what Git has, `esker ls --from {url}` lists datasets")
            }
            Error::RemoteThere { .. } => {
                "name a clone of it that is here by its folder, or give that project a remote that you can reach, too"
                    .to_owned()
            }
            Error::NoRemoteThere { .. } => {
                "somebody who has that project must run `esker remote add` and `esker push`, and push the commit"
                    .to_owned()
            }
            Error::OutExists { .. } => "choose another name by `-o OUT`, or move what is there elsewhere".to_owned(),
            Error::NotImported { .. } | Error::NothingImported => {
                "only what `esker import` brought, and nobody changed since, has a source".to_owned()
            }
            Error::SourceDiffers { dataset, .. } => {
                format!("its history was rewritten: `esker update {dataset}` takes what is there now")
            }
            Error::TrackedByGit { path } => {
                let git = format!("`git rm -r --cached {path}`");
                format!("run {git} to take it out of Git and keep the files, then `esker add {path}`")
            }
            Error::InsideDataset { dataset, .. } => {
                format!("run `esker add {dataset}` to update the dataset as a whole")
            }
            Error::HoldsOther { .. } => {
                "add its parts one by one, or `esker rm --keep` the inner dataset first".to_owned()
            }
            Error::KeepsChanging { .. } => "wait until no other program writes it, then try again".to_owned(),
            Error::PointerMoved { dataset, .. } => {
                format!(
                    "run `esker checkout {dataset}` to take the newer data over, or `esker add --force {dataset}` to put yours on top"
                )
            }
            Error::LocalEdits { .. } => {
                "`esker add` keeps these changes as a new version, `--force` drops them".to_owned()
            }
            Error::InTheWay { .. } => "move it elsewhere, then try again".to_owned(),
            Error::TargetExists { .. } => "choose another name, or move what is there elsewhere".to_owned(),
            Error::WorktreeOnly { dataset, .. } => {
                format!("`esker rm --keep {dataset}` leaves the files, `--force` removes them for good")
            }
            Error::NoRemote => {
                "run `esker remote add origin URL`, with a folder or s3://bucket/prefix as URL".to_owned()
            }
            Error::WhichRemote { .. } => {
                "choose one by `-r NAME`, or for good by `esker remote default NAME`".to_owned()
            }
            Error::UnknownRemote { known, .. } if known.is_empty() => "run `esker remote add NAME URL`".to_owned(),
            Error::UnknownRemote { known, .. } => format!("remotes are: {}", known.join(", ")),
            Error::RemoteExists { name, .. } => format!("`esker remote remove {name}` first, or choose another name"),
            Error::RootUnread { .. } => {
                "`esker verify --remote` tells what is damaged, and `--repair` mends it".to_owned()
            }
            Error::Shallow => "run `git fetch --unshallow`, then try again".to_owned(),
            Error::DataMissing { stores, .. } if stores.is_empty() => {
                "run `esker remote add NAME URL` for a remote that has it, then `esker fetch`".to_owned()
            }
            Error::DataMissing { .. } => "somebody who has the data must run `esker push`".to_owned(),
            Error::EditedUnpushed { .. } => EDITED.to_owned(),
            Error::DataDamaged { .. } => MEND.to_owned(),
            Error::KeepsVanishing { .. } => AGAIN.to_owned(),
            Error::OnlyCopy { .. } => "run `esker push` first, or use `--force` to drop them".to_owned(),
            Error::SharedCache { .. } => "use `--force` if no other clone needs it".to_owned(),
        };
        Some(text)
    }
}

fn not_all_there_hint(tool: Tool, fetch_problem: Option<&str>) -> String {
    let first = match (tool, fetch_problem) {
        (Tool::Dvc, _) => "`dvc fetch --all-commits` may bring it".to_owned(),
        (Tool::Lfs, None) => "`git lfs fetch --all` may bring it".to_owned(),
        (Tool::Lfs, Some(problem)) => format!("`git lfs fetch` failed ({problem}): mend that"),
    };
    format!("{first}, then run the same command again; `--allow-missing` leaves it out")
}

const AGAIN: &str = "run the same command again: it goes on where it stopped";
const EDITED: &str = "put the old content back and push again; or `esker add` and commit what is there now, then \
                      `esker push --rev HEAD` leaves the lost version out";
const MEND: &str = "`esker verify --repair` mends the cache, `esker verify --remote --repair` a remote";

fn disk_hint(error: &PathError) -> Option<String> {
    let is_full = matches!(error.source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    is_full.then(|| format!("make room, then {AGAIN}"))
}

fn packs_hint(error: &PackError) -> Option<String> {
    match error {
        PackError::Store(error) => store_hint(error),
        PackError::Object { cause: FormatError::Newer { .. }, .. }
        | PackError::Page { cause: FormatError::Newer { .. }, .. } => Some("install a newer esker".to_owned()),
        PackError::Absent { .. } => Some("run `esker fetch`, or ask whoever added it to run `esker push`".to_owned()),
        PackError::Object { .. } | PackError::Damaged { .. } | PackError::Page { .. } => Some(MEND.to_owned()),
        PackError::KeepsChanging { .. } => Some("try again when no other `esker gc` runs".to_owned()),
        PackError::Disk(error) => disk_hint(error),
        PackError::Cancelled(_) => Some(AGAIN.to_owned()),
    }
}

fn store_hint(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Denied { .. } | StoreError::Unreachable { .. } | StoreError::NoPlace { .. } => {
            Some("`esker remote check` tells what works and what does not".to_owned())
        }
        StoreError::Address { .. } => Some("use a folder, or s3://bucket/prefix".to_owned()),
        StoreError::Missing { .. } | StoreError::Short { .. } | StoreError::TooLarge { .. } | StoreError::Disk(_) => {
            None
        }
    }
}

fn git_hint(error: &GitError) -> Option<String> {
    let text = match error {
        GitError::NoRepository { .. } => "run `git init`, then `esker init`",
        GitError::Bare { .. } => "use a clone that has a worktree",
        GitError::NotOwned { path } => {
            return Some(format!("run `git config --global --add safe.directory {}`", path.display()));
        }
        GitError::Unborn => "make a first commit: `git commit`",
        GitError::UnknownRevision { .. } | GitError::NotACommit { .. } => "`git log --oneline --all` lists revisions",
        GitError::AmbiguousRevision { .. } => "give more digits of the hash",
        GitError::ObjectMissing { .. } => "run `git fetch --refetch`, or `git fetch --unshallow` in a shallow clone",
        GitError::Foreign { .. } => "add it from inside that repository, or name the folder itself instead of the link",
        GitError::Ignored { path } => return Some(format!("see `git check-ignore -v {path}`, and change that rule")),
        GitError::NoProgram { .. } => "install Git, and see that `git` is on the PATH",
        GitError::Transport { .. } => "use https://, ssh://, git@host:path or a folder",
        GitError::UnknownThere { url, .. } => {
            return Some(format!("`git ls-remote {url}` lists branches and tags; a commit needs all its 40 digits"));
        }
        GitError::NotReached { url, .. } => return Some(format!("see whether `git ls-remote {url}` answers")),
        GitError::Locked { .. } => "wait for the other Git process; if none runs, remove that file",
        GitError::Unsupported { .. }
        | GitError::TooLarge { .. }
        | GitError::Path(_)
        | GitError::Cancelled(_)
        | GitError::Git { .. }
        | GitError::Disk(_) => return None,
    };
    Some(text.to_owned())
}

fn worktree_hint(error: &WorktreeError) -> Option<String> {
    match error {
        WorktreeError::Changed { .. } => Some("wait until no other program writes it, then try again".to_owned()),
        WorktreeError::InTheWay { .. } => Some("move it elsewhere, then try again".to_owned()),
        WorktreeError::IgnoreLine { .. } => Some("correct that line".to_owned()),
        WorktreeError::Disk(_)
        | WorktreeError::Refused { .. }
        | WorktreeError::Path(_)
        | WorktreeError::Cancelled(_) => None,
    }
}
