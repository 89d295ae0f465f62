//! A part of a dataset whose rest need not be in the worktree: only the pages on the way to it are read.

use std::fs;

use crate::base::{FileKind, Job, RepoPath, Step, Unit};
use crate::format::compression::Noticer;
use crate::format::pack::PackKind;
use crate::format::pointer::Kind;
use crate::format::tree::{self, Entry, Node};
use crate::packs::Sink;
use crate::worktree::{self, Found, Ignored, Scan};

use super::admit::Admitted;
use super::draft::Draft;
use super::error::Error;
use super::ingest::{ingest, node, unknown};
use super::pages::Pages;
use super::project::Project;

/// The draft of a folder in which what lies at or below `wanted.inside` is as it is in the worktree.
///
/// # Errors
/// `NoSuchPath` if nothing is there, neither in the worktree nor as a file of the dataset.
pub fn draft(
    project: &Project,
    wanted: &Admitted,
    pages: &Pages<'_>,
    sink: &dyn Sink,
    job: &Job<'_>,
) -> Result<Draft, Error> {
    let whole = wanted.dataset.join(&wanted.inside);
    let pointer = wanted.pointer.as_ref().filter(|pointer| matches!(pointer.kind, Kind::Folder { .. }));
    let pointer =
        pointer.ok_or_else(|| Error::InsideDataset { path: whole.clone(), dataset: wanted.dataset.clone() })?;
    let found = find(project, wanted, job)?;
    let before = entries_below(pages, &pointer.id, &wanted.inside)?;
    let is_one_file = matches!(&before[..], [only] if only.path == wanted.inside);
    if found.is_empty() && !is_one_file {
        return Err(Error::NoSuchPath { path: whole });
    }
    let entries = read(project, wanted, found, sink, job)?;
    let mut changes: Vec<(RepoPath, Option<Node>)> =
        before.into_iter().map(|gone| (gone.path, None)).filter(|(path, _)| !has(&entries, path)).collect();
    changes.extend(entries.into_iter().map(|entry| (entry.path, Some(entry.node))));
    changes.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut noticer = Noticer::new(sink.compression());
    let root = tree::edit(pages, &pointer.id, changes, |id, page: Vec<u8>| {
        Ok::<_, Error>(sink.take(PackKind::Pages, id, &page, &mut noticer)?)
    })?;
    pages.keep()?;
    Ok(Draft::of_part(wanted, &root))
}

fn has(entries: &[Entry], path: &RepoPath) -> bool {
    entries.binary_search_by(|entry| entry.path.cmp(path)).is_ok()
}

fn entries_below(pages: &Pages<'_>, root: &crate::base::Id, inside: &RepoPath) -> Result<Vec<Entry>, Error> {
    tree::walk_below(pages, root, inside)?.collect()
}

/// What is at or below the part, with paths relative to the dataset.
fn find(project: &Project, wanted: &Admitted, job: &Job<'_>) -> Result<Vec<Found>, Error> {
    let whole = wanted.dataset.join(&wanted.inside);
    let Ok(metadata) = fs::symlink_metadata(whole.below(project.root())) else { return Ok(Vec::new()) };
    let scan = if metadata.is_dir() {
        let ignored = Ignored::load(project.root(), &whole)?;
        worktree::scan(&whole.below(project.root()), &ignored, job)?
    } else {
        let mut found = worktree::scan_one(project.root(), &whole)?;
        found.path = RepoPath::default();
        Scan { found: vec![found], ..Scan::default() }
    };
    if let Some(nested) = scan.nested.first() {
        return Err(Error::HoldsOther { path: whole.clone(), nested: whole.join(nested) });
    }
    if !scan.refused.is_empty() {
        let mut refused = scan.refused;
        refused.iter_mut().for_each(|refused| refused.path = whole.join(&refused.path));
        return Err(Error::Unkept { refused });
    }
    let mut found = scan.found;
    found.iter_mut().for_each(|found| found.path = wanted.inside.join(&found.path));
    Ok(found)
}

fn read(
    project: &Project,
    wanted: &Admitted,
    found: Vec<Found>,
    sink: &dyn Sink,
    job: &Job<'_>,
) -> Result<Vec<Entry>, Error> {
    worktree::settle(found.iter().map(|found| found.stat.ctime).max().unwrap_or(i64::MIN));
    let is_file = |found: &&Found| matches!(found.kind, FileKind::File { .. });
    let files: Vec<_> = found.iter().filter(is_file).map(|found| (&found.path, found.stat)).collect();
    job.began(Step::Store, Some(files.iter().map(|(_, stat)| stat.bytes).sum()), Unit::Bytes);
    let root = wanted.dataset.below(project.root());
    let contents =
        ingest(&root, &files, &unknown, sink, Step::Store, job).map_err(|error| error.within(&wanted.dataset))?;
    let mut contents = contents.into_iter();
    job.done(Step::Store);
    let mut content = || contents.next().expect("one for each file").content;
    let entry = |found: &Found| Entry { path: found.path.clone(), node: node(&found.kind, &mut content) };
    Ok(found.iter().map(entry).collect())
}
