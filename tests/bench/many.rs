//! A pack store of millions of made-up chunks: makes one, and asks it for chunks that it has and others that it has not.
//!
//! ```sh
//! cargo bench --no-default-features --bench many -- make FOLDER MILLIONS
//! cargo bench --no-default-features --bench many -- look FOLDER MILLIONS LOOKUPS
//! ```
//!
//! The packs are holes of the right size: 48 MB of disk for each million, and no data. `tests/bench/whole.py --only
//! many` does all of it, and lets verbs run in a project with such a cache and such a remote.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use esker::base::Id;
use esker::format::codec::Codec;
use esker::format::compression::Compression;
use esker::format::pack::PackKind;
use esker::format::segment::{self, SegmentEntry, SegmentPack};
use esker::packs::{Catalog, PackStore, layout};

const MILLION: u64 = 1_000_000;
/// So many chunks share a pack, so many packs a segment, as a writer of large files makes them.
const IN_A_PACK: u64 = 500;
const PACKS_IN_A_SEGMENT: u64 = 2000;
const CHUNK_BYTES: u32 = 65_536;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", folder, millions] => make(Path::new(folder), number(millions)),
        ["look", folder, millions, lookups] => look(Path::new(folder), number(millions) * MILLION, number(lookups)),
        _ => println!("many: `-- make FOLDER MILLIONS`, then `-- look FOLDER MILLIONS LOOKUPS`"),
    }
}

fn number(word: &str) -> u64 {
    word.parse().expect("a whole number")
}

fn chunk(number: u64) -> Id {
    Id::of(&number.to_le_bytes())
}

fn make(folder: &Path, millions: u64) {
    PackStore::cache(folder, Compression::None).expect("an empty folder becomes a cache");
    let index = folder.join("index");
    fs::create_dir_all(&index).expect("the folder of segments");
    for first in (0..millions * MILLION / IN_A_PACK).step_by(PACKS_IN_A_SEGMENT as usize) {
        let (id, bytes) = segment_of(folder, first..first + PACKS_IN_A_SEGMENT);
        fs::write(index.join(id.to_string()), bytes).expect("room for a segment");
    }
}

/// The segment of some packs, after these were made.
fn segment_of(folder: &Path, numbers: std::ops::Range<u64>) -> (Id, Vec<u8>) {
    let mut packs: Vec<(SegmentPack, u64)> = numbers.map(|number| (pack(number), number)).collect();
    packs.sort_by_key(|(pack, _)| pack.id);
    let mut entries = Vec::new();
    for (at, (pack, number)) in packs.iter().enumerate() {
        make_hole(folder, pack);
        entries.extend((0..IN_A_PACK).map(|in_pack| SegmentEntry {
            id: chunk(number * IN_A_PACK + in_pack),
            pack: at as u32,
            offset: 80 + in_pack as u32 * (CHUNK_BYTES + 48),
            stored_len: CHUNK_BYTES,
            raw_len: CHUNK_BYTES,
            codec: Codec::Raw,
        }));
    }
    entries.sort_unstable_by_key(|entry| entry.id);
    let packs: Vec<SegmentPack> = packs.into_iter().map(|(pack, _)| pack).collect();
    segment::encode(&packs, &entries)
}

fn pack(number: u64) -> SegmentPack {
    let bytes = 80 + IN_A_PACK * u64::from(CHUNK_BYTES + 96);
    SegmentPack { id: Id::of(format!("pack {number}").as_bytes()), bytes, kind: PackKind::Chunks }
}

fn make_hole(folder: &Path, pack: &SegmentPack) {
    let path = folder.join(layout::pack(&pack.id).as_str());
    fs::create_dir_all(path.parent().expect("packs lie in folders")).expect("the folder of packs");
    File::create(path).and_then(|file| file.set_len(pack.bytes)).expect("a hole takes no room");
}

fn look(folder: &Path, chunks: u64, lookups: u64) {
    let start = Instant::now();
    let catalog = Catalog::load("many", &folder.join("index")).expect("segments that were just made");
    let loaded = start.elapsed();
    let after_load = peak_mib();
    let absent = timed(lookups / 2, |at| assert!(catalog.find(&chunk(chunks + at)).is_none()));
    let after_absent = peak_mib();
    let step = (chunks / lookups).max(1) | 1;
    let present = timed(lookups / 2, |at| assert!(catalog.find(&chunk(at * step % chunks)).is_some()));
    let after_present = peak_mib();
    let start = Instant::now();
    let packs = catalog.packs().len();
    let segments = catalog.segments().count();
    println!(
        "{segments} segments, {packs} packs (told in {:.1} ms), load {:.1} ms | absent {:.2} µs, present {:.2} µs | \
         peak MiB: {after_load} loaded, {after_absent} absent, {after_present} present, {} packs",
        start.elapsed().as_secs_f64() * 1e3,
        loaded.as_secs_f64() * 1e3,
        micros(absent, lookups / 2),
        micros(present, lookups / 2),
        peak_mib(),
    );
}

fn timed(count: u64, mut each: impl FnMut(u64)) -> Duration {
    let start = Instant::now();
    (0..count).for_each(&mut each);
    start.elapsed()
}

fn micros(all: Duration, count: u64) -> f64 {
    all.as_secs_f64() * 1e6 / count.max(1) as f64
}

/// The largest resident set of this process so far, in MiB; 0 where the system does not tell.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
