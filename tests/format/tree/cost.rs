//! What is read and written for what is asked.

use std::collections::{BTreeMap, BTreeSet};

use esker::base::Id;
use esker::format::tree::{self, Page};

use super::super::shelf::Shelf;
use super::made::{Map, apply, build, edited, file, path, photos};

#[test]
fn an_edit_of_one_entry_reads_and_writes_one_page_of_each_level() {
    let shelf = Shelf::default();
    let root = build(&shelf, &photos(100_000));
    let change = BTreeMap::from([(path("photos/050/img_0050000.jpg"), Some(file(4)))]);
    let ((new, written), reads) = shelf.reads(|| edited(&shelf, &root, &change));
    assert_eq!((reads, written.len()), (2, 2));
    let (count, reads) = shelf.reads(|| tree::diff(&shelf, Some(&root.id), &shelf, Some(&new.id)).unwrap().count());
    assert_eq!((count, reads), (1, 4));
    let (found, reads) = shelf.reads(|| tree::get(&shelf, &new.id, &path("photos/050/img_0050000.jpg")));
    assert_eq!((found.unwrap().map(|entry| entry.node), reads), (Some(file(4)), 2));
}

#[test]
fn a_folder_is_listed_without_its_neighbours() {
    let shelf = Shelf::default();
    let root = build(&shelf, &photos(100_000));
    let walk = || tree::walk_below(&shelf, &root.id, &path("photos/050")).unwrap().map(Result::unwrap).count();
    let (count, reads) = shelf.reads(walk);
    assert_eq!(count, 1000);
    assert!(reads <= 6, "{reads} pages read");
}

#[test]
fn an_insertion_moves_few_pages_and_diff_finds_the_rest_again() {
    let shelf = Shelf::default();
    let root = build(&shelf, &photos(100_000));
    let new = (0..3_000_u32).map(|i| (path(&format!("photos/050/img_0050000.jpg.{i:04}")), Some(file(i * 7 + 4))));
    let changes: BTreeMap<_, _> = new.collect();
    let ((new, written), reads) = shelf.reads(|| edited(&shelf, &root, &changes));
    assert!(reads <= 5 && written.len() <= 12, "{reads} pages read, {} written", written.len());
    let (count, reads) = shelf.reads(|| tree::diff(&shelf, Some(&root.id), &shelf, Some(&new.id)).unwrap().count());
    assert_eq!(count, 3_000);
    assert!(reads <= 16, "{reads} pages read");
}

#[test]
fn what_is_left_of_a_high_tree_has_no_page_over_one_page() {
    let long = |i: u32| path(&format!("{i:04}{}", ("/".to_owned() + &"y".repeat(250)).repeat(15)));
    let shelf = Shelf::default();
    let open = |id: &Id| Page::decode(shelf.bytes(id)).unwrap();
    let lone = (200..1_000).step_by(8).find_map(|count| {
        let map: Map = (0..count).map(|i| (long(i), file(4))).collect();
        let root = build(&shelf, &map);
        let page = open(&root.id);
        let [.., before, last] = page.links() else { return None };
        (page.level() == 2 && open(&last.id).links().len() == 1).then(|| (map, root, before.span.last.clone()))
    });
    let (mut map, root, end) = lone.unwrap();
    let removals = map.keys().take_while(|path| **path <= end).map(|path| (path.clone(), None)).collect();
    let edited = edited(&shelf, &root, &removals);
    apply(&mut map, &removals);
    assert_eq!(edited, (build(&shelf, &map), BTreeSet::new()));
}
