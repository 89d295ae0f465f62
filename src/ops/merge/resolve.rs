//! One dataset in conflict: what merges by itself is merged, and a choice settles the rest, or a part of it.

use serde::Serialize;

use crate::base::{Job, RepoPath, replace_file};
use crate::format::conflict::{self, Labels};
use crate::format::pointer::Pointer;
use crate::format::tree::{self, Choice, Merge, Side as Part, new_name};

use super::super::checkout::CheckedOut;
use super::super::chosen::Chosen;
use super::super::error::{Error, MOST_NAMED};
use super::super::gc::CacheLock;
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

/// A dataset in conflict, and how it is to be settled.
pub struct Resolving<'a> {
    /// The project.
    pub project: &'a Project,
    /// The dataset, or the files in it that are meant.
    pub chosen: &'a Chosen,
    /// Its sides.
    pub three: &'a Three,
    /// How.
    pub options: &'a ResolveOptions,
    /// Who watches.
    pub job: &'a Job<'a>,
}

impl Resolving<'_> {
    /// Settles the dataset, or those clashes of it that are chosen.
    ///
    /// # Errors
    /// `Clashes` if something clashes and nobody chose a side; `NoClash` for a file that does not clash. After any error
    /// all is as it was.
    pub fn run(&self) -> Result<Resolved, Error> {
        let three = self.three;
        bring(self.project, three, self.job)?;
        let remote = three.ours.as_ref().and_then(|side| side.pointer.remote.as_deref());
        let pages = Pages::new(self.project, remote)?;
        let joined = three.join(&pages);
        pages.keep()?;
        // Nothing that the pointers will say goes away until they are written.
        let held = self.project.hold_cache()?;
        let mut resolved = Resolved { path: self.chosen.dataset.clone(), ..Resolved::default() };
        let what = match joined? {
            Joined::Ours => three.ours.as_ref().map(What::of),
            Joined::Theirs => three.theirs.as_ref().map(What::of),
            Joined::File(node) => What::file(&node),
            Joined::Tree(merge) => match self.of_tree(&pages, merge, &mut resolved)? {
                Some(what) => Some(what),
                None => return Ok(resolved),
            },
            Joined::Clash => return self.whole(resolved, held),
        };
        let written = |what| {
            let bytes = three.write(what, self.options.choice);
            bytes.ok_or_else(|| clash(&[pointer_path(&self.chosen.dataset)]))
        };
        let bytes = what.map(written).transpose()?;
        self.finish(vec![(self.chosen.dataset.clone(), bytes)], resolved, held)
    }

    /// `None` if something is left to be settled: the pointer says then what.
    fn of_tree(&self, pages: &Pages<'_>, mut merge: Merge, resolved: &mut Resolved) -> Result<Option<What>, Error> {
        let Some(ours) = &self.three.ours else { return Ok(None) };
        let named = |path: &RepoPath| self.chosen.dataset.join(path);
        if !self.chosen.is_whole() && !merge.clashes.values().any(|clash| self.is_meant(clash)) {
            return Err(Error::NoClash { path: named(&self.chosen.common()) });
        }
        if let Some(choice) = self.options.choice {
            let merged = store(self.project, pages, &ours.pointer.id, merge.edits.clone())?;
            let is_taken = |path: &RepoPath| {
                let there = tree::walk_below(pages, &merged.id, path)?.next().transpose();
                Ok::<_, Error>(there?.is_some())
            };
            let (count, made) = merge.settle(choice, |clash| self.is_meant(clash), is_taken)?;
            resolved.chosen = count as u64;
            resolved.beside = made.iter().map(named).collect();
        }
        resolved.left = merge.clashes.keys().map(named).collect();
        if merge.clashes.is_empty() {
            return Ok(Some(What::folder(&store(self.project, pages, &ours.pointer.id, merge.edits)?)));
        }
        if self.options.choice.is_none() {
            return Err(clash(&resolved.left));
        }
        self.write_rest(pages, ours, &merge)?;
        Ok(None)
    }

    fn is_meant(&self, clash: &tree::Clash) -> bool {
        self.chosen.has(&clash.path) || clash.file.as_ref().is_some_and(|file| self.chosen.has(file))
    }

    /// Writes a pointer in conflict of which only what is not settled clashes. Git's index keeps the sides as they were.
    fn write_rest(&self, pages: &Pages<'_>, ours: &Side, merge: &Merge) -> Result<(), Error> {
        let text = |part: Part, side: Option<&Side>| {
            let What { kind, id, bytes } =
                What::folder(&store(self.project, pages, &ours.pointer.id, merge.side(part))?);
            let side = side.unwrap_or(ours);
            let pointer = Pointer { kind, id, bytes, ..side.pointer.clone() };
            Ok::<_, Error>(pointer.rewrite(&side.bytes))
        };
        let base = text(Part::Base, self.three.base.as_ref())?;
        let theirs = text(Part::Theirs, self.three.theirs.as_ref())?;
        let bytes = conflict::write(&text(Part::Ours, Some(ours))?, &base, &theirs, &Labels::default());
        Ok(replace_file(&pointer_path(&self.chosen.dataset).below(self.project.root()), &bytes)?)
    }

    /// The dataset clashes as a whole: the pointer of one side is taken as it is.
    fn whole(&self, mut resolved: Resolved, held: CacheLock) -> Result<Resolved, Error> {
        let dataset = &self.chosen.dataset;
        if !self.chosen.is_whole() {
            return Err(Error::NoClash { path: dataset.join(&self.chosen.common()) });
        }
        let choice = self.options.choice.ok_or_else(|| clash(std::slice::from_ref(dataset)))?;
        resolved.chosen = 1;
        let bytes = |side: Option<&Side>| side.map(|side| side.bytes.clone());
        let ours = bytes(self.three.side(choice));
        let settled = match (choice, bytes(self.three.theirs.as_ref())) {
            (Choice::Both, theirs) if ours.is_none() => vec![(dataset.clone(), theirs)],
            (Choice::Both, Some(theirs)) => {
                let beside = new_name(dataset, |path| Ok::<_, Error>(self.is_there(path)))?;
                resolved.beside.push(beside.clone());
                vec![(dataset.clone(), ours), (beside, Some(theirs))]
            }
            _ => vec![(dataset.clone(), ours)],
        };
        self.finish(settled, resolved, held)
    }

    fn is_there(&self, path: &RepoPath) -> bool {
        let both = [path.below(self.project.root()), pointer_path(path).below(self.project.root())];
        both.iter().any(|file| file.symlink_metadata().is_ok())
    }

    fn finish(&self, settled: Settled, resolved: Resolved, held: CacheLock) -> Result<Resolved, Error> {
        let done = materialise(self.project, &settled, held, self.options.force, self.job)?;
        Ok(Resolved {
            is_settled: true,
            is_gone: settled.first().is_some_and(|(_, bytes)| bytes.is_none()),
            is_staged: done.is_staged,
            checked_out: done.checked_out,
            problem: done.problem.map(|error| error.to_string()),
            ..resolved
        })
    }
}

fn clash(files: &[RepoPath]) -> Error {
    Error::Clashes { count: files.len(), files: files.iter().take(MOST_NAMED).cloned().collect() }
}
