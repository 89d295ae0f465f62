//! What Git LFS names: files whose text in Git is a pointer of its own; and where their data may lie.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::base::{Job, RepoPath};
use crate::format::foreign::{LFS_LIMIT, LfsPointer, OldId, lfs_pointer};
use crate::git::{BlobId, GitFile, Repo, lfs_fetch};
use crate::store::{Key, StoreOptions};

use super::super::error::Error;
use super::super::project::{Project, normal};
use super::report::MigrateOptions;
use super::shelf::Shelf;
use super::surveyed::{FileOf, Surveyed, Wanted, commits, place};

/// Finds all files that Git LFS keeps.
pub fn survey(project: &Project, options: &MigrateOptions, job: &Job<'_>) -> Result<Surveyed, Error> {
    let repo = project.repo();
    let mut pointers = Pointers { repo, known: HashMap::new() };
    let mut found = Surveyed::default();
    let mut is_meant = |path: &[u8], blob| pointers.read(path, blob).map(|pointer| pointer.is_some());
    let here = repo.staged_files(&mut is_meant)?;
    let commits = commits(project, options, job)?;
    found.commits = commits.len() as u64;
    let past = repo.files_in(&commits, &mut is_meant, job.cancel)?;
    for file in here.iter().chain(&past) {
        let Some(pointer) = pointers.known.get(&file.blob).cloned().flatten() else { continue };
        let place = place(file, file.blob, file.path.clone(), pointer.old.clone(), file.executable);
        if file.commit.is_none() && !add_to_folder(&mut found, options, file, &pointer.old)? {
            found.here.insert(file.path.clone(), Wanted::One(place.clone()));
        }
        found.places.insert(place);
    }
    for folder in &options.folders {
        check_folder(repo, &found, folder)?;
    }
    tell_unsmudged(project, &here, &mut found)?;
    Ok(found)
}

/// Which files of Git are pointers of Git LFS: the content of each is looked at once.
struct Pointers<'r> {
    repo: &'r Repo,
    known: HashMap<BlobId, Option<LfsPointer>>,
}

impl Pointers<'_> {
    fn read(&mut self, path: &[u8], blob: BlobId) -> Result<Option<&LfsPointer>, crate::git::GitError> {
        if !self.known.contains_key(&blob) {
            let is_small = self.repo.blob_len(blob)? < LFS_LIMIT as u64;
            let pointer = match RepoPath::new(path) {
                Ok(path) if is_small => lfs_pointer(&self.repo.blob_bytes(&path, blob, LFS_LIMIT as u64)?),
                _ => None,
            };
            self.known.insert(blob, pointer);
        }
        Ok(self.known.get(&blob).and_then(Option::as_ref))
    }
}

/// Whether the file lies in a folder that becomes one dataset.
fn add_to_folder(found: &mut Surveyed, options: &MigrateOptions, file: &GitFile, old: &OldId) -> Result<bool, Error> {
    let Some(folder) = options.folders.iter().find(|folder| file.path.is_in(folder)) else { return Ok(false) };
    let path = file.path.strip(folder).filter(|path| !path.is_empty());
    let path =
        path.ok_or_else(|| Error::usage(format!("{folder} is a file"), Some("name a folder, or leave it out")))?;
    let files = found.here.entry(folder.clone()).or_insert_with(|| Wanted::Folder(Vec::new()));
    if let Wanted::Folder(files) = files {
        files.push(FileOf { path, old: old.clone(), executable: file.executable });
    }
    Ok(true)
}

/// # Errors
/// `Usage` for a folder that holds nothing of Git LFS, or other files, too.
fn check_folder(repo: &Repo, found: &Surveyed, folder: &RepoPath) -> Result<(), Error> {
    let Some(Wanted::Folder(files)) = found.here.get(folder) else {
        return Err(Error::usage(format!("no file of Git LFS is in {folder}"), Some("`git lfs ls-files` lists them")));
    };
    let known: std::collections::HashSet<&RepoPath> = files.iter().map(|file| &file.path).collect();
    for path in repo.tracked_below(folder, usize::MAX)? {
        if path.strip(folder).is_none_or(|inside| !known.contains(&inside)) {
            let hint = "a dataset is outside Git as a whole: move that file elsewhere, or leave `--folder` out";
            return Err(Error::usage(format!("{path} is in {folder}, and no file of Git LFS"), Some(hint)));
        }
    }
    Ok(())
}

