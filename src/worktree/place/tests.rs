//! Staging and placing: nothing is half done, whatever stands in the way.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use super::super::scan_one;
use super::*;

struct Tree {
    root: tempfile::TempDir,
    staging: Staging,
}

impl Tree {
    fn new() -> Tree {
        let root = tempfile::tempdir().unwrap();
        let staging = Staging::begin(root.path()).unwrap();
        Tree { root, staging }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, bytes: &str) -> Stat {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), bytes).unwrap();
        scan_one(self.root.path(), &path(name)).unwrap().stat
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn staged(&self, bytes: &str) -> Staged {
        let mut file = self.staging.file(false).unwrap();
        file.append(bytes.as_bytes()).unwrap();
        file.seal().unwrap()
    }

    fn placer(&self) -> Placer<'_> {
        Placer::open(self.root.path(), &self.staging).unwrap()
    }

    fn place(&self, name: &str, there: There) -> Result<Option<Stat>, WorktreeError> {
        self.placer().place(self.staged("new"), &path(name), there)
    }
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).unwrap()
}

#[test]
fn a_placed_file_has_its_folders_its_mode_and_the_stat_that_is_told() {
    let tree = Tree::new();
    let mut file = tree.staging.file(true).unwrap();
    file.append(b"text").unwrap();
    let stat = tree.placer().place(file.seal().unwrap(), &path("a/b/run"), There::Nothing).unwrap();
    assert_eq!(tree.read("a/b/run"), "text");
    let plain = tree.place("a/b/plain", There::Nothing).unwrap();
    let mode = |name| fs::metadata(tree.at(name)).unwrap().mode();
    assert_eq!(mode("a/b/run") & 0o100, 0o100);
    assert_eq!(mode("a/b/plain") & 0o111, 0);
    for (name, stat) in [("a/b/run", stat), ("a/b/plain", plain)] {
        assert_eq!(scan_one(tree.root.path(), &path(name)).unwrap().stat, stat.unwrap());
    }
}

#[test]
fn a_link_is_placed_as_it_is() {
    let tree = Tree::new();
    let staged = tree.staging.symlink(b"../no/where").unwrap();
    assert!(tree.placer().place(staged, &path("link"), There::Nothing).unwrap().is_some());
    assert_eq!(fs::read_link(tree.at("link")).unwrap(), PathBuf::from("../no/where"));
}

#[test]
fn only_what_was_expected_is_replaced() {
    let tree = Tree::new();
    let old = tree.write("file", "old");
    let is_changed = |placed| matches!(placed, Err(WorktreeError::Changed { .. }));
    assert!(is_changed(tree.place("file", There::Nothing)));
    assert!(is_changed(tree.place("file", There::Unchanged(Stat { mtime: 0, ..old }))));
    assert!(is_changed(tree.place("gone", There::Unchanged(old))));
    assert_eq!(tree.read("file"), "old");
    tree.place("file", There::Unchanged(old)).unwrap();
    assert_eq!(tree.read("file"), "new");
    tree.place("file", There::Anything).unwrap();
}

#[test]
fn a_link_that_is_replaced_leaves_its_target_alone() {
    let tree = Tree::new();
    tree.write("target", "old");
    symlink("target", tree.at("link")).unwrap();
    tree.place("link", There::Anything).unwrap();
    assert_eq!((tree.read("link"), tree.read("target")), ("new".into(), "old".into()));
}

