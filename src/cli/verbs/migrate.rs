//! `esker migrate`: takes over the data that DVC or Git LFS keeps.

use std::path::PathBuf;

use clap::Subcommand;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::table::{Align, Table};
use crate::ops::{self, MigrateOptions, MigrateReport, Migrated, Tool, Trouble};

/// So many datasets, problems and the like are named in text.
const MOST: usize = 20;

/// Take over the data that DVC or Git LFS keeps
#[derive(clap::Args)]
#[command(after_help = "\
Each object of the old tool is read once, checked and stored in the cache; pointers
are written beside what the old tool has there, and staged. History is not rewritten:
`.esker/migrated` tells what old revisions point at, so `esker ls`, `diff`, `log` and
`checkout` work on them, too. Nothing of the old tool is removed.

Examples:
  esker migrate dvc -n                 what is there, and is all of it to be had?
  esker migrate dvc --all-commits      with the data of all old revisions
  esker migrate lfs --folder images    one dataset of a folder, not one for each file")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Take over what `.dvc` files and `dvc.lock` name
    #[command(after_help = DVC_EXAMPLES)]
    Dvc(Common),
    /// Take over the files of Git LFS
    #[command(after_help = LFS_EXAMPLES)]
    Lfs {
        #[command(flatten)]
        common: Common,
        /// Make one dataset of a folder whose files are all of Git LFS
        #[arg(long = "folder", value_name = "PATH")]
        folders: Vec<PathBuf>,
    },
}

const DVC_EXAMPLES: &str = "\
The data comes from DVC's cache, else from its remotes that are folders or S3 buckets.

Examples:
  esker migrate dvc -n --all-commits
  esker migrate dvc --all-tags -r backup";

const LFS_EXAMPLES: &str = "\
The data comes from .git/lfs, else from a remote that is a folder, else by `git lfs fetch`.

Examples:
  esker migrate lfs -n
  esker migrate lfs --all-commits --folder images";

#[derive(clap::Args)]
struct Common {
    /// Also what every commit names that a branch or a tag reaches
    #[arg(long)]
    all_commits: bool,

    /// Also what the commit of every tag names
    #[arg(long)]
    all_tags: bool,

    /// Also what the newest commit of every branch names
    #[arg(long)]
    all_branches: bool,

    /// Ask only this remote of the old tool, besides its cache
    #[arg(short, long, value_name = "NAME")]
    remote: Option<String>,

    /// Only say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Leave out what is missing or damaged, and go on
    #[arg(long)]
    allow_missing: bool,
}

/// Migrates, and tells what was done and what is left to do.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let (tool, common, folders) = match args.what {
        What::Dvc(common) => (Tool::Dvc, common, Vec::new()),
        What::Lfs { common, folders } => (Tool::Lfs, common, call.paths(&project, &folders)?),
    };
    let options = MigrateOptions {
        tool,
        all_commits: common.all_commits,
        all_branches: common.all_branches,
        all_tags: common.all_tags,
        remote: common.remote,
        folders,
        is_dry_run: common.dry_run,
        allow_missing: common.allow_missing,
    };
    let report = ops::migrate(&project, &options, &call.job())?;
    call.tell(&report, |out| text(&report, out))
}

fn text(report: &MigrateReport, out: &mut Out) {
    let tool = report.tool.name();
    if report.datasets.is_empty() && report.versions == 0 {
        out.line(format_args!("{tool} keeps nothing here that could be taken over"));
    } else {
        tell_datasets(report, out);
    }
    list(out, "missing or damaged:", report.troubles.iter().map(trouble_text));
    let left = report.left.iter().map(|left| format!("{} (of {}): {}", left.path, left.file, left.reason));
    list(out, "not taken over:", left);
    for note in &report.notes {
        out.line(format_args!("note: {note}"));
    }
    if !report.is_dry_run && !report.datasets.is_empty() {
        tell_next(report, out);
    }
}

fn tell_datasets(report: &MigrateReport, out: &mut Out) {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Right]);
    for dataset in report.datasets.iter().take(MOST) {
        let Migrated { path, bytes, files, is_folder, is_new, .. } = dataset;
        let path = format!("{path}{}", if *is_folder { "/" } else { "" });
        let known = if *is_new { "" } else { "(was there)" };
        let files = files.filter(|_| *is_folder).map_or(String::new(), |files| files_text(files, "file"));
        table.row([path.into(), known.into(), files.into(), bytes.map_or(String::new(), bytes_text).into()]);
    }
    out.table("", &table);
    if report.datasets.len() > MOST {
        out.line(format_args!("… and {} more", count_text((report.datasets.len() - MOST) as u64)));
    }
    let versions = files_text(report.versions, "version");
    let of = match report.commits {
        0 => String::new(),
        commits => format!(" in {} and the worktree", files_text(commits, "commit")),
    };
    let objects = files_text(report.objects, "file");
    if report.is_dry_run {
        let bytes = bytes_text(report.bytes_read);
        out.line(format_args!("{versions}{of}; {objects} of {bytes} would be read"));
        return;
    }
    if report.objects == 0 {
        out.line(format_args!("{versions}{of}: all of it was taken over before"));
        return;
    }
    let (read, new) = (bytes_text(report.bytes_read), bytes_text(report.stored_bytes));
    let count = count_text(report.objects_read);
    out.line(format_args!("{versions}{of}: {objects}, {count} of them read ({read}); {new} stored"));
}

fn tell_next(report: &MigrateReport, out: &mut Out) {
    let name = match report.tool {
        Tool::Dvc => "DVC",
        Tool::Lfs => "LFS",
    };
    out.line("");
    out.line("next:");
    let mut steps = Table::new([Align::Left, Align::Left]);
    let all = if report.commits > 0 { "esker push --all-commits" } else { "esker push" };
    steps.row([format!("git commit -m 'data: from {name} to esker'").into(), "the pointers and the map".into()]);
    steps.row([all.into(), "after `esker remote add NAME URL`".into()]);
    out.table("  ", &steps);
    if !report.removable.is_empty() {
        out.line(format_args!("when all works, and nobody needs {} any more:", report.tool.name()));
        for command in &report.removable {
            out.line(format_args!("  {command}"));
        }
    }
}

fn list(out: &mut Out, heading: &str, lines: impl ExactSizeIterator<Item = String>) {
    let count = lines.len();
    if count == 0 {
        return;
    }
    out.heading(heading);
    for line in lines.take(MOST) {
        out.line(format_args!("  {line}"));
    }
    if count > MOST {
        out.line(format_args!("  … and {} more", count - MOST));
    }
}

fn trouble_text(trouble: &Trouble) -> String {
    let Trouble { path, old, is_damaged, places } = trouble;
    let what = if *is_damaged { "damaged: " } else { "not in " };
    format!("{path} ({old}): {what}{}", places.join(", "))
}

fn files_text(count: u64, what: &str) -> String {
    format!("{} {what}{}", count_text(count), if count == 1 { "" } else { "s" })
}
