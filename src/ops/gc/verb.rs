//! `gc`: in the cache, or in a remote.

use crate::base::Job;
use crate::format::FormatError;
use crate::format::root::Root;

use super::super::error::Error;
use super::super::project::{PROJECT_FILE, Project};
use super::kept::Kept;
use super::local;
use super::options::GcOptions;
use super::remote::{Collect, collect_from};
use super::report::GcReport;
use super::roots::{self, Fate};

/// Removes what nothing needs.
///
/// # Errors
/// `Usage` for a grace of nothing in a remote that was not confirmed; `Shallow` for a policy in a clone that does not
/// know its past. Else see the two kinds of collections.
pub fn gc(project: &Project, options: &GcOptions, job: &Job<'_>) -> Result<GcReport, Error> {
    let mut report = GcReport { is_dry_run: options.is_dry_run, ..GcReport::default() };
    let Some(name) = &options.remote else {
        report.store = project.cache_folder().display().to_string();
        report.swept = local::collect(project, options, job)?;
        return Ok(report);
    };
    if options.grace().is_zero() && !options.is_confirmed && !options.is_dry_run {
        let message = "with `--grace 0` what goes is gone at once, also what somebody is pushing now";
        return Err(Error::usage(message, Some("add `--yes` if that is meant, or `--dry-run` to see what would go")));
    }
    let repo = project.repo();
    let kept = match options.policy.is_none() {
        true => None,
        false if repo.is_shallow()? => return Err(Error::Shallow),
        false => Some(Kept::of(project, &options.policy, job)?),
    };
    let repository = project.config().project_id().ok_or_else(|| Error::Settings {
        file: PROJECT_FILE.into(),
        cause: FormatError::damaged("configuration", "it has no `project.id`, which `esker init` writes"),
    })?;
    let fate = |root: &Root| kept.as_ref().map_or(Fate::Stays, |kept| roots::fate(root, kept, repo));
    let remote = project.remote(name.as_deref())?;
    let collect = Collect { repository, fate: &fate, grace: options.grace(), is_dry_run: options.is_dry_run };
    report.swept = collect_from(&remote, Some(project.cache()?), &collect, job)?;
    report.store = remote.packs.name().to_owned();
    report.remote = Some(remote.name);
    Ok(report)
}
