//! Damage of every kind, noticed and mended.
#![allow(clippy::print_stdout, reason = "figures, for those who ask with --nocapture")]

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{PackError, PackStore, Writer, layout};
use super::*;
use crate::base::{Cancel, Id, Job, RepoPath, Silent, Step};
use crate::format::codec::Codec;
use crate::format::compression::Noticer;
use crate::format::manifest;
use crate::format::pack::{self, ENTRY_LEN, HEADER_LEN, PackEntry, PackKind, RECORD_LEN, TRAILER_LEN};
use crate::format::root::{Dataset, Kind, Root};
use crate::format::tree::ChunkRef;
use crate::store::{Key, LocalStore};

fn only(range: Range<usize>) -> Vec<Range<usize>> {
    std::iter::once(range).collect()
}

/// A remote in a folder: chunks that compress and others, pages, a root.
struct Shelf {
    folder: tempfile::TempDir,
    raws: Vec<Vec<u8>>,
}

fn with_job<T>(run: impl FnOnce(&Job<'_>) -> T) -> T {
    run(&Job { events: &Silent, cancel: &Cancel::default(), threads: 2 })
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn text(seed: u64, len: usize) -> Vec<u8> {
    (0..).flat_map(|row: u64| format!("{row},{}\n", row * seed % 97).into_bytes()).take(len).collect()
}

fn add(writer: &Writer<'_>, kind: PackKind, raw: &[u8]) {
    writer.add(kind, Id::of(raw), raw, &mut Noticer::new(writer.compression())).unwrap();
}

impl Shelf {
    fn new() -> Shelf {
        let raws = (0..4).map(|seed| noise(seed, 900)).chain((1..4).map(|seed| text(seed, 4000))).collect();
        let shelf = Shelf { folder: tempfile::tempdir().unwrap(), raws };
        let remote = shelf.open();
        remote.refresh(true).unwrap();
        let writer = remote.writer().unwrap();
        shelf.raws.iter().for_each(|raw| add(&writer, PackKind::Chunks, raw));
        let mut pages = manifest::Builder::new(|_, page: Vec<u8>| {
            add(&writer, PackKind::Pages, &page);
            Ok::<_, PackError>(())
        });
        for raw in &shelf.raws {
            pages.push(&ChunkRef { id: Id::of(raw), bytes: raw.len() as u32 }).unwrap();
        }
        let page = pages.finish().unwrap().id;
        writer.finish().unwrap();
        let kind = Kind::File { manifest: Some(page) };
        let path = RepoPath::new(b"data").unwrap();
        let datasets = vec![Dataset { path, kind, id: Id::of(b"file"), bytes: 15_600 }];
        let root = Root { repository: [1; 16], random: [2; 16], created: 3, commits: vec![[4; 20].into()], datasets };
        remote.put_root(&root).unwrap();
        shelf
    }

    fn open(&self) -> PackStore {
        let store = LocalStore::create(&self.root()).unwrap();
        PackStore::remote(Arc::new(store), &self.folder.path().join("copies"))
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn objects(&self, prefix: &str) -> Vec<PathBuf> {
        let mut keys: Vec<Key> = Vec::new();
        self.open().store().list(prefix, &mut |listed| keys.push(listed.key)).unwrap();
        keys.sort();
        keys.iter().map(|key| self.root().join(key.as_str())).collect()
    }

    fn pack_of(&self, kind: PackKind) -> (PathBuf, Vec<PackEntry>) {
        let decoded = |path: PathBuf| {
            let (_, found, entries) = pack::decode(&fs::read(&path).unwrap()).unwrap();
            (found == kind).then_some((path, entries))
        };
        self.objects(layout::PACKS).into_iter().find_map(decoded).unwrap()
    }

    /// Everything, as `verify --read-data` looks at it.
    fn verify(&self) -> (PackStore, Look) {
        let store = self.open();
        let look = with_job(|job| {
            let mut look = store.look(job).unwrap();
            let counting = look.packs.iter().filter(|(id, _)| !look.condemned.contains(id));
            let packs: Vec<(Id, u64)> = counting.map(|(id, bytes)| (*id, *bytes)).collect();
            store.read_packs(&mut look, &packs, &mut DataRead::default(), job).unwrap();
            look
        });
        (store, look)
    }

    fn reads_all(&self) {
        let store = self.open();
        store.refresh(false).unwrap();
        self.raws.iter().for_each(|raw| assert_eq!(store.read(&Id::of(raw)).unwrap(), *raw));
    }
}

/// Numbers that look random and are the same on every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }
}

/// The places in which a byte may be flipped: what they are called, the file, and where in it.
fn places(shelf: &Shelf) -> Vec<(&'static str, PathBuf, Vec<Range<usize>>)> {
    let (chunks, entries) = shelf.pack_of(PackKind::Chunks);
    let (pages, page_entries) = shelf.pack_of(PackKind::Pages);
    let stored = |entries: &[PackEntry], codec: Codec| -> Vec<Range<usize>> {
        let some = entries.iter().filter(|entry| entry.codec == codec);
        some.map(|entry| entry.offset as usize..(entry.offset + entry.stored_len) as usize).collect()
    };
    let len = fs::metadata(&chunks).unwrap().len() as usize;
    let footer = len - TRAILER_LEN - entries.len() * ENTRY_LEN;
    let records = entries.iter().map(|entry| entry.offset as usize - RECORD_LEN..entry.offset as usize).collect();
    let page_bytes = [stored(&page_entries, Codec::Raw), stored(&page_entries, Codec::Zstd)].concat();
    let whole = |path: &Path| only(0..fs::metadata(path).unwrap().len() as usize);
    let one = |prefix: &str| shelf.objects(prefix).remove(0);
    let (segment, root, config) = (one(layout::INDEX), one(layout::ROOTS), shelf.root().join("config"));
    vec![
        ("pack header", chunks.clone(), only(0..HEADER_LEN)),
        ("record header", chunks.clone(), records),
        ("raw chunk", chunks.clone(), stored(&entries, Codec::Raw)),
        ("compressed chunk", chunks.clone(), stored(&entries, Codec::Zstd)),
        ("footer", chunks.clone(), only(footer..len - TRAILER_LEN)),
        ("trailer", chunks, only(len - TRAILER_LEN..len)),
        ("page", pages, page_bytes),
        ("segment", segment.clone(), whole(&segment)),
        ("root", root.clone(), whole(&root)),
        ("config", config.clone(), whole(&config)),
    ]
}

/// C31: one flipped byte, 1,000 times over all kinds of places.
#[test]
fn a_flipped_byte_is_always_noticed() {
    flip(100);
}

/// The same 1,000 times in each kind of place.
#[test]
#[ignore = "takes half a minute"]
fn a_flipped_byte_is_noticed_a_thousand_times_in_each_place() {
    flip(1000);
}

fn flip(times: usize) {
    let shelf = Shelf::new();
    assert_eq!(shelf.verify().1.faults, []);
    let mut seeded = Seeded(31);
    for (name, path, ranges) in places(&shelf) {
        assert!(!ranges.is_empty(), "{name}");
        let good = fs::read(&path).unwrap();
        let mut harmless = 0;
        for _ in 0..times {
            let range = ranges[seeded.below(ranges.len())].clone();
            let at = range.start + seeded.below(range.len());
            let mut bytes = good.clone();
            bytes[at] ^= 1 + seeded.below(255) as u8;
            fs::write(&path, &bytes).unwrap();
            let (_, look) = shelf.verify();
            if look.faults.is_empty() {
                // A frame may say the same in other bytes: then what is read is right, since its hash is.
                assert!(matches!(name, "compressed chunk" | "page"), "{name}: byte {at} went unnoticed");
                harmless += 1;
                shelf.reads_all();
            }
        }
        fs::write(&path, &good).unwrap();
        println!("{name}: {times} flipped, {harmless} of them harmless");
        assert!(harmless * 20 <= times, "{name}: {harmless} of {times} went unnoticed");
    }
    assert_eq!(shelf.verify().1.faults, []);
}

#[test]
fn what_is_good_of_a_pack_without_header_and_end_is_kept() {
    let shelf = Shelf::new();
    let (path, entries) = shelf.pack_of(PackKind::Chunks);
    let name: Id = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[..HEADER_LEN].fill(0);
    bytes.truncate(bytes.len() - TRAILER_LEN - 5);
    // One chunk is lost with it.
    let lost = entries[0];
    bytes[lost.offset as usize] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (store, look) = shelf.verify();
    assert!(look.flawed.contains_key(&name));
    with_job(|job| {
        let distrusted = HashSet::from([name]);
        let writer = store.writer_without(&distrusted).unwrap();
        assert!(store.salvage(&look, &name, &writer, job).unwrap());
        assert_eq!(writer.finish().unwrap().chunks, shelf.raws.len() as u64 - 1);
        store.condemn([name]).unwrap();
        store.unindex(&distrusted).unwrap();
    });
    let (store, look) = shelf.verify();
    assert_eq!(look.faults, []);
    let readable: Vec<_> = shelf.raws.iter().map(|raw| Id::of(raw)).filter(|id| store.read(id).is_ok()).collect();
    assert!(readable.len() == shelf.raws.len() - 1 && !readable.contains(&lost.id));
    assert!(path.exists());
}

#[test]
fn an_index_is_made_anew_from_footers() {
    let shelf = Shelf::new();
    for segment in shelf.objects(layout::INDEX) {
        fs::remove_file(segment).unwrap();
    }
    let (store, look) = shelf.verify();
    assert_eq!(look.unindexed.len(), 2);
    let mended = with_job(|job| store.index_packs(&look, &look.unindexed, job).unwrap());
    assert_eq!((mended.indexed, mended.unreadable.len()), (2, 0));
    shelf.reads_all();
}

#[test]
fn a_segment_cut_short_is_told_and_kept_aside() {
    let shelf = Shelf::new();
    let path = shelf.objects(layout::INDEX).remove(0);
    let cut = fs::read(&path).unwrap()[..100].to_vec();
    fs::write(&path, &cut).unwrap();
    let (store, look) = shelf.verify();
    assert_eq!(look.faults[0].kind, ObjectKind::Segment);
    for _ in 0..2 {
        store.set_aside(&Key::new(look.faults[0].key.clone()).unwrap()).unwrap();
    }
    assert!(!path.exists());
    let aside = shelf.root().join("quarantine").join(path.file_name().unwrap());
    assert_eq!(fs::read(aside).unwrap(), cut);
}

#[test]
fn two_damaged_configs_are_both_kept() {
    let shelf = Shelf::new();
    let store = shelf.open();
    for text in ["one", "two"] {
        fs::write(shelf.root().join("config"), text).unwrap();
        store.renew_config().unwrap();
    }
    assert_eq!(shelf.objects("quarantine/").len(), 2);
    assert_eq!(shelf.verify().1.faults, []);
}

#[test]
fn what_is_damaged_there_stops_no_copy_of_the_rest() {
    let (from, to) = (Shelf::new(), Shelf::new());
    let (path, entries) = from.pack_of(PackKind::Chunks);
    let mut bytes = fs::read(&path).unwrap();
    bytes[entries[0].offset as usize] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let source = from.open();
    source.refresh(false).unwrap();
    let target =
        PackStore::cache(&to.folder.path().join("cache"), crate::format::compression::Compression::None).unwrap();
    let writer = target.writer().unwrap();
    let ids: Vec<Id> = from.raws.iter().map(|raw| Id::of(raw)).chain([Id::of(b"nowhere")]).collect();
    with_job(|job| transfer_good(&source, &writer, &ids, Step::Fetch, job)).unwrap();
    assert_eq!(writer.finish().unwrap().chunks, from.raws.len() as u64 - 1);
}
