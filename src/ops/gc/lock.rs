//! The lock of the cache: who points at new data holds it with others, who removes data holds it alone, for a short step.
//!
//! Reading takes no lock, and nobody holds it alone while a remote is asked for something.

use std::fs::File;
use std::io::ErrorKind;

use crate::base::AtPath;

use super::super::error::Error;
use super::super::project::Project;

/// The lock is held until this is dropped.
#[derive(Debug)]
pub struct CacheLock {
    _file: Option<File>,
}

impl Project {
    /// From here until pointers are written, nothing that the cache has goes away. Several may hold it so.
    pub(in super::super) fn hold_cache(&self) -> Result<CacheLock, Error> {
        self.lock_cache(File::lock_shared)
    }

    /// Nobody else is about to point at what the cache has.
    pub(in super::super) fn close_cache(&self) -> Result<CacheLock, Error> {
        self.lock_cache(File::lock)
    }

    fn lock_cache(&self, lock: fn(&File) -> std::io::Result<()>) -> Result<CacheLock, Error> {
        let folder = self.cache_folder();
        self.cache()?;
        let path = folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).at("create", &path)?;
        match lock(&file) {
            Ok(()) => Ok(CacheLock { _file: Some(file) }),
            // Some network file systems have no locks: there, nobody must collect while others add.
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(CacheLock { _file: None }),
            Err(error) => Err(error).at("lock", &path)?,
        }
    }
}
