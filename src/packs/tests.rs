//! Pack stores as a whole: what is written is found and read, moved, and taken up again.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::base::{Cancel, Id, Job, Silent, Step};
use crate::chunk;
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::tree::ChunkRef;
use crate::store::LocalStore;

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn text(seed: u64, len: usize) -> Vec<u8> {
    (0..).flat_map(|row: u64| format!("{row},{}\n", row * seed % 97).into_bytes()).take(len).collect()
}

fn add(writer: &Writer<'_>, raw: &[u8]) -> Id {
    let id = Id::of(raw);
    writer.add(PackKind::Chunks, id, raw, &mut Noticer::new(writer.compression())).unwrap();
    id
}

fn cache(folder: &Path) -> PackStore {
    PackStore::cache(folder, Compression::None).unwrap()
}

fn remote(folder: &Path) -> PackStore {
    let store = LocalStore::create(&folder.join("store")).unwrap();
    PackStore::remote(Arc::new(store), &folder.join("copies"))
}

fn with_job<T>(run: impl FnOnce(&Job<'_>) -> T) -> T {
    run(&Job { events: &Silent, cancel: &Cancel::default(), threads: 2 })
}

#[test]
fn what_was_finished_is_found_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let raw = noise(1, 100_000);
    let store = cache(folder.path());
    let writer = store.writer().unwrap();
    let id = add(&writer, &raw);
    assert_eq!(store.find(&id), None);
    let written = writer.finish().unwrap();
    assert_eq!((written.packs, written.chunks, written.raw_bytes), (1, 1, 100_000));
    assert_eq!(store.read(&id).unwrap(), raw);
    assert_eq!(cache(folder.path()).read(&id).unwrap(), raw);
}

#[test]
fn a_chunk_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = cache(folder.path());
    let raw = noise(1, 50_000);
    for expected in [1, 0] {
        let writer = store.writer().unwrap();
        add(&writer, &raw);
        add(&writer, &raw);
        assert_eq!(writer.finish().unwrap().chunks, expected);
    }
}

#[test]
fn packs_of_an_interrupted_run_are_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = cache(folder.path());
    let writer = store.writer().unwrap();
    let ids: Vec<Id> = (0..700).map(|seed| add(&writer, &noise(seed, 100_000))).collect();
    // Neither finish() nor keep_stored(): two packs are stored, the third is lost, no index is written.
    drop(writer);
    assert!(store.find(&ids[0]).is_none());
    let again = cache(folder.path());
    let writer = again.writer().unwrap();
    ids.iter().enumerate().for_each(|(seed, _)| {
        add(&writer, &noise(seed as u64, 100_000));
    });
    let written = writer.finish().unwrap();
    assert_eq!(written.packs, 3);
    assert!(written.chunks < 400, "{} chunks stored again", written.chunks);
    assert!(ids.iter().all(|id| again.read(id).is_ok()));
}

#[test]
fn chunks_of_a_lost_pack_are_stored_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = cache(folder.path());
    let raw = noise(1, 50_000);
    let writer = store.writer().unwrap();
    let id = add(&writer, &raw);
    writer.finish().unwrap();
    let pack = layout::pack(&store.find(&id).unwrap().pack);
    fs::remove_file(folder.path().join(pack.as_str())).unwrap();
    let store = cache(folder.path());
    let writer = store.writer().unwrap();
    add(&writer, &raw);
    assert_eq!(writer.finish().unwrap().chunks, 1);
    assert_eq!(store.read(&id).unwrap(), raw);
}

#[test]
fn many_small_segments_become_few() {
    let folder = tempfile::tempdir().unwrap();
    let store = cache(folder.path());
    let ids: Vec<Id> = (0..40)
        .map(|seed| {
            let writer = store.writer().unwrap();
            let id = add(&writer, &noise(seed, 1000));
            writer.finish().unwrap();
            id
        })
        .collect();
    assert!(fs::read_dir(folder.path().join("index")).unwrap().count() <= 13);
    let store = cache(folder.path());
    assert!(ids.iter().all(|id| store.read(id).is_ok()));
}

#[test]
fn a_transfer_there_and_back_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (cache(&folder.path().join("here")), remote(&folder.path().join("there")));
    let back = cache(&folder.path().join("back"));
    let noises = (0..30).map(|seed| noise(seed, 90_000));
    let all: Vec<Vec<u8>> = noises.chain((1..=30).map(|seed| text(seed, 90_000))).collect();
    let writer = here.writer().unwrap();
    let ids: Vec<Id> = all.iter().map(|raw| add(&writer, raw)).collect();
    writer.finish().unwrap();
    with_job(|job| {
        there.refresh(true).unwrap();
        let writer = there.writer().unwrap();
        transfer(&here, &writer, &ids, Step::Send, job).unwrap();
        let written = writer.finish().unwrap();
        assert!(written.stored_bytes < written.raw_bytes * 3 / 4, "{written:?}");
        let other = remote(&folder.path().join("there"));
        other.refresh(false).unwrap();
        let writer = back.writer().unwrap();
        transfer(&other, &writer, &ids, Step::Fetch, job).unwrap();
        writer.finish().unwrap();
    });
    for (id, raw) in ids.iter().zip(&all) {
        assert_eq!(back.read(id).unwrap(), *raw);
    }
}

