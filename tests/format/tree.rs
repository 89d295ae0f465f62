//! Trees: pages that depend on the entries alone, edits and comparisons at the cost of the change.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use esker::base::{Id, RepoPath};
use esker::format::manifest::{self, Visit};
use esker::format::pages::Record as _;
use esker::format::tree::{self, Builder, Change, ChunkRef, Chunks, Entry, Node, Page, Root, VisitTree};

use super::golden::golden;
use super::properties::{modestly, mutated};
use super::shelf::{Shelf, ShelfError, forged};

type Map = BTreeMap<RepoPath, Node>;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).unwrap()
}

fn file(seed: u32) -> Node {
    let id = Id::of(&seed.to_le_bytes());
    let chunk = |bytes| ChunkRef { id: Id::of(&[seed as u8, 1]), bytes };
    match seed % 7 {
        0 => Node::Symlink { target: format!("to-{seed}").into_bytes().into() },
        1 => Node::EmptyFolder,
        2 => Node::File { executable: true, bytes: 300, id, chunks: Chunks::Inline([chunk(100), chunk(200)].into()) },
        3 => Node::File { executable: false, bytes: 1 << 40, id, chunks: Chunks::Paged(Id::of(b"page")) },
        _ => Node::File { executable: false, bytes: u64::from(seed), id, chunks: Chunks::Whole },
    }
}

/// Three folders deep; one path in three is so long that few fill a page and small trees have many levels.
fn key(number: u16) -> RepoPath {
    let names = format!("d{}/e{}/f{:02}", number / 100, number / 25 % 4, number % 25);
    let long = "/".to_owned() + &"y".repeat(250);
    path(&(names + &long.repeat(if number.is_multiple_of(3) { 15 } else { usize::from(number % 5) })))
}

fn build(shelf: &Shelf, map: &Map) -> Root {
    let mut builder = Builder::new(|id, bytes| shelf.put(id, bytes));
    for (path, node) in map {
        builder.push(&Entry { path: path.clone(), node: node.clone() }).unwrap();
    }
    builder.finish().unwrap()
}

fn entries(map: &Map) -> Vec<Entry> {
    map.iter().map(|(path, node)| Entry { path: path.clone(), node: node.clone() }).collect()
}

/// What an edit gives, and the pages that it wrote.
fn edited(shelf: &Shelf, root: &Root, changes: &BTreeMap<RepoPath, Option<Node>>) -> (Root, BTreeSet<Id>) {
    let written = RefCell::new(BTreeSet::new());
    let root = tree::edit(shelf, &root.id, changes.clone(), |id, bytes| {
        assert!(written.borrow_mut().insert(id), "a page is written once");
        shelf.put(id, bytes)
    });
    (root.unwrap(), written.into_inner())
}

fn apply(map: &mut Map, changes: &BTreeMap<RepoPath, Option<Node>>) {
    for (path, node) in changes {
        match node {
            Some(node) => drop(map.insert(path.clone(), node.clone())),
            None => drop(map.remove(path)),
        }
    }
}

/// The ids of all pages, and which is the root, by the words of docs/format.md: no builder, no streams.
fn by_the_book(map: &Map) -> (Id, BTreeSet<Id>) {
    struct Record {
        encoded: Vec<u8>,
        sums: [u64; 2],
        path: RepoPath,
    }
    let leaf = |entry: Entry| {
        let mut encoded = Vec::new();
        entry.write(&mut encoded);
        Record { encoded, sums: [1, entry.node.bytes()], path: entry.path }
    };
    let mut records: Vec<Record> = entries(map).into_iter().map(leaf).collect();
    let mut ids = BTreeSet::new();
    for level in 0_u8.. {
        let mut pages: Vec<Vec<Record>> = vec![Vec::new()];
        let count = records.len();
        for (at, record) in records.into_iter().enumerate() {
            let hash = blake3(&record.path, 8 * usize::from(level.min(3)));
            let record_len = record.encoded.len() as u64;
            let page = pages.last_mut().unwrap();
            page.push(record);
            let len = 16 + page.iter().map(|record| record.encoded.len()).sum::<usize>();
            let ends = hash < record_len << 48 || len >= 262_144;
            if ends && !(level > 0 && page.len() == 1) && at + 1 < count {
                pages.push(Vec::new());
            }
        }
        let above = |page: Vec<Record>| {
            let encoded: Vec<Vec<u8>> = page.iter().map(|record| record.encoded.clone()).collect();
            let id = Id::of(&forged(b"esktree", level, &encoded));
            ids.insert(id);
            let sum = |which: usize| page.iter().map(|record| record.sums[which]).sum();
            let (sums, path) = ([sum(0), sum(1)], page.last().map(|record| record.path.clone()).unwrap_or_default());
            (id, Record { encoded: link(id, sums[0], sums[1], path.as_bytes()), sums, path })
        };
        let mut linked: Vec<(Id, Record)> = pages.into_iter().map(above).collect();
        if linked.len() == 1 {
            return (linked.remove(0).0, ids);
        }
        records = linked.into_iter().map(|(_, record)| record).collect();
    }
    unreachable!("each level is shorter")
}

