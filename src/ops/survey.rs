//! How a dataset in the worktree differs from what it was last made equal to.

mod answers;
mod differences;
mod tree_of;

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::mem;
use std::path::Path;

use crate::base::{AtPath, FileKind, Id, Job, RepoPath, Step, Unit, side_by_side};
use crate::format::seen::Kind;
use crate::format::tree::Chunks;
use crate::packs::{Earlier, Sink};
use crate::worktree::{self, Found, Ignored, Refused, Scan};

use super::earlier;
use super::error::Error;
use super::ingest::{Ingested, ingest};
use super::project::Project;
use super::seen::{self, SeenFile};
use super::sparse;

pub use differences::Difference;

/// So many files are read before what they hold is noted: of each that takes some 200 bytes meanwhile.
const GROUP: usize = 1 << 15;

/// What is at the path of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Absent,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// A dataset as it is in the worktree.
#[derive(Debug)]
pub struct Survey {
    /// What is at its path.
    pub standing: Standing,
    /// The pointer id that it was last made equal to; what differs, differs from that.
    pub base: Option<Id>,
    /// What no dataset can keep.
    pub refused: Vec<Refused>,
    /// Repositories and pointers inside it.
    pub nested: Vec<RepoPath>,
    /// How many files were read.
    pub files_read: u64,
    found: Vec<Found>,
    ids: Vec<Id>,
    /// Which of `found` had to be looked at; ascending.
    doubtful: Vec<u32>,
    /// Which of these differ.
    changed: Vec<u32>,
    /// What was seen where those of `doubtful` are that were known; ascending.
    before: Vec<(u32, (Kind, Id))>,
    /// The chunks of those of `changed` that are files of more than one.
    chunks: HashMap<u32, Chunks>,
    /// What was seen where nothing is any more, by path.
    removed: Vec<(RepoPath, (Kind, Id))>,
    read_at: i64,
    dataset: RepoPath,
    file: SeenFile,
    has_new_stats: bool,
    /// Whether this worktree leaves out parts of its datasets.
    leaves_out: bool,
}

