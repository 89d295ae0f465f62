//! What `add` may take: what it refuses is refused here, before anything is read or written. Only whether a pointer moved,
//! and is what the data is, must be looked at first.

use std::fs;

use crate::base::RepoPath;
use crate::format::pointer::Pointer;

use super::add::AddOptions;
use super::error::Error;
use super::pointed::{self, Dataset, dataset_path, pointer_path};
use super::project::Project;
use super::survey::Survey;

/// Something that may be added.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The dataset.
    pub dataset: RepoPath,
    /// The part of it that is meant; empty for all.
    pub inside: RepoPath,
    /// Its pointer, if it has one.
    pub pointer: Option<Pointer>,
    /// The bytes of that.
    pub old_bytes: Option<Vec<u8>>,
    /// Whether it is added even where the pointer changed since the worktree was last in step with it.
    pub force: bool,
}

/// Sorts the paths into datasets and parts of datasets, each once.
pub fn admit(project: &Project, tracked: Vec<Dataset>, options: &AddOptions) -> Result<Vec<Admitted>, Error> {
    let mut admitted: Vec<Admitted> = Vec::new();
    for path in &options.paths {
        let known = dataset_path(path).filter(|named| tracked.iter().any(|dataset| dataset.path == *named));
        let path = known.unwrap_or_else(|| path.clone());
        let above = tracked.iter().find(|dataset| path.is_in(&dataset.path));
        admitted.push(match above {
            Some(dataset) => update(project, dataset, &path, options.force)?,
            None => newcomer(project, &tracked, &path)?,
        });
    }
    admitted.sort_by(|one, other| (&one.dataset, &one.inside).cmp(&(&other.dataset, &other.inside)));
    let covers = |kept: &Admitted, next: &Admitted| {
        let is_part = next.dataset == kept.dataset && next.inside.is_in(&kept.inside);
        is_part || (next.dataset != kept.dataset && next.dataset.is_in(&kept.dataset))
    };
    admitted.dedup_by(|next, kept| covers(kept, next));
    // Two parts of one dataset would each be put on the pointer as it is now, and the last would win.
    admitted.dedup_by(|next, kept| {
        let is_same = next.dataset == kept.dataset;
        if is_same {
            kept.inside = common(&kept.inside, &next.inside);
        }
        is_same
    });
    Ok(admitted)
}

/// The innermost folder that holds both.
fn common(one: &RepoPath, other: &RepoPath) -> RepoPath {
    let mut folder = one.clone();
    while !other.is_in(&folder) {
        folder = folder.parent().unwrap_or_default();
    }
    folder
}

fn update(project: &Project, dataset: &Dataset, path: &RepoPath, force: bool) -> Result<Admitted, Error> {
    Ok(Admitted {
        dataset: dataset.path.clone(),
        inside: path.strip(&dataset.path).expect("the caller found it in there"),
        pointer: Some(dataset.pointer.clone()),
        old_bytes: pointed::read_bytes(project, &dataset.path)?,
        force,
    })
}

fn newcomer(project: &Project, tracked: &[Dataset], path: &RepoPath) -> Result<Admitted, Error> {
    match fs::symlink_metadata(path.below(project.root())) {
        Err(_) if !path.is_empty() => return Err(Error::NoSuchPath { path: path.clone() }),
        Ok(metadata) if metadata.is_symlink() => {
            let reason = "it is a symlink; add what it points at".to_owned();
            return Err(Error::CannotTrack { path: path.clone(), reason });
        }
        _ => {}
    }
    check_place(project, tracked, path)?;
    let admitted = Admitted {
        dataset: path.clone(),
        inside: RepoPath::default(),
        pointer: None,
        old_bytes: pointed::read_bytes(project, path)?,
        force: true,
    };
    match &admitted.old_bytes {
        None => Ok(admitted),
        // A pointer that Git does not know of yet: copied here, or left by an add without staging.
        Some(bytes) => Ok(Admitted { pointer: Some(pointed::parse(&pointer_path(path), bytes)?), ..admitted }),
    }
}

/// Refuses a path at which no dataset can be, whatever stands there.
pub fn check_place(project: &Project, tracked: &[Dataset], path: &RepoPath) -> Result<(), Error> {
    let refused = |reason: &str| Err(Error::CannotTrack { path: path.clone(), reason: reason.to_owned() });
    if path.is_empty() {
        return refused("it is the whole repository");
    }
    if path.as_bytes().split(|byte| *byte == b'/').any(|name| name == b".git" || name == b".esker") {
        return refused("it belongs to Git, or to esker itself");
    }
    if dataset_path(path).is_some() {
        return refused("its name is that of a pointer");
    }
    if path.name().len() + pointed::SUFFIX.len() > 255 {
        return refused("its name is too long for a pointer beside it");
    }
    if let Some(link) = link_above(project, path) {
        return refused(&format!("{link} above it is a symlink"));
    }
    if let Some(inner) = tracked.iter().find(|dataset| dataset.path.is_in(path)) {
        return Err(Error::HoldsOther { path: path.clone(), nested: pointer_path(&inner.path) });
    }
    if !project.repo().tracked_below(path, 1)?.is_empty() {
        return Err(Error::TrackedByGit { path: path.clone() });
    }
    Ok(())
}

fn link_above(project: &Project, path: &RepoPath) -> Option<RepoPath> {
    let above = std::iter::successors(path.parent(), RepoPath::parent).filter(|folder| !folder.is_empty());
    let is_link =
        |folder: &RepoPath| fs::symlink_metadata(folder.below(project.root())).is_ok_and(|it| it.is_symlink());
    above.into_iter().find(is_link)
}

/// Refuses a dataset that holds what cannot be kept, or another dataset.
pub fn check_content(dataset: &RepoPath, survey: &Survey) -> Result<(), Error> {
    if let Some(nested) = survey.nested.first() {
        return Err(Error::HoldsOther { path: dataset.clone(), nested: dataset.join(nested) });
    }
    if survey.refused.is_empty() {
        return Ok(());
    }
    let mut refused = survey.refused.clone();
    refused.iter_mut().for_each(|refused| refused.path = dataset.join(&refused.path));
    Err(Error::Unkept { refused })
}
