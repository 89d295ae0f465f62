//! The remotes that a verb may need, each opened once, and only if it is needed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::error::Error;
use super::project::Project;
use super::remotes::Remote;

/// Opens remotes when data is missing here.
pub struct Fetcher<'a> {
    project: &'a Project,
    /// The remote that the user named, which wins over all others.
    named: Option<String>,
    opened: RefCell<BTreeMap<Option<String>, Rc<Remote>>>,
}

impl<'a> Fetcher<'a> {
    /// Nothing is opened yet.
    pub fn new(project: &'a Project, named: Option<&str>) -> Fetcher<'a> {
        Fetcher { project, named: named.map(str::to_owned), opened: RefCell::default() }
    }

    /// The name under which the remote of a dataset is looked up, whose pointer may name one.
    pub fn name(&self, of_pointer: Option<&str>) -> Option<String> {
        self.named.clone().or_else(|| of_pointer.map(str::to_owned))
    }

    /// The remote of a dataset, knowing what it has; `None` if the project has no remote.
    pub fn remote(&self, of_pointer: Option<&str>) -> Result<Option<Rc<Remote>>, Error> {
        let name = self.name(of_pointer);
        if let Some(remote) = self.opened.borrow().get(&name) {
            return Ok(Some(Rc::clone(remote)));
        }
        let remote = match self.project.remote(name.as_deref()) {
            Ok(remote) => Rc::new(remote),
            Err(Error::NoRemote) => return Ok(None),
            Err(error) => return Err(error),
        };
        remote.packs.refresh(false)?;
        self.opened.borrow_mut().insert(name, Rc::clone(&remote));
        Ok(Some(remote))
    }
}
