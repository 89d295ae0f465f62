//! What a wanderer stands on: a project, all contents that a file may have, and what must be there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::base::{Id, RepoPath};
use crate::chunk::{V1, cuts};
use crate::format::pointer::Pointer;
use crate::format::tree::{self, Entry, Node};
use crate::ops::pages::Pages;
use crate::ops::pointed;
use crate::ops::project::Project;
use crate::ops::testing::{Sandbox, noise, path};
use crate::ops::version::{Version, lacking};
use crate::packs::PackStore;

/// A folder, a file, and what one of them may be moved to.
pub const DATASETS: [&str; 3] = ["data", "one", "two"];
/// Where files are written.
pub const FILES: [&str; 6] = ["data/a", "data/b", "data/sub/c", "data/sub/d", "data/e", "one"];
const CONTENTS: u64 = 10;

/// Files by path, with the number of what each holds.
pub type Files = BTreeMap<String, u64>;

/// The worktrees of one project: the main one, and one that is linked to it.
pub const WORKTREES: [&str; 2] = ["alice", "linked"];

/// A project, and what is known of it.
pub struct Ground {
    pub sandbox: Sandbox,
    /// The worktree in which the wanderer is.
    pub at: &'static str,
    /// Whether the cache keeps lists, and leaves data in the files.
    pub is_thin: bool,
    /// The worktrees that keep no more than `data/sub`.
    pub sparse: BTreeSet<&'static str>,
    /// The worktrees in which parts were checked out: the rest may be missing, and is not gone.
    pub parts: BTreeSet<&'static str>,
    /// What the pointers stand for that were ever written, by dataset and id.
    versions: HashMap<(String, Id), Files>,
    contents: HashMap<Id, u64>,
    chunks: Vec<Vec<Id>>,
}

