//! The remotes of a project: which one is meant, and how it is opened.

use std::path::{Path, PathBuf};

use crate::base::Id;
use crate::format::config::Remote as RemoteSettings;
use crate::packs::PackStore;
use crate::store::{self, StoreOptions};

use super::error::Error;
use super::project::{Project, normal};

/// A remote by its name, with the pack store in it.
pub struct Remote {
    /// What the project calls it.
    pub name: String,
    /// What is in it. Knows nothing until it is refreshed.
    pub packs: PackStore,
}

impl Project {
    /// The settings of the remote `name`, or of the one that is meant when none is named.
    ///
    /// # Errors
    /// `UnknownRemote`, `NoRemote`, or `WhichRemote` if there are several and no default.
    pub fn remote_settings(&self, name: Option<&str>) -> Result<RemoteSettings, Error> {
        let all = self.config().remotes();
        let names = || all.iter().map(|remote| remote.name.clone()).collect::<Vec<_>>();
        if let Some(name) = name.or_else(|| self.config().default_remote()) {
            let unknown = || Error::UnknownRemote { name: name.to_owned(), known: names() };
            return self.config().remote(name).ok_or_else(unknown);
        }
        match &all[..] {
            [] => Err(Error::NoRemote),
            [only] => Ok(only.clone()),
            _ => Err(Error::WhichRemote { names: names() }),
        }
    }

    /// Opens a remote to read from it. Makes no request yet.
    pub fn remote(&self, name: Option<&str>) -> Result<Remote, Error> {
        self.open_remote(&self.remote_settings(name)?, false)
    }

    /// Opens a remote to write to it: a folder that is not there is made.
    pub fn remote_to_write(&self, name: Option<&str>) -> Result<Remote, Error> {
        self.open_remote(&self.remote_settings(name)?, true)
    }

    fn open_remote(&self, settings: &RemoteSettings, will_write: bool) -> Result<Remote, Error> {
        let url = self.absolute_url(&settings.url);
        let options = StoreOptions {
            endpoint: settings.endpoint.clone(),
            region: settings.region.clone(),
            profile: settings.profile.clone(),
            checksum: settings.checksum.clone(),
        };
        let store = if will_write { store::create(&url, &options)? } else { store::open(&url, &options)? };
        Ok(Remote { name: settings.name.clone(), packs: PackStore::remote(store, &self.copies_of(settings)) })
    }

    /// Where the copies of a remote's index lie on this machine.
    pub(super) fn copies_of(&self, settings: &RemoteSettings) -> PathBuf {
        let url = self.absolute_url(&settings.url);
        let place = format!("{url}\n{}", settings.endpoint.as_deref().unwrap_or_default());
        self.clone_state().join("remotes").join(&Id::of(place.as_bytes()).to_string()[..16])
    }

    /// A folder is meant relative to the root of the worktree.
    pub(super) fn absolute_url(&self, url: &str) -> String {
        if url.contains("://") || Path::new(url).is_absolute() {
            return url.to_owned();
        }
        normal(&self.root().join(url)).display().to_string()
    }
}
