//! Large files on file systems that share blocks between files: they enter the cache without a copy, and leave it so.
//!
//! It takes root to mount an image; where that cannot be done, a test says so and passes.
#![allow(clippy::print_stderr, reason = "a test that was passed over must say so")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::data::bytes;
use crate::support::world::World;

const MIB: usize = 1 << 20;
/// Large enough for both file systems, in bytes; the image is sparse.
const IMAGE_BYTES: u64 = 1 << 30;

/// A file system in an image, mounted for as long as this lives.
struct Mounted {
    at: PathBuf,
    _folder: tempfile::TempDir,
}

impl Mounted {
    /// `None`, and a line that says so, where it cannot be made or mounted.
    fn new(make: &[&str]) -> Option<Mounted> {
        let folder = tempfile::tempdir().unwrap();
        let (image, at) = (folder.path().join("image"), folder.path().join("disk"));
        File::create(&image).unwrap().set_len(IMAGE_BYTES).unwrap();
        std::fs::create_dir(&at).unwrap();
        let is_made = succeeds(Command::new(make[0]).args(&make[1..]).arg(&image));
        if is_made && succeeds(Command::new("mount").args(["-o", "loop"]).args([&image, &at])) {
            return Some(Mounted { at, _folder: folder });
        }
        eprintln!("skipped: no {} here that could be mounted", make[0]);
        None
    }

    fn free_bytes(&self) -> u64 {
        succeeds(Command::new("sync").arg("-f").arg(&self.at));
        let told = Command::new("stat").args(["-f", "-c", "%f %S"]).arg(&self.at).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        told.split_whitespace().map(|number| number.parse::<u64>().unwrap()).product()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg(&self.at));
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn file_systems() -> Vec<Mounted> {
    let made = [vec!["mkfs.xfs", "-q", "-m", "reflink=1"], vec!["mkfs.btrfs", "-q"]];
    made.iter().filter_map(|make| Mounted::new(make)).collect()
}

fn write_at(path: &Path, content: &[u8], offset: u64) {
    File::options().write(true).open(path).unwrap().write_all_at(content, offset).unwrap();
}

#[test]
fn a_large_file_takes_no_second_place_on_the_disk() {
    for disk in file_systems() {
        let content = bytes(7, 40 * MIB + 77);
        let world = World::at(&disk.at).file("data", content.clone());
        let before = disk.free_bytes();
        let world = world.esker("add data").ok().commit("v1");
        let taken = before - disk.free_bytes();
        assert!(taken < 4 * MIB as u64, "the cache took {taken} bytes");
        let world = world.remove("data").esker("checkout").ok();
        assert!(world.read("data") == content);
        let taken = before.saturating_sub(disk.free_bytes());
        assert!(taken < 4 * MIB as u64, "cache and checkout took {taken} bytes");
        world.esker("verify --read-data").ok().esker("status --exit-code").ok();
    }
}

#[test]
fn what_is_edited_in_place_changes_neither_the_cache_nor_other_versions() {
    for disk in file_systems() {
        let old = bytes(8, 20 * MIB);
        let world = World::at(&disk.at).file("data", old.clone()).esker("add data").ok().commit("v1").git("tag v1");
        write_at(&world.path("data"), &bytes(9, 5 * MIB), 3 * MIB as u64 + 5);
        let new = world.read("data");
        let world = world.esker("verify --read-data").ok().esker("add data").ok().commit("v2").git("tag v2");
        let world = world.esker("checkout v1").ok();
        assert!(world.read("data") == old);
        let world = world.esker("checkout v2").ok();
        assert!(world.read("data") == new);
        world.esker("verify --read-data").ok();
    }
}

#[test]
fn containers_are_pushed_collected_and_mended_as_packs_are() {
    for disk in file_systems() {
        let old = bytes(10, 12 * MIB);
        let world = World::at(&disk.at).file("data", old.clone()).esker("add data").ok().commit("v1");
        let remote = disk.at.join("remote");
        let world = world.esker(["remote", "add", "origin", remote.to_str().unwrap(), "--default"]).ok();
        let world = world.esker("push").ok().commit("remote").clone_as("bob").esker("pull").ok();
        assert!(world.read("data") == old);
        let world = world
            .go_to("alice")
            .file("data", bytes(11, 12 * MIB))
            .esker("add data")
            .ok()
            .commit("v2")
            .esker("push")
            .ok();
        let world = world.esker("gc --grace 0 --yes").ok().esker("verify --read-data").ok();
        let index = world.path(".git/esker/cache/index");
        std::fs::remove_dir_all(&index).unwrap();
        let world = world.esker("verify --repair").ok().esker("verify --read-data").ok();
        let world = world.remove("data").esker("checkout --no-fetch").ok();
        assert!(world.read("data") == bytes(11, 12 * MIB));
    }
}

#[test]
fn damage_in_a_container_is_noticed_and_healed() {
    for disk in file_systems() {
        let content = bytes(12, 10 * MIB);
        let world = World::at(&disk.at).file("data", content.clone()).esker("add data").ok().commit("v1");
        let remote = disk.at.join("remote");
        let world =
            world.esker(["remote", "add", "origin", remote.to_str().unwrap(), "--default"]).ok().esker("push").ok();
        let info = world.esker("cache info --json").ok();
        assert_eq!((info.json()["containers"].as_u64(), info.json()["shares_blocks"].as_bool()), (Some(1), Some(true)));
        let container = largest(&info.path(".git/esker/cache/packs"));
        write_at(&container, b"damage", 5 * MIB as u64);
        let world = info.esker("verify --read-data").exits(5).prints("data (worktree)");
        let world = world.esker("verify --read-data --repair").ok().esker("verify --read-data").ok();
        let world = world.remove("data").esker("checkout --no-fetch").ok();
        assert!(world.read("data") == content);
    }
}

fn largest(packs: &Path) -> PathBuf {
    let folders = std::fs::read_dir(packs).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
    files.max_by_key(|file| file.metadata().unwrap().len()).unwrap()
}
