//! Merging trees: laws that hold for any three, and what it costs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use proptest::collection::btree_map;
use proptest::prelude::*;

use esker::base::{PathRefused, RepoPath};
use esker::format::tree::{self, Choice, Chunks, Merge, Node, Root, Side};

use super::super::shelf::Shelf;
use super::made::{Changes, Map, apply, build, edited, file, key, path, photos};

fn merged(shelf: &Shelf, base: Option<&Root>, ours: &Root, theirs: &Root) -> Merge {
    let changes = |side: &Root| tree::diff(shelf, base.map(|root| &root.id), shelf, Some(&side.id)).unwrap();
    tree::merge(changes(ours), changes(theirs)).unwrap()
}

/// The merge of three lists, and what it makes of ours.
fn of_maps(base: &Map, ours: &Map, theirs: &Map) -> (Merge, Map) {
    let shelf = Shelf::default();
    let merge = merged(&shelf, Some(&build(&shelf, base)), &build(&shelf, ours), &build(&shelf, theirs));
    let mut result = ours.clone();
    apply(&mut result, &merge.edits);
    // Whatever comes out is a tree.
    build(&shelf, &result);
    (merge, result)
}

fn settled(merge: &Merge, ours: &Map, choice: Choice) -> Map {
    let mut merge = merge.clone();
    let taken = ours.clone();
    let is_taken = |path: &RepoPath| Ok::<_, PathRefused>(taken.keys().any(|known| known.is_in(path)));
    merge.settle(choice, |_| true, is_taken).unwrap();
    assert!(merge.clashes.is_empty());
    let mut result = ours.clone();
    apply(&mut result, &merge.edits);
    result
}

fn numbered(numbers: impl Strategy<Value = u16>, count: usize) -> impl Strategy<Value = Changes> {
    btree_map(numbers.prop_map(key), proptest::option::of((0..500_u32).prop_map(file)), 0..count)
}

fn a_map() -> impl Strategy<Value = Map> {
    btree_map((0..600_u16).prop_map(key), (0..500_u32).prop_map(file), 0..300)
}

