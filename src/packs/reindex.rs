//! Segments that take the place of others: packs are taken out of the index, and many small segments become few.
//!
//! The new segment is stored before the old ones go, under a name that was never used, so that at every moment, whoever
//! else does the same, each pack that nobody took out is named by some segment.

use std::collections::{HashMap, HashSet};

use memmap2::Mmap;

use crate::base::{Id, remove_if_there, replace_file};
use crate::format::FormatError;
use crate::format::segment::{self, Segment, SegmentEntry, SegmentPack};

use super::catalog::Catalog;
use super::dice::random;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};
use super::segments::index_lock;

/// A store that has more segments than this gets the small ones merged.
const MOST_SEGMENTS: usize = 32;
/// No segment that others are merged into gets more entries than this: about 50 MB.
const MOST_ENTRIES: usize = 1 << 20;

type Named = (Id, Segment<Mmap>);

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
        let catalog = Catalog::load(self.name(), self.index_folder())?;
        let all: Vec<&Named> = catalog.segments().collect();
        let is_many = all.len() > MOST_SEGMENTS;
        let touched = |segment: &Segment<Mmap>| packs_of(segment).flatten().any(|pack| packs.contains(&pack.id));
        let concerned: Vec<&Named> = all
            .into_iter()
            .filter(|(_, segment)| (is_many && segment.entry_count() < MOST_ENTRIES) || touched(segment))
            .collect();
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
            && !packs_of(only).flatten().any(|pack| without.contains(&pack.id))
        {
            return Ok(());
        }
        let mut packs: HashMap<Id, SegmentPack> = HashMap::new();
        let mut entries: Vec<(Id, SegmentEntry)> = Vec::new();
        for (id, segment) in old {
            let damaged = |cause| PackError::Object { store: self.name().to_owned(), key: layout::segment(id), cause };
            let found = segment.check().map_err(damaged)?;
            if found != *id {
                return Err(damaged(FormatError::damaged("index segment", "it is not what its name says")));
            }
            let named = packs_of(segment).collect::<Result<Vec<_>, _>>().map_err(damaged)?;
            packs.extend(named.iter().filter(|pack| !without.contains(&pack.id)).map(|pack| (pack.id, *pack)));
            for entry in segment.entries() {
                let entry = entry.map_err(damaged)?;
                let outside = || damaged(FormatError::damaged("index segment", "an entry names no pack of its table"));
                let pack = named.get(entry.pack as usize).ok_or_else(outside)?.id;
                if !without.contains(&pack) {
                    entries.push((pack, entry));
                }
            }
        }
        for (id, bytes) in encode(packs, entries) {
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
}

fn packs_of(segment: &Segment<Mmap>) -> impl Iterator<Item = Result<SegmentPack, FormatError>> {
    (0..segment.pack_count()).map(|at| segment.pack(at))
}

/// How many of the first segments fit into one; one at least.
fn fitting(segments: &[&Named]) -> usize {
    let mut entries = 0;
    let fit = segments.iter().take_while(|(_, segment)| {
        entries += segment.entry_count();
        entries <= MOST_ENTRIES
    });
    fit.count().max(1)
}

/// Segments that name all packs and all entries. A chunk that lies in several packs stays named in each of them: whoever
/// takes out the one must not take away the other. A segment has one place for a chunk, so the second goes to another.
fn encode(mut packs: HashMap<Id, SegmentPack>, mut entries: Vec<(Id, SegmentEntry)>) -> Vec<(Id, Vec<u8>)> {
    let mut segments = Vec::new();
    entries.sort_unstable_by_key(|(pack, entry)| (entry.id, *pack));
    entries.dedup_by_key(|(pack, entry)| (entry.id, *pack));
    while !packs.is_empty() {
        let mut last = None;
        let (first, again): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(_, entry)| last.replace(entry.id) != Some(entry.id));
        segments.push(encode_one(&packs, first));
        let named: HashSet<Id> = again.iter().map(|(pack, _)| *pack).collect();
        packs.retain(|pack, _| named.contains(pack));
        entries = again;
    }
    segments
}

fn encode_one(packs: &HashMap<Id, SegmentPack>, entries: Vec<(Id, SegmentEntry)>) -> (Id, Vec<u8>) {
    let mut packs: Vec<SegmentPack> = packs.values().copied().collect();
    packs.sort_by_key(|pack| pack.id);
    let numbers: HashMap<Id, u32> = packs.iter().enumerate().map(|(at, pack)| (pack.id, at as u32)).collect();
    let numbered = entries.into_iter().map(|(pack, entry)| SegmentEntry { pack: numbers[&pack], ..entry });
    segment::encode_anew(random(), &packs, &numbered.collect::<Vec<_>>())
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
