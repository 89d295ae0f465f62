//! What a world's clones hold: writing, reading, comparing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::World;
use crate::support::tree::{Tree, same_tree};

/// Files in the clone where the world stands.
impl World {
    /// Writes a file, and the folders above it.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> World {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        self
    }

    /// Makes an empty folder, and those above it.
    pub fn folder(self, path: &str) -> World {
        fs::create_dir_all(self.path(path)).unwrap();
        self
    }

    /// Sets the executable bits of a file.
    pub fn executable(self, path: &str) -> World {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Makes a symbolic link to `target`, which need not be there.
    pub fn link(self, path: &str, target: &str) -> World {
        symlink(target, self.path(path)).unwrap();
        self
    }

    /// Renames a file or folder.
    pub fn rename(self, from: &str, to: &str) -> World {
        fs::rename(self.path(from), self.path(to)).unwrap();
        self
    }

    /// Removes a file, or a folder with all that is in it.
    pub fn remove(self, path: &str) -> World {
        let path = self.path(path);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.unwrap_or_else(|error| panic!("cannot remove {}: {error}", path.display()));
        self
    }

    /// Where `path` of this clone lies.
    pub fn path(&self, path: &str) -> PathBuf {
        self.here.join(path)
    }

    /// The content of a file.
    #[track_caller]
    pub fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
    }

    /// The content of a text file.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).expect("a text file is UTF-8")
    }

    /// What lies in a folder of this clone (`""`: all of it but `.git`).
    pub fn tree(&self, path: &str) -> Tree {
        Tree::of(&self.path(path))
    }

    /// The same with inodes, modes and times, to show that nothing was touched.
    pub fn footprint(&self, path: &str) -> Tree {
        Tree::with_stats(&self.path(path))
    }

    /// Makes `to` hold what version `v1` or `v2` of fixtures/data holds, and nothing else.
    pub fn real_data(self, version: &str, to: &str) -> World {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/data").join(version);
        let to = self.path(to);
        if to.exists() {
            fs::remove_dir_all(&to).unwrap();
        }
        copy(&from, &to);
        self
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("cannot read {}: {error}", from.display())) {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::write(target, fs::read(&path).unwrap()).unwrap() }
    }
}

#[test]
fn real_data_replaces_what_was_there() {
    let world = World::git_only().real_data("v1", "data").real_data("v2", "data");
    same_tree(&world.path("data"), &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/data/v2"));
}
