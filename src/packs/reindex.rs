//! Segments that take the place of others: packs are taken out of the index, and many small segments become few.
//!
//! The new segment is stored before the old ones go, under a name that was never used, so that at every moment, whoever
//! else does the same, each pack that nobody took out is named by some segment.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::base::{Id, remove_if_there, replace_file};
use crate::format::FormatError;
use crate::format::segment::{self, Segment, SegmentEntry, SegmentPack};

use super::catalog::{Named, open_segments, packs_in};
use super::dice::random;
use super::error::PackError;
use super::layout;
use super::mapped::Mapped;
use super::open::{Index, PackStore};
use super::segments::{ENOUGH_ENTRIES, index_lock};

/// A store that has more small segments than this gets them merged.
const MOST_SEGMENTS: usize = 32;

impl PackStore {
    /// Takes packs out of the index: no segment names them afterwards, and each other pack is named throughout.
    ///
    /// # Errors
    /// `Object` if a segment is damaged: nothing of that segment is changed. After any error, a second call goes on.
    pub fn unindex(&self, packs: &HashSet<Id>) -> Result<(), PackError> {
        let _lock = match self.index() {
            Index::InPlace(folder) => {
                let lock = index_lock(folder)?;
                lock.lock().map_err(|source| crate::base::PathError {
                    doing: "lock",
                    path: folder.with_file_name("index.lock"),
                    source,
                })?;
                Some(lock)
            }
            Index::Copies(_) => {
                self.fetch_whole_index()?;
                None
            }
        };
        let segments = open_segments(self.name(), self.index_folder(), &HashSet::new())?;
        let all: Vec<&Named> = segments.iter().collect();
        let is_small = |segment: &Segment<Mapped>| segment.entry_count() < ENOUGH_ENTRIES;
        let is_many = all.iter().filter(|(_, segment)| is_small(segment)).count() > MOST_SEGMENTS;
        let touched =
            |segment: &Segment<Mapped>| packs_in(segment).into_iter().flatten().any(|pack| packs.contains(&pack.id));
        let concerned: Vec<&Named> =
            all.into_iter().filter(|(_, segment)| (is_many && is_small(segment)) || touched(segment)).collect();
        // The largest come first, each alone; at the end there are many small ones.
        let mut rest = &concerned[..];
        while !rest.is_empty() {
            let (together, others) = rest.split_at(fitting(rest));
            self.rewrite(together, packs)?;
            rest = others;
        }
        self.reload()
    }

    /// Makes some segments into one, without the packs of `without`.
    pub(super) fn rewrite(&self, old: &[&Named], without: &HashSet<Id>) -> Result<(), PackError> {
        if let [(_, only)] = old
            && !packs_in(only).into_iter().flatten().any(|pack| without.contains(&pack.id))
        {
            return Ok(());
        }
        let mut joined = self.join(old, without)?;
        while let Some((id, bytes)) = joined.next_segment() {
            self.store().put(&layout::segment(&id), &bytes)?;
            if let Index::Copies(copies) = self.index() {
                replace_file(&copies.join(id.to_string()), &bytes)?;
            }
        }
        for (id, _) in old {
            self.store().delete(&layout::segment(id))?;
            if let Index::Copies(copies) = self.index() {
                remove_if_there(&copies.join(id.to_string()))?;
            }
        }
        Ok(())
    }

    /// All that some segments say, without the packs of `without`.
    fn join(&self, old: &[&Named], without: &HashSet<Id>) -> Result<Joined, PackError> {
        let damaged =
            |id: &Id, cause| PackError::Object { store: self.name().to_owned(), key: layout::segment(id), cause };
        let mut packs: BTreeMap<Id, SegmentPack> = BTreeMap::new();
        for (id, segment) in old {
            let found = segment.check().map_err(|cause| damaged(id, cause))?;
            segment.bytes().let_go();
            if found != *id {
                return Err(damaged(id, FormatError::damaged("index segment", "it is not what its name says")));
            }
            for pack in packs_in(segment) {
                let pack = pack.map_err(|cause| damaged(id, cause))?;
                packs.insert(pack.id, pack);
            }
        }
        packs.retain(|id, _| !without.contains(id));
        let packs: Vec<SegmentPack> = packs.into_values().collect();
        let mut entries = Vec::with_capacity(old.iter().map(|(_, segment)| segment.entry_count()).sum());
        for (id, segment) in old {
            let numbers = packs_in(segment)
                .into_iter()
                .map(|pack| Ok(packs.binary_search_by_key(&pack?.id, |pack| pack.id).ok()));
            let numbers = numbers.collect::<Result<Vec<_>, _>>().map_err(|cause| damaged(id, cause))?;
            for entry in segment.entries() {
                let entry = entry.map_err(|cause| damaged(id, cause))?;
                let outside = || FormatError::damaged("index segment", "an entry names no pack of its table");
                let number = numbers.get(entry.pack as usize).ok_or_else(|| damaged(id, outside()))?;
                entries.extend(number.map(|number| SegmentEntry { pack: number as u32, ..entry }));
            }
            segment.bytes().let_go();
        }
        entries.sort_unstable_by_key(|entry| (entry.id, entry.pack));
        entries.dedup_by_key(|entry| (entry.id, entry.pack));
        Ok(Joined { packs, entries })
    }
}

/// How many of the first segments are made into one: until it has enough, one at least.
pub(super) fn fitting(segments: &[&Named]) -> usize {
    let mut entries = 0;
    let fit = segments.iter().take_while(|(_, segment)| {
        let is_enough = entries >= ENOUGH_ENTRIES;
        entries += segment.entry_count();
        !is_enough
    });
    fit.count().max(1)
}

