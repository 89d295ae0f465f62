//! `esker sparse`: only a part of the datasets lies in this worktree.

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, SparseChange, SparseReport};

use super::checkout;

/// Keep only a part of the datasets in this worktree
#[derive(clap::Args)]
#[command(after_help = "\
Patterns have Git's syntax and begin at the root of the worktree; a folder stands
for all that is in it, `!` leaves out again, and the last that matches decides.
What is left out is not deleted from the dataset: `status` does not miss it,
`add` keeps it, `checkout` and `pull` do not bring it. A dataset that is one
file is always there. Each worktree has patterns of its own.

Examples:
  esker sparse set data/train            only that folder
  esker sparse set data '!data/raw'      all but that folder
  esker sparse add data/test             that one, too
  esker sparse disable                   everything again")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Keep what these patterns match, and nothing else
    Set {
        /// Patterns, in Git's syntax
        #[arg(required = true, value_name = "PATTERN")]
        patterns: Vec<String>,
        /// Drop changes that no `esker add` has recorded
        #[arg(short, long)]
        force: bool,
    },
    /// Keep what these patterns match, too
    Add {
        /// Patterns, in Git's syntax
        #[arg(required = true, value_name = "PATTERN")]
        patterns: Vec<String>,
        /// Drop changes that no `esker add` has recorded
        #[arg(short, long)]
        force: bool,
    },
    /// Tell the patterns
    List,
    /// Keep everything again
    Disable {
        /// Drop changes that no `esker add` has recorded
        #[arg(short, long)]
        force: bool,
    },
}

/// Changes or tells what is kept.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let (change, force) = match args.what {
        What::List => {
            let patterns = ops::sparse_list(&project)?;
            return call.show(&patterns, |out| list(patterns.as_deref(), out));
        }
        What::Set { patterns, force } => (SparseChange::Set(patterns), force),
        What::Add { patterns, force } => (SparseChange::Add(patterns), force),
        What::Disable { force } => (SparseChange::Disable, force),
    };
    let report = ops::sparse(&project, &change, force, &call.job())?;
    call.tell(&report, |out| tell(&report, out))
}

fn list(patterns: Option<&[String]>, out: &mut Out) {
    match patterns {
        Some(patterns) => patterns.iter().for_each(|pattern| out.line(pattern)),
        None => out.line("everything is kept: no patterns are set"),
    }
}

fn tell(report: &SparseReport, out: &mut Out) {
    match &report.patterns {
        Some(patterns) => out.line(format_args!("this worktree keeps what matches {}", patterns.join(" "))),
        None => out.line("this worktree keeps everything"),
    }
    checkout::tell(&report.checked_out, out);
}
