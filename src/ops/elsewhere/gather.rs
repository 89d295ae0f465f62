//! Data of another repository on its way into our cache: out of its own cache, if that is here, then from its remotes.

use std::collections::HashSet;

use crate::base::{Id, Job};
use crate::format::compression::Compression;
use crate::format::tree::ChunkRef;
use crate::packs::PackStore;

use super::super::acknowledged::Acknowledged;
use super::super::bring;
use super::super::error::Error;
use super::super::lack::{Lack, lack, lack_with_pages};
use super::super::pages::Pages;
use super::super::pointed::Selected;
use super::super::remotes::Remote;
use super::super::suffering::{missing, suffering};
use super::there::Elsewhere;

/// How much of a version is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Its lists of files.
    Pages,
    /// All of it.
    All,
}

impl Extent {
    fn is_met(self, lack: &Lack) -> bool {
        lack.unread.is_empty() && (self == Extent::Pages || lack.chunks.is_empty())
    }
}

/// A place where data may be.
enum Source {
    OwnCache,
    Remote(Option<String>),
}

impl Elsewhere {
    /// Brings what our cache lacks of `wanted`. Returns the bytes of the chunks that came, before compression.
    ///
    /// # Errors
    /// Why the remote could not be asked; `DataMissing` for files whose data is nowhere. What came is kept.
    pub fn gather(&self, wanted: &[Selected], extent: Extent, job: &Job<'_>) -> Result<u64, Error> {
        let (cache, nobody) = (self.project.cache()?, Acknowledged::default());
        let (mut bytes, mut stores, mut refused) = (0, Vec::new(), None);
        for source in self.sources(wanted) {
            if extent.is_met(&lack(&self.project, wanted, &cache.catalog(), &nobody, job)?) {
                return Ok(bytes);
            }
            let source = match self.open_source(&source) {
                Ok(source) => source,
                Err(error) => {
                    refused = Some(error);
                    continue;
                }
            };
            stores.push(source.packs.name().to_owned());
            let lack = lack_with_pages(&self.project, &source, wanted, cache, &nobody, job)?;
            let there = |chunk: &&ChunkRef| source.packs.find(&chunk.id).is_some();
            let chunks: Vec<ChunkRef> = lack.chunks.iter().filter(there).copied().collect();
            if extent == Extent::All && !chunks.is_empty() {
                bytes += bring::bring_chunks(&self.project, &source, &chunks, &|_, _| (), job)?.raw_bytes;
            }
        }
        let lack = lack(&self.project, wanted, &cache.catalog(), &nobody, job)?;
        match (extent.is_met(&lack), refused) {
            (true, _) => Ok(bytes),
            (false, Some(error)) => Err(error),
            (false, None) => {
                let absent: HashSet<Id> = lack.chunks.iter().map(|chunk| chunk.id).chain(lack.unread).collect();
                let pages = Pages::of_verb(&self.project, None, false)?;
                Err(missing(&suffering(&pages, wanted, &absent)?, stores))
            }
        }
    }

    fn sources(&self, wanted: &[Selected]) -> Vec<Source> {
        let mut names: Vec<Option<String>> =
            wanted.iter().map(|selected| selected.dataset.pointer.remote.clone()).collect();
        names.sort();
        names.dedup();
        let own = self.own_cache.iter().map(|_| Source::OwnCache);
        own.chain(names.into_iter().map(Source::Remote)).collect()
    }

    fn open_source(&self, source: &Source) -> Result<Remote, Error> {
        match source {
            Source::OwnCache => {
                let folder = self.own_cache.as_ref().expect("sources() saw it");
                let packs = PackStore::cache(folder, Compression::default())?;
                Ok(Remote { name: format!("the cache of {}", self.address.url), packs })
            }
            Source::Remote(name) => {
                let settings = self.project.remote_settings(name.as_deref()).map_err(|error| self.no_remote(error))?;
                let is_relative = !settings.url.contains("://") && !settings.url.starts_with('/');
                if self.is_far() && is_relative {
                    let (url, remote, folder) = (self.address.url.clone(), settings.name, settings.url);
                    return Err(Error::RemoteThere { url, remote, folder });
                }
                let remote = self.project.remote(name.as_deref())?;
                remote.packs.refresh(false)?;
                Ok(remote)
            }
        }
    }

    /// It is their project that has no remote, and not ours.
    fn no_remote(&self, error: Error) -> Error {
        match error {
            Error::NoRemote | Error::WhichRemote { .. } | Error::UnknownRemote { .. } => {
                Error::NoRemoteThere { url: self.address.url.clone(), reason: error.to_string() }
            }
            error => error,
        }
    }
}
