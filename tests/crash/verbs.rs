//! The verbs that are killed and struck: each leads from one state of the world to another, and what must hold between.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::stage::{Stage, read};
use crate::support::ran::Ran;

/// A verb, the moment before it, and what must hold whenever it dies.
pub struct Verb {
    /// The clone in which it runs.
    pub clone: &'static str,
    /// Its command line.
    pub words: &'static str,
    /// Leads to the moment before it.
    pub prepare: fn(&mut Stage),
    /// What must hold as soon as it is dead.
    pub check: fn(&Stage),
    /// What must hold after it was run again, to its end.
    pub settled: fn(&Stage),
    /// Where it stores packs.
    pub store: Store,
    /// Whether it stores once more what was there, and not only what changed.
    pub stores_again: bool,
}

/// A pack store of a stage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// The cache of the verb's clone.
    Cache,
    /// The remote.
    Remote,
}

pub const ADD: Verb = Verb {
    clone: "alice",
    words: "add data",
    prepare: |stage| {
        // What was added before is let be.
        stage.git("alice", "commit -q --allow-empty -m next");
        stage.edit();
    },
    check: |stage| {
        stage.pointer_names_new("alice");
        stage.is_sound("alice", "verify");
    },
    settled: |stage| {
        assert!(stage.pointer_names_new("alice"));
        stage.is_settled("alice");
        stage.is_sound("alice", "verify --read-data");
    },
    store: Store::Cache,
    stores_again: false,
};

pub const PUSH: Verb = Verb {
    clone: "alice",
    words: "push",
    prepare: next,
    check: |stage| {
        assert!(stage.pointer_names_new("alice"));
        stage.is_sound("alice", "verify");
        stage.is_sound("alice", "verify --remote --read-data");
    },
    settled: |stage| {
        stage.a_fresh_clone_gets_it();
        stage.is_sound("alice", "verify --remote --read-data");
    },
    store: Store::Remote,
    stores_again: false,
};

pub const PULL: Verb = Verb {
    clone: "bob",
    words: "pull",
    prepare: |stage| {
        next(stage);
        stage.succeed("alice", "push");
        stage.git("bob", "pull -q");
    },
    check: |stage| {
        stage.files_are_old_new_or_absent("bob");
        stage.has_no_faults("bob");
    },
    settled: |stage| {
        stage.is_settled("bob");
        assert!(stage.pointer_names_new("bob"));
        stage.is_sound("bob", "verify --read-data");
        stage.is_sound("bob", "verify --remote --read-data");
    },
    store: Store::Cache,
    stores_again: false,
};

pub const CHECKOUT: Verb = Verb {
    clone: "alice",
    words: "checkout",
    prepare: |stage| {
        next(stage);
        stage.git("alice", "checkout -q --detach HEAD~1");
        stage.succeed("alice", "checkout");
        stage.git("alice", "checkout -q main");
    },
    check: |stage| {
        stage.files_are_old_new_or_absent("alice");
        stage.is_sound("alice", "verify");
    },
    settled: |stage| {
        stage.is_settled("alice");
        stage.is_sound("alice", "verify --read-data");
    },
    store: Store::Cache,
    stores_again: false,
};

pub const GC: Verb = Verb {
    clone: "alice",
    words: "gc --grace 0",
    prepare: twice_pushed,
    check: |stage| {
        stage.every_branch_is_whole("alice");
        stage.is_settled("alice");
        stage.is_sound("alice", "verify --read-data");
    },
    settled: |stage| {
        stage.every_branch_is_whole("alice");
        stage.is_settled("alice");
        stage.is_sound("alice", "verify --read-data");
        no_more_than_is_alive(stage, stage.packs(Store::Cache, "alice").values().sum());
    },
    store: Store::Cache,
    stores_again: true,
};

