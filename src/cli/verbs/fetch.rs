//! `esker fetch`: the cache gets what it lacks.

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::chosen::Chosen;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, FetchOptions, FetchReport, Fetched};

/// Fetch data into the cache, and leave the worktree as it is
#[derive(clap::Args)]
#[command(after_help = "\
Without a revision, that is what the pointers in the worktree say. Afterwards
`esker checkout` needs no network.

Examples:
  esker fetch                    all that the worktree points at
  esker fetch data/images        a part of a dataset
  esker fetch --rev v1.0 data    an older version")]
pub struct Args {
    #[command(flatten)]
    chosen: Chosen,

    /// Fetch from this remote
    #[arg(short, long, value_name = "NAME")]
    remote: Option<String>,
}

/// Fetches, and tells what came.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = FetchOptions { selection: args.chosen.options(call, &project)?, remote: args.remote };
    let report = ops::fetch(&project, &options, &call.job())?;
    call.tell(&report, |out| tell(&report, out))
}

fn tell(report: &FetchReport, out: &mut Out) {
    if report.remotes.is_empty() {
        out.line("nothing to fetch: no dataset is tracked yet");
    } else if report.is_up_to_date {
        out.line("everything is up to date");
    }
    tell_fetched(report, out);
}

/// Tells what came from where; nothing if nothing came.
pub fn tell_fetched(report: &FetchReport, out: &mut Out) {
    for fetched in report.remotes.iter().filter(|fetched| fetched.new_chunks > 0) {
        out.line(line(fetched));
    }
}

/// `fetched 12.4 MiB for 3 files from origin`
fn line(fetched: &Fetched) -> String {
    let files =
        if fetched.new_files == 1 { "1 file".to_owned() } else { format!("{} files", count_text(fetched.new_files)) };
    format!("fetched {} for {files} from {}", bytes_text(fetched.new_bytes), fetched.remote)
}
