//! Single commits of another repository, brought by the program `git` with the user's own credentials.
//!
//! They lie in a bare repository of ours. No hook and no configuration of the other repository is ever used.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::error::{Doing, GitError};
use super::{BlobId, Commit, GitEnvironment, Repo};
use crate::base::{AtPath, Id};

/// Variables by which Git, or one of its hooks, names the repository in which the user stands.
const OF_ANOTHER_REPOSITORY: [&str; 13] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
];

/// What keeps each run to itself: one command, one connection, nothing else.
const QUIETLY: [&str; 5] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "init.defaultRefFormat=files",
    "init.defaultObjectFormat=sha1",
    "advice.defaultBranchName=false",
];
/// So often a run is tried again that met another one of us at work in the same folder.
const MOST_MEETINGS: usize = 8;

/// Another repository, and the folder for what is brought of it.
#[derive(Debug)]
pub struct Distant {
    folder: PathBuf,
    url: String,
    is_typed: bool,
}

impl Distant {
    /// The repository at `url`, with `folder` for its commits. `is_typed` says that the user named it just now; else, as for
    /// a URL out of a file that somebody else wrote, Git uses no protocol that is meant for users only.
    ///
    /// # Errors
    /// `NoProgram`; `Transport` for a URL that would run a program.
    pub fn open(folder: &Path, url: &str, is_typed: bool) -> Result<Distant, GitError> {
        if names_program(url) {
            return Err(GitError::Transport { url: url.to_owned() });
        }
        let distant = Distant { folder: folder.to_owned(), url: url.to_owned(), is_typed };
        if !folder.join("config").exists() {
            std::fs::create_dir_all(folder).at("make", folder)?;
            let output = distant.run(&["init", "--quiet", "--bare", "--template="], "")?;
            if !output.status.success() {
                let doing = format!("make a repository in {}", folder.display());
                return Err(GitError::Git { doing, reason: reason(&said(&output)) });
            }
        }
        Ok(distant)
    }

    /// The repository of ours in which its commits lie.
    pub fn repo(&self) -> Result<Repo, GitError> {
        let environment = GitEnvironment { git_dir: Some(self.folder.clone()), ..GitEnvironment::default() };
        Repo::discover(&self.folder, &environment)
    }

    /// Brings the commit of a branch, of a tag, or of a full hash; that of the default branch for `None`. Of its files only
    /// the names come, where the server can do so.
    ///
    /// # Errors
    /// `UnknownThere` for a revision that is none of these; `NotReached` for all that the server or the network says.
    pub fn fetch(&self, revision: Option<&str>) -> Result<Commit, GitError> {
        let wanted = revision.unwrap_or("HEAD");
        let unknown = || GitError::UnknownThere { url: self.url.clone(), revision: wanted.to_owned() };
        if wanted.starts_with(['-', '+', '^']) || wanted.contains([':', '*', ' ', '~', '?', '[', '\\']) {
            return Err(unknown());
        }
        if let Some(known) = self.known(wanted)? {
            return Ok(known);
        }
        let kept_as = kept_as(wanted);
        let spec = format!("+{wanted}:{kept_as}");
        let output = self.fetch_spec(&["--depth=1", "--filter=blob:none"], &[&spec])?;
        if output.status.success() {
            return self.repo()?.resolve(&kept_as);
        }
        let said = said(&output);
        let is_about_shallow = said.contains("shallow") || said.contains("filter") || said.contains("dumb http");
        if is_about_shallow && self.fetch_spec(&[], &[&spec])?.status.success() {
            return self.repo()?.resolve(&kept_as);
        }
        if is_full_hash(wanted) && refuses_hashes(&said) {
            self.fetch_history(&["--filter=blob:none"])?;
            return self.known(wanted)?.ok_or_else(unknown);
        }
        if said.contains("find remote ref") { Err(unknown()) } else { Err(self.not_reached(&output)) }
    }

