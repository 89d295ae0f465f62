//! `esker log`: the commits that changed data, and by how much.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::base::{bytes_text, files_text};
use crate::cli::call::Call;
use crate::cli::date::date_text;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::near::Near;
use crate::cli::out::Out;
use crate::cli::revisions;
use crate::cli::told::counts_text;
use crate::ops::{self, DatasetChange, LogOptions, LogReport, Logged, LoggedDataset, LoggedPart, PartSize};

/// Show the commits that changed data, and by how much
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  esker log                      of all datasets, newest first
  esker log -n 5 data/images     the last five that changed a part of one
  esker log data/labels.csv      when a file in a dataset changed, and how large it was
  esker log v1.0                 the history of v1.0")]
pub struct Args {
    /// A revision, then paths; or paths alone
    #[arg(value_name = "REV|PATH")]
    words: Vec<OsString>,

    /// Paths, where one could be taken for a revision
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Show at most N commits
    #[arg(short = 'n', long, value_name = "N")]
    max_count: Option<usize>,
}

/// Looks through the history, and tells.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let (mut revisions, mut paths) = revisions::split(&project, &args.words, 1)?;
    paths.extend(args.paths);
    let options = LogOptions { revision: revisions.pop(), paths: call.paths(&project, &paths)?, most: args.max_count };
    let report = ops::log(&project, &options, &call.job())?;
    call.show(&report, |out| tell(&report, &Near::new(&project), out))
}

fn tell(report: &LogReport, near: &Near, out: &mut Out) {
    for Logged { commit, datasets } in &report.commits {
        let id = out.paint(Ink::Changed, &commit.id.short());
        let date = date_text(commit.seconds, commit.offset_minutes);
        out.line(format_args!("{id} {date} {} {}", out.paint(Ink::Faint, &commit.author), commit.summary));
        for dataset in datasets {
            let line = match &dataset.part {
                Some(part) => format!("{}: {}", near.path(&part.path), what_of_part(dataset, part)),
                None => format!("{}: {}", near.path(&dataset.path), what(dataset)),
            };
            out.line(format_args!("    {line}"));
        }
    }
}

fn what(dataset: &LoggedDataset) -> String {
    let size = |state: Option<ops::State>| {
        state.map_or(String::new(), |state| format!("{}, {}", files_text(state.files), bytes_text(state.bytes)))
    };
    let counts = dataset.counts.as_ref().map_or("changed, its lists of files are not here".to_owned(), counts_text);
    match dataset.change {
        DatasetChange::Added => format!("new, {}", size(dataset.new)),
        DatasetChange::Deleted => format!("deleted, {}", size(dataset.old)),
        DatasetChange::Type => format!("now another type, {}", size(dataset.new)),
        DatasetChange::Modified | DatasetChange::Renamed if counts.is_empty() => "pointer only".to_owned(),
        DatasetChange::Modified | DatasetChange::Renamed => {
            format!("{counts}{}", dataset.grown_bytes.map(growth).unwrap_or_default())
        }
    }
}

fn what_of_part(dataset: &LoggedDataset, part: &LoggedPart) -> String {
    let size = |size: &PartSize| format!("{}, {}", files_text(size.files), bytes_text(size.bytes));
    let counts = dataset.counts.as_ref().map(counts_text).unwrap_or_default();
    let grown = dataset.grown_bytes.map(growth).unwrap_or_default();
    match (&part.old, &part.new) {
        (None, Some(new)) => format!("new, {}", size(new)),
        (Some(old), None) => format!("deleted, {}", size(old)),
        // One file says by its growth what it is.
        (_, Some(new)) if new.files == 1 => format!("{counts}{grown}, now {}", bytes_text(new.bytes)),
        (_, Some(new)) => format!("{counts}{grown}, now {}", size(new)),
        (None, None) => format!("{counts}{grown}"),
    }
}

fn growth(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "+" };
    format!(" ({sign}{})", bytes_text(bytes.unsigned_abs()))
}
