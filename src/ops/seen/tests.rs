//! Changes beside what was seen, and what a reboot leaves of it.

use std::fs;
use std::path::Path;

use super::super::here::note_stats;
use super::super::survey::survey;
use super::super::testing::{Sandbox, run};
use super::file::{NEVER, SeenFile, place, write_whole};
use crate::base::{Id, RepoPath, Stat, Step};
use crate::format::seen::{Change, Header, Kind, Record, encode};
use crate::packs::Nowhere;

const BOOT: [u8; 16] = [1; 16];
const FILES: u64 = 5_000;
const DAY_NS: i64 = 86_400_000_000_000;

fn header(boot_id: [u8; 16], base: &[u8]) -> Header<'static> {
    Header { boot_id, written_at: DAY_NS, base: Some(Id::of(base)), dataset: b"data" }
}

fn paths() -> Vec<String> {
    (0..FILES).map(|number| format!("{number:05}")).collect()
}

fn record(path: &str, ctime: i64) -> Record<'_> {
    let stat = Stat { bytes: 1, mtime: 2, ctime, inode: 3 };
    Record { path: path.as_bytes(), kind: Kind::File, stat, id: Id::of(path.as_bytes()) }
}

fn load(place: &Path) -> SeenFile {
    SeenFile::read(place, &RepoPath::new(b"data").unwrap()).unwrap()
}

/// A file of all `paths`, as it is loaded.
fn whole(place: &Path, paths: &[String]) -> SeenFile {
    write_whole(place, &encode(&header(BOOT, b"one"), paths.iter().map(|path| record(path, DAY_NS)))).unwrap();
    load(place)
}

fn removed(path: &str) -> Change<'_> {
    (path.as_bytes(), None)
}

fn now(record: Record<'_>) -> Change<'_> {
    (record.path, Some(record))
}

/// Writes `changes` beside the rest.
fn write_later(file: &SeenFile, place: &Path, base: &[u8], changes: &[Change<'static>]) {
    assert!(file.write_later(place, &header(BOOT, base), changes.iter().copied()).unwrap());
}

#[test]
fn a_small_change_is_written_beside_the_rest_and_read_with_it() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("seen");
    let paths = paths();
    let old = whole(&place, &paths);
    let size = fs::metadata(&place).unwrap().len();
    let mut changed = record("00040", 7);
    changed.stat.bytes = 9;
    write_later(&old, &place, b"two", &[removed("00017"), now(changed), now(record("new", 7)), removed("nowhere")]);
    assert_eq!(fs::metadata(&place).unwrap().len(), size, "the rest stays");
    assert!(fs::metadata(temp.path().join("seen.later")).unwrap().len() < 500);
    let new = load(&place);
    assert_eq!((new.base(), new.seen().unwrap().len()), (Some(Id::of(b"two")), FILES));
    let mut wanted: Vec<Record<'_>> = paths.iter().map(|path| record(path, DAY_NS)).collect();
    wanted[40] = changed;
    wanted.remove(17);
    wanted.push(record("new", 7));
    assert!(new.seen().unwrap().records().eq(wanted.iter().copied()));

    // The next changes come on top.
    write_later(&new, &place, b"three", &[now(record("00017", 8)), removed("new")]);
    wanted.insert(17, record("00017", 8));
    wanted.pop();
    let newer = load(&place);
    assert!(newer.seen().unwrap().records().eq(wanted));
    assert_eq!((newer.base(), newer.seen().unwrap().len()), (Some(Id::of(b"three")), FILES));
}

#[test]
fn changes_say_nothing_of_another_file() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("seen");
    let paths = paths();
    let old = whole(&place, &paths);
    write_later(&old, &place, b"two", &[removed("00000")]);
    let later = fs::read(temp.path().join("seen.later")).unwrap();

    // Somebody else wrote all of it anew; the changes are put back, as by a power cut that undid their removal.
    let other = encode(&header(BOOT, b"other"), paths[2..].iter().map(|path| record(path, DAY_NS)));
    write_whole(&place, &other).unwrap();
    assert!(!temp.path().join("seen.later").exists());
    fs::write(temp.path().join("seen.later"), later).unwrap();
    let new = load(&place);
    assert_eq!((new.base(), new.seen().unwrap().len()), (Some(Id::of(b"other")), FILES - 2));
    let change = [removed("00001")].into_iter();
    assert!(!old.write_later(&place, &header(BOOT, b"two"), change).unwrap(), "what it would change is gone");
}

