//! Laws of every stored kind: what is written is read back, and no bytes do harm.

use proptest::collection::vec;
use proptest::prelude::*;

use esker::base::{Id, RepoPath, Stat};
use esker::format::codec::{self, Codec, MAX_RAW};
use esker::format::compression::{Compression, Noticer};
use esker::format::config::{self, Config, Key, Layer, Place};
use esker::format::cursor::seal;
use esker::format::pointer::{Kind, Pointer, Source};
use esker::format::root::{self, Root};
use esker::format::seen::{self, Change, Header, Later, Record, Seen};
use esker::format::store_config::StoreConfig;

use super::memory::taken_by;

/// Changes, insertions and removals of single bytes and of runs, anywhere.
pub fn mutated(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>(), 1..40_usize);
    (valid, vec(edit, 1..4)).prop_map(|(mut bytes, edits)| {
        for (at, how, byte, len) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let end = (at + len).min(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..end)),
                _ => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            }
        }
        bytes
    })
}

/// Sealed objects with edits under a hash that is right, so that the decoder behind it is reached.
fn resealed(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let opened = valid.prop_map(|mut bytes| {
        bytes.truncate(bytes.len() - Id::LEN);
        bytes
    });
    mutated(opened).prop_map(|mut bytes| {
        seal(&mut bytes);
        bytes
    })
}

/// Runs a decoder and sees that what it takes from the heap is in proportion to what it was given.
pub fn modestly<'a, T>(bytes: &'a [u8], decode: impl FnOnce(&'a [u8]) -> T) -> T {
    let (result, taken) = taken_by(|| decode(bytes));
    assert!(taken <= 200 * bytes.len() + (64 << 10), "{taken} bytes taken for {}", bytes.len());
    result
}

fn an_id() -> impl Strategy<Value = Id> {
    any::<[u8; 32]>().prop_map(Id::from_bytes)
}

fn a_path() -> impl Strategy<Value = RepoPath> {
    vec(vec(any::<u8>(), 1..12), 1..4)
        .prop_map(|names| names.join(&b'/'))
        .prop_filter_map("not a path", |bytes| RepoPath::new(&bytes).ok())
}

fn a_pointer() -> impl Strategy<Value = Pointer> {
    let file = (any::<[bool; 2]>(), an_id(), 1..1_u64 << 60).prop_map(|([paged, executable], id, bytes)| match paged {
        true => (Kind::File { manifest: Some(id), executable }, bytes),
        false => (Kind::File { manifest: None, executable }, bytes % (1 << 20)),
    });
    let folder = (0..=1_u64 << 60, 0..=1_u64 << 60).prop_map(|(files, bytes)| (Kind::Folder { files }, bytes));
    let kind = prop_oneof![file, folder];
    let remote = proptest::option::of("[A-Za-z0-9][A-Za-z0-9._-]{0,20}");
    (kind, an_id(), remote, proptest::option::of(a_source())).prop_map(|((kind, bytes), id, remote, source)| Pointer {
        kind,
        id,
        bytes,
        remote,
        source,
    })
}

fn a_source() -> impl Strategy<Value = Source> {
    let rev = proptest::option::of("[a-z/\"'\\\\ü][a-z0-9 /\"'\\\\]{0,20}");
    ("[a-z/.\"'\\\\ü][a-z/.\"'\\\\ü ]{0,30}", "[a-z\"'\\\\ü]{1,9}(/[a-z# ü]{1,9}){0,3}", rev, "[0-9a-f]{40}")
        .prop_map(|(url, path, rev, commit)| Source { url, path, rev, commit })
}

