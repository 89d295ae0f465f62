//! Another repository at one commit: its pointers, its remotes, and what data of it lies on this machine already.

use std::path::PathBuf;

use crate::base::{Job, RepoPath, Step, Unit};
use crate::format::config::{Config, Layer, Place as From};
use crate::git::{BlobId, Commit, Distant, GitEnvironment, GitError, PlainFile, Repo};

use super::super::error::Error;
use super::super::migrate;
use super::super::moment::Moment;
use super::super::pointed::pointer_path;
use super::super::project::{self, PROJECT_FILE, Project, Settings};
use super::address::{Address, Place};
use super::ground::Ground;

/// Another repository at one commit.
pub struct Elsewhere {
    /// Its commits and its remotes; its data comes into a cache of ours.
    pub project: Project,
    /// The commit.
    pub commit: Commit,
    /// How the user named it.
    pub address: Address,
    /// The folder in it that the address names.
    pub above: RepoPath,
    /// Its root, if it is a folder of this machine.
    pub root: Option<PathBuf>,
    /// Its own cache, if that is on this machine and not ours.
    pub own_cache: Option<PathBuf>,
    distant: Option<Distant>,
}

impl Elsewhere {
    /// Finds the repository and the commit. Of a folder of this machine nothing is copied; else one commit is fetched.
    ///
    /// # Errors
    /// `NotReached`, `UnknownThere`, `UnknownRevision`; `NoProjectThere` if it has no settings of esker.
    pub fn open(ground: &Ground, address: &Address, job: &Job<'_>) -> Result<Elsewhere, Error> {
        match address.place()? {
            Place::Folder(folder) => here(ground, address, folder),
            Place::Url => {
                job.began(Step::Fetch, None, Unit::Items);
                let there = far(ground, address);
                job.done(Step::Fetch);
                // A Git that was interrupted says something else.
                job.check()?;
                there
            }
        }
    }

    /// The moment of its commit.
    pub fn moment(&self) -> Moment {
        Moment::Commit(self.revision(), self.commit.clone())
    }

    /// What people call the revision.
    pub fn revision(&self) -> String {
        self.address.revision.clone().unwrap_or_else(|| "HEAD".to_owned())
    }

    /// Whether its folders are not on this machine.
    pub fn is_far(&self) -> bool {
        self.distant.is_some()
    }

    /// Brings the pointers of these datasets.
    pub fn bring_pointers(&self, datasets: &[RepoPath]) -> Result<(), Error> {
        let Some(distant) = &self.distant else { return Ok(()) };
        let blobs = self.project.repo().pointer_blobs_at(&self.commit)?;
        let pointers: Vec<RepoPath> = datasets.iter().map(pointer_path).collect();
        let wanted = blobs.into_iter().filter(|(path, _)| pointers.contains(path)).map(|(_, blob)| blob);
        Ok(distant.bring(self.address.revision.as_deref(), &wanted.collect::<Vec<_>>())?)
    }

    /// The bytes of a file that Git itself keeps.
    pub fn plain_bytes(&self, path: &RepoPath, blob: BlobId, limit_bytes: u64) -> Result<Vec<u8>, Error> {
        if let Some(distant) = &self.distant {
            distant.bring(self.address.revision.as_deref(), &[blob])?;
        }
        Ok(self.project.repo().blob_bytes(path, blob, limit_bytes)?)
    }
}

