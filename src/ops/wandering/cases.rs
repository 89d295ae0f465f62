//! Many walks, each of its own seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::ops::Error;

use super::super::simulation::dice::Dice;
use super::deeds::Deed;
use super::ground::Ground;

const WALKS: u64 = 12;
const STEPS: usize = 60;

/// What a walk came to: an account of each step, and what went wrong in the last, if something did.
fn walk(seed: u64) -> (Vec<String>, Option<String>) {
    let (mut ground, mut dice, mut account) = (Ground::new(), Dice::new(seed), Vec::new());
    for _ in 0..STEPS {
        let deed = Deed::choose(&mut dice);
        let before = ground.files();
        let done = catch_unwind(AssertUnwindSafe(|| {
            let outcome = deed.carry_out(&mut ground, &mut dice);
            let told = outcome.as_ref().map_or_else(Error::to_string, |()| "done".to_owned());
            let problem = match outcome {
                Err(error) if !is_sensible(deed, &error) => Some(format!("{error:?}")),
                _ => wrong(&ground, deed, &before),
            };
            (told, problem)
        }));
        let (told, problem) = done.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            ("panicked".to_owned(), Some(text.unwrap_or_default()))
        });
        account.push(format!("{deed:?}: {told}; {before:?} -> {:?}", ground.files()));
        if problem.is_some() {
            return (account, problem);
        }
    }
    (account, None)
}

fn wrong(ground: &Ground, deed: Deed, before: &super::ground::Files) -> Option<String> {
    let lost = ground.lost();
    if !lost.is_empty() {
        return Some(format!("lost: {lost:?}"));
    }
    let gone = if deed.is_careless() { Vec::new() } else { ground.gone(before) };
    (!gone.is_empty()).then(|| format!("the last copy of {gone:?} is gone"))
}

/// Whether a verb may say so. There is always a pointer to take back, an edit to lose, a dataset that is not there;
/// but nothing is ever damaged, and nothing that was added is missing.
fn is_sensible(deed: Deed, error: &Error) -> bool {
    match error {
        Error::PointerMoved { .. } => matches!(deed, Deed::Add | Deed::RemovePart),
        Error::LocalEdits { .. } | Error::InTheWay { .. } => {
            matches!(deed, Deed::Checkout | Deed::Pull | Deed::Remove | Deed::RemovePart)
        }
        Error::NoDataset { .. } | Error::NotInDataset { .. } => matches!(deed, Deed::Remove | Deed::RemovePart),
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
        println!("{}", account.join("\n"));
        assert_eq!(problem, None);
        return;
    }
    let walks = std::env::var("ESKER_WALKS").map_or(WALKS, |walks| walks.parse().expect("ESKER_WALKS is a number"));
    (0..walks).into_par_iter().for_each(|seed| {
        let (account, problem) = walk(seed);
        assert_eq!(problem, None, "ESKER_SEED={seed} cargo test --lib wandering\n{}", account.join("\n"));
    });
}
