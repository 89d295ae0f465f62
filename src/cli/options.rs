//! The command line as typed: the options that every verb has, and the verb.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, FromArgMatches, Parser};

use super::help;
use super::verb::Verb;

/// All that is typed.
#[derive(Parser)]
#[command(name = "esker", version, about = env!("CARGO_PKG_DESCRIPTION"), subcommand_value_name = "VERB")]
pub struct Esker {
    /// What every verb has.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options that stand before or after any verb.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub folder: Option<PathBuf>,

    /// Say only what was asked for, errors and warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Answer with one JSON document on stdout, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,

    /// Draw no bars
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// Compute on N threads (default: one for each core)
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

impl Global {
    /// Whether bars are unwanted.
    pub fn is_silent(&self) -> bool {
        self.quiet || self.json || self.no_progress
    }
}

/// Reads the command line, whose first word is the program.
///
/// # Errors
/// The words make no sense, or ask for help or the version.
pub fn parse(words: &[OsString]) -> Result<Esker, clap::Error> {
    let mut matches: ArgMatches = help::command().try_get_matches_from(words)?;
    Esker::from_arg_matches_mut(&mut matches)
}

/// Whether `--json` stands among words that could not be parsed.
pub fn asks_for_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}
