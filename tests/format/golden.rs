//! Bytes that a release wrote, in `fixtures/format/v1`: every later release must read them as these did.
//!
//! A file is written once, when its kind is new, with `ESKER_WRITE_GOLDEN=1 cargo test --test all golden`, and is never
//! changed afterwards.

use std::fs;
use std::path::Path;

use esker::base::{Id, RepoPath, Stat};
use esker::format::codec::{self, Codec};
use esker::format::config::{Config, KEYS, Layer, Place};
use esker::format::foreign::{self, Hash, Map, OldId};
use esker::format::pack::{self, Layout, PackEntry, PackKind};
use esker::format::pointer::{self, Pointer};
use esker::format::root::{self, Root};
use esker::format::seen::{self, Later, Record, Seen};
use esker::format::store_config::StoreConfig;

/// The bytes of a golden file. If it is missing and the environment asks for it, `make` writes it.
pub fn golden(name: &str, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/format/v1").join(name);
    if !path.exists() && std::env::var_os("ESKER_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, make()).unwrap();
    }
    fs::read(&path).unwrap_or_else(|error| panic!("golden file {}: {error}", path.display()))
}

fn id(seed: &str) -> Id {
    Id::of(seed.as_bytes())
}

fn path(text: &[u8]) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn pointer(name: &str, wanted: &Pointer) {
    let bytes = golden(name, || wanted.to_bytes());
    assert_eq!(Pointer::parse(&bytes).as_ref(), Ok(wanted));
    assert_eq!(String::from_utf8(wanted.to_bytes()).unwrap(), String::from_utf8(bytes).unwrap());
}

#[test]
fn a_pointer_to_a_small_file() {
    let kind = pointer::Kind::File { manifest: None, executable: false };
    pointer("pointer-file.esker", &Pointer { kind, id: id("small"), bytes: 5, remote: None, source: None });
}

#[test]
fn a_pointer_to_a_large_file() {
    let kind = pointer::Kind::File { manifest: Some(id("page")), executable: false };
    let remote = Some("archive".to_owned());
    pointer("pointer-large-file.esker", &Pointer { kind, id: id("large"), bytes: 1 << 40, remote, source: None });
}

#[test]
fn a_pointer_to_an_imported_folder() {
    let source = pointer::Source {
        url: "https://example.org/maps.git".to_owned(),
        path: "data/höhen".to_owned(),
        rev: Some("v1.0".to_owned()),
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
    };
    let kind = pointer::Kind::Folder { files: 100_000 };
    let bytes = 1_073_741_824;
    pointer("pointer-folder.esker", &Pointer { kind, id: id("folder"), bytes, remote: None, source: Some(source) });
}

#[test]
fn a_map_of_what_was_migrated() {
    let old = |hash, text: &str| OldId::new(hash, text).unwrap();
    let pointer = |kind, seed| Pointer { kind, id: id(seed), bytes: 1000, remote: None, source: None };
    let (folder, file) = ("6303200380bb2521519b4a424aeae345.dir", "d41d8cd98f00b204e9800998ecf8427e");
    let large = pointer::Kind::File { manifest: Some(id("page")), executable: false };
    let small = pointer::Kind::File { manifest: None, executable: false };
    let objects = [
        (old(Hash::Md5, folder), pointer(pointer::Kind::Folder { files: 6 }, "folder")),
        (old(Hash::Md5Dos2Unix, file), pointer(large, "large")),
        (old(Hash::Sha256, &file.repeat(2)), pointer(small, "small")),
    ];
    let place = |dataset: &str, old: &OldId, executable, remote: Option<&str>| foreign::Place {
        file: path(format!("{dataset}.dvc").as_bytes()),
        blob: "0123456789abcdef0123456789abcdef01234567".into(),
        dataset: path(dataset.as_bytes()),
        old: old.clone(),
        executable,
        remote: remote.map(Into::into),
    };
    let places = vec![
        place("höhen/50% of all", &objects[0].0, false, None),
        place("model.pt", &objects[1].0, false, Some("archive")),
        place("run.sh", &objects[2].0, true, None),
    ];
    let wanted = Map { objects: objects.into_iter().collect(), places };
    let bytes = golden("migrated", || wanted.to_bytes());
    assert_eq!(Map::parse(&bytes).as_ref(), Ok(&wanted));
    assert_eq!(wanted.to_bytes(), bytes);
}

#[test]
fn a_pointer_that_a_user_edited() {
    let text = format!(
        "# Ours.\nkind = 'file'   # the table\nversion = 1\nbytes = 1_000\nid = \"{}\"\n\n[meta]\nowner = \"Ada\"\n",
        id("edited")
    );
    let bytes = golden("pointer-edited.esker", || text.into_bytes());
    let kind = pointer::Kind::File { manifest: None, executable: false };
    let wanted = Pointer { kind, id: id("edited"), bytes: 1000, remote: None, source: None };
    assert_eq!(Pointer::parse(&bytes).as_ref(), Ok(&wanted));
    assert_eq!(wanted.rewrite(&bytes), bytes);
}

#[test]
fn the_settings_of_a_project() {
    let text = "[project]\nid = \"000102030405060708090a0b0c0d0e0f\"\n\n[core]\nremote = \"origin\"\nthreads = 4\n\n[cache]\n\
                dir = \".cache\"\ncompression = \"fast\"\n\n[git]\nstage = false\n\n[remote.origin]\nurl = \"s3://bucket/prefix\"\n\
                endpoint = \"https://s3.example.org\"\nregion = \"eu\"\nprofile = \"team\"\nchecksum = \"when_required\"\n";
    let bytes = golden("config.toml", || text.into());
    let config = Config::merge(vec![Layer::parse(Place::Project, ".esker/config.toml", &bytes).unwrap()]);
    assert_eq!(config.entries().count(), 11);
    assert_eq!(config.project_id(), Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]));
    assert_eq!(config.remote("origin").unwrap().checksum.as_deref(), Some("when_required"));
    assert_eq!(config.get("core.threads").unwrap().origin.to_string(), ".esker/config.toml:6");
}

