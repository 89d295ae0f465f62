//! Renames: what is paired, and that nothing is paired twice.

use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A folder: what each path holds. `""` is an empty file, `"*…"` an executable one, `"->…"` a link.
type Folder = BTreeMap<RepoPath, String>;

fn folder(text: &[(&str, &str)]) -> Folder {
    text.iter().map(|(path, content)| (RepoPath::new(path.as_bytes()).unwrap(), (*content).to_owned())).collect()
}

fn item<'a>((path, content): (&'a RepoPath, &String)) -> Item<'a> {
    let (kind, content) = match content.as_str() {
        link if link.starts_with("->") => (Kind::Symlink, link),
        file => file.strip_prefix('*').map_or((Kind::File, file), |rest| (Kind::Executable, rest)),
    };
    Item { path, kind, id: Id::of(content.as_bytes()) }
}

/// What went, what came, and the renames.
fn search<'a>(old: &'a Folder, new: &'a Folder) -> (Vec<Item<'a>>, Vec<Item<'a>>, Renames) {
    let removed: Vec<_> = old.iter().filter(|(path, _)| !new.contains_key(*path)).map(item).collect();
    let added: Vec<_> = new.iter().filter(|(path, _)| !old.contains_key(*path)).map(item).collect();
    let remains = |folder: &RepoPath| Ok::<_, Infallible>(new.keys().any(|path| path.is_in(folder)));
    let Ok(found) = renames(&removed, &added, remains);
    (removed, added, found)
}

/// `a -> b` for files, `a/ -> b/ (n)` for folders.
fn told(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (folder(old), folder(new));
    let (removed, added, found) = search(&old, &new);
    let folders = found.folders.iter().map(|it| format!("{}/ -> {}/ ({})", it.from, it.to, it.files));
    let files = found.pairs.iter().filter(|pair| !pair.in_folder);
    folders.chain(files.map(|pair| format!("{} -> {}", removed[pair.removed].path, added[pair.added].path))).collect()
}

#[test]
fn a_file_under_another_name_is_found() {
    assert_eq!(told(&[("a", "1"), ("b", "2")], &[("c", "1"), ("b", "2")]), ["a -> c"]);
    assert_eq!(told(&[("a", "1")], &[("b", "2")]), [""; 0]);
    assert_eq!(told(&[("a", "1")], &[("b", "*1")]), ["a -> b"]);
}

#[test]
fn a_folder_is_renamed_with_all_that_is_in_it() {
    let old = [("old/x", "1"), ("old/sub/y", "2"), ("old/sub/empty", ""), ("old/link", "->x"), ("z", "3")];
    let new = [("new/x", "1"), ("new/sub/y", "2"), ("new/sub/empty", ""), ("new/link", "->x"), ("z", "3")];
    assert_eq!(told(&old, &new), ["old/ -> new/ (4)"]);
}

#[test]
fn only_the_folder_that_went_is_renamed_not_the_one_above_it() {
    let old = [("a/old/x", "1"), ("a/old/y", "2"), ("a/stays", "3")];
    let new = [("b/old/x", "1"), ("b/old/y", "2"), ("a/stays", "3")];
    assert_eq!(told(&old, &new), ["a/old/ -> b/old/ (2)"]);
}

#[test]
fn a_folder_of_which_something_remains_is_not_renamed() {
    let old = [("a/x", "1"), ("a/y", "2"), ("a/z", "3")];
    assert_eq!(told(&old, &[("b/x", "1"), ("b/y", "2"), ("a/z", "3")]), ["a/x -> b/x", "a/y -> b/y"]);
    assert_eq!(told(&old, &[("a/b/x", "1"), ("a/b/y", "2"), ("a/b/z", "3")]).len(), 3);
}

#[test]
fn a_renamed_folder_may_have_changed_a_little() {
    let old = [("a/x", "1"), ("a/y", "2"), ("a/z", "3")];
    assert_eq!(told(&old, &[("b/x", "1"), ("b/y", "2"), ("b/z", "33"), ("b/new", "4")]), ["a/ -> b/ (2)"]);
    assert_eq!(told(&old, &[("b/x", "1"), ("b/q", "2")]), ["a/x -> b/x", "a/y -> b/q"]);
}

#[test]
fn empty_files_and_links_are_not_paired_alone() {
    let old = [("a/__init__", ""), ("b/__init__", ""), ("link", "->x")];
    assert_eq!(told(&old, &[("c/__init__", ""), ("d/__init__", ""), ("other", "->x")]), [""; 0]);
}

#[test]
fn of_many_alike_the_one_of_the_same_name_is_taken() {
    let old = [("a/x", "1"), ("b/y", "1"), ("c/z", "1")];
    let new = [("d/0", "1"), ("d/1", "1"), ("e/z", "1")];
    assert_eq!(told(&old, &new), ["a/x -> d/0", "b/y -> d/1", "c/z -> e/z"]);
}

fn any_folder() -> impl Strategy<Value = Folder> {
    let path = prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4);
    let content = prop::sample::select(vec!["", "1", "2", "*2", "3", "->x"]);
    prop::collection::btree_map(path, content, 0..12).prop_map(|paths| {
        let mut folder = Folder::new();
        for (names, content) in paths {
            let path = RepoPath::new(names.join("/").as_bytes()).unwrap();
            if !folder.keys().any(|known| known.is_in(&path) || path.is_in(known)) {
                folder.insert(path, content.to_owned());
            }
        }
        folder
    })
}

proptest! {
    #[test]
    fn renames_with_what_went_and_came_make_the_new_of_the_old(old in any_folder(), new in any_folder()) {
        let (removed, added, found) = search(&old, &new);
        let mut made = old.clone();
        // What is at a path on both sides is modified, not renamed.
        made.extend(new.iter().filter(|(path, _)| old.contains_key(*path)).map(|(path, it)| (path.clone(), it.clone())));
        let mut is_left = vec![true; added.len()];
        removed.iter().for_each(|item| drop(made.remove(item.path)));
        for pair in &found.pairs {
            let (from, to) = (removed[pair.removed], added[pair.added]);
            prop_assert_eq!(from.id, to.id);
            prop_assert!(std::mem::take(&mut is_left[pair.added]), "taken twice");
            // The executable bit may change with the name, and is told beside it.
            made.insert(to.path.clone(), new[to.path].clone());
        }
        for (item, _) in added.iter().zip(&is_left).filter(|(_, left)| **left) {
            made.insert(item.path.clone(), new[item.path].clone());
        }
        prop_assert_eq!(&made, &new);
        let in_folders = found.pairs.iter().filter(|pair| pair.in_folder).count() as u64;
        prop_assert_eq!(in_folders, found.folders.iter().map(|folder| folder.files).sum::<u64>());
        for folder in &found.folders {
            prop_assert!(!new.keys().any(|path| path.is_in(&folder.from)));
        }
    }
}
