//! `kill -9` of the built program at random moments: scenario C26.
//!
//! Few times per verb here; `ESKER_KILLS=200 cargo test --test all killed -- --nocapture` is the long run. `ESKER_HANDS=4`
//! kills in as many worlds of each test at once; `ESKER_KILL_SECONDS` ends it early, with what was tried until then.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;
use std::str::FromStr;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::stage::{Amount, Stage};
use super::verbs::{ADD, CHECKOUT, GC, GC_REMOTE, PULL, PUSH, Verb};
use crate::support::remote::Remote;

/// What may be sent or stored twice: a pack that was open when the program was killed, in bytes.
const OPEN_PACK: u64 = 33 << 20;

/// A world serves so many times: its cache and its remote grow with each.
const MOST_IN_ONE_WORLD: u32 = 25;

const AMOUNT: Amount = Amount { small: 100, large: &[9 << 20, 1 << 20, 300_000] };

/// What came of all tries.
#[derive(Default)]
struct Tally {
    /// Those that began, or are promised to somebody.
    begun: u32,
    /// Those that are over.
    tries: u32,
    /// Those in which the program still ran.
    landed: u32,
    /// Those after which something did not hold.
    losses: u32,
    /// The most bytes that were stored twice.
    most_rework: u64,
    /// Within this time it was killed.
    took: Duration,
}

/// A world in which one verb is killed time after time.
struct Scene<'a> {
    verb: &'a Verb,
    stage: Stage,
    /// Within this time it is killed.
    took: Duration,
    times: u32,
}

impl<'a> Scene<'a> {
    fn new(verb: &'a Verb, remote: Remote, seed: u64) -> Scene<'a> {
        let mut stage = Stage::new(remote, seed, AMOUNT);
        (verb.prepare)(&mut stage);
        let mut scene = Scene { verb, stage, took: Duration::ZERO, times: 0 };
        scene.took = scene.finish();
        scene
    }

    /// Runs to its end what may have been killed. Returns how long that took.
    fn finish(&self) -> Duration {
        let begun = Instant::now();
        self.stage.succeed(self.verb.clone, self.verb.words);
        let took = begun.elapsed();
        (self.verb.settled)(&self.stage);
        took
    }

    /// Kills it after a while. Whether it still ran.
    fn kill(&self, after: Duration) -> bool {
        let mut command = self.stage.esker(self.verb.clone, self.verb.words);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(after);
        let ran = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        ran
    }

    /// Kills it once, looks at what it left, and runs it to its end. Whether it still ran, and how many bytes it stored
    /// twice.
    fn once(&mut self) -> (bool, u64) {
        let packs = |scene: &Scene<'_>| scene.stage.packs(scene.verb.store, scene.verb.clone);
        (self.verb.prepare)(&mut self.stage);
        let before = packs(self);
        let after = self.took.mul_f64(self.stage.random.below(1000) as f64 / 1000.0);
        let ran = self.kill(after);
        (self.verb.check)(&self.stage);
        let killed = packs(self);
        self.finish();
        // So that most kills meet it, and some of them at its very end.
        self.took = self.took.mul_f64(if ran { 1.02 } else { 0.85 });
        let after = packs(self);
        let fresh = killed.iter().filter(|(name, _)| !before.contains_key(*name)).map(|(_, bytes)| bytes);
        let first: u64 = fresh.sum();
        let fresh = after.iter().filter(|(name, _)| !before.contains_key(*name) && !killed.contains_key(*name));
        let second: u64 = fresh.map(|(_, bytes)| bytes).sum();
        // Of what is stored again by any run, no more is known than that one of both stored it for nothing.
        let needed = if self.verb.stores_again { first.max(second) } else { changed_bytes(&self.stage) };
        let rework = (first + second).saturating_sub(needed);
        assert!(rework <= OPEN_PACK, "{first} bytes were stored before the kill and {second} after it");
        (ran, rework)
    }
}

impl Verb {
    /// Kills it so many times, each at another moment, and looks each time at what it left.
    fn survives(&self, remote: Remote, seed: u64) {
        let tries = number("ESKER_KILLS", 20);
        let end = Instant::now() + Duration::from_secs(number("ESKER_KILL_SECONDS", 7200));
        let tally = Mutex::new(Tally::default());
        thread::scope(|scope| {
            for hand in 0..number("ESKER_HANDS", 1_u64) {
                let tally = &tally;
                scope.spawn(move || self.kill_often(remote, seed + 1000 * hand, tries, end, tally));
            }
        });
        let Tally { tries, landed, losses, most_rework, took, .. } = tally.into_inner().unwrap();
        println!(
            "killed {} ({remote:?}): {tries} tries, {landed} while it ran ({} ms), {} survived, {losses} losses, \
             {most_rework} bytes twice at most",
            self.words,
            took.as_millis(),
            tries - losses,
        );
        assert_eq!(losses, 0, "something was lost");
        assert!(landed > 0 || tries < 10, "no kill met the program");
    }

