//! Each pointer as `HEAD` has it and as the index has it.

use std::collections::BTreeMap;

use super::error::GitError;
use super::pointers::is_pointer;
use super::{BlobId, Repo};
use crate::base::RepoPath;

/// Where one pointer stands. `Repo::pointer_bytes` reads what an id stands for, `BlobId::of` compares a file with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerState {
    /// The pointer.
    pub path: RepoPath,
    /// What `HEAD` has, if it has one.
    pub head: Option<BlobId>,
    /// What is staged, if something is; `None` too in a conflict.
    pub index: Option<BlobId>,
    /// Whether a merge could not decide it.
    pub in_conflict: bool,
}

impl Repo {
    /// Every pointer that `HEAD` or the index has, by path. No pointer is read.
    pub fn pointer_states(&self) -> Result<Vec<PointerState>, GitError> {
        let mut states = BTreeMap::new();
        if let Some(head) = self.head()? {
            for (path, blob) in self.own_pointer_blobs_at(&head)? {
                state_of(&mut states, path).head = Some(blob);
            }
        }
        for (path, blob) in self.staged_pointer_blobs()? {
            state_of(&mut states, path).index = Some(blob);
        }
        for conflict in self.conflicts()?.into_iter().filter(|conflict| is_pointer(&conflict.path)) {
            state_of(&mut states, conflict.path).in_conflict = true;
        }
        Ok(states.into_values().collect())
    }
}

fn state_of(states: &mut BTreeMap<RepoPath, PointerState>, path: RepoPath) -> &mut PointerState {
    let new = |path| PointerState { path, head: None, index: None, in_conflict: false };
    states.entry(path.clone()).or_insert_with(|| new(path))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::*;

    #[test]
    fn each_pointer_stands_as_head_and_index_have_it() {
        let sandbox = Sandbox::new();
        let repo = sandbox.open();
        sandbox.write("new.esker", "new");
        sandbox.git(&["add", "new.esker"]);
        assert_eq!(repo.pointer_states().unwrap().len(), 1);
        sandbox.git(&["rm", "--quiet", "--cached", "new.esker"]);
        for name in ["changed.esker", "gone.esker", "same.esker"] {
            sandbox.commit(name, "old");
        }
        sandbox.write("changed.esker", "staged");
        sandbox.git(&["add", "changed.esker", "new.esker"]);
        sandbox.git(&["rm", "--quiet", "--cached", "gone.esker"]);
        let id = |text: &str| Some(BlobId::of(text.as_bytes()));
        let expected = [
            ("changed.esker", id("old"), id("staged")),
            ("gone.esker", id("old"), None),
            ("new.esker", None, id("new")),
            ("same.esker", id("old"), id("old")),
        ];
        let states = repo.pointer_states().unwrap();
        let shown: Vec<_> = states.iter().map(|state| (state.path.clone(), state.head, state.index)).collect();
        assert_eq!(shown, expected.map(|(name, head, index)| (path(name), head, index)));
        assert!(states.iter().all(|state| !state.in_conflict));
        assert_eq!(repo.pointer_bytes(&states[0].path, states[0].index.unwrap()).unwrap(), b"staged");
    }
}
