//! Three trees become one: what one side changed is taken, and where both changed the same path differently they clash.
//!
//! Works on the changes of both sides since their base, so that it costs what they changed, not what they have.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::base::RepoPath;

use super::{Change, Node};

/// A path that the sides do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Where.
    pub path: RepoPath,
    /// What both started from.
    pub base: Option<Node>,
    /// What our side has.
    pub ours: Option<Node>,
    /// What their side has.
    pub theirs: Option<Node>,
    /// Where one side made a file and the other a folder: the path of that file. All clashes there are one.
    pub file: Option<RepoPath>,
}

/// What came of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merge {
    /// What must change in our tree; where the sides clash it stays as it is.
    pub edits: BTreeMap<RepoPath, Option<Node>>,
    /// Where they clash, by path.
    pub clashes: BTreeMap<RepoPath, Clash>,
}

/// Merges what both sides changed since their base; each comes in order of path, as [`super::diff`] gives it.
pub fn merge<E>(
    ours: impl Iterator<Item = Result<Change, E>>,
    theirs: impl Iterator<Item = Result<Change, E>>,
) -> Result<Merge, E> {
    let mut merging = Merging::default();
    let (mut ours, mut theirs) = (Stream::new(ours)?, Stream::new(theirs)?);
    loop {
        let order = match (&ours.next, &theirs.next) {
            (None, None) => return Ok(merging.merge),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.path().cmp(other.path()),
        };
        let one = if order.is_le() { ours.take()? } else { None };
        let other = if order.is_ge() { theirs.take()? } else { None };
        merging.pass(one.map(Step::of), other.map(Step::of));
    }
}

/// What comes of one path; `None` if the sides clash. Content and executable bit of a file are merged each for itself.
pub fn merge_node(base: Option<&Node>, ours: Option<&Node>, theirs: Option<&Node>) -> Option<Option<Node>> {
    if is_same(ours, theirs) || is_same(base, theirs) {
        return Some(ours.cloned());
    }
    if is_same(base, ours) {
        return Some(theirs.cloned());
    }
    let (Some(base), Some(ours), Some(theirs)) = (base, ours, theirs) else { return None };
    let (base_bit, our_bit, their_bit) = (bit(base)?, bit(ours)?, bit(theirs)?);
    let changed = if our_bit == base_bit { their_bit } else { our_bit };
    let with = |node: &Node| with_bit(node, changed);
    // The bit of two values cannot be changed in two ways.
    let (plain_base, plain_ours, plain_theirs) =
        (with_bit(base, false), with_bit(ours, false), with_bit(theirs, false));
    if plain_ours.has_content_of(&plain_theirs) || plain_theirs.has_content_of(&plain_base) {
        return Some(Some(with(ours)));
    }
    plain_ours.has_content_of(&plain_base).then(|| Some(with(theirs)))
}

fn is_same(one: Option<&Node>, other: Option<&Node>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.has_content_of(other),
        (None, None) => true,
        _ => false,
    }
}

fn bit(node: &Node) -> Option<bool> {
    if let Node::File { executable, .. } = node { Some(*executable) } else { None }
}

fn with_bit(node: &Node, bit: bool) -> Node {
    let mut node = node.clone();
    if let Node::File { executable, .. } = &mut node {
        *executable = bit;
    }
    node
}

/// The changes of one side, of which the next is known.
struct Stream<I> {
    rest: I,
    next: Option<Change>,
}

impl<E, I: Iterator<Item = Result<Change, E>>> Stream<I> {
    fn new(mut rest: I) -> Result<Stream<I>, E> {
        let next = rest.next().transpose()?;
        Ok(Stream { rest, next })
    }

    fn take(&mut self) -> Result<Option<Change>, E> {
        let after = self.rest.next().transpose()?;
        Ok(std::mem::replace(&mut self.next, after))
    }
}

/// One change of one side.
struct Step {
    path: RepoPath,
    old: Option<Node>,
    new: Option<Node>,
}

