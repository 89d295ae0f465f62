//! What was seen of one dataset, as it lies on disk: a file of all of it, and perhaps one of what changed later.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::{Id, PathResult, RepoPath, Stat, remove_if_there, replace_file, side_by_side};
use crate::format::seen::{self, Change, Header, Kind, Later, Record, Seen};

use super::super::project::Project;
use super::overlay;

/// A stat is believed across a reboot if its file is older than this when it is seen, in nanoseconds: what was written
/// earlier had been on disk for long when the power went.
const SETTLED_NS: i64 = 600_000_000_000;
/// A ctime that no file has: 1677.
pub const NEVER: i64 = i64::MIN;
/// Of fewer records all are written anew whenever one changes.
const LEAST: usize = 4_096;
/// Changes to more than one record in so many are no small change.
const PART: usize = 16;

/// What was seen of one dataset.
#[derive(Debug, Default)]
pub struct SeenFile {
    bytes: Vec<u8>,
    /// Empty if nothing changed later.
    later: Vec<u8>,
}

/// Where it lies.
pub fn place(project: &Project, dataset: &RepoPath) -> PathBuf {
    let name = Id::of(dataset.as_bytes()).to_string();
    project.worktree_state().join("seen").join(&name[..32])
}

/// Where what changed later lies.
fn place_of_later(place: &Path) -> PathBuf {
    place.with_added_extension(LATER)
}

const LATER: &str = "later";

/// Whether a path is that of changes.
pub fn is_of_later(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == LATER)
}

/// The dataset that the file at `place` is about; `None` if it is gone or cannot be read.
pub fn dataset_at(place: &Path) -> Option<RepoPath> {
    let mut start = Vec::new();
    fs::File::open(place).and_then(|file| file.take(seen::START_LEN as u64).read_to_end(&mut start)).ok()?;
    RepoPath::new(seen::dataset_of(&start)?).ok()
}

/// Removes both files.
pub fn remove(place: &Path) -> PathResult<()> {
    remove_if_there(&place_of_later(place))?;
    remove_if_there(place)
}

/// Writes all of it.
pub fn write_whole(place: &Path, bytes: &[u8]) -> PathResult<()> {
    replace_file(place, bytes)?;
    // It changes another file, and says so: where this removal is lost, nobody is misled.
    remove_if_there(&place_of_later(place))
}

impl SeenFile {
    /// Reads what was seen of `dataset`. Nothing, if a file is missing or damaged.
    pub fn load(project: &Project, dataset: &RepoPath) -> SeenFile {
        SeenFile::read(&place(project, dataset), dataset).unwrap_or_default()
    }

    pub(super) fn read(place: &Path, dataset: &RepoPath) -> Option<SeenFile> {
        let bytes = fs::read(place).ok()?;
        let seen = Seen::decode(&bytes).ok().filter(|seen| seen.header.dataset == dataset.as_bytes())?;
        let mut later = fs::read(place_of_later(place)).unwrap_or_default();
        if !later.is_empty() {
            let changes = Later::decode(&later).ok()?;
            if changes.over != seen.seal || changes.header.dataset != dataset.as_bytes() {
                later.clear();
            }
        }
        Some(SeenFile { bytes, later })
    }

    /// Whether the files at `place` can be read.
    pub fn is_readable(place: &Path) -> bool {
        dataset_at(place).is_some_and(|dataset| SeenFile::read(place, &dataset).is_some())
    }

    /// What was seen; `None` if nothing is known.
    pub fn seen(&self) -> Option<Known<'_>> {
        // load() checked both; what is empty is none.
        let whole = Seen::lend(&self.bytes).ok()?;
        Some(Known { whole, later: Later::lend(&self.later).ok() })
    }

    /// The id of the pointer that the worktree was last made equal to.
    pub fn base(&self) -> Option<Id> {
        self.seen()?.header().base
    }

    /// Whether the dataset was a file.
    pub fn is_of_a_file(&self) -> bool {
        self.record_of_file().is_some()
    }

    /// Whether the dataset was a file that its owner may execute.
    pub fn is_executable(&self) -> bool {
        self.record_of_file().is_some_and(|record| record.kind == Kind::Executable)
    }

    fn record_of_file(&self) -> Option<Record<'_>> {
        self.seen()?.records().next().filter(|record| record.path.is_empty())
    }

    /// Writes `changes` to what is known, by path, beside what lies there, if they are few and it still does. Whether they
    /// were written.
    pub fn write_later<'a>(
        &'a self,
        place: &Path,
        header: &Header<'_>,
        changes: impl Iterator<Item = Change<'a>>,
    ) -> PathResult<bool> {
        let Some(known) = self.seen() else { return Ok(false) };
        let Some(changes) = known.few_changes(&header.boot_id, changes) else { return Ok(false) };
        if !known.still_lies_at(place) {
            return Ok(false);
        }
        let (total, changes) = known.counted(changes);
        let bytes = Later::encode(&known.whole.seal, total, header, &changes);
        replace_file(&place_of_later(place), &bytes)?;
        Ok(true)
    }
}

