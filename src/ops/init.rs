//! `init`: a Git repository becomes an esker project.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{AtPath, RepoPath};
use crate::format::config::{self, Key, Place};
use crate::git::{GitError, Repo};
use crate::worktree::IGNORE_FILE;

use super::error::Error;
use super::hooks::{HooksReport, hooks_install};
use super::project::{PROJECT_FILE, Project, Settings};
use super::publish::{Undo, read_if_there};

/// Where Git is told how to treat pointers.
const ATTRIBUTES_FILE: &str = ".gitattributes";

/// `-text`: no filter for line ends changes the bytes of a pointer, which ids of Git depend on; `git diff` still
/// shows it as text. A name of a driver that no configuration knows means Git's own text diff and text merge.
const ATTRIBUTES: [(&[u8], &[u8]); 2] = [
    // What all pointers are called.
    (b"*.esker", b" -text diff=esker merge=esker"),
    // Each dataset adds a line to the ignore file beside it: two branches with one more each want both.
    (b".gitignore", b" merge=union"),
];

const PROJECT_TEXT: &str = "\
# Settings of this esker project. Git tracks this file, so every clone has them: no secret belongs in here.
# `esker help config` lists all keys. Settings of this clone only: `esker config set --local KEY VALUE`.
";

const IGNORE_TEXT: &str = "\
# Paths that esker leaves out of every dataset, in the syntax of .gitignore, relative to this folder.
# .DS_Store
# *.tmp
";

/// What `init` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InitReport {
    /// The root of the worktree.
    pub root: PathBuf,
    /// Files that were not there before.
    pub created: Vec<RepoPath>,
    /// Files that were there and got a line more.
    pub changed: Vec<RepoPath>,
    /// Whether the repository was a project before.
    pub was_project: bool,
    /// Whether the files are staged in Git.
    pub is_staged: bool,
    /// The hooks and drivers of this clone; `None` if they were not wanted, or could not be looked at.
    pub hooks: Option<HooksReport>,
    /// Why they could not be put in place.
    pub hooks_problem: Option<String>,
}

/// How to make a project.
#[derive(Debug, Clone, Copy, Default)]
pub struct InitOptions {
    /// Leave the hooks and drivers of this clone as they are.
    pub no_hooks: bool,
}

/// Writes what a project needs and has not got yet, at the root of the worktree, and stages it.
///
/// What is there already stays as it is, but for lines that are added.
///
/// # Errors
/// `ProjectFileGone` if `HEAD` has the project file and the worktree has not. After any error all files are as before.
pub fn init(settings: &Settings, options: InitOptions) -> Result<InitReport, Error> {
    let repo = Repo::discover(&settings.from, &settings.git)?;
    let project = Project::of(repo, settings)?;
    refuse_links(&project)?;
    refuse_gone(&project)?;
    let mut undo = Undo::default();
    let done = write(&project, &mut undo);
    if done.is_err() {
        undo.put_back();
        // Only if it was made here: a folder that holds something stays.
        let _ = fs::remove_dir(project.root().join(".esker"));
    }
    let mut report = done?;
    if !options.no_hooks {
        // A project is one without them.
        match hooks_install(&project) {
            Ok(hooks) => report.hooks = Some(hooks),
            Err(error) => report.hooks_problem = Some(error.to_string()),
        }
    }
    Ok(report)
}

/// The files of esker lie in the repository itself, not behind a link that somebody committed.
fn refuse_links(project: &Project) -> Result<(), Error> {
    let path = RepoPath::new(PROJECT_FILE.as_bytes())?;
    match project.repo().foreign_folder(&path)? {
        Some(folder) => Err(GitError::Foreign { path, folder }.into()),
        None => Ok(()),
    }
}

fn refuse_gone(project: &Project) -> Result<(), Error> {
    if project.root().join(PROJECT_FILE).exists() {
        return Ok(());
    }
    let Some(head) = project.repo().head()? else { return Ok(()) };
    match project.repo().file_at(&head, &RepoPath::new(PROJECT_FILE.as_bytes())?)? {
        Some(_) => Err(Error::ProjectFileGone),
        None => Ok(()),
    }
}

fn write(project: &Project, undo: &mut Undo) -> Result<InitReport, Error> {
    let mut report = InitReport { root: project.root().to_owned(), was_project: true, ..InitReport::default() };
    for (name, text) in [
        (PROJECT_FILE, project_text as fn(Option<&[u8]>) -> Result<Option<Vec<u8>>, Error>),
        (IGNORE_FILE, ignore_text),
        (ATTRIBUTES_FILE, attributes_text),
    ] {
        let path = RepoPath::new(name.as_bytes())?;
        let file = path.below(project.root());
        let old = read_if_there(&file)?;
        let Some(new) = text(old.as_deref())? else { continue };
        make_folder(project, &path)?;
        report.was_project &= name != PROJECT_FILE || old.is_some();
        match &old {
            None => report.created.push(path),
            Some(_) => report.changed.push(path),
        }
        undo.replace(file, old, &new)?;
    }
    report.is_staged = stage(project, &report)?;
    Ok(report)
}

