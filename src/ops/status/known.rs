//! Every dataset that there is reason to look at, with its pointer as `HEAD`, the index and the worktree have it.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::RepoPath;
use crate::format::pointer::Pointer;
use crate::git::{BlobId, PointerState};

use super::super::error::Error;
use super::super::pointed::{self, dataset_path, pointer_path};
use super::super::project::Project;
use super::super::seen;
use super::report::{PointerChange, PointerStatus};

/// The pointers that Git has, by dataset, and the datasets that were seen without.
pub struct Known(BTreeMap<RepoPath, Option<PointerState>>);

impl Known {
    /// Asks Git, and what was seen before.
    pub fn load(project: &Project) -> Result<Known, Error> {
        let mut known: BTreeMap<RepoPath, Option<PointerState>> =
            seen::known(project)?.into_iter().map(|path| (path, None)).collect();
        for state in project.repo().pointer_states()? {
            known.extend(dataset_path(&state.path).map(|path| (path, Some(state))));
        }
        Ok(Known(known))
    }

    /// Where they are.
    pub fn paths(&self) -> BTreeSet<RepoPath> {
        self.0.keys().cloned().collect()
    }

    /// Reads the pointer of a dataset, and compares it with Git's. One that cannot be read is no error here.
    pub fn pointer(&self, project: &Project, dataset: &RepoPath) -> Result<(PointerStatus, Option<Pointer>), Error> {
        let path = pointer_path(dataset);
        let state = self.0.get(dataset).and_then(Option::as_ref);
        let (head, index) = (state.and_then(|state| state.head), state.and_then(|state| state.index));
        let bytes = pointed::read_bytes(project, dataset)?;
        let here = bytes.as_deref().map(BlobId::of);
        let in_conflict = state.is_some_and(|state| state.in_conflict);
        let mut status = PointerStatus { in_conflict, ..PointerStatus::default() };
        if !in_conflict {
            status.staged = change(head, index);
            status.unstaged = change(index, here);
        }
        match bytes.map(|bytes| pointed::parse(&path, &bytes)).transpose() {
            Ok(pointer) => Ok((status, pointer)),
            Err(Error::PointerConflict { .. }) => Ok((PointerStatus { in_conflict: true, ..status }, None)),
            Err(Error::Pointer { cause, .. }) => {
                Ok((PointerStatus { problem: Some(cause.to_string()), ..status }, None))
            }
            Err(error) => Err(error),
        }
    }
}

fn change(old: Option<BlobId>, new: Option<BlobId>) -> Option<PointerChange> {
    match (old, new) {
        (None, Some(_)) => Some(PointerChange::Added),
        (Some(_), None) => Some(PointerChange::Deleted),
        (Some(old), Some(new)) if old != new => Some(PointerChange::Modified),
        _ => None,
    }
}
