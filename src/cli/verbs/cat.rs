//! `esker cat`: the bytes of one file on standard output, without a checkout.

use std::ffi::OsString;
use std::io::ErrorKind;

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::ops;

/// Print a file of a dataset, at any revision
#[derive(clap::Args)]
#[command(after_help = "\
Prints what the pointer says, whatever is in the worktree. What the cache lacks
comes straight from the remote, and only that.

Examples:
  esker cat data/train.csv | head
  esker cat v1.0:data/train.csv > old.csv")]
pub struct Args {
    /// A path, or a revision and a path
    #[arg(value_name = "[REV:]PATH")]
    name: OsString,
}

/// Prints the file; with `--json`, too, since its bytes are the answer.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let job = call.job();
    let mut out = call.out();
    match ops::cat(&project, &args.name, &mut out, &job) {
        // A reader that went away has seen enough.
        Err(ops::Error::Disk(error)) if error.doing == ops::WRITING => match error.source.kind() {
            ErrorKind::BrokenPipe => Ok(ExitCode::Done),
            _ => Err(Failure::output(&error.source)),
        },
        Err(error) => Err(error.into()),
        Ok(_) => out.finish().map(|()| ExitCode::Done),
    }
}
