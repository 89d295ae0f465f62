//! A pack: many chunks, or many pages, one behind the other, and a footer that lists them.
//!
//! A pack's name is the hash of its header, its footer and its count. The footer holds the id of every chunk, so the
//! name vouches for all content, and 16 random bytes in the header make sure that no name is ever used twice.

use std::ops::Range;

use crate::base::Id;

use super::codec::{Codec, MAX_RAW};
use super::cursor::{Reader, VERSION};
use super::error::FormatError;
use super::record;

/// The bytes of a pack before its first record.
pub const HEADER_LEN: usize = 32;
/// The bytes before each stored chunk.
pub const RECORD_LEN: usize = 48;
/// The bytes of one footer entry.
pub const ENTRY_LEN: usize = 48;
/// The bytes at the very end.
pub const TRAILER_LEN: usize = 48;

const WHAT: &str = "pack";
const LETTERS: &[u8; 7] = b"eskpack";
const END: &[u8; 8] = b"eskfoot\x01";

/// What a pack holds: never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PackKind {
    /// Runs of bytes of files.
    Chunks,
    /// Pages of trees and of long manifests.
    Pages,
}

impl PackKind {
    /// Its byte in a pack and in an index segment.
    pub fn to_byte(self) -> u8 {
        match self {
            PackKind::Chunks => 1,
            PackKind::Pages => 2,
        }
    }

    /// The kind of that byte.
    pub fn from_byte(byte: u8) -> Option<PackKind> {
        match byte {
            1 => Some(PackKind::Chunks),
            2 => Some(PackKind::Pages),
            _ => None,
        }
    }
}

/// Where one chunk lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackEntry {
    /// BLAKE3 of its raw bytes.
    pub id: Id,
    /// Where its stored bytes begin, from the beginning of the pack.
    pub offset: u32,
    /// How many bytes are stored.
    pub stored_len: u32,
    /// How many bytes it has when decompressed.
    pub raw_len: u32,
    /// How it is stored.
    pub codec: Codec,
}

/// A pack in the making.
#[derive(Debug)]
pub struct PackBuilder {
    bytes: Vec<u8>,
    entries: Vec<PackEntry>,
}

/// A pack that is ready to be stored.
#[derive(Debug)]
pub struct SealedPack {
    /// Its name.
    pub id: Id,
    /// What it holds.
    pub kind: PackKind,
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// Its chunks, ascending by id.
    pub entries: Vec<PackEntry>,
}

impl PackBuilder {
    /// Begins a pack in `buffer`, whose content is dropped and whose memory is used.
    pub fn new(kind: PackKind, random: [u8; 16], mut buffer: Vec<u8>) -> PackBuilder {
        buffer.clear();
        buffer.extend_from_slice(LETTERS);
        buffer.extend_from_slice(&[VERSION, kind.to_byte(), 0, 0, 0, 0, 0, 0, 0]);
        buffer.extend_from_slice(&random);
        PackBuilder { bytes: buffer, entries: Vec::new() }
    }

    /// Appends a chunk of `raw_len` bytes as it is stored. The caller gives each id once.
    pub fn push(&mut self, id: Id, codec: Codec, raw_len: u32, stored: &[u8]) {
        let stored_len = u32::try_from(stored.len()).expect("chunks are at most MAX_RAW long");
        let offset = u32::try_from(self.bytes.len() + RECORD_LEN).expect("a pack is sealed long before 4 GiB");
        self.bytes.extend_from_slice(record::LETTERS);
        self.bytes.extend_from_slice(&[codec.to_byte(), 0, 0, 0]);
        self.bytes.extend_from_slice(&stored_len.to_le_bytes());
        self.bytes.extend_from_slice(&raw_len.to_le_bytes());
        self.bytes.extend_from_slice(id.as_bytes());
        self.bytes.extend_from_slice(stored);
        self.entries.push(PackEntry { id, offset, stored_len, raw_len, codec });
    }

