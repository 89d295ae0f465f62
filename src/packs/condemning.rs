//! Packs that a collector is about to remove: a record says so first, and what is recorded no longer counts.
//!
//! A record is never revoked: names of packs are not used again, so nobody needs to.

use std::collections::HashSet;

use crate::base::Id;

use super::catalog::segments_in;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};

impl PackStore {
    /// Records that packs will be removed. From now on they do not count here, nor for anybody who looks later.
    ///
    /// # Errors
    /// After any error some are recorded and others not; a second call goes on from there.
    pub fn condemn(&self, packs: impl IntoIterator<Item = Id>) -> Result<(), PackError> {
        let mut uncounted = self.catalog().avoided().clone();
        for pack in packs {
            self.store().put(&layout::condemned(&pack), b"")?;
            uncounted.insert(pack);
        }
        self.avoid(uncounted)
    }

    /// The names of the packs that somebody condemned: one listing.
    pub fn condemned(&self) -> Result<HashSet<Id>, PackError> {
        self.ids_below(layout::CONDEMNED)
    }

    /// The same in the cache, where every look at the index begins with it; nothing of a remote.
    pub(super) fn condemned_here(&self) -> Result<HashSet<Id>, PackError> {
        match self.index() {
            Index::InPlace(index) => Ok(segments_in(&index.with_file_name("condemned"))?.into_iter().collect()),
            Index::Copies(_) => Ok(HashSet::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::format::compression::{Compression, Noticer};
    use crate::format::pack::PackKind;

    fn cache(folder: &Path) -> PackStore {
        PackStore::cache(folder, Compression::None).unwrap()
    }

    fn store(cache: &PackStore, raw: &[u8]) -> Id {
        let (writer, id) = (cache.writer().unwrap(), Id::of(raw));
        writer.add(PackKind::Chunks, id, raw, &mut Noticer::new(Compression::None)).unwrap();
        writer.finish().unwrap();
        id
    }

    #[test]
    fn what_is_condemned_in_the_cache_does_not_count_for_anybody() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (cache(folder.path()), cache(folder.path()));
        let (goes, stays) = (store(&one, b"goes"), store(&one, b"stays"));
        other.reload().unwrap();
        let pack = other.find(&goes).unwrap().pack;
        one.condemn([pack]).unwrap();
        assert_eq!(one.condemned().unwrap(), HashSet::from([pack]));
        other.reload().unwrap();
        for cache in [&one, &other, &cache(folder.path())] {
            assert!(cache.find(&goes).is_none() && cache.find(&stays).is_some());
        }
        // It is stored again, and counts in its new pack.
        store(&other, b"goes");
        assert!(other.find(&goes).is_some_and(|place| place.pack != pack));
    }

    #[test]
    fn a_condemned_pack_that_no_index_names_is_not_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let one = cache(folder.path());
        let id = store(&one, b"goes");
        let pack = one.find(&id).unwrap().pack;
        std::fs::remove_dir_all(folder.path().join("index")).unwrap();
        assert_eq!(cache(folder.path()).take_up_orphans().unwrap().len(), 1);
        one.condemn([pack]).unwrap();
        assert_eq!(cache(folder.path()).take_up_orphans().unwrap().len(), 0);
    }
}
