//! `esker diff`: what changed in the data between two revisions, or since one.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::base::{bytes_text, count_text, files_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::near::Near;
use crate::cli::out::Out;
use crate::cli::revisions;
use crate::cli::table::{Align, Cell, Table};
use crate::cli::told::{counts_text, told};
use crate::ops::{self, DatasetChange, DatasetDiff, DiffOptions, DiffReport, Project};

/// Show what changed in the data between two revisions, or since one
#[derive(clap::Args)]
#[command(after_help = "\
Compares lists of files, not their bytes: nothing of the data is fetched.
Without a revision, the worktree is compared with HEAD.

Examples:
  esker diff                     since the last commit
  esker diff v1.0                since v1.0
  esker diff v1.0 v1.1           between two; v1.0..v1.1 is the same
  esker diff HEAD~1 -- data      of one dataset, or a part of one")]
pub struct Args {
    /// Up to two revisions, then paths
    #[arg(value_name = "REV|PATH")]
    words: Vec<OsString>,

    /// Paths, where one could be taken for a revision
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Show a line for each dataset only
    #[arg(long, conflicts_with = "name_only")]
    stat: bool,

    /// Show the names of changed files only, from the root of the repository
    #[arg(long)]
    name_only: bool,

    /// End with code 1 if anything differs
    #[arg(long)]
    exit_code: bool,
}

/// Compares, and tells.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = options(&project, &args, call)?;
    let report = ops::diff(&project, &options, &call.job())?;
    let near = Near::new(&project);
    let done = call.show(&report, |out| match (args.name_only, args.stat) {
        (true, _) => names(&report, out),
        (_, true) => stat(&report, &near, out),
        _ => list(&report, &near, call.is_verbose(), out),
    })?;
    Ok(if args.exit_code && !report.datasets.is_empty() { ExitCode::Differs } else { done })
}

fn options(project: &Project, args: &Args, call: &Call) -> Result<DiffOptions, Failure> {
    let (revisions, mut paths) = match args.words.first().and_then(|word| range(word.to_str()?)) {
        Some((from, to)) => (vec![from, to], args.words[1..].iter().map(PathBuf::from).collect()),
        None => revisions::split(project, &args.words, 2)?,
    };
    paths.extend(args.paths.iter().cloned());
    let mut revisions = revisions.into_iter();
    Ok(DiffOptions { from: revisions.next(), to: revisions.next(), paths: call.paths(project, &paths)? })
}

/// The ends of `A..B`; as in Git, an end that is not named is HEAD. A path may lead through `..`, too.
fn range(word: &str) -> Option<(String, String)> {
    let (from, to) = word.split_once("..")?;
    let is_path = from.ends_with('/') || to.starts_with(['/', '.']) || (from.is_empty() && to.is_empty());
    let end = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
    (!is_path).then(|| (end(from), end(to)))
}

fn names(report: &DiffReport, out: &mut Out) {
    for dataset in &report.datasets {
        if dataset.changes.is_empty() {
            out.line(&dataset.path);
        }
        dataset.changes.files.iter().for_each(|file| out.line(&file.path));
    }
}

fn stat(report: &DiffReport, near: &Near, out: &mut Out) {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for dataset in &report.datasets {
        table.row([Cell::new(ink(dataset), name(dataset, near)), what(dataset).into(), sizes(dataset).into()]);
    }
    out.table("", &table);
    total(report, out);
}

fn list(report: &DiffReport, near: &Near, is_verbose: bool, out: &mut Out) {
    for dataset in &report.datasets {
        out.heading(&format!("{}: {}", name(dataset, near), what(dataset)));
        // All that is in a dataset which came or went says no more than its name.
        let is_whole = matches!(dataset.change, DatasetChange::Added | DatasetChange::Deleted);
        if is_whole && !is_verbose {
            continue;
        }
        let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
        for told in told(&dataset.changes, near) {
            table.row([Cell::new(told.ink, told.label), Cell::new(told.ink, told.path), told.detail.into()]);
        }
        out.table("  ", &table);
    }
    total(report, out);
}

fn ink(dataset: &DatasetDiff) -> Ink {
    match dataset.change {
        DatasetChange::Added => Ink::Added,
        DatasetChange::Deleted => Ink::Deleted,
        DatasetChange::Modified | DatasetChange::Renamed | DatasetChange::Type => Ink::Changed,
    }
}

fn name(dataset: &DatasetDiff, near: &Near) -> String {
    match &dataset.from {
        Some(from) => format!("{} -> {}", near.path(from), near.path(&dataset.path)),
        None => near.path(&dataset.path),
    }
}

fn what(dataset: &DatasetDiff) -> String {
    let size = |state: Option<ops::State>| {
        state.map_or(String::new(), |state| format!("{}, {}", files_text(state.files), bytes_text(state.bytes)))
    };
    match dataset.change {
        DatasetChange::Added => format!("new dataset, {}", size(dataset.new)),
        DatasetChange::Deleted => format!("deleted dataset, {}", size(dataset.old)),
        DatasetChange::Renamed => format!("renamed dataset, {}", size(dataset.new)),
        DatasetChange::Type if dataset.new.is_some_and(|state| state.is_folder) => "a file became a folder".to_owned(),
        DatasetChange::Type => "a folder became a file".to_owned(),
        DatasetChange::Modified => counts_text(&dataset.changes.counts),
    }
}

fn sizes(dataset: &DatasetDiff) -> String {
    let bytes = |state: Option<ops::State>| bytes_text(state.map_or(0, |state| state.bytes));
    format!("{} new, {} -> {}", bytes_text(dataset.changed_bytes), bytes(dataset.old), bytes(dataset.new))
}

fn total(report: &DiffReport, out: &mut Out) {
    let count = match report.datasets.len() {
        0 => return,
        1 => "1 dataset".to_owned(),
        many => format!("{} datasets", count_text(many as u64)),
    };
    let counts = counts_text(&report.counts);
    let changed = if counts.is_empty() { count } else { format!("{count}: {counts}") };
    let bytes = if report.changed_bytes == 0 {
        String::new()
    } else {
        format!("; {} of new data", bytes_text(report.changed_bytes))
    };
    out.line(format_args!("{changed}{bytes}"));
}
