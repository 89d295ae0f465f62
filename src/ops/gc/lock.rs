//! The lock of the cache: who points at new data holds it with others, who removes data holds it alone, for a short step.
//!
//! Reading takes no lock, and nobody holds it alone while a remote is asked for something.

use std::fs::File;

use crate::base::hold_lock;

use super::super::error::Error;
use super::super::project::Project;

/// The lock is held until this is dropped.
#[derive(Debug)]
pub struct CacheLock {
    _file: File,
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
        self.cache()?;
        // Where the file system has no locks, nobody must collect while others add.
        Ok(CacheLock { _file: hold_lock(&self.cache_folder().join("lock"), lock)? })
    }
}
