//! `esker rm`: a dataset, or a part of one, is tracked no longer.

use std::path::PathBuf;

use crate::base::count_text;
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, Removed, RmOptions, RmReport};

/// Stop tracking datasets or parts of them, and remove their files
#[derive(clap::Args)]
#[command(after_help = "\
Removes the files, the pointer and the line in .gitignore, and stages that in
Git. Files with changes that no `esker add` has recorded stop it; files that
esker never knew stay. Older revisions keep the data: it is still in the cache
and on the remotes. Of a part, such as data/old.png, the rest of the dataset
need not be here.

Examples:
  esker rm data                  the dataset and its files
  esker rm --keep data           the dataset; its files stay
  esker rm data/old.png          one file of a dataset")]
pub struct Args {
    /// Datasets, or files and folders in them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Leave the files where they are
    #[arg(long)]
    keep: bool,

    /// Remove also what was changed since it was added
    #[arg(short, long, conflicts_with = "keep")]
    force: bool,
}

/// Removes, and tells what.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = RmOptions { paths: call.paths(&project, &args.paths)?, keep: args.keep, force: args.force };
    let report = ops::rm(&project, &options, &call.job())?;
    call.tell(&report, |out| tell(&report, options.keep, out))
}

fn tell(report: &RmReport, keep: bool, out: &mut Out) {
    for removed in &report.datasets {
        let Removed { path, parts, files_removed, files_left } = removed;
        let files = match (keep, files_removed) {
            (true, _) => "its files stay".to_owned(),
            (false, 1) => "1 file removed".to_owned(),
            (false, count) => format!("{} files removed", count_text(*count)),
        };
        match &parts[..] {
            [] => out.line(format_args!("{path} is tracked no longer ({files})")),
            parts => parts.iter().for_each(|part| {
                out.line(format_args!("{} is no longer in {path} ({files})", path.join(part)));
            }),
        }
        match files_left {
            0 => {}
            1 => out.line(format_args!("left 1 file there that esker never knew")),
            count => out.line(format_args!("left {} files there that esker never knew", count_text(*count))),
        }
    }
}
