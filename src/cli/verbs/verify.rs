//! `esker verify`: whether all is there and right, and which files suffer where it is not.

use std::path::PathBuf;

use crate::base::{bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::near::Near;
use crate::cli::out::Out;
use crate::ops::{self, Checked, Repaired, Suffering, VerifyOptions, VerifyReport};
use crate::packs::Fault;

/// Check that all data is there and right, and mend it where it is not
#[derive(clap::Args)]
#[command(after_help = "\
Goes from every pointer (of the worktree, the index and the tips of all refs; on
a remote of all pushes of everybody) to every chunk, and names the files that
suffer. The cache is checked without the network. Data itself is read only if
asked for; what was read longest ago comes first, and Ctrl-C loses nothing.
`--repair` never deletes: it stores good copies again, from the cache, the
worktree or any remote, and keeps what was damaged. Exits with 5 if something
is missing or damaged.

Examples:
  esker verify                      the cache, in seconds
  esker verify --read-data          hash everything that it holds
  esker verify --remote --sample 5% every night: all of it in twenty nights
  esker verify --remote --repair    mend the remote with what is here")]
pub struct Args {
    /// Datasets, parts of them, or folders that hold some (default: all)
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Check the default remote, or this one, and not the cache
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    remote: Option<String>,

    /// Every version of every commit, and not only the tips of refs
    #[arg(long)]
    all_commits: bool,

    /// Read all data, and hash it
    #[arg(long)]
    read_data: bool,

    /// Read this share of the data, what was read longest ago first
    #[arg(long, value_name = "N%", value_parser = percent)]
    sample: Option<u8>,

    /// Mend what can be mended; nothing is deleted
    #[arg(long)]
    repair: bool,
}

/// So many files and objects are shown without `-v`.
const MOST_SHOWN: usize = 20;

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<u8>().ok();
    number.filter(|number| (1..=100).contains(number)).ok_or("it must be from 1% to 100%".to_owned())
}

/// Checks, mends, and tells.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    let options = VerifyOptions {
        paths: call.paths(&project, &args.paths)?,
        is_remote: args.remote.is_some(),
        remote: args.remote.filter(|name| !name.is_empty()),
        all_commits: args.all_commits,
        read_percent: args.sample.or(args.read_data.then_some(100)),
        repair: args.repair,
    };
    let report = ops::verify(&project, &options, &call.job())?;
    let page = Page {
        near: Near::new(&project),
        most: if call.is_verbose() { usize::MAX } else { MOST_SHOWN },
        command: match (&report.remote, &options.remote) {
            (None, _) => "esker verify".to_owned(),
            (Some(_), None) => "esker verify --remote".to_owned(),
            (Some(name), Some(_)) => format!("esker verify --remote={name}"),
        },
    };
    match report.is_sound {
        true => call.tell(&report, |out| page.tell(&report, out)),
        false => call.show(&report, |out| page.tell(&report, out)).map(|_| ExitCode::Damage),
    }
}

struct Page {
    near: Near,
    most: usize,
    command: String,
}

impl Page {
    fn tell(&self, report: &VerifyReport, out: &mut Out) {
        self.faults("damaged or lost:", &report.faults, out);
        self.files("files that suffer:", &report.files, out);
        if let Some(done) = &report.repaired {
            repaired(done, out);
            self.faults("still damaged or lost:", &report.faults_left, out);
            self.files("files that still suffer:", &report.files_left, out);
        }
        self.notes(report, out);
        out.line(summary(report));
        if let Some(hint) = self.hint(report) {
            out.line(format_args!("{} {hint}", out.paint(Ink::Hint, "hint:")));
        }
    }

    fn faults(&self, heading: &str, faults: &[Fault], out: &mut Out) {
        if !faults.is_empty() {
            out.heading(heading);
        }
        for fault in faults.iter().take(self.most) {
            out.line(format_args!("  {}", out.paint(Ink::Deleted, &format!("{}: {}", fault.key, fault.reason))));
        }
        self.rest(faults.len(), out);
    }

    fn files(&self, heading: &str, files: &[Suffering], out: &mut Out) {
        if !files.is_empty() {
            out.heading(heading);
        }
        for file in files.iter().take(self.most) {
            let first = file.revisions.first().map(String::as_str).unwrap_or_default();
            let more = match file.revisions.len() {
                0 | 1 => String::new(),
                count => format!(" and {} more", count_text(count as u64 - 1)),
            };
            let path = self.near.path(&file.path);
            out.line(format_args!("  {} ({first}{more})", out.paint(Ink::Deleted, &path)));
        }
        self.rest(files.len(), out);
    }

