//! A guide: for many chunks, which of this machine's index segments may know each one.
//!
//! It is made from segments and holds nothing that they do not: whoever loses it makes it anew. A bucket that is not as
//! it was written is noticed when it is read, so a guide never says that a chunk is absent because it is damaged.

use std::ops::Range;

use crate::base::Id;

use super::cursor::{Reader, VERSION, seal};
use super::error::FormatError;

const WHAT: &str = "guide";
const LETTERS: &[u8; 7] = b"eskguid";
const MARK_LEN: u64 = 4;
const CHECK_LEN: u64 = 8;
/// How many marks share a bucket, at least, if there are so many.
const MARKS_IN_A_BUCKET: u64 = 32;

/// The length of the header, which tells how long the whole head is.
pub const HEADER_LEN: usize = 32;
/// The most segments of one guide.
pub const MOST_SEGMENTS: usize = 1 << 16;

/// What stands at the beginning of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    segments: Vec<Id>,
    marks: u64,
    fan_bits: u8,
    /// Hash of the head.
    name: Id,
}

impl Head {
    /// The head of a guide to `segments`, at most [`MOST_SEGMENTS`], which have so many entries together.
    pub fn new(segments: Vec<Id>, marks: u64) -> Head {
        let fan_bits = fan_bits(marks);
        let mut head = Head { segments, marks, fan_bits, name: Id::of(b"") };
        head.name = seal(&mut head.body());
        head
    }

    /// Its bytes: the guide begins with them, then come the buckets, and the fan-out at the end.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.body();
        seal(&mut bytes);
        bytes
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = LETTERS.to_vec();
        bytes.push(VERSION);
        bytes.extend_from_slice(&(self.segments.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[self.fan_bits, 0, 0, 0]);
        bytes.extend_from_slice(&self.marks.to_le_bytes());
        bytes.resize(HEADER_LEN, 0);
        self.segments.iter().for_each(|id| bytes.extend_from_slice(id.as_bytes()));
        bytes
    }

    /// How long the whole head is of which `header` is the beginning.
    pub fn len_of(header: &[u8; HEADER_LEN]) -> Result<usize, FormatError> {
        let mut reader = Reader::new(WHAT, header);
        reader.magic(LETTERS)?;
        let segments = reader.u32()? as usize;
        if segments > MOST_SEGMENTS {
            return Err(reader.damaged("it names too many segments"));
        }
        Ok(HEADER_LEN + (segments + 1) * Id::LEN)
    }

    /// Decodes a head, of that length.
    pub fn decode(bytes: &[u8]) -> Result<Head, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        reader.magic(LETTERS)?;
        let segments = reader.u32()?;
        let fan = reader.u8()?;
        reader.zeros(3)?;
        let marks = reader.u64()?;
        reader.zeros(8)?;
        let count = reader.bounded(segments.into(), Id::LEN)?;
        let segments = (0..count).map(|_| reader.id()).collect::<Result<Vec<_>, _>>()?;
        let name = reader.id()?;
        reader.end()?;
        if u32::try_from(marks).is_err() || fan != fan_bits(marks) || name != Id::of(&bytes[..bytes.len() - Id::LEN]) {
            return Err(reader.damaged("its head does not match its hash"));
        }
        Ok(Head { segments, marks, fan_bits: fan, name })
    }

    /// The segments, by the numbers that marks have.
    pub fn segments(&self) -> &[Id] {
        &self.segments
    }

    /// How many buckets there are.
    pub fn buckets(&self) -> usize {
        1 << self.fan_bits
    }

    /// The bucket in which a chunk has its marks. Ascends with the ids.
    pub fn bucket_of(&self, id: &Id) -> usize {
        id.prefix().checked_shr(64 - u32::from(self.fan_bits)).unwrap_or(0) as usize
    }

    /// Where the fan-out lies in the file: for each bucket a `u32`, the count of all marks up to its end.
    pub fn fan_out(&self) -> Range<u64> {
        let start = self.bucket(self.buckets(), self.marks..self.marks).start;
        start..start + 4 * self.buckets() as u64
    }

    /// Where a bucket lies in the file that holds the marks of these numbers.
    pub fn bucket(&self, number: usize, marks: Range<u64>) -> Range<u64> {
        let head = (HEADER_LEN + (self.segments.len() + 1) * Id::LEN) as u64;
        let start = head + marks.start * MARK_LEN + number as u64 * CHECK_LEN;
        start..start + (marks.end - marks.start) * MARK_LEN + CHECK_LEN
    }

    /// Writes a bucket behind what is in `to`.
    pub fn encode_bucket(&self, number: usize, marks: impl Iterator<Item = Mark>, to: &mut Vec<u8>) {
        let start = to.len();
        marks.for_each(|mark| to.extend_from_slice(&mark.0.to_le_bytes()));
        let check = self.check(number, &to[start..]);
        to.extend_from_slice(&check);
    }

    /// The numbers of the segments that may know `id`, of all bytes of its bucket; `None` if it is damaged.
    pub fn ask<'b>(&self, number: usize, bucket: &'b [u8], id: &Id) -> Option<impl Iterator<Item = u16> + use<'b>> {
        let (marks, check) = bucket.split_last_chunk::<{ CHECK_LEN as usize }>()?;
        if *check != self.check(number, marks) {
            return None;
        }
        let sought = Mark::new(id, 0).0 >> 16;
        let marks = marks.as_chunks::<{ MARK_LEN as usize }>().0.iter().map(|mark| u32::from_le_bytes(*mark));
        Some(marks.filter(move |mark| mark >> 16 == sought).map(|mark| mark as u16))
    }

    /// Holds for these marks in this bucket of this guide only: what was written elsewhere, or before, is noticed.
    fn check(&self, number: usize, marks: &[u8]) -> [u8; CHECK_LEN as usize] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.name.as_bytes()[..16]).update(&(number as u64).to_le_bytes()).update(marks);
        let mut check = [0; CHECK_LEN as usize];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK_LEN as usize]);
        check
    }
}

