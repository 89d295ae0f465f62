//! Making guides: when one is due, to which segments, and how it is written without holding them in memory.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use rayon::prelude::*;

use crate::base::{Id, remove_if_there, replace_file_with};
use crate::format::guide::{Head, MOST_SEGMENTS, Mark};
use crate::format::segment::Segment;

use super::catalog::Named;
use super::error::PackError;
use super::guide::NAMES;
use super::mapped::Mapped;
use super::open::PackStore;

/// So many segments, and so many entries of them, are asked without a guide: some 25 MB.
const MOST_UNCOVERED: Load = Load { segments: 16, entries: 1 << 19 };
/// The guide to later segments is made anew again and again, so it covers one entry of so many at most.
const LATER: u64 = 8;
/// So many marks are in memory at once.
const MARKS_AT_ONCE: u64 = 1 << 19;
/// So many bytes of a segment are read at once.
const PART: usize = 4 << 20;

/// Which guide is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// The one to most segments: it covers all, and there is no other.
    First,
    /// The one to those that the first does not cover.
    Later,
}

/// How much some segments are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub segments: usize,
    pub entries: u64,
}

impl Load {
    /// Of the segments with these numbers.
    pub fn of<'n>(segments: &[Named], numbers: impl IntoIterator<Item = &'n usize>) -> Load {
        let add = |sum: Load, number: &usize| Load {
            segments: sum.segments + 1,
            entries: sum.entries + segments[*number].1.entry_count() as u64,
        };
        numbers.into_iter().fold(Load::default(), add)
    }
}

/// Which guide is due when the guides cover so much of what is there, and so much is covered by none.
pub(super) fn due([first, later]: [Load; 2], uncovered: Load) -> Due {
    if uncovered.segments <= MOST_UNCOVERED.segments && uncovered.entries <= MOST_UNCOVERED.entries {
        Due::Nothing
    } else if (later.entries + uncovered.entries) * LATER > first.entries {
        Due::First
    } else {
        Due::Later
    }
}

impl PackStore {
    /// Removes the guides of this machine to this store's segments. Those that are due are made again.
    pub fn drop_guides(&self) -> Result<(), PackError> {
        NAMES.iter().try_for_each(|name| Ok(remove_if_there(&self.index_folder().join(name))?))
    }
}

/// Makes the guide that is due to the segments `chosen`, as far as they are sound, if one of those is that are
/// `uncovered`. Whether it did: if not, one goes without.
pub(super) fn make(folder: &Path, segments: &[Named], uncovered: &[usize], chosen: &[usize], due: Due) -> bool {
    let Ok(lock) = File::create(folder.join("+guide.lock")) else { return false };
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        // Whoever has it makes one already.
        return false;
    }
    let sound = |number: &&usize| is_sound(&segments[**number]);
    if !uncovered.par_iter().any(|number| sound(&number)) {
        return false;
    }
    let mut sound: Vec<&Named> = chosen.par_iter().filter(sound).map(|number| &segments[*number]).collect();
    let mut marks = 0;
    sound.truncate(MOST_SEGMENTS);
    sound.retain(|(_, segment)| {
        marks += segment.entry_count() as u64;
        marks <= u64::from(u32::MAX)
    });
    let name = NAMES[usize::from(due == Due::Later)];
    let is_made = replace_file_with(&folder.join(name), |file| write(file, &sound)).is_ok();
    if is_made && due == Due::First {
        let _ = remove_if_there(&folder.join(NAMES[1]));
    }
    is_made
}

/// Whether a segment is what its name says. Only then may a guide speak for it, now and when
/// another copy takes its place; and only then may a collector believe it.
pub(super) fn is_sound((id, segment): &Named) -> bool {
    let (body, hash) = segment.bytes().as_ref().split_at(segment.byte_count() - Id::LEN);
    let mut hasher = blake3::Hasher::new();
    for part in body.chunks(PART) {
        hasher.update(part);
        segment.bytes().let_go();
    }
    hash == id.as_bytes() && *hasher.finalize().as_bytes() == *id.as_bytes()
}

fn write(file: &mut File, segments: &[&Named]) -> io::Result<()> {
    let marks = segments.iter().map(|(_, segment)| segment.entry_count() as u64).sum();
    let head = Head::new(segments.iter().map(|(id, _)| *id).collect(), marks);
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(&head.encode())?;
    let mut rest: Vec<Rest<'_>> = segments.iter().map(|(_, segment)| Rest { segment, next: 0 }).collect();
    let (mut fan_out, mut count) = (Vec::with_capacity(4 * head.buckets()), 0_u32);
    let mut bytes = Vec::new();
    let step = (head.buckets() as u64 * MARKS_AT_ONCE / marks.max(1)).max(1) as usize;
    for start in (0..head.buckets()).step_by(step) {
        let end = head.buckets().min(start + step);
        let marks = marks_in(&head, &mut rest, end)?;
        let mut marks = &marks[..];
        for bucket in start..end {
            let (here, others) = marks.split_at(marks.partition_point(|(at, _)| *at <= bucket as u32));
            marks = others;
            bytes.clear();
            head.encode_bucket(bucket, here.iter().map(|(_, mark)| *mark), &mut bytes);
            out.write_all(&bytes)?;
            count += here.len() as u32;
            fan_out.extend_from_slice(&count.to_le_bytes());
        }
    }
    out.write_all(&fan_out)?;
    out.flush()
}

/// What is left of a segment.
struct Rest<'s> {
    segment: &'s Segment<Mapped>,
    next: usize,
}

/// The marks of all entries that are left and belong to buckets before `end`, ascending by bucket.
fn marks_in(head: &Head, rest: &mut [Rest<'_>], end: usize) -> io::Result<Vec<(u32, Mark)>> {
    let mut marks = Vec::new();
    for (number, Rest { segment, next }) in rest.iter_mut().enumerate() {
        let mut last = None;
        while *next < segment.entry_count() {
            let id = segment.id(*next);
            let bucket = head.bucket_of(&id);
            if bucket >= end {
                break;
            }
            if last.is_some_and(|last| last >= id) {
                return Err(io::Error::new(ErrorKind::InvalidData, "entries of a segment are out of order"));
            }
            marks.push((bucket as u32, Mark::new(&id, number as u16)));
            last = Some(id);
            *next += 1;
        }
        segment.bytes().let_go();
    }
    marks.sort_unstable();
    Ok(marks)
}

#[cfg(test)]
mod tests;
