//! `esker du`: how large datasets are, and how much of that is stored once only.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::near::Near;
use crate::cli::out::Out;
use crate::cli::revisions;
use crate::cli::table::{Align, Cell, Table};
use crate::ops::{self, DuOptions, DuReport, Usage};

/// Show how large datasets are, and how much of that is there once only
#[derive(clap::Args)]
#[command(after_help = "\
Reads lists of chunks; no data is fetched.

Examples:
  esker du                       all datasets
  esker du v1.0                  as of v1.0
  esker du data/images           a part of one")]
pub struct Args {
    /// A revision, then paths; or paths alone
    #[arg(value_name = "REV|PATH")]
    words: Vec<OsString>,

    /// Paths, where one could be taken for a revision
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Weighs, and tells.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let (mut revisions, mut paths) = revisions::split(&project, &args.words, 1)?;
    paths.extend(args.paths);
    let options = DuOptions { revision: revisions.pop(), paths: call.paths(&project, &paths)? };
    let report = ops::du(&project, &options, &call.job())?;
    call.show(&report, |out| tell(&report, &Near::new(&project), out))
}

fn tell(report: &DuReport, near: &Near, out: &mut Out) {
    let mut table = Table::new([Align::Right, Align::Right, Align::Right, Align::Right, Align::Left]);
    let head = ["files", "size", "unique", "in cache", "dataset"];
    table.row(head.map(|text| Cell::new(Ink::Heading, text)));
    for usage in &report.datasets {
        table.row(row(usage, near.path(&usage.path)));
    }
    if report.datasets.len() > 1 {
        table.row(row(&report.total, "total".to_owned()));
    }
    out.table("", &table);
}

fn row(usage: &Usage, name: String) -> [Cell; 5] {
    let sizes = [usage.bytes, usage.unique_bytes, usage.cached_bytes].map(|bytes| Cell::from(bytes_text(bytes)));
    let [size, unique, cached] = sizes;
    [count_text(usage.files).into(), size, unique, cached, name.into()]
}
