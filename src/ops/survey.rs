//! How a dataset in the worktree differs from what it was last made equal to.

mod answers;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::base::{AtPath, FileKind, Id, Job, RepoPath, Stat, Step, Unit};
use crate::format::seen::{Kind, Record};
use crate::format::tree::{self, Entry, Node, Root};
use crate::packs::{Earlier, Sink};
use crate::worktree::{self, Found, Ignored, Refused, Scan};

use super::earlier;
use super::error::Error;
use super::ingest::{self, Ingested, ingest};
use super::pages::Pages;
use super::project::Project;
use super::seen::{self, SeenFile};

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

/// One path that differs, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, below the dataset; empty for the dataset itself.
    pub path: RepoPath,
    /// What was seen there last time.
    pub old: Option<(Kind, Id)>,
    /// What is there now.
    pub new: Option<Node>,
}

/// A dataset as it is in the worktree.
#[derive(Debug)]
pub struct Survey {
    /// What is at its path.
    pub standing: Standing,
    /// The pointer id that it was last made equal to; what differs, differs from that.
    pub base: Option<Id>,
    /// What differs, by path.
    pub differences: Vec<Difference>,
    /// What no dataset can keep.
    pub refused: Vec<Refused>,
    /// Repositories and pointers inside it.
    pub nested: Vec<RepoPath>,
    /// How many files were read.
    pub files_read: u64,
    found: Vec<Found>,
    ids: Vec<Id>,
    read_at: i64,
    dataset: RepoPath,
    file: SeenFile,
    has_new_stats: bool,
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

fn survey_knowing(
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
        differences: Vec::new(),
        refused,
        nested,
        files_read: 0,
        ids: vec![Id::of(b""); found.len()],
        found,
        read_at: 0,
        dataset: dataset.clone(),
        file,
        has_new_stats: false,
    };
    let pairs = survey.pair();
    survey.read(project, pairs, sink, step, job)?;
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

/// Something found that must be looked at: where it is in the list, and what was seen there last time.
type Pair = (usize, Option<(Kind, Id)>);

impl Survey {
    /// Goes through what was found and what was seen side by side. Returns what must be read.
    fn pair(&mut self) -> Vec<Pair> {
        let mut to_read = Vec::new();
        let Some(seen) = self.file.seen() else {
            return (0..self.found.len()).map(|at| (at, None)).collect();
        };
        let boot_id = worktree::boot_id();
        let mut records = seen.records().peekable();
        for (at, found) in self.found.iter().enumerate() {
            while let Some(gone) = records.next_if(|record| record.path < found.path.as_bytes()) {
                self.differences.push(removed(&gone));
            }
            match records.next_if(|record| record.path == found.path.as_bytes()) {
                Some(same)
                    if same.stat == found.stat
                        && same.kind == seen::kind(&found.kind)
                        && seen::is_trusted(&seen.header, &same, &boot_id) =>
                {
                    self.ids[at] = same.id;
                }
                Some(other) => to_read.push((at, Some((other.kind, other.id)))),
                None => to_read.push((at, None)),
            }
        }
        self.differences.extend(records.map(|gone| removed(&gone)));
        to_read
    }

    fn read(
        &mut self,
        project: &Project,
        pairs: Vec<Pair>,
        sink: &dyn Sink,
        step: Step,
        job: &Job<'_>,
    ) -> Result<(), Error> {
        let is_file = |at: &usize| matches!(self.found[*at].kind, FileKind::File { .. });
        let newest = pairs.iter().map(|(at, _)| self.found[*at].stat.ctime).max();
        worktree::settle(newest.unwrap_or(i64::MIN));
        self.read_at = worktree::now();
        let files: Vec<_> = pairs
            .iter()
            .filter(|(at, _)| is_file(at))
            .map(|(at, _)| (&self.found[*at].path, self.found[*at].stat))
            .collect();
        self.files_read = files.len() as u64;
        let mut contents = Vec::new();
        if !files.is_empty() {
            job.began(step, Some(files.iter().map(|(_, stat)| stat.bytes).sum()), Unit::Bytes);
            contents = self.ingest_files(project, &files, sink, step, job)?;
            job.done(step);
        }
        let mut contents = contents.into_iter();
        for (at, old) in pairs {
            let found = &mut self.found[at];
            let node = ingest::node(&found.kind, || {
                let read = contents.next().expect("one for each file");
                found.stat = read.stat;
                read.content
            });
            self.note(at, old, node);
        }
        self.differences.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(())
    }

