//! Projects for the tests of this room, made by the real `git`, and a store that is watched.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::base::{Cancel, Job, RepoPath, Silent};
use crate::store::{Key, Listed, LocalStore, Store, StoreError};

use super::add::{AddOptions, add};
use super::project::{Project, Settings};

/// A folder that holds projects and a remote, and goes when it is dropped.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// A project `alice` with the remote `origin`, the folder `store` beside it.
    pub fn new() -> Sandbox {
        let sandbox = Sandbox { folder: tempfile::tempdir().unwrap() };
        sandbox.make("alice");
        sandbox
    }

    /// Makes a project with an id of its own and the same remote.
    pub fn make(&self, name: &str) {
        fs::create_dir(self.root(name)).unwrap();
        self.git(name, "init --quiet --initial-branch=main");
        let id = &blake3::hash(name.as_bytes()).to_hex()[..32];
        let default = "[core]\nremote = \"origin\"\n\n[remote.origin]\nurl = \"../store\"\n";
        let settings = format!("[project]\nid = \"{id}\"\n\n{default}");
        self.write(name, ".esker/config.toml", settings);
        self.git(name, "add .esker");
        self.git(name, "commit --quiet --message init");
    }

    /// Adds a remote to `alice`: a folder of that name beside it.
    pub fn add_remote(&self, name: &str) {
        let file = self.root("alice/.esker/config.toml");
        let settings = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{settings}\n[remote.{name}]\nurl = \"../{name}\"\n")).unwrap();
    }

    /// The root of a project, or another folder beside it.
    pub fn root(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(name)
    }

    pub fn project(&self, name: &str) -> Project {
        Project::open(&Settings { from: self.root(name), ..Settings::default() }).unwrap()
    }

    pub fn write(&self, name: &str, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.root(name).join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    /// Adds datasets and commits their pointers.
    pub fn add(&self, name: &str, paths: &[&str]) {
        let paths = paths.iter().map(|text| path(text)).collect();
        run(|job| add(&self.project(name), &AddOptions { paths, force: false }, job)).unwrap();
        self.git(name, "commit --quiet --message data");
    }

    /// Runs `git` in a project; it must succeed.
    pub fn git(&self, name: &str, words: &str) -> String {
        self.try_git(name, words).unwrap_or_else(|told| panic!("git {words}: {told}"))
    }

    /// Runs `git` in a project: what it printed, or what it told if it failed.
    pub fn try_git(&self, name: &str, words: &str) -> Result<String, String> {
        let mut command = Command::new("git");
        command.current_dir(self.root(name)).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always"]);
        let output = command.args(words.split(' ')).output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// How many bytes lie in a folder.
    pub fn bytes_in(&self, name: &str) -> u64 {
        fn bytes(folder: &Path) -> u64 {
            let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
            entries
                .map(|entry| if entry.path().is_dir() { bytes(&entry.path()) } else { entry.metadata().unwrap().len() })
                .sum()
        }
        bytes(&self.root(name))
    }

    /// Drops what `alice` knows of her remotes.
    pub fn clear_copies(&self) {
        fs::remove_dir_all(self.root("alice/.git/esker/remotes")).unwrap();
    }

    /// Drops the cache of a project.
    pub fn clear_cache(&self, name: &str) {
        fs::remove_dir_all(self.root(name).join(".git/esker/cache")).unwrap();
    }
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).unwrap()
}

/// Runs a verb that nobody watches.
pub fn run<T>(verb: impl FnOnce(&Job<'_>) -> T) -> T {
    verb(&Job { events: &Silent, cancel: &Cancel::default(), threads: 2 })
}

/// `len` bytes that do not compress, the same for the same `seed`.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

type Deed = Box<dyn FnOnce(&dyn Store) + Send>;

/// A folder as a store that keeps a log, and lets something happen after a put.
pub struct Watched {
    inner: LocalStore,
    log: Mutex<Vec<String>>,
    after: Mutex<Vec<(&'static str, Deed)>>,
    puts_left: Mutex<usize>,
}

impl Watched {
    pub fn new(folder: &Path) -> Arc<Watched> {
        let inner = LocalStore::create(folder).unwrap();
        Arc::new(Watched { inner, log: Mutex::default(), after: Mutex::default(), puts_left: Mutex::new(usize::MAX) })
    }

    /// After the next put of a key that begins with `prefix`, somebody does this.
    pub fn after(&self, prefix: &'static str, deed: impl FnOnce(&dyn Store) + Send + 'static) {
        self.after.lock().unwrap().push((prefix, Box::new(deed)));
    }

    /// After so many puts all further ones fail.
    pub fn allow_puts(&self, puts: usize) {
        *self.puts_left.lock().unwrap() = puts;
    }

    /// What was asked since the last time: `put packs/…`, `list index/`.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn note(&self, what: &str, key: &str) {
        self.log.lock().unwrap().push(format!("{what} {key}"));
    }
}

impl Store for Watched {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.note("get", key.as_str());
        self.inner.get(key, limit)
    }

    fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        self.note("read", key.as_str());
        self.inner.read(key, range)
    }

    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError> {
        self.note("put", key.as_str());
        let mut left = self.puts_left.lock().unwrap();
        if *left == 0 {
            let (store, doing) = (self.name().to_owned(), format!("write {key}"));
            return Err(StoreError::Unreachable { store, doing, reason: "the cable is cut".to_owned() });
        }
        *left -= 1;
        drop(left);
        self.inner.put(key, body)?;
        let mut after = self.after.lock().unwrap();
        let deed = after.iter().position(|(prefix, _)| key.as_str().starts_with(prefix)).map(|at| after.remove(at));
        drop(after);
        if let Some((_, deed)) = deed {
            deed(&self.inner);
        }
        Ok(())
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        self.note("list", prefix);
        self.inner.list(prefix, each)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.note("delete", key.as_str());
        self.inner.delete(key)
    }
}
