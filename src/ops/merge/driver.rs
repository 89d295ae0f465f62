//! What Git calls to merge a pointer that both sides changed.
//!
//! Neither the worktree nor the index is touched: Git takes the result from the file that it named for our side.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{AtPath, Id, Job, RepoPath};
use crate::format::compression::Noticer;
use crate::format::conflict::{self, Labels};
use crate::format::pack::PackKind;
use crate::format::tree::{self, Node, Root};
use crate::packs::Sink;

use super::super::error::Error;
use super::super::lazy_writer::LazyWriter;
use super::super::pages::Pages;
use super::super::pointed::dataset_path;
use super::super::project::{Project, Settings};
use super::bring::bring;
use super::three::{Joined, Side, Three, What};

/// The files that Git names.
#[derive(Debug, Clone)]
pub struct MergeDriverOptions {
    /// The pointer that both started from; empty if there was none.
    pub base: PathBuf,
    /// Our pointer; the result is written here.
    pub ours: PathBuf,
    /// Their pointer.
    pub theirs: PathBuf,
    /// Where the pointer lies in the repository.
    pub path: RepoPath,
    /// What stands beside the markers of a conflict.
    pub labels: Labels,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MergeDriverReport {
    /// Whether Git may go on.
    pub is_merged: bool,
    /// The files that clash, relative to the root of the worktree.
    pub clashes: Vec<RepoPath>,
    /// Why nothing could be merged.
    pub problem: Option<String>,
}

/// Merges three pointers. Whatever stands in the way, the result carries all sides.
///
/// # Errors
/// A file that Git named cannot be read, or written.
pub fn merge_driver(
    settings: &Settings,
    options: &MergeDriverOptions,
    job: &Job<'_>,
) -> Result<MergeDriverReport, Error> {
    let read = |path: &PathBuf| fs::read(path).at("read", path);
    let (base, ours, theirs) = (read(&options.base)?, read(&options.ours)?, read(&options.theirs)?);
    let merged = merge(settings, options, [&base, &ours, &theirs], job);
    let (report, bytes) = match merged {
        Ok((report, Some(bytes))) => (report, bytes),
        Ok((report, None)) => (report, conflict::write(&ours, &base, &theirs, &options.labels)),
        Err(error) => {
            let report = MergeDriverReport { problem: Some(error.to_string()), ..MergeDriverReport::default() };
            (report, conflict::write(&ours, &base, &theirs, &options.labels))
        }
    };
    fs::write(&options.ours, bytes).at("write", &options.ours)?;
    Ok(report)
}

fn merge(
    settings: &Settings,
    options: &MergeDriverOptions,
    [base, ours, theirs]: [&Vec<u8>; 3],
    job: &Job<'_>,
) -> Result<(MergeDriverReport, Option<Vec<u8>>), Error> {
    let project = Project::open(settings)?;
    let three = Three {
        base: Side::parse_base(&options.path, base.clone())?,
        ours: Side::parse(&options.path, ours.clone())?,
        theirs: Side::parse(&options.path, theirs.clone())?,
    };
    bring(&project, &three, job)?;
    let pages = Pages::new(&project, three.ours.as_ref().and_then(|side| side.pointer.remote.as_deref()))?;
    let joined = three.join(&pages);
    // What was fetched is worth keeping, whatever comes of it.
    pages.keep()?;
    // What is stored from here on is young enough to stay until Git has written the pointer.
    let _held = project.hold_cache()?;
    let mut clashes = Vec::new();
    let what = match joined? {
        Joined::Ours => three.ours.as_ref().map(What::of),
        Joined::Theirs => three.theirs.as_ref().map(What::of),
        Joined::File(node) => What::file(&node),
        Joined::Clash => None,
        Joined::Tree(merge) => {
            let dataset = dataset_path(&options.path).unwrap_or_default();
            clashes.extend(merge.clashes.keys().map(|path| dataset.join(path)));
            match &three.ours {
                Some(ours) if clashes.is_empty() => {
                    let changes = merge.edits.into_iter();
                    Some(What::folder(&store(&project, &pages, &ours.pointer.id, changes)?))
                }
                _ => None,
            }
        }
    };
    let bytes = what.and_then(|what| three.write(what, None));
    Ok((MergeDriverReport { is_merged: bytes.is_some(), clashes, problem: None }, bytes))
}

/// Stores a tree with changes in the cache; it is durable when this returns.
pub fn store(
    project: &Project,
    pages: &Pages<'_>,
    root: &Id,
    changes: impl IntoIterator<Item = (RepoPath, Option<Node>)>,
) -> Result<Root, Error> {
    let writer = LazyWriter::new(project.cache()?);
    let mut noticer = Noticer::new(writer.compression());
    let root = tree::edit(pages, root, changes, |id, page: Vec<u8>| {
        writer.take(PackKind::Pages, id, &page, &mut noticer)?;
        pages.put(id, page);
        Ok::<_, Error>(())
    })?;
    writer.finish()?;
    Ok(root)
}