fn blake3(path: &RepoPath, start: usize) -> u64 {
    u64::from_be_bytes(Id::of(path.as_bytes()).as_bytes()[start..start + 8].try_into().unwrap())
}

fn pages_of(map: &Map) -> (Root, BTreeSet<Id>) {
    let shelf = Shelf::default();
    let root = build(&shelf, map);
    (root, shelf.ids())
}

fn a_map() -> impl Strategy<Value = Map> {
    let some = |count: usize| btree_map((0..600_u16).prop_map(key), (0..500_u32).prop_map(file), 0..count);
    prop_oneof![some(4), some(40), some(500), some(500)]
}

fn changes() -> impl Strategy<Value = BTreeMap<RepoPath, Option<Node>>> {
    let node = || proptest::option::of((0..500_u32).prop_map(file));
    let scattered = btree_map((0..600_u16).prop_map(key), node(), 0..8);
    // Removes a run, so that whole pages and levels go.
    let run = (0..600_u16, 0..600_u16)
        .prop_map(|(start, len)| (start..600.min(start + len)).map(|k| (key(k), None)).collect());
    prop_oneof![3 => scattered, 1 => run]
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

fn a_page() -> impl Strategy<Value = Vec<u8>> {
    (a_map(), any::<prop::sample::Index>()).prop_map(|(map, at)| {
        let shelf = Shelf::default();
        build(&shelf, &map);
        shelf.bytes(at.get(&shelf.ids().into_iter().collect::<Vec<_>>()))
    })
}

/// A folder of photos: what most large folders look like.
fn photos(count: u32) -> Map {
    let photo = |i: u32| {
        let node =
            Node::File { executable: false, bytes: u64::from(i), id: Id::of(&i.to_le_bytes()), chunks: Chunks::Whole };
        (path(&format!("photos/{:03}/img_{i:07}.jpg", i / 1000)), node)
    };
    (0..count).map(photo).collect()
}

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

#[test]
fn disorder_and_files_that_are_folders_are_refused() {
    let refused = |pairs: &[(&str, Node)]| {
        let mut builder = Builder::new(|_, _| Ok::<(), ShelfError>(()));
        pairs.iter().find_map(|(name, node)| builder.push(&Entry { path: path(name), node: node.clone() }).err())
    };
    let reason = |error: Option<ShelfError>| match error {
        Some(ShelfError::Refused(refused)) => refused.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[("a", file(4)), ("a.b", file(4)), ("b/c", file(4))]), None);
    assert!(reason(refused(&[("b", file(4)), ("a", file(4))])).contains("`a`"));
    assert!(reason(refused(&[("a", file(4)), ("a.b", file(4)), ("a/b", file(4))])).contains("below"));
    assert!(reason(refused(&[("", file(4))])).contains("path"));
    let of = |bytes, chunks| Node::File { executable: false, bytes, id: Id::of(b""), chunks };
    let chunk = |bytes| ChunkRef { id: Id::of(b""), bytes };
    for node in [
        of((1 << 20) + 1, Chunks::Whole),
        of(0, Chunks::Paged(Id::of(b""))),
        of(5, Chunks::Inline([chunk(5)].into())),
        of(5, Chunks::Inline([].into())),
        of(17, Chunks::Inline([chunk(1); 17].into())),
        of(6, Chunks::Inline([chunk(2), chunk(3)].into())),
        of(5, Chunks::Inline([chunk(5), chunk(0)].into())),
        Node::Symlink { target: b"".as_slice().into() },
        Node::Symlink { target: b"a\0b".as_slice().into() },
        Node::Symlink { target: vec![b'a'; 4096].into() },
    ] {
        reason(refused(&[("a", node)]));
    }
    let huge = of(u64::MAX, Chunks::Paged(Id::of(b"")));
    assert!(reason(refused(&[("a", huge.clone()), ("b", huge)])).contains("64 bits"));
}

#[test]
fn an_edit_refuses_changes_out_of_order() {
    let shelf = Shelf::default();
    let root = build(&shelf, &photos(10));
    let changes = [(path("b"), None), (path("a"), None)];
    let refused = tree::edit(&shelf, &root.id, changes, |id, bytes| shelf.put(id, bytes));
    assert!(matches!(refused, Err(ShelfError::Refused(_))), "{refused:?}");
}

