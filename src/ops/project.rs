//! A Git repository in which `esker init` was run: its settings, its cache, and where everything lies.

use std::cell::OnceCell;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::base::{AtPath, RepoPath};
use crate::format::config::{Config, Layer, Place};
use crate::git::{GitEnvironment, Repo};
use crate::packs::PackStore;

use super::error::Error;
use super::migrate;

/// The tracked settings, relative to the root of the worktree.
pub const PROJECT_FILE: &str = ".esker/config.toml";

/// The settings of a clone, in Git's common folder, and what people call the file.
pub(super) const CLONE_FILE: &str = "esker/config.toml";
pub(super) const CLONE_FILE_NAME: &str = ".git/esker/config.toml";

/// What the caller knows of the world: the library reads no environment and no home folder.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder in which the user stands; absolute.
    pub from: PathBuf,
    /// Git's own variables.
    pub git: GitEnvironment,
    /// The user's own settings, if there is a place for them.
    pub user_file: Option<PathBuf>,
    /// Settings of the environment and the command line.
    pub layers: Vec<Layer>,
    /// The user's folder for what can be made again, if there is one: used outside of projects.
    pub cache_home: Option<PathBuf>,
}

/// An open project.
pub struct Project {
    repo: Repo,
    root: PathBuf,
    from: PathBuf,
    config: Config,
    user: Option<Layer>,
    worktree_state: PathBuf,
    clone_state: PathBuf,
    cache_folder: PathBuf,
    cache: OnceCell<PackStore>,
}

impl Project {
    /// Opens the project in which the user stands.
    ///
    /// # Errors
    /// `NotInitialised` if the repository has no `.esker/config.toml`; `Settings` for a line of it that is refused.
    pub fn open(settings: &Settings) -> Result<Project, Error> {
        let repo = Repo::discover(&settings.from, &settings.git)?;
        let project = Project::of(repo, settings)?;
        if !project.root.join(PROJECT_FILE).is_file() {
            return Err(Error::NotInitialised { root: project.root });
        }
        Ok(project)
    }

    /// The project of a repository, whether or not it was initialised.
    pub(super) fn of(repo: Repo, settings: &Settings) -> Result<Project, Error> {
        let root = repo.worktree()?.to_owned();
        migrate::graft_worktree(&repo)?;
        let layers = layers(Some(&repo), settings)?;
        let user = layers.iter().find(|layer| layer.place == Place::User).cloned();
        let config = Config::merge(layers);
        let (worktree_state, clone_state) = (repo.git_dir().join("esker"), repo.common_dir().join("esker"));
        let cache_folder = cache_folder(&config, &repo, &root);
        let (from, cache) = (settings.from.clone(), OnceCell::new());
        Ok(Project { repo, root, from, config, user, worktree_state, clone_state, cache_folder, cache })
    }

    /// A project whose commits are only looked at: what is known of it lies in `state`, and its data comes into `cache`.
    pub(super) fn elsewhere(
        repo: Repo,
        root: PathBuf,
        config: Config,
        state: PathBuf,
        (cache_folder, cache): (PathBuf, PackStore),
    ) -> Project {
        let (from, worktree_state, clone_state) = (root.clone(), state.clone(), state);
        let cache = OnceCell::from(cache);
        Project { repo, root, from, config, user: None, worktree_state, clone_state, cache_folder, cache }
    }

    /// The same, as if its worktree were at `root`.
    pub(super) fn at_root(self, root: PathBuf) -> Project {
        Project { from: root.clone(), root, ..self }
    }

    /// The Git repository.
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// The root of the worktree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder in which the user stands.
    pub fn from(&self) -> &Path {
        &self.from
    }

    /// The user's own settings.
    pub(super) fn user(&self) -> Option<&Layer> {
        self.user.as_ref()
    }

    /// The settings that hold.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The file of settings of that place; `None` for those that are no file of this project.
    pub fn settings_file(&self, place: Place) -> Option<PathBuf> {
        match place {
            Place::Project => Some(self.root.join(PROJECT_FILE)),
            Place::Clone => Some(self.repo.common_dir().join(CLONE_FILE)),
            Place::User | Place::Environment | Place::CommandLine => None,
        }
    }

    /// The folder for what esker knows of this worktree only.
    pub fn worktree_state(&self) -> PathBuf {
        self.worktree_state.clone()
    }

    /// The folder for what all worktrees of this clone share.
    pub fn clone_state(&self) -> PathBuf {
        self.clone_state.clone()
    }

    /// Where the cache lies.
    pub fn cache_folder(&self) -> PathBuf {
        self.cache_folder.clone()
    }

