//! `mv`: a dataset gets another name, with its pointer, its ignore line and what was seen of it.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{AtPath, Job, RepoPath, Stat};
use crate::worktree;

use super::admit;
use super::error::Error;
use super::pointed::{self, Dataset, dataset_path, pointer_path};
use super::project::Project;
use super::publish::{self, Undo, Unignored, ignore_dataset, unignore_dataset};
use super::seen::{self, SeenFile};

/// What to move.
#[derive(Debug, Clone)]
pub struct MvOptions {
    /// A dataset, or its pointer.
    pub from: RepoPath,
    /// Its new path; or a folder into which it goes by its old name.
    pub to: RepoPath,
}

/// What `mv` did.
#[derive(Debug, Clone, Serialize)]
pub struct MvReport {
    /// Where the dataset was.
    pub from: RepoPath,
    /// Where it is.
    pub to: RepoPath,
    /// Whether its data is in the worktree, and moved as well.
    pub has_data: bool,
}

/// Moves a dataset. No file is read; a run that was cut short is finished by the next of the same words.
///
/// # Errors
/// `TargetExists`; what `add` refuses of the new path. After any error all is where it was.
pub fn mv(project: &Project, options: &MvOptions, job: &Job<'_>) -> Result<MvReport, Error> {
    job.check()?;
    let tracked = pointed::in_worktree(project)?;
    let from = named(&tracked, &options.from)?;
    let to = target(project, &from, options)?;
    let mut mover = Mover::new(project, from, to)?;
    mover.refuse(&tracked)?;
    let _alone = publish::alone(project)?;
    let moved = mover.go();
    if moved.is_err() {
        mover.go_back();
    }
    moved
}

fn named(tracked: &[Dataset], path: &RepoPath) -> Result<RepoPath, Error> {
    let is = |wanted: &RepoPath| tracked.iter().any(|dataset| dataset.path == *wanted);
    if is(path) {
        return Ok(path.clone());
    }
    if let Some(named) = dataset_path(path).filter(is) {
        return Ok(named);
    }
    match tracked.iter().find(|dataset| path.is_in(&dataset.path)) {
        Some(Dataset { path: dataset, .. }) => Err(Error::usage(
            format!("{path} lies in the dataset {dataset}, and only whole datasets are moved"),
            Some(&format!("move it as any other file, then run `esker add {dataset}`")),
        )),
        None => Err(Error::NoDataset { path: path.clone() }),
    }
}

/// The new path: `to`, or the old name in the folder `to`, or what the pointer `to` stands for.
fn target(project: &Project, from: &RepoPath, options: &MvOptions) -> Result<RepoPath, Error> {
    let to = &options.to;
    if to.below(project.root()).is_dir() && to != from && !is_resumed(project, from, to)? {
        return Ok(to.join(&RepoPath::new(from.name())?));
    }
    let both_pointers = dataset_path(&options.from).and_then(|_| dataset_path(to));
    Ok(both_pointers.unwrap_or_else(|| to.clone()))
}

/// Whether an earlier run wrote the new pointer and was cut short.
fn is_resumed(project: &Project, from: &RepoPath, to: &RepoPath) -> Result<bool, Error> {
    let Some(bytes) = pointed::read_bytes(project, to)?.filter(|_| from != to) else { return Ok(false) };
    let is_new = project.repo().tracked_below(&pointer_path(to), 1)?.is_empty();
    Ok(is_new && pointed::read_bytes(project, from)? == Some(bytes))
}

struct Mover<'a> {
    project: &'a Project,
    from: RepoPath,
    to: RepoPath,
    bytes: Vec<u8>,
    is_resumed: bool,
    has_data: bool,
    undo: Undo,
    made: Vec<PathBuf>,
    is_moved: bool,
}