fn link(id: Id, entries: u64, bytes: u64, last: impl AsRef<[u8]>) -> Vec<u8> {
    let (sums, last) = ([entries.to_le_bytes(), bytes.to_le_bytes()].concat(), last.as_ref());
    [id.as_bytes().as_slice(), &sums, &(last.len() as u16).to_le_bytes(), last].concat()
}

fn empty_folder(name: &str) -> Vec<u8> {
    [&(name.len() as u16).to_le_bytes(), name.as_bytes(), &[4]].concat()
}

#[test]
fn a_page_that_is_not_what_its_parent_says_is_damage() {
    let shelf = Shelf::default();
    let leaf = |names: &[&str]| {
        let records: Vec<Vec<u8>> = names.iter().map(|name| empty_folder(name)).collect();
        shelf.put_any(forged(b"esktree", 0, &records))
    };
    let (first, second) = (leaf(&["a", "c"]), leaf(&["d", "e"]));
    let (early, nested) = (leaf(&["b", "e"]), leaf(&["c/d", "e"]));
    let inner = shelf.put_any(forged(b"esktree", 1, &[link(second, 2, 0, "e")]));
    let root = |level, links: &[Vec<u8>]| shelf.put_any(forged(b"esktree", level, links));
    let walked = |root: Id| {
        let walk = tree::walk(&shelf, &root).and_then(|walk| walk.collect::<Result<Vec<_>, _>>());
        walk.map(|entries| entries.len())
    };
    let begin = link(first, 2, 0, "c");
    assert_eq!(walked(root(1, &[begin.clone(), link(second, 2, 0, "e")])), Ok(4));
    let compared = |root: Id| {
        let diff = tree::diff(&shelf, None, &shelf, Some(&root));
        diff.and_then(|diff| diff.collect::<Result<Vec<_>, _>>()).map(|changes| changes.len())
    };
    for (what, root, page) in [
        ("entries", root(1, &[begin.clone(), link(second, 3, 0, "e")]), second),
        ("bytes", root(1, &[begin.clone(), link(second, 2, 1, "e")]), second),
        ("last path", root(1, &[begin.clone(), link(second, 2, 0, "f")]), second),
        ("level", root(1, &[begin.clone(), link(inner, 2, 0, "e")]), inner),
        ("order", root(1, &[begin.clone(), link(early, 2, 0, "e")]), early),
    ] {
        for found in [walked(root), compared(root)] {
            assert!(matches!(found, Err(ShelfError::Damaged(id, _)) if id == page), "{what}: {found:?}");
        }
    }
    let below_a_file = walked(root(1, &[begin.clone(), link(nested, 2, 0, "e")]));
    assert!(matches!(below_a_file, Err(ShelfError::Damaged(id, _)) if id == nested), "{below_a_file:?}");
    let lone = root(1, &[link(second, 2, 0, "e")]);
    assert!(matches!(walked(lone), Err(ShelfError::Damaged(id, _)) if id == lone));
    let missing = Id::of(b"nowhere");
    assert_eq!(walked(root(1, &[begin, link(missing, 2, 0, "e")])), Err(ShelfError::Missing(missing)));
}

#[test]
fn pages_that_nobody_would_make_are_refused() {
    let id = Id::of(b"");
    let refused = |bytes: Vec<u8>| Page::decode(bytes).unwrap_err().to_string();
    let page = |level, records: &[Vec<u8>]| forged(b"esktree", level, records);
    assert!(refused(page(0, &[empty_folder("b"), empty_folder("a")])).contains("after"));
    assert!(refused(page(0, &[empty_folder("../a")])).contains(".."));
    assert!(refused(page(0, &[empty_folder(""), empty_folder("ab")])).contains("path"));
    assert!(refused(page(1, &[])).contains("level 1"));
    assert!(refused(page(41, &[link(id, 1, 1, "a")])).contains("level 41"));
    assert!(refused(page(1, &[link(id, 0, 0, "a")])).contains("empty"));
    assert!(refused(page(1, &[link(id, 1, u64::MAX, "a"), link(id, 1, 1, "b")])).contains("64 bits"));
    assert!(refused([page(0, &[]), vec![0]].concat()).contains("too many"));
    let full: Vec<Vec<u8>> = (0..40_000).map(|i| empty_folder(&format!("{i:05}"))).collect();
    assert!(refused(page(0, &full)).contains("full"));
    let mut claimed = page(0, &[empty_folder("a")]);
    claimed[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(modestly(&claimed.clone(), |_| refused(claimed)).contains("claims"));
    let mut newer = page(0, &[]);
    newer[7] = 2;
    assert!(refused(newer).contains("newer"));
}

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
