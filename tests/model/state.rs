//! What a store holds and where each actor stands, in few bytes: millions of these are kept.
//!
//! There is one chunk, which every root leads to and every pack holds. A pack is a bit, a segment is a bit, a root is a bit.

use std::hash::{Hash, Hasher};

/// The root that is acknowledged from the beginning. Pusher `i` puts root `1 + i`.
pub const OLD_ROOT: u8 = 1;
/// Segments below this hold the pack of their number alone.
pub const SINGLES: u8 = 8;
/// Segments from here on were written by collectors: one for each round of each.
pub const REWRITES: usize = 4;
/// A segment that is there from the beginning and names several packs.
pub const FIRST: u8 = SINGLES + REWRITES as u8;

/// All that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// Packs that are there.
    pub packs: u8,
    /// Packs that have a record.
    pub condemned: u8,
    /// Segments that are there.
    pub segments: u16,
    /// What the rewritten segments name.
    pub rewrites: [u8; REWRITES],
    /// What the first segment names.
    pub first: u8,
    /// Segments whose answer was lost, so that a second PUT of them may land later.
    pub late: u16,
    /// Roots that are there.
    pub roots: u8,
    /// Roots that are acknowledged and that no policy dropped.
    pub promised: u8,
    pub pushers: [Pusher; 2],
    pub collectors: [Collector; 2],
}

/// Where a pusher stands, and what it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pusher {
    pub at: Push,
    /// Records that it saw.
    pub condemned: u8,
    /// Indexed packs that it saw.
    pub indexed: u8,
    /// The pack that it relies on; `NONE` if a root vouches.
    pub rests_on: u8,
    /// How often it sent the chunk.
    pub sent: u8,
    /// The pack of an interrupted run of which it has a note.
    pub note: u8,
}

/// No pack.
pub const NONE: u8 = 0xff;

/// The next request of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Push {
    ListCondemned,
    ListIndex,
    ListRoots,
    TakeUp,
    PutPack,
    PutSegment,
    PutRoot,
    LookAtCondemned,
    LookAtIndex,
    LookAtRoots,
    Done,
}

/// Where a collector stands, and what it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Collector {
    pub at: Collect,
    pub victim: u8,
    /// Roots that it saw; of the last listing.
    pub roots: u8,
    /// Records that it saw.
    pub condemned: u8,
    /// Indexed packs that it saw.
    pub indexed: u8,
    /// Segments that it is about to delete.
    pub old: u16,
    /// What the segment names that replaces them.
    pub new: u8,
    pub round: u8,
}

/// The next request of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collect {
    Condemn,
    ListRoots,
    ListMoreRoots,
    ListCondemned,
    ListIndex,
    ListMoreIndex,
    PutPack,
    PutSegment,
    ListSegments,
    PutRewritten,
    DeleteSegments,
    DeletePack,
    DropRoot,
    LookForPack,
    LookForSegment,
    DeleteRecord,
    Done,
}

impl State {
    /// What a segment names.
    pub fn names(&self, segment: u8) -> u8 {
        match segment {
            FIRST => self.first,
            _ if segment >= SINGLES => self.rewrites[usize::from(segment - SINGLES)],
            _ => 1 << segment,
        }
    }

    /// The packs that some segment of `segments` names.
    pub fn named_by(&self, segments: u16) -> u8 {
        let mut packs = segments as u8;
        for segment in SINGLES..=FIRST {
            if segments & 1 << segment != 0 {
                packs |= self.names(segment);
            }
        }
        packs
    }

    /// The packs that some segment names.
    pub fn indexed(&self) -> u8 {
        self.named_by(self.segments)
    }

    /// Whether a promise is broken: a root is acknowledged, and no pack is there and indexed.
    pub fn is_lost(&self) -> bool {
        self.promised != 0 && self.packs & self.indexed() == 0
    }
}

/// The bits of a mask, as numbers.
pub fn bits(mask: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |bit| mask & 1 << bit != 0)
}

/// A quick hash of a state.
pub fn hash(state: &State) -> u64 {
    let mut hasher = Quick(0);
    state.hash(&mut hasher);
    hasher.0 ^ hasher.0 >> 29
}

/// Multiply and rotate: the states are no adversary.
struct Quick(u64);

impl Quick {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_u16(&mut self, word: u16) {
        self.mix(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.mix(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
