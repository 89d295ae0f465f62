//! The cache, its file system, the clock, and what interrupted runs left behind.

use std::path::Path;

use crate::base::{RepoPath, Volume, bytes_text};
use crate::ops::error::Error;
use crate::ops::project::Project;
use crate::worktree::Staging;

use super::check::Check;

/// With less room a large file may not fit; in bytes.
const LITTLE_ROOM: u64 = 1 << 30;
/// Clocks that differ by more confuse what changed when; in seconds.
const MOST_AHEAD: i64 = 2;
/// A clock that is this far behind the last commit is wrong; in seconds.
const DAY: i64 = 86_400;

/// All checks of this machine.
pub fn checks(project: &Project) -> Vec<Check> {
    let mut checks = cache(project);
    checks.push(staging(project));
    checks
}

fn cache(project: &Project) -> Vec<Check> {
    let folder = project.cache_folder();
    let made = if folder.exists() { "" } else { ", not made yet" };
    if made.is_empty()
        && let Err(error) = project.cache()
    {
        return vec![Check::fail("cache", &error)];
    }
    // What is not there is made in the nearest folder that is.
    let nearest = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/"));
    let volume = match Volume::probe(nearest) {
        Ok(volume) => volume,
        Err(error) => return vec![Check::fail("cache", &Error::Disk(error))],
    };
    let place = format!("{}{made}, {}", folder.display(), project.config().cache_mode());
    let kind = volume.kind.map_or(String::new(), |kind| format!(", {kind}"));
    let clones = if volume.can_clone { "can share blocks between files" } else { "copies files" };
    let room = format!("{} free{kind}, {clones}", bytes_text(volume.free_bytes));
    let room = match volume.free_bytes {
        little if little < LITTLE_ROOM => Check::warn("disk", room, "make room, or move the cache by `cache.dir`"),
        _ => Check::ok("disk", room),
    };
    vec![Check::ok("cache", place), room, clock(project, &volume)]
}

fn clock(project: &Project, volume: &Volume) -> Check {
    let last_commit = project.repo().head().ok().flatten().map_or(0, |commit| commit.seconds);
    let now = crate::worktree::now() / 1_000_000_000;
    if volume.ahead_seconds.abs() > MOST_AHEAD {
        let message = format!("the clock of the disk is {} s ahead of this machine's", volume.ahead_seconds);
        return Check::warn("clock", message, "set both by the network's time: until then more files are read again");
    }
    match now + DAY < last_commit {
        true => Check::warn("clock", "it is behind the last commit", "set it by the network's time"),
        false => Check::ok("clock", "agrees with the disk's and with the last commit"),
    }
}

fn staging(project: &Project) -> Check {
    let name = "staging";
    let left = match Staging::leftovers(project.root()) {
        Ok(left) => left,
        Err(error) => return Check::fail(name, &error.into()),
    };
    let inside = RepoPath::new(b".esker/tmp/file").unwrap_or_default();
    let is_made = project.root().join(".esker/tmp").exists();
    if is_made && !project.repo().is_ignored(&inside).unwrap_or(true) {
        return Check::warn(
            name,
            "Git does not ignore .esker/tmp",
            "remove that folder: the next checkout makes it anew",
        );
    }
    match left {
        0 => Check::ok(name, "no run was cut short"),
        left => Check::warn(
            name,
            format!("{left} runs were cut short and left files in .esker/tmp"),
            "the next `esker checkout` removes them",
        ),
    }
}
