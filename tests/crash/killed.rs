//! `kill -9` of the built program at random moments: scenario C26.
//!
//! Few times per verb here; `ESKER_KILLS=200 cargo test --test all killed -- --nocapture` is the long run.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::stage::{Amount, Stage, pack_bytes};
use crate::support::remote::Remote;

/// What may be sent or stored twice: a pack that was open when the program was killed, in bytes.
const OPEN_PACK: u64 = 33 << 20;

/// A verb that is killed.
struct Verb {
    /// The clone in which it runs.
    clone: &'static str,
    words: &'static str,
    /// Leads to the moment before it.
    prepare: fn(&mut Stage),
    /// What must hold as soon as it is dead.
    check: fn(&Stage),
    /// What must hold after it was run again, to its end.
    settled: fn(&Stage),
    /// The store that it writes packs into, below the world's folder.
    store: &'static str,
}

const ADD: Verb = Verb {
    clone: "alice",
    words: "add data",
    prepare: Stage::edit,
    check: |stage| {
        stage.pointer_names_new("alice");
    },
    settled: |stage| {
        assert!(stage.pointer_names_new("alice"));
        stage.is_settled("alice");
        stage.git("alice", "commit -q --allow-empty -m next");
    },
    store: "alice/.git/esker/cache",
};

const PUSH: Verb = Verb {
    clone: "alice",
    words: "push",
    prepare: |stage| {
        stage.edit();
        stage.add_and_commit();
    },
    check: |stage| assert!(stage.pointer_names_new("alice")),
    settled: Stage::a_fresh_clone_gets_it,
    store: "remote",
};

const PULL: Verb = Verb {
    clone: "bob",
    words: "pull",
    prepare: |stage| {
        PUSH.prepare(stage);
        stage.succeed("alice", "push");
        stage.git("alice", "push -q origin HEAD");
        stage.git("bob", "pull -q");
    },
    check: |stage| stage.files_are_old_new_or_absent("bob"),
    settled: |stage| {
        stage.is_settled("bob");
        assert!(stage.pointer_names_new("bob"));
    },
    store: "bob/.git/esker/cache",
};

const CHECKOUT: Verb = Verb {
    clone: "alice",
    words: "checkout",
    prepare: |stage| {
        stage.edit();
        stage.add_and_commit();
        stage.git("alice", "checkout -q --detach HEAD~1");
        stage.succeed("alice", "checkout");
        stage.git("alice", "checkout -q main");
    },
    check: |stage| stage.files_are_old_new_or_absent("alice"),
    settled: |stage| stage.is_settled("alice"),
    store: "alice/.git/esker/cache",
};

impl Verb {
    fn prepare(&self, stage: &mut Stage) {
        (self.prepare)(stage);
    }

    /// Runs to its end what may have been killed. Returns how long that took.
    fn finish(&self, stage: &Stage) -> Duration {
        let begun = Instant::now();
        stage.succeed(self.clone, self.words);
        let took = begun.elapsed();
        (self.settled)(stage);
        took
    }

    /// Kills it after a while. Whether it still ran.
    fn kill(&self, stage: &Stage, after: Duration) -> bool {
        let mut command = stage.esker(self.clone, self.words);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        let ran = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        ran
    }

    /// Kills it so many times, each at another moment, and looks each time at what it left.
    fn survives(&self, seed: u64, amount: Amount) {
        let tries: u32 = std::env::var("ESKER_KILLS").map_or(20, |text| text.parse().unwrap());
        let mut stage = Stage::new(Remote::Folder, seed, amount);
        self.prepare(&mut stage);
        let mut took = self.finish(&stage);
        let (mut landed, mut most_rework) = (0, 0);
        for _ in 0..tries {
            self.prepare(&mut stage);
            let before = pack_bytes(&stage.at(self.store));
            let after = took.mul_f64(stage.random.below(1000) as f64 / 1000.0);
            landed += u32::from(self.kill(&stage, after));
            (self.check)(&stage);
            let killed = pack_bytes(&stage.at(self.store));
            took = (took * 3 + self.finish(&stage)) / 4;
            let stored = pack_bytes(&stage.at(self.store)) - before;
            let rework = stored.saturating_sub(changed_bytes(&stage));
            most_rework = most_rework.max(rework);
            assert!(rework <= OPEN_PACK, "{stored} bytes stored, {} of them before the kill", killed - before);
        }
        println!(
            "killed {}: {tries} tries, {landed} while it ran ({} ms), 0 lost, 0 half files, {most_rework} bytes twice",
            self.words,
            took.as_millis()
        );
        assert!(landed > 0, "no kill met the program");
    }
}

/// Bytes of all files that the new version changed, which is about what a verb must store at most, with some for pages.
fn changed_bytes(stage: &Stage) -> u64 {
    let changed = stage.new.iter().filter(|(path, bytes)| stage.old.get(*path) != Some(bytes));
    changed.map(|(_, bytes)| bytes.len() as u64 + 256).sum::<u64>() + (128 << 10)
}

const AMOUNT: Amount = Amount { small: 100, large: &[9 << 20, 1 << 20, 300_000] };

#[test]
fn an_add_that_is_killed_loses_nothing() {
    ADD.survives(11, AMOUNT);
}

#[test]
fn a_push_that_is_killed_loses_nothing() {
    PUSH.survives(12, AMOUNT);
}

#[test]
fn a_pull_that_is_killed_loses_nothing() {
    PULL.survives(13, AMOUNT);
}

#[test]
fn a_checkout_that_is_killed_loses_nothing() {
    CHECKOUT.survives(14, AMOUNT);
}
