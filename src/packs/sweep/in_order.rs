//! All entries of several catalogs, ascending by id, though they are more than fit in memory.

use rayon::prelude::*;

use crate::base::Id;
use crate::format::segment::Segment;

use super::super::catalog::Catalog;
use super::super::mapped::Mapped;

/// So many entries are in memory at once, about: 15 MB.
const AT_ONCE: u64 = 1 << 18;

/// One entry of an index segment.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Of which chunk or page.
    pub id: Id,
    /// The number of its catalog.
    pub catalog: u16,
    /// The number of the segment in the catalog.
    pub segment: u32,
    /// Its number in the segment.
    pub number: u32,
    /// The number of its pack in the segment.
    pub pack: u32,
    /// How many bytes are stored.
    pub stored_len: u32,
}

/// What is left of a segment.
struct Rest<'c> {
    catalog: u16,
    segment: u32,
    bytes: &'c Segment<Mapped>,
    next: usize,
}

/// Tells of all entries, those of one id together, by catalog. What cannot be read of an entry is passed over.
pub fn in_order(catalogs: &[&Catalog], each: impl FnMut(&[Entry])) {
    let parts = catalogs.iter().map(|catalog| catalog.entry_count()).sum::<u64>() / AT_ONCE + 1;
    in_parts(catalogs, parts, each);
}

fn in_parts(catalogs: &[&Catalog], parts: u64, mut each: impl FnMut(&[Entry])) {
    let mut rests = Vec::new();
    for (catalog, all) in (0..).zip(catalogs) {
        let segments = (0..).zip(all.segments());
        rests.extend(segments.map(|(segment, (_, bytes))| Rest { catalog, segment, bytes, next: 0 }));
    }
    for part in 1..=parts {
        let last = if part == parts { u64::MAX } else { u64::MAX / parts * part };
        let mut entries: Vec<Entry> = rests.par_iter_mut().flat_map_iter(|rest| rest.until(last)).collect();
        // Prefixes first: whole ids take much longer to compare.
        entries.par_sort_unstable_by(|one, other| {
            let rest = |entry: &Entry| (entry.id, entry.catalog, entry.segment);
            one.id.prefix().cmp(&other.id.prefix()).then_with(|| rest(one).cmp(&rest(other)))
        });
        entries.chunk_by(|one, next| one.id == next.id).for_each(&mut each);
    }
}

impl Rest<'_> {
    /// The entries that are left of ids with a prefix of at most `last`.
    fn until(&mut self, last: u64) -> Vec<Entry> {
        let mut entries = Vec::new();
        while self.next < self.bytes.entry_count() && self.bytes.id(self.next).prefix() <= last {
            if let Ok(entry) = self.bytes.entry(self.next) {
                let (catalog, segment, number) = (self.catalog, self.segment, self.next as u32);
                let (id, pack, stored_len) = (entry.id, entry.pack, entry.stored_len);
                entries.push(Entry { id, catalog, segment, number, pack, stored_len });
            }
            self.next += 1;
        }
        self.bytes.bytes().let_go();
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::compression::Compression;
    use crate::packs::PackStore;

    #[test]
    fn entries_of_all_segments_come_in_order_and_those_of_one_id_together() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| {
            let packs = PackStore::cache(&folder.path().join(name), Compression::None).unwrap();
            for first in 0..4 {
                super::super::tests::store(&packs, first * 5..first * 5 + 7);
            }
            packs.catalog()
        });
        for parts in [1, 2, 7, 1000] {
            let mut groups = Vec::new();
            in_parts(&[&one, &other], parts, |entries| groups.push(entries.to_vec()));
            assert!(groups.is_sorted_by(|one, next| one[0].id < next[0].id));
            assert_eq!(groups.len(), 22);
            for group in groups {
                assert!(group.iter().all(|entry| entry.id == group[0].id));
                assert!(group.iter().map(|entry| entry.catalog).collect::<Vec<_>>().starts_with(&[0]));
                assert!(group.iter().any(|entry| entry.catalog == 1));
            }
        }
    }
}
