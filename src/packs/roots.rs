//! Roots: what a push asks a remote to keep, and how it sees that nobody threw away what it relies on.
//!
//! A root is acknowledged once its push looked again after putting it. This machine keeps a copy of each root that it
//! saw acknowledged: all that such a root leads to is on the remote for as long as the remote lists the root.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use crate::base::{AtPath, Id, remove_if_there, replace_file};
use crate::format::FormatError;
use crate::format::root::{MAX_LEN, Root};
use crate::store::StoreError;

use super::catalog::segments_in;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};

/// So many copies of roots are kept. With fewer copies a push looks at more pages, and nothing else.
pub const MOST_COPIES: usize = 64;

impl PackStore {
    /// As [`Self::refresh`], for a push: learns also which packs are condemned, and does not count them.
    pub fn refresh_for_push(&self, will_write: bool) -> Result<(), PackError> {
        self.check_config(will_write)?;
        self.look_again()
    }

    /// Learns which packs count now: those that are indexed and that nobody condemned. Two listings, in this order.
    pub fn look_again(&self) -> Result<(), PackError> {
        // Condemned first: a collector condemns a pack before it takes it out of the index, and its record goes last of
        // all. Whoever slept for months between the two listings finds the pack in neither; in the other order, the
        // pack would have been in the index before, and its record gone after.
        let condemned = self.condemned()?;
        if let Index::Copies(copies) = self.index() {
            self.fetch_index(copies)?;
        }
        self.avoid(condemned)
    }

    /// Stores a root: from now on every collector keeps what it leads to.
    pub fn put_root(&self, root: &Root) -> Result<Id, PackError> {
        let (bytes, id) = root.encode();
        self.store().put(&layout::root(&id), &bytes)?;
        Ok(id)
    }

    /// The roots that this machine saw acknowledged and that `listed` still names, the newest first.
    pub fn acknowledged(&self, listed: &HashSet<Id>) -> Result<Vec<(Id, Root)>, PackError> {
        let Some(folder) = self.root_copies() else { return Ok(Vec::new()) };
        let mut roots = Vec::new();
        for id in segments_in(&folder)? {
            let path = folder.join(id.to_string());
            // A damaged copy tells nothing: its push is looked at anew.
            let read = fs::read(&path).ok().and_then(|bytes| Root::decode(&bytes).ok());
            match read.filter(|(_, name)| *name == id && listed.contains(&id)) {
                Some((root, _)) => roots.push((id, root)),
                None => remove_if_there(&path)?,
            }
        }
        roots.sort_by_key(|(id, root)| (std::cmp::Reverse(root.created), *id));
        for (id, _) in roots.drain(roots.len().min(MOST_COPIES)..) {
            remove_if_there(&folder.join(id.to_string()))?;
        }
        Ok(roots)
    }

    /// The roots that this machine saw acknowledged, whether or not the remote still lists them.
    pub fn acknowledged_once(&self) -> Result<Vec<(Id, Root)>, PackError> {
        let Some(folder) = self.root_copies() else { return Ok(Vec::new()) };
        let read = |id: Id| {
            let (root, name) = Root::decode(&fs::read(folder.join(id.to_string())).ok()?).ok()?;
            (name == id).then_some((id, root))
        };
        Ok(segments_in(&folder)?.into_iter().filter_map(read).collect())
    }

    /// Remembers that a root is acknowledged.
    pub fn acknowledge(&self, root: &Root) -> Result<(), PackError> {
        let Some(folder) = self.root_copies() else { return Ok(()) };
        let (bytes, id) = root.encode();
        fs::create_dir_all(&folder).at("create", &folder)?;
        replace_file(&folder.join(id.to_string()), &bytes)?;
        Ok(())
    }

    /// Reads a root; `None` if it is not there.
    pub fn root(&self, id: &Id) -> Result<Option<Root>, PackError> {
        let key = layout::root(id);
        let damaged = |cause| PackError::Object { store: self.name().to_owned(), key: layout::root(id), cause };
        let bytes = match self.store().get(&key, MAX_LEN as u64) {
            Ok(bytes) => bytes,
            Err(StoreError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match Root::decode(&bytes).map_err(damaged)? {
            (root, name) if name == *id => Ok(Some(root)),
            _ => Err(damaged(FormatError::damaged("root", "it is not what its name says"))),
        }
    }

    /// Removes a root: what it leads to is no longer kept on its account.
    pub fn delete_root(&self, id: &Id) -> Result<(), PackError> {
        self.store().delete(&layout::root(id))?;
        Ok(())
    }

    /// Keeps a copy of a root that is about to be dropped, so that it can be brought back.
    pub fn keep_dropped(&self, root: &Root) -> Result<(), PackError> {
        let Some(folder) = self.copies_in("dropped") else { return Ok(()) };
        let (bytes, id) = root.encode();
        fs::create_dir_all(&folder).at("create", &folder)?;
        replace_file(&folder.join(id.to_string()), &bytes)?;
        Ok(())
    }

    /// The roots that this clone dropped and did not bring back.
    pub fn dropped(&self) -> Result<Vec<(Id, Root)>, PackError> {
        let Some(folder) = self.copies_in("dropped") else { return Ok(Vec::new()) };
        let read = |id: Id| {
            let bytes = fs::read(folder.join(id.to_string())).ok()?;
            Root::decode(&bytes).ok().filter(|(_, name)| *name == id).map(|(root, _)| (id, root))
        };
        Ok(segments_in(&folder)?.into_iter().filter_map(read).collect())
    }

    /// A root that this clone dropped need not be brought back any more.
    pub fn forget_dropped(&self, id: &Id) -> Result<(), PackError> {
        match self.copies_in("dropped") {
            Some(folder) => Ok(remove_if_there(&folder.join(id.to_string()))?),
            None => Ok(()),
        }
    }

    fn root_copies(&self) -> Option<PathBuf> {
        self.copies_in("roots")
    }

    fn copies_in(&self, name: &str) -> Option<PathBuf> {
        match self.index() {
            Index::InPlace(_) => None,
            Index::Copies(copies) => Some(copies.join(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::LocalStore;

    fn root(created: u64) -> Root {
        Root { repository: [1; 16], random: [2; 16], created, commits: Vec::new(), datasets: Vec::new() }
    }

    #[test]
    fn only_roots_that_are_still_listed_are_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(LocalStore::create(&folder.path().join("store")).unwrap());
        let remote = PackStore::remote(store, &folder.path().join("copies"));
        let ids: Vec<Id> = (0..3).map(|created| remote.put_root(&root(created)).unwrap()).collect();
        (0..2).for_each(|created| remote.acknowledge(&root(created)).unwrap());
        let found = |listed: &HashSet<Id>| -> Vec<Id> {
            remote.acknowledged(listed).unwrap().into_iter().map(|(id, _)| id).collect()
        };
        let listed = remote.roots().unwrap();
        assert_eq!(listed, ids.iter().copied().collect());
        assert_eq!(found(&listed), [ids[1], ids[0]]);
        assert_eq!(found(&HashSet::from([ids[0]])), [ids[0]]);
        // The copy of the other was forgotten.
        assert_eq!(found(&listed), [ids[0]]);
    }
}