/// What a guide holds of a chunk in a segment: 16 bits of its id, that are not those of the bucket, and the number of
/// the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u32);

impl Mark {
    /// The mark of `id` in that segment.
    pub fn new(id: &Id, segment: u16) -> Mark {
        let bytes = id.as_bytes();
        Mark(u32::from(u16::from_le_bytes([bytes[8], bytes[9]])) << 16 | u32::from(segment))
    }
}

fn fan_bits(marks: u64) -> u8 {
    (marks / MARKS_IN_A_BUCKET).max(1).ilog2().min(28) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segments(count: u16) -> Vec<Id> {
        (0..count).map(|at| Id::of(&at.to_le_bytes())).collect()
    }

    #[test]
    fn a_head_is_decoded_and_a_flipped_bit_of_it_noticed() {
        let head = Head::new(segments(3), 5000);
        let bytes = head.encode();
        assert_eq!(Head::len_of(bytes[..HEADER_LEN].try_into().unwrap()), Ok(bytes.len()));
        assert_eq!(Head::decode(&bytes).as_ref(), Ok(&head));
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(Head::decode(&bytes).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_bucket_that_is_not_as_it_was_written_says_nothing() {
        let (head, id) = (Head::new(segments(9), 5000), Id::of(b"x"));
        let mut bucket = Vec::new();
        head.encode_bucket(4, [Mark::new(&id, 7), Mark::new(&Id::of(b"y"), 2)].into_iter(), &mut bucket);
        assert_eq!(head.ask(4, &bucket, &id).unwrap().collect::<Vec<_>>(), [7]);
        assert!(head.ask(5, &bucket, &id).is_none());
        assert!(Head::new(segments(8), 5000).ask(4, &bucket, &id).is_none());
        for at in 0..bucket.len() {
            let mut bucket = bucket.clone();
            bucket[at] ^= 1;
            assert!(head.ask(4, &bucket, &id).is_none(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_marked_is_found(marked in prop::collection::vec((any::<[u8; 32]>(), any::<u16>()), 0..100)) {
            let head = Head::new(segments(1), 100);
            let all: Vec<(Id, u16)> = marked.into_iter().map(|(id, segment)| (Id::from_bytes(id), segment)).collect();
            for number in 0..head.buckets() {
                let here: Vec<_> = all.iter().filter(|(id, _)| head.bucket_of(id) == number).collect();
                let mut bucket = Vec::new();
                head.encode_bucket(number, here.iter().map(|(id, segment)| Mark::new(id, *segment)), &mut bucket);
                for (id, segment) in here {
                    prop_assert!(head.ask(number, &bucket, id).unwrap().any(|found| found == *segment));
                }
            }
        }

        #[test]
        fn any_bytes_are_a_head_or_refused(noise: Vec<u8>) {
            let _ = Head::decode(&noise);
            if let Some(header) = noise.first_chunk::<HEADER_LEN>() {
                let _ = Head::len_of(header);
            }
        }
    }
}
