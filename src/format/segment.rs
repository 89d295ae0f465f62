//! An index segment: for many chunks, in which pack each lies, where, and how long it is.
//!
//! Entries have a fixed width and lie sorted, so a segment is searched where it lies, in a mapped file: no heap per
//! chunk.

use std::ops::Range;

use crate::base::Id;

use super::codec::Codec;
use super::cursor::{Reader, VERSION, seal};
use super::error::FormatError;
use super::pack::{PackKind, check_lens};

const WHAT: &str = "index segment";
const LETTERS: &[u8; 7] = b"eskindx";
const HEADER_LEN: usize = 64;
const RANDOM_LEN: usize = 16;
const PACK_LEN: usize = 48;
const ENTRY_LEN: usize = 48;
/// How many entries share a slot of the fan-out table, about.
const ENTRIES_PER_SLOT: u64 = 32;

/// A pack that a segment names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentPack {
    /// Its name.
    pub id: Id,
    /// Its size.
    pub bytes: u64,
    /// What it holds.
    pub kind: PackKind,
}

/// Where one chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentEntry {
    /// BLAKE3 of its raw bytes.
    pub id: Id,
    /// Which of the segment's packs, from 0.
    pub pack: u32,
    /// Where its stored bytes begin in that pack.
    pub offset: u32,
    /// How many bytes are stored.
    pub stored_len: u32,
    /// How many bytes it has when decompressed; at most 24 bits.
    pub raw_len: u32,
    /// How it is stored.
    pub codec: Codec,
}

/// Encodes the first segment of some packs. Packs and entries come ascending by id, each id once.
pub fn encode(packs: &[SegmentPack], entries: &[SegmentEntry]) -> (Id, Vec<u8>) {
    encode_anew([0; 16], packs, entries)
}

/// Encodes a segment that takes the place of others. The random bytes make its name new, so that nobody who is late
/// removes it in the belief that it is one of those.
pub fn encode_anew(random: [u8; 16], packs: &[SegmentPack], entries: &[SegmentEntry]) -> (Id, Vec<u8>) {
    let fan_bits = fan_bits(entries.len() as u64);
    let body = packs.len() * PACK_LEN + (4 << fan_bits) + entries.len() * ENTRY_LEN;
    let mut bytes = Vec::with_capacity(HEADER_LEN + body + Id::LEN);
    bytes.extend_from_slice(LETTERS);
    bytes.push(VERSION);
    bytes.extend_from_slice(&(packs.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&[fan_bits, 0, 0, 0]);
    bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&random);
    bytes.resize(HEADER_LEN, 0);
    for pack in packs {
        bytes.extend_from_slice(pack.id.as_bytes());
        bytes.extend_from_slice(&pack.bytes.to_le_bytes());
        bytes.extend_from_slice(&[pack.kind.to_byte(), 0, 0, 0, 0, 0, 0, 0]);
    }
    push_fan_out(&mut bytes, fan_bits, entries);
    for entry in entries {
        push_entry(&mut bytes, entry);
    }
    (seal(&mut bytes), bytes)
}

/// So many bits that a slot has about [`ENTRIES_PER_SLOT`] entries; 0 to 24.
fn fan_bits(entries: u64) -> u8 {
    (entries / ENTRIES_PER_SLOT).max(1).ilog2().min(24) as u8
}

fn push_fan_out(bytes: &mut Vec<u8>, fan_bits: u8, entries: &[SegmentEntry]) {
    let mut at = 0;
    for slot in 0..1usize << fan_bits {
        while entries.get(at).is_some_and(|entry| slot_of(&entry.id, fan_bits) <= slot) {
            at += 1;
        }
        bytes.extend_from_slice(&(at as u32).to_le_bytes());
    }
}

fn push_entry(bytes: &mut Vec<u8>, entry: &SegmentEntry) {
    bytes.extend_from_slice(entry.id.as_bytes());
    bytes.extend_from_slice(&entry.pack.to_le_bytes());
    bytes.extend_from_slice(&entry.offset.to_le_bytes());
    bytes.extend_from_slice(&entry.stored_len.to_le_bytes());
    bytes.extend_from_slice(&(entry.raw_len | u32::from(entry.codec.to_byte()) << 24).to_le_bytes());
}

fn slot_of(id: &Id, fan_bits: u8) -> usize {
    // A shift by 64 is not one: 0 bits mean a single slot.
    id.prefix().checked_shr(64 - u32::from(fan_bits)).unwrap_or(0) as usize
}

/// A segment that lies in memory, or in a mapped file.
#[derive(Debug)]
pub struct Segment<B> {
    bytes: B,
    pack_count: usize,
    entry_count: usize,
    fan_bits: u8,
}