    fn ingest_files(
        &self,
        project: &Project,
        files: &[(&RepoPath, Stat)],
        sink: &dyn Sink,
        step: Step,
        job: &Job<'_>,
    ) -> Result<Vec<Ingested>, Error> {
        let earlier = |path: &RepoPath| {
            let known = earlier::chunks(project, &self.dataset, self.version(), path).unwrap_or_default();
            Earlier::new(known.into_iter().map(|(_, chunk)| chunk).collect())
        };
        if self.standing == Standing::Folder {
            let root = self.dataset.below(project.root());
            let read = ingest(&root, files, &earlier, sink, step, job);
            return read.map_err(|error| error.within(&self.dataset));
        }
        // A dataset of one file is named from the folder that it lies in.
        let above = self.dataset.parent().unwrap_or_default();
        let name = RepoPath::new(self.dataset.name())?;
        let named: Vec<_> = files.iter().map(|(_, stat)| (&name, *stat)).collect();
        let of_the_file = |_: &RepoPath| earlier(&RepoPath::default());
        let read = ingest(&above.below(project.root()), &named, &of_the_file, sink, step, job);
        read.map_err(|error| error.within(&above))
    }

    fn note(&mut self, at: usize, old: Option<(Kind, Id)>, node: Node) {
        let found = &self.found[at];
        let id = match &node {
            Node::File { id, .. } => *id,
            Node::Symlink { .. } | Node::EmptyFolder => seen::id_of_no_file(&found.kind),
        };
        self.ids[at] = id;
        if old == Some((seen::kind(&found.kind), id)) {
            self.has_new_stats = true;
        } else {
            self.differences.push(Difference { path: found.path.clone(), old, new: Some(node) });
        }
    }

    /// Whether the dataset is what it was last made equal to.
    pub fn is_unchanged(&self) -> bool {
        self.base.is_some() && self.differences.is_empty()
    }

    /// Whether files have new stats and their old content, which is worth remembering.
    pub fn has_new_stats(&self) -> bool {
        self.has_new_stats
    }

    /// The tree of the folder with the differences at or below `inside`. Pages that the base has are not given to `sink`.
    pub fn tree(
        &self,
        inside: &RepoPath,
        pages: &Pages<'_>,
        sink: impl FnMut(Id, Vec<u8>) -> Result<(), Error>,
    ) -> Result<Root, Error> {
        let chosen = self.differences.iter().filter(|difference| difference.path.is_in(inside));
        let changes = chosen.map(|difference| (difference.path.clone(), difference.new.clone()));
        match self.base {
            Some(base) => tree::edit(pages, &base, changes, sink),
            None => {
                let mut builder = tree::Builder::new(sink);
                for (path, node) in changes {
                    if let Some(node) = node {
                        builder.push(&Entry { path, node })?;
                    }
                }
                builder.finish()
            }
        }
    }

    /// What a dataset is that is a file, if it differs from what was seen.
    pub fn file(&self) -> Option<&Node> {
        self.differences.iter().find_map(|difference| difference.new.as_ref())
    }
}

fn removed(record: &Record<'_>) -> Difference {
    let path = RepoPath::new(record.path).unwrap_or_default();
    Difference { path, old: Some((record.kind, record.id)), new: None }
}
