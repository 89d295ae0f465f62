//! `esker import`: a dataset of another repository becomes one of ours.

use std::path::PathBuf;

use crate::base::{bytes_text, files_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::ops::{self, ImportOptions};

/// Track data of another repository, and remember where it is from
#[derive(clap::Args)]
#[command(after_help = "\
URL is what `git clone` takes, or a folder; PATH is a dataset there, or a part
of one. The pointer says where it is from and at which commit; `esker update`
brings what is new there. Commit pointer and .gitignore as usual.

Examples:
  esker import git@host:team/registry images/train
  esker import ../registry models/best.bin --rev v2.0 -o model.bin")]
pub struct Args {
    /// The other repository
    url: String,

    /// What to import, from the folder that URL names
    path: PathBuf,

    /// The branch or tag to follow, or a full commit id (default: the default branch)
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// Where to put it: a new name, or a folder that is there
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
}

/// Imports it, and tells what.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = ImportOptions { url: args.url, path: args.path, revision: args.rev, out: args.out };
    let report = ops::import(&project, &options, &call.job())?;
    call.tell(&report, |out| {
        let size = if report.is_folder { format!("{}, ", files_text(report.files)) } else { String::new() };
        let size = format!("{size}{}", bytes_text(report.bytes));
        let source = format!("{} of {} as of {}", report.source, report.url, report.commit.id.short());
        out.line(format_args!("imported {} ({size}): {source}", report.path));
        if report.fetched_bytes > 0 {
            out.line(format_args!("fetched {}", bytes_text(report.fetched_bytes)));
        }
    })
}
