//! `esker status`: what is not as `HEAD` says, and what to type about it.

use std::path::PathBuf;

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::near::Near;
use crate::cli::status_page::StatusPage;
use crate::ops::{self, StatusOptions};

/// Show what changed since the last commit, and what is missing
#[derive(clap::Args)]
#[command(after_help = "\
Compares the data in the worktree with its pointers, and those with Git. Files
whose size and times have not changed are not read.

Examples:
  esker status                   everything
  esker status data/images       a part of a dataset
  esker status --remote          and what a push would send
  esker status --exit-code       for scripts: 1 if anything differs")]
pub struct Args {
    /// Datasets, parts of them, or folders that hold some
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Ask the remotes, too, what they lack; or only this one
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    remote: Option<String>,

    /// End with code 1 if anything differs
    #[arg(long)]
    exit_code: bool,
}

/// So many changes of one dataset are shown without `-v`.
const MOST_SHOWN: usize = 20;

/// Looks, and tells.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = StatusOptions {
        paths: call.paths(&project, &args.paths)?,
        asks_remotes: args.remote.is_some(),
        remote: args.remote.filter(|name| !name.is_empty()),
    };
    let report = ops::status(&project, &options, &call.job())?;
    let near = Near::new(&project);
    let most = if call.is_verbose() { usize::MAX } else { MOST_SHOWN };
    let done = call.show(&report, |out| StatusPage { report: &report, near: &near, most, out }.write())?;
    Ok(if args.exit_code && report.differs() { ExitCode::Differs } else { done })
}
