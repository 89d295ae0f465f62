//! The scenes of the demo, one after the other: the main job, from `esker init` to an earlier revision.

use super::data::{self, OF_2020, OF_2025};
use super::stage::{Scene, Stage};
use crate::base::PathError;
use crate::cli::failure::Failure;
use crate::ops::{Error, Kind};

/// Plays all scenes. `told` gets each text that leads over, `played` each scene.
///
/// # Errors
/// A command failed, or the data at the end is not what it was at the beginning.
pub fn play(
    stage: &Stage,
    mut told: impl FnMut(&str) -> Result<(), Failure>,
    mut played: impl FnMut(Scene) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut run = |folder: &str, words: &[&str]| play_one(stage, folder, words, &mut played);
    told("A repository, with a folder as its remote: a network drive, say, or a bucket.")?;
    run("", &["git", "init", "-q", "project"])?;
    run("project", &["esker", "init"])?;
    run("project", &["esker", "remote", "add", "origin", "../remote"])?;

    told("The data of 2020 arrives: time zones, images, a model. Git gets a pointer, esker the bytes.")?;
    bring(stage, "project/data", OF_2020)?;
    run("project", &["esker", "add", "data"])?;
    run("project", &["git", "commit", "-q", "-m", "Data of 2020"])?;
    run("project", &["esker", "push"])?;

    told("A colleague clones the repository, which has the pointer only, and pulls the data.")?;
    run("", &["git", "clone", "-q", "project", "colleague"])?;
    run("colleague", &["esker", "pull"])?;

    told("The data of 2025 arrives at the colleague's.")?;
    bring(stage, "colleague/data", OF_2025)?;
    run("colleague", &["esker", "diff"])?;
    run("colleague", &["esker", "add", "data"])?;
    run("colleague", &["git", "commit", "-q", "-m", "Data of 2025"])?;

    told("The push sends only what the remote lacks.")?;
    run("colleague", &["esker", "push"])?;
    run("colleague", &["esker", "diff", "HEAD~1", "HEAD"])?;

    told("Back to the data of 2020, and to that of 2025 again.")?;
    run("colleague", &["esker", "checkout", "HEAD~1"])?;
    check(stage, OF_2020)?;
    run("colleague", &["esker", "checkout", "HEAD"])?;
    check(stage, OF_2025)?;
    told("Both times every file was byte for byte what it had been.")
}

fn play_one(
    stage: &Stage,
    folder: &str,
    words: &[&str],
    played: &mut impl FnMut(Scene) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (scene, is_done) = stage.run(folder, words)?;
    let reason = scene.output.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    let message = format!("`{}` failed in the demo: {}", scene.command, reason.trim_start_matches("error: "));
    played(scene)?;
    if is_done { Ok(()) } else { Err(Failure { message, kind: Kind::State, hint: None }) }
}

fn bring(stage: &Stage, folder: &str, files: &[(&'static str, &'static [u8])]) -> Result<(), Failure> {
    data::write(&stage.path(folder), files).map_err(|error: PathError| Error::from(error).into())
}

fn check(stage: &Stage, files: &[(&'static str, &'static [u8])]) -> Result<(), Failure> {
    match data::differs(&stage.path("colleague/data"), files) {
        None => Ok(()),
        Some(path) => {
            let message = format!("data/{path} is not what it was: this is a fault of esker");
            Err(Failure { message, kind: Kind::Damage, hint: None })
        }
    }
}
