//! Laws that hold for any entries and any changes.

use std::collections::BTreeSet;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use esker::base::RepoPath;
use esker::format::tree::{self, Change, Entry, Node, Page};

use super::super::properties::{modestly, mutated};
use super::super::shelf::Shelf;
use super::book::by_the_book;
use super::made::{Changes, Map, apply, build, edited, entries, file, key, pages_of, photos};

fn a_map() -> impl Strategy<Value = Map> {
    let some = |count: usize| btree_map((0..600_u16).prop_map(key), (0..500_u32).prop_map(file), 0..count);
    prop_oneof![some(4), some(40), some(500), some(500)]
}

fn changes() -> impl Strategy<Value = Changes> {
    let node = || proptest::option::of((0..500_u32).prop_map(file));
    let scattered = btree_map((0..600_u16).prop_map(key), node(), 0..8);
    // Removes a run, so that whole pages and levels go.
    let run = (0..600_u16, 0..600_u16)
        .prop_map(|(start, len)| (start..600.min(start + len)).map(|k| (key(k), None)).collect());
    prop_oneof![3 => scattered, 1 => run]
}

fn a_page() -> impl Strategy<Value = Vec<u8>> {
    (a_map(), any::<prop::sample::Index>()).prop_map(|(map, at)| {
        let shelf = Shelf::default();
        build(&shelf, &map);
        shelf.bytes(at.get(&shelf.ids().into_iter().collect::<Vec<_>>()))
    })
}

fn difference(old: &Map, new: &Map) -> Vec<Change> {
    let entry = |path: &RepoPath, node: &Node| Entry { path: path.clone(), node: node.clone() };
    let paths: BTreeSet<&RepoPath> = old.keys().chain(new.keys()).collect();
    let change = |path: &RepoPath| match (old.get(path), new.get(path)) {
        (None, Some(new)) => Some(Change::Added(entry(path, new))),
        (Some(old), None) => Some(Change::Removed(entry(path, old))),
        (Some(old), Some(new)) if old != new => Some(Change::Modified { old: entry(path, old), new: entry(path, new) }),
        _ => None,
    };
    paths.into_iter().filter_map(change).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_edit_gives_what_building_gives_and_writes_what_is_new(map in a_map(), rounds in vec(changes(), 1..4)) {
        let shelf = Shelf::default();
        let (mut map, mut root) = (map.clone(), build(&shelf, &map));
        for changes in &rounds {
            let (_, before) = pages_of(&map);
            let (edited, written) = edited(&shelf, &root, changes);
            apply(&mut map, changes);
            let (built, after) = pages_of(&map);
            prop_assert_eq!(edited, built);
            prop_assert_eq!(written, after.difference(&before).copied().collect());
            root = edited;
        }
        prop_assert_eq!(root.entries, map.len() as u64);
        prop_assert_eq!(root.bytes, map.values().map(Node::bytes).sum::<u64>());
    }

    #[test]
    fn pages_are_cut_by_the_book(map in a_map()) {
        let (root, pages) = pages_of(&map);
        prop_assert_eq!((root.id, pages), by_the_book(&map));
    }

    #[test]
    fn a_walk_gives_the_entries_in_order(map in a_map()) {
        let shelf = Shelf::default();
        let root = build(&shelf, &map);
        let walked: Vec<Entry> = tree::walk(&shelf, &root.id).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(walked, entries(&map));
    }

    #[test]
    fn a_diff_is_the_difference(map in a_map(), rounds in vec(changes(), 0..3), other in a_map(), far in any::<bool>()) {
        let mut new = map.clone();
        rounds.iter().for_each(|changes| apply(&mut new, changes));
        let new = if far { other } else { new };
        let (old_shelf, new_shelf) = (Shelf::default(), Shelf::default());
        let (old_root, new_root) = (build(&old_shelf, &map), build(&new_shelf, &new));
        let found: Vec<Change> = tree::diff(&old_shelf, Some(&old_root.id), &new_shelf, Some(&new_root.id))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        prop_assert_eq!(found, difference(&map, &new));
    }

    #[test]
    fn walking_below_is_walking_and_choosing(map in a_map(), number in 0..600_u16, cut in 0..5_usize) {
        let shelf = Shelf::default();
        let root = build(&shelf, &map);
        let full = key(number);
        let names: Vec<&[u8]> = full.as_bytes().split(|byte| *byte == b'/').take(cut).collect();
        let folder = RepoPath::new(&names.join(&b'/')).unwrap();
        let found: Vec<Entry> = tree::walk_below(&shelf, &root.id, &folder).unwrap().map(Result::unwrap).collect();
        let wanted: Vec<Entry> = entries(&map).into_iter().filter(|entry| entry.path.is_in(&folder)).collect();
        prop_assert_eq!(found, wanted);
        let entry = map.get(&folder).map(|node| Entry { path: folder.clone(), node: node.clone() });
        prop_assert_eq!(tree::get(&shelf, &root.id, &folder).unwrap(), entry);
    }

    #[test]
    fn a_page_that_is_taken_is_written_the_same(bytes in mutated(a_page())) {
        if let Ok(page) = modestly(&bytes, |bytes| Page::decode(bytes.to_vec())) {
            prop_assert_eq!(page.encode(), bytes);
        }
    }

    #[test]
    fn no_bytes_do_harm(tail in vec(any::<u8>(), 0..300), level in 0..2_u8, count in 0..6_u32) {
        let bytes = [b"esktree\x01", &[level, 0, 0, 0][..], &count.to_le_bytes(), &tail].concat();
        if let Ok(page) = modestly(&bytes, |bytes| Page::decode(bytes.to_vec())) {
            prop_assert_eq!(page.encode(), bytes);
        }
    }
}

#[test]
fn a_tree_is_compared_with_nothing() {
    let shelf = Shelf::default();
    let map = photos(3_000);
    let root = build(&shelf, &map);
    let added = tree::diff(&shelf, None, &shelf, Some(&root.id)).unwrap().map(Result::unwrap);
    assert_eq!(added.collect::<Vec<_>>(), difference(&Map::new(), &map));
    let removed = tree::diff(&shelf, Some(&root.id), &shelf, None).unwrap().map(Result::unwrap);
    assert_eq!(removed.collect::<Vec<_>>(), difference(&map, &Map::new()));
    let (none, reads) = shelf.reads(|| tree::diff(&shelf, Some(&root.id), &shelf, Some(&root.id)).unwrap().count());
    assert_eq!((none, reads), (0, 0));
}
