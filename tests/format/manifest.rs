//! Manifests: pages that depend on the chunks alone, ranges and comparisons that read no more than they must.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use esker::base::Id;
use esker::format::manifest::{self, Builder, ChunkRef, Page, Root};

use super::golden::golden;
use super::properties::{modestly, mutated};
use super::shelf::{Shelf, ShelfError, forged};

fn chunk(number: u32) -> ChunkRef {
    ChunkRef { id: Id::of(&number.to_le_bytes()), bytes: 1 + number % 1000 }
}

fn build(shelf: &Shelf, chunks: &[ChunkRef]) -> Root {
    let mut builder = Builder::new(|id, bytes| shelf.put(id, bytes));
    chunks.iter().for_each(|chunk| builder.push(chunk).unwrap());
    builder.finish().unwrap()
}

fn numbered(numbers: impl IntoIterator<Item = u32>) -> Vec<ChunkRef> {
    numbers.into_iter().map(chunk).collect()
}

fn walked(shelf: &Shelf, root: &Root) -> Vec<ChunkRef> {
    manifest::chunks(shelf, root).unwrap().map(|found| found.unwrap().1).collect()
}

/// Runs of new chunks and of repeated ones.
fn some_chunks() -> impl Strategy<Value = Vec<ChunkRef>> {
    let run = (0..100_000_u32, 0..4_000_u32, any::<bool>());
    vec(run, 0..4).prop_map(|runs| {
        let of_run =
            |(start, len, repeated)| (start..start + len).map(move |i| chunk(if repeated { start } else { i }));
        runs.into_iter().flat_map(of_run).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_chunks_come_back_in_order(chunks in some_chunks()) {
        let shelf = Shelf::default();
        let root = build(&shelf, &chunks);
        prop_assert_eq!(root.bytes, chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum::<u64>());
        prop_assert_eq!(walked(&shelf, &root), chunks);
    }

    #[test]
    fn a_range_gives_the_chunks_that_hold_it(chunks in some_chunks(), a in any::<u64>(), b in any::<u64>()) {
        let shelf = Shelf::default();
        let root = build(&shelf, &chunks);
        let (a, b) = (a % (root.bytes + 2), b % (root.bytes + 2));
        let range = a.min(b)..a.max(b);
        let found: Vec<(u64, ChunkRef)> =
            manifest::chunks_in(&shelf, &root, range.clone()).unwrap().map(Result::unwrap).collect();
        let mut offset = 0;
        let mut wanted = Vec::new();
        for chunk in chunks {
            let end = offset + u64::from(chunk.bytes);
            if offset < range.end && range.start < end && !range.is_empty() {
                wanted.push((offset, chunk));
            }
            offset = end;
        }
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn fresh_chunks_are_those_that_the_old_file_lacks(old in some_chunks(), at in any::<prop::sample::Index>(), added in 0..50_u32, cut in 0..50_usize) {
        let shelf = Shelf::default();
        let mut new = old.clone();
        let at = if new.is_empty() { 0 } else { at.index(new.len()) };
        new.splice(at..(at + cut).min(old.len()), (0..added).map(|i| chunk(200_000 + i)));
        let (old_root, new_root) = (build(&shelf, &old), build(&shelf, &new));
        let fresh = manifest::fresh_chunks(&shelf, &old_root, &shelf, &new_root).unwrap();
        let known: BTreeSet<Id> = old.iter().map(|chunk| chunk.id).collect();
        let lacking: Vec<ChunkRef> = fresh.iter().copied().filter(|chunk| !known.contains(&chunk.id)).collect();
        prop_assert_eq!(lacking, numbered(200_000..200_000 + added));
    }

    #[test]
    fn a_page_that_is_taken_is_written_the_same(bytes in mutated(a_page())) {
        if let Ok(page) = modestly(&bytes, |bytes| Page::decode(bytes.to_vec())) {
            prop_assert_eq!(page.encode(), bytes);
        }
    }

    #[test]
    fn no_bytes_do_harm(tail in vec(any::<u8>(), 0..200), level in 0..2_u8, count in 0..6_u32) {
        let bytes = [b"eskmani\x01", &[level, 0, 0, 0][..], &count.to_le_bytes(), &tail].concat();
        if let Ok(page) = modestly(&bytes, |bytes| Page::decode(bytes.to_vec())) {
            prop_assert_eq!(page.encode(), bytes);
        }
    }
}

fn a_page() -> impl Strategy<Value = Vec<u8>> {
    (some_chunks(), any::<prop::sample::Index>()).prop_map(|(chunks, at)| {
        let shelf = Shelf::default();
        build(&shelf, &chunks);
        shelf.bytes(at.get(&shelf.ids().into_iter().collect::<Vec<_>>()))
    })
}

#[test]
fn the_cut_rule_never_changes() {
    let shelf = Shelf::default();
    let root = build(&shelf, &numbered(0..20_000));
    assert_eq!(root.id.to_string(), "b046273bc4eaeb8e663a3216c5d6ccf8b847e85a5cf15ea13fc7b88773ec93fe");
    let page = golden("manifest-root.bin", || shelf.bytes(&root.id));
    assert_eq!(page, shelf.bytes(&root.id));
    let page = Page::decode(page).unwrap();
    assert_eq!((page.level(), page.links().len(), *page.span()), (1, 9, root.bytes));
}

#[test]
fn a_short_manifest_is_one_page() {
    let shelf = Shelf::default();
    let root = build(&shelf, &numbered(0..3));
    let page = golden("manifest-leaf.bin", || shelf.bytes(&root.id));
    assert_eq!(page, shelf.bytes(&root.id));
    assert_eq!(Page::decode(page).unwrap().items().collect::<Vec<_>>(), numbered(0..3));
}

#[test]
fn a_change_in_the_middle_reads_and_stores_little() {
    let shelf = Shelf::default();
    let old = build(&shelf, &numbered(0..100_000));
    let pages = shelf.ids().len();
    let changed: Vec<u32> = (0..50_000).chain(200_000..200_003).chain(50_001..100_000).collect();
    let new = build(&shelf, &numbered(changed));
    assert!(shelf.ids().len() <= pages + 4, "{} pages new", shelf.ids().len() - pages);
    let (fresh, reads) = shelf.reads(|| manifest::fresh_chunks(&shelf, &old, &shelf, &new).unwrap());
    assert_eq!(fresh, numbered(200_000..200_003));
    assert!(reads <= 8, "{reads} pages read");
}

#[test]
fn a_range_reads_one_page_of_each_level() {
    let shelf = Shelf::default();
    let root = build(&shelf, &numbered(0..100_000));
    let middle = root.bytes / 2;
    let read = || manifest::chunks_in(&shelf, &root, middle..middle + 1).unwrap().map(Result::unwrap).count();
    assert_eq!(shelf.reads(read), (1, 2));
}

#[test]
fn a_file_of_zeros_has_a_small_manifest() {
    let shelf = Shelf::default();
    let zeros = ChunkRef { id: Id::of(&vec![0; 262_144]), bytes: 262_144 };
    let root = build(&shelf, &vec![zeros; 800_000]);
    assert!(shelf.ids().len() <= 6, "{} pages", shelf.ids().len());
    assert_eq!(root.bytes, 800_000 * 262_144);
}

#[test]
fn chunks_that_do_not_add_up_to_the_file_are_damage() {
    let shelf = Shelf::default();
    let root = build(&shelf, &numbered(0..5_000));
    let wrong = Root { bytes: root.bytes + 1, ..root };
    assert!(matches!(manifest::chunks(&shelf, &wrong).err(), Some(ShelfError::Damaged(id, _)) if id == root.id));
    let leaf =
        shelf.put_any(forged(b"eskmani", 0, &[[Id::of(b"").as_bytes().as_slice(), &7_u32.to_le_bytes()].concat()]));
    let link = |bytes: u64| [leaf.as_bytes().as_slice(), &bytes.to_le_bytes()].concat();
    let top = Root { id: shelf.put_any(forged(b"eskmani", 1, &[link(7), link(8)])), bytes: 15 };
    let walked: Result<Vec<_>, _> = manifest::chunks(&shelf, &top).unwrap().collect();
    assert!(matches!(walked, Err(ShelfError::Damaged(id, _)) if id == leaf), "{walked:?}");
}

#[test]
fn chunks_that_cannot_be_are_refused() {
    let record = |bytes: u32| [Id::of(b"").as_bytes().as_slice(), &bytes.to_le_bytes()].concat();
    let refused = |records: &[Vec<u8>], level| Page::decode(forged(b"eskmani", level, records)).is_err();
    assert!(!refused(&[record(1), record(1 << 20)], 0));
    assert!(refused(&[record(0)], 0));
    assert!(refused(&[record((1 << 20) + 1)], 0));
    assert!(refused(&[[Id::of(b"").as_bytes().as_slice(), &0_u64.to_le_bytes()].concat()], 1));
    assert!(refused(&[], 1));
}