    /// How many bytes the pack has so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds no chunk.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Writes footer and trailer.
    pub fn seal(mut self) -> SealedPack {
        self.entries.sort_unstable_by_key(|entry| entry.id);
        let kind = PackKind::from_byte(self.bytes[8]).expect("new() wrote it");
        let footer_start = self.bytes.len();
        for entry in &self.entries {
            push_entry(&mut self.bytes, entry);
        }
        let count = u32::try_from(self.entries.len()).expect("a pack is sealed long before 4 Gi chunks");
        let id = name(&self.bytes[..HEADER_LEN], &self.bytes[footer_start..], count);
        self.bytes.extend_from_slice(&count.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(id.as_bytes());
        self.bytes.extend_from_slice(END);
        SealedPack { id, kind, bytes: self.bytes, entries: self.entries }
    }
}

fn push_entry(bytes: &mut Vec<u8>, entry: &PackEntry) {
    bytes.extend_from_slice(entry.id.as_bytes());
    bytes.extend_from_slice(&entry.offset.to_le_bytes());
    bytes.extend_from_slice(&entry.stored_len.to_le_bytes());
    bytes.extend_from_slice(&entry.raw_len.to_le_bytes());
    bytes.extend_from_slice(&[entry.codec.to_byte(), 0, 0, 0]);
}

fn name(header: &[u8], footer: &[u8], count: u32) -> Id {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header).update(footer).update(&count.to_le_bytes());
    Id::from(hasher.finalize())
}

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
        let kind = decode_header(header)?;
        if name(header, footer, self.count) != self.id {
            return Err(FormatError::damaged(WHAT, "its footer does not match its name"));
        }
        let mut reader = Reader::new(WHAT, footer);
        let count = reader.bounded(self.count.into(), ENTRY_LEN)?;
        let mut entries: Vec<PackEntry> = Vec::with_capacity(count);
        for _ in 0..count {
            let entry = decode_entry(&mut reader)?;
            if entries.last().is_some_and(|last| last.id >= entry.id) {
                return Err(reader.damaged("its footer is out of order"));
            }
            entries.push(entry);
        }
        reader.end()?;
        Ok((kind, entries))
    }
}

fn decode_header(bytes: &[u8]) -> Result<PackKind, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    reader.magic(LETTERS)?;
    let kind = PackKind::from_byte(reader.u8()?).ok_or_else(|| reader.damaged("it holds a kind that nobody knows"))?;
    reader.zeros(7)?;
    reader.take(16)?;
    reader.end()?;
    Ok(kind)
}

fn decode_entry(reader: &mut Reader<'_>) -> Result<PackEntry, FormatError> {
    let id = reader.id()?;
    let (offset, stored_len, raw_len) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let codec = Codec::from_byte(reader.u8()?)?;
    reader.zeros(3)?;
    check_lens(reader, stored_len, raw_len, codec)?;
    if (offset as usize) < HEADER_LEN + RECORD_LEN {
        return Err(reader.damaged("a chunk begins before the first record"));
    }
    Ok(PackEntry { id, offset, stored_len, raw_len, codec })
}

/// Refuses lengths that no writer gives: nothing is allocated before they passed.
pub(super) fn check_lens(reader: &Reader<'_>, stored_len: u32, raw_len: u32, codec: Codec) -> Result<(), FormatError> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pack() -> SealedPack {
        let mut builder = PackBuilder::new(PackKind::Chunks, [7; 16], Vec::new());
        for text in ["one", "two", "three"] {
            builder.push(Id::of(text.as_bytes()), Codec::Raw, text.len() as u32, text.as_bytes());
        }
        builder.seal()
    }

    #[test]
    fn a_pack_survives_its_bytes() {
        let sealed = pack();
        let (id, kind, entries) = decode(&sealed.bytes).unwrap();
        assert_eq!((id, kind, &entries), (sealed.id, PackKind::Chunks, &sealed.entries));
        for entry in entries {
            let start = entry.offset as usize;
            assert_eq!(Id::of(&sealed.bytes[start..start + entry.stored_len as usize]), entry.id);
        }
    }

    #[test]
    fn an_empty_pack_is_a_pack() {
        let sealed = PackBuilder::new(PackKind::Pages, [0; 16], vec![1, 2, 3]).seal();
        assert_eq!(decode(&sealed.bytes).unwrap(), (sealed.id, PackKind::Pages, vec![]));
    }

    #[test]
    fn a_flipped_bit_outside_the_chunks_is_noticed() {
        let sealed = pack();
        let footer = sealed.bytes.len() - TRAILER_LEN - 3 * ENTRY_LEN;
        for at in (0..HEADER_LEN).chain(footer..sealed.bytes.len()) {
            let mut bytes = sealed.bytes.clone();
            bytes[at] ^= 4;
            assert!(decode(&bytes).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes: Vec<u8>, at in 0usize..300, value: u8, cut in 0usize..300) {
            let _ = decode(&bytes);
            let mut bytes = pack().bytes;
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = decode(&bytes[..bytes.len().saturating_sub(cut % 3)]);
        }
    }
}
