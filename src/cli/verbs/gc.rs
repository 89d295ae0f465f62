//! `esker gc`: what nothing needs goes, from the cache or from a remote.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::base::{bytes_text, count_text};
use crate::cli::age;
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::ops::{self, GcFile, GcOptions, GcReport, Policy, Restored, UndoReport};

/// So many files a dry run names in text.
const MOST_FILES: usize = 20;

/// Remove data that nothing needs any more
#[derive(clap::Args)]
#[command(after_help = "\
In the cache, what pointers of worktrees, branches, tags and stashes lead to
stays, and whatever no remote is known to have; `esker fetch` brings the rest back.

On a remote (`--remote`), what was pushed stays until a `--keep-…` option or
`--all-commits` says which commits keep their data: then what only other commits
of this project need goes. Branches, tags, stashes and worktrees of this clone
always keep theirs, so do commits that this clone does not know, and other
projects. What is to go is condemned first and removed by the first `gc` after
the grace; until then `--undo` brings it back. Debris of interrupted pushes goes
in any case.

Examples:
  esker gc -n                                 what would go from the cache?
  esker gc --remote                           debris of interrupted pushes
  esker gc --remote --keep-within 90d -n      what do old commits cost?
  esker gc --remote --keep-last 1             only what branches and tags name
  esker gc --remote --undo                    bring back what that dropped")]
pub struct Args {
    /// Collect in this remote, or in the default one
    #[arg(short, long, value_name = "NAME", num_args = 0..=1)]
    remote: Option<Option<String>>,

    /// Keep the data of commits that such references name, such as `refs/pull/*`
    #[arg(long, value_name = "GLOB", num_args = 1..)]
    keep_refs: Vec<String>,

    /// Keep the data of the newest commits of each branch and tag
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_last: Option<u32>,

    /// Keep the data of commits that are not older, such as `90d`
    #[arg(long, value_name = "AGE", value_parser = age::parse)]
    keep_within: Option<Duration>,

    /// Keep the data of all commits that any reference or stash reaches
    #[arg(long)]
    all_commits: bool,

    /// Let packs stay so long (default: 24h on a remote, 1h in the cache)
    #[arg(long, value_name = "AGE", value_parser = age::parse)]
    grace: Option<Duration>,

    /// Only say what would go
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Remove at once what cannot be brought back then (with `--grace 0`)
    #[arg(short, long)]
    yes: bool,

    /// Bring back what the last collections of this clone dropped from the remote
    #[arg(long, requires = "remote", conflicts_with_all = ["keep_refs", "keep_last", "keep_within", "all_commits", "grace", "dry_run"])]
    undo: bool,

    /// Collect also in a cache that other clones may share
    #[arg(short, long)]
    force: bool,
}

/// Collects, and tells what went.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    if args.undo {
        let remote = args.remote.flatten();
        let report = ops::gc_undo(&project, remote.as_deref(), &call.job())?;
        return call.tell(&report, |out| tell_undo(&report, out));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let policy = Policy {
        refs: args.keep_refs,
        newest: args.keep_last.map(|count| count as usize),
        since: args.keep_within.map(|age| now.saturating_sub(age).as_secs() as i64),
        all_commits: args.all_commits,
    };
    let options = GcOptions {
        remote: args.remote,
        policy,
        grace: args.grace,
        is_dry_run: args.dry_run,
        is_confirmed: args.yes,
        force: args.force,
    };
    let report = ops::gc(&project, &options, &call.job())?;
    if args.dry_run {
        return call.show(&report, |out| tell(&report, options.grace(), out));
    }
    call.tell(&report, |out| tell(&report, options.grace(), out))
}

fn tell(report: &GcReport, grace: Duration, out: &mut Out) {
    let swept = &report.swept;
    let place = report.remote.as_deref().unwrap_or("the cache");
    files(&swept.files, out);
    let would = |done: &'static str, open: &'static str| if report.is_dry_run { open } else { done };
    let roots = swept.dropped_roots.len() + swept.narrowed_roots.len();
    if roots > 0 {
        let verb = would("dropped", "would drop");
        out.line(format_args!("{verb} what {} of earlier pushes kept", counted(roots as u64, "root")));
    }
    if swept.removed_packs > 0 {
        let verb = would("removed", "would remove");
        let freed = bytes_text(swept.removed_bytes.saturating_sub(swept.fresh_bytes));
        out.line(format_args!("{verb} {} from {place}: {freed} less", counted(swept.removed_packs, "pack")));
    }
    let waits = swept.condemned_packs > 0 && report.remote.is_some() && !grace.is_zero();
    if waits {
        let verb = would("condemned", "would condemn");
        let bytes = bytes_text(swept.condemned_bytes);
        let after = age::text(grace);
        out.line(format_args!(
            "{verb} {} of {place}, {bytes}: the first `esker gc --remote` after {after} removes them",
            counted(swept.condemned_packs, "pack"),
        ));
    } else if swept.removed_packs == 0 {
        out.line(format_args!("nothing to remove from {place}: {} in use", bytes_text(swept.all_bytes)));
    }
    let stays = "what no remote has stays";
    if swept.unclear_lists > 0 {
        let lists = counted(swept.unclear_lists, "list");
        out.line(format_args!("{stays}: {lists} of files that revisions name are neither here nor in a remote"));
    }
    if swept.unclear_pointers > 0 {
        out.line(format_args!("{stays}: this esker cannot read {}", counted(swept.unclear_pointers, "pointer")));
    }
    if swept.is_shallow {
        out.line(format_args!("{stays}: this clone is shallow, so what its old commits need is not known here"));
    }
    if swept.missing > 0 {
        out.line(format_args!(
            "{} that are needed are not in {place}; `esker push` from where they are mends that",
            counted(swept.missing, "chunk"),
        ));
    }
}

fn files(files: &[GcFile], out: &mut Out) {
    for file in files.iter().take(MOST_FILES) {
        let path = file.dataset.join(&file.path);
        out.line(format_args!("{path} of {}: {}", &file.id.to_string()[..10], bytes_text(file.bytes)));
    }
    if files.len() > MOST_FILES {
        out.line(format_args!("… and {} more files", count_text((files.len() - MOST_FILES) as u64)));
    }
}

fn tell_undo(report: &UndoReport, out: &mut Out) {
    if report.roots.is_empty() {
        out.line(format_args!("nothing to bring back: this clone dropped nothing from {}", report.remote));
    }
    for Restored { dropped, root, datasets, missing } in &report.roots {
        let name = &dropped.to_string()[..10];
        match root {
            Some(_) => out.line(format_args!("{name} is kept again: {}", counted(*datasets, "dataset"))),
            None => out.line(format_args!("{name} cannot come back: {} of it are gone", counted(*missing, "chunk"))),
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", count_text(count), if count == 1 { "" } else { "s" })
}
