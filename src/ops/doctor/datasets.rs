//! Pointers, ignore lines, what was seen: whether each dataset can be worked with.

use crate::base::{RepoPath, count_text};
use crate::ops::error::Error;
use crate::ops::pointed;
use crate::ops::project::Project;
use crate::ops::seen;

use super::check::Check;

/// So many of a kind are told one by one.
const MOST_TOLD: usize = 10;

/// All checks of datasets.
pub fn checks(project: &Project) -> Vec<Check> {
    let known = match pointed::known_paths(project) {
        Ok(known) => known,
        Err(error) => return vec![Check::fail("pointers", &error)],
    };
    let (mut readable, mut broken) = (Vec::new(), Vec::new());
    for path in known {
        match pointed::read(project, &path) {
            Ok(Some(_)) => readable.push(path),
            Ok(None) => {}
            Err(error) => broken.push(error),
        }
    }
    let mut checks: Vec<Check> = broken.iter().take(MOST_TOLD).map(|error| Check::fail("pointers", error)).collect();
    if broken.is_empty() {
        checks.push(Check::ok("pointers", counted(readable.len(), "dataset")));
    }
    checks.extend(ignored(project, &readable));
    checks.push(seen_files(project));
    checks
}

/// Whether Git leaves the data of each dataset alone.
fn ignored(project: &Project, datasets: &[RepoPath]) -> Vec<Check> {
    let name = "ignore lines";
    let mut checks = Vec::new();
    for path in datasets {
        match project.repo().tracked_below(path, 1) {
            Ok(tracked) if tracked.is_empty() => {}
            Ok(_) => {
                checks.push(Check::fail(name, &Error::TrackedByGit { path: path.clone() }));
                continue;
            }
            Err(error) => checks.push(Check::fail(name, &error.into())),
        }
        match project.repo().is_ignored(path) {
            Ok(true) => {}
            Ok(false) => checks.push(Check::warn(
                name,
                format!("no line of a .gitignore keeps {path} out of Git"),
                format!("run `esker add {path}`"),
            )),
            Err(error) => checks.push(Check::fail(name, &error.into())),
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(name, "Git leaves all datasets alone"));
    }
    checks.truncate(MOST_TOLD);
    checks
}

fn seen_files(project: &Project) -> Check {
    match seen::damaged(project) {
        Ok(0) => Check::ok("seen", "all that was seen of the worktree can be read"),
        Ok(count) => Check::warn(
            "seen",
            format!("what was seen of {} cannot be read", counted(count, "dataset")),
            "nothing is lost: `esker status` reads the files again",
        ),
        Err(error) => Check::fail("seen", &error),
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count_text(count as u64))
}
