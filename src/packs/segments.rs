//! Index segments on their way into a store, and many small ones made into one.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use crate::base::{AtPath, Id, replace_file};
use crate::format::segment::{self, SegmentEntry, SegmentPack};

use super::catalog::Catalog;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};

/// The cache merges segments when it has more than this many.
const MOST_SEGMENTS: usize = 12;
/// So many of the smallest become one.
const MERGED_AT_ONCE: usize = 8;

impl PackStore {
    /// Makes packs count. The packs that the segment names must be durable.
    pub(super) fn put_segment(&self, id: &Id, bytes: &[u8]) -> Result<(), PackError> {
        self.store().put(&layout::segment(id), bytes)?;
        match self.index() {
            Index::InPlace(folder) => self.merge_segments(folder),
            Index::Copies(copies) => {
                fs::create_dir_all(copies).at("create", copies)?;
                replace_file(&copies.join(id.to_string()), bytes)?;
                Ok(())
            }
        }
    }

    /// Merges the smallest segments of the cache when there are many: each chunk is copied a few times in all.
    fn merge_segments(&self, folder: &Path) -> Result<(), PackError> {
        let path = folder.with_file_name("index.lock");
        let lock = File::create(&path).at("create", &path)?;
        // Whoever holds it is merging already.
        if lock.try_lock().is_err() {
            return Ok(());
        }
        let catalog = Catalog::load(self.name(), folder)?;
        let segments: Vec<_> = catalog.segments().collect();
        if segments.len() <= MOST_SEGMENTS {
            return Ok(());
        }
        // The catalog has the largest first.
        let small = &segments[segments.len() - MERGED_AT_ONCE..];
        let mut packs: HashMap<Id, SegmentPack> = HashMap::new();
        let mut entries: Vec<(Id, SegmentEntry)> = Vec::new();
        for (id, segment) in small {
            let damaged = |cause| PackError::Object { store: self.name().to_owned(), key: layout::segment(id), cause };
            for entry in segment.entries() {
                let entry = entry.map_err(damaged)?;
                let pack = segment.pack(entry.pack as usize).map_err(damaged)?;
                packs.insert(pack.id, pack);
                entries.push((pack.id, entry));
            }
        }
        let (merged, bytes) = merge(packs, entries);
        self.store().put(&layout::segment(&merged), &bytes)?;
        for (id, _) in small.iter().filter(|(id, _)| *id != merged) {
            self.store().delete(&layout::segment(id))?;
        }
        Ok(())
    }
}

fn merge(packs: HashMap<Id, SegmentPack>, mut entries: Vec<(Id, SegmentEntry)>) -> (Id, Vec<u8>) {
    let mut packs: Vec<SegmentPack> = packs.into_values().collect();
    packs.sort_by_key(|pack| pack.id);
    let numbers: HashMap<Id, u32> = packs.iter().enumerate().map(|(at, pack)| (pack.id, at as u32)).collect();
    entries.sort_unstable_by_key(|(pack, entry)| (entry.id, *pack));
    entries.dedup_by_key(|(_, entry)| entry.id);
    let entries: Vec<SegmentEntry> =
        entries.into_iter().map(|(pack, entry)| SegmentEntry { pack: numbers[&pack], ..entry }).collect();
    segment::encode(&packs, &entries)
}
