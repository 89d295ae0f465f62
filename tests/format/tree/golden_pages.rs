//! Pages as the first release wrote them.

use std::collections::{BTreeMap, BTreeSet};

use esker::base::Id;
use esker::format::tree::{self, ChunkRef, Chunks, Node, Page};

use super::super::golden::golden;
use super::super::shelf::{Shelf, forged};
use super::made::{Map, build, edited, entries, file, path, photos};

#[test]
fn the_cut_rule_never_changes() {
    let shelf = Shelf::default();
    let root = build(&shelf, &photos(5_000));
    assert_eq!(root.id.to_string(), "30f05135e59af626fefc45742cd51e59aa271af513b0607daa3d073db1f93666");
    let page = golden("tree-root.bin", || shelf.bytes(&root.id));
    assert_eq!(page, shelf.bytes(&root.id));
    let page = Page::decode(page).unwrap();
    assert_eq!((page.level(), page.links().len(), page.span().entries), (1, 6, 5_000));
}

#[test]
fn every_kind_of_entry_is_read_as_it_was_written() {
    let shelf = Shelf::default();
    let chunk = |seed: u8| ChunkRef { id: Id::of(&[seed]), bytes: 65_536 + u32::from(seed) };
    let sixteen: Vec<ChunkRef> = (0..16).map(chunk).collect();
    let of = |executable, bytes, chunks| Node::File { executable, bytes, id: Id::of(b"a file"), chunks };
    let map: Map = [
        ("empty file", Node::File { executable: false, bytes: 0, id: Id::of(b""), chunks: Chunks::Whole }),
        ("empty folder", Node::EmptyFolder),
        ("large", of(false, 1 << 40, Chunks::Paged(Id::of(b"a manifest")))),
        ("link", Node::Symlink { target: b"../elsewhere/\xff".as_slice().into() }),
        ("sixteen chunks", of(false, 16 * 65_536 + 120, Chunks::Inline(sixteen.into()))),
        ("small", of(false, 5, Chunks::Whole)),
        ("tool", of(true, 131_073, Chunks::Inline([chunk(0), chunk(1)].into()))),
    ]
    .map(|(name, node)| (path(name), node))
    .into();
    let root = build(&shelf, &map);
    let page = Page::decode(golden("tree-kinds.bin", || shelf.bytes(&root.id))).unwrap();
    assert_eq!(page.items().collect::<Vec<_>>(), entries(&map));
    assert_eq!(page.encode(), shelf.bytes(&root.id));
}

#[test]
fn a_folder_without_entries_is_one_page_without_records() {
    let shelf = Shelf::default();
    let root = build(&shelf, &Map::new());
    assert_eq!(shelf.bytes(&root.id), golden("tree-empty.bin", || forged(b"esktree", 0, &[])));
    assert_eq!((root.entries, root.bytes), (0, 0));
    let one = Map::from([(path("a"), file(4))]);
    let put = BTreeMap::from([(path("a"), Some(file(4)))]);
    assert_eq!(edited(&shelf, &root, &put).0, build(&shelf, &one));
    let removed = BTreeMap::from([(path("a"), None)]);
    assert_eq!(edited(&shelf, &build(&shelf, &one), &removed), (root, BTreeSet::from([root.id])));
    assert_eq!(tree::walk(&shelf, &root.id).unwrap().count(), 0);
}
