//! Merges: another commit comes in, and where both sides changed a dataset, one of them is taken.

use crate::base::{Cancel, Job, Silent};
use crate::format::tree::Choice;
use crate::ops::testing::path;
use crate::ops::{Error, ResolveOptions, resolve};

use super::super::simulation::dice::Dice;
use super::deeds::{collect, has_pointer};
use super::ground::{DATASETS, Ground};

const CHOICES: [Choice; 4] = [Choice::Ours, Choice::Theirs, Choice::Base, Choice::Both];

/// Merges a commit, and commits what comes of it; nothing of a merge that cannot be ended is left to Git.
pub fn merge(ground: &mut Ground, dice: &mut Dice) -> Result<(), Error> {
    // Git merges nothing into what was staged.
    ground.git("reset --quiet --hard");
    let commits = ground.commits();
    let commit = &commits[dice.below(commits.len())];
    let outcome = match ground.try_git(&format!("merge --quiet --no-edit {commit}")) {
        true => Ok(()),
        false => end(ground, dice),
    };
    if ground.try_git("rev-parse --quiet --verify MERGE_HEAD") {
        ground.git("reset --quiet --hard");
    }
    for dataset in DATASETS {
        if has_pointer(ground, dataset) {
            ground.note_version(dataset);
        }
    }
    outcome
}

/// Ends a merge that is in conflict.
fn end(ground: &mut Ground, dice: &mut Dice) -> Result<(), Error> {
    if dice.percent(50) {
        collect(ground, dice, &Silent)?;
    }
    let paths = DATASETS.into_iter().filter(|dataset| ground.is_in_conflict(dataset)).map(path).collect();
    let options = ResolveOptions { paths, choice: Some(CHOICES[dice.below(4)]), force: false };
    if !options.paths.is_empty() {
        resolve(&ground.project(), &options, &Job { events: &Silent, cancel: &Cancel::default(), threads: 1 })?;
    }
    ground.try_git("commit --quiet --no-edit");
    Ok(())
}