    /// One hand of those that kill at once: each has a world of its own, and they share the tries.
    fn kill_often(&self, remote: Remote, seed: u64, tries: u32, end: Instant, tally: &Mutex<Tally>) {
        let mut scene = None;
        for world in 0.. {
            let is_over = {
                let mut tally = tally.lock().unwrap();
                tally.begun += 1;
                tally.begun > tries || Instant::now() > end
            };
            if is_over {
                return;
            }
            let tried = catch_unwind(AssertUnwindSafe(|| {
                let mut scene = scene.take().unwrap_or_else(|| Scene::new(self, remote, seed + 100_000 * world));
                let (ran, rework) = scene.once();
                scene.times += 1;
                (scene, ran, rework)
            }));
            let mut tally = tally.lock().unwrap();
            tally.tries += 1;
            match tried {
                Ok((tried, ran, rework)) => {
                    tally.landed += u32::from(ran);
                    tally.most_rework = tally.most_rework.max(rework);
                    tally.took = tried.took;
                    scene = Some(tried).filter(|scene| scene.times < MOST_IN_ONE_WORLD);
                }
                // What did not hold was shown by the panic.
                Err(_) => tally.losses += 1,
            }
        }
    }
}

/// A number that the environment may say.
fn number<T: FromStr<Err: Display>>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{name} is no number: {error}")),
        Err(_) => usual,
    }
}

/// Bytes of all files that the new version changed, which is about what a verb must store at most, with some for pages.
fn changed_bytes(stage: &Stage) -> u64 {
    let changed = stage.new.iter().filter(|(path, bytes)| stage.old.get(*path) != Some(bytes));
    changed.map(|(_, bytes)| bytes.len() as u64 + 256).sum::<u64>() + (128 << 10)
}

#[test]
fn an_add_that_is_killed_loses_nothing() {
    ADD.survives(Remote::Folder, 11);
}

#[test]
fn a_checkout_that_is_killed_loses_nothing() {
    CHECKOUT.survives(Remote::Folder, 14);
}

#[test]
fn a_collection_that_is_killed_loses_nothing() {
    GC.survives(Remote::Folder, 15);
}

#[test]
fn a_push_to_a_folder_that_is_killed_loses_nothing() {
    PUSH.survives(Remote::Folder, 12);
}

#[test]
fn a_push_to_a_bucket_that_is_killed_loses_nothing() {
    PUSH.survives(Remote::S3, 16);
}

#[test]
fn a_pull_from_a_folder_that_is_killed_loses_nothing() {
    PULL.survives(Remote::Folder, 13);
}

#[test]
fn a_pull_from_a_bucket_that_is_killed_loses_nothing() {
    PULL.survives(Remote::S3, 17);
}

#[test]
fn a_collection_of_a_folder_that_is_killed_loses_nothing() {
    GC_REMOTE.survives(Remote::Folder, 18);
}

#[test]
fn a_collection_of_a_bucket_that_is_killed_loses_nothing() {
    GC_REMOTE.survives(Remote::S3, 19);
}