impl<B: AsRef<[u8]>> Segment<B> {
    /// Checks the header against the length, and nothing else: what is found is checked when it is read.
    pub fn open(bytes: B) -> Result<Segment<B>, FormatError> {
        let mut reader = Reader::new(WHAT, bytes.as_ref());
        reader.magic(LETTERS)?;
        let packs = reader.u32()?;
        let fan_bits = reader.u8()?;
        reader.zeros(3)?;
        let entries = reader.u64()?;
        reader.take(RANDOM_LEN)?;
        reader.zeros(HEADER_LEN - 24 - RANDOM_LEN)?;
        if u32::try_from(entries).is_err() || fan_bits != self::fan_bits(entries) {
            return Err(reader.damaged("its counts make no sense"));
        }
        let pack_count = reader.bounded(packs.into(), PACK_LEN)?;
        reader.take(pack_count * PACK_LEN)?;
        reader.take(4 << fan_bits)?;
        let entry_count = reader.bounded(entries, ENTRY_LEN)?;
        // What is only passed over is not read: of a mapped file it takes no memory.
        reader.take(entry_count * ENTRY_LEN + Id::LEN)?;
        reader.end()?;
        Ok(Segment { bytes, pack_count, entry_count, fan_bits })
    }

    /// Reads every byte: the hash at the end, and every rule that [`Self::open`] leaves unchecked. Returns its name.
    pub fn check(&self) -> Result<Id, FormatError> {
        let damaged = |reason: &str| Err(FormatError::damaged(WHAT, reason));
        let bytes = self.bytes.as_ref();
        let (body, hash) = bytes.split_at(bytes.len() - Id::LEN);
        let id = Id::of(body);
        if hash != id.as_bytes() {
            return damaged("its bytes do not match the hash at its end");
        }
        let packs = (0..self.pack_count).map(|at| self.pack(at)).collect::<Result<Vec<_>, _>>()?;
        if !packs.is_sorted_by(|one, next| one.id < next.id) {
            return damaged("its packs are out of order");
        }
        let mut last = None;
        for entry in self.entries() {
            let entry = entry?;
            if last.is_some_and(|last| last >= entry.id) {
                return damaged("its entries are out of order");
            }
            if self.find(&entry.id)?.is_none() {
                return damaged("its fan-out table is wrong");
            }
            last = Some(entry.id);
        }
        Ok(id)
    }

    /// How many packs it names.
    pub fn pack_count(&self) -> usize {
        self.pack_count
    }

    /// How many chunks it names.
    pub fn entry_count(&self) -> usize {
        self.entry_count
    }

    /// The size of the whole segment.
    pub fn byte_count(&self) -> usize {
        self.bytes.as_ref().len()
    }

    /// The pack of that number.
    pub fn pack(&self, number: usize) -> Result<SegmentPack, FormatError> {
        decode_pack(&self.bytes.as_ref()[self.bytes_of_pack(number)?])
    }

    /// Where in this segment the pack of that number is: what [`decode_pack`] takes.
    pub fn bytes_of_pack(&self, number: usize) -> Result<Range<usize>, FormatError> {
        if number >= self.pack_count {
            return Err(FormatError::damaged(WHAT, "an entry names a pack that is not in its table"));
        }
        let start = HEADER_LEN + number * PACK_LEN;
        Ok(start..start + PACK_LEN)
    }

    /// How many bytes lie before the entries.
    pub fn tables_len(&self) -> usize {
        self.entries_start()
    }

    /// What it lies in.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }

    /// Where the chunk `id` lies, if this segment knows.
    pub fn find(&self, id: &Id) -> Result<Option<SegmentEntry>, FormatError> {
        let slot = self.slot(id)?;
        Ok(search(&self.bytes.as_ref()[self.bytes_of(&slot)], id)?.map(|(_, entry)| entry))
    }

    /// The numbers of the entries among which that of `id` is, if there is one.
    pub fn slot(&self, id: &Id) -> Result<Range<usize>, FormatError> {
        self.decode_slot(&self.bytes.as_ref()[self.bytes_of_slot(id)])
    }

    /// Where in this segment it says which entries may be of `id`: what [`Self::decode_slot`] takes.
    pub fn bytes_of_slot(&self, id: &Id) -> Range<usize> {
        let slot = slot_of(id, self.fan_bits);
        let fan_out = HEADER_LEN + self.pack_count * PACK_LEN;
        // The end of a slot is the start of the next; the first starts at 0, which is not written down.
        fan_out + 4 * slot.saturating_sub(1)..fan_out + 4 * (slot + 1)
    }

    /// The numbers that these bytes say.
    pub fn decode_slot(&self, bytes: &[u8]) -> Result<Range<usize>, FormatError> {
        let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
        let (from, to) = match bytes.as_chunks().0 {
            [to] => (0, number(to)),
            [from, to] => (number(from), number(to)),
            _ => (1, 0),
        };
        if from > to || to > self.entry_count {
            return Err(FormatError::damaged(WHAT, "its fan-out table is wrong"));
        }
        Ok(from..to)
    }

    /// Where in this segment the entries with these numbers are: what [`search`] takes.
    pub fn bytes_of(&self, entries: &Range<usize>) -> Range<usize> {
        self.entries_start() + entries.start * ENTRY_LEN..self.entries_start() + entries.end * ENTRY_LEN
    }