#[test]
fn a_flipped_bit_is_noticed_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = cache(folder.path());
    let writer = store.writer().unwrap();
    let id = add(&writer, &noise(1, 5000));
    writer.finish().unwrap();
    let place = store.find(&id).unwrap();
    let path = folder.path().join(layout::pack(&place.pack).as_str());
    let mut bytes = fs::read(&path).unwrap();
    bytes[place.offset as usize + 77] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = cache(folder.path()).read(&id).unwrap_err();
    assert!(matches!(error, PackError::Damaged { id: damaged, .. } if damaged == id), "{error}");
}

#[test]
fn what_is_nowhere_is_told_before_anything_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (cache(&folder.path().join("here")), cache(&folder.path().join("there")));
    let writer = here.writer().unwrap();
    let ids = [add(&writer, b"known"), Id::of(b"unknown")];
    writer.finish().unwrap();
    let writer = there.writer().unwrap();
    let error = with_job(|job| transfer(&here, &writer, &ids, Step::Send, job)).unwrap_err();
    assert!(matches!(error, PackError::Absent { id, .. } if id == ids[1]));
    assert_eq!(writer.finish().unwrap().packs, 0);
}

#[test]
fn a_stream_and_a_slice_give_the_same_content() {
    let folder = tempfile::tempdir().unwrap();
    let store = cache(folder.path());
    let writer = store.writer().unwrap();
    for len in [0, 1, 16 << 10, 300_000, 16 << 20, (16 << 20) + 1, 40_000_000] {
        let raw = noise(len as u64, len);
        let whole = store_bytes(&writer, &raw, &mut Noticer::new(Compression::None)).unwrap();
        let streamed = with_job(|job| store_stream(&Nowhere, &raw[..], &Earlier::default(), Step::Store, job)).unwrap();
        assert_eq!(whole, streamed, "{len} bytes");
        assert_eq!(whole.id, Id::of(&raw));
    }
}

#[test]
fn what_is_known_of_an_earlier_version_changes_no_cut() {
    let earlier_raw = noise(1, 30_000_000);
    let folder = tempfile::tempdir().unwrap();
    let chunks: Vec<ChunkRef> = chunk::cuts(&earlier_raw, &chunk::V1)
        .into_iter()
        .scan(0, |start, end| Some(&earlier_raw[std::mem::replace(start, end)..end]))
        .map(|raw| ChunkRef { id: Id::of(raw), bytes: raw.len() as u32 })
        .collect();
    let cut = |at: usize, gone: usize, piece: &[u8]| [&earlier_raw[..at], piece, &earlier_raw[at + gone..]].concat();
    let cases = [
        ("the same", earlier_raw.clone()),
        ("something at its end", cut(30_000_000, 0, &noise(2, 5_000_000))),
        ("less", earlier_raw[..17_000_000].to_vec()),
        ("less, to a cut", earlier_raw[..chunks[..100].iter().map(|chunk| chunk.bytes as usize).sum()].to_vec()),
        ("something at its beginning", cut(0, 0, &noise(3, 1000))),
        ("something inside", cut(9_000_000, 0, &noise(4, 700_000))),
        ("something else inside", cut(9_000_000, 6_000_000, &noise(5, 6_000_000))),
        ("a part twice", cut(20_000_000, 0, &earlier_raw[5_000_000..12_000_000])),
        ("nothing of it", noise(6, 10_000_000)),
        ("nothing", Vec::new()),
    ];
    let earlier = Earlier::new(chunks);
    for (what, raw) in cases {
        let store = cache(&folder.path().join(what));
        let writer = store.writer().unwrap();
        let known = with_job(|job| store_stream(&writer, &raw[..], &earlier, Step::Store, job)).unwrap();
        let whole = store_bytes(&Nowhere, &raw, &mut Noticer::new(Compression::None)).unwrap();
        assert_eq!(known, whole, "{what}");
        writer.finish().unwrap();
        let cut = chunk::cuts(&raw, &chunk::V1);
        let starts = std::iter::once(0).chain(cut.iter().copied());
        assert!(starts.zip(&cut).all(|(start, end)| store.find(&Id::of(&raw[start..*end])).is_some()), "{what}");
    }
}
