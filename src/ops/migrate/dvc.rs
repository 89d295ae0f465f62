//! What DVC names: `.dvc` files and the outputs in `dvc.lock`; and where their data may lie.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::{Job, RepoPath};
use crate::format::FormatError;
use crate::format::config::is_remote_name;
use crate::format::foreign::{
    DvcConfig, DvcRemote, Hash, OldId, Outs, dvc_config, dvc_file, dvc_lock, resolve, stage_folders,
};
use crate::git::{BlobId, GitError, GitFile};
use crate::store::{Key, StoreOptions};

use super::super::error::Error;
use super::super::project::{Project, normal};
use super::super::publish::read_if_there;
use super::report::MigrateOptions;
use super::shelf::Shelf;
use super::surveyed::{Surveyed, Wanted, commits, place};

/// The folder of DVC's settings, and of its cache unless they say otherwise.
const FOLDER: &str = ".dvc";
const LOCK: &[u8] = b"dvc.lock";
/// No file of DVC that Git tracks is longer, in bytes.
const LIMIT: u64 = 256 << 20;

/// Finds all that DVC names.
pub fn survey(project: &Project, options: &MigrateOptions, job: &Job<'_>) -> Result<Surveyed, Error> {
    let mut survey = Survey { project, found: Surveyed::default(), imports: BTreeSet::new(), stages: BTreeSet::new() };
    for file in project.repo().staged_files(&mut is_meant)? {
        survey.here(file)?;
    }
    let commits = commits(project, options, job)?;
    survey.found.commits = commits.len() as u64;
    for file in project.repo().files_in(&commits, &mut is_meant, job.cancel)? {
        job.check()?;
        survey.past(file)?;
    }
    survey.tell();
    Ok(survey.found)
}

fn is_meant(path: &[u8], _: BlobId) -> Result<bool, GitError> {
    let mut names = path.rsplit(|byte| *byte == b'/');
    let name = names.next().unwrap_or_default();
    let is_file = name == LOCK || (name.ends_with(b".dvc") && name.len() > FOLDER.len());
    Ok(is_file && names.all(|folder| folder != FOLDER.as_bytes()))
}

struct Survey<'p> {
    project: &'p Project,
    found: Surveyed,
    /// Datasets of the worktree that were imported, or that stages make.
    imports: BTreeSet<RepoPath>,
    stages: BTreeSet<RepoPath>,
}

