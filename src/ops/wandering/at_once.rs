//! Two verbs at once, each in a worktree of its own, over one cache.

use std::thread;
use std::time::Duration;

use crate::base::{Cancel, Job, Silent};
use crate::ops::{
    AddOptions, CacheClearOptions, CheckoutOptions, Error, GcOptions, PullOptions, PushOptions, StatusOptions, add,
    cache_clear, checkout, gc, pull, push, status,
};
use crate::packs::PackError;
use crate::store::StoreError;

use super::super::simulation::dice::Dice;
use super::deeds::{note_all, there};
use super::ground::{Ground, WORKTREES};

/// What is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Checkout,
    Collect,
    Push,
    Pull,
    ClearCache,
    Status,
}

const VERBS: [Verb; 7] =
    [Verb::Add, Verb::Checkout, Verb::Collect, Verb::Push, Verb::Pull, Verb::ClearCache, Verb::Status];

/// Does two of them, one in each worktree.
pub fn two(ground: &mut Ground, dice: &mut Dice) -> Result<(), Error> {
    let verbs = WORKTREES.map(|worktree| (worktree, VERBS[dice.below(VERBS.len())]));
    if dice.percent(50) {
        ground.age();
    }
    let has_lost = !ground.lost().is_empty();
    let outcomes = thread::scope(|scope| {
        let ground = &*ground;
        let run = |(worktree, verb): (&'static str, Verb)| scope.spawn(move || verb.run(ground, worktree));
        verbs.map(run).map(|thread| thread.join().unwrap())
    });
    let here = ground.at;
    for ((worktree, verb), outcome) in verbs.into_iter().zip(outcomes) {
        match outcome {
            Ok(()) if verb == Verb::Add => {
                ground.at = worktree;
                note_all(ground);
                ground.at = here;
            }
            // Whoever reads from a cache that somebody clears just now is told that something is gone.
            Err(error) if is_gone(&error) && verbs.iter().any(|(_, verb)| *verb == Verb::ClearCache) => {}
            Err(error) if !has_lost && !verb.may_say(ground, &error) => panic!("{verbs:?}: {error:?}"),
            _ => {}
        }
    }
    Ok(())
}

fn is_gone(error: &Error) -> bool {
    error.is_about_absence() || matches!(error, Error::Packs(PackError::Store(StoreError::Missing { .. })))
}

impl Verb {
    fn run(self, ground: &Ground, worktree: &str) -> Result<(), Error> {
        let project = ground.sandbox.project(worktree);
        let job = Job { events: &Silent, cancel: &Cancel::default(), threads: 1 };
        match self {
            Verb::Add => {
                let paths = there(ground, worktree);
                if !paths.is_empty() {
                    add(&project, &AddOptions { paths, force: true }, &job)?;
                }
            }
            Verb::Checkout => drop(checkout(&project, &CheckoutOptions::default(), &job)?),
            Verb::Collect => {
                let options = GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() };
                gc(&project, &options, &job)?;
            }
            Verb::Push => drop(push(&project, &PushOptions::default(), &job)?),
            Verb::Pull => drop(pull(&project, &PullOptions::default(), &job)?),
            Verb::ClearCache => drop(cache_clear(&project, &CacheClearOptions::default(), &job)?),
            Verb::Status => drop(status(&project, &StatusOptions::default(), &job)?),
        }
        Ok(())
    }

    fn may_say(self, ground: &Ground, error: &Error) -> bool {
        match error {
            Error::LocalEdits { .. } | Error::InTheWay { .. } => matches!(self, Verb::Checkout | Verb::Pull),
            Error::OnlyCopy { .. } => self == Verb::ClearCache,
            Error::NothingTracked => true,
            Error::DataMissing { .. } | Error::EditedUnpushed { .. } => ground.is_thin,
            _ => false,
        }
    }
}
