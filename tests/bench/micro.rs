//! Single parts, each on one thread: cuts, hashes, compression, catalog lookups, trees. `cargo bench` runs them.

use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use esker::base::{Id, RepoPath};
use esker::chunk::{self, V1};
use esker::format::FormatError;
use esker::format::codec::{self, Codec};
use esker::format::compression::{Compression, Noticer};
use esker::format::pack::PackKind;
use esker::format::segment::{self, Segment, SegmentEntry, SegmentPack};
use esker::format::tree::{self, Chunks, Entry, Node, Pages, Refused};

const MIB: usize = 1 << 20;
const FILES: u64 = 1_000_000;
const CHANGES: u64 = 100;

fn main() {
    divan::main();
}

fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut bytes);
    bytes
}

fn text(len: usize) -> Vec<u8> {
    let rows = (0_u64..).flat_map(|row| {
        format!("{row},2024-01-{:02},{:.6},city{}\n", row % 28, row as f64 * 0.37, row % 499).into_bytes()
    });
    rows.take(len).collect()
}

#[divan::bench]
fn cut_in_order(bencher: Bencher<'_, '_>) {
    let data = noise(64 * MIB);
    bencher.counter(BytesCount::of_slice(&data)).bench(|| chunk::cuts(black_box(&data), &V1));
}

#[divan::bench]
fn find_candidates(bencher: Bencher<'_, '_>) {
    let data = noise(64 * MIB);
    bencher.counter(BytesCount::of_slice(&data)).bench(|| {
        let mut found = Vec::new();
        chunk::candidates(black_box(&data), 0, &V1, &mut found);
        found
    });
}

#[divan::bench]
fn hash_chunks(bencher: Bencher<'_, '_>) {
    let data = noise(64 * MIB);
    bencher
        .counter(BytesCount::of_slice(&data))
        .bench(|| black_box(&data).chunks(V1.average).fold(0, |sum, chunk| sum ^ Id::of(chunk).as_bytes()[0]));
}

#[divan::bench(args = ["text", "noise"])]
fn compress_small(bencher: Bencher<'_, '_>, what: &str) {
    let data = if what == "text" { text(8 * MIB) } else { noise(8 * MIB) };
    bencher.counter(BytesCount::of_slice(&data)).bench(|| {
        let mut noticer = Noticer::new(Compression::Small);
        let mut out = Vec::with_capacity(MIB);
        for chunk in black_box(&data).chunks(V1.average) {
            out.clear();
            noticer.compress(chunk, &mut out);
        }
        out
    });
}

#[divan::bench]
fn decompress(bencher: Bencher<'_, '_>) {
    let data = text(V1.average);
    let mut stored = Vec::new();
    assert_eq!(codec::compress(3, &data, &mut stored), Codec::Zstd);
    let mut out = Vec::with_capacity(data.len());
    bencher.counter(BytesCount::of_slice(&data)).bench_local(|| {
        out.clear();
        codec::decompress(Codec::Zstd, black_box(&stored), data.len(), &mut out)
    });
}

fn segment_of(count: u32) -> Vec<u8> {
    let packs = [SegmentPack { id: Id::of(b"pack"), bytes: 1 << 25, kind: PackKind::Chunks }];
    let mut entries: Vec<SegmentEntry> = (0..count)
        .map(|at| SegmentEntry {
            id: Id::of(&at.to_le_bytes()),
            pack: 0,
            offset: 80,
            stored_len: 5,
            raw_len: 70,
            codec: Codec::Zstd,
        })
        .collect();
    entries.sort_by_key(|entry| entry.id);
    segment::encode(&packs, &entries).1
}

/// The bytes per chunk of an index are 48 and a little: 50.2 for a million.
#[divan::bench(args = ["there", "absent"])]
fn look_up_a_chunk_of_a_million(bencher: Bencher<'_, '_>, what: &str) {
    let bytes = segment_of(1_000_000);
    let segment = Segment::open(&bytes).expect("it was just encoded");
    let salt: u32 = if what == "there" { 0 } else { 1 << 30 };
    let ids: Vec<Id> = (0..1000_u32).map(|at| Id::of(&(at * 997 + salt).to_le_bytes())).collect();
    let at = Cell::new(0);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        at.set((at.get() + 1) % ids.len());
        segment.find(black_box(&ids[at.get()]))
    });
}

/// Pages in memory, and how many of them were read.
#[derive(Default)]
struct Memory {
    pages: HashMap<Id, Vec<u8>>,
    reads: Cell<u64>,
}

impl Pages for Memory {
    type Error = FormatError;

    fn page(&self, id: &Id) -> Result<Vec<u8>, FormatError> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.pages[id].clone())
    }

    fn damaged(&self, _id: &Id, cause: FormatError) -> FormatError {
        cause
    }
}

enum Never {}

impl From<Refused> for Never {
    fn from(refused: Refused) -> Never {
        panic!("{refused:?}")
    }
}

impl From<Infallible> for Never {
    fn from(never: Infallible) -> Never {
        match never {}
    }
}

fn entry(number: u64, version: u64) -> Entry {
    let path = format!("d{:04}/f{number:07}", number / 1000);
    let path = RepoPath::new(path.as_bytes()).expect("a plain path");
    let node = Node::File {
        executable: false,
        bytes: 1000,
        id: Id::of(&[number.to_le_bytes(), version.to_le_bytes()].concat()),
        chunks: Chunks::Whole,
    };
    Entry { path, node }
}

/// A tree of so many files, every `changed`th of them in another version.
fn tree_of(files: u64, changed: Option<u64>, memory: &mut Memory) -> Id {
    let mut builder = tree::Builder::new(|id, page: Vec<u8>| {
        memory.pages.insert(id, page);
        Ok::<_, Never>(())
    });
    for number in 0..files {
        let version = changed.is_some_and(|every| number % every == every / 2);
        let Ok(()) = builder.push(&entry(number, version.into()));
    }
    let Ok(root) = builder.finish();
    root.id
}

#[divan::bench(sample_count = 20)]
fn diff_a_million_files_with_a_hundred_changes(bencher: Bencher<'_, '_>) {
    let mut memory = Memory::default();
    let (old, new) = (tree_of(FILES, None, &mut memory), tree_of(FILES, Some(FILES / CHANGES), &mut memory));
    bencher.bench_local(|| {
        let diff = tree::diff(&memory, Some(&old), &memory, Some(&new)).expect("all pages are there");
        assert_eq!(diff.count() as u64, CHANGES);
    });
    let runs = memory.reads.get();
    assert!(runs > 0);
}

#[divan::bench(sample_count = 10)]
fn make_the_tree_of_100_000_files(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(100_000_usize)).bench_local(|| tree_of(100_000, None, &mut Memory::default()));
}

#[divan::bench(sample_count = 10)]
fn walk_the_tree_of_100_000_files(bencher: Bencher<'_, '_>) {
    let mut memory = Memory::default();
    let root = tree_of(100_000, None, &mut memory);
    bencher
        .counter(ItemsCount::new(100_000_usize))
        .bench_local(|| tree::walk(&memory, &root).expect("the root is there").count());
}
