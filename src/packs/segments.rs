//! Index segments on their way into a store, and many small ones made into one.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::Path;

use crate::base::{AtPath, Id, replace_file};

use super::catalog::Named;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};
use super::reindex::fitting;

/// So many chunks are indexed in one go, and a segment that has so many is not made into one with others: a writer, or a
/// merge, of any length needs some 50 MB for it, and each chunk is copied a few times in all. A look-up of a chunk in
/// many segments is what guides are for.
pub(super) const ENOUGH_ENTRIES: usize = 1 << 18;
/// The cache merges small segments when it has more than this many.
const MOST_SEGMENTS: usize = 12;
/// So many of the smallest become one, or fewer.
const MERGED_AT_ONCE: usize = 8;

/// The file that whoever replaces segments of the cache locks: two at once would bring back what one took out.
pub(super) fn index_lock(folder: &Path) -> Result<File, PackError> {
    let path = folder.with_file_name("index.lock");
    Ok(File::create(&path).at("create", &path)?)
}

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

    /// Merges the smallest segments of the cache when there are many small ones.
    fn merge_segments(&self, folder: &Path) -> Result<(), PackError> {
        let lock = index_lock(folder)?;
        // Whoever holds it is merging already.
        if lock.try_lock().is_err() {
            return Ok(());
        }
        let segments = self.load_segments()?;
        let mut small: Vec<&Named> = segments.iter().collect();
        small.retain(|(_, segment)| segment.entry_count() < ENOUGH_ENTRIES);
        if small.len() <= MOST_SEGMENTS {
            return Ok(());
        }
        // The largest come first.
        small.reverse();
        let count = fitting(&small).min(MERGED_AT_ONCE);
        self.rewrite(&small[..count], &HashSet::new())
    }
}
