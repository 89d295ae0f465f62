//! Many walks, each of its own seed.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::ops::Error;

use super::super::simulation::dice::Dice;
use super::deeds::Deed;
use super::ground::{Files, Ground};

const WALKS: u64 = 12;
const STEPS: usize = 60;

/// What a walk came to: an account of each step, and what went wrong in the last, if something did.
fn walk(seed: u64) -> (Vec<String>, Option<String>) {
    let (mut ground, mut dice, mut account) = (Ground::new(seed % 3 == 2), Dice::new(seed), Vec::new());
    for _ in 0..STEPS {
        let deed = Deed::choose(&mut dice);
        let before = Before { at: ground.at, files: ground.files(), lost: ground.lost() };
        let done = catch_unwind(AssertUnwindSafe(|| {
            let outcome = deed.carry_out(&mut ground, &mut dice);
            let told = outcome.as_ref().map_or_else(Error::to_string, |()| "done".to_owned());
            let problem = match outcome {
                Err(error) if before.lost.is_empty() && !is_sensible(&ground, deed, &error) => {
                    Some(format!("{error:?}"))
                }
                _ => wrong(&ground, deed, &before),
            };
            (told, problem)
        }));
        let (told, problem) = done.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            ("panicked".to_owned(), Some(text.unwrap_or_default()))
        });
        account.push(format!("{} {deed:?}: {told}; {:?} -> {:?}", before.at, before.files, ground.files()));
        if problem.is_some() {
            return (account, problem);
        }
    }
    (account, None)
}

/// What was before a step.
struct Before {
    at: &'static str,
    files: Files,
    lost: Vec<String>,
}

fn wrong(ground: &Ground, deed: Deed, before: &Before) -> Option<String> {
    let mut lost = ground.lost();
    // What a bad disk took, and what an edit took that a thin cache had left in the file.
    let is_known = |one: &String| before.lost.contains(one) || deed.is_careless() && ground.is_thin;
    lost.retain(|one| deed != Deed::LosePack && !is_known(one));
    if !lost.is_empty() {
        return Some(format!("lost: {lost:?}"));
    }
    let is_looked_at = !deed.is_careless() && before.at == ground.at;
    let gone = if is_looked_at { ground.gone(&before.files) } else { Vec::new() };
    (!gone.is_empty()).then(|| format!("the last copy of {gone:?} is gone"))
}

/// Whether a verb may say so. There is always a pointer to take back, an edit to lose, a dataset that is not there;
/// but nothing is ever damaged, and nothing that was added is missing.
fn is_sensible(ground: &Ground, deed: Deed, error: &Error) -> bool {
    match error {
        // What was edited in a thin cache before it was pushed is missing from then on.
        Error::DataMissing { .. } | Error::EditedUnpushed { .. } | Error::WorktreeOnly { .. } if ground.is_thin => true,
        Error::PointerMoved { .. } => matches!(deed, Deed::Add | Deed::AddPart | Deed::RemovePart),
        Error::LocalEdits { .. } | Error::InTheWay { .. } => {
            matches!(
                deed,
                Deed::Checkout
                    | Deed::CheckoutRevision
                    | Deed::CheckoutPart
                    | Deed::Pull
                    | Deed::Remove
                    | Deed::RemovePart
                    | Deed::Sparse
                    | Deed::Merge
            )
        }
        Error::NoDataset { .. }
        | Error::NotInDataset { .. }
        | Error::NoSuchPath { .. }
        | Error::InsideDataset { .. } => {
            matches!(deed, Deed::Remove | Deed::RemovePart | Deed::Move | Deed::AddPart | Deed::CheckoutPart)
        }
        Error::TargetExists { .. } | Error::Usage { .. } => deed == Deed::Move,
        Error::OnlyCopy { .. } => deed == Deed::ClearCache,
        Error::NothingTracked => true,
        Error::DataMissing { .. } => deed == Deed::Checkout,
        _ => false,
    }
}

#[test]
fn whatever_people_do_nothing_is_lost() {
    if let Ok(seed) = std::env::var("ESKER_SEED") {
        let (account, problem) = walk(seed.parse().expect("ESKER_SEED is a number"));
        assert_eq!(problem, None, "{}", account.join("\n"));
        return;
    }
    let walks = std::env::var("ESKER_WALKS").map_or(WALKS, |walks| walks.parse().expect("ESKER_WALKS is a number"));
    // On threads of their own: what walks do waits for those of rayon, so no walk may hold one.
    let next = AtomicU64::new(0);
    let go = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < walks) {
            let (account, problem) = walk(seed);
            assert_eq!(problem, None, "ESKER_SEED={seed} cargo test --lib wandering\n{}", account.join("\n"));
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(1, NonZero::get)).for_each(|_| drop(scope.spawn(go)))
    });
}