    /// The cache, opened at the first call.
    pub fn cache(&self) -> Result<&PackStore, Error> {
        if let Some(cache) = self.cache.get() {
            return Ok(cache);
        }
        let cache = PackStore::cache(&self.cache_folder(), self.config.compression())?;
        Ok(self.cache.get_or_init(|| cache))
    }

    /// The cache as it is, damaged or not, to be looked at before anything else is asked of it.
    pub(super) fn cache_to_verify(&self) -> Result<&PackStore, Error> {
        let cache = PackStore::cache_to_verify(&self.cache_folder(), self.config.compression())?;
        Ok(self.cache.get_or_init(|| cache))
    }

    /// Uses `cache` instead of the one that the settings name.
    #[cfg(test)]
    pub(super) fn with_cache(self, cache: PackStore) -> Project {
        Project { cache: OnceCell::from(cache), ..self }
    }

    /// Where the user stands, relative to the root; empty if that is elsewhere.
    pub fn here(&self) -> RepoPath {
        self.path(Path::new(".")).unwrap_or_default()
    }

    /// Where `text`, relative to where the user stands, lies relative to the root: perhaps outside, after some `..`.
    pub(super) fn relative_to_root(&self, text: &Path) -> PathBuf {
        let whole = normal(&self.from.join(text));
        let inside = relative(&self.root, &without_links(&whole).unwrap_or(whole));
        if inside.as_os_str().is_empty() { ".".into() } else { inside }
    }

    /// What the user means by `text`: relative to where they stand, or absolute; relative to the root.
    ///
    /// # Errors
    /// `Outside` if it leads out of the worktree.
    pub fn path(&self, text: &Path) -> Result<RepoPath, Error> {
        let whole = normal(&self.from.join(text));
        let inside = match whole.strip_prefix(&self.root) {
            Ok(inside) => Some(inside.to_owned()),
            // The user may have come here through a symlink: the root is known without any.
            Err(_) => without_links(&whole).and_then(|real| real.strip_prefix(&self.root).ok().map(Path::to_owned)),
        };
        let outside = || Error::Outside { path: text.to_owned(), root: self.root.clone() };
        let inside = inside.ok_or_else(outside)?;
        Ok(RepoPath::new(inside.as_os_str().as_encoded_bytes())?)
    }
}

/// Where the cache of a clone lies.
pub(super) fn cache_folder(config: &Config, repo: &Repo, root: &Path) -> PathBuf {
    match config.cache_dir() {
        Some((folder, _)) => root.join(folder),
        None => repo.common_dir().join("esker/cache"),
    }
}

/// How to go from `folder` to `path`, both absolute and without `..`.
fn relative(folder: &Path, path: &Path) -> PathBuf {
    let common = folder.components().zip(path.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// The settings of every place, of a repository or outside of any.
pub(super) fn layers(repo: Option<&Repo>, settings: &Settings) -> Result<Vec<Layer>, Error> {
    let mut layers = settings.layers.clone();
    if let Some(repo) = repo {
        layers.extend(read_layer(Place::Project, &repo.worktree()?.join(PROJECT_FILE), PROJECT_FILE)?);
        layers.extend(read_layer(Place::Clone, &repo.common_dir().join(CLONE_FILE), CLONE_FILE_NAME)?);
    }
    if let Some(file) = &settings.user_file {
        layers.extend(read_layer(Place::User, file, &file.display().to_string())?);
    }
    Ok(layers)
}

/// Makes all verbs of this process compute on so many threads. Only the first call counts, before any verb.
pub fn use_threads(threads: usize) {
    // Whoever set the threads of this process before knows why.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}

/// `path` without `.` and `..`, as its text says.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
    }
    normal
}

/// `path` with its folder's symlinks followed: the last name is kept, since it may be a symlink that is meant itself.
fn without_links(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let mut rest = vec![name.to_owned()];
    let mut folder = path.parent()?;
    loop {
        if let Ok(real) = fs::canonicalize(folder) {
            return Some(rest.iter().rev().fold(real, |path, name| path.join(name)));
        }
        rest.push(folder.file_name()?.to_owned());
        folder = folder.parent()?;
    }
}

fn read_layer(place: Place, file: &Path, name: &str) -> Result<Option<Layer>, Error> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error).at("read", file)?,
    };
    let layer = Layer::parse(place, name, &bytes);
    layer.map(Some).map_err(|cause| Error::Settings { file: name.into(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_folder_to_another_is_found() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).display().to_string();
        assert_eq!(way("/a/b", "/a/b/c"), "c");
        assert_eq!(way("/a/b", "/a/c/d"), "../c/d");
        assert_eq!(way("/a/b", "/x"), "../../x");
        assert_eq!(way("/a/b", "/a/b"), "");
    }
}
