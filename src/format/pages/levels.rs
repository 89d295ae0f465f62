//! Makes the pages of a list while the list goes by; holds one page of each level.

use std::collections::HashSet;

use crate::base::Id;

use super::draft::Draft;
use super::{Link, List, Record, Span};

/// The pages that are growing, one of each level.
#[derive(Debug)]
pub struct Levels<L: List> {
    growing: Vec<Growing<L>>,
    known: HashSet<Id>,
    newest: Option<Top<L>>,
}

/// The page over all others.
#[derive(Debug)]
pub struct Top<L: List> {
    /// The page.
    pub link: Link<L::Span>,
    /// How high it stands.
    pub level: u8,
    /// Whether it came as a whole, so that nobody has looked inside.
    pub taken_over: bool,
}

#[derive(Debug)]
struct Growing<L: List> {
    draft: Draft,
    span: L::Span,
    /// The path of the newest record.
    last: Vec<u8>,
    /// Records of this level so far, those of finished pages included.
    records: u64,
}

impl<L: List> Levels<L> {
    /// An empty list.
    pub fn new() -> Levels<L> {
        Levels { growing: Vec::new(), known: HashSet::new(), newest: None }
    }

    /// From now on the page `id` is not given to a sink: it is there.
    pub fn know(&mut self, id: Id) {
        self.known.insert(id);
    }

    /// Appends an item; pages that it ends go to `sink`.
    pub fn push<R: Record<Span = L::Span>, E>(
        &mut self,
        item: &R,
        sink: &mut impl FnMut(Id, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.grow(0, item, sink)
    }

    /// Whether a page of `level` from another list would be the same here: one ends just here on all levels up to it.
    pub fn at_cut(&self, level: u8) -> bool {
        self.growing.iter().take(usize::from(level) + 1).all(|growing| growing.draft.is_empty())
    }

    /// Appends a page of `level` with all that is below it. It must stand at a cut here, and must end where the rule
    /// says unless nothing follows.
    pub fn take_over<E>(
        &mut self,
        level: u8,
        link: Link<L::Span>,
        sink: &mut impl FnMut(Id, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        debug_assert!(self.at_cut(level));
        self.put_above(Top { link, level, taken_over: true }, sink)
    }

    /// Ends the list: the page over all others.
    pub fn finish<E>(mut self, sink: &mut impl FnMut(Id, Vec<u8>) -> Result<(), E>) -> Result<Top<L>, E> {
        if self.growing.is_empty() {
            self.growing.push(Growing::new(0));
            self.close(0, sink)?;
        }
        for level in 0.. {
            if !self.growing[usize::from(level)].draft.is_empty() {
                self.close(level, sink)?;
            }
            // One page on this level and nothing that came in above it: that page is the newest of all.
            if let [parent] = &self.growing[usize::from(level) + 1..]
                && parent.records == 1
            {
                break;
            }
        }
        Ok(self.newest.expect("a page was closed or taken over"))
    }

    fn grow<R: Record<Span = L::Span>, E>(
        &mut self,
        level: u8,
        record: &R,
        sink: &mut impl FnMut(Id, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.growing.len() <= usize::from(level) {
            self.growing.push(Growing::new(self.growing.len() as u8));
        }
        if self.growing[usize::from(level)].push(record) { self.close(level, sink) } else { Ok(()) }
    }

    fn close<E>(&mut self, level: u8, sink: &mut impl FnMut(Id, Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let (bytes, span) = self.growing[usize::from(level)].close(level);
        let link = Link { id: Id::of(&bytes), span };
        if !self.known.contains(&link.id) {
            sink(link.id, bytes)?;
        }
        self.put_above(Top { link, level, taken_over: false }, sink)
    }

    fn put_above<E>(&mut self, page: Top<L>, sink: &mut impl FnMut(Id, Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let (link, level) = (page.link.clone(), page.level + 1);
        self.newest = Some(page);
        self.grow(level, &link, sink)
    }
}

impl<L: List> Default for Levels<L> {
    fn default() -> Levels<L> {
        Levels::new()
    }
}

impl<L: List> Growing<L> {
    fn new(level: u8) -> Growing<L> {
        Growing { draft: Draft::new::<L>(level), span: L::Span::default(), last: Vec::new(), records: 0 }
    }

    fn push<R: Record<Span = L::Span>>(&mut self, record: &R) -> bool {
        self.records += 1;
        record.count_in(&mut self.span).expect("who fills the levels has checked the sum of all");
        self.last.clear();
        self.last.extend_from_slice(record.path());
        self.draft.push(record)
    }

    fn close(&mut self, level: u8) -> (Vec<u8>, L::Span) {
        let bytes = std::mem::replace(&mut self.draft, Draft::new::<L>(level)).finish();
        let mut span = std::mem::take(&mut self.span);
        span.end_at(&self.last);
        (bytes, span)
    }
}
