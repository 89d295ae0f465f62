//! `esker remote`: which stores the project knows, by name.

use clap::Subcommand;

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::out::Out;
use crate::cli::table::{Align, Table};
use crate::ops::{self, Deed, RemoteAddOptions, RemoteChange, RemoteCheck, RemoteReport, Try};

/// Say where data goes to, and comes from
#[derive(clap::Args)]
#[command(after_help = "\
A remote is a folder or a bucket; no server is needed. Its address is kept in
.esker/config.toml, which Git tracks, so that all clones know it. Credentials
never are: they come from the environment or from a profile of ~/.aws.

Examples:
  esker remote add origin /mnt/share/data
  esker remote add origin s3://bucket/prefix --region eu-central-1
  esker remote add minio s3://bucket --endpoint http://minio.local:9000
  esker remote check           can it be written, read, listed?
  esker remote default minio")]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Add a remote; the first one is the default
    #[command(after_help = ADD_EXAMPLES)]
    Add(Add),
    /// List all remotes
    List,
    /// Forget a remote; its data stays where it is
    Remove {
        /// The remote
        name: String,
    },
    /// Call a remote by another name
    Rename {
        /// The name that it has
        old: String,
        /// The name that it gets
        new: String,
    },
    /// Choose the remote that is meant when none is named
    Default {
        /// The remote
        name: String,
        /// Choose it in this clone only
        #[arg(long)]
        local: bool,
    },
    /// Try whether a remote can be written, read and listed, and how fast it answers
    Check {
        /// The remote, if not the default one
        name: Option<String>,
    },
}

const ADD_EXAMPLES: &str = "\
Examples:
  esker remote add origin ../data-of-the-team
  esker remote add origin s3://bucket/prefix --profile work
  esker remote add mine /scratch/me --local";

#[derive(clap::Args)]
struct Add {
    /// Its name
    name: String,
    /// A folder, file:///folder or s3://bucket/prefix
    url: String,
    /// Make it the one that is meant when none is named
    #[arg(long)]
    default: bool,
    /// The server of a bucket that is not at Amazon: http://127.0.0.1:9000
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The region of the bucket
    #[arg(long)]
    region: Option<String>,
    /// The profile of ~/.aws/config that holds the credentials
    #[arg(long)]
    profile: Option<String>,
    /// When requests carry checksums: when_supported, or when_required for servers that refuse them
    #[arg(long, value_name = "WHEN")]
    checksum: Option<String>,
    /// Keep it in this clone only, where Git does not track it
    #[arg(long)]
    local: bool,
}

/// Changes or shows the remotes.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    match args.what.unwrap_or(What::List) {
        What::Add(add) => {
            let change = ops::remote_add(&project, &add.into())?;
            told(call, &change, |change| format!("added {}: {}", change.name, change.url))
        }
        What::List => {
            let report = ops::remotes(&project);
            call.show(&report, |out| list(&report, out))
        }
        What::Remove { name } => {
            let change = ops::remote_remove(&project, &name)?;
            told(call, &change, |change| format!("removed {}; its data is still at {}", change.name, change.url))
        }
        What::Rename { old, new } => {
            let change = ops::remote_rename(&project, &old, &new)?;
            told(call, &change, |change| format!("renamed {old} to {}", change.name))
        }
        What::Default { name, local } => {
            let change = ops::remote_default(&project, &name, local)?;
            told(call, &change, |change| format!("{} is the default now", change.name))
        }
        What::Check { name } => check(call, &ops::remote_check(&project, name.as_deref())?),
    }
}

impl From<Add> for RemoteAddOptions {
    fn from(add: Add) -> RemoteAddOptions {
        RemoteAddOptions {
            name: add.name,
            url: add.url,
            is_default: add.default,
            is_local: add.local,
            endpoint: add.endpoint,
            region: add.region,
            profile: add.profile,
            checksum: add.checksum,
        }
    }
}

fn told(call: &Call, change: &RemoteChange, text: impl FnOnce(&RemoteChange) -> String) -> Result<ExitCode, Failure> {
    call.tell(change, |out| {
        let default = if change.is_default { " (the default)" } else { "" };
        out.line(format_args!("{}{default}", text(change)));
        for pointer in &change.still_named_by {
            out.line(format_args!("{pointer} still names the remote that it was: edit its line `remote = …`"));
        }
    })
}

fn list(report: &[RemoteReport], out: &mut Out) {
    if report.is_empty() {
        out.line("no remote is configured: run `esker remote add origin URL`");
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for remote in report {
        let default = if remote.is_default { "(default)" } else { "" };
        table.row([remote.name.as_str().into(), remote.url.as_str().into(), default.into()]);
    }
    out.table("", &table);
}

fn check(call: &Call, report: &RemoteCheck) -> Result<ExitCode, Failure> {
    call.show(report, |out| {
        out.line(format_args!("{} at {}", report.remote, report.store));
        report.tries.iter().for_each(|tried| tell_try(tried, out));
    })?;
    Ok(if report.is_good { ExitCode::Done } else { ExitCode::Remote })
}

fn tell_try(tried: &Try, out: &mut Out) {
    let what = match tried.what {
        Deed::Write => "write",
        Deed::Read => "read",
        Deed::List => "list",
        Deed::Delete => "delete",
        Deed::Open => "open",
    };
    let answer = match &tried.problem {
        None => format!("{}  {:.0} ms", out.paint(Ink::Added, "works"), tried.millis),
        Some(problem) => format!("{}  {problem}", out.paint(Ink::Deleted, "fails")),
    };
    out.line(format_args!("  {what:8}{answer}"));
}