/// What is known of the files of a dataset.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    whole: Seen<'a>,
    later: Option<Later<'a>>,
}

impl<'a> Known<'a> {
    /// What is known of the whole.
    pub fn header(&self) -> &Header<'a> {
        self.later.as_ref().map_or(&self.whole.header, |later| &later.header)
    }

    /// How many paths.
    pub fn len(&self) -> u64 {
        self.later.as_ref().map_or(self.whole.len() as u64, |later| later.total)
    }

    /// What was at each path, by path.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        self.all(|_, record| record)
    }

    /// The same, but a stat that says nothing any more, after a reboot that may have lost the bytes, is one that no file has.
    pub fn believed(&self, boot_id: &[u8; 16]) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let boot_id = *boot_id;
        self.all(move |header, record| believed(header, record, &boot_id))
    }

    fn all<F>(&self, told: F) -> impl Iterator<Item = Record<'a>> + use<'a, F>
    where
        F: Fn(&Header<'a>, Record<'a>) -> Record<'a>,
    {
        let header = self.whole.header;
        let new_header = self.later.as_ref().map_or(header, |later| later.header);
        let changes = self.later.as_ref().map(Later::changes).into_iter().flatten();
        side_by_side(self.whole.records(), changes, |record, (path, _)| record.path.cmp(path)).filter_map(move |pair| {
            match pair {
                (_, Some((_, now))) => Some(told(&new_header, now?)),
                (record, None) => Some(told(&header, record?)),
            }
        })
    }

    /// The changes that were known, with the new ones; `None` if these are too many to be written beside the rest.
    fn few_changes(&self, boot_id: &[u8; 16], new: impl Iterator<Item = Change<'a>>) -> Option<Vec<Change<'a>>> {
        let most = if self.whole.len() < LEAST { return None } else { self.whole.len() / PART };
        let old = self.later.as_ref().map(Later::changes).into_iter().flatten();
        let old = old.map(|(path, record)| (path, record.map(|record| believed(self.header(), record, boot_id))));
        let changes: Vec<Change<'a>> = overlay(old, new).take(most + 1).collect();
        (changes.len() <= most).then_some(changes)
    }

    /// How many paths there are with `changes`, and those of them that change something.
    fn counted(&self, changes: Vec<Change<'a>>) -> (u64, Vec<Change<'a>>) {
        let (mut total, mut kept) = (self.whole.len() as u64, Vec::with_capacity(changes.len()));
        for (old, change) in side_by_side(self.whole.records(), changes, |old, (path, _)| old.path.cmp(path)) {
            let Some((path, new)) = change else { continue };
            match (old.is_some(), new.is_some()) {
                (false, false) => continue,
                (false, true) => total += 1,
                (true, false) => total -= 1,
                (true, true) => {}
            }
            kept.push((path, new));
        }
        (total, kept)
    }

    /// Whether nobody replaced it since it was read.
    fn still_lies_at(&self, place: &Path) -> bool {
        let mut seal = [0; Id::LEN];
        let read = fs::File::open(place).and_then(|mut file| {
            file.seek(SeekFrom::End(-(Id::LEN as i64)))?;
            file.read_exact(&mut seal)
        });
        read.is_ok() && Id::from_bytes(seal) == self.whole.seal
    }
}

fn believed<'a>(header: &Header<'_>, record: Record<'a>, boot_id: &[u8; 16]) -> Record<'a> {
    if header.boot_id == *boot_id || record.stat.ctime < header.written_at.saturating_sub(SETTLED_NS) {
        return record;
    }
    Record { stat: Stat { ctime: NEVER, ..record.stat }, ..record }
}
