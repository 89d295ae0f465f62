//! `esker push`: a remote gets what it lacks.

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::chosen::Chosen;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, PushOptions, PushReport, Pushed, PushedDataset};

/// Send data that a remote lacks
#[derive(clap::Args)]
#[command(after_help = "\
Without a revision, that is what the pointers in the worktree say, and those of
commits that no branch of a Git remote has yet: whoever gets your commits by
`git push` finds their data. Only chunks that the remote lacks are sent, and an
interrupted push goes on where it stopped.

Examples:
  esker push                  before `git push`
  esker push -n               what would be sent?
  esker push data -r backup   one dataset, to another remote
  esker push --all-commits    every version there ever was")]
pub struct Args {
    #[command(flatten)]
    chosen: Chosen,

    /// Send to this remote
    #[arg(short, long, value_name = "NAME")]
    remote: Option<String>,

    /// Only say what would be sent, and how little of it is new
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Pushes, and tells what was sent.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let selection = args.chosen.options(call, &project)?;
    let options = PushOptions { selection, remote: args.remote, is_dry_run: args.dry_run };
    let report = ops::push(&project, &options, &call.job())?;
    call.tell(&report, |out| tell(&report, out))
}

fn tell(report: &PushReport, out: &mut Out) {
    if report.remotes.is_empty() {
        out.line("nothing to push: no dataset is tracked yet");
    } else if report.is_up_to_date {
        out.line("everything is up to date");
    }
    let sent = report.remotes.iter().filter(|pushed| pushed.datasets.iter().any(|dataset| !dataset.is_up_to_date));
    for pushed in sent {
        for dataset in pushed.datasets.iter().filter(|dataset| dataset.new_chunks > 0) {
            out.line(line(dataset));
        }
        out.line(summary(pushed, report.is_dry_run));
    }
}

fn line(dataset: &PushedDataset) -> String {
    let files = match dataset.new_files {
        0 | 1 => String::new(),
        files => format!(" in {} files", count_text(files)),
    };
    format!("{}: {} new{files}", dataset.path, bytes_text(dataset.new_bytes))
}

/// `sent 12.4 MiB to origin in 2 packs, 8.1 MiB after compression; 1.3 GiB is there already`
fn summary(pushed: &Pushed, is_dry_run: bool) -> String {
    let there = pushed.bytes.saturating_sub(pushed.new_bytes);
    let there = if there > 0 { format!("; {} is there already", bytes_text(there)) } else { String::new() };
    let what = match pushed.new_chunks {
        // A mode, a name or an empty folder changed.
        0 => "new lists of files, no data,".to_owned(),
        _ => bytes_text(pushed.new_bytes),
    };
    if is_dry_run {
        return format!("would send {what} to {}{there}", pushed.remote);
    }
    let packs = if pushed.packs == 1 { "1 pack".to_owned() } else { format!("{} packs", count_text(pushed.packs)) };
    // Lists of files are sent as well: where hardly anything could be compressed, there is more of it than of the data.
    let compressed = match pushed.sent_bytes < pushed.new_bytes {
        true => format!(", {} after compression", bytes_text(pushed.sent_bytes)),
        false => String::new(),
    };
    format!("sent {what} to {} in {packs}{compressed}{there}", pushed.remote)
}