#[test]
fn damaged_changes_are_nothing_seen() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("seen");
    let paths = paths();
    let old = whole(&place, &paths);
    write_later(&old, &place, b"two", &[removed("00000")]);
    assert!(SeenFile::is_readable(&place));
    let later = temp.path().join("seen.later");
    let mut bytes = fs::read(&later).unwrap();
    bytes[60] ^= 1;
    fs::write(&later, bytes).unwrap();
    assert!(SeenFile::read(&place, &RepoPath::new(b"data").unwrap()).is_none());
    assert!(!SeenFile::is_readable(&place));
}

#[test]
fn much_change_is_written_whole() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("seen");
    let paths = paths();
    let old = whole(&place, &paths);
    let changed = paths.iter().step_by(2).map(|path| now(record(path, 1)));
    assert!(!old.write_later(&place, &header(BOOT, b"two"), changed).unwrap());
    let few = whole(&place, &paths[..100]);
    assert!(!few.write_later(&place, &header(BOOT, b"two"), std::iter::empty()).unwrap());
    assert!(!SeenFile::default().write_later(&place, &header(BOOT, b"two"), std::iter::empty()).unwrap());
}

/// A stat of another boot says nothing of a file that was new then; what is written beside it, and what was beside it,
/// does not make it say more.
#[test]
fn each_record_is_believed_by_the_boot_that_wrote_it() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("seen");
    let paths = paths();
    fn old(path: &str) -> Record<'_> {
        record(path, if path == "00003" || path == "00004" { DAY_NS } else { 0 })
    }
    let bytes = encode(&header([9; 16], b"one"), paths.iter().map(|path| old(path)));
    write_whole(&place, &bytes).unwrap();
    let ctimes = |boot_id: [u8; 16]| {
        let file = load(&place);
        let ctimes: Vec<_> = file.seen().unwrap().believed(&boot_id).map(|record| record.stat.ctime).collect();
        (ctimes.len() as u64, ctimes[2], ctimes[3], ctimes[4])
    };
    assert_eq!(ctimes([9; 16]), (FILES, 0, DAY_NS, DAY_NS));
    assert_eq!(ctimes(BOOT), (FILES, 0, NEVER, NEVER));
    write_later(&load(&place), &place, b"one", &[now(old("00003"))]);
    assert_eq!(ctimes(BOOT), (FILES, 0, DAY_NS, NEVER));
    let file = load(&place);
    assert!(file.write_later(&place, &header([7; 16], b"one"), [removed("00000")].into_iter()).unwrap());
    assert_eq!(ctimes([7; 16]), (FILES - 1, NEVER, NEVER, 0), "counted without the one that is gone");
}

/// The stat of a file is what it was, but a power cut took its bytes. Looking at it says so, however often.
#[test]
fn a_loss_by_a_power_cut_is_told_again_and_again() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/lost", "after the cut");
    sandbox.write("alice", "data/whole", "as before");
    sandbox.add("alice", &["data"]);
    let project = sandbox.project("alice");
    let dataset = RepoPath::new(b"data").unwrap();
    let file = SeenFile::load(&project, &dataset);
    let seen = file.seen().unwrap();
    let header = Header { boot_id: [9; 16], ..*seen.header() };
    let records = seen.records().map(|record| match record.path {
        b"lost" => Record { id: Id::of(b"before"), ..record },
        _ => record,
    });
    write_whole(&place(&project, &dataset), &encode(&header, records)).unwrap();
    for _ in 0..3 {
        let survey = run(|job| survey(&project, &dataset, &Nowhere, Step::Hash, job)).unwrap();
        let paths: Vec<RepoPath> = survey.differences().map(|difference| difference.path).collect();
        assert_eq!(paths, [RepoPath::new(b"lost").unwrap()]);
        note_stats(&project, &survey);
    }
}
