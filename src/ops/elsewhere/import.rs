//! `import`: a dataset of another repository becomes one of ours, whose pointer says where it is from.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::{AtPath, Id, Job, RepoPath};
use crate::format::pointer::{Kind, Pointer, Source};
use crate::git::Commit;

use super::super::acknowledged::Acknowledged;
use super::super::admit;
use super::super::checkout;
use super::super::error::Error;
use super::super::lack::lack;
use super::super::pointed::{self, Dataset, Selected, pointer_path};
use super::super::project::Project;
use super::super::publish::{self, Undo, ignore_dataset};
use super::super::targets::Target;
use super::address::{Address, name_of};
use super::gather::Extent;
use super::get::files;
use super::ground::Ground;
use super::out;
use super::there::Elsewhere;

/// So often data is brought again that `esker gc` removed as fast as it came.
const MOST_ROUNDS: usize = 4;

/// What to import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The other repository.
    pub url: String,
    /// A dataset there, or a part of one.
    pub path: PathBuf,
    /// The revision; the default branch, or `HEAD` of a folder, if `None`.
    pub revision: Option<String>,
    /// Where it goes; by its own name where the user stands, if `None`.
    pub out: Option<PathBuf>,
}

/// What `import` did.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// The new dataset.
    pub path: RepoPath,
    /// Its id.
    pub id: Id,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// How many files, links and empty folders it has.
    pub files: u64,
    /// The sizes of all files, in bytes.
    pub bytes: u64,
    /// The other repository, as the pointer names it.
    pub url: String,
    /// What it is there.
    pub source: String,
    /// The revision that `update` follows; the default branch if `None`.
    pub revision: Option<String>,
    /// The commit.
    pub commit: Commit,
    /// Bytes of chunks that were not here, before compression.
    pub fetched_bytes: u64,
}

/// Brings it all, then writes the pointer and the ignore line, stages both, and places the files.
///
/// # Errors
/// What `add` refuses of the new path, before anything is asked. After any error, pointers, ignore files and Git's index
/// are as they were.
pub fn import(project: &Project, options: &ImportOptions, job: &Job<'_>) -> Result<ImportReport, Error> {
    let dataset = target(project, options)?;
    let (from, revision) = (project.from().to_owned(), options.revision.clone());
    let address = Address { url: options.url.clone(), from, revision, is_typed: true };
    let there = Elsewhere::open(&Ground::of_project(project), &address, job)?;
    let path = there.path(&options.path)?;
    let piece = there.find_one(&path)?;
    let fetched_bytes = there.gather(std::slice::from_ref(&piece.selected), Extent::All, job)?;
    let source = source(project, &there, &piece.selected)?;
    let pointer = Pointer { source: Some(source.clone()), ..there.pointer(&piece.selected)? };
    write(project, &there, &piece.selected, &Dataset { path: dataset.clone(), pointer: pointer.clone() }, job)?;
    Ok(ImportReport {
        path: dataset,
        id: pointer.id,
        is_folder: matches!(pointer.kind, Kind::Folder { .. }),
        files: files(&pointer),
        bytes: pointer.bytes,
        url: source.url,
        source: source.path,
        revision: source.rev,
        commit: there.commit,
        fetched_bytes,
    })
}

fn target(project: &Project, options: &ImportOptions) -> Result<RepoPath, Error> {
    let name = name_of(&options.url, &options.path)?;
    let tracked = pointed::in_worktree(project)?;
    let given = options.out.as_deref();
    // Data of a dataset need not be here: its name is taken all the same.
    let plain = project.path(given.unwrap_or(name.as_path()))?;
    let is_taken = |path: &RepoPath| fs::symlink_metadata(pointer_path(path).below(project.root())).is_ok();
    if is_taken(&plain) {
        return Err(Error::TargetExists { path: pointer_path(&plain) });
    }
    let dataset = project.path(&out::free(project.from(), given, &name)?)?;
    if let Some(above) = tracked.iter().find(|known| dataset.is_in(&known.path)) {
        return Err(Error::InsideDataset { path: dataset, dataset: above.path.clone() });
    }
    admit::check_place(project, &tracked, &dataset)?;
    if is_taken(&dataset) {
        return Err(Error::TargetExists { path: pointer_path(&dataset) });
    }
    Ok(dataset)
}

