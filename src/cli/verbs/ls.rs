//! `esker ls`: what is tracked, and what is in it, here or at any revision.

use std::ffi::OsString;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::near::Near;
use crate::cli::out::Out;
use crate::cli::table::{Align, Cell, Table};
use crate::ops::{self, Listed, LsFromOptions, LsOptions, LsReport};

/// List datasets, or the files in one, at any revision
#[derive(clap::Args)]
#[command(after_help = "\
Reads pointers and lists of files; no data is fetched.

Examples:
  esker ls                       all datasets
  esker ls -l data               what is in one, with sizes
  esker ls -r v1.0:data/images   all files below a folder, as of v1.0
  esker ls v1.0:                 all datasets of v1.0
  esker ls --from git@host:team/registry v2.0:data
                                 what another repository has")]
pub struct Args {
    /// A path, a revision and a path, or a revision alone
    #[arg(value_name = "[REV:]PATH", default_value = "", hide_default_value = true)]
    name: OsString,

    /// Look into another repository: a URL that Git understands, or a folder
    #[arg(long, value_name = "URL")]
    from: Option<String>,

    /// Enter all folders
    #[arg(short, long)]
    recursive: bool,

    /// Show sizes and counts
    #[arg(short, long)]
    long: bool,
}

/// Lists.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let (report, near) = match args.from {
        Some(url) => {
            let options = LsFromOptions { url, name: args.name, recursive: args.recursive };
            (ops::ls_from(&call.settings()?, &options, &call.job())?, Near::root())
        }
        None => {
            let project = call.project()?;
            let options = LsOptions { name: args.name, recursive: args.recursive };
            (ops::ls(&project, &options, &call.job())?, Near::new(&project))
        }
    };
    call.show(&report, |out| if args.long { long(&report, &near, out) } else { short(&report, &near, out) })
}

fn short(report: &LsReport, near: &Near, out: &mut Out) {
    for entry in report.entries.iter().take_while(|_| out.is_read()).collect::<Vec<_>>() {
        let (ink, name) = name(entry, near);
        let name = ink.map_or(name.clone(), |ink| out.paint(ink, &name));
        out.line(name);
    }
}

fn long(report: &LsReport, near: &Near, out: &mut Out) {
    let mut table = Table::new([Align::Right, Align::Right, Align::Left]);
    for entry in &report.entries {
        let count = if entry.is_folder && entry.files > 0 { count_text(entry.files) } else { String::new() };
        let (ink, name) = name(entry, near);
        let target = entry.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
        let name = format!("{name}{target}");
        table.row([
            bytes_text(entry.bytes).into(),
            count.into(),
            ink.map_or(name.clone().into(), |ink| Cell::new(ink, name)),
        ]);
    }
    out.table("", &table);
}

fn name(entry: &Listed, near: &Near) -> (Option<Ink>, String) {
    let name = if entry.is_folder { near.folder(&entry.path) } else { near.path(&entry.path) };
    (entry.is_dataset.then_some(Ink::Heading), name)
}
