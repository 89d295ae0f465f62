//! `esker update`: imports become what their source has now.

use std::path::PathBuf;

use crate::base::bytes_text;
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::verbs::checkout::counts_text;
use crate::ops::{self, UpdateOptions, Updated};

/// Bring imports to what their source has now
#[derive(clap::Args)]
#[command(after_help = "\
Each import follows the revision that it was imported with: a branch, or the
default branch. Changes that no `esker add` has recorded are never overwritten
without --force.

Examples:
  esker update                   all imports
  esker update images            one
  esker update images --rev v3.0
                                 from now on that tag")]
pub struct Args {
    /// Imports, or folders that hold some (default: all)
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Follow another revision from now on
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// Overwrite changes that no `esker add` has recorded
    #[arg(short, long)]
    force: bool,
}

/// Updates, and tells what changed.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let paths = call.paths(&project, &args.paths)?;
    let options = UpdateOptions { paths, revision: args.rev, force: args.force };
    let report = ops::update(&project, &options, &call.job())?;
    call.tell(&report, |out| {
        for import in &report.imports {
            out.line(line(import));
        }
        if report.fetched_bytes > 0 {
            out.line(format_args!("fetched {}", bytes_text(report.fetched_bytes)));
        }
    })
}

fn line(import: &Updated) -> String {
    let short = |commit: &str| commit.chars().take(10).collect::<String>();
    let (old, new) = (short(&import.old_commit), short(&import.new_commit));
    let counts = import.placed.as_ref().map(counts_text).filter(|counts| !counts.is_empty());
    match counts {
        _ if !import.is_changed && old == new => format!("{} is up to date ({old})", import.path),
        _ if !import.is_changed => format!("{}: the same data at {new} (was {old})", import.path),
        Some(counts) => format!("{}: {counts} ({old} to {new})", import.path),
        None => format!("{}: {old} to {new}", import.path),
    }
}
