//! Packs that an interrupted run stored and never indexed: found again, so that the next run goes on from there.
//!
//! In the cache they are the packs that no segment names. For a remote, each stored pack leaves a note on this machine
//! until it is indexed: a segment of that one pack. The trailer of the pack is asked for before the note is believed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::base::{AtPath, Id, PathResult, remove_if_there};
use crate::format::pack::{HEADER_LEN, PackEntry, TRAILER_LEN, Trailer};
use crate::format::segment::{Segment, SegmentPack};

use super::catalog::segments_in;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};

/// A pack and what its footer lists.
pub(super) type Orphan = (SegmentPack, Vec<PackEntry>);

impl PackStore {
    /// The packs that are stored whole and named by no index, and not condemned. In the cache, packs that are lost no
    /// longer count.
    pub(super) fn take_up_orphans(&self) -> Result<Vec<Orphan>, PackError> {
        match self.index() {
            Index::InPlace(_) => self.orphans_in_place(),
            Index::Copies(copies) => self.orphans_sent(copies),
        }
    }

    fn orphans_in_place(&self) -> Result<Vec<Orphan>, PackError> {
        // The index first: a pack is stored before it is indexed, so what the index names must be listed.
        self.reload()?;
        let indexed: HashSet<Id> = self.catalog().packs().iter().map(|pack| pack.id).collect();
        let mut listed = HashSet::new();
        let mut orphans = Vec::new();
        self.store().list(layout::PACKS, &mut |found| {
            let Some(id) = layout::id_of(&found.key) else { return };
            listed.insert(id);
            if !indexed.contains(&id) {
                orphans.push((id, found.bytes));
            }
        })?;
        let condemned = self.condemned_here()?;
        orphans.retain(|(id, _)| !condemned.contains(id));
        let uncounted: HashSet<Id> = indexed.difference(&listed).copied().chain(condemned).collect();
        if uncounted != *self.catalog().avoided() {
            self.avoid(uncounted)?;
        }
        // A pack that cannot be read is left where it lies, for `verify` to tell.
        Ok(orphans.into_iter().filter_map(|(id, bytes)| self.read_footer(&id, bytes).ok()).collect())
    }

    /// Reads what a pack says of itself: header, trailer, footer.
    pub(super) fn read_footer(&self, id: &Id, bytes: u64) -> Result<Orphan, PackError> {
        let key = layout::pack(id);
        let damaged = |cause| PackError::Object { store: self.name().to_owned(), key: layout::pack(id), cause };
        let header = self.store().read(&key, 0..HEADER_LEN as u64)?;
        let end = self.store().read(&key, bytes.saturating_sub(TRAILER_LEN as u64)..bytes)?;
        let trailer = Trailer::decode(&end).map_err(damaged)?;
        let footer = self.store().read(&key, trailer.footer(bytes).map_err(damaged)?)?;
        let (kind, entries) = trailer.entries(&header, &footer).map_err(damaged)?;
        if trailer.id != *id {
            let cause = crate::format::FormatError::damaged("pack", "it is not what its name says");
            return Err(damaged(cause));
        }
        Ok((SegmentPack { id: *id, bytes, kind }, entries))
    }

    fn orphans_sent(&self, copies: &Path) -> Result<Vec<Orphan>, PackError> {
        let folder = sent_folder(copies);
        let catalog = self.catalog();
        let indexed: HashSet<Id> = catalog.packs().iter().map(|pack| pack.id).collect();
        let mut orphans = Vec::new();
        for id in segments_in(&folder)? {
            let is_open = !indexed.contains(&id) && !catalog.avoided().contains(&id);
            match read_note(&folder, &id).filter(|_| is_open) {
                Some(orphan) if self.is_there(&orphan.0) => orphans.push(orphan),
                _ => remove_if_there(&folder.join(id.to_string()))?,
            }
        }
        Ok(orphans)
    }

    fn is_there(&self, pack: &SegmentPack) -> bool {
        let end = pack.bytes.saturating_sub(TRAILER_LEN as u64)..pack.bytes;
        let trailer = self.store().read(&layout::pack(&pack.id), end).ok();
        trailer.and_then(|bytes| Trailer::decode(&bytes).ok()).is_some_and(|trailer| trailer.id == pack.id)
    }

    /// The packs of these names are indexed: their notes are no longer needed.
    pub(super) fn forget_sent(&self, packs: &[Id]) -> Result<(), PackError> {
        if let Index::Copies(copies) = self.index() {
            for id in packs {
                remove_if_there(&sent_folder(copies).join(id.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Where the notes of packs lie that were sent to a remote and are not indexed yet.
pub(super) fn sent_folder(copies: &Path) -> PathBuf {
    copies.join("sent")
}

/// Leaves a note that a pack was sent. Its loss costs a second sending, so it is not synced.
pub(super) fn leave_note(folder: &Path, pack: &SegmentPack, note: &[u8]) -> PathResult<()> {
    fs::create_dir_all(folder).at("create", folder)?;
    let path = folder.join(pack.id.to_string());
    let unfinished = path.with_extension("tmp");
    fs::write(&unfinished, note).at("write", &unfinished)?;
    fs::rename(&unfinished, &path).at("replace", &path)
}

fn read_note(folder: &Path, id: &Id) -> Option<Orphan> {
    let segment = Segment::open(fs::read(folder.join(id.to_string())).ok()?).ok()?;
    segment.check().ok()?;
    let pack = segment.pack(0).ok().filter(|pack| pack.id == *id && segment.pack_count() == 1)?;
    let entries = segment.entries().map(|entry| {
        let entry = entry.ok()?;
        Some(PackEntry {
            id: entry.id,
            offset: entry.offset,
            stored_len: entry.stored_len,
            raw_len: entry.raw_len,
            codec: entry.codec,
        })
    });
    Some((pack, entries.collect::<Option<Vec<_>>>()?))
}
