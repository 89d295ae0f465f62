//! `esker checkout`: the data in the worktree becomes what the pointers say.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::revisions;
use crate::ops::{self, CheckedOut, CheckoutOptions, CheckoutReport};

/// Make the data in the worktree what the pointers say
#[derive(clap::Args)]
#[command(after_help = "\
With REV, the pointers of that revision are taken, too, as
`git checkout REV -- data.esker` would. What the cache lacks is fetched from the
remote. Changes that no `esker add` has recorded are never overwritten without
--force, and files that esker never knew are left alone.

Examples:
  esker checkout                 after `git checkout` or `git pull`
  esker checkout data/images     a part of a dataset
  esker checkout v1.0            everything as it was in v1.0
  esker checkout v1.0 -- data    only data, as it was in v1.0")]
pub struct Args {
    /// A revision, then paths; or paths alone
    #[arg(value_name = "REV|PATH")]
    words: Vec<OsString>,

    /// Paths, where one could be taken for a revision
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Overwrite changes that no `esker add` has recorded
    #[arg(short, long)]
    force: bool,

    /// Use only what the cache has
    #[arg(long)]
    no_fetch: bool,

    /// Fetch from this remote
    #[arg(short, long, value_name = "NAME")]
    remote: Option<String>,
}

/// Checks out, and tells what changed.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let (revisions, mut typed) = revisions::split(&project, &args.words, 1)?;
    typed.extend(args.paths.iter().cloned());
    let options = CheckoutOptions {
        revision: revisions.into_iter().next(),
        paths: call.paths(&project, &typed)?,
        force: args.force,
        no_fetch: args.no_fetch,
        remote: args.remote,
    };
    let report = ops::checkout(&project, &options, &call.job())?;
    call.tell(&report, |out| tell(&report, out))
}

/// Tells what a checkout did; `pull` tells the same.
pub fn tell(report: &CheckoutReport, out: &mut Out) {
    let changed: Vec<&CheckedOut> = report.datasets.iter().filter(|dataset| is_changed(dataset)).collect();
    for dataset in &changed {
        out.line(line(dataset));
    }
    if changed.is_empty() {
        out.line("the worktree is up to date");
    }
    if report.fetched_bytes > 0 {
        out.line(format_args!("fetched {}", bytes_text(report.fetched_bytes)));
    }
}

/// Whether anything was done to the dataset.
pub fn is_changed(dataset: &CheckedOut) -> bool {
    dataset.is_gone || dataset.added + dataset.modified + dataset.deleted > 0
}

fn line(dataset: &CheckedOut) -> String {
    let counts = counts_text(dataset);
    let gone = if dataset.is_gone { " (not in this revision)" } else { "" };
    format!("{}: {}{gone}", dataset.path, if counts.is_empty() { "gone" } else { &counts })
}

/// `3 added, 1 modified`: what was done in the worktree; empty if nothing.
pub fn counts_text(dataset: &CheckedOut) -> String {
    let counts = [(dataset.added, "added"), (dataset.modified, "modified"), (dataset.deleted, "deleted")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, word)| format!("{} {word}", count_text(*count))).collect::<Vec<_>>().join(", ")
}
