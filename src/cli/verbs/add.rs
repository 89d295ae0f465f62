//! `esker add`: what is in the worktree becomes a new version of a dataset.

use std::path::PathBuf;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, AddOptions, AddReport, Added};

/// Track files and folders, or record what changed in them
#[derive(clap::Args)]
#[command(after_help = "\
Stores the data in the cache, writes a small pointer beside it (`data.esker` for
`data`), keeps the data itself out of Git by a line in .gitignore, and stages
pointer and .gitignore. Commit them as usual.

Examples:
  esker add data                 a folder, as it is now
  esker add model.bin images     several
  esker add data/new.png         one file of a folder; the rest need not be here")]
pub struct Args {
    /// Files and folders of data
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Put this data on top of a pointer that changed since it was checked out
    #[arg(short, long)]
    force: bool,
}

/// Adds, and tells what is new.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = AddOptions { paths: call.paths(&project, &args.paths)?, force: args.force };
    let report = ops::add(&project, &options, &call.job())?;
    call.tell(&report, |out| tell(&report, out))
}

fn tell(report: &AddReport, out: &mut Out) {
    for dataset in &report.datasets {
        out.line(line(dataset));
    }
    if report.new_bytes > 0 {
        out.line(format_args!(
            "stored {} of new data in the cache ({} on disk)",
            bytes_text(report.new_bytes),
            bytes_text(report.stored_bytes)
        ));
    }
    if report.left_bytes > 0 {
        let left = bytes_text(report.left_bytes);
        out.line(format_args!(
            "left {left} in its files, since the cache is thin: run `esker push` before you edit them"
        ));
    }
}

fn line(dataset: &Added) -> String {
    let what = match (dataset.is_new, dataset.is_changed) {
        (true, _) => "added",
        (false, true) => "updated",
        (false, false) => "unchanged:",
    };
    let size = bytes_text(dataset.bytes);
    match dataset.is_folder {
        true if dataset.files == 1 => format!("{what} {} (1 file, {size})", dataset.path),
        true => format!("{what} {} ({} files, {size})", dataset.path, count_text(dataset.files)),
        false => format!("{what} {} ({size})", dataset.path),
    }
}
