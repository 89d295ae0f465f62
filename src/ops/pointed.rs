//! What the worktree, or a revision, points at: its datasets, and which of them a user means.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read};

use crate::base::{AtPath, RepoPath};
use crate::format::FormatError;
use crate::format::pointer::{self, Pointer};
use crate::git::Commit;

use super::error::Error;
use super::project::Project;
use super::seen;

/// What the name of a pointer ends with.
pub const SUFFIX: &str = ".esker";

/// A dataset: where it is, and what its pointer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Where the data is, relative to the root of the worktree.
    pub path: RepoPath,
    /// What it is.
    pub pointer: Pointer,
}

/// A dataset, or a part of one, that a user means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The dataset.
    pub dataset: Dataset,
    /// The part of it; empty for all.
    pub inside: RepoPath,
}

/// Where the pointer of a dataset lies.
pub fn pointer_path(dataset: &RepoPath) -> RepoPath {
    dataset.with_suffix(SUFFIX)
}

/// The dataset that a pointer stands for; `None` if the name is not that of a pointer.
pub fn dataset_path(pointer: &RepoPath) -> Option<RepoPath> {
    let path = pointer.as_bytes().strip_suffix(SUFFIX.as_bytes())?;
    let named = !path.is_empty() && !path.ends_with(b"/");
    named.then(|| RepoPath::new(path).ok()).flatten()
}

/// The paths of all datasets that this worktree knows of: Git's index has their pointers, or they were seen before.
pub fn known_paths(project: &Project) -> Result<BTreeSet<RepoPath>, Error> {
    let staged = project.repo().staged_pointers()?;
    let mut paths: BTreeSet<RepoPath> = staged.iter().filter_map(dataset_path).collect();
    paths.extend(seen::known(project)?);
    Ok(paths)
}

/// The datasets whose pointers are in the worktree, by path.
pub fn in_worktree(project: &Project) -> Result<Vec<Dataset>, Error> {
    let known = known_paths(project)?;
    let found = known.into_iter().map(|path| Ok(read(project, &path)?.map(|pointer| Dataset { path, pointer })));
    found.filter_map(Result::transpose).collect()
}

/// The pointer of a dataset in the worktree; `None` if there is none.
pub fn read(project: &Project, dataset: &RepoPath) -> Result<Option<Pointer>, Error> {
    let Some(bytes) = read_bytes(project, dataset)? else { return Ok(None) };
    parse(&pointer_path(dataset), &bytes).map(Some)
}

/// The bytes of the pointer of a dataset in the worktree; `None` if there is none.
pub fn read_bytes(project: &Project, dataset: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
    let file = pointer_path(dataset).below(project.root());
    match fs::symlink_metadata(&file) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error).at("read", &file)?,
    }
    let mut bytes = Vec::new();
    let opened = fs::File::open(&file).at("read", &file)?;
    // One byte more than a pointer may have: parse() then says that it is too large.
    opened.take(pointer::MAX_LEN as u64 + 1).read_to_end(&mut bytes).at("read", &file)?;
    Ok(Some(bytes))
}

/// Decodes a pointer; `path` is that of the pointer.
pub fn parse(path: &RepoPath, bytes: &[u8]) -> Result<Pointer, Error> {
    Pointer::parse(bytes).map_err(|cause| match cause {
        FormatError::Conflict { .. } => Error::PointerConflict { path: path.clone() },
        cause => Error::Pointer { path: path.clone(), cause },
    })
}

/// The datasets whose pointers a commit holds, by path.
pub fn at(project: &Project, commit: &Commit) -> Result<Vec<Dataset>, Error> {
    let mut datasets = Vec::new();
    for (path, bytes) in project.repo().pointers_at(commit)? {
        if let Some(dataset) = dataset_path(&path) {
            datasets.push(Dataset { path: dataset, pointer: parse(&path, &bytes)? });
        }
    }
    datasets.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(datasets)
}

/// The pointer of one dataset that a commit holds; `None` if it holds none that can be read.
pub fn committed(project: &Project, commit: &Commit, dataset: &RepoPath) -> Result<Option<Pointer>, Error> {
    let bytes = project.repo().file_at(commit, &pointer_path(dataset))?;
    Ok(bytes.and_then(|bytes| Pointer::parse(&bytes).ok()))
}

/// What a user means by `paths`: datasets, their pointers, parts of them, folders that hold some. No paths mean all.
///
/// # Errors
/// `NoDataset` for a path that means nothing.
pub fn select(datasets: Vec<Dataset>, paths: &[RepoPath]) -> Result<Vec<Selected>, Error> {
    let whole = |dataset: &Dataset| Selected { dataset: dataset.clone(), inside: RepoPath::default() };
    if paths.is_empty() {
        return Ok(datasets.iter().map(whole).collect());
    }
    let mut selected: Vec<Selected> = Vec::new();
    for path in paths {
        let path = named_by_pointer(&datasets, path).unwrap_or_else(|| path.clone());
        let before = selected.len();
        for dataset in &datasets {
            if dataset.path.is_in(&path) {
                selected.push(whole(dataset));
            } else if let Some(inside) = path.strip(&dataset.path) {
                selected.push(Selected { dataset: dataset.clone(), inside });
            }
        }
        if selected.len() == before {
            return Err(Error::NoDataset { path });
        }
    }
    selected.sort_by(|one, other| (&one.dataset.path, &one.inside).cmp(&(&other.dataset.path, &other.inside)));
    // A part of what is selected as a whole, or as a larger part, adds nothing.
    selected.dedup_by(|next, kept| next.dataset.path == kept.dataset.path && next.inside.is_in(&kept.inside));
    Ok(selected)
}

fn named_by_pointer(datasets: &[Dataset], path: &RepoPath) -> Option<RepoPath> {
    let named = dataset_path(path)?;
    datasets.iter().any(|dataset| dataset.path == named).then_some(named)
}

/// Whether `path` is a dataset, a pointer, a part of a dataset or a folder that holds some.
pub fn is_known_path(project: &Project, path: &RepoPath) -> Result<bool, Error> {
    let mut known = known_paths(project)?.into_iter();
    Ok(known.any(|dataset| path.is_in(&dataset) || dataset.is_in(path) || *path == pointer_path(&dataset)))
}
