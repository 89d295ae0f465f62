//! `verify`: what is lost or damaged is told by kind and by file, and mended from wherever a good copy is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::data::bytes;
use crate::support::remote::Remote;
use crate::support::world::World;

/// The keys of all objects of the remote below `prefix`.
fn remote_keys(world: &World, prefix: &str) -> Vec<String> {
    let mut keys = match world.server() {
        Some(server) => {
            server.keys().iter().filter_map(|key| key.strip_prefix("data/").map(str::to_owned)).collect::<Vec<_>>()
        }
        None => files_below(&world.root().join("remote")),
    };
    keys.retain(|key| key.starts_with(prefix));
    keys.sort();
    keys
}

fn files_below(folder: &Path) -> Vec<String> {
    fn visit(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    visit(folder, folder, &mut found);
    found
}

fn remote_object(world: &World, key: &str) -> Vec<u8> {
    match world.server() {
        Some(server) => server.object(&format!("data/{key}")).unwrap().to_vec(),
        None => fs::read(world.root().join("remote").join(key)).unwrap(),
    }
}

/// Puts other bytes into an object of the remote, or takes it away.
fn set_remote(world: &World, key: &str, bytes: Option<Vec<u8>>) {
    match (world.server(), bytes) {
        (Some(server), Some(bytes)) => server.set(&format!("data/{key}"), bytes),
        (Some(server), None) => assert!(server.remove(&format!("data/{key}"))),
        (None, bytes) => set_file(&world.root().join("remote").join(key), bytes),
    }
}

fn set_file(path: &Path, bytes: Option<Vec<u8>>) {
    match bytes {
        Some(bytes) => fs::write(path, bytes).unwrap(),
        None => fs::remove_file(path).unwrap(),
    }
}

fn flipped(mut bytes: Vec<u8>, at: usize) -> Option<Vec<u8>> {
    bytes[at] ^= 0x10;
    Some(bytes)
}

/// Some data, added and committed: a folder of two files and a file of many chunks.
fn added(world: World) -> World {
    let world = world.file("data/one", bytes(1, 90_000)).file("data/two", bytes(2, 90_000));
    world.file("model", bytes(3, 3 << 19)).esker("add data model").ok().commit("data")
}

fn pushed(remote: Remote) -> World {
    added(World::on(remote)).esker("push").ok()
}

fn cache(world: &World) -> PathBuf {
    world.path(".git/esker/cache")
}

fn cache_keys(world: &World, prefix: &str) -> Vec<String> {
    let mut keys = files_below(&cache(world));
    keys.retain(|key| key.starts_with(prefix));
    keys.sort();
    keys
}

/// The cache's pack whose bytes have `part` in them.
fn cache_pack_with(world: &World, part: &[u8]) -> (PathBuf, usize) {
    let packs = cache_keys(world, "packs/").into_iter().map(|key| cache(world).join(key));
    packs.into_iter().find_map(|path| position(&fs::read(&path).unwrap(), part).map(|at| (path, at))).unwrap()
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// What a clone made now, with an empty cache, gets.
fn reads_all(world: World, name: &str) -> World {
    let world = world.clone_as(name).esker("pull").ok();
    assert_eq!(world.read("data/one"), bytes(1, 90_000));
    assert_eq!(world.read("data/two"), bytes(2, 90_000));
    assert_eq!(world.read("model"), bytes(3, 3 << 19));
    world.go_to("alice")
}

#[test]
fn a_sound_store_is_sound() {
    for remote in Remote::all() {
        let world = pushed(remote).esker("verify").ok().prints("all there; data was not read");
        let world = world.esker("verify --read-data").ok().prints("all there; all ");
        let world = world.esker("verify --remote --read-data").ok().prints("in origin: all there; all ");
        let before = remote_keys(&world, "");
        let world = world.esker("verify --remote --repair").ok().prints("all there now");
        assert_eq!(remote_keys(&world, ""), before, "{remote:?}");
        let world = world.clone_as("bob").esker("verify --remote").ok().prints("all there");
        world.esker("verify").ok().prints("on a remote as far as is known");
    }
}

#[test]
fn a_cache_that_was_never_used_is_sound() {
    World::new().esker("verify").ok().prints("checked 0 packs").esker("verify --repair").ok();
}

#[test]
fn the_cache_is_checked_without_the_network() {
    let world = pushed(Remote::S3);
    world.server().unwrap().forget();
    let world = world.esker("verify --read-data").ok();
    assert_eq!(world.server().unwrap().count("*"), 0);
}

#[test]
fn a_remote_is_checked_by_its_listings_segments_and_roots() {
    let world = pushed(Remote::S3);
    world.server().unwrap().forget();
    let world = world.esker("verify --remote").ok();
    let server = world.server().unwrap();
    let counts = ["LIST", "GET", "PUT", "DELETE"].map(|method| server.count(method));
    // Condemned, index, packs, roots; then the config, a segment, a root.
    assert_eq!(counts, [4, 3, 0, 0], "{:?}", server.log());
}

#[test]
fn a_lost_pack_of_the_cache_is_told_by_file_and_fetched_again() {
    for remote in Remote::all() {
        let world = pushed(remote);
        let (pack, _) = cache_pack_with(&world, &bytes(1, 1000));
        fs::remove_file(pack).unwrap();
        let world = world.remove("data").remove("model");
        let world = world.esker("verify").exits(5).prints("packs/").prints("it is gone");
        let world = world.prints("data/one (worktree").prints("model (worktree").prints("`esker verify --repair`");
        let world = world.esker("verify --repair").ok().prints("stored again").prints("all there now");
        let world = world.esker("verify --read-data").ok().esker("checkout --no-fetch").ok();
        assert_eq!(world.read("model"), bytes(3, 3 << 19), "{remote:?}");
    }
}

#[test]
fn what_only_the_worktree_has_comes_from_there() {
    let world = added(World::new());
    for key in cache_keys(&world, "packs/") {
        set_file(&cache(&world).join(key), None);
    }
    let world = world.esker("verify").exits(5).prints("data (");
    let world = world.esker("verify --repair").ok().prints("all there now");
    let world = world.remove("data").remove("model").esker("checkout").ok();
    assert_eq!(world.read("data/two"), bytes(2, 90_000));
    assert_eq!(world.read("model"), bytes(3, 3 << 19));
}

#[test]
fn a_flipped_byte_in_the_cache_is_mended_and_the_damaged_pack_kept() {
    let world = pushed(Remote::Folder);
    let (pack, at) = cache_pack_with(&world, &bytes(1, 1000));
    set_file(&pack, flipped(fs::read(&pack).unwrap(), at + 500));
    let world = world.esker("verify").ok();
    let world = world.esker("verify --read-data").exits(5).prints("hash to").prints("data/one (worktree");
    let world = world.never_says("data/two");
    let world = world.esker("verify --read-data --repair").ok().prints("1 damaged pack is condemned, and kept");
    assert!(pack.exists());
    let world = world.esker("verify --read-data").ok().remove("data").esker("checkout --no-fetch").ok();
    assert_eq!(world.read("data/one"), bytes(1, 90_000));
}

#[test]
fn what_is_nowhere_is_named_and_the_rest_mended() {
    let world = added(World::new());
    let (pack, at) = cache_pack_with(&world, &bytes(1, 1000));
    set_file(&pack, flipped(fs::read(&pack).unwrap(), at + 500));
    let world = world.remove("data").remove("model").esker("verify --read-data --repair").exits(5);
    let world = world.prints("files that still suffer:\n  data/one (").prints("hint: put the files back");
    let world = world.esker("checkout model data/two").ok();
    let world = world.esker("verify --json").exits(5);
    let report = world.json();
    assert_eq!(report["is_sound"], false);
    assert_eq!(report["files"][0]["path"], "data/one");
    assert_eq!(report["files"][0]["dataset"], "data");
}

#[test]
fn an_index_of_the_cache_is_made_anew_from_packs() {
    for damage in ["lost", "cut", "flipped"] {
        let world = added(World::new());
        for key in cache_keys(&world, "index/") {
            let path = cache(&world).join(key);
            let old = fs::read(&path).unwrap();
            let damaged = match damage {
                "lost" => None,
                "cut" => Some(old[..old.len() - 1].to_vec()),
                _ => flipped(old, 100),
            };
            set_file(&path, damaged);
        }
        let world = world.remove("data").remove("model").esker("verify").exits(5).prints("data (");
        let packs = cache_keys(&world, "packs/");
        let world = world.esker("verify --repair").ok().prints("in the index again");
        assert_eq!(cache_keys(&world, "packs/"), packs, "{damage}");
        assert_eq!(cache_keys(&world, "quarantine/").is_empty(), damage == "lost");
        let world = world.esker("verify --read-data").ok().esker("checkout").ok();
        assert_eq!(world.read("model"), bytes(3, 3 << 19), "{damage}");
    }
}

/// Damage of each kind on a remote that this clone can mend, since its cache has everything.
#[test]
fn a_remote_is_mended_by_a_clone_that_has_the_bytes() {
    type Damage = fn(&World);
    let all: [(&str, &str, Damage); 9] = [
        ("a lost pack", "it is gone", |world| {
            for key in remote_keys(world, "packs/") {
                set_remote(world, &key, None);
            }
        }),
        ("a pack that is cut", "bytes, and the index says", |world| {
            for key in remote_keys(world, "packs/") {
                let bytes = remote_object(world, &key);
                set_remote(world, &key, Some(bytes[..bytes.len() / 2].to_vec()));
            }
        }),
        ("the header of a pack", "its footer does not match its name", |world| {
            for key in remote_keys(world, "packs/") {
                set_remote(world, &key, flipped(remote_object(world, &key), 20));
            }
        }),
        ("the trailer of a pack", "eskfoot", |world| {
            for key in remote_keys(world, "packs/") {
                let bytes = remote_object(world, &key);
                let at = bytes.len() - 3;
                set_remote(world, &key, flipped(bytes, at));
            }
        }),
        ("a record", "the record of", |world| {
            for key in remote_keys(world, "packs/") {
                set_remote(world, &key, flipped(remote_object(world, &key), 33));
            }
        }),
        ("chunks and pages", "damaged", |world| {
            for key in remote_keys(world, "packs/") {
                set_remote(world, &key, flipped(remote_object(world, &key), 95));
            }
        }),
        ("all segments", "index segment", |world| {
            for key in remote_keys(world, "index/") {
                set_remote(world, &key, flipped(remote_object(world, &key), 80));
            }
        }),
        ("a root", "damaged root", |world| {
            for key in remote_keys(world, "roots/") {
                set_remote(world, &key, flipped(remote_object(world, &key), 40));
            }
        }),
        ("the config", "config", |world| {
            set_remote(world, "config", flipped(remote_object(world, "config"), 60));
        }),
    ];
    for remote in Remote::all() {
        for (name, told, damage) in &all {
            let world = pushed(remote);
            damage(&world);
            let before = remote_keys(&world, "packs/");
            let world = world.esker("verify --remote --read-data").exits(5).prints(told);
            let world = world.prints("`esker verify --remote --repair`");
            let world = world.esker("verify --remote --read-data --repair").ok().prints("all there now");
            let after = remote_keys(&world, "packs/");
            assert!(before.iter().all(|key| after.contains(key)), "{remote:?}, {name}: a pack was deleted");
            let world = world.esker("verify --remote --read-data").ok().prints("all there");
            let world = reads_all(world, "bob");
            world.esker("push").ok();
        }
    }
}

#[test]
fn a_root_that_is_gone_is_told_and_put_anew() {
    for remote in Remote::all() {
        let world = pushed(remote);
        for key in remote_keys(&world, "roots/") {
            set_remote(&world, &key, None);
        }
        let world = world.esker("verify --remote").exits(5).prints("roots/").prints("it is gone");
        let world = world.esker("verify --remote --repair").ok().prints("1 root was put anew");
        assert_eq!(remote_keys(&world, "roots/").len(), 1, "{remote:?}");
    }
}

/// The clone that verifies has nothing; the one that pushed had everything, and was sure that the remote has it, too.
#[test]
fn a_plain_push_heals_what_a_repair_elsewhere_could_not() {
    for remote in Remote::all() {
        let world = pushed(remote);
        for key in remote_keys(&world, "packs/") {
            set_remote(&world, &key, flipped(remote_object(&world, &key), 95));
        }
        let world = world.clone_as("bob").esker("verify --remote --read-data --repair").exits(5);
        let world = world.prints("root was put anew").prints("whoever has these files must run `esker push`");
        let world = world.go_to("alice").esker("push").ok().prints("sent ");
        let world = world.esker("verify --remote --read-data").ok().prints("all there");
        reads_all(world, "carol");
    }
}

#[test]
fn what_is_not_pushed_yet_is_no_damage() {
    let world = pushed(Remote::Folder).file("new", bytes(9, 50_000)).esker("add new").ok().commit("new");
    world.esker("verify --remote").ok().prints("not pushed yet: new").prints("all there");
}

#[test]
fn a_sample_reads_a_share_and_the_next_one_another() {
    let mut world = World::new();
    for seed in 0..4 {
        let name = format!("file{seed}");
        world = world.file(&name, bytes(seed, 300_000)).esker(["add", &name]).ok();
    }
    for _ in 0..4 {
        world = world.esker("verify --sample 25% --json").ok();
        let data = world.json()["checked"]["data"].clone();
        assert!(data["bytes"].as_u64().unwrap() < 700_000, "{data}");
    }
    let verified = files_below(&world.path(".git/esker/verified"));
    let remembered = world.text(&format!(".git/esker/verified/{}", verified[0]));
    assert_eq!(remembered.lines().count(), cache_keys(&world, "packs/").len());
    world.esker("verify --sample 0%").exits(2).says("1% to 100%");
}

#[test]
fn old_versions_are_checked_on_request_and_told_by_commit() {
    let world = World::new().file("a", bytes(1, 50_000)).esker("add a").ok().commit("one");
    let old = world.git_output("rev-parse HEAD")[..10].to_owned();
    let (pack, _) = cache_pack_with(&world, &bytes(1, 1000));
    let world = world.file("a", bytes(2, 50_000)).esker("add a").ok().commit("two");
    fs::remove_file(pack).unwrap();
    let world = world.esker("verify").exits(5).prints("it is gone").never_says("files that suffer");
    world.esker("verify --all-commits").exits(5).prints(&format!("a ({old})"));
}

#[test]
fn what_one_remote_lost_comes_from_another() {
    let world = pushed(Remote::Folder);
    let backup = world.root().join("backup").to_str().unwrap().to_owned();
    let world = world.esker(["remote", "add", "backup", &backup]).ok().commit("backup").esker("push -r backup").ok();
    let world = world.clone_as("bob").esker("verify --remote=backup").ok();
    for key in remote_keys(&world, "packs/") {
        set_remote(&world, &key, None);
    }
    let world = world.esker("verify --remote").exits(5).prints("data/one (").prints("model (");
    let world = world.esker("verify --remote --repair").ok().prints("lost packs are out of the index");
    reads_all(world.go_to("alice"), "carol");
}

#[test]
fn what_lies_in_condemned_packs_is_no_damage_and_is_moved_on_request() {
    for remote in Remote::all() {
        let world = pushed(remote);
        let packs = remote_keys(&world, "packs/");
        for key in &packs {
            let record = format!("condemned/{}", key.rsplit('/').next().unwrap());
            let path = world.root().join("remote").join(&record);
            if world.server().is_none() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
            }
            set_remote(&world, &record, Some(Vec::new()));
        }
        let world = world.clone_as("bob").esker("verify --remote").ok().prints("in condemned packs only");
        let world = world.esker("verify --remote --repair").ok().prints("stored again");
        let world = world.esker("verify --remote").ok().never_says("in condemned packs only");
        assert!(packs.iter().all(|key| remote_keys(&world, "packs/").contains(key)), "{remote:?}");
    }
}

#[test]
fn only_what_is_named_is_followed() {
    let world = added(World::new());
    let (pack, at) = cache_pack_with(&world, &bytes(1, 1000));
    set_file(&pack, flipped(fs::read(&pack).unwrap(), at + 500));
    let world = world.esker("verify --read-data data/two").exits(5).prints("hash to").never_says("files that suffer");
    world.go_to("alice/data").esker("verify --read-data one").exits(5).prints("  one (worktree");
}
