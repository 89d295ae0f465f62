//! `verify`, as a list of steps.

use std::collections::HashMap;

use crate::base::{Id, Job, Step, Unit};
use crate::packs::{DataRead, Look};

use super::super::error::Error;
use super::super::project::Project;
use super::examine::examine;
use super::ground::Ground;
use super::history::History;
use super::repair;
use super::report::{DataChecked, VerifyOptions, VerifyReport};

/// Looks whether all is there and right, in the cache or on a remote; mends it if that is asked for.
///
/// What is found is no error: it stands in the report. The cache is looked at without the network.
///
/// # Errors
/// What keeps it from looking: no remote, one that does not answer, a Git object that is not there.
pub fn verify(project: &Project, options: &VerifyOptions, job: &Job<'_>) -> Result<VerifyReport, Error> {
    let ground = match options.is_remote {
        true => Ground::remote(project, options.remote.as_deref())?,
        false => Ground::cache(project)?,
    };
    let mut look = ground.packs().look(job)?;
    let data = options.read_percent.map(|percent| read_data(project, &ground, &mut look, percent, job)).transpose()?;
    let mut found = examine(project, &ground, &mut look, options, job)?;
    found.checked.data = data;
    let mut report = VerifyReport {
        store: ground.packs().name().to_owned(),
        remote: ground.as_remote().map(|remote| remote.name.clone()),
        is_sound: look.faults.is_empty() && found.files.is_empty() && found.missing.is_empty(),
        checked: std::mem::take(&mut found.checked),
        faults: look.faults.clone(),
        files: std::mem::take(&mut found.files),
        unpushed: std::mem::take(&mut found.unpushed),
        unkept: std::mem::take(&mut found.unkept),
        ..VerifyReport::default()
    };
    if options.repair {
        let mended = repair::repair(project, &ground, look, found, options, job)?;
        report.is_sound = mended.look.faults.is_empty() && mended.found.missing.is_empty();
        report.unkept = mended.found.unkept;
        report.faults_left = mended.look.faults;
        report.files_left = mended.found.files;
        report.repaired = Some(mended.done);
    }
    Ok(report)
}

/// Reads a share of all packs that count, those first that were read longest ago.
fn read_data(
    project: &Project,
    ground: &Ground<'_>,
    look: &mut Look,
    percent: u8,
    job: &Job<'_>,
) -> Result<DataChecked, Error> {
    let history = History::load(project, ground.packs().name());
    let counting: HashMap<Id, u64> =
        look.packs.iter().filter(|(id, _)| !look.condemned.contains(id)).map(|(id, bytes)| (*id, *bytes)).collect();
    let due = history.due(&counting, percent);
    let mut read = DataRead::default();
    job.began(Step::Verify, Some(due.iter().map(|(_, bytes)| bytes).sum()), Unit::Bytes);
    let done = ground.packs().read_packs(look, &due, &mut read, job);
    job.done(Step::Verify);
    // What was read is remembered even if the rest was not: the next run goes on from there.
    history.remember(&read.good, &counting)?;
    done?;
    let unread_bytes = counting.values().sum::<u64>() - read.bytes;
    Ok(DataChecked { packs: read.packs, bytes: read.bytes, objects: read.objects, unread_bytes })
}