impl<'a> Mover<'a> {
    fn new(project: &'a Project, from: RepoPath, to: RepoPath) -> Result<Mover<'a>, Error> {
        let bytes = pointed::read_bytes(project, &from)?.ok_or_else(|| Error::NoDataset { path: from.clone() })?;
        let is_resumed = is_resumed(project, &from, &to)?;
        let has_data = is_there(project, &from);
        let (undo, made) = (Undo::default(), Vec::new());
        Ok(Mover { project, from, to, bytes, is_resumed, has_data, undo, made, is_moved: false })
    }

    fn refuse(&self, tracked: &[Dataset]) -> Result<(), Error> {
        let exists = |path: RepoPath| Err(Error::TargetExists { path });
        let is_left = |dataset: &&Dataset| !(self.is_resumed && dataset.path == self.to);
        let others: Vec<Dataset> = tracked.iter().filter(is_left).cloned().collect();
        if self.from == self.to || (is_there(self.project, &self.to) && (self.has_data || !self.is_resumed)) {
            return exists(self.to.clone());
        }
        if let Some(above) = others.iter().find(|dataset| self.to.is_in(&dataset.path)) {
            return Err(Error::InsideDataset { path: self.to.clone(), dataset: above.path.clone() });
        }
        admit::check_place(self.project, &others, &self.to)?;
        if is_there(self.project, &pointer_path(&self.to)) && !self.is_resumed {
            return exists(pointer_path(&self.to));
        }
        Ok(())
    }

    /// New things first, old ones last: at every moment some pointer stands for the data.
    fn go(&mut self) -> Result<MvReport, Error> {
        let (from_pointer, to_pointer) = (pointer_path(&self.from), pointer_path(&self.to));
        self.make_folders()?;
        let mut added = vec![to_pointer.clone()];
        let mut removed = vec![from_pointer.clone()];
        added.extend(ignore_dataset(self.project, &self.to, &mut self.undo)?);
        if !self.is_resumed {
            self.undo.replace(to_pointer.below(self.project.root()), None, &self.bytes)?;
        }
        let stat = self.move_data()?;
        seen::carry_over(self.project, &self.from, &self.to, stat)?;
        match unignore_dataset(self.project, &self.from, &mut self.undo)? {
            Unignored::Same => {}
            Unignored::Changed(file) => added.push(file),
            Unignored::Removed(file) => removed.push(file),
        }
        self.undo.remove(from_pointer.below(self.project.root()), self.bytes.clone())?;
        if self.project.config().stages() {
            self.project.repo().restage(&added, &removed)?;
        }
        // It is done. What was seen under the old name, if that stays, is of a dataset that has no files.
        let _ = seen::forget(self.project, &self.from);
        let has_data = is_there(self.project, &self.to);
        Ok(MvReport { from: self.from.clone(), to: self.to.clone(), has_data })
    }

    fn make_folders(&mut self) -> Result<(), Error> {
        let above = self.to.parent().unwrap_or_default().below(self.project.root());
        self.made = above.ancestors().take_while(|folder| !folder.exists()).map(PathBuf::from).collect();
        Ok(fs::create_dir_all(&above).at("make", &above)?)
    }

    /// Moves the data. Returns the new stat of a dataset that is one file which is what it was when it was seen.
    fn move_data(&mut self) -> Result<Option<Stat>, Error> {
        if !self.has_data {
            return Ok(None);
        }
        let root = self.project.root();
        let before = seen_stat(self.project, &self.from);
        worktree::relocate(root, &self.from, &self.to)?;
        self.is_moved = true;
        let same = |stat: &Stat| {
            before.is_some_and(|old| (old.inode, old.bytes, old.mtime) == (stat.inode, stat.bytes, stat.mtime))
        };
        Ok(worktree::scan_one(root, &self.to).ok().map(|found| found.stat).filter(same))
    }

    /// Puts back what was done. What fails here cannot be told better than by the error that led here.
    fn go_back(self) {
        if self.is_moved {
            let _ = worktree::relocate(self.project.root(), &self.to, &self.from);
        }
        self.undo.put_back();
        let _ = seen::forget(self.project, &self.to);
        for folder in self.made {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn is_there(project: &Project, path: &RepoPath) -> bool {
    fs::symlink_metadata(path.below(project.root())).is_ok()
}

/// The stat with which a dataset of one file was seen, if it has that still.
fn seen_stat(project: &Project, dataset: &RepoPath) -> Option<Stat> {
    let file = SeenFile::load(project, dataset);
    let seen = file.seen().filter(|_| file.is_of_a_file())?.records().next()?.stat;
    let now = worktree::scan_one(project.root(), dataset).ok()?.stat;
    (now == seen).then_some(now)
}
