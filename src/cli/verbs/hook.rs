//! `esker hook NAME`: what Git calls, by hooks and drivers that `esker hooks install` names. Not for people.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::base::{AtPath, RepoPath, bytes_text, count_text};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::format::conflict::Labels;
use crate::format::pointer::Pointer;
use crate::git::GitError;
use crate::git::hooks::Hook;
use crate::ops::{self, Error, FollowReport, Followed, MergeDriverOptions, PrePushOptions, PrePushReport, Project};

/// What Git calls: hooks and drivers
#[derive(clap::Args)]
#[command(hide = true)]
#[command(after_help = "\
Examples:
  esker hook post-checkout OLD NEW 1
  esker hook post-merge 0
  esker hook post-rewrite rebase
  esker hook pre-push REMOTE URL
  esker hook merge BASE OURS THEIRS PATH
  esker hook textconv FILE")]
pub struct Args {
    /// Which: the name of a hook, `merge` or `textconv`
    name: String,
    /// What Git gives it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// Does what Git is about.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    match (args.name.as_str(), Hook::named(&args.name)) {
        ("merge", _) => merge(&args.words, call),
        ("textconv", _) => textconv(&args.words, call),
        (_, Some(Hook::PrePush)) => pre_push(&args.words, call),
        (_, Some(hook)) => follow(hook, &args.words, call),
        (name, None) => {
            let hint = "`esker hooks install` writes what Git calls".to_owned();
            Err(Failure::usage(format!("`{name}` is no hook of esker"), Some(hint)))
        }
    }
}

