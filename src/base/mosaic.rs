//! The id of a file whose bytes come in any order, each run hashed while it is at hand.
//!
//! BLAKE3 hashes blocks of 1 KiB and joins them by twos as a tree, whose shape nothing but the length decides. Of what came, only
//! the tops of whole subtrees are kept, and blocks of which a part is missing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, left_subtree_len, max_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use super::id::Id;

/// What BLAKE3 hashes as one leaf, in bytes.
const BLOCK: u64 = blake3::CHUNK_LEN as u64;
/// So many tops are kept at most, some 80 bytes each.
const MOST_TOPS: usize = 1 << 15;
/// So many blocks of which a part is missing are kept at most, 1 KiB each.
const MOST_TORN: usize = 1 << 11;

/// What is known of the id of a file of so many bytes.
#[derive(Debug)]
pub struct Mosaic {
    bytes: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By where they begin and how long they are, in bytes.
    tops: HashMap<(u64, u64), ChainingValue>,
    /// By where they begin.
    torn: HashMap<u64, Torn>,
    /// More would have had to be kept than may be.
    is_lost: bool,
}

/// A block that lies in several runs.
#[derive(Debug)]
struct Torn {
    block: Vec<u8>,
    missing_bytes: usize,
}

impl Mosaic {
    /// Nothing came yet of a file of `bytes`.
    pub fn new(bytes: u64) -> Mosaic {
        Mosaic { bytes, state: Mutex::default() }
    }

    /// Takes the bytes that lie at `offset`, from any thread, each once.
    pub fn add(&self, offset: u64, run: &[u8]) {
        if self.bytes <= BLOCK {
            return;
        }
        let end = offset + run.len() as u64;
        let start = offset.next_multiple_of(BLOCK);
        let stop = if end >= self.bytes { end } else { end / BLOCK * BLOCK };
        if start >= stop {
            // It lies in one block, or in two neighbours and fills neither.
            let (head, tail) = run.split_at(run.len().min((start - offset) as usize));
            self.add_torn(offset, head);
            return self.add_torn(start, tail);
        }
        let (head, rest) = run.split_at((start - offset) as usize);
        let (body, tail) = rest.split_at((stop - start) as usize);
        let tops = self.tops(start, body);
        self.insert(tops);
        self.add_torn(offset, head);
        self.add_torn(stop, tail);
    }

    /// The id, if all came and not too much was scattered on the way; of a file of one block it is not told.
    pub fn id(self) -> Option<Id> {
        if self.bytes <= BLOCK {
            return None;
        }
        let left_len = left_subtree_len(self.bytes);
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (left, right) = (state.top(0, left_len)?, state.top(left_len, self.bytes - left_len)?);
        Some(Id::from(merge_subtrees_root(&left, &right, Mode::Hash)))
    }

    /// Hashes a run that begins with a block, in subtrees as large as may be.
    fn tops(&self, mut start: u64, mut run: &[u8]) -> Vec<(u64, u64, ChainingValue)> {
        let mut tops = Vec::new();
        while !run.is_empty() {
            let len = self.subtree_len(start, run.len() as u64);
            let (subtree, others) = run.split_at(len as usize);
            let top = blake3::Hasher::new().set_input_offset(start).update(subtree).finalize_non_root();
            tops.push((start, len, top));
            (start, run) = (start + len, others);
        }
        tops
    }

    /// The longest subtree that begins there and has at most so many bytes; less than a block only at the end of the file.
    fn subtree_len(&self, start: u64, most_bytes: u64) -> u64 {
        let Some(doublings) = (most_bytes / BLOCK).checked_ilog2() else { return most_bytes };
        let len = (BLOCK << doublings).min(max_subtree_len(start).unwrap_or(u64::MAX));
        // The root is hashed in another way than a subtree.
        if len >= self.bytes { len / 2 } else { len }
    }

    fn insert(&self, tops: Vec<(u64, u64, ChainingValue)>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        tops.into_iter().for_each(|(start, len, top)| state.insert(self.bytes, start, len, top));
    }

    fn add_torn(&self, offset: u64, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        let start = offset / BLOCK * BLOCK;
        let block_len = BLOCK.min(self.bytes.saturating_sub(start)) as usize;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = state.mend(start, block_len, (offset - start) as usize, part);
        drop(state);
        if let Some(block) = whole {
            let tops = self.tops(start, &block);
            self.insert(tops);
        }
    }
}