/// Where it is from, in words that are true for everybody who has this project.
fn source(project: &Project, there: &Elsewhere, piece: &Selected) -> Result<Source, Error> {
    let typed = &there.address.url;
    let url = match &there.root {
        Some(root) if Path::new(typed).is_absolute() || typed.contains("://") => root.display().to_string(),
        Some(root) => project.relative_to_root(root).display().to_string(),
        None => typed.clone(),
    };
    let path = piece.dataset.path.join(&piece.inside);
    let unclear = || Error::usage(format!("{path} has a name that no pointer can hold"), None);
    Ok(Source {
        url,
        path: std::str::from_utf8(path.as_bytes()).map_err(|_| unclear())?.to_owned(),
        rev: there.address.revision.clone(),
        commit: there.commit.id.to_string(),
    })
}

fn write(
    project: &Project,
    there: &Elsewhere,
    piece: &Selected,
    dataset: &Dataset,
    job: &Job<'_>,
) -> Result<(), Error> {
    let selected = Selected { dataset: dataset.clone(), inside: RepoPath::default() };
    for _ in 0..MOST_ROUNDS {
        // From here on a collection of the cache waits until the pointer is there.
        let held = project.hold_cache()?;
        let cache = project.cache()?;
        cache.reload()?;
        let wanted = std::slice::from_ref(&selected);
        let lack = lack(project, wanted, &cache.catalog(), &Acknowledged::default(), job)?;
        if lack.chunks.is_empty() && lack.unread.is_empty() {
            let published = Published::new(project, dataset)?;
            drop(held);
            return published.place(project, dataset, job);
        }
        drop(held);
        there.gather(std::slice::from_ref(piece), Extent::All, job)?;
        there.pointer(piece)?;
    }
    Err(Error::KeepsVanishing { remote: "the cache".to_owned() })
}

/// What was written for a new dataset, to be taken back.
struct Published {
    undo: Undo,
    pointer: RepoPath,
    ignore: Option<RepoPath>,
}

impl Published {
    fn new(project: &Project, dataset: &Dataset) -> Result<Published, Error> {
        let _alone = publish::alone(project)?;
        let pointer = pointer_path(&dataset.path);
        let mut published = Published { undo: Undo::default(), pointer, ignore: None };
        let written = published.write(project, dataset);
        match written {
            Ok(()) => Ok(published),
            Err(error) => {
                published.undo.put_back();
                Err(error)
            }
        }
    }

    fn write(&mut self, project: &Project, dataset: &Dataset) -> Result<(), Error> {
        let above = dataset.path.parent().unwrap_or_default().below(project.root());
        fs::create_dir_all(&above).at("make", &above)?;
        self.undo.replace(self.pointer.below(project.root()), None, &dataset.pointer.to_bytes())?;
        self.ignore = ignore_dataset(project, &dataset.path, &mut self.undo)?;
        if project.config().stages() {
            let staged: Vec<RepoPath> = std::iter::once(self.pointer.clone()).chain(self.ignore.clone()).collect();
            project.repo().stage(&staged)?;
        }
        Ok(())
    }

    fn place(self, project: &Project, dataset: &Dataset, job: &Job<'_>) -> Result<(), Error> {
        let target = Target {
            dataset: dataset.path.clone(),
            inside: RepoPath::default(),
            pointer: Some(dataset.pointer.clone()),
            pointer_bytes: None,
        };
        let placed = checkout::place(project, vec![target], false, None, job);
        if placed.is_err() {
            self.take_back(project);
        }
        placed.map(drop)
    }

    /// What fails here cannot be told better than by the error that led here.
    fn take_back(self, project: &Project) {
        self.undo.put_back();
        if project.config().stages() {
            let is_there = |path: &RepoPath| path.below(project.root()).exists();
            let (kept, gone): (Vec<RepoPath>, Vec<RepoPath>) = self.ignore.into_iter().partition(is_there);
            let gone: Vec<RepoPath> = gone.into_iter().chain([self.pointer]).collect();
            let _ = project.repo().restage(&kept, &gone);
        }
    }
}