impl Step {
    fn of(change: Change) -> Step {
        match change {
            Change::Added(entry) => Step { path: entry.path, old: None, new: Some(entry.node) },
            Change::Removed(entry) => Step { path: entry.path, old: Some(entry.node), new: None },
            Change::Modified { old, new } => Step { path: new.path, old: Some(old.node), new: Some(new.node) },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Theirs,
}

#[derive(Default)]
struct Merging {
    merge: Merge,
    /// What each side put where it is, and what later paths may lie below: each begins with the bytes of those before it.
    our_open: Vec<(RepoPath, Node)>,
    their_open: Vec<(RepoPath, Node)>,
}

impl Merging {
    /// Takes one path, which one side changed or both.
    fn pass(&mut self, ours: Option<Step>, theirs: Option<Step>) {
        let Some(path) = ours.as_ref().or(theirs.as_ref()).map(|step| step.path.clone()) else { return };
        for open in [&mut self.our_open, &mut self.their_open] {
            // All that lies between `a` and `a/b` begins with `a`.
            while open.last().is_some_and(|(above, _)| !path.as_bytes().starts_with(above.as_bytes())) {
                open.pop();
            }
        }
        match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => match merge_node(ours.old.as_ref(), ours.new.as_ref(), theirs.new.as_ref()) {
                Some(node) if is_same(node.as_ref(), ours.new.as_ref()) => {}
                Some(node) => drop(self.merge.edits.insert(path.clone(), node)),
                None => self.clash(&path, ours.old.clone(), ours.new.clone(), theirs.new.clone()),
            },
            (None, Some(theirs)) => drop(self.merge.edits.insert(path.clone(), theirs.new.clone())),
            _ => {}
        }
        for (step, side) in [(ours, Side::Ours), (theirs, Side::Theirs)] {
            let Some(Step { path, old, new: Some(new) }) = step else { continue };
            self.look_above(&path, old.as_ref(), &new, side);
            let open = if side == Side::Ours { &mut self.our_open } else { &mut self.their_open };
            open.push((path, new));
        }
    }

    fn clash(&mut self, path: &RepoPath, base: Option<Node>, ours: Option<Node>, theirs: Option<Node>) {
        let clash = Clash { path: path.clone(), base, ours, theirs, file: None };
        self.merge.edits.remove(path);
        self.merge.clashes.entry(path.clone()).or_insert(clash);
    }

    /// The other side may have put something that is no folder where this path needs one.
    fn look_above(&mut self, path: &RepoPath, old: Option<&Node>, new: &Node, side: Side) {
        let open = if side == Side::Ours { &self.their_open } else { &self.our_open };
        let above = open.iter().find(|(above, _)| above != path && path.is_in(above)).cloned();
        let Some((above, node)) = above else { return };
        let other = if side == Side::Ours { Side::Theirs } else { Side::Ours };
        if node == Node::EmptyFolder {
            // It is not empty any more.
            self.leave_out(&above, other);
        } else if *new == Node::EmptyFolder {
            self.leave_out(path, side);
        } else {
            let sides = |node: &Node, side| match side {
                Side::Ours => (Some(node.clone()), None),
                Side::Theirs => (None, Some(node.clone())),
            };
            let ((our_file, their_file), (ours, theirs)) = (sides(&node, other), sides(new, side));
            self.clash(&above, None, our_file, their_file);
            self.clash(path, old.cloned(), ours, theirs);
            for both in [&above, path] {
                if let Some(clash) = self.merge.clashes.get_mut(both) {
                    clash.file = Some(above.clone());
                }
            }
        }
    }

    /// An empty folder is not worth a clash.
    fn leave_out(&mut self, path: &RepoPath, side: Side) {
        self.merge.clashes.remove(path);
        match side {
            Side::Ours => drop(self.merge.edits.insert(path.clone(), None)),
            Side::Theirs => drop(self.merge.edits.remove(path)),
        }
    }
}
