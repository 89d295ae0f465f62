//! One dataset in conflict: what merges by itself is merged, and a choice settles the rest, or a part of it.

use serde::Serialize;

use crate::base::{Job, RepoPath};
use crate::format::conflict::{self, Labels};
use crate::format::tree::{self, Choice, Merge, Side as Part, new_name};

use super::super::checkout::CheckedOut;
use super::super::chosen::Chosen;
use super::super::error::{Error, MOST_NAMED};
use super::super::pages::Pages;
use super::super::pointed::pointer_path;
use super::super::project::Project;
use super::bring::bring;
use super::driver::store;
use super::materialise::{Settled, materialise};
use super::three::{Joined, Side, Three, What};
use super::verb::ResolveOptions;

/// What became of one dataset.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resolved {
    /// Where it is.
    pub path: RepoPath,
    /// Whether nothing is left to be settled.
    pub is_settled: bool,
    /// Whether the dataset is gone, since the side that was taken has none.
    pub is_gone: bool,
    /// Whether Git knows that it is settled.
    pub is_staged: bool,
    /// How many files were settled by the choice.
    pub chosen: u64,
    /// New names that their side got, relative to the root of the worktree.
    pub beside: Vec<RepoPath>,
    /// The files that still clash.
    pub left: Vec<RepoPath>,
    /// What changed in the worktree.
    pub checked_out: Vec<CheckedOut>,
    /// Why the data is not in the worktree, although the pointer is settled.
    pub problem: Option<String>,
}

/// Settles a dataset, or those clashes of it that are chosen.
///
/// # Errors
/// `Clashes` if something clashes and nobody chose a side; `NoClash` for a file that does not clash. After any error all
/// is as it was.
pub fn resolve_one(
    project: &Project,
    chosen: &Chosen,
    three: &Three,
    options: &ResolveOptions,
    job: &Job<'_>,
) -> Result<Resolved, Error> {
    bring(project, three, job)?;
    let pages = Pages::new(project, three.ours.as_ref().and_then(|side| side.pointer.remote.as_deref()))?;
    let joined = three.join(&pages);
    pages.keep()?;
    let mut resolved = Resolved { path: chosen.dataset.clone(), ..Resolved::default() };
    let what = match joined? {
        Joined::Ours => three.ours.as_ref().map(What::of),
        Joined::Theirs => three.theirs.as_ref().map(What::of),
        Joined::File(node) => What::file(&node),
        Joined::Tree(merge) => {
            let Some(what) = of_tree(project, &pages, chosen, three, merge, options, &mut resolved)? else {
                return Ok(resolved);
            };
            Some(what)
        }
        Joined::Clash => {
            let choice = options.choice.ok_or_else(|| clash(&[chosen.dataset.clone()]))?;
            return whole(project, chosen, three, choice, options, resolved, job);
        }
    };
    let bytes = match what {
        Some(what) => {
            let written = three.write(what, options.choice);
            Some(written.ok_or_else(|| clash(&[pointer_path(&chosen.dataset)]))?)
        }
        None => None,
    };
    finish(project, vec![(chosen.dataset.clone(), bytes)], options, resolved, job)
}

/// `None` if something is left to be settled: the pointer says then what.
fn of_tree(
    project: &Project,
    pages: &Pages<'_>,
    chosen: &Chosen,
    three: &Three,
    mut merge: Merge,
    options: &ResolveOptions,
    resolved: &mut Resolved,
) -> Result<Option<What>, Error> {
    let Some(ours) = &three.ours else { return Ok(None) };
    let named = |path: &RepoPath| chosen.dataset.join(path);
    if !chosen.is_whole() && !merge.clashes.values().any(|clash| is_meant(chosen, clash)) {
        return Err(Error::NoClash { path: named(&chosen.common()) });
    }
    if let Some(choice) = options.choice {
        let merged = store(project, pages, &ours.pointer.id, merge.edits.clone())?;
        let is_taken = |path: &RepoPath| {
            let there = tree::walk_below(pages, &merged.id, path)?.next().transpose();
            Ok::<_, Error>(there?.is_some())
        };
        let (count, made) = merge.settle(choice, |clash| is_meant(chosen, clash), is_taken)?;
        resolved.chosen = count as u64;
        resolved.beside = made.iter().map(named).collect();
    }
    resolved.left = merge.clashes.keys().map(named).collect();
    if merge.clashes.is_empty() {
        return Ok(Some(What::folder(&store(project, pages, &ours.pointer.id, merge.edits)?)));
    }
    if options.choice.is_none() {
        return Err(clash(&resolved.left));
    }
    write_rest(project, pages, chosen, three, &merge)?;
    Ok(None)
}

