//! `esker init`: a Git repository becomes an esker project.

use crate::base::RepoPath;
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, InitOptions, InitReport};

use super::hooks::tell_installed;

/// Make this Git repository an esker project
#[derive(clap::Args)]
#[command(after_help = "\
Writes .esker/config.toml (settings that every clone shares), .eskerignore
(what stays out of every dataset) and two lines of .gitattributes, at the root
of the repository, and stages them in Git. Nothing that is there already is
overwritten, so it does no harm to run it again. The clone gets the hooks by
which data follows Git, and the drivers for merge and diff (see `esker hooks`).

Examples:
  esker init
  esker init --no-hooks          the clone's own settings stay as they are
  git commit -m 'Keep data with esker'")]
pub struct Args {
    /// Put no hooks and no drivers into this clone
    #[arg(long)]
    no_hooks: bool,
}

/// Makes the project, and tells what is new.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let report = ops::init(&call.settings()?, InitOptions { no_hooks: args.no_hooks })?;
    // Who stands at the root need not be told which repository is meant.
    let place = if call.folder() == report.root { String::new() } else { format!(" {}", report.root.display()) };
    call.tell(&report, |out| tell(&report, &place, out))
}

fn tell(report: &InitReport, place: &str, out: &mut Out) {
    let since = if report.was_project { "already" } else { "now" };
    out.line(format_args!("the repository{place} is an esker project {since}"));
    let staged = if report.is_staged { ", staged in Git" } else { "" };
    for (word, paths) in [("wrote", &report.created), ("added lines to", &report.changed)] {
        if !paths.is_empty() {
            out.line(format_args!("{word} {}{staged}", list(paths)));
        }
    }
    if let Some(hooks) = &report.hooks {
        tell_installed(hooks, out);
    }
    if let Some(problem) = &report.hooks_problem {
        out.line(format_args!("no hooks are installed: {problem}"));
    }
}

fn list(paths: &[RepoPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
