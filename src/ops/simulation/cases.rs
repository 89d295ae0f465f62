//! Thousands of seeds, none of which may lose what was promised; and proof that a loss would be found.
#![allow(clippy::print_stdout, reason = "figures, for those who ask with --nocapture")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bucket::Plan;
use super::run::{Outcome, run};
use super::scene::{CLONES, Scene};

const SEEDS: u64 = 10_000;

/// Runs seeds on all cores until `seeds` are done or `each` says that it is enough.
fn explore(scene: &Scene, seeds: u64, plan: impl Fn(u64) -> Plan + Sync, each: impl Fn(u64, Outcome) -> bool + Sync) {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut projects: Vec<_> = (0..CLONES.len()).map(|clone| scene.project(clone)).collect();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    if !each(seed, run(scene, &mut projects, seed, plan(seed))) {
                        next.store(seeds, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

fn story(seed: u64, outcome: &Outcome) -> String {
    format!(
        "seed {seed} lost data. To replay it: ESKER_SEED={seed} cargo test --lib simulation\n{}\n{}",
        outcome.lost.join("\n"),
        outcome.log.join("\n")
    )
}

#[test]
fn nothing_that_was_promised_is_lost_under_any_seed() {
    let scene = Scene::new();
    if let Ok(seed) = std::env::var("ESKER_SEED") {
        let seed = seed.parse().expect("ESKER_SEED is a number");
        let mut projects: Vec<_> = (0..CLONES.len()).map(|clone| scene.project(clone)).collect();
        let outcome = run(&scene, &mut projects, seed, Plan::of(seed));
        assert!(outcome.lost.is_empty(), "{}", story(seed, &outcome));
        println!("{}", outcome.log.join("\n"));
        return;
    }
    let (promised, removed, requests) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failure = Mutex::new(None);
    explore(&scene, SEEDS, Plan::of, |seed, outcome| {
        promised.fetch_add(outcome.promised as u64, Ordering::Relaxed);
        removed.fetch_add(outcome.removed, Ordering::Relaxed);
        requests.fetch_add(outcome.log.len() as u64, Ordering::Relaxed);
        let is_whole = outcome.lost.is_empty();
        if !is_whole {
            failure.lock().unwrap().get_or_insert((seed, outcome));
        }
        is_whole
    });
    if let Some((seed, outcome)) = failure.into_inner().unwrap() {
        panic!("{}", story(seed, &outcome));
    }
    let (promised, removed) = (promised.into_inner(), removed.into_inner());
    println!("{SEEDS} seeds: {} requests, {promised} roots kept, {removed} packs removed", requests.into_inner());
    // Else nothing was tried.
    assert!(promised > SEEDS && removed > SEEDS, "{promised} roots and {removed} packs in {SEEDS} seeds");
}

#[test]
fn a_push_that_cannot_see_records_at_its_second_look_loses_data() {
    let scene = Scene::new();
    let found = Mutex::new(None);
    let blind = |seed| Plan { hides_records: true, ..Plan::of(seed) };
    explore(&scene, SEEDS, blind, |seed, outcome| {
        let is_whole = outcome.lost.is_empty();
        if !is_whole {
            found.lock().unwrap().get_or_insert(seed);
        }
        is_whole
    });
    let found = found.into_inner().unwrap();
    println!("lost under seed {found:?}");
    assert!(found.is_some(), "nothing was lost in {SEEDS} seeds: the simulation cannot fail");
}

#[test]
fn a_seed_replays_exactly() {
    let scene = Scene::new();
    let mut projects: Vec<_> = (0..CLONES.len()).map(|clone| scene.project(clone)).collect();
    for seed in 0..20 {
        let [one, other] = [(); 2].map(|()| run(&scene, &mut projects, seed, Plan::of(seed)));
        let first = one.log.iter().zip(&other.log).find(|(one, other)| one != other);
        assert!(one == other, "seed {seed}: {first:?}");
    }
}
