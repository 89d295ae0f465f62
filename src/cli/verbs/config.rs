//! `esker config`: settings, and who sets them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::format::config::{KEYS, Place};
use crate::ops::{self, Setting, SettingChange};

/// Show or change settings
#[derive(clap::Args)]
#[command(after_help = help())]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print the value that holds
    Get {
        /// The key, such as core.remote
        key: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Set a value: in .esker/config.toml, which Git tracks, unless told otherwise
    Set {
        /// The key, such as core.remote
        key: String,
        /// Its value
        value: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Take a value out
    Unset {
        /// The key, such as core.remote
        key: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Print all settings that hold
    List {
        /// Print where each is set
        #[arg(long)]
        show_origin: bool,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(clap::Args, Debug, Clone, Copy)]
struct PlaceArgs {
    /// Of this clone only: .git/esker/config.toml
    #[arg(long, group = "place")]
    local: bool,

    /// Of the project, for all clones: .esker/config.toml
    #[arg(long, group = "place")]
    project: bool,

    /// Of yours, for all projects: ~/.config/esker/config.toml
    #[arg(long, group = "place")]
    user: bool,
}

impl PlaceArgs {
    fn chosen(self) -> Option<Place> {
        match self {
            PlaceArgs { local: true, .. } => Some(Place::Clone),
            PlaceArgs { project: true, .. } => Some(Place::Project),
            PlaceArgs { user: true, .. } => Some(Place::User),
            PlaceArgs { local: false, project: false, user: false } => None,
        }
    }
}

/// A list is an object, so that fields can be added to it.
#[derive(Serialize)]
struct List {
    settings: Vec<Setting>,
}

/// Shows or changes settings.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let settings = call.settings()?;
    match args.what {
        What::Get { key, place } => {
            let found = ops::config_get(&settings, place.chosen(), &key)?;
            call.show(&found, |out| out.line(&found.value))
        }
        What::Set { key, value, place } => {
            let change = ops::config_set(&settings, place.chosen().unwrap_or(Place::Project), &key, &value)?;
            call.tell(&change, |out| out.line(line(&change)))
        }
        What::Unset { key, place } => {
            let change = ops::config_unset(&settings, place.chosen().unwrap_or(Place::Project), &key)?;
            call.tell(&change, |out| out.line(line(&change)))
        }
        What::List { show_origin, place } => {
            let list = List { settings: ops::config_list(&settings, place.chosen())? };
            call.show(&list, |out| {
                for Setting { key, value, origin, .. } in &list.settings {
                    match show_origin {
                        true => out.line(format_args!("{origin}\t{key}={value}")),
                        false => out.line(format_args!("{key}={value}")),
                    }
                }
            })
        }
    }
}

fn line(change: &SettingChange) -> String {
    let SettingChange { key, value, file, is_changed, hidden_by } = change;
    let mut line = match (value, is_changed) {
        (Some(value), true) => format!("{key} is {value} now, in {file}"),
        (Some(value), false) => format!("{key} is {value} already, in {file}"),
        (None, _) => format!("{key} is not set any more in {file}"),
    };
    if let Some(origin) = hidden_by {
        let _ = write!(line, ", but {origin} wins");
    }
    line
}

fn help() -> String {
    let mut text = String::from(
        "\
A value of the command line wins over one of an ESKER_… variable, that over the
clone's (--local), that over the project's, that over yours (--user). The
project's file is tracked by Git and shared by all clones: it may hold no
secret, no command and no folder outside the project.

Keys:
",
    );
    for rule in KEYS {
        let _ = writeln!(text, "  {:22}  {}", rule.pattern, rule.doc);
    }
    text + "
Examples:
  esker config list --show-origin
  esker config set core.remote backup
  esker config set --local cache.dir /mnt/fast/esker-cache
  esker config unset --local cache.dir"
}
