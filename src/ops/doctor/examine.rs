//! The order of the checks: each looks only at what those before it found whole.

use crate::base::{Job, RepoPath, bytes_text, count_text};
use crate::git::{self, GitError, Repo, RepoState};
use crate::ops::error::Error;
use crate::ops::hooks::LARGE;
use crate::ops::project::{PROJECT_FILE, Project, Settings};

use super::check::{Check, DoctorReport};
use super::{datasets, machine, remotes};

/// Looks at everything. Nothing is changed, and no remote is asked.
///
/// # Errors
/// `Cancelled`. What is wrong is told in the report.
pub fn doctor(settings: &Settings, job: &Job<'_>) -> Result<DoctorReport, Error> {
    let mut checks = vec![program()];
    match open(settings, &mut checks) {
        Some(project) => {
            job.check()?;
            checks.extend(datasets::checks(&project));
            job.check()?;
            checks.push(large_files(&project));
            checks.extend(machine::checks(&project));
            checks.push(remotes::check(&project));
        }
        None => job.check()?,
    }
    Ok(DoctorReport::of(checks))
}

fn program() -> Check {
    match git::program_version() {
        Ok(version) => Check::ok("git", version),
        Err(error) => Check::warn("git", error.to_string(), "install git: hooks and merges need it"),
    }
}

/// The project, if there is one. What stands in the way is told.
fn open(settings: &Settings, checks: &mut Vec<Check>) -> Option<Project> {
    let repo = match Repo::discover(&settings.from, &settings.git) {
        Ok(repo) => repo,
        Err(error) => {
            checks.push(Check::fail("repository", &error.into()));
            return None;
        }
    };
    checks.push(repository(&repo));
    let opened = Project::of(repo, settings);
    let found = opened.and_then(|project| match project.root().join(PROJECT_FILE).is_file() {
        true => Ok(project),
        false => Err(Error::NotInitialised { root: project.root().to_owned() }),
    });
    match found {
        Ok(project) => {
            checks.push(settings_of(&project));
            Some(project)
        }
        Err(error) => {
            checks.push(Check::fail("settings", &error));
            None
        }
    }
}

fn repository(repo: &Repo) -> Check {
    let root = repo.worktree().unwrap_or(repo.git_dir()).display();
    match repo.state() {
        RepoState::Clean => Check::ok("repository", root.to_string()),
        state => Check::warn(
            "repository",
            format!("{root}: Git is in the middle of a {}", in_words(state)),
            "`git status` tells how to finish it",
        ),
    }
}

fn in_words(state: RepoState) -> &'static str {
    match state {
        RepoState::Clean => "nothing",
        RepoState::Merge => "merge",
        RepoState::Revert => "revert",
        RepoState::CherryPick => "cherry-pick",
        RepoState::Bisect => "bisect",
        RepoState::Rebase => "rebase",
        RepoState::ApplyMailbox => "`git am`",
    }
}

fn settings_of(project: &Project) -> Check {
    let path = RepoPath::new(PROJECT_FILE.as_bytes()).unwrap_or_default();
    let is_tracked = project.repo().tracked_below(&path, 1).is_ok_and(|tracked| !tracked.is_empty());
    let count = count_text(project.config().entries().count() as u64);
    match (project.config().project_id(), is_tracked) {
        (None, _) => Check::warn("settings", format!("{PROJECT_FILE} has no project.id"), "run `esker init`"),
        (_, false) => Check::warn(
            "settings",
            format!("Git does not track {PROJECT_FILE}"),
            format!("run `git add {PROJECT_FILE}`"),
        ),
        (Some(_), true) => Check::ok("settings", format!("{count} in all, the project's in {PROJECT_FILE}")),
    }
}

fn large_files(project: &Project) -> Check {
    let name = "large files";
    let mut large = match project.repo().large_files(LARGE) {
        Ok(large) => large,
        Err(error) => return Check::fail(name, &GitError::into(error)),
    };
    large.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    match &large[..] {
        [] => Check::ok(name, format!("Git tracks none above {}", bytes_text(LARGE))),
        [(path, bytes), rest @ ..] => {
            let more =
                if rest.is_empty() { String::new() } else { format!(" and {} more", count_text(rest.len() as u64)) };
            let message = format!("Git tracks {path} ({}){more}", bytes_text(*bytes));
            Check::warn(name, message, format!("run `git rm --cached {path}`, then `esker add {path}`"))
        }
    }
}