    fn rest(&self, count: usize, out: &mut Out) {
        if count > self.most {
            out.line(format_args!("  … and {} more; `-v` shows all", count_text((count - self.most) as u64)));
        }
    }

    fn notes(&self, report: &VerifyReport, out: &mut Out) {
        let Checked { unindexed_packs, elsewhere, in_files, in_condemned, .. } = report.checked;
        if unindexed_packs > 0 && report.repaired.is_none() {
            out.line(format_args!(
                "{} left by an interrupted run: no index names them",
                counted(unindexed_packs, "pack", "packs")
            ));
        }
        if elsewhere > 0 {
            let those = counted(elsewhere, "chunk or list is", "chunks and lists are");
            out.line(format_args!("{those} not here, and on a remote as far as is known"));
        }
        if in_files > 0 {
            let those = counted(in_files, "chunk is", "chunks are");
            out.line(format_args!("{those} in files of the worktree only: the cache is thin, `esker push` sends them"));
        }
        if in_condemned > 0 {
            let those = counted(in_condemned, "chunk or list lies", "chunks and lists lie");
            out.line(format_args!("{those} in condemned packs only: `esker gc` moves them before those go"));
        }
        for path in report.unpushed.iter().take(self.most) {
            out.line(format_args!("not pushed yet: {}", self.near.path(path)));
        }
        if !report.unkept.is_empty() {
            let those = counted(report.unkept.len() as u64, "dataset has a version", "datasets have versions");
            out.line(format_args!(
                "{those} there that no push asks to keep: `esker push --all-branches --all-tags` does"
            ));
        }
    }

    /// The next command to type.
    fn hint(&self, report: &VerifyReport) -> Option<String> {
        let (faults, files) = match report.repaired {
            Some(_) => (&report.faults_left, &report.files_left),
            None => (&report.faults, &report.files),
        };
        if report.is_sound {
            None
        } else if faults.iter().any(|fault| fault.is_newer) {
            Some("a newer esker wrote some of this: install it".to_owned())
        } else if report.repaired.is_none() {
            Some(format!("`{} --repair` mends what can be mended, and deletes nothing", self.command))
        } else if files.is_empty() {
            Some(format!("run `{} --repair` again", self.command))
        } else if report.remote.is_some() {
            Some("whoever has these files must run `esker push`: that brings them back".to_owned())
        } else {
            Some(
                "put the files back from a backup and `esker add` them, or ask who has them to `esker push`".to_owned(),
            )
        }
    }
}

/// `checked 12 packs and 2 index segments, 3,400 chunks of 5 versions, 2 refs: all there; data was not read`
fn summary(report: &VerifyReport) -> String {
    let checked = &report.checked;
    let mut parts = vec![
        counted(checked.packs, "pack", "packs"),
        counted(checked.segments, "index segment", "index segments"),
        counted(checked.chunks, "chunk", "chunks"),
        counted(checked.pages, "list", "lists"),
        counted(checked.versions, "version", "versions"),
        counted(checked.refs, "ref", "refs"),
    ];
    if report.remote.is_some() {
        parts.push(counted(checked.roots, "root", "roots"));
    }
    let end = match (report.is_sound, &report.repaired) {
        (true, None) => "all there",
        (true, Some(_)) => "all there now",
        (false, _) => "not all there",
    };
    let data = match &checked.data {
        None => "data was not read (`--read-data`)".to_owned(),
        Some(data) if data.unread_bytes == 0 => format!("all {} read", bytes_text(data.bytes)),
        Some(data) => format!("{} read, {} not", bytes_text(data.bytes), bytes_text(data.unread_bytes)),
    };
    format!("checked {} in {}: {end}; {data}", parts.join(", "), report.remote.as_deref().unwrap_or("the cache"))
}

fn repaired(done: &Repaired, out: &mut Out) {
    let all = [
        (done.indexed_packs, "pack is in the index again", "packs are in the index again"),
        (done.chunks, "chunk was stored again", "chunks were stored again"),
        (done.condemned_packs, "damaged pack is condemned, and kept", "damaged packs are condemned, and kept"),
        (done.forgotten_packs, "lost pack is out of the index", "lost packs are out of the index"),
        (done.set_aside.len() as u64, "object was moved to quarantine/", "objects were moved to quarantine/"),
        (done.renewed_roots, "root was put anew", "roots were put anew"),
    ];
    for (count, one, many) in all.into_iter().filter(|(count, ..)| *count > 0) {
        out.line(format_args!("repaired: {}", counted(count, one, many)));
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", count_text(count), if count == 1 { one } else { many })
}