    /// Brings files of the commit of `revision` that came without: all of them in one request. From a server that gives no
    /// file by its hash, as one that is asked in an old protocol, all files of the commit come.
    pub fn bring(&self, revision: Option<&str>, blobs: &[BlobId]) -> Result<(), GitError> {
        let repo = self.repo()?;
        let odb = repo.inner.odb().doing("open Git's objects")?;
        let missing: Vec<String> =
            blobs.iter().filter(|blob| !odb.exists(blob.0)).map(|blob| blob.0.to_string()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let alone = ["-c", "fetch.negotiationAlgorithm=noop"];
        let words = [&alone[..], &FETCH, &["--filter=blob:none", "--stdin", "origin"]].concat();
        let output = self.run(&words, &missing.join("\n"))?;
        if output.status.success() {
            return Ok(());
        }
        if !refuses_hashes(&said(&output)) {
            return Err(self.not_reached(&output));
        }
        let whole = ["--refetch", "--no-filter"];
        let wanted = revision.unwrap_or("HEAD");
        let spec = format!("+{wanted}:{}", kept_as(wanted));
        let output = self.fetch_spec(&[&whole[..], &["--depth=1"]].concat(), &[&spec])?;
        match output.status.success() {
            true => Ok(()),
            false if refuses_hashes(&said(&output)) => self.fetch_history(&whole),
            false => Err(self.not_reached(&output)),
        }
    }

    /// The commit of a full hash that is here already.
    fn known(&self, hash: &str) -> Result<Option<Commit>, GitError> {
        if !is_full_hash(hash) {
            return Ok(None);
        }
        match self.repo()?.resolve(hash) {
            Ok(commit) => Ok(Some(commit)),
            Err(GitError::UnknownRevision { .. } | GitError::ObjectMissing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Brings all commits of all branches and tags, from a server that gives no commit by its hash alone.
    fn fetch_history(&self, options: &[&str]) -> Result<(), GitError> {
        let specs = ["+refs/heads/*:refs/esker/heads/*", "+refs/tags/*:refs/esker/tags/*"];
        let deep: &[&str] = if self.folder.join("shallow").exists() { &["--unshallow"] } else { &[] };
        let output = self.fetch_spec(&[options, deep].concat(), &specs)?;
        if output.status.success() { Ok(()) } else { Err(self.not_reached(&output)) }
    }

    fn fetch_spec(&self, options: &[&str], specs: &[&str]) -> Result<Output, GitError> {
        let words = [&FETCH[..], options, &["origin"], specs].concat();
        for _ in 1..MOST_MEETINGS {
            let output = self.run(&words, "")?;
            if output.status.success() || !said(&output).contains(".lock") {
                return Ok(output);
            }
        }
        self.run(&words, "")
    }

    fn run(&self, words: &[&str], input: &str) -> Result<Output, GitError> {
        let mut git = Command::new("git");
        for setting in QUIETLY {
            git.args(["-c", setting]);
        }
        git.args(["-c", &format!("remote.origin.url={}", self.url)]);
        git.args(words).current_dir(&self.folder).env("LC_ALL", "C");
        for name in OF_ANOTHER_REPOSITORY {
            git.env_remove(name);
        }
        git.env("GIT_CEILING_DIRECTORIES", self.folder.parent().map_or(OsStr::new("/"), Path::as_os_str));
        if !self.is_typed {
            git.env("GIT_PROTOCOL_FROM_USER", "0");
        }
        let no_program = |source: std::io::Error| GitError::NoProgram { reason: source.to_string() };
        let git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = git.spawn().map_err(no_program)?;
        let mut stdin = child.stdin.take().expect("it was asked for");
        // Who ends before it has read all says why by its exit code.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().map_err(no_program)
    }

    fn not_reached(&self, output: &Output) -> GitError {
        GitError::NotReached { url: self.url.clone(), reason: reason(&said(output)) }
    }
}

const FETCH: [&str; 6] =
    ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"];

/// `ext::sh -c …`, or any other helper by its name. No honest URL of a repository begins so.
fn names_program(url: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    url.split_once("::").is_some_and(|(name, _)| plain(name))
}

fn is_full_hash(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name under which the commit of a revision is kept.
fn kept_as(revision: &str) -> String {
    format!("refs/esker/{}", &Id::of(revision.as_bytes()).to_string()[..16])
}

/// Whether a server says that it gives only what a branch or a tag names.
fn refuses_hashes(said: &str) -> bool {
    said.contains("not our ref") || said.contains("unadvertised object")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The line that tells most: Git says first what went wrong below, and last that it could not read.
fn reason(said: &str) -> String {
    let plain = |line: &str| {
        let line = line.trim();
        let line = ["fatal: ", "error: ", "remote: "].iter().fold(line, |line, word| line.trim_start_matches(word));
        line.trim_end_matches('.').to_owned()
    };
    let lines: Vec<String> = said.lines().map(plain).filter(|line| !line.is_empty()).collect();
    let is_general = |line: &&String| line.starts_with("Could not read from remote") || line.starts_with("warning:");
    let told = lines.iter().find(|line| !is_general(line)).or(lines.first());
    told.cloned().unwrap_or_else(|| "git gave no reason".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::*;

    fn distant(sandbox: &Sandbox, folder: &Path) -> Distant {
        // As from a server, and not as a folder whose objects are linked.
        Distant::open(folder, &format!("file://{}", sandbox.root().display()), true).unwrap()
    }

    #[test]
    fn one_commit_comes_without_its_history_and_files_come_when_they_are_asked_for() {
        let sandbox = Sandbox::new();
        sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
        sandbox.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let first = sandbox.commit("data.esker", "one");
        sandbox.commit("large.bin", &"x".repeat(100_000));
        sandbox.git(&["tag", "v1"]);
        let last = sandbox.commit("data.esker", "two");
        let folder = tempfile::tempdir().unwrap();
        let distant = distant(&sandbox, folder.path());
        let commit = distant.fetch(Some("v1")).unwrap();
        let repo = distant.repo().unwrap();
        assert!(matches!(repo.resolve(&first), Err(GitError::UnknownRevision { .. })));
        assert!(matches!(repo.file_at(&commit, &path("data.esker")), Err(GitError::ObjectMissing { .. })));
        let blobs = repo.pointer_blobs_at(&commit).unwrap();
        distant.bring(Some("v1"), &[blobs[0].1]).unwrap();
        let repo = distant.repo().unwrap();
        assert_eq!(repo.file_at(&commit, &path("data.esker")).unwrap().unwrap(), b"one");
        assert!(matches!(repo.file_at(&commit, &path("large.bin")), Err(GitError::ObjectMissing { .. })));
        let fetched = |revision: Option<&str>| distant.fetch(revision).unwrap().id.to_string();
        assert_eq!([fetched(None), fetched(Some("main")), fetched(Some(&first))], [last.clone(), last, first]);
    }

    /// The old protocol gives files by their hash only if the server says so.
    #[test]
    fn where_no_file_comes_by_its_hash_all_files_of_the_commit_come() {
        let sandbox = Sandbox::new();
        sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
        let first = sandbox.commit("data.esker", "one");
        sandbox.commit("other.esker", "two");
        let folder = tempfile::tempdir().unwrap();
        let distant = distant(&sandbox, folder.path());
        sandbox.git(&["config", "-f", folder.path().join("config").to_str().unwrap(), "protocol.version", "0"]);
        for revision in [None, Some(&first[..])] {
            let commit = distant.fetch(revision).unwrap();
            let repo = distant.repo().unwrap();
            let blobs: Vec<_> = repo.pointer_blobs_at(&commit).unwrap().into_iter().map(|(_, blob)| blob).collect();
            distant.bring(revision, &blobs).unwrap();
            assert_eq!(distant.repo().unwrap().file_at(&commit, &path("data.esker")).unwrap().unwrap(), b"one");
        }
    }

    #[test]
    fn a_server_that_knows_no_filter_gives_all_files_of_the_commit() {
        let sandbox = Sandbox::new();
        let first = sandbox.commit("data.esker", "one");
        sandbox.commit("data.esker", "two");
        let folder = tempfile::tempdir().unwrap();
        let distant = distant(&sandbox, folder.path());
        let commit = distant.fetch(None).unwrap();
        assert_eq!(distant.repo().unwrap().file_at(&commit, &path("data.esker")).unwrap().unwrap(), b"two");
        assert_eq!(distant.fetch(Some(&first)).unwrap().id.to_string(), first);
    }

    #[test]
    fn what_is_not_there_is_told() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        let folder = tempfile::tempdir().unwrap();
        let there = distant(&sandbox, folder.path());
        for revision in ["v9", "main~1", "--upload-pack=x", "a:b", &"0".repeat(40)] {
            let error = there.fetch(Some(revision)).unwrap_err();
            assert!(matches!(error, GitError::UnknownThere { .. }), "{revision}: {error}");
        }
        let nowhere = Distant::open(&folder.path().join("n"), "file:///nowhere/at/all", true).unwrap();
        assert!(matches!(nowhere.fetch(None), Err(GitError::NotReached { .. })));
    }

    #[test]
    fn a_url_that_runs_a_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for url in ["ext::sh -c x", "fd::7", "my-helper::x"] {
            assert!(matches!(Distant::open(folder.path(), url, true), Err(GitError::Transport { .. })), "{url}");
        }
        assert!(!names_program("ssh://[::1]/a") && !names_program("git@[fe80::1]:a") && !names_program("a/b::c"));
    }

    #[test]
    fn the_line_that_tells_most_is_told() {
        let ssh = "ssh: Could not resolve hostname x: Name or service not known\nfatal: Could not read from remote repository.\n\nPlease make sure\n";
        assert_eq!(reason(ssh), "ssh: Could not resolve hostname x: Name or service not known");
        assert_eq!(reason("fatal: repository 'x' not found\n"), "repository 'x' not found");
        assert_eq!(reason(""), "git gave no reason");
    }
}