    /// The entry of that number, which is below [`Self::entry_count`].
    pub fn entry(&self, number: usize) -> Result<SegmentEntry, FormatError> {
        decode_entry(self.entry_bytes()[number * ENTRY_LEN..].first_chunk().expect("open() checked the length"))
    }

    /// The id of the entry of that number, which is below [`Self::entry_count`].
    pub fn id(&self, number: usize) -> Id {
        let id = self.entry_bytes()[number * ENTRY_LEN..].first_chunk().expect("open() checked the length");
        Id::from_bytes(*id)
    }

    /// All chunks, ascending by id.
    pub fn entries(&self) -> impl Iterator<Item = Result<SegmentEntry, FormatError>> {
        self.entry_bytes().as_chunks::<ENTRY_LEN>().0.iter().map(decode_entry)
    }

    fn entry_bytes(&self) -> &[u8] {
        &self.bytes.as_ref()[self.entries_start()..][..self.entry_count * ENTRY_LEN]
    }

    fn entries_start(&self) -> usize {
        HEADER_LEN + self.pack_count * PACK_LEN + (4 << self.fan_bits)
    }
}

/// A pack, from its bytes in the table of packs.
pub fn decode_pack(bytes: &[u8]) -> Result<SegmentPack, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    let (id, bytes) = (reader.id()?, reader.u64()?);
    let kind = PackKind::from_byte(reader.u8()?).ok_or_else(|| reader.damaged("a pack of unknown kind"))?;
    reader.zeros(7)?;
    Ok(SegmentPack { id, bytes, kind })
}

/// The entry of `id` in the bytes of its slot, wherever they were read, and which one of them it is.
pub fn search(slot: &[u8], id: &Id) -> Result<Option<(usize, SegmentEntry)>, FormatError> {
    let (records, _) = slot.as_chunks::<ENTRY_LEN>();
    match records.binary_search_by(|record| record[..Id::LEN].cmp(id.as_bytes())) {
        Ok(at) => Ok(Some((at, decode_entry(&records[at])?))),
        Err(_) => Ok(None),
    }
}

fn decode_entry(record: &[u8; ENTRY_LEN]) -> Result<SegmentEntry, FormatError> {
    let mut reader = Reader::new(WHAT, record);
    let id = reader.id()?;
    let (pack, offset, stored_len, packed) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
    let codec = Codec::from_byte((packed >> 24) as u8)?;
    let raw_len = packed & 0x00ff_ffff;
    check_lens(&reader, stored_len, raw_len, codec)?;
    Ok(SegmentEntry { id, pack, offset, stored_len, raw_len, codec })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(count: u32) -> (Id, Vec<u8>, Vec<SegmentEntry>) {
        let packs = [SegmentPack { id: Id::of(b"pack"), bytes: 1 << 25, kind: PackKind::Chunks }];
        let mut entries: Vec<SegmentEntry> = (0..count)
            .map(|at| SegmentEntry {
                id: Id::of(&at.to_le_bytes()),
                pack: 0,
                offset: 80 + at,
                stored_len: 5,
                raw_len: 70,
                codec: Codec::Zstd,
            })
            .collect();
        entries.sort_by_key(|entry| entry.id);
        let (id, bytes) = encode(&packs, &entries);
        (id, bytes, entries)
    }

    #[test]
    fn every_chunk_is_found_and_no_other() {
        for count in [0, 1, 2, 63, 64, 5000] {
            let (id, bytes, entries) = segment(count);
            let segment = Segment::open(&bytes).unwrap();
            assert_eq!(segment.check(), Ok(id));
            for entry in &entries {
                assert_eq!(segment.find(&entry.id), Ok(Some(*entry)));
            }
            assert_eq!(segment.find(&Id::of(b"other")), Ok(None));
            assert_eq!(segment.entries().collect::<Result<Vec<_>, _>>().unwrap(), entries);
            assert_eq!(segment.entry_count(), entries.len());
        }
    }

    #[test]
    fn a_segment_that_takes_the_place_of_others_has_a_new_name() {
        let (id, bytes, entries) = segment(10);
        let pack = Segment::open(&bytes).unwrap().pack(0).unwrap();
        let (anew, other) = encode_anew([7; 16], &[pack], &entries);
        assert_ne!(anew, id);
        assert_eq!(Segment::open(&other).unwrap().check(), Ok(anew));
        assert_eq!(encode_anew([0; 16], &[pack], &entries).0, id);
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let (_, bytes, _) = segment(100);
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(Segment::open(&bytes).and_then(|segment| segment.check()).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(noise: Vec<u8>, changes in prop::collection::vec((0usize..4000, any::<u8>()), 1..4)) {
            let _ = Segment::open(&noise).and_then(|segment| segment.check());
            let (_, mut bytes, entries) = segment(60);
            for (at, value) in changes {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            if let Ok(segment) = Segment::open(&bytes) {
                let _ = segment.check();
                let _ = segment.find(&entries[3].id);
                let _ = segment.pack(0);
            }
        }
    }
}
