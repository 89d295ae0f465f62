//! Guides are made when they are due, and no answer depends on them.

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use super::super::catalog::Catalog;
use super::super::guide::NAMES;
use super::{Due, Load, MOST_UNCOVERED, due};
use crate::base::Id;
use crate::format::codec::Codec;
use crate::format::pack::PackKind;
use crate::format::segment::{self, SegmentEntry, SegmentPack};

const COUNT: u32 = 50;

fn chunk(number: u32) -> Id {
    Id::of(&number.to_le_bytes())
}

/// Writes segments of [`COUNT`] chunks each; returns their names.
fn write_segments(folder: &Path, numbers: Range<u32>) -> Vec<Id> {
    let segment = |number: u32| {
        let pack = SegmentPack { id: Id::of(format!("pack {number}").as_bytes()), bytes: 9, kind: PackKind::Chunks };
        let entry = |at| SegmentEntry {
            id: chunk(number * COUNT + at),
            pack: 0,
            offset: 80,
            stored_len: 5,
            raw_len: 5,
            codec: Codec::Raw,
        };
        let mut entries: Vec<SegmentEntry> = (0..COUNT).map(entry).collect();
        entries.sort_by_key(|entry| entry.id);
        let (id, bytes) = segment::encode(&[pack], &entries);
        fs::write(folder.join(id.to_string()), bytes).unwrap();
        id
    };
    numbers.map(segment).collect()
}

fn load(folder: &Path) -> Catalog {
    Catalog::load("test", folder).unwrap()
}

#[track_caller]
fn has_just(catalog: &Catalog, segments: Range<u32>) {
    let here = segments.start * COUNT..segments.end * COUNT;
    assert!(here.clone().all(|number| catalog.find(&chunk(number)).is_some()));
    assert!((here.end..here.end + 1000).all(|number| catalog.find(&chunk(number)).is_none()));
}

fn guides(folder: &Path) -> [bool; 2] {
    NAMES.map(|name| folder.join(name).exists())
}

#[test]
fn few_segments_get_no_guide_and_many_get_one() {
    let folder = tempfile::tempdir().unwrap();
    write_segments(folder.path(), 0..MOST_UNCOVERED.segments as u32);
    has_just(&load(folder.path()), 0..16);
    assert_eq!(guides(folder.path()), [false; 2]);
    write_segments(folder.path(), 16..17);
    has_just(&load(folder.path()), 0..17);
    assert_eq!(guides(folder.path()), [true, false]);
}

#[test]
fn segments_that_came_later_get_a_guide_of_their_own_until_they_are_many() {
    let folder = tempfile::tempdir().unwrap();
    write_segments(folder.path(), 0..140);
    has_just(&load(folder.path()), 0..140);
    write_segments(folder.path(), 140..157);
    has_just(&load(folder.path()), 0..157);
    assert_eq!(guides(folder.path()), [true, true]);
    write_segments(folder.path(), 157..174);
    has_just(&load(folder.path()), 0..174);
    assert_eq!(guides(folder.path()), [true, false]);
}

#[test]
fn segments_that_went_are_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let names = write_segments(folder.path(), 0..40);
    has_just(&load(folder.path()), 0..40);
    names[20..].iter().for_each(|name| fs::remove_file(folder.path().join(name.to_string())).unwrap());
    has_just(&load(folder.path()), 0..20);
}

#[test]
fn a_damaged_guide_hides_nothing_and_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    write_segments(folder.path(), 0..20);
    has_just(&load(folder.path()), 0..20);
    let path = folder.path().join(NAMES[0]);
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x11;
        fs::write(&path, &bytes).unwrap();
        has_just(&load(folder.path()), 0..20);
        // Whoever noticed it threw it away.
        has_just(&load(folder.path()), 0..20);
        assert_eq!(fs::read(&path).unwrap().len(), whole.len());
    }
    for len in [0, 5, 40, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        has_just(&load(folder.path()), 0..20);
        assert!(fs::read(&path).unwrap() == whole, "cut to {len}");
    }
}

#[test]
fn a_guide_to_other_segments_hides_nothing() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_segments(folder.path(), 0..20);
    write_segments(other.path(), 20..40);
    let _ = (load(folder.path()), load(other.path()));
    fs::copy(other.path().join(NAMES[0]), folder.path().join(NAMES[0])).unwrap();
    has_just(&load(folder.path()), 0..20);
}

#[test]
fn a_guide_does_not_speak_for_a_damaged_segment_whose_good_copy_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let names = write_segments(folder.path(), 0..20);
    let path = folder.path().join(names[3].to_string());
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle..].iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&path, &bad).unwrap();
    let catalog = load(folder.path());
    let lost = (0..20 * COUNT).filter(|number| catalog.find(&chunk(*number)).is_none()).count();
    assert!(lost > 0 && guides(folder.path())[0]);
    fs::remove_file(&path).unwrap();
    fs::write(&path, &good).unwrap();
    has_just(&load(folder.path()), 0..20);
}

#[test]
fn a_chunk_in_a_pack_that_does_not_count_is_found_in_another() {
    let folder = tempfile::tempdir().unwrap();
    write_segments(folder.path(), 0..20);
    let pack = SegmentPack { id: Id::of(b"other"), bytes: 9, kind: PackKind::Chunks };
    let id = chunk(0);
    let entry = SegmentEntry { id, pack: 0, offset: 80, stored_len: 5, raw_len: 5, codec: Codec::Raw };
    let (name, bytes) = segment::encode(&[pack], &[entry]);
    fs::write(folder.path().join(name.to_string()), bytes).unwrap();
    for uncounted in [pack.id, Id::of(b"pack 0")] {
        let mut catalog = load(folder.path());
        catalog.avoid(HashSet::from([uncounted]));
        assert!(catalog.find(&id).is_some_and(|place| place.pack != uncounted));
    }
}

#[test]
fn the_first_guide_is_made_anew_only_when_the_later_segments_are_many() {
    let load = |segments, entries| Load { segments, entries };
    let (much, little) = (load(50, 50 << 20), load(3, 900));
    assert_eq!(due([Load::default(); 2], load(16, 1 << 19)), Due::Nothing);
    assert_eq!(due([Load::default(); 2], load(17, 20)), Due::First);
    assert_eq!(due([Load::default(); 2], load(1, (1 << 19) + 1)), Due::First);
    assert_eq!(due([much, little], little), Due::Nothing);
    assert_eq!(due([much, little], load(1, 1 << 20)), Due::Later);
    assert_eq!(due([much, load(9, 6 << 20)], load(1, 1 << 20)), Due::First);
}
