//! A collection in one pack store: what is dead goes, what is alive stays, whoever does what in between.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::layout;
use super::super::open::PackStore;
use super::*;
use crate::base::{Cancel, Id, Job, Silent};
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::store::LocalStore;

const DAY: Duration = Duration::from_secs(86_400);
const JOB_CANCEL: fn() -> Cancel = Cancel::default;

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn both(folder: &Path) -> [PackStore; 2] {
    let local = LocalStore::create(&folder.join("store")).unwrap();
    let remote = PackStore::remote(Arc::new(local), &folder.join("copies"));
    remote.refresh(true).unwrap();
    [remote, PackStore::cache(&folder.join("cache"), Compression::None).unwrap()]
}

/// Stores chunks of 10,000 bytes in one pack.
pub(super) fn store(packs: &PackStore, seeds: std::ops::Range<u64>) -> Vec<Id> {
    packs.refresh(false).unwrap();
    let writer = packs.writer().unwrap();
    let add = |seed| {
        let raw = noise(seed, 10_000);
        writer.add(PackKind::Chunks, Id::of(&raw), &raw, &mut Noticer::new(Compression::None)).unwrap();
        Id::of(&raw)
    };
    let ids = seeds.map(add).collect();
    writer.finish().unwrap();
    ids
}

fn id_set(sweep: &Sweep<'_>, ids: &[Id]) -> IdSet {
    let mut live = sweep.ids();
    live.insert_all(&mut ids.to_vec());
    live
}

fn sweep(packs: &PackStore, live: &[Id], grace: Duration) -> (Choice, Removed) {
    let cancel = JOB_CANCEL();
    let job = Job { events: &Silent, cancel: &cancel, threads: 1 };
    let mut sweep = packs.sweep(false).unwrap();
    let live = id_set(&sweep, live);
    let choice = sweep.choose(&live, grace).unwrap();
    sweep.condemn(&choice, &live, &job).unwrap();
    let ripe = sweep.ripe(grace).unwrap();
    let removed = sweep.remove(&ripe, &live, &job).unwrap();
    sweep.forget_records().unwrap();
    (choice, removed)
}

fn pack_count(packs: &PackStore) -> usize {
    packs.ids_below(layout::PACKS).unwrap().len()
}

#[test]
fn what_is_dead_goes_and_what_is_alive_stays() {
    let folder = tempfile::tempdir().unwrap();
    for packs in both(folder.path()) {
        let (dead, alive) = (store(&packs, 0..3), store(&packs, 10..13));
        let (choice, removed) = sweep(&packs, &alive, Duration::ZERO);
        assert_eq!((choice.dead.len(), choice.repacked.len()), (1, 0));
        assert_eq!((removed.packs, removed.fresh_packs, pack_count(&packs)), (1, 0, 1));
        assert!(removed.bytes > 30_000);
        packs.refresh(false).unwrap();
        assert!(dead.iter().all(|id| packs.find(id).is_none()));
        assert!(alive.iter().all(|id| packs.read(id).is_ok()));
        assert_eq!(packs.condemned().unwrap().len(), 1);
        // Nothing is left to do.
        assert!(sweep(&packs, &alive, Duration::ZERO).0.is_nothing());
    }
}

#[test]
fn a_pack_that_is_mostly_dead_is_repacked_and_one_that_is_mostly_alive_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for packs in both(folder.path()) {
        let (bad, good) = (store(&packs, 0..40), store(&packs, 100..140));
        let live = [&bad[..2], &good[..39]].concat();
        let (choice, _) = sweep(&packs, &live, Duration::ZERO);
        assert_eq!((choice.dead.len(), choice.repacked.len()), (0, 1));
        packs.refresh(false).unwrap();
        assert!(live.iter().all(|id| packs.read(id).is_ok()));
        assert!(packs.find(&bad[5]).is_none());
        // One of forty is tolerated.
        assert!(packs.find(&good[39]).is_some());
    }
}

