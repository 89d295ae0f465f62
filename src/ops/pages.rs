//! Where the pages of trees and manifests come from: memory, the cache, and at last a remote.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use crate::base::Id;
use crate::format::FormatError;
use crate::format::compression::Noticer;
use crate::format::pack::PackKind;
use crate::format::tree;
use crate::packs::{PackError, PackStore};

use super::error::Error;
use super::project::Project;
use super::remotes::Remote;

/// All pages that a verb can reach. What a remote gave is kept in the cache by [`Pages::keep`].
pub struct Pages<'a> {
    project: &'a Project,
    cache: &'a PackStore,
    remote_name: Option<String>,
    remote: OnceCell<Option<Remote>>,
    fetched: RefCell<HashMap<Id, Vec<u8>>>,
    fresh: RefCell<HashMap<Id, Vec<u8>>>,
}

impl<'a> Pages<'a> {
    /// Pages of the cache, and of the remote `remote_name` (or the default one) where the cache lacks some.
    pub fn new(project: &'a Project, remote_name: Option<&str>) -> Result<Pages<'a>, Error> {
        Ok(Pages {
            project,
            cache: project.cache()?,
            remote_name: remote_name.map(str::to_owned),
            remote: OnceCell::new(),
            fetched: RefCell::default(),
            fresh: RefCell::default(),
        })
    }

    /// The same; with `may_fetch` false, of the cache only.
    pub fn of_verb(project: &'a Project, remote_name: Option<&str>, may_fetch: bool) -> Result<Pages<'a>, Error> {
        let pages = Pages::new(project, remote_name)?;
        if !may_fetch {
            let _ = pages.remote.set(None);
        }
        Ok(pages)
    }

    /// Adds a page that is stored nowhere: of a tree that describes the worktree, say.
    pub fn put(&self, id: Id, page: Vec<u8>) {
        self.fresh.borrow_mut().insert(id, page);
    }

    /// Stores in the cache what came from a remote.
    pub fn keep(&self) -> Result<(), Error> {
        let fetched = self.fetched.take();
        if fetched.is_empty() {
            return Ok(());
        }
        let writer = self.cache.writer()?;
        let mut noticer = Noticer::new(writer.compression());
        for (id, page) in fetched {
            writer.add(PackKind::Pages, id, &page, &mut noticer)?;
        }
        writer.finish()?;
        Ok(())
    }

    fn fetch(&self, id: &Id) -> Result<Vec<u8>, Error> {
        let Some(remote) = self.remote()? else {
            return Err(PackError::Absent { store: self.cache.name().to_owned(), id: *id }.into());
        };
        let page = remote.packs.read(id)?;
        self.fetched.borrow_mut().insert(*id, page.clone());
        Ok(page)
    }

    fn remote(&self) -> Result<Option<&Remote>, Error> {
        if let Some(remote) = self.remote.get() {
            return Ok(remote.as_ref());
        }
        let remote = match self.project.remote(self.remote_name.as_deref()) {
            Ok(remote) => {
                remote.packs.refresh(false)?;
                Some(remote)
            }
            Err(Error::NoRemote | Error::WhichRemote { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(self.remote.get_or_init(|| remote).as_ref())
    }
}

impl tree::Pages for Pages<'_> {
    type Error = Error;

    fn page(&self, id: &Id) -> Result<Vec<u8>, Error> {
        for known in [&self.fresh, &self.fetched] {
            if let Some(page) = known.borrow().get(id) {
                return Ok(page.clone());
            }
        }
        match self.cache.read(id) {
            Ok(page) => Ok(page),
            // A damaged page heals here: the good one is stored again.
            Err(error) if error.is_about_data() => match self.fetch(id) {
                Ok(page) => Ok(page),
                Err(Error::Packs(PackError::Absent { .. })) => Err(error.into()),
                Err(error) => Err(error),
            },
            Err(error) => Err(error.into()),
        }
    }

    fn damaged(&self, id: &Id, cause: FormatError) -> Error {
        PackError::Page { store: self.cache.name().to_owned(), id: *id, cause }.into()
    }
}