/// Files that are pointers in the worktree, too, since Git LFS did not fetch them.
fn tell_unsmudged(project: &Project, here: &[GitFile], found: &mut Surveyed) -> Result<(), Error> {
    let is_pointer = |file: &&GitFile| {
        let path = file.path.below(project.root());
        let is_small = path.metadata().is_ok_and(|stat| stat.is_file() && stat.len() < LFS_LIMIT as u64);
        is_small && std::fs::read(&path).is_ok_and(|bytes| lfs_pointer(&bytes).is_some())
    };
    let paths: Vec<String> = here.iter().filter(is_pointer).take(4).map(|file| file.path.to_string()).collect();
    if !paths.is_empty() {
        let (paths, more) = (paths.join(" "), if paths.len() > 3 { " …" } else { "" });
        found.notes.push(format!(
            "Git LFS did not put all data into the worktree; afterwards type `esker checkout --force {paths}{more}`"
        ));
    }
    Ok(())
}

/// Where the data of Git LFS may lie: in this clone, then in the folders that remotes are.
pub fn shelf(project: &Project, options: &MigrateOptions) -> Result<Shelf, Error> {
    let repo = project.repo();
    let mut shelf = Shelf::new(keys);
    let own = match repo.config_get("lfs.storage")? {
        Some(folder) => normal(&repo.common_dir().join(folder)),
        None => repo.common_dir().join("lfs"),
    };
    let mut folders = vec![own.join("objects")];
    for url in urls(project, options)? {
        let Some(folder) = folder_of(project.root(), &url) else { continue };
        folders.extend(["lfs/objects", ".git/lfs/objects", ""].map(|inside| folder.join(inside)));
    }
    for folder in folders {
        let folder = folder.display().to_string();
        shelf.add_if_there(folder.trim_end_matches('/'), &StoreOptions::default())?;
    }
    Ok(shelf)
}

/// The addresses that Git LFS would ask.
fn urls(project: &Project, options: &MigrateOptions) -> Result<Vec<String>, Error> {
    let repo = project.repo();
    let remote = options.remote.as_deref().unwrap_or("origin");
    let keys = ["lfs.url".to_owned(), format!("remote.{remote}.lfsurl"), format!("remote.{remote}.url")];
    let mut urls = Vec::new();
    for key in &keys {
        urls.extend(repo.config_get(key)?);
        urls.extend(repo.config_of_file(Path::new(".lfsconfig"), key));
    }
    if options.remote.is_some() && urls.is_empty() {
        let hint = "`git remote` lists the remotes";
        return Err(Error::usage(format!("Git has no remote `{remote}`"), Some(hint)));
    }
    Ok(urls)
}

/// The folder that an address is, if it is one.
fn folder_of(root: &Path, url: &str) -> Option<PathBuf> {
    let path = match url.split_once("://") {
        Some(("file", path)) => path,
        Some(_) => return None,
        None => url,
    };
    // `host:path` is an address of ssh; it is no folder either way.
    Some(normal(&root.join(path))).filter(|path| path.is_dir())
}

fn keys(old: &OldId) -> Vec<Key> {
    let digits = old.digits();
    Key::new(format!("{}/{}/{digits}", &digits[..2], &digits[2..4])).into_iter().collect()
}

/// Lets Git LFS itself fetch what is missing here. Says in half a sentence why it could not.
pub fn fetch(project: &Project, options: &MigrateOptions) -> Result<(), String> {
    let remote = options.remote.as_deref().unwrap_or("origin");
    let is_all = options.all_commits || options.all_branches || options.all_tags;
    lfs_fetch(project.root(), remote, is_all)
}
