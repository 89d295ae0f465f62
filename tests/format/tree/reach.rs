//! What a tree leads to: pages, chunks, and the chunks of a range.

use std::collections::{BTreeMap, BTreeSet};

use esker::base::Id;
use esker::format::manifest::{self, Visit};
use esker::format::tree::{self, ChunkRef, Chunks, Entry, Node, Root, VisitTree};

use super::super::shelf::{Shelf, ShelfError};
use super::made::{build, edited, file, path, photos};

/// Notes all that it is told of; passes over what it knows.
#[derive(Default)]
struct Notes {
    known: BTreeSet<Id>,
    pages: BTreeSet<Id>,
    chunks: Vec<ChunkRef>,
    without_files: bool,
}

impl Visit<ShelfError> for Notes {
    fn page(&mut self, id: &Id) -> Result<bool, ShelfError> {
        Ok(!self.known.contains(id) && self.pages.insert(*id))
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), ShelfError> {
        self.chunks.push(*chunk);
        Ok(())
    }
}

impl VisitTree<ShelfError> for Notes {
    fn entry(&mut self, _entry: &Entry) -> Result<bool, ShelfError> {
        Ok(!self.without_files)
    }
}

fn a_tree_with_a_manifest(shelf: &Shelf) -> (Root, Vec<ChunkRef>) {
    let chunks: Vec<ChunkRef> = (0..5_000_u32).map(|i| ChunkRef { id: Id::of(&i.to_le_bytes()), bytes: 10 }).collect();
    let mut builder = manifest::Builder::new(|id, bytes| shelf.put(id, bytes));
    chunks.iter().for_each(|chunk| builder.push(chunk).unwrap());
    let manifest = builder.finish().unwrap();
    let large =
        Node::File { executable: false, bytes: manifest.bytes, id: Id::of(b"x"), chunks: Chunks::Paged(manifest.id) };
    let mut map = photos(3_000);
    map.insert(path("large"), large);
    (build(shelf, &map), chunks)
}

#[test]
fn all_that_a_tree_leads_to_is_told() {
    let shelf = Shelf::default();
    let (root, listed) = a_tree_with_a_manifest(&shelf);
    let mut all = Notes::default();
    tree::reach(&shelf, &root.id, &mut all).unwrap();
    assert_eq!(all.pages, shelf.ids());
    // The first photo is empty.
    assert_eq!(all.chunks.len(), listed.len() + 2_999);
    assert!(all.chunks.starts_with(&listed));
    let mut entries_only = Notes { without_files: true, ..Notes::default() };
    tree::reach(&shelf, &root.id, &mut entries_only).unwrap();
    assert!(entries_only.chunks.is_empty() && entries_only.pages.len() < all.pages.len());
}

#[test]
fn what_is_known_is_neither_told_nor_read() {
    let shelf = Shelf::default();
    let (root, _) = a_tree_with_a_manifest(&shelf);
    let mut all = Notes::default();
    tree::reach(&shelf, &root.id, &mut all).unwrap();
    let change = BTreeMap::from([(path("photos/001/img_0001000.jpg"), Some(file(4)))]);
    let (new, written) = edited(&shelf, &root, &change);
    let mut rest = Notes { known: all.pages, ..Notes::default() };
    let ((), reads) = shelf.reads(|| tree::reach(&shelf, &new.id, &mut rest).unwrap());
    assert_eq!(rest.pages, written);
    assert_eq!(reads, written.len());
}

#[test]
fn the_chunks_of_a_range_are_found_wherever_they_are_listed() {
    let shelf = Shelf::default();
    let (root, listed) = a_tree_with_a_manifest(&shelf);
    let entry = tree::get(&shelf, &root.id, &path("large")).unwrap().unwrap();
    let found = |node: &Node, range| {
        let Node::File { id, bytes, chunks, .. } = node else { panic!("no file") };
        let found = tree::file_chunks(&shelf, id, *bytes, chunks, range).unwrap();
        found.map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(found(&entry.node, 25_005..25_011), [(25_000, listed[2_500]), (25_010, listed[2_501])]);
    let parts = [ChunkRef { id: Id::of(b"1"), bytes: 100 }, ChunkRef { id: Id::of(b"2"), bytes: 50 }];
    let two = Node::File { executable: false, bytes: 150, id: Id::of(b"f"), chunks: Chunks::Inline(parts.into()) };
    assert_eq!(found(&two, 0..150), [(0, parts[0]), (100, parts[1])]);
    assert_eq!(found(&two, 100..101), [(100, parts[1])]);
    assert_eq!(found(&two, 150..200), []);
    let whole = Node::File { executable: false, bytes: 7, id: Id::of(b"f"), chunks: Chunks::Whole };
    assert_eq!(found(&whole, 6..7), [(0, ChunkRef { id: Id::of(b"f"), bytes: 7 })]);
    let empty = Node::File { executable: false, bytes: 0, id: Id::of(b""), chunks: Chunks::Whole };
    assert_eq!(found(&empty, 0..10), []);
}
