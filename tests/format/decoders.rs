//! What must hold when any bytes at all are decoded: the bodies of the fuzz targets, and of a test over mutated bytes.
//!
//! Each takes what came from a disk or a server. It must not panic, and what it accepts must make sense: a value has
//! one encoding, and what is asked of an object that was opened answers.

use esker::base::Id;
use esker::format::config::{Layer, Place};
use esker::format::cursor::seal;
use esker::format::foreign::{self, Hash, Map};
use esker::format::guide::Head;
use esker::format::manifest::Manifest;
use esker::format::pages::{List, Page};
use esker::format::pointer::Pointer;
use esker::format::root::Root;
use esker::format::seen::{self, Change, Later, Seen};
use esker::format::segment::Segment;
use esker::format::store_config::StoreConfig;
use esker::format::tree::Tree;
use esker::format::{codec, pack};

/// A decoder, and the folder of `fixtures/fuzz` that holds bytes for it.
pub type Decoder = (&'static str, fn(&[u8]));

/// All decoders.
pub const ALL: [Decoder; 13] = [
    ("pointer", pointer),
    ("config", config),
    ("store-config", store_config),
    ("tree", page::<Tree>),
    ("manifest", page::<Manifest>),
    ("pack", pack),
    ("chunk", chunk),
    ("segment", segment),
    ("guide", guide),
    ("root", root),
    ("seen", seen),
    ("migrated", migrated),
    ("foreign", foreign),
];

fn pointer(bytes: &[u8]) {
    if let Ok(pointer) = Pointer::parse(bytes) {
        assert_eq!(Pointer::parse(&pointer.to_bytes()).as_ref(), Ok(&pointer));
        assert_eq!(pointer.rewrite(bytes), bytes, "nothing changed, so nothing is rewritten");
    }
}

fn migrated(bytes: &[u8]) {
    if let Ok(map) = Map::parse(bytes) {
        assert_eq!(Map::parse(&map.to_bytes()), Ok(map));
    }
    // Any answer will do, if one comes.
    let _ = foreign::contents(bytes);
}

fn foreign(bytes: &[u8]) {
    let _ = foreign::dvc_file(bytes);
    let _ = foreign::dvc_lock(bytes);
    let _ = foreign::stage_folders(bytes);
    let _ = foreign::dir_entries(Hash::Md5, bytes);
    let _ = foreign::lfs_pointer(bytes);
    let _ = foreign::dvc_config(&[bytes.to_vec()]);
}

fn config(bytes: &[u8]) {
    for place in [Place::Project, Place::Clone, Place::User] {
        // Any answer will do, if one comes.
        let _ = Layer::parse(place, "config.toml", bytes);
    }
}

fn store_config(bytes: &[u8]) {
    if let Ok(config) = StoreConfig::parse(bytes) {
        assert_eq!(StoreConfig::parse(&config.to_bytes()), Ok(config));
    }
}

fn page<L: List>(bytes: &[u8]) {
    if let Ok(page) = Page::<L>::decode(bytes.to_vec()) {
        assert_eq!(page.encode(), bytes, "a page has one encoding");
        assert!(page.items().count() == 0 || page.links().is_empty(), "a page holds items or links");
    }
}

/// A pack as it came, and under a name that is right, so that what lies behind the name is reached.
fn pack(bytes: &[u8]) {
    const HEADER: usize = 32;
    const TRAILER: usize = 48;
    open_pack(bytes);
    let Some(end) = bytes.len().checked_sub(TRAILER).filter(|end| *end >= HEADER) else { return };
    let mut named = bytes.to_vec();
    let count = u32::from_le_bytes([bytes[end], bytes[end + 1], bytes[end + 2], bytes[end + 3]]);
    let Some(footer) = (count as usize).checked_mul(48).and_then(|len| end.checked_sub(len)) else { return };
    let name = Id::of(&[&bytes[..HEADER], &bytes[footer..end], &count.to_le_bytes()].concat());
    named[end + 8..end + 40].copy_from_slice(name.as_bytes());
    open_pack(&named);
}

fn open_pack(bytes: &[u8]) {
    let Ok((_, _, entries)) = pack::decode(bytes) else { return };
    assert!(entries.is_sorted_by(|one, next| one.id < next.id));
    for entry in entries {
        let stored = &bytes[entry.offset as usize..][..entry.stored_len as usize];
        let mut raw = Vec::new();
        if codec::decompress(entry.codec, stored, entry.raw_len as usize, &mut raw).is_ok() {
            assert_eq!(raw.len(), entry.raw_len as usize);
        }
    }
}

/// The first three bytes claim a length, up to twice what a chunk may have; the rest is the frame.
fn chunk(bytes: &[u8]) {
    let [low, middle, high, stored @ ..] = bytes else { return };
    let claimed = u32::from_le_bytes([*low, *middle, *high, 0]) as usize % (2 * codec::MAX_RAW);
    let mut raw = Vec::new();
    match codec::decompress(codec::Codec::Zstd, stored, claimed, &mut raw) {
        Ok(()) => assert_eq!(raw.len(), claimed),
        Err(_) => assert!(raw.is_empty(), "after an error nothing is left behind"),
    }
}

fn segment(bytes: &[u8]) {
    open_segment(bytes);
    open_segment(&sealed(bytes));
}

fn open_segment(bytes: &[u8]) {
    let Ok(segment) = Segment::open(bytes) else { return };
    // Unchecked, as a catalog does it: whatever lies there, an answer comes.
    for entry in segment.entries().flatten() {
        let _ = segment.pack(entry.pack as usize);
        let _ = segment.find(&entry.id);
    }
    if segment.check().is_ok() {
        assert!(segment.entries().flatten().all(|entry| segment.find(&entry.id) == Ok(Some(entry))));
    }
}

fn guide(bytes: &[u8]) {
    for bytes in [bytes, &sealed(bytes)] {
        let Ok(head) = Head::decode(bytes) else { continue };
        assert_eq!(head.encode(), bytes, "a head has one encoding");
        assert_eq!(bytes.first_chunk().map(Head::len_of), Some(Ok(bytes.len())));
        let id = Id::of(bytes);
        let bucket = head.bucket_of(&id);
        assert!(bucket < head.buckets() && head.fan_out().start >= bytes.len() as u64);
        assert!(head.ask(bucket, bytes, &id).is_none(), "no bucket has such a hash");
    }
}

fn root(bytes: &[u8]) {
    for bytes in [bytes, &sealed(bytes)] {
        if let Ok((root, name)) = Root::decode(bytes) {
            assert_eq!(root.encode(), (bytes.to_vec(), name), "a root has one encoding");
        }
    }
}

fn seen(bytes: &[u8]) {
    for bytes in [bytes, &sealed(bytes)] {
        if let Ok(seen) = Seen::decode(bytes) {
            assert_eq!(seen::encode(&seen.header, seen.records()), bytes, "what was seen has one encoding");
        }
        if let Ok(later) = Later::decode(bytes) {
            let changes: Vec<Change<'_>> = later.changes().collect();
            let encoded = Later::encode(&later.over, later.total, &later.header, &changes);
            assert_eq!(encoded, bytes, "what was seen later has one encoding");
        }
    }
}

/// The same with a hash at its end that is right.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes[..bytes.len().saturating_sub(Id::LEN)].to_vec();
    seal(&mut sealed);
    sealed
}