fn here(ground: &Ground, address: &Address, folder: PathBuf) -> Result<Elsewhere, Error> {
    let repo = Repo::discover(&folder, &GitEnvironment::default()).map_err(|error| match error {
        GitError::NoRepository { .. } => {
            let reason = "the folder is in no Git repository".to_owned();
            GitError::NotReached { url: address.url.clone(), reason }
        }
        error => error,
    })?;
    if repo.worktree().is_ok() {
        migrate::graft_worktree(&repo)?;
    }
    let commit = match &address.revision {
        Some(revision) => repo.resolve(revision)?,
        None => repo.head()?.ok_or(GitError::Unborn)?,
    };
    let root = repo.worktree().map_or_else(|_| repo.git_dir().to_owned(), ToOwned::to_owned);
    let is_bare = repo.worktree().is_err();
    let has_settings = |path: &RepoPath| repo.plain_at(&commit, path).map(|found| found.is_some());
    if !root.join(PROJECT_FILE).is_file() && !has_settings(&RepoPath::new(PROJECT_FILE.as_bytes())?)? {
        return Err(no_project(address));
    }
    let layers = match is_bare {
        true => settings_in(&repo, &commit, address)?.into_iter().collect(),
        false => project::layers(Some(&repo), &Settings { from: root.clone(), ..Settings::default() })?,
    };
    let theirs = project::cache_folder(&Config::merge(layers.clone()), &repo, &root);
    let own_cache = Some(theirs).filter(|cache| !ground.is_cache(cache) && cache.join("config").exists());
    let above = folder.strip_prefix(&root).map(|above| above.as_os_str().as_encoded_bytes().to_vec());
    let above = if is_bare { RepoPath::default() } else { RepoPath::new(&above.unwrap_or_default())? };
    let state = ground.state_of(&root.display().to_string());
    let config = settings_that_hold(ground, layers);
    let project = Project::elsewhere(repo, root.clone(), config, state, ground.cache()?);
    Ok(Elsewhere { project, commit, address: address.clone(), above, root: Some(root), own_cache, distant: None })
}

fn far(ground: &Ground, address: &Address) -> Result<Elsewhere, Error> {
    let state = ground.state_of(&address.url);
    let distant = Distant::open(&state.join("git"), &address.url, address.is_typed)?;
    let revision = address.revision.as_deref();
    let commit = distant.fetch(revision)?;
    let layer = settings_of(&distant, revision, &commit, address)?;
    let mut layer = layer.ok_or_else(|| no_project(address))?;
    let has_remote = |layer: &Layer| !Config::merge(vec![layer.clone()]).remotes().is_empty();
    if revision.is_some() && !has_remote(&layer) {
        // An old commit may be of a time before there was a remote.
        let newest = distant.fetch(None)?;
        layer = settings_of(&distant, None, &newest, address)?.filter(has_remote).unwrap_or(layer);
    }
    let config = settings_that_hold(ground, vec![layer]);
    // Nothing is ever there: its files are not on this machine.
    let root = state.join("worktree");
    let project = Project::elsewhere(distant.repo()?, root, config, state, ground.cache()?);
    let (above, root, own_cache) = (RepoPath::default(), None, None);
    Ok(Elsewhere { project, commit, address: address.clone(), above, root, own_cache, distant: Some(distant) })
}

/// Of their settings only those that say where data is; how it is reached from here, the user's own may say.
fn settings_that_hold(ground: &Ground, mut layers: Vec<Layer>) -> Config {
    for layer in &mut layers {
        layer.entries.retain(|entry| {
            let key = entry.key.to_string();
            key.starts_with("remote.") || key == "core.remote" || key == "project.id"
        });
    }
    layers.extend(ground.user());
    Config::merge(layers)
}

fn settings_of(
    distant: &Distant,
    revision: Option<&str>,
    commit: &Commit,
    address: &Address,
) -> Result<Option<Layer>, Error> {
    let repo = distant.repo()?;
    if let Some(PlainFile::File { blob, .. }) = repo.plain_at(commit, &RepoPath::new(PROJECT_FILE.as_bytes())?)? {
        distant.bring(revision, &[blob])?;
    }
    settings_in(&repo, commit, address)
}

/// What the tracked settings of a commit say.
fn settings_in(repo: &Repo, commit: &Commit, address: &Address) -> Result<Option<Layer>, Error> {
    let Some(bytes) = repo.file_at(commit, &RepoPath::new(PROJECT_FILE.as_bytes())?)? else { return Ok(None) };
    let name = format!("{PROJECT_FILE} of {}", address.url);
    let layer = Layer::parse(From::Project, &name, &bytes);
    layer.map(Some).map_err(|cause| Error::Settings { file: name.into(), cause })
}

fn no_project(address: &Address) -> Error {
    let revision = address.revision.clone().unwrap_or_else(|| "HEAD".to_owned());
    Error::NoProjectThere { url: address.url.clone(), revision }
}