fn is_meant(chosen: &Chosen, clash: &tree::Clash) -> bool {
    chosen.has(&clash.path) || clash.file.as_ref().is_some_and(|file| chosen.has(file))
}

/// Writes a pointer in conflict of which only what is not settled clashes. Git's index keeps the sides as they were.
fn write_rest(
    project: &Project,
    pages: &Pages<'_>,
    chosen: &Chosen,
    three: &Three,
    merge: &Merge,
) -> Result<(), Error> {
    let Some(ours) = &three.ours else { return Ok(()) };
    let text = |part: Part, side: Option<&Side>| {
        let root = store(project, pages, &ours.pointer.id, merge.side(part))?;
        let (what, bytes) = (What::folder(&root), &side.unwrap_or(ours).bytes);
        let pointer = side.unwrap_or(ours).pointer.clone();
        let pointer = crate::format::pointer::Pointer { kind: what.kind, id: what.id, bytes: what.bytes, ..pointer };
        Ok::<_, Error>(pointer.rewrite(bytes))
    };
    let (base, ours, theirs) = (
        text(Part::Base, three.base.as_ref())?,
        text(Part::Ours, three.ours.as_ref())?,
        text(Part::Theirs, three.theirs.as_ref())?,
    );
    let file = pointer_path(&chosen.dataset).below(project.root());
    let bytes = conflict::write(&ours, &base, &theirs, &Labels::default());
    Ok(crate::base::replace_file(&file, &bytes)?)
}

/// The dataset clashes as a whole: the pointer of one side is taken as it is.
fn whole(
    project: &Project,
    chosen: &Chosen,
    three: &Three,
    choice: Choice,
    options: &ResolveOptions,
    mut resolved: Resolved,
    job: &Job<'_>,
) -> Result<Resolved, Error> {
    if !chosen.is_whole() {
        return Err(Error::NoClash { path: chosen.dataset.join(&chosen.common()) });
    }
    resolved.chosen = 1;
    let bytes = |side: Option<&Side>| side.map(|side| side.bytes.clone());
    let mut settled = vec![(chosen.dataset.clone(), bytes(three.side(choice)))];
    if let (Choice::Both, Some(theirs)) = (choice, &three.theirs) {
        if three.ours.is_some() {
            let is_taken = |path: &RepoPath| {
                let both = [path.below(project.root()), pointer_path(path).below(project.root())];
                Ok::<_, Error>(both.iter().any(|file| file.symlink_metadata().is_ok()))
            };
            let beside = new_name(&chosen.dataset, is_taken)?;
            resolved.beside.push(beside.clone());
            settled.push((beside, Some(theirs.bytes.clone())));
        } else {
            settled[0].1 = Some(theirs.bytes.clone());
        }
    }
    finish(project, settled, options, resolved, job)
}

fn finish(
    project: &Project,
    settled: Settled,
    options: &ResolveOptions,
    mut resolved: Resolved,
    job: &Job<'_>,
) -> Result<Resolved, Error> {
    let done = materialise(project, &settled, options.force, job)?;
    resolved.is_settled = true;
    resolved.is_gone = settled.first().is_some_and(|(_, bytes)| bytes.is_none());
    resolved.is_staged = done.is_staged;
    resolved.checked_out = done.checked_out;
    resolved.problem = done.problem.map(|error| error.to_string());
    Ok(resolved)
}

fn clash(files: &[RepoPath]) -> Error {
    Error::Clashes { count: files.len(), files: files.iter().take(MOST_NAMED).cloned().collect() }
}