impl Survey<'_> {
    /// A file of the worktree, as it is there.
    fn here(&mut self, file: GitFile) -> Result<(), Error> {
        let path = file.path.below(self.project.root());
        let Some(bytes) = read_if_there(&path)? else { return Ok(()) };
        let outs = read(&file.path, &bytes).map_err(|cause| Error::Foreign { path: file.path.clone(), cause })?;
        let yaml = || Ok(read_if_there(&yaml_path(&file.path)?.below(self.project.root()))?);
        let folders = folders(&file.path, &outs, yaml)?;
        let blob = BlobId::of(&bytes);
        for (dataset, out) in self.resolved(&file, &outs, &folders) {
            if !self.project.repo().tracked_below(&dataset, 1)?.is_empty() {
                self.in_git(&file, &outs, out, &dataset);
                continue;
            }
            let out = &outs.outs[out];
            if outs.is_import {
                self.imports.insert(dataset.clone());
            }
            if out.stage.is_some() {
                self.stages.insert(dataset.clone());
            }
            let mut place = place(&file, blob, dataset.clone(), out.old.clone(), out.executable);
            place.remote = self.remote(out.remote.as_deref());
            self.found.places.insert(place.clone());
            self.found.here.insert(dataset, Wanted::One(place));
        }
        Ok(())
    }

    /// A file of a commit. One that nobody can read stands for nothing that DVC could fetch either.
    fn past(&mut self, file: GitFile) -> Result<(), Error> {
        let repo = self.project.repo();
        let Some(commit) = file.commit else { return Ok(()) };
        let bytes = repo.blob_bytes(&file.path, file.blob, LIMIT)?;
        let yaml = || {
            let Some(commit) = repo.commit_named(commit.as_bytes()) else { return Ok(None) };
            let path = yaml_path(&file.path)?;
            let blob = repo.file_blob_at(&commit, &path)?;
            Ok(blob.map(|blob| repo.blob_bytes(&path, blob, LIMIT)).transpose()?)
        };
        let outs = read(&file.path, &bytes).map_err(|cause| Error::Foreign { path: file.path.clone(), cause });
        let outs = match outs.and_then(|outs| Ok((folders(&file.path, &outs, yaml)?, outs))) {
            Ok((folders, outs)) => (folders, outs),
            Err(error @ Error::Foreign { .. }) => {
                self.found.notes.push(format!("commit {}: passed over: {error}", commit.short()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (folders, outs) = outs;
        for (dataset, out) in self.resolved(&file, &outs, &folders) {
            if !self.project.repo().has_at(commit, &dataset)? {
                let out = &outs.outs[out];
                let mut place = place(&file, file.blob, dataset, out.old.clone(), out.executable);
                place.remote = self.remote(out.remote.as_deref());
                self.found.places.insert(place);
            }
        }
        Ok(())
    }

    /// Where the outputs of a file lie, and which they are.
    fn resolved(&mut self, file: &GitFile, outs: &Outs, folders: &BTreeMap<String, String>) -> Vec<(RepoPath, usize)> {
        for left in &outs.left {
            self.found.leave(&left.path, &file.path, left.reason);
        }
        let mut resolved = Vec::new();
        for (at, out) in outs.outs.iter().enumerate() {
            let of_stage = out.stage.as_ref().and_then(|stage| folders.get(stage.split('@').next().unwrap_or(stage)));
            let folder = of_stage.or(outs.folder.as_ref()).map(String::as_str);
            if folder.is_some_and(|folder| folder.contains("${")) {
                self.found.leave(&out.path, &file.path, "the folder of its stage is a template");
                continue;
            }
            match resolve(&file.path, folder, &out.path) {
                Some(dataset) => resolved.push((dataset, at)),
                None => self.found.leave(&out.path, &file.path, "it lies outside the repository"),
            }
        }
        resolved
    }

    /// Metrics and the like, which `dvc.lock` names though Git has them. What a `.dvc` file names is DVC's.
    fn in_git(&mut self, file: &GitFile, outs: &Outs, out: usize, dataset: &RepoPath) {
        if outs.outs[out].stage.is_none() {
            self.found.leave(&dataset.to_string(), &file.path, "Git tracks it, too");
        }
    }

    /// The remote that goes into the pointer: one that the project knows under the same name.
    fn remote(&self, name: Option<&str>) -> Option<Box<str>> {
        let name = name.filter(|name| is_remote_name(name) && self.project.config().remote(name).is_some())?;
        Some(name.into())
    }

    fn tell(&mut self) {
        let list = |paths: &BTreeSet<RepoPath>| paths.iter().map(RepoPath::to_string).collect::<Vec<_>>().join(", ");
        if !self.imports.is_empty() {
            let imports = list(&self.imports);
            self.found.notes.push(format!("imported by DVC, and taken over as data without their source: {imports}"));
        }
        if !self.stages.is_empty() {
            let stages = list(&self.stages);
            self.found.notes.push(format!("outputs of stages, taken over as data; the stages stay with DVC: {stages}"));
        }
    }
}

fn read(path: &RepoPath, bytes: &[u8]) -> Result<Outs, FormatError> {
    if path.name() == LOCK { dvc_lock(bytes) } else { dvc_file(bytes) }
}

fn yaml_path(lock: &RepoPath) -> Result<RepoPath, Error> {
    Ok(lock.parent().unwrap_or_default().join(&RepoPath::new(b"dvc.yaml")?))
}

/// The folders of the stages that a lock names; empty for a `.dvc` file.
fn folders(
    path: &RepoPath,
    outs: &Outs,
    yaml: impl Fn() -> Result<Option<Vec<u8>>, Error>,
) -> Result<BTreeMap<String, String>, Error> {
    if path.name() != LOCK || outs.outs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let Some(bytes) = yaml()? else { return Ok(BTreeMap::new()) };
    stage_folders(&bytes).map_err(|cause| Error::Foreign { path: path.clone(), cause })
}

/// Where the data of DVC may lie: its cache, then its remotes, the default one first.
///
/// # Errors
/// `Usage` for a remote that DVC does not know, or that esker cannot read.
pub fn shelf(project: &Project, options: &MigrateOptions, notes: &mut Vec<String>) -> Result<Shelf, Error> {
    let folder = project.root().join(FOLDER);
    let files = ["config", "config.local"].map(|name| read_if_there(&folder.join(name)));
    let files: Vec<Vec<u8>> = files.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if files.is_empty() && !folder.is_dir() {
        let hint = "run `esker migrate dvc` in a repository in which `dvc init` was run at the root";
        return Err(Error::usage("no .dvc folder is at the root of this repository", Some(hint)));
    }
    let config = dvc_config(&files);
    let mut shelf = Shelf::new(keys);
    let cache = normal(&folder.join(config.cache.as_deref().unwrap_or("cache")));
    shelf.add_if_there(&cache.display().to_string(), &StoreOptions::default())?;
    for remote in wanted(&config, options)? {
        add(&mut shelf, &folder, remote, options.remote.is_some(), notes)?;
    }
    Ok(shelf)
}

fn wanted<'c>(config: &'c DvcConfig, options: &MigrateOptions) -> Result<Vec<&'c DvcRemote>, Error> {
    let Some(name) = &options.remote else {
        let mut remotes: Vec<&DvcRemote> = config.remotes.iter().collect();
        remotes.sort_by_key(|remote| Some(&remote.name) != config.default_remote.as_ref());
        return Ok(remotes);
    };
    match config.remotes.iter().find(|remote| remote.name == *name) {
        Some(remote) => Ok(vec![remote]),
        None => {
            let names: Vec<&str> = config.remotes.iter().map(|remote| remote.name.as_str()).collect();
            let hint =
                if names.is_empty() { "it knows none".to_owned() } else { format!("it knows {}", names.join(", ")) };
            Err(Error::usage(format!("DVC has no remote `{name}`"), Some(&hint)))
        }
    }
}

fn add(
    shelf: &mut Shelf,
    folder: &Path,
    remote: &DvcRemote,
    is_named: bool,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let name = &remote.name;
    let scheme = remote.url.split_once("://").map(|(scheme, _)| scheme);
    let fetch = format!("run `dvc fetch -r {name} --all-commits` first if data is only there");
    if !matches!(scheme, None | Some("s3" | "file")) || remote.is_by_name {
        let why = if remote.is_by_name { "it is version-aware" } else { "esker reads folders and buckets of S3 only" };
        let text = format!("the remote `{name}` of DVC is not asked: {why}");
        if is_named {
            return Err(Error::usage(text, Some(&fetch)));
        }
        notes.push(format!("{text}; {fetch}"));
        return Ok(());
    }
    if remote.has_secrets {
        notes.push(format!(
            "the keys of the remote `{name}` stand in the settings of DVC, where esker does not read them: give them by a profile of ~/.aws, or by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ));
    }
    let is_bucket = scheme == Some("s3");
    let url =
        if scheme.is_some() { remote.url.clone() } else { normal(&folder.join(&remote.url)).display().to_string() };
    let of_bucket = |text: &Option<String>| text.clone().filter(|_| is_bucket);
    let options = StoreOptions {
        endpoint: of_bucket(&remote.endpoint),
        region: of_bucket(&remote.region),
        profile: of_bucket(&remote.profile),
        checksum: None,
    };
    shelf.add_if_there(&url, &options)
}

/// Where an object may lie in a cache or a remote: DVC 3 has a folder for its own, beside those of DVC 2.
fn keys(old: &OldId) -> Vec<Key> {
    let (first, rest) = old.digits().split_at(2);
    let rest = format!("{rest}{}", if old.is_folder { ".dir" } else { "" });
    let mut keys = [format!("files/md5/{first}/{rest}"), format!("{first}/{rest}")];
    if old.hash == Hash::Md5Dos2Unix {
        keys.reverse();
    }
    keys.into_iter().filter_map(Key::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_dvc_outside_its_own_folder_are_meant() {
        let meant = |path: &str| is_meant(path.as_bytes(), BlobId::of(b"")).unwrap();
        assert!(meant("a.dvc") && meant("d/e/data.csv.dvc") && meant("dvc.lock") && meant("d/dvc.lock"));
        assert!(!meant(".dvc/config") && !meant(".dvc/x.dvc") && !meant("d/.dvc/tmp/y.dvc") && !meant("d/.dvc"));
        assert!(!meant("x.dvcignore") && !meant("my-dvc.lock"));
    }
}