impl Ground {
    pub fn new(is_thin: bool) -> Ground {
        let contents = (0..CONTENTS).map(|number| (Id::of(&content(number)), number)).collect();
        let chunks = (0..CONTENTS).map(|number| chunks(&content(number))).collect();
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.root("store")).unwrap();
        if is_thin {
            sandbox.write("alice", ".git/esker/config.toml", "[cache]\nmode = \"thin\"\n");
        }
        sandbox.git("alice", "worktree add --quiet --detach ../linked");
        let (sparse, parts) = (BTreeSet::new(), BTreeSet::new());
        Ground { sandbox, at: "alice", is_thin, sparse, parts, versions: HashMap::new(), contents, chunks }
    }

    pub fn project(&self) -> Project {
        self.sandbox.project(self.at)
    }

    /// The folder of the worktree.
    pub fn root(&self) -> PathBuf {
        self.sandbox.root(self.at)
    }

    /// Runs `git` in the worktree; it must succeed.
    pub fn git(&self, words: &str) -> String {
        self.sandbox.git(self.at, words)
    }

    /// Runs `git` in the worktree, and says whether it succeeded.
    pub fn try_git(&self, words: &str) -> bool {
        self.sandbox.try_git(self.at, words).is_ok()
    }

    /// Whether Git says so of the pointer of a dataset.
    pub fn is_in_conflict(&self, dataset: &str) -> bool {
        !self.git(&format!("ls-files --unmerged {dataset}.esker")).is_empty()
    }

    /// What is in the worktree now.
    pub fn files(&self) -> Files {
        self.files_in(self.at)
    }

    /// # Panics
    /// If a file holds what nobody wrote: the half of something, say.
    pub fn files_in(&self, worktree: &str) -> Files {
        let root = self.sandbox.root(worktree);
        let (mut files, mut below) = (Files::new(), DATASETS.map(str::to_owned).to_vec());
        while let Some(name) = below.pop() {
            let path = root.join(&name);
            if path.is_dir() {
                let entries =
                    fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
                below.extend(entries.map(|entry| format!("{name}/{entry}")));
            } else if let Ok(bytes) = fs::read(&path) {
                let known = self.contents.get(&Id::of(&bytes));
                files.insert(name.clone(), *known.unwrap_or_else(|| panic!("{name} holds what nobody wrote")));
            }
        }
        files
    }

    /// Notes what the pointer of a dataset stands for, now that it was added. That must be what is in the worktree.
    pub fn note(&mut self, dataset: &str) {
        let version = self.note_version(dataset);
        let is_kept = |(path, _): &(&String, &u64)| self.keeps(path);
        let here = below(&self.files(), dataset);
        let is_here = match self.parts.contains(self.at) {
            true => here.iter().all(|(path, number)| version.get(path) == Some(number)),
            false => version.iter().filter(is_kept).eq(here.iter().filter(is_kept)),
        };
        assert!(is_here, "what was added is not what was there: {version:?}");
    }

    /// Notes what the pointer of a dataset stands for, by its pages.
    pub fn note_version(&mut self, dataset: &str) -> Files {
        let project = self.project();
        let pointer = pointed::read(&project, &path(dataset)).unwrap().unwrap();
        let pages = Pages::new(&project, None).unwrap();
        let mut files = Files::new();
        let name = |inside: &RepoPath| path(dataset).join(inside).to_string();
        match Version::of(&pointer) {
            Version::Folder(root) => {
                for Entry { path, node } in tree::walk(&pages, &root).unwrap().map(Result::unwrap) {
                    if let Node::File { id, .. } = node {
                        files.insert(name(&path), self.contents[&id]);
                    }
                }
            }
            _ => drop(files.insert(dataset.to_owned(), self.contents[&pointer.id])),
        }
        let known = self.versions.entry((dataset.to_owned(), pointer.id)).or_insert_with(|| files.clone());
        assert_eq!(*known, files, "two versions have one id");
        files
    }

    /// Whether this worktree keeps such a file.
    pub fn keeps(&self, file: &str) -> bool {
        !self.sparse.contains(self.at) || file.starts_with("data/sub/")
    }

    /// What the pointer of a dataset in the worktree stands for.
    pub fn version(&self, dataset: &str) -> Option<&Files> {
        let pointer = pointed::read(&self.project(), &path(dataset)).unwrap()?;
        Some(&self.versions[&(dataset.to_owned(), pointer.id)])
    }

    /// The names of all commits that a branch leads to.
    pub fn commits(&self) -> Vec<String> {
        let of = |worktree| {
            self.sandbox.git(worktree, "rev-list --all HEAD") + &self.sandbox.git(worktree, "stash list --format=%H")
        };
        let all = WORKTREES.map(of);
        let all: BTreeSet<&str> = all.iter().flat_map(|all| all.lines()).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// What is not to be had of that which must be there: all that a commit or the worktree points at.
    pub fn lost(&self) -> Vec<String> {
        let project = self.project();
        let mut wanted: BTreeMap<(String, Id), Pointer> = BTreeMap::new();
        let mut want = |dataset: &str, bytes: &[u8]| {
            let pointer = Pointer::parse(bytes).unwrap();
            wanted.insert((dataset.to_owned(), pointer.id), pointer);
        };
        for (worktree, dataset) in WORKTREES.iter().flat_map(|worktree| DATASETS.map(|dataset| (worktree, dataset))) {
            if let Some(bytes) = pointed::read_bytes(&self.sandbox.project(worktree), &path(dataset)).unwrap() {
                want(dataset, &bytes);
            }
        }
        for commit in self.commits() {
            let tree = self.git(&format!("ls-tree --name-only {commit}"));
            let there: BTreeSet<&str> = tree.lines().collect();
            for dataset in DATASETS.iter().filter(|dataset| there.contains(&format!("{dataset}.esker")[..])) {
                want(dataset, self.git(&format!("show {commit}:{dataset}.esker")).as_bytes());
            }
        }
        let stores = self.stores(&project);
        let lacks = |((dataset, _), pointer): (&(String, Id), &Pointer)| self.lack(&project, &stores, dataset, pointer);
        let lost: BTreeSet<String> = wanted.iter().flat_map(lacks).collect();
        lost.into_iter().collect()
    }

    /// A new version may name what was lost with another before: so it is told what is lost, and not of which version.
    fn lack(&self, project: &Project, stores: &Stores<'_>, dataset: &str, pointer: &Pointer) -> Vec<String> {
        let files = self.versions.get(&(dataset.to_owned(), pointer.id)).expect("every pointer was noted");
        let is_gone = |number: &&u64| !stores.have_content(&self.chunks[**number as usize]);
        let gone: Vec<String> =
            files.values().filter(is_gone).map(|number| format!("content {number} is gone")).collect();
        if !gone.is_empty() {
            return gone;
        }
        let pages = Pages::new(project, None).unwrap();
        match lacking(&pages, &Version::of(pointer), &RepoPath::default(), &|id| stores.have(id)) {
            // A thin cache leaves chunks in files, of which it was asked above.
            Ok(lacking) if lacking.pages.is_empty() && (self.is_thin || lacking.chunks.is_empty()) => Vec::new(),
            Ok(_) => vec!["a page or a chunk is gone".to_owned()],
            Err(error) => vec![error.to_string()],
        }
    }

    /// Which of these files hold what neither the worktree has now, nor any store.
    pub fn gone(&self, before: &Files) -> Vec<String> {
        let (project, now) = (self.project(), self.files());
        let stores = self.stores(&project);
        let is_gone = |number: &u64| {
            !now.values().any(|held| held == number) && !stores.have_content(&self.chunks[*number as usize])
        };
        before.iter().filter(|(_, number)| is_gone(number)).map(|(path, _)| path.clone()).collect()
    }

    /// The cache, the remote if it is there, and for a thin cache the files.
    fn stores<'p>(&self, project: &'p Project) -> Stores<'p> {
        let remote = project.remote(None).ok().map(|remote| remote.packs);
        let remote = remote.filter(|packs| packs.refresh(false).is_ok());
        let held = WORKTREES.iter().filter(|_| self.is_thin).flat_map(|worktree| self.files_in(worktree).into_values());
        let in_files = held.flat_map(|number| self.chunks[number as usize].iter().copied()).collect();
        Stores { cache: project.cache().unwrap(), remote, in_files }
    }

    /// Removes a pack of the cache, as a bad disk does.
    pub fn lose_pack(&self, number: u64) {
        let mut packs = self.packs();
        packs.sort();
        if !packs.is_empty() {
            fs::remove_file(&packs[number as usize % packs.len()]).unwrap();
        }
    }

    /// The packs of the cache.
    fn packs(&self) -> Vec<PathBuf> {
        let (mut packs, mut below) = (Vec::new(), vec![self.sandbox.root("alice/.git/esker/cache/packs")]);
        while let Some(folder) = below.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
                let found = if entry.file_type().unwrap().is_dir() { &mut below } else { &mut packs };
                found.push(entry.path());
            }
        }
        packs
    }

    /// Makes all packs of the cache look old.
    pub fn age(&self) {
        let then = SystemTime::now() - Duration::from_secs(30 * 86_400);
        for pack in self.packs() {
            fs::File::open(pack).unwrap().set_modified(then).unwrap();
        }
    }

    /// Writes a file, unless what was moved stands in its way.
    pub fn write(&self, file: &str, number: u64) {
        if self.has_room_for(file) {
            self.sandbox.write(self.at, file, content(number % CONTENTS));
        }
    }

    /// Whether there can be a file: there is no folder, and no file where its folder is to be.
    pub fn has_room_for(&self, file: &str) -> bool {
        let path = self.root().join(file);
        let dataset = self.root().join(file.split('/').next().expect("a path has a name"));
        !path.is_dir() && (dataset == path || !dataset.is_file())
    }
}

