//! Packs read: from the end, where the footer is found, or whole.

use std::ops::Range;

use super::super::codec::{Codec, MAX_RAW};
use super::super::cursor::Reader;
use super::super::error::FormatError;
use super::shape::{END, ENTRY_LEN, HEADER_LEN, LETTERS, Layout, PackEntry, PackKind, TRAILER_LEN, WHAT};
use super::write::name;
use crate::base::Id;

/// The end of a pack, from which its footer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    count: u32,
    /// The pack's name, as it says itself.
    pub id: Id,
}

impl Trailer {
    /// Decodes the last [`TRAILER_LEN`] bytes of a pack.
    pub fn decode(bytes: &[u8]) -> Result<Trailer, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        let count = reader.u32()?;
        reader.zeros(4)?;
        let id = reader.id()?;
        if reader.take(END.len())? != END {
            return Err(reader.damaged("it does not end with `eskfoot`"));
        }
        reader.end()?;
        Ok(Trailer { count, id })
    }

    /// Where the footer of a pack of `pack_bytes` lies.
    pub fn footer(&self, pack_bytes: u64) -> Result<Range<u64>, FormatError> {
        let footer_len = u64::from(self.count) * ENTRY_LEN as u64;
        let end = pack_bytes.saturating_sub(TRAILER_LEN as u64);
        match end.checked_sub(footer_len) {
            Some(start) if start >= HEADER_LEN as u64 => Ok(start..end),
            _ => Err(FormatError::damaged(WHAT, format!("{} chunks do not fit in {pack_bytes} bytes", self.count))),
        }
    }

    /// Decodes header and footer, and checks them against the name.
    ///
    /// Entries come ascending by id; every one lies between header and footer.
    pub fn entries(&self, header: &[u8], footer: &[u8]) -> Result<(PackKind, Vec<PackEntry>), FormatError> {
        let (kind, layout) = decode_header(header)?;
        if name(header, footer, self.count) != self.id {
            return Err(FormatError::damaged(WHAT, "its footer does not match its name"));
        }
        let mut reader = Reader::new(WHAT, footer);
        let count = reader.bounded(self.count.into(), ENTRY_LEN)?;
        let mut entries: Vec<PackEntry> = Vec::with_capacity(count);
        for _ in 0..count {
            let entry = decode_entry(&mut reader, layout)?;
            if entries.last().is_some_and(|last| last.id >= entry.id) {
                return Err(reader.damaged("its footer is out of order"));
            }
            entries.push(entry);
        }
        reader.end()?;
        Ok((kind, entries))
    }
}

fn decode_header(bytes: &[u8]) -> Result<(PackKind, Layout), FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    reader.magic(LETTERS)?;
    let kind = PackKind::from_byte(reader.u8()?).ok_or_else(|| reader.damaged("it holds a kind that nobody knows"))?;
    let layout = match (reader.u8()?, kind) {
        (0, _) => Layout::Records,
        (1, PackKind::Chunks) => Layout::Container,
        _ => return Err(reader.damaged("it has a layout that nobody knows")),
    };
    reader.zeros(6)?;
    reader.take(16)?;
    reader.end()?;
    Ok((kind, layout))
}

fn decode_entry(reader: &mut Reader<'_>, layout: Layout) -> Result<PackEntry, FormatError> {
    let id = reader.id()?;
    let (offset, stored_len, raw_len) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let codec = Codec::from_byte(reader.u8()?)?;
    reader.zeros(3)?;
    check_lens(reader, stored_len, raw_len, codec)?;
    if (offset as usize) < layout.first_offset() {
        return Err(reader.damaged("a chunk begins before the first one may"));
    }
    if layout == Layout::Container && codec != Codec::Raw {
        return Err(reader.damaged("a chunk of a container is compressed"));
    }
    Ok(PackEntry { id, offset, stored_len, raw_len, codec })
}

/// Refuses lengths that no writer gives: nothing is allocated before they passed.
pub fn check_lens(reader: &Reader<'_>, stored_len: u32, raw_len: u32, codec: Codec) -> Result<(), FormatError> {
    let raw_fits = raw_len as usize <= MAX_RAW && (codec != Codec::Raw || stored_len == raw_len);
    if raw_fits && stored_len <= raw_len { Ok(()) } else { Err(reader.damaged("a chunk of impossible length")) }
}

/// Decodes a whole pack that lies in memory.
pub fn decode(bytes: &[u8]) -> Result<(Id, PackKind, Vec<PackEntry>), FormatError> {
    let trailer_start = bytes.len().checked_sub(TRAILER_LEN).filter(|start| *start >= HEADER_LEN);
    let trailer_start = trailer_start.ok_or_else(|| FormatError::damaged(WHAT, "it is too short"))?;
    let trailer = Trailer::decode(&bytes[trailer_start..])?;
    let footer = trailer.footer(bytes.len() as u64)?;
    let footer = footer.start as usize..footer.end as usize;
    let (kind, entries) = trailer.entries(&bytes[..HEADER_LEN], &bytes[footer.clone()])?;
    let past = entries.iter().any(|entry| u64::from(entry.offset) + u64::from(entry.stored_len) > footer.start as u64);
    if past {
        return Err(FormatError::damaged(WHAT, "a chunk reaches into the footer"));
    }
    Ok((trailer.id, kind, entries))
}
