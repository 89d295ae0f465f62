//! Where what comes from elsewhere lies on this machine: in this project, or in folders of the user.

use std::path::{Path, PathBuf};

use crate::base::Id;
use crate::format::compression::Compression;
use crate::format::config::{Layer, Place};
use crate::git::GitError;
use crate::packs::PackStore;

use super::super::error::Error;
use super::super::project::{self, Project, Settings};
use super::scratch::Scratch;

/// Folders for the commits of other repositories, and for data.
#[derive(Debug)]
pub struct Ground {
    commits: PathBuf,
    cache: PathBuf,
    compression: Compression,
    user: Option<Layer>,
    /// Holds the cache where there is no project.
    _scratch: Option<Scratch>,
}

impl Ground {
    /// Data comes into the cache of the project.
    pub fn of_project(project: &Project) -> Ground {
        Ground {
            commits: project.clone_state().join("elsewhere"),
            cache: project.cache_folder(),
            compression: project.config().compression(),
            user: project.user().cloned(),
            _scratch: None,
        }
    }

    /// That of the project in which the user stands. Outside of any, data comes into a cache that goes afterwards.
    pub fn of(settings: &Settings) -> Result<(Ground, Option<Project>), Error> {
        match Project::open(settings) {
            Ok(project) => Ok((Ground::of_project(&project), Some(project))),
            Err(Error::NotInitialised { .. } | Error::Git(GitError::NoRepository { .. } | GitError::Bare { .. })) => {
                Ok((Ground::outside(settings)?, None))
            }
            Err(error) => Err(error),
        }
    }

    fn outside(settings: &Settings) -> Result<Ground, Error> {
        let hint = Some("set HOME, or work inside a project");
        let home = settings.cache_home.as_ref();
        let home = home.ok_or_else(|| Error::usage("there is no folder for what is fetched", hint))?;
        let scratch = Scratch::begin(&home.join("tmp"))?;
        let layers = project::layers(None, settings)?;
        Ok(Ground {
            commits: home.join("elsewhere"),
            cache: scratch.path().join("cache"),
            compression: Compression::default(),
            user: layers.into_iter().find(|layer| layer.place == Place::User),
            _scratch: Some(scratch),
        })
    }

    /// The folder for what is known of the repository of this name.
    pub fn state_of(&self, repository: &str) -> PathBuf {
        self.commits.join(&Id::of(repository.as_bytes()).to_string()[..16])
    }

    /// Whether a folder is the cache that data comes into.
    pub fn is_cache(&self, folder: &Path) -> bool {
        folder == self.cache
    }

    /// The cache that data comes into.
    pub fn cache(&self) -> Result<(PathBuf, PackStore), Error> {
        Ok((self.cache.clone(), PackStore::cache(&self.cache, self.compression)?))
    }

    /// The user's own settings, which may say how remotes are reached.
    pub fn user(&self) -> Option<Layer> {
        self.user.clone()
    }
}
