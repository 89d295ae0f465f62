//! Mending a pack store: an index made anew from packs, good chunks of damaged packs in fresh ones, damage set aside.
//!
//! Nothing is ever deleted that is not stored elsewhere first.

use std::fs;
use std::path::Path;

use super::super::catalog::segments_in;
use super::super::error::PackError;
use super::super::layout;
use super::super::open::PackStore;
use super::super::storing::{StoredPack, encode_segment};
use super::super::transfer::transfer;
use super::super::writer::Writer;
use crate::base::{Id, Job, PathResult, Step, remove_if_there};
use crate::format::compression::Noticer;
use crate::format::store_config::StoreConfig;
use crate::store::{Key, StoreError};

use super::look::{Look, check_segment, is_newer_pack};
use super::pack::{Reading, unpack};

/// The largest object that is set aside; packs never are.
const LARGEST_ASIDE: u64 = 64 << 30;
/// So many packs are named by one segment that is made anew: some 20 million chunks at most.
const PACKS_AT_ONCE: usize = 1024;

/// What became of packs that no segment names.
#[derive(Debug, Default)]
pub struct IndexMended {
    /// How many are indexed now.
    pub indexed: u64,
    /// Those whose footer cannot be read: their chunks must be looked for one by one.
    pub unreadable: Vec<Id>,
}

impl PackStore {
    /// Writes an index for packs that no segment names, from their footers.
    pub fn index_packs(&self, look: &Look, packs: &[Id], job: &Job<'_>) -> Result<IndexMended, PackError> {
        let mut mended = IndexMended::default();
        for some in packs.chunks(PACKS_AT_ONCE) {
            let mut stored = Vec::new();
            for id in some {
                job.check()?;
                let bytes = look.packs.get(id).copied().unwrap_or_default();
                match self.read_footer(id, bytes) {
                    Ok((pack, entries)) => stored.push(StoredPack { pack, entries }),
                    Err(error) if error.is_about_data() => mended.unreadable.push(*id),
                    Err(error) => return Err(error),
                }
            }
            if stored.is_empty() {
                continue;
            }
            stored.sort_by_key(|stored| stored.pack.id);
            mended.indexed += stored.len() as u64;
            let (id, bytes) = encode_segment(&stored);
            self.put_segment(&id, &bytes)?;
        }
        self.reload()?;
        Ok(mended)
    }

    /// Moves a damaged object to where nobody takes it for a good one. Its bytes are kept. `false` if it is not there.
    pub fn set_aside(&self, damaged: &Key) -> Result<bool, PackError> {
        let bytes = match self.store().get(damaged, LARGEST_ASIDE) {
            Ok(bytes) => bytes,
            Err(StoreError::Missing { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        // A store may keep what it has under a key: what is already aside must be these very bytes.
        let mut aside = layout::quarantine(damaged, None);
        match self.store().get(&aside, LARGEST_ASIDE) {
            Ok(there) if there == bytes => {}
            Ok(_) => aside = layout::quarantine(damaged, Some(&Id::of(&bytes))),
            Err(StoreError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.store().put(&aside, &bytes)?;
        self.store().delete(damaged)?;
        Ok(true)
    }

    /// Writes the config of an empty store; what was there is set aside before.
    pub fn renew_config(&self) -> Result<(), PackError> {
        self.set_aside(&layout::config())?;
        Ok(self.store().put(&layout::config(), &StoreConfig::default().to_bytes())?)
    }

    /// Stores the good chunks of a damaged pack through `to`.
    ///
    /// Returns `false`, and stores nothing, if the pack was written by a newer esker and may be good.
    pub fn salvage(&self, look: &Look, pack: &Id, to: &Writer<'_>, job: &Job<'_>) -> Result<bool, PackError> {
        let listed = look.packs.get(pack).copied().unwrap_or_default();
        let bytes = match self.pack_bytes(pack, listed) {
            Ok(bytes) => bytes,
            Err(error) if error.is_about_data() => return Ok(true),
            Err(error) => return Err(error),
        };
        if is_newer_pack(pack, &bytes) {
            return Ok(false);
        }
        let reading = Reading::of(pack, &bytes);
        let Some(kind) = reading.kind else { return Ok(true) };
        let mut noticer = Noticer::new(to.compression());
        let mut raw = Vec::new();
        for entry in &reading.good {
            job.check()?;
            if unpack(entry, &bytes, &mut raw).is_ok() {
                let start = entry.offset as usize;
                let stored = &bytes[start..start + entry.stored_len as usize];
                to.add_stored(kind, entry.id, (entry.codec, stored), &raw, &mut noticer)?;
            }
        }
        Ok(true)
    }

    /// Stores the chunks of `ids` through `to` that lie in condemned packs only: those packs will go.
    pub fn rescue_condemned(&self, look: &Look, ids: &[Id], to: &Writer<'_>, job: &Job<'_>) -> Result<(), PackError> {
        let mut noticer = Noticer::new(to.compression());
        for (id, place) in ids.iter().filter_map(|id| look.in_condemned(id).map(|place| (*id, place))) {
            job.check()?;
            match self.read_at(&id, &place) {
                Ok(raw) => drop(to.add(place.kind, id, &raw, &mut noticer)?),
                Err(error) if error.is_about_data() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Drops copies of a remote's segments that are damaged: they are fetched again when they are needed. Returns how many.
pub fn drop_damaged_copies(copies: &Path) -> PathResult<u64> {
    let mut dropped = 0;
    for id in segments_in(copies)? {
        let path = copies.join(id.to_string());
        if !fs::read(&path).is_ok_and(|bytes| check_segment(&id, &bytes).is_ok()) {
            remove_if_there(&path)?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// As [`transfer`], passing over what `from` has not got, or has damaged.
pub fn transfer_good(
    from: &PackStore,
    to: &Writer<'_>,
    wanted: &[Id],
    step: Step,
    job: &Job<'_>,
) -> Result<(), PackError> {
    let there: Vec<Id> = wanted.iter().filter(|id| from.find(id).is_some()).copied().collect();
    match transfer(from, to, &there, step, job) {
        Err(error) if error.is_about_data() => {}
        other => return other,
    }
    // One of them is not good: which ones are is found out one by one.
    let mut noticer = Noticer::new(to.compression());
    for id in there.iter().filter(|id| !to.has(id)) {
        job.check()?;
        let read = from.place(id).and_then(|place| Ok((place, from.read(id)?)));
        match read {
            Ok((place, raw)) => drop(to.add(place.kind, *id, &raw, &mut noticer)?),
            Err(error) if error.is_about_data() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
