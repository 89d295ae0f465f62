//! Both sides of each dataset that may differ.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::base::{Job, RepoPath};
use crate::format::pointer::Pointer;

use super::super::chosen::{Chosen, choose};
use super::super::error::Error;
use super::super::here::{Held, here};
use super::super::moment::Moment;
use super::super::pages::Pages;
use super::super::pointed::dataset_path;
use super::super::project::Project;

/// A dataset as it was and as it is.
pub struct Two<'a> {
    /// As it was.
    pub old: Held,
    /// As it is.
    pub new: Held,
    /// The pages of both.
    pub pages: Rc<Pages<'a>>,
}

/// Two moments.
pub struct Sides<'a> {
    project: &'a Project,
    from: &'a Moment,
    to: &'a Moment,
    /// By the remote that they come from.
    pages: RefCell<BTreeMap<Option<String>, Rc<Pages<'a>>>>,
}

impl<'a> Sides<'a> {
    /// Nothing is looked at yet.
    pub fn new(project: &'a Project, from: &'a Moment, to: &'a Moment) -> Sides<'a> {
        Sides { project, from, to, pages: RefCell::default() }
    }

    /// The datasets that are chosen by `paths` and may differ: not those with equal pointers in two commits.
    pub fn may_differ(&self, paths: &[RepoPath]) -> Result<Vec<Chosen>, Error> {
        let mut known = self.from.paths(self.project)?;
        known.extend(self.to.paths(self.project)?);
        let mut chosen = choose(&known, paths)?;
        if let (Some(old), Some(new)) = (self.from.commit(), self.to.commit()) {
            let changed = self.project.repo().changed_pointers(Some(old), Some(new))?;
            let changed: BTreeSet<RepoPath> = changed.iter().filter_map(dataset_path).collect();
            chosen.retain(|chosen| changed.contains(&chosen.dataset));
        }
        Ok(chosen)
    }

    /// Both sides of one dataset.
    pub fn of(&self, dataset: &RepoPath, job: &Job<'_>) -> Result<Two<'a>, Error> {
        job.check()?;
        let old = self.from.pointer(self.project, dataset)?;
        let (new, pages) = match self.to {
            Moment::Worktree => {
                let pages = self.pages(old.as_ref())?;
                (here(self.project, dataset, &pages, job)?, pages)
            }
            Moment::Beginning | Moment::Commit(..) => {
                let new = self.to.pointer(self.project, dataset)?;
                (Held::by_pointer(new.as_ref()), self.pages(new.as_ref().or(old.as_ref()))?)
            }
        };
        Ok(Two { old: Held::by_pointer(old.as_ref()), new, pages })
    }

    /// Stores in the cache what was fetched.
    pub fn keep(&self) -> Result<(), Error> {
        self.pages.borrow().values().try_for_each(|pages| pages.keep())
    }

    fn pages(&self, pointer: Option<&Pointer>) -> Result<Rc<Pages<'a>>, Error> {
        let remote = pointer.and_then(|pointer| pointer.remote.clone());
        if let Some(pages) = self.pages.borrow().get(&remote) {
            return Ok(Rc::clone(pages));
        }
        let pages = Rc::new(Pages::new(self.project, remote.as_deref())?);
        self.pages.borrow_mut().insert(remote, Rc::clone(&pages));
        Ok(pages)
    }
}