pub const GC_REMOTE: Verb = Verb {
    clone: "alice",
    words: "gc --remote --keep-last 1 --grace 0 --yes",
    prepare: twice_pushed,
    check: |stage| {
        stage.is_sound("alice", "verify --remote --read-data");
        stage.a_fresh_clone_gets_every_branch();
    },
    settled: |stage| {
        stage.is_sound("alice", "verify --remote --read-data");
        stage.a_fresh_clone_gets_every_branch();
        no_more_than_is_alive(stage, stage.packs(Store::Remote, "alice").values().sum());
        // Who would push again finds nothing to send.
        let pushed = stage.succeed("alice", "--json push").json();
        assert_eq!(pushed["is_up_to_date"], true, "{pushed}");
    },
    store: Store::Remote,
    stores_again: true,
};

/// A next version is committed on `main`; the branch `kept` stays at the one before.
fn next(stage: &mut Stage) {
    stage.edit();
    stage.add_and_commit();
    stage.git("alice", "branch -q -f kept HEAD~1");
    stage.git("alice", "push -q -f origin main kept");
}

/// Two versions more, both pushed: what is older than those is dead.
fn twice_pushed(stage: &mut Stage) {
    for _ in 0..2 {
        next(stage);
        stage.succeed("alice", "push");
    }
}

/// What an interrupted collection left went by the next one: a store does not grow from try to try.
#[track_caller]
fn no_more_than_is_alive(stage: &Stage, bytes: u64) {
    let alive: usize = stage.old.values().chain(stage.new.values()).map(Vec::len).sum();
    // Each collection tolerates some waste, and the cache keeps for two weeks what no commit names any more.
    assert!(bytes <= 2 * alive as u64, "{bytes} bytes are kept for {alive}");
}

/// What `verify` is asked after a verb died.
impl Stage {
    /// `verify` finds that all is there and right.
    #[track_caller]
    pub fn is_sound(&self, clone: &str, words: &str) {
        self.run(clone, words).expect_code(0);
    }

    /// `verify` finds no object that is lost or damaged, though it may be that not all was fetched yet.
    #[track_caller]
    pub fn has_no_faults(&self, clone: &str) {
        let ran: Ran = self.run(clone, "--json verify --read-data");
        assert_eq!(ran.json()["faults"], serde_json::json!([]), "{ran}");
    }

    /// A clone's cache alone has the data of each of its branches.
    #[track_caller]
    pub fn every_branch_is_whole(&self, clone: &str) {
        for (branch, version) in [("main", &self.new), ("kept", &self.old)] {
            let text = self.git(clone, &format!("show {branch}:data.esker")) + "\n";
            assert!(self.probed(clone, text.as_bytes()) == *version, "the data of {branch} is not what it was");
        }
    }

    /// What `bob` gets of each branch, who has nothing yet, is what was pushed.
    #[track_caller]
    pub fn a_fresh_clone_gets_every_branch(&self) {
        self.a_fresh_clone_gets_it();
        self.git("bob", "checkout -q -B kept origin/kept");
        self.succeed("bob", "checkout");
        assert!(read(&self.at("bob/data")) == self.old, "a fresh clone got other bytes of kept");
        self.git("bob", "checkout -q main");
    }

    /// The packs of a store and their sizes in bytes.
    pub fn packs(&self, store: Store, clone: &str) -> BTreeMap<String, u64> {
        match (store, self.world.server()) {
            (Store::Remote, Some(server)) => {
                let keys = server.keys().into_iter().filter(|key| key.contains("/packs/"));
                keys.map(|key| (key.clone(), server.object(&key).unwrap().len() as u64)).collect()
            }
            (Store::Remote, None) => files(self.at("remote/packs")),
            (Store::Cache, _) => files(self.at(clone).join(".git/esker/cache/packs")),
        }
    }
}

/// The files in the folders of a folder.
fn files(folder: PathBuf) -> BTreeMap<String, u64> {
    let shelves = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let entries = shelves.flat_map(|shelf| fs::read_dir(shelf).unwrap()).map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())).collect()
}
