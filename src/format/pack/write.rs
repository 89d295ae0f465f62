//! Packs in the making.

use super::super::codec::Codec;
use super::super::cursor::VERSION;
use super::super::record;
use super::shape::{
    CONTAINER_START, END, ENTRY_LEN, HEADER_LEN, LAYOUT_AT, LETTERS, Layout, PackEntry, PackKind, RECORD_LEN,
    TRAILER_LEN,
};
use crate::base::Id;

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
    bytes: Vec<u8>,
    /// Its chunks, ascending by id.
    pub entries: Vec<PackEntry>,
}

impl SealedPack {
    /// All its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The memory, to be used again.
    pub fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

impl PackBuilder {
    /// Begins a pack in `buffer`, whose content is dropped and whose memory is used.
    pub fn new(kind: PackKind, random: [u8; 16], mut buffer: Vec<u8>) -> PackBuilder {
        buffer.clear();
        buffer.extend_from_slice(&header(kind, Layout::Records, random));
        PackBuilder { bytes: buffer, entries: Vec::new() }
    }

    /// Appends a chunk of `raw_len` bytes as it is stored. The caller gives each id once.
    pub fn push(&mut self, id: Id, codec: Codec, raw_len: u32, stored: &[u8]) {
        let stored_len = u32::try_from(stored.len()).expect("chunks are at most MAX_RAW long");
        let offset = u32::try_from(self.len() + RECORD_LEN).expect("a pack is sealed long before 4 GiB");
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
        let mut header = [0; HEADER_LEN];
        header.copy_from_slice(&self.bytes[..HEADER_LEN]);
        let kind = PackKind::from_byte(header[8]).expect("new() wrote it");
        let id = push_end(&mut self.bytes, &header, &mut self.entries);
        SealedPack { id, kind, bytes: self.bytes, entries: self.entries }
    }
}

/// What stands around the bytes of a file that are a container.
#[derive(Debug)]
pub struct SealedContainer {
    /// Its name.
    pub id: Id,
    /// What stands before them: [`CONTAINER_START`] bytes.
    pub head: Vec<u8>,
    /// What stands behind them.
    pub tail: Vec<u8>,
    /// Its chunks, ascending by id.
    pub entries: Vec<PackEntry>,
}

/// Seals a container of chunks whose `offset` counts from its beginning.
pub fn seal_container(random: [u8; 16], mut entries: Vec<PackEntry>) -> SealedContainer {
    let header = header(PackKind::Chunks, Layout::Container, random);
    let mut head = header.to_vec();
    head.resize(CONTAINER_START, 0);
    let mut tail = Vec::with_capacity(entries.len() * ENTRY_LEN + TRAILER_LEN);
    let id = push_end(&mut tail, &header, &mut entries);
    SealedContainer { id, head, tail, entries }
}

fn header(kind: PackKind, layout: Layout, random: [u8; 16]) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..LETTERS.len()].copy_from_slice(LETTERS);
    header[LETTERS.len()] = VERSION;
    header[8] = kind.to_byte();
    header[LAYOUT_AT] = u8::from(layout == Layout::Container);
    header[16..].copy_from_slice(&random);
    header
}

/// Appends footer and trailer; returns the name of the pack.
fn push_end(bytes: &mut Vec<u8>, header: &[u8; HEADER_LEN], entries: &mut [PackEntry]) -> Id {
    entries.sort_unstable_by_key(|entry| entry.id);
    let footer_start = bytes.len();
    for entry in &*entries {
        push_entry(bytes, entry);
    }
    let count = u32::try_from(entries.len()).expect("a pack is sealed long before 4 Gi chunks");
    let id = name(header, &bytes[footer_start..], count);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(END);
    id
}

fn push_entry(bytes: &mut Vec<u8>, entry: &PackEntry) {
    bytes.extend_from_slice(entry.id.as_bytes());
    bytes.extend_from_slice(&entry.offset.to_le_bytes());
    bytes.extend_from_slice(&entry.stored_len.to_le_bytes());
    bytes.extend_from_slice(&entry.raw_len.to_le_bytes());
    bytes.extend_from_slice(&[entry.codec.to_byte(), 0, 0, 0]);
}

pub(super) fn name(header: &[u8], footer: &[u8], count: u32) -> Id {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header).update(footer).update(&count.to_le_bytes());
    Id::from(hasher.finalize())
}
