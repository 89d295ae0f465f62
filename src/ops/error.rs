//! Why a verb did not do what it was asked, sorted into kinds, with the next command to type.
//!
//! `kind` and `hint` name every variant: a new one does not compile until it is sorted.

#![deny(clippy::wildcard_enum_match_arm)]

use std::io;

use serde::Serialize;

use crate::base::{Cancelled, PathError, PathRefused};
use crate::store::StoreError;

/// What a caller does about an error; each kind has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The question makes no sense: ask another one.
    Usage,
    /// The project or this machine stands in the way: change that, then ask again.
    State,
    /// A remote is not reachable or says no.
    Remote,
    /// Data is missing or damaged.
    Damage,
    /// Somebody asked to stop.
    Cancelled,
}

/// What a verb can fail with: the errors of the rooms below, and what only a verb knows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something given on the command line, or in a variable, makes no sense.
    #[error("`{given}` is refused: {reason}")]
    Argument {
        /// What was given.
        given: String,
        /// What is wrong with it, as half a sentence.
        reason: String,
    },
    /// A path leads out of the project, or is none.
    #[error(transparent)]
    Path(#[from] PathRefused),
    /// The file system failed.
    #[error(transparent)]
    Disk(#[from] PathError),
    /// The cache or a remote failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The verb was asked to stop, and what it had done so far is whole.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Error {
    /// What a caller does about it.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Argument { .. } | Error::Path(_) => Kind::Usage,
            Error::Disk(_) => Kind::State,
            Error::Store(error) => store_kind(error),
            Error::Cancelled(_) => Kind::Cancelled,
        }
    }

    /// What the user may type next, as a command or half a sentence around one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Argument { .. } | Error::Path(_) => None,
            Error::Disk(error) => disk_hint(error),
            Error::Store(error) => store_hint(error),
            Error::Cancelled(_) => Some(AGAIN.to_owned()),
        }
    }
}

const AGAIN: &str = "run the same command again: it goes on where it stopped";

fn store_kind(error: &StoreError) -> Kind {
    match error {
        StoreError::Missing { .. } | StoreError::Short { .. } | StoreError::TooLarge { .. } => Kind::Damage,
        StoreError::Denied { .. } | StoreError::Unreachable { .. } | StoreError::NoPlace { .. } => Kind::Remote,
        StoreError::Address { .. } => Kind::Usage,
        StoreError::Disk(_) => Kind::State,
    }
}

fn store_hint(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Missing { .. } | StoreError::Short { .. } | StoreError::TooLarge { .. } => {
            Some("`esker verify` names the files that suffer".to_owned())
        }
        StoreError::Denied { .. } => Some("`esker remote check` tells what is allowed and what is not".to_owned()),
        StoreError::Unreachable { .. } => Some(AGAIN.to_owned()),
        StoreError::NoPlace { .. } => Some("`esker remote list` shows the addresses".to_owned()),
        StoreError::Address { .. } => Some(
            "an address is a folder, or `s3://bucket/prefix`, as in `esker remote add origin s3://bucket/data`"
                .to_owned(),
        ),
        StoreError::Disk(error) => disk_hint(error),
    }
}

fn disk_hint(error: &PathError) -> Option<String> {
    let full = matches!(error.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    full.then(|| format!("make room, then {AGAIN}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::base::AtPath;

    #[test]
    fn a_full_disk_says_that_the_work_done_is_kept() {
        let full: io::Result<()> = Err(io::ErrorKind::StorageFull.into());
        let error = Error::from(full.at("write", Path::new("/x")).unwrap_err());
        assert_eq!(error.kind(), Kind::State);
        assert!(error.hint().unwrap().starts_with("make room"));
    }

    #[test]
    fn a_remote_that_says_no_is_not_damage() {
        let denied = StoreError::Denied { store: "s3://b".into(), doing: "list packs/".into(), reason: "403".into() };
        let error = Error::from(denied);
        assert_eq!(error.kind(), Kind::Remote);
        assert_eq!(error.to_string(), "s3://b refused to list packs/: 403");
    }
}