fn make_folder(project: &Project, path: &RepoPath) -> Result<(), Error> {
    let folder = path.parent().unwrap_or_default().below(project.root());
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).at("make", &folder)?,
        _ => Ok(()),
    }
}

/// Stages what was written, and what an interrupted run wrote.
fn stage(project: &Project, report: &InitReport) -> Result<bool, Error> {
    if !project.config().stages() {
        return Ok(false);
    }
    let mut paths: Vec<RepoPath> = report.created.iter().chain(&report.changed).cloned().collect();
    for name in [PROJECT_FILE, IGNORE_FILE, ATTRIBUTES_FILE] {
        let path = RepoPath::new(name.as_bytes())?;
        if !paths.contains(&path) && project.repo().tracked_below(&path, 1)?.is_empty() {
            paths.push(path);
        }
    }
    project.repo().stage(&paths)?;
    Ok(true)
}

/// The project file with an id; `None` if it has one.
fn project_text(old: Option<&[u8]>) -> Result<Option<Vec<u8>>, Error> {
    let bytes = old.unwrap_or(PROJECT_TEXT.as_bytes());
    let in_file = |cause| Error::Settings { file: PROJECT_FILE.into(), cause };
    let layer = config::Layer::parse(Place::Project, PROJECT_FILE, bytes).map_err(in_file)?;
    if layer.entries.iter().any(|entry| entry.key.to_string() == "project.id") {
        return Ok(None);
    }
    let key = Key::parse("project.id").expect("a key of the list");
    let id = key.value(Place::Project, &random_id()?).expect("32 hex digits");
    let text = std::str::from_utf8(bytes).expect("it was parsed just now");
    config::set(text, &key, &id).map(|text| Some(text.into_bytes())).map_err(in_file)
}

fn random_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    let filled = getrandom::fill(&mut bytes).map_err(|_| std::io::Error::other("no random bytes"));
    filled.at("write", PROJECT_FILE.as_ref())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A template, where there is no such file.
fn ignore_text(old: Option<&[u8]>) -> Result<Option<Vec<u8>>, Error> {
    Ok(old.is_none().then(|| IGNORE_TEXT.into()))
}

/// The attributes with lines for pointers and ignore files; `None` if they have those, whatever they say.
fn attributes_text(old: Option<&[u8]>) -> Result<Option<Vec<u8>>, Error> {
    let old = old.unwrap_or_default();
    let end: &[u8] = if old.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut new = old.to_vec();
    for (pattern, attributes) in ATTRIBUTES {
        let has_pattern =
            |line: &[u8]| line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()) == Some(pattern);
        if old.split(|byte| *byte == b'\n').any(has_pattern) {
            continue;
        }
        if !new.is_empty() && !new.ends_with(b"\n") {
            new.extend_from_slice(end);
        }
        new.extend([pattern, attributes, end].concat());
    }
    Ok((new != old).then_some(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_get_the_lines_that_they_lack_in_the_files_own_style() {
        let text =
            |old: &[u8]| attributes_text(Some(old)).unwrap().map(|text| String::from_utf8_lossy(&text).into_owned());
        let lines = "*.esker -text diff=esker merge=esker\n.gitignore merge=union\n";
        assert_eq!(text(b"").unwrap(), lines);
        assert_eq!(attributes_text(None).unwrap().unwrap(), lines.as_bytes());
        assert_eq!(text(b"*.png binary").unwrap(), format!("*.png binary\n{lines}"));
        let crlf = format!("*.png binary\r\n{}", lines.replace('\n', "\r\n"));
        assert_eq!(text(b"*.png binary\r\n").unwrap(), crlf);
        assert_eq!(text(b"a b\n *.esker\ttext\n").unwrap(), "a b\n *.esker\ttext\n.gitignore merge=union\n");
        assert_eq!(text(b"*.esker -text\n.gitignore -merge"), None);
    }

    #[test]
    fn a_project_file_keeps_what_it_says_and_gets_an_id() {
        let made = project_text(None).unwrap().unwrap();
        let text = String::from_utf8(made.clone()).unwrap();
        assert!(text.starts_with(PROJECT_TEXT) && text.contains("\n[project]\nid = \""), "{text}");
        assert_eq!(project_text(Some(&made)).unwrap(), None);
        let old = b"[core]\nremote = \"a\" # mine\n";
        assert!(project_text(Some(old)).unwrap().unwrap().starts_with(old));
        assert!(project_text(Some(b"[core]\nremte = 1\n")).is_err());
    }
}
