//! Guides to the segments of a large store: which of them may know a chunk, told by one small read.
//!
//! A segment that no guide covers is asked as well, and all are if a bucket is damaged: a guide saves time and memory,
//! and no answer depends on it.

use std::collections::HashMap;
use std::path::Path;

use crate::base::{Id, remove_if_there};
use crate::format::guide::{HEADER_LEN, Head};

use super::catalog::Named;
use super::guiding::{Due, Load, due, make};
use super::mapped::Mapped;

/// The guide to most segments, and the guide to those that came later. No object of a store can have such a name.
pub(super) const NAMES: [&str; 2] = ["+guide", "+guide-to-later"];
/// The tables of so many segments are read through their mappings, at most.
const MOST_TABLES: usize = 16;
/// A bucket that is longer is rare.
const ROOM: usize = 1024;

/// How a segment is read: through its mapping, which is fast, but what was looked at stays in memory, and on some systems
/// 2 MiB with it; or past it, its tables once and an entry at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Way {
    #[default]
    Mapped,
    /// Its entries past the mapping, and its tables through it.
    EntriesPast,
    Past,
}

/// The guides of one catalog. Segments have the numbers that they have there.
#[derive(Debug, Default)]
pub(super) struct Guides {
    guides: Vec<Guide>,
    /// The segments that none of them covers.
    uncovered: Vec<usize>,
    /// How these are read: past their mappings only if they are large, and no guide could be made.
    way: Way,
    /// How the others are.
    guided: Way,
}

impl Guides {
    /// The guides that lie in `folder` to these segments; made if they are due and can be made.
    pub fn to(segments: &[Named], folder: &Path) -> Guides {
        let all = Guides { uncovered: (0..segments.len()).collect(), ..Guides::default() };
        if all.due(segments) == Due::Nothing {
            return all;
        }
        let mut guides = Guides::found(segments, folder);
        let due = guides.due(segments);
        if due != Due::Nothing && make(folder, segments, &guides.uncovered, &guides.chosen(segments, due), due) {
            guides = Guides::found(segments, folder);
        }
        guides.guided = if segments.len() > MOST_TABLES { Way::Past } else { Way::EntriesPast };
        if guides.due(segments) != Due::Nothing {
            guides.way = guides.guided;
        }
        guides
    }

    fn found(segments: &[Named], folder: &Path) -> Guides {
        let mut open: HashMap<Id, usize> = segments.iter().enumerate().map(|(number, (id, _))| (*id, number)).collect();
        let guides = NAMES.iter().filter_map(|name| Guide::open(&folder.join(name), &mut open)).collect();
        let mut uncovered: Vec<usize> = open.into_values().collect();
        uncovered.sort_unstable();
        Guides { guides, uncovered, ..Guides::default() }
    }

    fn due(&self, segments: &[Named]) -> Due {
        let load = |name: &str| {
            let guide = self.guides.iter().find(|guide| guide.mapped.path().ends_with(name));
            guide.map_or(Load::default(), |guide| Load::of(segments, guide.numbers.iter().flatten()))
        };
        due(NAMES.map(load), Load::of(segments, &self.uncovered))
    }

    /// The segments that the guide is to cover that is due.
    fn chosen(&self, segments: &[Named], due: Due) -> Vec<usize> {
        let first = self.guides.iter().find(|guide| due == Due::Later && guide.mapped.path().ends_with(NAMES[0]));
        let is_covered = |number: &usize| first.is_some_and(|guide| guide.numbers.contains(&Some(*number)));
        (0..segments.len()).filter(|number| !is_covered(number)).collect()
    }

    /// What `look` finds in the first segment that has it, of those that may know `id`.
    pub fn find<T>(&self, id: &Id, mut look: impl FnMut(usize, Way) -> Option<T>) -> Option<T> {
        let found = self.guides.iter().find_map(|guide| guide.find(id, |number| look(number, self.guided)));
        found.or_else(|| self.uncovered.iter().find_map(|number| look(*number, self.way)))
    }
}

/// A guide that lies on this machine.
#[derive(Debug)]
struct Guide {
    head: Head,
    mapped: Mapped,
    /// For each of its segments the number in the catalog, if it is there and no other guide covers it.
    numbers: Vec<Option<usize>>,
}

impl Guide {
    /// Takes the segments that it covers out of `open`. `None` if there is no guide, or none that can be read.
    fn open(path: &Path, open: &mut HashMap<Id, usize>) -> Option<Guide> {
        let mapped = Mapped::open(path, 0).ok()??;
        let head = head_of(mapped.as_ref());
        let Some(head) = head.filter(|head| head.fan_out().end == mapped.as_ref().len() as u64) else {
            // It is made again when it is due.
            let _ = remove_if_there(path);
            return None;
        };
        let numbers = head.segments().iter().map(|id| open.remove(id)).collect();
        Some(Guide { head, mapped, numbers })
    }

    fn find<T>(&self, id: &Id, mut look: impl FnMut(usize) -> Option<T>) -> Option<T> {
        let number = self.head.bucket_of(id);
        let (mut room, mut long) = ([0; ROOM], Vec::new());
        let bucket = self.read(number, &mut room, &mut long);
        match bucket.and_then(|bucket| self.head.ask(number, bucket, id)) {
            Some(mut segments) => segments
                .find_map(|segment| self.numbers.get(usize::from(segment)).copied().flatten().and_then(&mut look)),
            None => {
                // It is made again by whoever loads the catalog next.
                let _ = remove_if_there(self.mapped.path());
                self.numbers.iter().flatten().find_map(|number| look(*number))
            }
        }
    }

    /// The bytes of a bucket; `None` if they cannot be had.
    fn read<'r>(&self, number: usize, room: &'r mut [u8], long: &'r mut Vec<u8>) -> Option<&'r [u8]> {
        let fan_out = self.head.fan_out().start as usize;
        let count = |at: usize| {
            let bytes = self.mapped.as_ref().get(fan_out + 4 * at..)?.first_chunk()?;
            Some(u64::from(u32::from_le_bytes(*bytes)))
        };
        let marks = if number == 0 { 0 } else { count(number - 1)? }..count(number)?;
        if marks.end < marks.start {
            return None;
        }
        let range = self.head.bucket(number, marks);
        if range.end > fan_out as u64 {
            return None;
        }
        let len = (range.end - range.start) as usize;
        let bytes = if len <= room.len() {
            &mut room[..len]
        } else {
            long.resize(len, 0);
            &mut long[..]
        };
        self.mapped.read_at(bytes, range.start).ok()?;
        Some(bytes)
    }
}

fn head_of(bytes: &[u8]) -> Option<Head> {
    let len = Head::len_of(bytes.first_chunk::<HEADER_LEN>()?).ok()?;
    Head::decode(bytes.get(..len)?).ok()
}