#[test]
fn packs_that_no_index_names_go_too() {
    let folder = tempfile::tempdir().unwrap();
    let [remote, _] = both(folder.path());
    let alive = store(&remote, 0..1);
    store(&remote, 10..11);
    let other = remote.find(&Id::of(&noise(10, 10_000))).unwrap().pack;
    remote.unindex(&HashSet::from([other])).unwrap();
    assert_eq!(sweep(&remote, &alive, Duration::ZERO).1.packs, 1);
    assert_eq!(pack_count(&remote), 1);
}

#[test]
fn within_the_grace_nothing_goes() {
    let folder = tempfile::tempdir().unwrap();
    for packs in both(folder.path()) {
        store(&packs, 0..3);
        // Too young to be condemned.
        assert!(sweep(&packs, &[], DAY).0.is_nothing());
        let pack = packs.catalog().packs()[0].id;
        packs.condemn([pack]).unwrap();
        // Condemned too lately to be removed.
        assert_eq!(sweep(&packs, &[], DAY).1.packs, 0);
        assert_eq!(pack_count(&packs), 1);
        assert!(packs.ids_below(layout::CLOCK).unwrap().is_empty());
    }
}

#[test]
fn what_became_alive_after_it_was_condemned_is_copied_before_its_pack_goes() {
    let folder = tempfile::tempdir().unwrap();
    let [remote, _] = both(folder.path());
    let ids = store(&remote, 0..3);
    remote.condemn([remote.find(&ids[0]).unwrap().pack]).unwrap();
    let (_, removed) = sweep(&remote, &ids[..1], Duration::ZERO);
    assert_eq!((removed.packs, removed.fresh_packs), (1, 1));
    remote.refresh(false).unwrap();
    assert_eq!(remote.read(&ids[0]).unwrap(), noise(0, 10_000));
    assert!(remote.find(&ids[1]).is_none());
}

#[test]
fn what_is_alive_in_a_pack_that_no_index_names_is_copied_before_that_goes() {
    let folder = tempfile::tempdir().unwrap();
    let [remote, _] = both(folder.path());
    let ids = store(&remote, 0..3);
    let pack = remote.find(&ids[0]).unwrap().pack;
    remote.condemn([pack]).unwrap();
    // As a listing in pages shows it while another collector writes the index anew.
    remote.unindex(&HashSet::from([pack])).unwrap();
    let (_, removed) = sweep(&remote, &ids[..1], Duration::ZERO);
    assert_eq!((removed.packs, removed.fresh_packs), (1, 1));
    remote.refresh(false).unwrap();
    assert_eq!(remote.read(&ids[0]).unwrap(), noise(0, 10_000));
}

#[test]
fn a_damaged_chunk_that_is_alive_stops_the_removal() {
    let folder = tempfile::tempdir().unwrap();
    let [remote, _] = both(folder.path());
    let ids = store(&remote, 0..3);
    let place = remote.find(&ids[0]).unwrap();
    let path = folder.path().join("store").join(layout::pack(&place.pack).as_str());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[place.offset as usize] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    remote.condemn([place.pack]).unwrap();
    let cancel = JOB_CANCEL();
    let job = Job { events: &Silent, cancel: &cancel, threads: 1 };
    let mut sweep = remote.sweep(false).unwrap();
    let ripe = sweep.ripe(Duration::ZERO).unwrap();
    let live = id_set(&sweep, &ids[..1]);
    sweep.remove(&ripe, &live, &job).unwrap_err();
    assert!(path.exists());
    remote.refresh(false).unwrap();
    assert_eq!(remote.catalog().packs().len(), 1);
}