/// The cache, and the remote if it is there.
struct Stores<'a> {
    cache: &'a PackStore,
    remote: Option<PackStore>,
    in_files: HashSet<Id>,
}

impl Stores<'_> {
    fn have(&self, id: &Id) -> bool {
        self.in_files.contains(id)
            || self.cache.read(id).is_ok()
            || self.remote.as_ref().is_some_and(|remote| remote.read(id).is_ok())
    }

    fn have_content(&self, chunks: &[Id]) -> bool {
        chunks.iter().all(|id| self.have(id))
    }
}

/// The files of a dataset.
pub fn below(files: &Files, dataset: &str) -> Files {
    let is_in = |path: &str| path == dataset || path.starts_with(&format!("{dataset}/"));
    files.iter().filter(|(path, _)| is_in(path)).map(|(path, number)| (path.clone(), *number)).collect()
}

/// Small ones, and ones of several chunks that begin alike.
fn content(number: u64) -> Vec<u8> {
    match number % 2 {
        0 => noise(number, 100 + 300 * number as usize),
        _ => [noise(1000, 130_000), noise(number, 60_000)].concat(),
    }
}

fn chunks(bytes: &[u8]) -> Vec<Id> {
    let mut start = 0;
    cuts(bytes, &V1)
        .into_iter()
        .map(|end| {
            let id = Id::of(&bytes[start..end]);
            start = end;
            id
        })
        .collect()
}
