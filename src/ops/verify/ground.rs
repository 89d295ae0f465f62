//! The pack store that is verified, and what may help it.

use std::cell::RefCell;

use crate::base::{Id, Job};
use crate::format::FormatError;
use crate::format::tree;
use crate::packs::{Look, PackError, PackStore, drop_damaged_copies};

use super::super::copies::Copies;
use super::super::error::Error;
use super::super::project::Project;
use super::super::remotes::Remote;

/// The cache, or a remote.
pub enum Ground<'a> {
    /// The cache, and what remotes are known to have.
    Cache {
        /// It.
        cache: &'a PackStore,
        /// What remotes had when they were last asked.
        copies: Copies,
    },
    /// A remote; the cache has most of its pages.
    Remote {
        /// It.
        remote: Remote,
        /// The cache.
        cache: &'a PackStore,
    },
}

/// How a chunk or a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there, as far as it is known.
    There,
    /// It is there, and `gc` will move it.
    Condemned,
    /// It is not in the cache, and a remote is known to have it.
    Elsewhere,
    /// It is lost or damaged.
    Missing,
}

impl<'a> Ground<'a> {
    /// The cache, damaged or not.
    pub fn cache(project: &'a Project) -> Result<Ground<'a>, Error> {
        for settings in project.config().remotes() {
            drop_damaged_copies(&project.copies_of(&settings))?;
        }
        Ok(Ground::Cache { cache: project.cache_to_verify()?, copies: Copies::load(project)? })
    }

    /// The remote of that name, or the default one.
    pub fn remote(project: &'a Project, name: Option<&str>) -> Result<Ground<'a>, Error> {
        Ok(Ground::Remote { remote: project.remote(name)?, cache: project.cache()? })
    }

    /// The store that is verified.
    pub fn packs(&self) -> &PackStore {
        match self {
            Ground::Cache { cache, .. } => cache,
            Ground::Remote { remote, .. } => &remote.packs,
        }
    }

    /// The cache.
    pub fn own(&self) -> &PackStore {
        let (Ground::Cache { cache, .. } | Ground::Remote { cache, .. }) = self;
        cache
    }

    /// The remote that is verified.
    pub fn as_remote(&self) -> Option<&Remote> {
        match self {
            Ground::Cache { .. } => None,
            Ground::Remote { remote, .. } => Some(remote),
        }
    }

    /// How a chunk or a page stands. As readers do, the first place that an index names is believed.
    pub fn standing(&self, look: &Look, id: &Id) -> Standing {
        match self.packs().find(id) {
            Some(place) if look.is_sound(id, &place) => Standing::There,
            Some(_) => Standing::Missing,
            None if look.in_condemned(id).is_some() => Standing::Condemned,
            None => match self {
                Ground::Cache { copies, .. } if copies.have(id) => Standing::Elsewhere,
                _ => Standing::Missing,
            },
        }
    }
}

/// Reads pages of what is verified, the last one once: from the cache, else from the remote.
pub struct Lists<'a> {
    ground: &'a Ground<'a>,
    look: &'a Look,
    job: &'a Job<'a>,
    last: RefCell<Option<(Id, Vec<u8>)>>,
    /// Pages that the verified store gives wrong, and how.
    damaged: RefCell<Vec<(Id, String)>>,
}

impl<'a> Lists<'a> {
    /// Nothing is read yet.
    pub fn new(ground: &'a Ground<'a>, look: &'a Look, job: &'a Job<'a>) -> Lists<'a> {
        Lists { ground, look, job, last: RefCell::default(), damaged: RefCell::default() }
    }

    /// What is known of the store.
    pub fn look(&self) -> &'a Look {
        self.look
    }

    /// The job for which they are read.
    pub fn job(&self) -> &'a Job<'a> {
        self.job
    }

    /// Whether the page can be read.
    ///
    /// # Errors
    /// Only those of the way to it.
    pub fn can_read(&self, id: &Id) -> Result<bool, Error> {
        self.job.check()?;
        match tree::Pages::page(self, id) {
            Ok(page) => {
                self.last.replace(Some((*id, page)));
                Ok(true)
            }
            Err(Error::Packs(error)) if error.is_about_data() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The pages that the verified store gives wrong, and how.
    pub fn damaged(self) -> Vec<(Id, String)> {
        self.damaged.into_inner()
    }

    fn read(&self, store: &PackStore, id: &Id) -> Result<Vec<u8>, PackError> {
        let is_verified = std::ptr::eq(store, self.ground.packs());
        let condemned = self.look.in_condemned(id).filter(|_| is_verified && store.find(id).is_none());
        let read = match condemned {
            Some(place) => store.read_at(id, &place),
            None => store.read(id),
        };
        // What this store holds is what is verified; another's damage is told when that one is.
        if let Err(error) = &read
            && is_verified
            && error.is_about_data()
            && !matches!(error, PackError::Absent { .. })
        {
            self.damaged.borrow_mut().push((*id, error.to_string()));
        }
        read
    }
}

impl tree::Pages for Lists<'_> {
    type Error = Error;

    fn page(&self, id: &Id) -> Result<Vec<u8>, Error> {
        if let Some((_, page)) = self.last.borrow().as_ref().filter(|(last, _)| last == id) {
            return Ok(page.clone());
        }
        match self.read(self.ground.own(), id) {
            Err(error) if error.is_about_data() => match self.ground {
                Ground::Remote { remote, .. } => Ok(self.read(&remote.packs, id)?),
                Ground::Cache { .. } => Err(error.into()),
            },
            other => Ok(other?),
        }
    }

    fn damaged(&self, id: &Id, cause: FormatError) -> Error {
        PackError::Page { store: self.ground.packs().name().to_owned(), id: *id, cause }.into()
    }
}
