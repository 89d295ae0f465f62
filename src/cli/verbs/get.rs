//! `esker get`: data of another repository, or of another revision, is put here and not tracked.

use std::path::PathBuf;

use crate::base::{bytes_text, files_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::ops::{self, GetOptions};

/// Copy data out of another repository, or out of another revision
#[derive(clap::Args)]
#[command(after_help = "\
URL is what `git clone` takes, or a folder; `.` is this repository. PATH is a
dataset there, a part of one, a folder of datasets, or a file that Git has.
Nothing is tracked; it works outside of any repository, too. Only one commit is
fetched, and of its data what the cache lacks.

Examples:
  esker get git@host:team/registry images/train
  esker get ../registry models/best.bin --rev v2.0 -o model.bin
  esker get . data --rev v1.0 -o data-v1
                                 an old version beside the new one")]
pub struct Args {
    /// The other repository
    url: String,

    /// What to get, from the folder that URL names
    path: PathBuf,

    /// A branch, a tag or a full commit id (of a folder: any revision)
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// Where to put it: a new name, or a folder that is there
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
}

/// Gets it, and tells what.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let options = GetOptions { url: args.url, path: args.path, revision: args.rev, out: args.out };
    let report = ops::get(&call.settings()?, &options, &call.job())?;
    call.tell(&report, |out| {
        let size = format!("{}, {}", files_text(report.files), bytes_text(report.bytes));
        out.line(format_args!("got {} ({size}) as of {}", report.out, report.commit.id.short()));
        if report.fetched_bytes > 0 {
            out.line(format_args!("fetched {}", bytes_text(report.fetched_bytes)));
        }
    })
}
