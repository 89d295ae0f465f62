//! One pack, all its bytes: what of it is good, and what is wrong with the rest.

use std::collections::HashMap;

use crate::base::Id;
use crate::format::codec;
use crate::format::pack::{self, HEADER_LEN, Layout, PackEntry, PackKind, RECORD_LEN};
use crate::format::{FormatError, record};

/// Records that turn out to be none are hashed up to so many times the length of the pack: a hostile pack of nothing
/// but such records must not take forever.
const MOST_HASHED: usize = 8;

/// What reading all bytes of a pack told.
#[derive(Debug, Default)]
pub struct Reading {
    /// What the pack holds.
    pub kind: Option<PackKind>,
    /// The chunks and pages that are good.
    pub good: Vec<PackEntry>,
    /// What is wrong, if something is.
    pub flaw: Option<String>,
}

impl Reading {
    /// Hashes all that the pack `name` holds.
    pub fn of(name: &Id, bytes: &[u8]) -> Reading {
        match decoded(name, bytes) {
            Ok((kind, entries)) if Layout::of(bytes) == Layout::Container => ranges(kind, entries, bytes),
            Ok((kind, entries)) => whole(kind, entries, bytes),
            Err(cause) => salvaged(bytes, cause.to_string()),
        }
    }

    /// Where the good chunks begin, by id.
    pub fn offsets(&self) -> HashMap<Id, u32> {
        self.good.iter().map(|entry| (entry.id, entry.offset)).collect()
    }
}

fn decoded(name: &Id, bytes: &[u8]) -> Result<(PackKind, Vec<PackEntry>), FormatError> {
    let (id, kind, entries) = pack::decode(bytes)?;
    match id == *name {
        true => Ok((kind, entries)),
        false => Err(FormatError::damaged("pack", "it is not what its name says")),
    }
}

/// Header, footer and trailer are good: whatever is wrong lies in records.
fn whole(kind: PackKind, mut entries: Vec<PackEntry>, bytes: &[u8]) -> Reading {
    entries.sort_by_key(|entry| entry.offset);
    let mut reading = Reading { kind: Some(kind), ..Reading::default() };
    let mut raw = Vec::new();
    let mut end = HEADER_LEN;
    for entry in entries {
        let start = (entry.offset as usize).saturating_sub(RECORD_LEN);
        let header = record::decode(bytes, start);
        if start != end {
            reading.note("between two records lies what belongs to none".to_owned());
        }
        if header != Ok(entry) {
            let cause = header.err().map_or("it is not what the footer says".to_owned(), |cause| cause.to_string());
            reading.note(format!("the record of {}: {cause}", entry.id.short()));
        }
        end = entry.offset as usize + entry.stored_len as usize;
        match unpack(&entry, bytes, &mut raw) {
            Ok(()) => reading.good.push(entry),
            Err(reason) => reading.note(format!("chunk {}: {reason}", entry.id.short())),
        }
    }
    let footer = (reading.good.len() * pack::ENTRY_LEN) as u64 + pack::TRAILER_LEN as u64;
    if reading.flaw.is_none() && end as u64 + footer != bytes.len() as u64 {
        reading.note("between the last record and the footer lies what belongs to neither".to_owned());
    }
    reading
}

/// A container whose ends are good. What lies between its chunks belongs to nobody.
fn ranges(kind: PackKind, mut entries: Vec<PackEntry>, bytes: &[u8]) -> Reading {
    entries.sort_by_key(|entry| entry.offset);
    let mut reading = Reading { kind: Some(kind), ..Reading::default() };
    let mut raw = Vec::new();
    for entry in entries {
        match unpack(&entry, bytes, &mut raw) {
            Ok(()) => reading.good.push(entry),
            Err(reason) => reading.note(format!("chunk {}: {reason}", entry.id.short())),
        }
    }
    reading
}

/// What is left of a pack whose header, footer or trailer is not good: the hash decides.
fn salvaged(bytes: &[u8], flaw: String) -> Reading {
    let mut reading = Reading { flaw: Some(flaw), ..Reading::default() };
    let (mut raw, mut at, mut wasted) = (Vec::new(), 0, 0);
    while let Some(start) = record::find(bytes, at) {
        at = start + 1;
        let Ok(entry) = record::decode(bytes, start) else { continue };
        if unpack(&entry, bytes, &mut raw).is_ok() {
            at = entry.offset as usize + entry.stored_len as usize;
            let is_page = [&b"esktree"[..], b"eskmani"].iter().any(|letters| raw.starts_with(letters));
            reading.kind.get_or_insert(if is_page { PackKind::Pages } else { PackKind::Chunks });
            reading.good.push(entry);
            continue;
        }
        wasted += entry.raw_len as usize;
        if wasted > bytes.len().saturating_mul(MOST_HASHED) {
            break;
        }
    }
    reading
}

impl Reading {
    /// Keeps the first thing that is wrong.
    fn note(&mut self, flaw: String) {
        self.flaw.get_or_insert(flaw);
    }
}

/// Puts the raw bytes of a chunk into `raw`, if their hash is its id.
pub fn unpack(entry: &PackEntry, pack: &[u8], raw: &mut Vec<u8>) -> Result<(), String> {
    raw.clear();
    let start = entry.offset as usize;
    let stored = pack.get(start..start + entry.stored_len as usize).ok_or("it reaches past the end")?;
    codec::decompress(entry.codec, stored, entry.raw_len as usize, raw).map_err(|cause| cause.to_string())?;
    match Id::of(raw) {
        id if id == entry.id => Ok(()),
        found => Err(format!("its bytes hash to {}", found.short())),
    }
}
