//! `esker completions`: a script that completes verbs and options in a shell.

use std::io::Write;

use clap_complete::{Shell, generate};

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::help;

/// Print a script that completes verbs and options in your shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  esker completions bash > ~/.local/share/bash-completion/completions/esker
  esker completions zsh > \"${fpath[1]}/_esker\"
  esker completions fish > ~/.config/fish/completions/esker.fish")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut help::command(), "esker", &mut script);
    let mut out = call.out();
    // What fails here fails in `finish` as well.
    let _ = out.write_all(&script);
    out.finish()?;
    Ok(ExitCode::Done)
}
