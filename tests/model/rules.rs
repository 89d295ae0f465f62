//! The rules of the protocol (docs/sharing.md), each of which can be broken, and the size of what is explored.

/// How many actors there are, what they begin with, and which rules they keep.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub pushers: u8,
    pub collectors: u8,
    /// How often each push may send the chunk.
    pub sends: u8,
    /// How often each collector goes round.
    pub rounds: u8,

    /// There is an acknowledged root of an earlier push, which vouches; collectors may drop it by policy.
    pub has_old_root: bool,
    /// Pusher 0 may be interrupted once before its segment, and rerun; the pack that it left is taken up.
    pub is_interrupted: bool,
    /// The last pusher is an undo: it has the chunk from the store only.
    pub undoes: bool,
    /// There are two packs and a segment that names both: segments are rewritten, not only removed.
    pub rewrites: bool,
    /// There are three, each with a segment of its own, and rewriting may merge these.
    pub merges: bool,
    /// A listing comes in two pages: of roots, the old one last or first; of segments, those of even number first.
    pub pages: Pages,
    /// A PUT of a segment whose answer was lost lands a second time at any later moment.
    pub has_late_puts: bool,
    /// When records go.
    pub prunes: Prune,

    /// A push looks again after its root.
    pub looks_again: bool,
    /// The second look lists records first, then the index.
    pub condemned_first: bool,
    /// The second look asks whether a pack is still indexed.
    pub asks_the_index: bool,
    /// The second look asks whether the root that vouches is still there.
    pub asks_for_roots: bool,
    /// A root vouches only while no condemned pack is indexed.
    pub vouches_in_peace: bool,
    /// A pack that is stored again has a new name. (Else its record is taken back.)
    pub fresh_packs: bool,
    /// A segment that is rewritten has a new name. (Else its name says what it holds.)
    pub fresh_segments: bool,
    /// A root that comes back has a new name.
    pub fresh_roots: bool,
    /// Collectors list the roots after they condemned.
    pub lists_roots_after: bool,
    /// Collectors drop roots before they list them for the last time.
    pub drops_before: bool,
    /// Collectors see all roots that are there.
    pub sees_all_roots: bool,
    /// Collectors count only copies that nobody condemned.
    pub avoids_condemned: bool,
    /// Collectors condemn also what no index names.
    pub condemns_orphans: bool,
    /// Collectors learn from the pack itself what it holds.
    pub reads_footers: bool,
    /// Collectors copy what is alive.
    pub copies: bool,
    /// A rewritten segment is put before the old ones are deleted.
    pub puts_before_deletes: bool,
}

/// How a listing is not one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    One,
    OldRootLast,
    OldRootFirst,
}

/// When a collector deletes the record of a pack that it deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    Never,
    /// When no pack and no segment has the name, and nobody is awake or asleep who has ever heard of it: thirty days.
    Late,
    /// When no pack and no segment has the name, whoever sleeps.
    WhileOthersSleep,
    /// At once.
    AtOnce,
}

impl Rules {
    /// The protocol as it is, for so many actors.
    pub const fn all(pushers: u8, collectors: u8) -> Rules {
        Rules {
            pushers,
            collectors,
            sends: 2,
            rounds: 1,
            has_old_root: false,
            is_interrupted: false,
            undoes: false,
            rewrites: false,
            merges: false,
            pages: Pages::One,
            has_late_puts: true,
            prunes: Prune::Never,
            looks_again: true,
            condemned_first: true,
            asks_the_index: true,
            asks_for_roots: true,
            vouches_in_peace: true,
            fresh_packs: true,
            fresh_segments: true,
            fresh_roots: true,
            lists_roots_after: true,
            drops_before: true,
            sees_all_roots: true,
            avoids_condemned: true,
            condemns_orphans: true,
            reads_footers: true,
            copies: true,
            puts_before_deletes: true,
        }
    }
    /// How many packs there are in the beginning.
    pub fn first_packs(&self) -> u8 {
        match (self.rewrites, self.merges) {
            (true, true) => 3,
            (true, false) => 2,
            _ => 1,
        }
    }
}
