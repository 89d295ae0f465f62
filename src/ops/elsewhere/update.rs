//! `update`: imports become what their source has now.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::{Job, RepoPath};
use crate::format::pointer::{Pointer, Source};

use super::super::checkout::{self, CheckedOut};
use super::super::error::Error;
use super::super::pointed::{self, Dataset};
use super::super::project::Project;
use super::super::targets::Target;
use super::address::Address;
use super::gather::Extent;
use super::ground::Ground;
use super::there::Elsewhere;

/// What to update.
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// Imports, or folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
    /// The revision to follow from now on.
    pub revision: Option<String>,
    /// Drop changes of the user that would otherwise be kept.
    pub force: bool,
}

/// What `update` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UpdateReport {
    /// Each import that was looked at, by path.
    pub imports: Vec<Updated>,
    /// Bytes of chunks that were not here, before compression.
    pub fetched_bytes: u64,
}

/// One import.
#[derive(Debug, Clone, Serialize)]
pub struct Updated {
    /// Where it is.
    pub path: RepoPath,
    /// The other repository.
    pub url: String,
    /// The revision that it follows; the default branch if `None`.
    pub revision: Option<String>,
    /// The commit whose data it had.
    pub old_commit: String,
    /// The commit whose data it has.
    pub new_commit: String,
    /// Whether its data changed.
    pub is_changed: bool,
    /// What was done in the worktree; `None` if nothing had to be.
    pub placed: Option<CheckedOut>,
}

/// Looks at each source, brings all that is new, and only then changes pointers and files.
///
/// # Errors
/// `NotImported` for a path that is no import; `LocalEdits` as `checkout`.
pub fn update(project: &Project, options: &UpdateOptions, job: &Job<'_>) -> Result<UpdateReport, Error> {
    let ground = Ground::of_project(project);
    let mut opened: BTreeMap<Address, Elsewhere> = BTreeMap::new();
    let (mut report, mut targets) = (UpdateReport::default(), Vec::new());
    for (dataset, source) in imports(project, &options.paths)? {
        let revision = options.revision.clone().or_else(|| source.rev.clone());
        let (url, from) = (source.url.clone(), project.root().to_owned());
        let address = Address { url, from, revision: revision.clone(), is_typed: false };
        if !opened.contains_key(&address) {
            opened.insert(address.clone(), Elsewhere::open(&ground, &address, job)?);
        }
        let there = &opened[&address];
        let piece = there.find_one(&RepoPath::new(source.path.as_bytes())?)?;
        report.fetched_bytes += there.gather(std::slice::from_ref(&piece.selected), Extent::All, job)?;
        let new = there.pointer(&piece.selected)?;
        let is_changed = (new.id, new.kind) != (dataset.pointer.id, dataset.pointer.kind);
        // Where nothing changed, the commit that brought it stays: it is no news to Git.
        let commit =
            if is_changed || revision != source.rev { there.commit.id.to_string() } else { source.commit.clone() };
        report.imports.push(Updated {
            path: dataset.path.clone(),
            url: source.url.clone(),
            revision: revision.clone(),
            old_commit: source.commit.clone(),
            new_commit: commit.clone(),
            is_changed,
            placed: None,
        });
        if is_changed || revision != source.rev {
            let source = Source { rev: revision, commit, ..source };
            let pointer = Pointer { source: Some(source), remote: dataset.pointer.remote.clone(), ..new };
            targets.push(target(project, dataset.path, pointer)?);
        }
    }
    project.cache()?.reload()?;
    let placed = checkout::place(project, targets, options.force, None, job)?;
    for import in &mut report.imports {
        import.placed = placed.datasets.iter().find(|dataset| dataset.path == import.path).cloned();
    }
    Ok(report)
}

fn imports(project: &Project, paths: &[RepoPath]) -> Result<Vec<(Dataset, Source)>, Error> {
    let selected = pointed::select(pointed::in_worktree(project)?, paths)?;
    let mut imports = Vec::new();
    for selected in selected {
        let Dataset { path, pointer } = &selected.dataset;
        let is_named =
            paths.contains(path) || paths.contains(&pointed::pointer_path(path)) || !selected.inside.is_empty();
        match pointer.source.clone() {
            Some(source) if selected.inside.is_empty() => imports.push((selected.dataset, source)),
            None if !is_named => {}
            _ => return Err(Error::NotImported { path: path.join(&selected.inside) }),
        }
    }
    if imports.is_empty() { Err(Error::NothingImported) } else { Ok(imports) }
}

fn target(project: &Project, dataset: RepoPath, pointer: Pointer) -> Result<Target, Error> {
    let old = pointed::read_bytes(project, &dataset)?;
    let bytes = old.map_or_else(|| pointer.to_bytes(), |old| pointer.rewrite(&old));
    Ok(Target { dataset, inside: RepoPath::default(), pointer: Some(pointer), pointer_bytes: Some(bytes) })
}
