//! `esker mv`: a dataset gets another name.

use std::path::PathBuf;

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::ops::{self, MvOptions};

/// Move or rename a dataset with its pointer and its ignore line
#[derive(clap::Args)]
#[command(after_help = "\
No file is read again, and nothing is sent again by the next push. Nothing that
exists is replaced. Files inside a dataset are moved as any other file; `esker
add` then records that.

Examples:
  esker mv data sets/data        a new name, in another folder
  esker mv model.bin models      into a folder that is there")]
pub struct Args {
    /// A dataset
    old: PathBuf,
    /// Its new path, or a folder to put it in
    new: PathBuf,
}

/// Moves, and tells where to.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = MvOptions { from: project.path(&args.old)?, to: project.path(&args.new)? };
    let report = ops::mv(&project, &options, &call.job())?;
    call.tell(&report, |out| {
        let without = if report.has_data { "" } else { " (its data is not in the worktree)" };
        out.line(format_args!("moved {} to {}{without}", report.from, report.to));
    })
}