/// Few short names, so that files and folders meet.
fn a_narrow_map() -> impl Strategy<Value = Map> {
    let names = proptest::sample::select(vec!["a", "a-b", "a/b", "a/b/c", "a/c", "a/c-d", "b", "b/a", "b.x", "c"]);
    btree_map(names.prop_map(path), (1..6_u32).prop_map(file), 0..8).prop_map(|map| {
        let above = |at: &RepoPath| std::iter::successors(at.parent(), RepoPath::parent).collect::<Vec<_>>();
        let kept = map.iter().filter(|(at, _)| !above(at).iter().any(|folder| map.contains_key(folder)));
        kept.map(|(at, node)| (at.clone(), node.clone())).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn edits_of_different_files_merge_to_both(
        base in a_map(),
        ours in numbered((0..300_u16).prop_map(|at| at * 2), 30),
        theirs in numbered((0..300_u16).prop_map(|at| at * 2 + 1), 30),
    ) {
        let (mut our_map, mut their_map, mut both) = (base.clone(), base.clone(), base.clone());
        apply(&mut our_map, &ours);
        apply(&mut their_map, &theirs);
        apply(&mut both, &ours);
        apply(&mut both, &theirs);
        let (merge, result) = of_maps(&base, &our_map, &their_map);
        prop_assert_eq!(merge.clashes.len(), 0);
        prop_assert_eq!(&result, &both);
        let shelf = Shelf::default();
        let (base, ours, theirs) = (build(&shelf, &base), build(&shelf, &our_map), build(&shelf, &their_map));
        let merge = merged(&shelf, Some(&base), &ours, &theirs);
        prop_assert_eq!(edited(&shelf, &ours, &merge.edits).0, build(&shelf, &both));
    }

    #[test]
    fn sides_are_equal_partners(base in a_narrow_map(), ours in a_narrow_map(), theirs in a_narrow_map()) {
        let (one, of_ours) = of_maps(&base, &ours, &theirs);
        let (other, of_theirs) = of_maps(&base, &theirs, &ours);
        prop_assert_eq!(one.clashes.keys().collect::<Vec<_>>(), other.clashes.keys().collect::<Vec<_>>());
        if one.clashes.is_empty() {
            prop_assert_eq!(of_ours, of_theirs);
        }
    }

    #[test]
    fn one_side_alone_is_that_side(base in a_narrow_map(), other in a_narrow_map()) {
        for (ours, theirs) in [(&base, &other), (&other, &base), (&other, &other)] {
            let (merge, result) = of_maps(&base, ours, theirs);
            prop_assert_eq!((merge.clashes.len(), &result), (0, &other));
        }
    }

    #[test]
    fn any_choice_gives_a_tree_and_loses_nothing(
        base in a_narrow_map(), ours in a_narrow_map(), theirs in a_narrow_map()
    ) {
        let (merge, result) = of_maps(&base, &ours, &theirs);
        let shelf = Shelf::default();
        for choice in [Choice::Ours, Choice::Theirs, Choice::Base, Choice::Both] {
            let settled = settled(&merge, &ours, choice);
            build(&shelf, &settled);
            for clash in merge.clashes.values() {
                let is_there = |node: &Option<Node>| {
                    node.iter().all(|node| settled.values().any(|held| held == node))
                };
                prop_assert!(choice != Choice::Both || (is_there(&clash.ours) && is_there(&clash.theirs)));
                prop_assert!(choice != Choice::Ours || settled.get(&clash.path) == clash.ours.as_ref());
                prop_assert!(choice != Choice::Theirs || settled.get(&clash.path) == clash.theirs.as_ref());
            }
        }
        // What is left of a merge is a merge of its own, in which only the clashes differ.
        let [base, ours, theirs] = [Side::Base, Side::Ours, Side::Theirs].map(|side| {
            let mut map = ours.clone();
            apply(&mut map, &merge.side(side));
            map
        });
        let (rest, again) = of_maps(&base, &ours, &theirs);
        prop_assert_eq!(rest.clashes.keys().collect::<Vec<_>>(), merge.clashes.keys().collect::<Vec<_>>());
        prop_assert_eq!(again, result);
    }
}

fn node(seed: u32, executable: bool) -> Node {
    let id = esker::base::Id::of(&seed.to_le_bytes());
    Node::File { executable, bytes: 9, id, chunks: Chunks::Whole }
}

fn map(entries: &[(&str, Node)]) -> Map {
    entries.iter().map(|(at, node)| (path(at), node.clone())).collect()
}

#[test]
fn a_new_mode_and_new_content_of_one_file_merge() {
    let (base, ours) = (map(&[("a", node(1, false))]), map(&[("a", node(1, true))]));
    let (merge, result) = of_maps(&base, &ours, &map(&[("a", node(2, false))]));
    assert_eq!((merge.clashes.len(), result), (0, map(&[("a", node(2, true))])));
}

#[test]
fn deleted_here_and_changed_there_clashes_and_deleted_on_both_sides_does_not() {
    let base = map(&[("a", node(1, false)), ("b", node(1, false))]);
    let (merge, _) = of_maps(&base, &map(&[]), &map(&[("a", node(2, false))]));
    assert_eq!(merge.clashes.keys().cloned().collect::<Vec<_>>(), [path("a")]);
    assert_eq!(merge.clashes[&path("a")].ours, None);
}

#[test]
fn a_file_here_and_a_folder_there_clash_together() {
    let base = map(&[("z", node(1, false))]);
    let ours = map(&[("x", node(2, false)), ("z", node(1, false))]);
    let theirs =
        map(&[("x-y", node(3, false)), ("x/a", node(4, false)), ("x/b", node(5, false)), ("z", node(1, false))]);
    let (merge, result) = of_maps(&base, &ours, &theirs);
    assert_eq!(merge.clashes.keys().cloned().collect::<Vec<_>>(), ["x", "x/a", "x/b"].map(path));
    assert!(merge.clashes.values().all(|clash| clash.file == Some(path("x"))));
    assert_eq!(result, map(&[("x", node(2, false)), ("x-y", node(3, false)), ("z", node(1, false))]));
    let both: BTreeSet<RepoPath> = settled(&merge, &ours, Choice::Both).into_keys().collect();
    assert_eq!(both, ["x", "x-y", "x.theirs/a", "x.theirs/b", "z"].map(path).into());
}

#[test]
fn a_merge_reads_few_pages_of_large_trees() {
    let shelf = Shelf::default();
    let base = build(&shelf, &photos(100_000));
    let change = |at: u32| BTreeMap::from([(path(&format!("photos/{:03}/img_{at:07}.jpg", at / 1000)), Some(file(4)))]);
    let (ours, _) = edited(&shelf, &base, &change(10_000));
    let (theirs, _) = edited(&shelf, &base, &change(90_000));
    let (merge, reads) = shelf.reads(|| merged(&shelf, Some(&base), &ours, &theirs));
    assert_eq!((merge.edits.len(), merge.clashes.len()), (1, 0));
    assert!(reads <= 8, "{reads} pages read");
}

/// Run it with `--ignored --nocapture`: it prints how long a merge of a million files with a hundred changes takes.
#[test]
#[ignore = "a measurement, and slow to set up"]
fn a_million_files_with_a_hundred_changes() {
    let shelf = Shelf::default();
    let base = build(&shelf, &photos(1_000_000));
    let changes = |first: u32| -> Changes {
        let at = |i: u32| first + i * 19_990;
        (0..50)
            .map(|i| (path(&format!("photos/{:03}/img_{:07}.jpg", at(i) / 1000, at(i))), Some(file(i * 7 + 4))))
            .collect()
    };
    let (ours, _) = edited(&shelf, &base, &changes(3));
    let (theirs, _) = edited(&shelf, &base, &changes(9_000));
    let began = Instant::now();
    let ((merge, root), reads) = shelf.reads(|| {
        let merge = merged(&shelf, Some(&base), &ours, &theirs);
        let (root, _) = edited(&shelf, &ours, &merge.edits);
        (merge, root)
    });
    println!("merged in {:?}: {reads} pages read, {} files", began.elapsed(), root.entries);
    assert_eq!((merge.edits.len(), merge.clashes.len(), root.entries), (50, 0, 1_000_000));
}
