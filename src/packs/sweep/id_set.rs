//! A set of ids of which a store knows most: one bit for each entry of its index, and the ids that no segment names.

use std::collections::HashSet;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::base::Id;
use crate::format::segment::Segment;

use super::super::catalog::{Catalog, Named, packs_in};
use super::super::mapped::Mapped;
use super::in_order::Entry;

/// Fewer ids than one for so many entries of the index are looked up one by one: each takes some microseconds, and to pass
/// over an entry some nanoseconds.
const SPARSE: u64 = 256;

/// A set of ids, told by the entries of a catalog that does not change.
///
/// All entries of an id are marked, so that it is found by whichever is looked at.
#[derive(Clone)]
pub struct IdSet {
    catalog: Arc<Catalog>,
    /// For each segment of the catalog, for each of its entries whether it is marked.
    marks: Vec<Bits>,
    /// Ids that the catalog does not know.
    others: HashSet<Id>,
    /// Whether such ids are kept at all.
    keeps_others: bool,
}

impl IdSet {
    /// The empty set. What `catalog` does not know is passed over unless `keeps_others`.
    pub(super) fn new(catalog: &Arc<Catalog>, keeps_others: bool) -> IdSet {
        let marks = catalog.segments().map(|(_, segment)| Bits::zeros(segment.entry_count())).collect();
        IdSet { catalog: Arc::clone(catalog), marks, others: HashSet::new(), keeps_others }
    }

    /// Adds an id: by look-ups.
    pub fn insert(&mut self, id: &Id) {
        let IdSet { catalog, marks, others, keeps_others } = self;
        let mut is_known = false;
        catalog.ask(id, |segment, entry| {
            marks[segment].set(entry);
            is_known = true;
            None::<()>
        });
        if !is_known && *keeps_others {
            others.insert(*id);
        }
    }

    /// Adds ids, and leaves none: where they are many, by one pass over the index.
    pub fn insert_all(&mut self, ids: &mut Vec<Id>) {
        if (ids.len() as u64) < self.catalog.entry_count() / SPARSE {
            ids.drain(..).for_each(|id| self.insert(&id));
            return;
        }
        ids.par_sort_unstable();
        ids.dedup();
        let known: Vec<AtomicBool> = iter::repeat_with(AtomicBool::default).take(ids.len()).collect();
        let segments: Vec<&Named> = self.catalog.segments().collect();
        self.marks.par_iter_mut().zip(segments).for_each(|(marks, (_, segment))| mark(segment, marks, ids, &known));
        if self.keeps_others {
            let others = ids.iter().zip(&known).filter(|(_, known)| !known.load(Ordering::Relaxed));
            self.others.extend(others.map(|(id, _)| *id));
        }
        ids.clear();
    }

    /// Adds the id of these entries, which are all that the catalog has of it.
    pub(super) fn insert_entries(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.marks[entry.segment as usize].set(entry.number as usize));
    }

    /// Adds these ids, whether the catalog knows them or not.
    pub fn insert_others<'i>(&mut self, ids: impl IntoIterator<Item = &'i Id>) {
        self.others.extend(ids);
    }

    /// Whether an id is in the set.
    pub fn contains(&self, id: &Id) -> bool {
        let is_marked = |segment: usize, entry| self.marks[segment].get(entry).then_some(());
        self.catalog.ask(id, is_marked).is_some() || self.others.contains(id)
    }

    /// Whether the entry with these numbers is of an id that is in the set.
    pub(super) fn has_entry(&self, segment: usize, entry: usize) -> bool {
        self.marks[segment].get(entry)
    }

    /// The ids that the catalog does not know.
    pub fn others(&self) -> impl Iterator<Item = &Id> {
        self.others.iter()
    }

    /// The ids that are not in `less`, a set by the same catalog. One may come twice.
    pub fn without<'s>(&'s self, less: &'s IdSet) -> impl Iterator<Item = Id> + 's {
        debug_assert!(Arc::ptr_eq(&self.catalog, &less.catalog));
        let all = self.catalog.segments().zip(self.marks.iter().zip(&less.marks));
        let known = all.flat_map(|((_, segment), (marks, less))| {
            (0..segment.entry_count()).filter(|at| marks.get(*at) && !less.get(*at)).map(|at| segment.id(at))
        });
        known.chain(self.others.difference(&less.others).copied())
    }

    /// The ids that lie in no pack that counts in `counting`, a later catalog of the same store. One may come twice.
    pub(super) fn outside<'s>(&'s self, counting: &'s Catalog) -> impl Iterator<Item = Id> + 's {
        let names: HashSet<Id> = counting.segments().map(|(name, _)| *name).collect();
        let known = self.catalog.segments().zip(&self.marks).flat_map(move |((name, segment), marks)| {
            let is_kept = names.contains(name);
            let packs = packs_in(segment).into_iter();
            let counts: Vec<bool> =
                packs.map(|pack| is_kept && pack.is_ok_and(|pack| counting.counts(&pack.id))).collect();
            // Of a segment whose packs all count no entry is read.
            let entries = if counts.contains(&false) { segment.entry_count() } else { 0 };
            let is_outside = |at: &usize| {
                marks.get(*at) && segment.entry(*at).is_ok_and(|entry| counts.get(entry.pack as usize) != Some(&true))
            };
            let ids: Vec<Id> = (0..entries).filter(is_outside).map(|at| segment.id(at)).collect();
            segment.bytes().let_go();
            ids
        });
        known.chain(self.others.iter().copied()).filter(|id| counting.find(id).is_none())
    }
}

/// Marks the entries of `ids`, which ascend, and tells which of them were found.
fn mark(segment: &Segment<Mapped>, marks: &mut Bits, ids: &[Id], found: &[AtomicBool]) {
    let mut next = 0;
    for at in 0..segment.entry_count() {
        let id = segment.id(at);
        while ids.get(next).is_some_and(|wanted| *wanted < id) {
            next += 1;
        }
        if ids.get(next) == Some(&id) {
            marks.set(at);
            found[next].store(true, Ordering::Relaxed);
        }
    }
    segment.bytes().let_go();
}

/// Bits by number.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn zeros(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(64)])
    }

    fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn get(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }
}
