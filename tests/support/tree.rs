//! What lies in a folder: to say that two folders are the same, or that nothing in one was touched.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Everything below a folder by its path, as bytes: names need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(BTreeMap<Vec<u8>, Node>);

/// One thing in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    File { executable: bool, content: blake3::Hash, bytes: u64, touched: Option<Touched> },
    Symlink { target: Vec<u8>, touched: Option<Touched> },
    Folder,
    Other,
}

/// What shows that a file was written or replaced, even by the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Touched {
    inode: u64,
    mode: u32,
    mtime: (i64, i64),
}

impl Tree {
    /// What a dataset keeps of `folder`: content, executable bits, links, folders. A Git folder is left out.
    pub fn of(folder: &Path) -> Tree {
        Tree::read(folder, false)
    }

    /// The same with inodes, modes and times: two of these are equal only if nothing was written between.
    pub fn with_stats(folder: &Path) -> Tree {
        Tree::read(folder, true)
    }

    /// Without `path` and all below it.
    pub fn without(mut self, path: &str) -> Tree {
        let below = format!("{path}/");
        self.0.retain(|key, _| key != path.as_bytes() && !key.starts_with(below.as_bytes()));
        self
    }

    /// The paths of all files and links, for `assert_eq!` against a list; bytes that are no UTF-8 are replaced.
    pub fn files(&self) -> Vec<String> {
        let is_file = |node: &Node| matches!(node, Node::File { .. } | Node::Symlink { .. });
        let paths = self.0.iter().filter(|(_, node)| is_file(node));
        paths.map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect()
    }

    fn read(folder: &Path, stats: bool) -> Tree {
        let mut nodes = BTreeMap::new();
        collect(folder, folder, stats, &mut nodes);
        Tree(nodes)
    }

    /// What differs, a line for each path; empty if nothing does.
    pub fn differences(&self, other: &Tree) -> String {
        let mut told = String::new();
        let paths: std::collections::BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        for path in paths {
            let (left, right) = (self.0.get(path), other.0.get(path));
            if left != right {
                writeln!(told, "{}: {left:?} against {right:?}", path.escape_ascii()).unwrap();
            }
        }
        told
    }
}

fn collect(root: &Path, folder: &Path, stats: bool, nodes: &mut BTreeMap<Vec<u8>, Node>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        if name == b".git" {
            continue;
        }
        let node = node(&path, stats);
        if node == Node::Folder {
            collect(root, &path, stats, nodes);
        }
        nodes.insert(name, node);
    }
}

fn node(path: &Path, stats: bool) -> Node {
    let meta = fs::symlink_metadata(path).unwrap();
    let touched =
        stats.then(|| Touched { inode: meta.ino(), mode: meta.mode(), mtime: (meta.mtime(), meta.mtime_nsec()) });
    if meta.is_symlink() {
        Node::Symlink { target: fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec(), touched }
    } else if meta.is_dir() {
        Node::Folder
    } else if meta.is_file() {
        let content = blake3::hash(&fs::read(path).unwrap());
        Node::File { executable: meta.mode() & 0o100 != 0, content, bytes: meta.len(), touched }
    } else {
        Node::Other
    }
}

/// Panics unless the two folders hold the same: content, executable bits, links, empty folders.
#[track_caller]
pub fn same_tree(left: &Path, right: &Path) {
    let told = Tree::of(left).differences(&Tree::of(right));
    assert!(told.is_empty(), "{} and {} differ:\n{told}", left.display(), right.display());
}

#[test]
fn a_tree_tells_content_bits_links_empty_folders_and_odd_names() {
    use std::ffi::OsStr;
    use std::os::unix::fs::{PermissionsExt, symlink};

    let make = || {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(OsStr::from_bytes(b"odd-\xff")), "x").unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        symlink("nowhere", folder.path().join("link")).unwrap();
        folder
    };
    let (left, right) = (make(), make());
    same_tree(left.path(), right.path());
    let differ = |change: &dyn Fn(&Path)| {
        let changed = make();
        change(changed.path());
        assert!(!Tree::of(changed.path()).differences(&Tree::of(left.path())).is_empty());
    };
    differ(&|folder| fs::write(folder.join(OsStr::from_bytes(b"odd-\xff")), "y").unwrap());
    differ(&|folder| fs::remove_dir(folder.join("empty")).unwrap());
    differ(&|folder| {
        let odd = folder.join(OsStr::from_bytes(b"odd-\xff"));
        fs::set_permissions(odd, fs::Permissions::from_mode(0o755)).unwrap();
    });
    differ(&|folder| {
        fs::remove_file(folder.join("link")).unwrap();
        symlink("elsewhere", folder.join("link")).unwrap();
    });
}

#[test]
fn stats_show_a_file_that_was_replaced_by_its_like() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "x").unwrap();
    let before = Tree::with_stats(folder.path());
    assert_eq!(before, Tree::with_stats(folder.path()));
    fs::write(folder.path().join("b"), "x").unwrap();
    fs::rename(folder.path().join("b"), folder.path().join("a")).unwrap();
    assert_ne!(before, Tree::with_stats(folder.path()));
    assert_eq!(Tree::of(folder.path()).files(), ["a"]);
}