impl State {
    /// Keeps a top, joined with its neighbours as far as they are there.
    fn insert(&mut self, bytes: u64, mut start: u64, mut len: u64, mut top: ChainingValue) {
        // What reaches over the end, and the root, are joined when all is there.
        while (start & !len) + 2 * len <= bytes && 2 * len < bytes {
            let Some(other) = self.tops.remove(&(start ^ len, len)) else { break };
            let (left, right) = if start & len == 0 { (top, other) } else { (other, top) };
            top = merge_subtrees_non_root(&left, &right, Mode::Hash);
            (start, len) = (start & !len, 2 * len);
        }
        self.tops.insert((start, len), top);
        self.bound();
    }

    /// Fills a part of a block, and gives the block if nothing of it is missing any more.
    fn mend(&mut self, start: u64, block_len: usize, at: usize, part: &[u8]) -> Option<Vec<u8>> {
        let fresh = || Torn { block: vec![0; block_len], missing_bytes: block_len };
        let torn = self.torn.entry(start).or_insert_with(fresh);
        let room = torn.block.get_mut(at..at + part.len())?;
        room.copy_from_slice(part);
        torn.missing_bytes = torn.missing_bytes.saturating_sub(part.len());
        if torn.missing_bytes == 0 {
            return self.torn.remove(&start).map(|torn| torn.block);
        }
        self.bound();
        None
    }

    fn bound(&mut self) {
        self.is_lost |= self.tops.len() > MOST_TOPS || self.torn.len() > MOST_TORN;
        if self.is_lost {
            (self.tops, self.torn) = Default::default();
        }
    }

    /// The top of a subtree, joined of what is there; `None` if something is missing.
    fn top(&self, start: u64, len: u64) -> Option<ChainingValue> {
        if let Some(top) = self.tops.get(&(start, len)) {
            return Some(*top);
        }
        if len <= BLOCK {
            return None;
        }
        let left_len = left_subtree_len(len);
        let (left, right) = (self.top(start, left_len)?, self.top(start + left_len, len - left_len)?);
        Some(merge_subtrees_non_root(&left, &right, Mode::Hash))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    /// Ends of runs, and a number by which each is sorted.
    fn cut(bytes: &[u8], ends: &[(usize, u32)]) -> Vec<(usize, Vec<u8>)> {
        let mut ends: Vec<(usize, u32)> = ends.iter().map(|(end, order)| (end % bytes.len(), *order)).collect();
        ends.push((bytes.len(), 7));
        ends.sort_unstable();
        let mut start = 0;
        let runs = ends.iter().map(|(end, order)| (std::mem::replace(&mut start, *end), *end, *order));
        let mut runs: Vec<_> = runs.collect();
        runs.sort_by_key(|(_, _, order)| *order);
        runs.into_iter().map(|(start, end, _)| (start, bytes[start..end].to_vec())).collect()
    }

    proptest! {
        #[test]
        fn runs_in_any_order_make_the_id_of_the_whole(
            len in prop_oneof![1025usize..5000, 1025usize..200_000, Just(2048usize), Just(65_536), Just(131_073)],
            ends in proptest::collection::vec((any::<usize>(), any::<u32>()), 0..40),
        ) {
            let bytes = bytes(len);
            let mosaic = Mosaic::new(len as u64);
            for (offset, run) in cut(&bytes, &ends) {
                mosaic.add(offset as u64, &run);
            }
            prop_assert_eq!(mosaic.id(), Some(Id::of(&bytes)));
        }
    }

    #[test]
    fn what_came_in_order_takes_little_room() {
        let bytes = bytes(1 << 20);
        let mosaic = Mosaic::new(1 << 20);
        for (number, run) in bytes.chunks(3000).enumerate() {
            mosaic.add(number as u64 * 3000, run);
            let state = mosaic.state.lock().unwrap();
            assert!(state.tops.len() < 12 && state.torn.len() < 2);
        }
        assert_eq!(mosaic.id(), Some(Id::of(&bytes)));
    }

    #[test]
    fn of_less_than_all_and_of_too_much_in_disorder_nothing_is_said() {
        let block = bytes(1024);
        let mosaic = Mosaic::new(4096);
        (0..3).for_each(|at| mosaic.add(at * 1024, &block));
        assert_eq!(mosaic.id(), None);
        let mosaic = Mosaic::new(1 << 30);
        (0..2 * MOST_TORN as u64).for_each(|at| mosaic.add(at * 4096 + 1, b"x"));
        assert!(mosaic.state.lock().unwrap().torn.is_empty());
        assert_eq!(mosaic.id(), None);
        let past_its_end = Mosaic::new(2000);
        past_its_end.add(1000, &block[..1020]);
        past_its_end.add(0, &block[..1000]);
        assert_eq!(past_its_end.id(), None);
    }
}
