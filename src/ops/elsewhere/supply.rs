//! Data of imports that no remote of ours has: it comes from where it was imported.

use crate::base::{Job, RepoPath};

use super::super::acknowledged::Acknowledged;
use super::super::error::Error;
use super::super::fetch::{Fetched, FetchedDataset};
use super::super::lack::{Share, lack};
use super::super::pointed::Selected;
use super::super::project::Project;
use super::address::Address;
use super::gather::Extent;
use super::ground::Ground;
use super::there::Elsewhere;

/// Whether its pointer says where it is from.
pub fn is_imported(selected: &Selected) -> bool {
    selected.dataset.pointer.source.is_some()
}

/// Brings what the cache lacks of those of `wanted` that were imported. Tells what came, by source.
///
/// # Errors
/// `SourceDiffers` if the source has other data at that commit than the pointer says.
pub fn supply(project: &Project, wanted: &[Selected], job: &Job<'_>) -> Result<Vec<Fetched>, Error> {
    let ground = Ground::of_project(project);
    let mut all: Vec<Fetched> = Vec::new();
    for selected in wanted {
        let Some(source) = &selected.dataset.pointer.source else { continue };
        let (from, revision) = (project.root().to_owned(), Some(source.commit.clone()));
        let there =
            Elsewhere::open(&ground, &Address { url: source.url.clone(), from, revision, is_typed: false }, job)?;
        let fetched = one(&there, selected, &RepoPath::new(source.path.as_bytes())?, job)?;
        match all.iter_mut().find(|known| known.remote == source.url) {
            Some(known) => known.add(fetched),
            None => {
                let mut from_there = Fetched { remote: source.url.clone(), ..Fetched::default() };
                from_there.add(fetched);
                all.push(from_there);
            }
        }
    }
    project.cache()?.reload()?;
    Ok(all)
}

fn one(there: &Elsewhere, selected: &Selected, path: &RepoPath, job: &Job<'_>) -> Result<FetchedDataset, Error> {
    let whole = there.find_one(path)?.selected;
    there.gather(std::slice::from_ref(&whole), Extent::Pages, job)?;
    let pointer = &selected.dataset.pointer;
    if there.pointer(&whole)?.id != pointer.id {
        let (url, path) = (there.address.url.clone(), path.clone());
        return Err(Error::SourceDiffers { dataset: selected.dataset.path.clone(), url, path });
    }
    let part = Selected { inside: whole.inside.join(&selected.inside), ..whole };
    let part = std::slice::from_ref(&part);
    let cache = there.project.cache()?;
    let lack = lack(&there.project, part, &cache.catalog(), &Acknowledged::default(), job)?;
    let share = lack.shares.first().copied().unwrap_or_default();
    there.gather(part, Extent::All, job)?;
    let Share { files, chunks, bytes, .. } = share;
    let path = selected.dataset.path.join(&selected.inside);
    Ok(FetchedDataset { path, id: pointer.id, new_files: files, new_chunks: chunks, new_bytes: bytes })
}
