//! What no tree can hold, and pages that nobody would make.

use esker::base::Id;
use esker::format::tree::{self, Builder, ChunkRef, Chunks, Entry, Node, Page};

use super::super::properties::modestly;
use super::super::shelf::{Shelf, ShelfError, forged};
use super::made::{build, empty_folder, file, link, path, photos};

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