/// Looks at a dataset and reads what may have changed into `sink`. `step` tells the reading.
pub fn survey(
    project: &Project,
    dataset: &RepoPath,
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Survey, Error> {
    survey_knowing(project, dataset, SeenFile::load(project, dataset), sink, step, job)
}

/// The same as if nothing was ever seen: all files are read.
pub fn survey_anew(
    project: &Project,
    dataset: &RepoPath,
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Survey, Error> {
    survey_knowing(project, dataset, SeenFile::default(), sink, step, job)
}

/// The same if `file` was what was seen.
pub fn survey_knowing(
    project: &Project,
    dataset: &RepoPath,
    mut file: SeenFile,
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Survey, Error> {
    let root = dataset.below(project.root());
    let (standing, scan) = look(project, dataset, &root, job)?;
    if standing == Standing::Folder && file.is_of_a_file() {
        file = SeenFile::default();
    }
    let Scan { found, refused, nested } = scan;
    let mut survey = Survey {
        standing,
        base: file.base(),
        refused,
        nested,
        files_read: 0,
        ids: vec![Id::of(b""); found.len()],
        found,
        doubtful: Vec::new(),
        changed: Vec::new(),
        before: Vec::new(),
        chunks: HashMap::new(),
        removed: Vec::new(),
        read_at: 0,
        dataset: dataset.clone(),
        file,
        has_new_stats: false,
        leaves_out: sparse::wanted(project)?.is_some(),
    };
    survey.pair();
    survey.read(project, sink, step, job)?;
    Ok(survey)
}

fn look(project: &Project, dataset: &RepoPath, root: &Path, job: &Job<'_>) -> Result<(Standing, Scan), Error> {
    match fs::symlink_metadata(root) {
        Ok(metadata) if metadata.is_dir() => {
            let ignored = Ignored::load(project.root(), dataset)?;
            Ok((Standing::Folder, worktree::scan(root, &ignored, job)?))
        }
        Ok(_) => {
            let mut found = worktree::scan_one(project.root(), dataset)?;
            found.path = RepoPath::default();
            Ok((Standing::File, Scan { found: vec![found], ..Scan::default() }))
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok((Standing::Absent, Scan::default()))
        }
        Err(error) => Err(error).at("read", root)?,
    }
}

impl Survey {
    /// Goes through what was found and what was seen side by side.
    fn pair(&mut self) {
        let Some(seen) = self.file.seen() else {
            return self.doubtful.extend(0..number(self.found.len()));
        };
        let believed = seen.believed(&worktree::boot_id());
        let found = self.found.iter().enumerate();
        for pair in side_by_side(found, believed, |(_, found), seen| found.path.as_bytes().cmp(seen.path)) {
            match pair {
                (Some((at, found)), Some(seen)) if seen.stat == found.stat && seen.kind == seen::kind(&found.kind) => {
                    self.ids[at] = seen.id;
                }
                (Some((at, _)), seen) => {
                    self.doubtful.push(number(at));
                    self.before.extend(seen.map(|seen| (number(at), (seen.kind, seen.id))));
                }
                (None, Some(gone)) => {
                    let path = RepoPath::new(gone.path).unwrap_or_default();
                    self.removed.push((path, (gone.kind, gone.id)));
                }
                (None, None) => {}
            }
        }
    }

    /// Reads what must be looked at.
    fn read(&mut self, project: &Project, sink: &dyn Sink, step: Step, job: &Job<'_>) -> Result<(), Error> {
        let doubtful = mem::take(&mut self.doubtful);
        let stats = || doubtful.iter().map(|at| &self.found[*at as usize]);
        worktree::settle(stats().map(|found| found.stat.ctime).max().unwrap_or(i64::MIN));
        self.read_at = worktree::now();
        self.files_read = stats().filter(|found| is_file(found)).count() as u64;
        if self.files_read > 0 {
            let bytes = stats().filter(|found| is_file(found)).map(|found| found.stat.bytes).sum();
            job.began(step, Some(bytes), Unit::Bytes);
        }
        for group in doubtful.chunks(GROUP) {
            let read = self.ingest_files(project, group, sink, step, job)?;
            self.note(group, read);
        }
        self.doubtful = doubtful;
        if self.files_read > 0 {
            job.done(step);
        }
        Ok(())
    }

    /// Reads those of `group` that are files.
    fn ingest_files(
        &self,
        project: &Project,
        group: &[u32],
        sink: &dyn Sink,
        step: Step,
        job: &Job<'_>,
    ) -> Result<Vec<Ingested>, Error> {
        let files = group.iter().map(|at| &self.found[*at as usize]).filter(|found| is_file(found));
        let earlier = |path: &RepoPath| {
            let known = earlier::chunks(project, &self.dataset, self.version(), path).unwrap_or_default();
            Earlier::new(known.into_iter().map(|(_, chunk)| chunk).collect())
        };
        if self.standing == Standing::Folder {
            let root = self.dataset.below(project.root());
            let files: Vec<_> = files.map(|found| (&found.path, found.stat)).collect();
            let read = ingest(&root, &files, &earlier, sink, step, job);
            return read.map_err(|error| error.within(&self.dataset));
        }
        // A dataset of one file is named from the folder that it lies in.
        let above = self.dataset.parent().unwrap_or_default();
        let name = RepoPath::new(self.dataset.name())?;
        let named: Vec<_> = files.map(|found| (&name, found.stat)).collect();
        let of_the_file = |_: &RepoPath| earlier(&RepoPath::default());
        let read = ingest(&above.below(project.root()), &named, &of_the_file, sink, step, job);
        read.map_err(|error| error.within(&above))
    }

    /// Takes in what those of `group` hold that are files, in order.
    fn note(&mut self, group: &[u32], read: Vec<Ingested>) {
        let mut read = read.into_iter();
        for at in group {
            let found = &mut self.found[*at as usize];
            let mut chunks = Chunks::Whole;
            let id = if is_file(found) {
                let Ingested { content, stat } = read.next().expect("one for each file");
                found.stat = stat;
                chunks = content.chunks;
                content.id
            } else {
                seen::id_of_no_file(&found.kind)
            };
            let now = (seen::kind(&found.kind), id);
            self.ids[*at as usize] = id;
            if self.before(*at) == Some(now) {
                self.has_new_stats = true;
                continue;
            }
            self.changed.push(*at);
            if chunks != Chunks::Whole {
                self.chunks.insert(*at, chunks);
            }
        }
    }

    /// Whether the dataset is what it was last made equal to.
    pub fn is_unchanged(&self) -> bool {
        self.base.is_some() && !self.has_differences()
    }

    /// Whether files have new stats and their old content, which is worth remembering.
    pub fn has_new_stats(&self) -> bool {
        self.has_new_stats
    }
}

fn is_file(found: &Found) -> bool {
    matches!(found.kind, FileKind::File { .. })
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("four billion paths take more memory than there is")
}