#[test]
fn a_reader_whose_pack_went_finds_the_chunk_in_its_new_place() {
    let folder = tempfile::tempdir().unwrap();
    let [remote, _] = both(folder.path());
    let ids = store(&remote, 0..40);
    let local = LocalStore::create(&folder.path().join("store")).unwrap();
    let reader = PackStore::remote(Arc::new(local), &folder.path().join("others"));
    reader.refresh(false).unwrap();
    sweep(&remote, &ids[..2], Duration::ZERO);
    assert_eq!(reader.read(&ids[0]).unwrap(), noise(0, 10_000));
    let mut read = Vec::new();
    reader
        .read_many::<super::super::PackError>(&ids[..2], |id, _| {
            read.push(*id);
            Ok(())
        })
        .unwrap();
    assert_eq!(read.len(), 2);
    assert!(reader.read(&ids[5]).is_err());
}

#[test]
fn collectors_do_not_take_the_time_from_each_other() {
    let folder = tempfile::tempdir().unwrap();
    for packs in both(folder.path()) {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..100).for_each(|_| assert!(super::clock::now(&packs).is_ok())));
            }
        });
        assert!(packs.ids_below(layout::CLOCK).unwrap().is_empty());
    }
}

/// The same ids in two sets, added one by one and together.
fn both_ways(sweep: &Sweep<'_>, ids: &[Id]) -> [IdSet; 2] {
    let mut one_by_one = sweep.ids();
    ids.iter().for_each(|id| one_by_one.insert(id));
    [one_by_one, id_set(sweep, ids)]
}

fn all(ids: impl Iterator<Item = Id>) -> HashSet<Id> {
    ids.collect()
}

#[test]
fn a_set_has_the_ids_that_were_added_known_to_the_index_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let [remote, cache] = both(folder.path());
    for (packs, keeps_others) in [(remote, true), (cache, false)] {
        let known = store(&packs, 0..20);
        let later = store(&packs, 20..40);
        let sweep = packs.sweep(true).unwrap();
        let other = Id::of(b"nobody has it");
        let ids = [&known[..5], &later[5..10], &[other, known[0]]].concat();
        let mut wanted: HashSet<Id> = ids.iter().copied().collect();
        if !keeps_others {
            wanted.remove(&other);
        }
        for set in both_ways(&sweep, &ids) {
            let asked = known.iter().chain(&later).chain([&other]);
            assert_eq!(all(asked.filter(|id| set.contains(id)).copied()), wanted);
            assert_eq!(all(set.without(&sweep.ids())), wanted);
            assert!(set.without(&set).next().is_none());
            let less = id_set(&sweep, &known);
            assert_eq!(all(set.without(&less)), wanted.iter().filter(|id| !known.contains(id)).copied().collect());
            assert_eq!(sweep.missing(&set), u64::from(keeps_others));
        }
    }
}

#[test]
fn what_lies_in_no_pack_that_counts_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for packs in both(folder.path()) {
        let (one, two) = (store(&packs, 0..4), store(&packs, 4..8));
        let pack = packs.find(&one[0]).unwrap().pack;
        let sweep = packs.sweep(true).unwrap();
        let set = id_set(&sweep, &[&one[1..], &two[..]].concat());
        assert_eq!(all(set.outside(&packs.catalog())), HashSet::new());
        packs.condemn([pack]).unwrap();
        assert_eq!(all(set.outside(&packs.catalog())), one[1..].iter().copied().collect());
        // It is stored again, in a pack that counts.
        store(&packs, 1..2);
        assert_eq!(all(set.outside(&packs.catalog())), one[2..].iter().copied().collect());
        // So it is when no index names the pack any more, and what lies beside it is indexed anew.
        packs.unindex(&HashSet::from([pack])).unwrap();
        packs.refresh(false).unwrap();
        assert_eq!(all(set.outside(&packs.catalog())), one[2..].iter().copied().collect());
    }
}

#[test]
fn a_damaged_segment_stops_a_collection_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let [_, cache] = both(folder.path());
    store(&cache, 0..20);
    let name = cache.catalog().segments().next().unwrap().0;
    let path = folder.path().join("cache/index").join(name.to_string());
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() - 200;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let again = PackStore::cache(&folder.path().join("cache"), Compression::None).unwrap();
    assert!(matches!(again.sweep(false), Err(super::super::PackError::Object { .. })));
}