/// A pointer as a user may have left it: other order, comments, tables of their own.
fn an_edited_pointer() -> impl Strategy<Value = Vec<u8>> {
    (a_pointer(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(pointer, crlf, marked, meta)| {
        let mut text = String::from_utf8(pointer.to_bytes()).unwrap();
        text = text.replace("version = 1", "# a comment\nversion = 0x1 # another");
        if meta {
            text.push_str("\n[meta]\n'a b' = [1, 2] # free\n[[rows]]\nx = \"\"\"a\nb\"\"\"\n");
        }
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        format!("{}{text}", if marked { "\u{feff}" } else { "" }).into_bytes()
    })
}

fn a_root() -> impl Strategy<Value = Root> {
    let commit = prop_oneof![
        any::<[u8; 20]>().prop_map(|id| Box::from(id.as_slice())),
        any::<[u8; 32]>().prop_map(|id| Box::from(id.as_slice())),
    ];
    let kind = prop_oneof![
        Just(root::Kind::Folder),
        proptest::option::of(an_id()).prop_map(|manifest| root::Kind::File { manifest }),
    ];
    let dataset = (a_path(), kind, an_id(), any::<u64>()).prop_map(|(path, kind, id, bytes)| root::Dataset {
        path,
        kind,
        id,
        bytes,
    });
    (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<u64>(), vec(commit, 0..4), vec(dataset, 0..6)).prop_map(
        |(repository, random, created, commits, datasets)| Root { repository, random, created, commits, datasets },
    )
}

type SeenFile = (Vec<u8>, seen::Kind, Stat, Id);
type SeenParts = (Header<'static>, Vec<SeenFile>);

fn seen_parts() -> impl Strategy<Value = SeenParts> {
    let stat =
        any::<(u64, i64, i64, u64)>().prop_map(|(bytes, mtime, ctime, inode)| Stat { bytes, mtime, ctime, inode });
    let kind = proptest::sample::select(vec![
        seen::Kind::File,
        seen::Kind::Executable,
        seen::Kind::Symlink,
        seen::Kind::EmptyFolder,
    ]);
    let files = proptest::collection::btree_map(vec(any::<u8>(), 0..12), (kind, stat, an_id()), 0..8);
    (any::<[u8; 16]>(), any::<i64>(), proptest::option::of(an_id()), files).prop_map(
        |(boot_id, written_at, base, files)| {
            let files = files.into_iter().map(|(path, (kind, stat, id))| (path, kind, stat, id)).collect();
            (Header { boot_id, written_at, base, dataset: b"data" }, files)
        },
    )
}

fn records(files: &[SeenFile]) -> impl Iterator<Item = Record<'_>> {
    files.iter().map(|(path, kind, stat, id)| Record { path, kind: *kind, stat: *stat, id: *id })
}

fn encoded_seen() -> impl Strategy<Value = Vec<u8>> {
    seen_parts().prop_map(|(header, files)| seen::encode(&header, records(&files)))
}

/// Every third path is gone.
fn encoded_later(over: &Id, total: u64, (header, files): &SeenParts) -> Vec<u8> {
    let records = records(files).enumerate();
    let changes: Vec<Change<'_>> =
        records.map(|(at, record)| (record.path, Some(record).filter(|_| at % 3 > 0))).collect();
    let bytes = Later::encode(over, total, header, &changes);
    let later = Later::decode(&bytes).unwrap();
    assert_eq!((later.over, later.total, later.header), (*over, total, *header));
    assert!(later.changes().eq(changes));
    bytes
}

/// Whatever decodes has the bytes that encoding gives: one value, one encoding.
fn root_is_canonical(bytes: &[u8]) {
    if let Ok((root, name)) = modestly(bytes, Root::decode) {
        assert_eq!(root.encode(), (bytes.to_vec(), name));
    }
}

fn seen_is_canonical(bytes: &[u8]) {
    let decoded = modestly(bytes, |bytes| Seen::decode(bytes).map(|seen| (seen.header, seen.records())).ok());
    if let Some((header, records)) = decoded {
        assert_eq!(seen::encode(&header, records), bytes);
    }
}

fn later_is_canonical(bytes: &[u8]) {
    let decoded = modestly(bytes, |bytes| Later::decode(bytes).ok());
    if let Some(later) = decoded {
        let changes: Vec<Change<'_>> = later.changes().collect();
        assert_eq!(Later::encode(&later.over, later.total, &later.header, &changes), bytes);
    }
}

const SETTINGS: &str = "# ours\ncore.remote = 'a' # best\n[remote.a]\nurl = \"s3://b/p\"\n\n# near\n[remote.\"b.c\"]\nurl = '/x'\n\
                        region = 'eu' # there\n[cache]\ncompression = 'small'\n# end\n";

proptest! {
    #[test]
    fn a_pointer_is_read_as_it_was_written(pointer in a_pointer()) {
        prop_assert_eq!(Pointer::parse(&pointer.to_bytes()), Ok(pointer));
    }

    #[test]
    fn a_rewritten_pointer_says_the_new_and_keeps_the_rest(old in an_edited_pointer(), new in a_pointer()) {
        let before = Pointer::parse(&old).unwrap();
        prop_assert_eq!(before.rewrite(&old), old.clone());
        let written = new.rewrite(&old);
        let wanted = Pointer { remote: new.remote.clone().or(before.remote), ..new };
        prop_assert_eq!(Pointer::parse(&written), Ok(wanted.clone()));
        prop_assert_eq!(wanted.rewrite(&written), written.clone());
        let (old, written) = (String::from_utf8(old).unwrap(), String::from_utf8(written).unwrap());
        prop_assert_eq!(old.matches("\r\n").count() > 0, written.matches("\r\n").count() > 0);
        for kept in ["\u{feff}", "# a comment", "# another", "[meta]", "'a b' = [1, 2] # free", "[[rows]]"] {
            prop_assert_eq!(old.contains(kept), written.contains(kept), "{}", kept);
        }
    }

    #[test]
    fn no_bytes_of_a_pointer_do_harm(bytes in prop_oneof![mutated(an_edited_pointer()), vec(any::<u8>(), 0..300)]) {
        if let Ok(pointer) = modestly(&bytes, Pointer::parse) {
            prop_assert_eq!(pointer.rewrite(&bytes), bytes.clone());
            prop_assert_eq!(Pointer::parse(&pointer.to_bytes()), Ok(pointer.clone()));
        }
        let other = Pointer { kind: Kind::File { manifest: None, executable: false }, id: Id::of(b""), bytes: 0, remote: None, source: None };
        let written = Pointer::parse(&other.rewrite(&bytes));
        if let Ok(written) = written {
            prop_assert_eq!(written.id, other.id);
        }
    }

    #[test]
    fn a_root_is_read_as_it_was_written(mut root in a_root()) {
        let (bytes, name) = root.encode();
        root.datasets.sort();
        root.datasets.dedup();
        root.commits.sort();
        root.commits.dedup();
        prop_assert_eq!(Root::decode(&bytes), Ok((root, name)));
    }

    #[test]
    fn no_bytes_of_a_root_do_harm(
        sealed in resealed(a_root().prop_map(|root| root.encode().0)),
        any in vec(any::<u8>(), 0..300),
    ) {
        root_is_canonical(&sealed);
        root_is_canonical(&any);
    }

    #[test]
    fn what_was_seen_is_read_as_it_was_written((header, files) in seen_parts()) {
        let bytes = seen::encode(&header, records(&files));
        let seen = Seen::decode(&bytes).unwrap();
        prop_assert_eq!(seen.header, header);
        prop_assert!(seen.records().eq(records(&files)));
    }

    #[test]
    fn no_bytes_of_seen_do_harm(sealed in resealed(encoded_seen()), any in vec(any::<u8>(), 0..300)) {
        seen_is_canonical(&sealed);
        seen_is_canonical(&any);
    }

    #[test]
    fn what_was_seen_later_is_read_as_it_was_written_and_no_bytes_of_it_do_harm(
        sealed in resealed((an_id(), any::<u64>(), seen_parts()).prop_map(|(over, total, parts)| encoded_later(&over, total, &parts))),
        any in vec(any::<u8>(), 0..300),
    ) {
        later_is_canonical(&sealed);
        later_is_canonical(&any);
    }

    #[test]
    fn no_bytes_of_a_store_config_do_harm(bytes in mutated(Just(StoreConfig::default().to_bytes()))) {
        if let Ok(config) = modestly(&bytes, StoreConfig::parse) {
            prop_assert_eq!(StoreConfig::parse(&config.to_bytes()), Ok(config));
        }
    }

    #[test]
    fn settings_that_parse_can_be_edited_and_back(bytes in mutated(Just(SETTINGS.as_bytes().to_vec()))) {
        let parsed = modestly(&bytes, |bytes| Layer::parse(Place::Clone, "c", bytes));
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        let key = Key::parse("remote.new.region").unwrap();
        let value = key.value(Place::Clone, "far").unwrap();
        let edited = config::set(text, &key, &value);
        let renamed = config::rename_remote(text, "a", "z");
        let removed = config::remove_remote(text, "a");
        let Ok(layer) = parsed else { return Ok(()) };
        let get = |text: &str, key: &str| {
            let layer = Layer::parse(Place::Clone, "c", text.as_bytes()).unwrap();
            Config::merge(vec![layer]).get(key).map(|entry| entry.value.to_string())
        };
        let before = layer.entries.len();
        if let Ok(edited) = edited {
            prop_assert_eq!(get(&edited, "remote.new.region"), Some("far".to_owned()));
            let unset = config::unset(&edited, &key).unwrap().unwrap();
            prop_assert_eq!(Layer::parse(Place::Clone, "c", unset.as_bytes()).unwrap().entries.len(), before);
        }
        let url = get(text, "remote.a.url");
        prop_assert_eq!(get(&renamed.unwrap(), "remote.z.url"), url);
        prop_assert_eq!(get(&removed.unwrap(), "remote.a.url"), None);
    }

    #[test]
    fn what_was_compressed_comes_back(raws in vec((vec(any::<u8>(), 0..40), 0..3000_usize), 0..12), small in any::<bool>()) {
        let mut noticer = Noticer::new(if small { Compression::Small } else { Compression::Fast });
        for (unit, times) in raws {
            let raw = unit.repeat(times);
            let mut stored = Vec::new();
            let codec = noticer.compress(&raw, &mut stored);
            prop_assert!(stored.len() <= raw.len());
            let mut found = Vec::new();
            codec::decompress(codec, &stored, raw.len(), &mut found).unwrap();
            prop_assert_eq!(found, raw);
        }
    }

    #[test]
    fn no_stored_bytes_do_harm(
        stored in mutated((0..60_000_usize).prop_map(|len| {
            let mut stored = Vec::new();
            codec::compress(1, &vec![7; len], &mut stored);
            stored
        })),
        claimed in 0..2 * MAX_RAW,
    ) {
        let mut found = b"before".to_vec();
        let (result, taken) = taken_by(|| codec::decompress(Codec::Zstd, &stored, claimed, &mut found));
        prop_assert!(taken <= 2 * MAX_RAW + 4096, "{}", taken);
        prop_assert_eq!(found.len(), if result.is_ok() { 6 + claimed } else { 6 });
    }
}
