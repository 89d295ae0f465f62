//! `esker pull`: fetch, then checkout.

use super::{checkout, fetch};
use crate::cli::call::Call;
use crate::cli::chosen::Chosen;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, PullOptions, PullReport};

/// Fetch data, and make the worktree what the pointers say
#[derive(clap::Args)]
#[command(after_help = "\
`esker fetch` and `esker checkout` in one. With a revision, the cache gets that
version as well; the worktree gets the one that its pointers say.

Examples:
  esker pull                after `git clone` or `git pull`
  esker pull data/images    a part of a dataset; the rest need not be here")]
pub struct Args {
    #[command(flatten)]
    chosen: Chosen,

    /// Fetch from this remote
    #[arg(short, long, value_name = "NAME")]
    remote: Option<String>,

    /// Overwrite changes that no `esker add` has recorded
    #[arg(short, long)]
    force: bool,
}

/// Pulls, and tells what came and what changed.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let selection = args.chosen.options(call, &project)?;
    let options = PullOptions { selection, remote: args.remote, force: args.force };
    let report = ops::pull(&project, &options, &call.job())?;
    call.tell(&report, |out| tell(&report, out))
}

fn tell(report: &PullReport, out: &mut Out) {
    let is_unchanged = report.checked_out.datasets.iter().all(|dataset| !checkout::is_changed(dataset));
    if report.checked_out.datasets.is_empty() && report.fetched.remotes.is_empty() {
        out.line("nothing to pull: no dataset is tracked yet");
    } else if report.fetched.is_up_to_date && is_unchanged {
        out.line("everything is up to date");
    } else {
        fetch::tell_fetched(&report.fetched, out);
        checkout::tell(&report.checked_out, out);
    }
}
