//! `esker resolve`: data that a merge left in conflict.

use std::path::PathBuf;

use crate::base::count_text;
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::near::Near;
use crate::cli::out::Out;
use crate::format::tree::Choice;
use crate::ops::{self, ResolveOptions, ResolveReport, Resolved};

/// Settle data that a merge left in conflict
#[derive(clap::Args)]
#[command(after_help = "\
Files that one side changed are merged without being asked for. Where both sides
changed a file differently, one of the options chooses. In a rebase, `--ours` is
the branch that is built on, as in Git. The data follows, and the pointer is
staged; then go on as Git says (`git commit`, `git rebase --continue`).

Examples:
  esker resolve                             what merges by itself
  esker resolve data --theirs               a whole dataset
  esker resolve data/train/a.csv --ours     one file of it
  esker resolve data --both                 theirs beside ours: a.theirs.csv")]
pub struct Args {
    /// Datasets in conflict, or files in them (default: all datasets in conflict)
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Take our side
    #[arg(long, group = "side")]
    ours: bool,

    /// Take their side
    #[arg(long, group = "side")]
    theirs: bool,

    /// Take what both started from
    #[arg(long, group = "side")]
    base: bool,

    /// Keep ours, and put theirs beside it under a new name
    #[arg(long, group = "side")]
    both: bool,

    /// Drop unsaved changes in the worktree that are in the way
    #[arg(short, long)]
    force: bool,
}

/// Settles, and tells what is left.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let choice = match () {
        () if args.ours => Some(Choice::Ours),
        () if args.theirs => Some(Choice::Theirs),
        () if args.base => Some(Choice::Base),
        () if args.both => Some(Choice::Both),
        () => None,
    };
    let options = ResolveOptions { paths: call.paths(&project, &args.paths)?, choice, force: args.force };
    let report = ops::resolve(&project, &options, &call.job())?;
    let near = Near::new(&project);
    call.tell(&report, |out| tell(&report, &near, out))
}

fn tell(report: &ResolveReport, near: &Near, out: &mut Out) {
    if report.datasets.is_empty() {
        out.line("nothing is in conflict");
    }
    for dataset in &report.datasets {
        let name = near.path(&dataset.path);
        out.line(format_args!("{name}: {}", what(dataset)));
        dataset.beside.iter().for_each(|path| out.line(format_args!("  their side is {}", near.path(path))));
        dataset.left.iter().for_each(|path| out.line(format_args!("  both sides changed {}", near.path(path))));
        if let Some(problem) = &dataset.problem {
            out.line(format_args!("  the data is not in the worktree (run `esker pull {name}`): {problem}"));
        }
    }
}

fn what(dataset: &Resolved) -> String {
    if !dataset.is_settled {
        let left = dataset.left.len() as u64;
        return format!("{} chosen, {} still in conflict", count_text(dataset.chosen), count_text(left));
    }
    let gone = if dataset.is_gone { ", the dataset is gone" } else { "" };
    let next = if dataset.is_staged { "" } else { "; run `git add` on its pointer" };
    format!("settled{gone}{next}")
}