/// What several segments say together.
struct Joined {
    /// Ascending by id.
    packs: Vec<SegmentPack>,
    /// Ascending by id and pack.
    entries: Vec<SegmentEntry>,
}

impl Joined {
    /// The next of the segments that say all of it; `None` when all is said. A chunk that lies in several packs stays
    /// named in each of them: whoever takes out the one must not take away the other. A segment has one place for a
    /// chunk, so the second goes to another.
    fn next_segment(&mut self) -> Option<(Id, Vec<u8>)> {
        if self.packs.is_empty() {
            return None;
        }
        let mut last = None;
        let again: Vec<SegmentEntry> =
            self.entries.extract_if(.., |entry| last.replace(entry.id) == Some(entry.id)).collect();
        let segment = segment::encode_anew(random(), &self.packs, &self.entries);
        self.entries = again;
        self.drop_unnamed();
        Some(segment)
    }

    /// Drops the packs that no entry names.
    fn drop_unnamed(&mut self) {
        let named: BTreeSet<u32> = self.entries.iter().map(|entry| entry.pack).collect();
        self.packs = named.iter().map(|number| self.packs[*number as usize]).collect();
        let numbers: HashMap<u32, u32> = named.into_iter().zip(0..).collect();
        self.entries.iter_mut().for_each(|entry| entry.pack = numbers[&entry.pack]);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::format::compression::{Compression, Noticer};
    use crate::format::pack::PackKind;
    use crate::store::LocalStore;

    fn store(packs: &PackStore, raws: &[&[u8]]) -> Id {
        packs.refresh(true).unwrap();
        let writer = packs.writer().unwrap();
        for raw in raws {
            writer.add(PackKind::Chunks, Id::of(raw), raw, &mut Noticer::new(Compression::None)).unwrap();
        }
        writer.finish().unwrap();
        packs.find(&Id::of(raws[0])).unwrap().pack
    }

    /// A cache, and a remote.
    fn both(folder: &Path) -> [PackStore; 2] {
        let local = LocalStore::create(&folder.join("store")).unwrap();
        let remote = PackStore::remote(Arc::new(local), &folder.join("copies"));
        [PackStore::cache(&folder.join("cache"), Compression::None).unwrap(), remote]
    }

    #[test]
    fn a_pack_is_taken_out_and_all_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        for packs in both(folder.path()) {
            let [one, two] = [&[&b"a"[..], b"b"][..], &[b"c"]].map(|raws| store(&packs, raws));
            // The segments of both become one: the pack is taken out of a segment that names others.
            let catalog = packs.catalog();
            let all: Vec<_> = catalog.segments().collect();
            packs.rewrite(&all, &HashSet::new()).unwrap();
            packs.refresh(false).unwrap();
            assert_eq!((packs.catalog().segments().count(), packs.catalog().packs().len()), (1, 2));
            packs.unindex(&HashSet::from([one])).unwrap();
            assert!(packs.find(&Id::of(b"a")).is_none() && packs.find(&Id::of(b"b")).is_none());
            assert_eq!(packs.find(&Id::of(b"c")).unwrap().pack, two);
            assert_eq!(packs.catalog().packs().len(), 1);
            packs.unindex(&HashSet::from([two])).unwrap();
            assert_eq!(packs.catalog().segments().count(), 0);
        }
    }

    #[test]
    fn a_chunk_stays_named_in_each_of_its_packs() {
        let folder = tempfile::tempdir().unwrap();
        for packs in both(folder.path()) {
            let one = store(&packs, &[b"twice", b"a"]);
            let id = Id::of(b"twice");
            packs.condemn([one]).unwrap();
            let two = store(&packs, &[b"twice", b"b"]);
            assert_ne!(one, two);
            let catalog = packs.catalog();
            packs.rewrite(&catalog.segments().collect::<Vec<_>>(), &HashSet::new()).unwrap();
            packs.refresh(false).unwrap();
            packs.unindex(&HashSet::from([one])).unwrap();
            assert_eq!(packs.find(&id).unwrap().pack, two);
        }
    }

    #[test]
    fn a_segment_never_comes_back_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for packs in both(folder.path()) {
            let kept = store(&packs, &[b"kept"]);
            let name = packs.catalog().segments().next().unwrap().0;
            let gone = store(&packs, &[b"gone"]);
            let catalog = packs.catalog();
            packs.rewrite(&catalog.segments().collect::<Vec<_>>(), &HashSet::new()).unwrap();
            packs.unindex(&HashSet::from([gone])).unwrap();
            // Somebody who merged the first segment long ago comes to remove it only now.
            packs.store().delete(&layout::segment(&name)).unwrap();
            packs.refresh(false).unwrap();
            assert_eq!(packs.find(&Id::of(b"kept")).unwrap().pack, kept);
        }
    }

    #[test]
    fn many_small_segments_of_a_remote_become_few() {
        let folder = tempfile::tempdir().unwrap();
        let [_, remote] = both(folder.path());
        let count = MOST_SEGMENTS as u64 + 1;
        (0..count).for_each(|at| {
            store(&remote, &[&at.to_le_bytes()]);
        });
        remote.unindex(&HashSet::new()).unwrap();
        assert_eq!(remote.catalog().segments().count(), 1);
        assert!((0..count).all(|at| remote.read(&Id::of(&at.to_le_bytes())).is_ok()));
    }

    #[test]
    fn a_damaged_segment_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let [cache, _] = both(folder.path());
        let pack = store(&cache, &[b"a"]);
        let name = cache.catalog().segments().next().unwrap().0;
        let path = folder.path().join("cache/index").join(name.to_string());
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = cache.unindex(&HashSet::from([pack])).unwrap_err();
        assert!(matches!(error, PackError::Object { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}
