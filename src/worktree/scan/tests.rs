//! What a scan finds, leaves out and tells.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::super::parents::Parents;
use super::*;
use crate::base::{Cancel, Silent};

/// A folder to scan, and what the scan of it says.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Folders {
        Folders(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(self, name: impl AsRef<OsStr>, bytes: &[u8]) -> Folders {
        let path = self.at(Path::new(name.as_ref()));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn folder(self, name: &str) -> Folders {
        fs::create_dir_all(self.at(name)).unwrap();
        self
    }

    fn link(self, target: &str, name: &str) -> Folders {
        symlink(target, self.at(name)).unwrap();
        self
    }

    fn scan(&self, threads: usize) -> Scan {
        scan_with(self.0.path(), &Ignored::nothing(), threads).unwrap()
    }

    fn names(&self) -> Vec<String> {
        names(&self.scan(2))
    }
}

fn scan_with(root: &Path, ignored: &Ignored, threads: usize) -> Result<Scan, WorktreeError> {
    scan(root, ignored, &Job { events: &Silent, cancel: &Cancel::default(), threads })
}

fn names(scan: &Scan) -> Vec<String> {
    scan.found.iter().map(|found| found.path.to_string()).collect()
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).unwrap()
}

#[test]
fn all_kinds_are_found_with_what_tells_them_apart() {
    let folders =
        Folders::new().file("plain", b"four").file("run", b"").folder("empty").folder("sub/inner").link("../x", "link");
    fs::set_permissions(folders.at("run"), fs::Permissions::from_mode(0o755)).unwrap();
    let scan = folders.scan(1);
    let kinds: Vec<_> = scan.found.iter().map(|found| (found.path.to_string(), found.kind.clone())).collect();
    let expected = [
        ("empty", FileKind::EmptyFolder),
        ("link", FileKind::Symlink { target: b"../x".as_slice().into() }),
        ("plain", FileKind::File { executable: false }),
        ("run", FileKind::File { executable: true }),
        ("sub/inner", FileKind::EmptyFolder),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let stat = scan.found[2].stat;
    assert_eq!(stat.bytes, 4);
    assert!(stat.mtime > 0 && stat.ctime > 0 && stat.inode > 0);
    assert!(scan.newest_ctime() >= stat.ctime);
}

#[test]
fn odd_names_come_as_they_are() {
    let long = "n".repeat(255);
    let odd = [&long, "with space ", "#", "[x]", "!", "new\nline", "Grüße", "a\\b", "*", "-"];
    let folders = odd.iter().fold(Folders::new(), |folders, name| folders.file(name, b""));
    let folders = folders.file(OsStr::from_bytes(b"no \xff utf-8"), b"");
    let scan = folders.scan(2);
    let mut expected: Vec<&[u8]> = odd.iter().map(|name| name.as_bytes()).collect();
    expected.push(b"no \xff utf-8");
    expected.sort();
    assert_eq!(scan.found.iter().map(|found| found.path.as_bytes()).collect::<Vec<_>>(), expected);
    assert!(scan.refused.is_empty() && scan.nested.is_empty());
}

#[test]
fn the_order_is_that_of_whole_paths() {
    let folders = Folders::new().file("a/z", b"").file("a-b", b"").file("a.b", b"").file("a/b/c", b"").file("a0", b"");
    assert_eq!(folders.names(), ["a-b", "a.b", "a/b/c", "a/z", "a0"]);
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let mut folders = Folders::new();
    for number in 0..3000 {
        folders = folders.file(format!("{}/{number}", number % 7), b"");
        folders = folders.file(format!("huge/{number}"), b"");
    }
    let one = folders.scan(1);
    assert_eq!(one.found.len(), 6000);
    assert!(one.found.is_sorted_by(|a, b| a.path < b.path));
    for threads in [2, 3, 8] {
        assert_eq!(folders.scan(threads).found, one.found);
    }
}

#[test]
fn links_are_never_followed() {
    let outside = Folders::new().file("secret", b"");
    let folders =
        Folders::new().link(outside.0.path().to_str().unwrap(), "out").link(".", "loop").link("gone", "dangling");
    assert_eq!(folders.names(), ["dangling", "loop", "out"]);
    assert!(scan_with(&folders.at("out"), &Ignored::nothing(), 1).is_err());
}

#[test]
fn what_cannot_be_kept_is_told() {
    let folders = Folders::new().file("fine", b"").file(".GIT/config", b"").file("git~1", b"");
    sys::make_fifo(&folders.at("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(folders.at("socket")).unwrap();
    let scan = folders.scan(2);
    assert_eq!(names(&scan), ["fine"]);
    let told: Vec<_> = scan.refused.iter().map(|refused| format!("{} {}", refused.path, refused.reason)).collect();
    let own = "Git or esker would take a name in it for its own folder";
    assert_eq!(
        told,
        [format!(".GIT {own}"), "fifo it is a FIFO".into(), format!("git~1 {own}"), "socket it is a socket".into()]
    );
}

#[test]
fn what_this_user_may_not_read_is_told() {
    if sys::is_root() {
        return;
    }
    let folders = Folders::new().file("fine", b"").file("closed", b"").folder("shut");
    for name in ["closed", "shut"] {
        fs::set_permissions(folders.at(name), fs::Permissions::from_mode(0o0)).unwrap();
    }
    let scan = folders.scan(1);
    assert_eq!(names(&scan), ["fine"]);
    assert_eq!(scan.refused.iter().map(|refused| refused.path.to_string()).collect::<Vec<_>>(), ["closed", "shut"]);
}

#[test]
fn repositories_and_pointers_inside_are_told_and_not_entered() {
    let folders = Folders::new()
        .file("a/.git/HEAD", b"")
        .file("b/.git", b"gitdir: x")
        .file("c/.esker/config.toml", b"")
        .file("c/data.esker", b"")
        .file("folder.esker/file", b"");
    let scan = folders.scan(2);
    assert_eq!(names(&scan), ["folder.esker/file"]);
    assert_eq!(scan.nested, ["a/.git", "b/.git", "c/.esker", "c/data.esker"].map(path));
}

#[test]
fn a_folder_of_ignored_things_is_neither_kept_nor_empty() {
    let root = Folders::new()
        .file(".eskerignore", b"*.tmp\n")
        .file("data/x.tmp", b"")
        .file("data/keep", b"")
        .file("data/only/y.tmp", b"")
        .file("data/sub/.eskerignore", b"!*.tmp\n/here\ncache/\n")
        .file("data/sub/z.tmp", b"")
        .file("data/sub/here", b"")
        .file("data/sub/deep/here", b"")
        .file("data/sub/cache/deep", b"")
        .folder("data/empty");
    let ignored = Ignored::load(root.0.path(), &path("data")).unwrap();
    let scan = scan_with(&root.at("data"), &ignored, 2).unwrap();
    assert_eq!(names(&scan), ["empty", "keep", "sub/.eskerignore", "sub/deep/here", "sub/z.tmp"]);
}

#[test]
fn debris_of_a_placing_that_died_is_not_found() {
    assert_eq!(Folders::new().file(".esker-0123456789abcdef.tmp", b"half").file("x", b"").names(), ["x"]);
}

#[test]
fn a_deep_tree_is_no_trouble() {
    let folders = Folders::new();
    let deep = path(&["folder-name"; 300].join("/"));
    Parents::open(folders.0.path()).unwrap().made(&deep).unwrap();
    let scan = folders.scan(2);
    assert_eq!(names(&scan), [deep.parent().unwrap().to_string()]);
    assert_eq!(scan.found[0].kind, FileKind::EmptyFolder);
}

#[test]
fn a_cancelled_scan_stops() {
    let folders = Folders::new().file("x", b"");
    let cancel = Cancel::default();
    cancel.set();
    let stopped = scan(folders.0.path(), &Ignored::nothing(), &Job { events: &Silent, cancel: &cancel, threads: 2 });
    assert!(matches!(stopped, Err(WorktreeError::Cancelled(_))));
}

#[test]
fn a_missing_folder_or_file_is_told_as_missing() {
    let folders = Folders::new();
    assert!(scan_with(&folders.at("gone"), &Ignored::nothing(), 1).unwrap_err().is_missing());
    assert!(scan_one(folders.0.path(), &path("sub/gone")).unwrap_err().is_missing());
}

#[test]
fn one_file_is_found_and_anything_else_refused() {
    let folders = Folders::new().file("sub/file", b"abc").link("file", "sub/link");
    let found = scan_one(folders.0.path(), &path("sub/file")).unwrap();
    assert_eq!((found.path.is_empty(), found.kind, found.stat.bytes), (true, FileKind::File { executable: false }, 3));
    for (name, what) in [("sub/link", "it is a symlink"), ("sub", "it is a folder")] {
        let error = scan_one(folders.0.path(), &path(name)).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot take `{name}`: {what}"));
    }
}

#[test]
fn a_million_files_fit_in_memory() {
    assert!(size_of::<Found>() <= 72);
}