#[test]
fn a_planted_link_leads_no_write_away() {
    let (tree, outside) = (Tree::new(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("file"), "theirs").unwrap();
    symlink(outside.path(), tree.at("sub")).unwrap();
    for there in [There::Nothing, There::Anything] {
        let told = tree.place("sub/file", there).unwrap_err().to_string();
        assert_eq!(told, "cannot write `sub/file`: a symlink stands in the way at `sub`");
        assert!(tree.place("sub/deep/file", there).is_err());
    }
    let mut placer = tree.placer();
    assert!(placer.make_folder(&path("sub/folder")).is_err());
    placer.remove(&path("sub/file"), None).unwrap();
    placer.remove_empty_folders([&path("sub/file")], &path("")).unwrap();
    assert_eq!(fs::read_to_string(outside.path().join("file")).unwrap(), "theirs");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert!(tree.at("sub").is_symlink());
}

#[test]
fn hostile_names_are_neither_written_nor_removed() {
    let tree = Tree::new();
    tree.write(".git/config", "theirs");
    for name in [".git/hooks/post-checkout", "GIT~1", "a/.Git/config", ".esker/config.toml"] {
        assert!(matches!(tree.place(name, There::Anything), Err(WorktreeError::Refused { .. })), "{name}");
    }
    let mut placer = tree.placer();
    assert!(placer.remove(&path(".git/config"), None).is_err());
    assert!(placer.make_folder(&path(".git/x")).is_err());
    assert_eq!(tree.read(".git/config"), "theirs");
}

#[test]
fn an_empty_folder_makes_way_and_a_full_one_does_not() {
    let tree = Tree::new();
    fs::create_dir(tree.at("empty")).unwrap();
    tree.write("full/file", "old");
    for there in [There::Nothing, There::Anything] {
        let told = tree.place("full", there).unwrap_err().to_string();
        assert_eq!(told, "cannot write `full`: a folder that is not empty stands in the way at `full`");
    }
    tree.place("empty", There::Nothing).unwrap();
    assert_eq!((tree.read("empty"), tree.read("full/file")), ("new".into(), "old".into()));
}

#[test]
fn a_file_gives_way_to_a_folder_only_when_it_is_removed() {
    let tree = Tree::new();
    let stat = tree.write("name", "old");
    let told = tree.place("name/inside", There::Nothing).unwrap_err().to_string();
    assert_eq!(told, "cannot write `name/inside`: a file stands in the way at `name`");
    let mut placer = tree.placer();
    placer.remove(&path("name"), Some(&stat)).unwrap();
    placer.place(tree.staged("new"), &path("name/inside"), There::Nothing).unwrap();
    assert_eq!(tree.read("name/inside"), "new");
}

#[test]
fn removing_spares_what_changed_and_folders_in_use() {
    let tree = Tree::new();
    let stat = tree.write("a/file", "old");
    let mut placer = tree.placer();
    let other = Stat { bytes: 7, ..stat };
    assert!(matches!(placer.remove(&path("a/file"), Some(&other)), Err(WorktreeError::Changed { .. })));
    placer.remove(&path("a"), None).unwrap();
    assert_eq!(tree.read("a/file"), "old");
    placer.remove(&path("a/file"), Some(&stat)).unwrap();
    placer.remove(&path("a/file"), Some(&stat)).unwrap();
    placer.remove(&path("a"), None).unwrap();
    placer.remove(&path("no/such/file"), None).unwrap();
    assert!(!tree.at("a").exists());
}

#[test]
fn folders_that_became_empty_go_and_others_stay() {
    let tree = Tree::new();
    for name in ["data/a/b/c/gone", "data/a/b/gone", "data/keep/gone", "data/keep/theirs"] {
        tree.write(name, "");
    }
    let removed = ["data/a/b/c/gone", "data/a/b/gone", "data/keep/gone"].map(path);
    let mut placer = tree.placer();
    removed.iter().for_each(|gone| placer.remove(gone, None).unwrap());
    placer.remove_empty_folders(&removed, &path("data")).unwrap();
    assert!(!tree.at("data/a").exists() && tree.at("data/keep/theirs").exists());
    placer.remove(&path("data/keep/theirs"), None).unwrap();
    placer.remove_empty_folders([&path("data/keep/theirs")], &path("data")).unwrap();
    assert_eq!(fs::read_dir(tree.at("data")).unwrap().count(), 0);
    // The folder that was removed is made anew, although its handle was the last.
    placer.place(tree.staged("new"), &path("data/keep/file"), There::Nothing).unwrap();
    assert_eq!(tree.read("data/keep/file"), "new");
}

#[test]
fn a_folder_that_vanished_under_the_placer_is_made_again() {
    let tree = Tree::new();
    let mut placer = tree.placer();
    placer.place(tree.staged("new"), &path("sub/one"), There::Nothing).unwrap();
    fs::remove_dir_all(tree.at("sub")).unwrap();
    placer.place(tree.staged("new"), &path("sub/two"), There::Nothing).unwrap();
    assert_eq!(tree.read("sub/two"), "new");
}

#[test]
fn folders_are_made_once_and_never_over_a_file() {
    let tree = Tree::new();
    tree.write("file", "");
    let mut placer = tree.placer();
    placer.make_folder(&path("a/b")).unwrap();
    placer.make_folder(&path("a/b")).unwrap();
    assert!(tree.at("a/b").is_dir());
    assert!(matches!(placer.make_folder(&path("file")), Err(WorktreeError::InTheWay { .. })));
}

#[test]
fn the_executable_bit_follows_who_may_read() {
    let tree = Tree::new();
    tree.write("file", "x");
    fs::set_permissions(tree.at("file"), fs::Permissions::from_mode(0o640)).unwrap();
    let stat = scan_one(tree.root.path(), &path("file")).unwrap().stat;
    let mut placer = tree.placer();
    let mode = || fs::metadata(tree.at("file")).unwrap().mode() & 0o777;
    let now = placer.set_executable(&path("file"), &stat, true).unwrap();
    assert_eq!(mode(), 0o750);
    assert_eq!(scan_one(tree.root.path(), &path("file")).unwrap().stat, now);
    assert!(placer.set_executable(&path("file"), &Stat { bytes: 9, ..now }, false).is_err());
    placer.set_executable(&path("file"), &now, false).unwrap();
    assert_eq!(mode(), 0o640);
}

#[test]
fn another_file_system_is_served_by_a_copy() {
    let tree = Tree::new();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    if fs::metadata(other.path()).unwrap().dev() == fs::metadata(tree.root.path()).unwrap().dev() {
        return;
    }
    fs::write(other.path().join("old"), "old").unwrap();
    fs::create_dir_all(other.path().join("full/of")).unwrap();
    let mut placer = Placer::open(other.path(), &tree.staging).unwrap();
    assert!(placer.place(tree.staged("new"), &path("sub/file"), There::Nothing).unwrap().is_some());
    assert!(placer.place(tree.staged("new"), &path("old"), There::Anything).unwrap().is_some());
    assert!(placer.place(tree.staged("new"), &path("old"), There::Nothing).is_err());
    assert!(placer.place(tree.staged("new"), &path("full"), There::Anything).is_err());
    placer.place(tree.staging.symlink(b"to").unwrap(), &path("link"), There::Nothing).unwrap();
    assert_eq!(fs::read_to_string(other.path().join("sub/file")).unwrap(), "new");
    let mut left: Vec<_> = fs::read_dir(other.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["full", "link", "old", "sub"]);
}