#[test]
fn the_config_of_a_store() {
    let bytes = golden("store-config.toml", || StoreConfig::default().to_bytes());
    assert_eq!(StoreConfig::parse(&bytes), Ok(StoreConfig::default()));
    assert_eq!(StoreConfig::default().to_bytes(), bytes);
}

#[test]
fn a_container() {
    let file = b"......first chunk, second chunk";
    let entry = |start: usize, len: usize| PackEntry {
        id: Id::of(&file[start..start + len]),
        offset: (pack::CONTAINER_START + start) as u32,
        stored_len: len as u32,
        raw_len: len as u32,
        codec: Codec::Raw,
    };
    let entries = vec![entry(6, 11), entry(17, 14)];
    let sealed = pack::seal_container(*b"sixteen random b", entries);
    let bytes = golden("container.bin", || [&sealed.head[..], file, &sealed.tail].concat());
    assert_eq!(pack::decode(&bytes), Ok((sealed.id, PackKind::Chunks, sealed.entries)));
    assert_eq!(Layout::of(&bytes), Layout::Container);
}

#[test]
fn a_root() {
    let dataset = |path, kind, id, bytes| root::Dataset { path, kind, id, bytes };
    let file = |manifest| root::Kind::File { manifest };
    let wanted = Root {
        repository: *b"repository id 16",
        random: *b"sixteen random b",
        created: 1_767_225_600,
        commits: vec![[0x11; 20].into(), [0x22; 32].into()],
        datasets: vec![
            dataset(path(b"data"), root::Kind::Folder, id("folder"), 1 << 40),
            dataset(path(b"models/a.bin"), file(Some(id("page"))), id("large"), 1 << 30),
            dataset(path(b"odd \xff name"), file(None), id("small"), 5),
        ],
    };
    let bytes = golden("root.bin", || wanted.encode().0);
    let (found, name) = Root::decode(&bytes).unwrap();
    assert_eq!(found, wanted);
    assert_eq!(wanted.encode(), (bytes, name));
    assert_eq!(name.to_string(), "fe4a405f6191512db1cabb054056e684a70ea39b8b6dc1ca23a4e3e729051878");
}

#[test]
fn what_was_seen() {
    let stat = |bytes, inode| Stat { bytes, mtime: 1_767_225_600_000_000_001, ctime: -1, inode };
    let header = seen::Header {
        boot_id: *b"boot id, 16 byte",
        written_at: 1_767_225_600_500_000_000,
        base: Some(id("base")),
        dataset: b"data/images",
    };
    let records = [
        Record { path: b"a", kind: seen::Kind::File, stat: stat(0, 1), id: id("") },
        Record { path: b"a/b", kind: seen::Kind::Executable, stat: stat(5, u64::MAX), id: id("small") },
        Record { path: b"\xff", kind: seen::Kind::Symlink, stat: stat(1 << 40, 2), id: id("large") },
    ];
    let bytes = golden("seen.bin", || seen::encode(&header, records));
    let found = Seen::decode(&bytes).unwrap();
    assert_eq!(found.header, header);
    assert!(found.records().eq(records));
    assert_eq!(seen::encode(&header, records), bytes);
}

#[test]
fn what_was_seen_later() {
    let header = seen::Header {
        boot_id: *b"boot id, 16 byte",
        written_at: 1_767_225_600_500_000_000,
        base: Some(id("base")),
        dataset: b"data/images",
    };
    let stat = Stat { bytes: 5, mtime: 1_767_225_600_000_000_001, ctime: -1, inode: u64::MAX };
    let changes = [
        (&b"a"[..], None),
        (&b"a/b"[..], Some(Record { path: b"a/b", kind: seen::Kind::File, stat, id: id("small") })),
        (&b"\xff"[..], Some(Record { path: b"\xff", kind: seen::Kind::EmptyFolder, stat, id: id("") })),
    ];
    let bytes = golden("seen-later.bin", || Later::encode(&id("over"), 7, &header, &changes));
    let found = Later::decode(&bytes).unwrap();
    assert_eq!((found.over, found.total, found.header), (id("over"), 7, header));
    assert!(found.changes().eq(changes));
    assert_eq!(Later::encode(&id("over"), 7, &header, &changes), bytes);
}

/// Later versions of zstd may write other frames, but must read this one.
#[test]
fn a_compressed_chunk() {
    let raw: Vec<u8> = (0..5000).flat_map(|n: u32| format!("{n}\n").into_bytes()).collect();
    let stored = golden("chunk.zst", || {
        let mut stored = Vec::new();
        assert_eq!(codec::compress(3, &raw, &mut stored), Codec::Zstd);
        stored
    });
    let mut found = Vec::new();
    codec::decompress(Codec::Zstd, &stored, raw.len(), &mut found).unwrap();
    assert_eq!(found, raw);
}

#[test]
fn the_page_on_formats_tells_every_setting_and_every_kind() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md")).unwrap();
    let letters = ["eskpack", "eskindx", "esktree", "eskmani", "eskroot", "eskseen"].map(str::to_owned);
    for word in KEYS.iter().map(|rule| format!("| `{}` |", rule.pattern)).chain(letters) {
        assert!(page.contains(&word), "{word}");
    }
}
