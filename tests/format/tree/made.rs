//! Trees to test with: of many shapes, in few lines.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use esker::base::{Id, RepoPath};
use esker::format::tree::{self, Builder, ChunkRef, Chunks, Entry, Node, Root};

use super::super::shelf::Shelf;

/// What a tree should hold.
pub type Map = BTreeMap<RepoPath, Node>;

/// What an edit does.
pub type Changes = BTreeMap<RepoPath, Option<Node>>;

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).unwrap()
}

pub fn file(seed: u32) -> Node {
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
pub fn key(number: u16) -> RepoPath {
    let names = format!("d{}/e{}/f{:02}", number / 100, number / 25 % 4, number % 25);
    let long = "/".to_owned() + &"y".repeat(250);
    path(&(names + &long.repeat(if number.is_multiple_of(3) { 15 } else { usize::from(number % 5) })))
}

/// A folder of photos: what most large folders look like.
pub fn photos(count: u32) -> Map {
    let photo = |i: u32| {
        let node =
            Node::File { executable: false, bytes: u64::from(i), id: Id::of(&i.to_le_bytes()), chunks: Chunks::Whole };
        (path(&format!("photos/{:03}/img_{i:07}.jpg", i / 1000)), node)
    };
    (0..count).map(photo).collect()
}

pub fn entries(map: &Map) -> Vec<Entry> {
    map.iter().map(|(path, node)| Entry { path: path.clone(), node: node.clone() }).collect()
}

pub fn build(shelf: &Shelf, map: &Map) -> Root {
    let mut builder = Builder::new(|id, bytes| shelf.put(id, bytes));
    for (path, node) in map {
        builder.push(&Entry { path: path.clone(), node: node.clone() }).unwrap();
    }
    builder.finish().unwrap()
}

/// What an edit gives, and the pages that it wrote.
pub fn edited(shelf: &Shelf, root: &Root, changes: &Changes) -> (Root, BTreeSet<Id>) {
    let written = RefCell::new(BTreeSet::new());
    let root = tree::edit(shelf, &root.id, changes.clone(), |id, bytes| {
        assert!(written.borrow_mut().insert(id), "a page is written once");
        shelf.put(id, bytes)
    });
    (root.unwrap(), written.into_inner())
}

pub fn apply(map: &mut Map, changes: &Changes) {
    for (path, node) in changes {
        match node {
            Some(node) => drop(map.insert(path.clone(), node.clone())),
            None => drop(map.remove(path)),
        }
    }
}

pub fn pages_of(map: &Map) -> (Root, BTreeSet<Id>) {
    let shelf = Shelf::default();
    let root = build(&shelf, map);
    (root, shelf.ids())
}

pub fn link(id: Id, entries: u64, bytes: u64, last: impl AsRef<[u8]>) -> Vec<u8> {
    let (sums, last) = ([entries.to_le_bytes(), bytes.to_le_bytes()].concat(), last.as_ref());
    [id.as_bytes().as_slice(), &sums, &(last.len() as u16).to_le_bytes(), last].concat()
}

pub fn empty_folder(name: &str) -> Vec<u8> {
    [&(name.len() as u16).to_le_bytes(), name.as_bytes(), &[4]].concat()
}
