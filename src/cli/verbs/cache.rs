//! `esker cache`: what lies in it, and emptying it.

use std::path::PathBuf;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::table::{Align, Table};
use crate::ops::{self, CacheClearOptions, CacheClearReport, CacheInfo};

/// Show or empty the cache of this clone
#[derive(clap::Args)]
#[command(after_help = "\
The cache is in Git's own folder (.git/esker/cache) unless `cache.dir` names
another, which many clones may share. All worktrees of a clone share one.
With `cache.mode` = thin, data stays in its files until it is pushed.
`clear` refuses to drop what some revision needs and no remote is known to have.
Run it when no other esker is at work in this clone.

Examples:
  esker cache info
  esker cache clear              then `esker fetch` brings back what is needed")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Tell where it is, how large, and how much of it this worktree uses
    Info,
    /// Drop all that is in it
    Clear {
        /// Drop also what is nowhere else, or what other clones may need
        #[arg(short, long)]
        force: bool,
    },
}

/// Shows or empties the cache.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    match args.what {
        What::Info => {
            let info = ops::cache_info(&project, &call.job())?;
            call.show(&info, |out| show(&info, out))
        }
        What::Clear { force } => {
            let report = ops::cache_clear(&project, &CacheClearOptions { force }, &call.job())?;
            call.tell(&report, |out| tell(&report, out))
        }
    }
}

fn show(info: &CacheInfo, out: &mut Out) {
    let set = if info.is_set { " (set by cache.dir: other clones may share it)" } else { "" };
    let packs = format!("{} in {} packs", bytes_text(info.disk_bytes), count_text(info.packs));
    let objects = format!("{} in {} index segments", count_text(info.objects), count_text(info.segments));
    let used = format!("{} in {} objects", bytes_text(info.used_bytes), count_text(info.used_objects));
    let mut table = Table::new([Align::Left, Align::Left]);
    table.row(["folder".into(), format!("{}{set}", info.folder.display()).into()]);
    table.row(["mode".into(), info.mode.into()]);
    table.row(["on disk".into(), packs.into()]);
    if info.shares_blocks {
        let containers = format!("{} in {} containers", bytes_text(info.container_bytes), count_text(info.containers));
        table.row(["of it shared with files".into(), containers.into()]);
    }
    table.row(["objects".into(), objects.into()]);
    table.row(["used by this worktree".into(), used.into()]);
    if !info.worktrees.is_empty() {
        table.row(["shared with".into(), list(&info.worktrees).into()]);
    }
    out.table("", &table);
}

fn tell(report: &CacheClearReport, out: &mut Out) {
    let freed = bytes_text(report.freed_bytes);
    out.line(format_args!("dropped {} packs, {freed}, from {}", count_text(report.packs), report.folder.display()));
    if !report.worktrees.is_empty() {
        out.line(format_args!("it was shared with {}", list(&report.worktrees)));
    }
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}
