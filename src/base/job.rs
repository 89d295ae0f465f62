//! Who is watching a verb, how many threads it may use, and whether it should stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::RepoPath;

/// What a verb is given besides its options.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Told what happens, from any thread.
    pub events: &'a dyn Events,
    /// Polled once per chunk, page or file.
    pub cancel: &'a Cancel,
    /// How many threads compute; at least 1.
    pub threads: usize,
}

impl<'a> Job<'a> {
    /// Stops the verb if it was asked to stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancel.is_set() { Err(Cancelled) } else { Ok(()) }
    }

    /// Begins a step of `total` units; `None` if nobody knows how many.
    pub fn began(&self, step: Step, total: Option<u64>, unit: Unit) {
        self.events.on(Event::Began { step, total, unit });
    }

    /// A step went `by` units further and finished `files` files.
    pub fn moved(&self, step: Step, by: u64, files: u64) {
        self.events.on(Event::Moved { step, by, files });
    }

    /// A step ended.
    pub fn done(&self, step: Step) {
        self.events.on(Event::Done { step });
    }

    /// Something the user should know that does not stop the verb.
    pub fn warn(&self, warning: Warning) {
        self.events.on(Event::Warned(warning));
    }
}

/// Hears what a verb does. Called from any thread; must be quick.
pub trait Events: Sync {
    /// Takes one event.
    fn on(&self, event: Event);
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step starts.
    Began {
        /// Which.
        step: Step,
        /// How many units it has, if known.
        total: Option<u64>,
        /// What it counts.
        unit: Unit,
    },
    /// A step went on.
    Moved {
        /// Which.
        step: Step,
        /// By how many units.
        by: u64,
        /// How many files that finished.
        files: u64,
    },
    /// A step ended.
    Done {
        /// Which.
        step: Step,
    },
    /// Something to tell the user.
    Warned(Warning),
}

/// The parts of a verb that may take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Walking the worktree.
    Scan,
    /// Reading, hashing and storing files.
    Store,
    /// Hashing files to see whether they changed.
    Hash,
    /// Finding out what the other side lacks.
    Compare,
    /// Sending to a remote.
    Send,
    /// Fetching from a remote.
    Fetch,
    /// Writing files into the worktree.
    Place,
    /// Checking what is stored.
    Verify,
    /// Finding and removing what nothing needs.
    Sweep,
}

/// What a step counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things: files, packs, pages.
    Items,
}

/// Something the user should know that does not stop the verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A path was left out, and why.
    LeftOut {
        /// Where.
        path: RepoPath,
        /// Why, as half a sentence.
        reason: String,
    },
    /// Anything else: one line, no full stop.
    Note(String),
}

/// Hears nothing.
pub struct Silent;

impl Events for Silent {
    fn on(&self, _event: Event) {}
}

/// A flag that asks a verb to stop; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The verb stopped because it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Cancelled;