fn word(words: &[OsString], at: usize) -> String {
    words.get(at).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The project; `None` where a hook has nothing to do: in a bare repository, or one that esker does not know.
fn project(call: &Call) -> Result<Option<Project>, Failure> {
    if call.environment.skips_hooks {
        return Ok(None);
    }
    match Project::open(&call.settings()?) {
        Ok(project) => Ok(Some(project)),
        Err(Error::NotInitialised { .. } | Error::Git(GitError::Bare { .. } | GitError::NoRepository { .. })) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Git goes on whatever comes of it.
fn follow(hook: Hook, words: &[OsString], call: &Call) -> Result<ExitCode, Failure> {
    let Some(followed) = followed(hook, words) else { return Ok(ExitCode::Done) };
    let report = match project(call) {
        Ok(None) => return Ok(ExitCode::Done),
        Ok(Some(project)) => ops::follow(&project, &followed, &call.job()).map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match report {
        Ok(report) => warn_of(&report),
        Err(failure) => warn(&failure.message, failure.hint.as_deref()),
    }
    Ok(ExitCode::Done)
}

fn followed(hook: Hook, words: &[OsString]) -> Option<Followed> {
    let first = word(words, 0);
    match hook {
        Hook::PostCheckout if word(words, 2) == "1" => {
            let is_none = first.bytes().all(|byte| byte == b'0');
            Some(Followed::Moved { old: (!is_none).then_some(first), new: word(words, 1) })
        }
        // `git merge --squash` moves no branch.
        Hook::PostMerge if first != "1" => {
            Some(Followed::Moved { old: Some("ORIG_HEAD".to_owned()), new: "HEAD".to_owned() })
        }
        Hook::PostCheckout | Hook::PostMerge => Some(Followed::Files),
        // `git commit --amend` leaves the worktree as it is.
        Hook::PostRewrite => (first == "rebase").then_some(Followed::Rebased),
        Hook::PrePush => None,
    }
}

fn warn_of(report: &FollowReport) {
    for problem in &report.problems {
        warn(&format!("{} did not follow: {}", problem.path, problem.message), problem.hint.as_deref());
    }
}

/// What a hook prints comes between the lines of Git, so it goes where Git's own warnings go.
fn warn(message: &str, hint: Option<&str>) {
    let mut text = format!("warning: {message}\n");
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {hint}\n"));
    }
    // Nobody is left to be told that stderr failed.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Data goes first: if it cannot, Git sends nothing.
fn pre_push(words: &[OsString], call: &Call) -> Result<ExitCode, Failure> {
    let mut refs = String::new();
    let read = io::stdin().take(64 << 20).read_to_string(&mut refs);
    read.at("read", "standard input".as_ref()).map_err(Error::from)?;
    let Some(project) = project(call)? else { return Ok(ExitCode::Done) };
    let options = PrePushOptions { git_remote: word(words, 0), refs };
    let report = ops::pre_push(&project, &options, &call.job());
    let report = report.map_err(|error| {
        let failure = Failure::from(error);
        let skip = "`ESKER_SKIP_HOOKS=1 git push` sends the commits without their data";
        let hint = failure.hint.map_or(skip.to_owned(), |hint| format!("{hint}; {skip}"));
        Failure { message: format!("nothing is pushed: {}", failure.message), hint: Some(hint), ..failure }
    })?;
    notice(&report);
    let _ = io::stderr().write_all(sent(&report).as_bytes());
    Ok(ExitCode::Done)
}

fn sent(report: &PrePushReport) -> String {
    let remotes = report.pushed.iter().flat_map(|pushed| &pushed.remotes).filter(|pushed| pushed.packs > 0);
    remotes.map(|pushed| format!("esker: sent {} to {}\n", bytes_text(pushed.new_bytes), pushed.remote)).collect()
}

fn notice(report: &PrePushReport) {
    if report.has_no_remote {
        let hint = "`esker remote add origin URL` names one, then `esker push`";
        warn("the data of these commits goes nowhere, since no remote is configured", Some(hint));
    }
    for (dataset, count) in &report.unseen {
        let files = if *count == 1 { "1 file".to_owned() } else { format!("{} files", count_text(*count)) };
        warn(&format!("{files} in {dataset} were never added"), Some(&format!("run `esker add {dataset}`")));
    }
    for file in &report.large {
        let (path, size) = (&file.path, bytes_text(file.bytes));
        let hint = format!("`git rm --cached {path}`, then `esker add {path}`, keeps it out of Git from now on");
        warn(&format!("{path} goes into Git itself, with {size}"), Some(&hint));
    }
}

/// Exit code 1 tells Git that a conflict is left.
fn merge(words: &[OsString], call: &Call) -> Result<ExitCode, Failure> {
    let [base, ours, theirs, path, labels @ ..] = words else {
        return Err(Failure::usage("the driver needs four paths", None));
    };
    let path = RepoPath::new(path.as_bytes()).map_err(Error::from)?;
    let options = MergeDriverOptions {
        base: PathBuf::from(base),
        ours: PathBuf::from(ours),
        theirs: PathBuf::from(theirs),
        path,
        labels: labels_of(labels),
    };
    let report = ops::merge_driver(&call.settings()?, &options, &call.job())?;
    if let Some(problem) = &report.problem {
        warn(&format!("{} is not merged: {problem}", options.path), None);
    }
    for clash in report.clashes.iter().take(MOST_NAMED) {
        warn(&format!("both sides changed {clash}"), None);
    }
    if report.clashes.len() > MOST_NAMED {
        let more = report.clashes.len() - MOST_NAMED;
        warn(&format!("both sides changed {} more files", count_text(more as u64)), None);
    }
    if !report.is_merged {
        warn("data is in conflict", Some("`esker status` tells which, `esker resolve` settles it"));
    }
    Ok(if report.is_merged { ExitCode::Done } else { ExitCode::Differs })
}

const MOST_NAMED: usize = 20;

/// Git names the base, our side, their side; older ones leave the words as they are.
fn labels_of(words: &[OsString]) -> Labels {
    let label = |at: usize, default: String| {
        let word = word(words, at);
        if word.is_empty() || word.starts_with('%') { default } else { word }
    };
    let Labels { ours, base, theirs } = Labels::default();
    Labels { base: label(0, base), ours: label(1, ours), theirs: label(2, theirs) }
}

/// Git shows what this prints; what is no pointer is printed as it is.
fn textconv(words: &[OsString], call: &Call) -> Result<ExitCode, Failure> {
    let file = words.first().map(OsStr::new).unwrap_or_default();
    let bytes = fs::read(file).at("read", file.as_ref()).map_err(Error::from)?;
    let text = Pointer::parse(&bytes).ok().and_then(|pointer| {
        let project = project(call).ok().flatten()?;
        ops::text_of(&project, &pointer).ok()
    });
    let mut out = call.out();
    // A reader that went away has seen enough; `finish` tells of all else.
    let _ = out.write_all(text.map_or(bytes, String::into_bytes).as_slice());
    out.finish()?;
    Ok(ExitCode::Done)
}
