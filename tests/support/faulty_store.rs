//! A store that fails on purpose, as a plan says, and keeps a log of what it was asked.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use esker::store::{Key, Listed, Store, StoreError};

/// A method of the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Get,
    Read,
    Put,
    List,
    Delete,
}

/// One call: the method, and its key or prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub op: Op,
    pub key: String,
}

/// Wraps a store. Calls are counted by method, from 1; `get` and `read` count together as answers.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: Vec<(Op, usize)>,
    lost_puts: Vec<usize>,
    stale_lists: Vec<usize>,
    /// By the number of the answer: what is done to its bytes.
    damage: Vec<(usize, Damage)>,
    last_write: Option<usize>,
    written: BTreeSet<String>,
    log: Vec<Call>,
}

#[derive(Clone, Copy)]
enum Damage {
    Keep(usize),
    Flip(usize),
}

impl FaultyStore {
    /// With an empty plan: nothing fails.
    pub fn new(inner: Arc<dyn Store>) -> FaultyStore {
        FaultyStore { inner, state: Mutex::default() }
    }

    /// The `nth` call of `op` fails and does nothing.
    pub fn fail(self, op: Op, nth: usize) -> FaultyStore {
        self.state().failures.push((op, nth));
        self
    }

    /// The `nth` answer of `get` and `read` ends after `keep` bytes, and no error tells so.
    pub fn cut(self, nth: usize, keep: usize) -> FaultyStore {
        self.state().damage.push((nth, Damage::Keep(keep)));
        self
    }

    /// The `nth` answer of `get` and `read` has one bit wrong.
    pub fn flip(self, nth: usize, bit: usize) -> FaultyStore {
        self.state().damage.push((nth, Damage::Flip(bit)));
        self
    }

    /// After so many puts and deletions every call fails, as if the process had died there.
    pub fn stop_after(self, writes: usize) -> FaultyStore {
        self.state().last_write = Some(writes);
        self
    }

    /// The `nth` listing does not yet have what was put through this store.
    pub fn stale_list(self, nth: usize) -> FaultyStore {
        self.state().stale_lists.push(nth);
        self
    }

    /// The `nth` put is done, but its answer is lost.
    pub fn lose_put(self, nth: usize) -> FaultyStore {
        self.state().lost_puts.push(nth);
        self
    }

    /// How often `op` was called.
    pub fn count(&self, op: Op) -> usize {
        self.state().count(op)
    }

    /// How many puts and deletions there were.
    pub fn writes(&self) -> usize {
        self.state().writes()
    }

    /// All calls, in order.
    pub fn log(&self) -> Vec<Call> {
        self.state().log.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Logs a call; its number among those of its method, unless the plan says that it fails.
    fn called(&self, op: Op, key: &str) -> Result<usize, StoreError> {
        let mut state = self.state();
        let dead = state.last_write.is_some_and(|last| {
            let write = matches!(op, Op::Put | Op::Delete);
            state.writes() + usize::from(write) > last
        });
        state.log.push(Call { op, key: key.to_owned() });
        let nth = state.count(op);
        if dead || state.failures.contains(&(op, nth)) {
            return Err(self.failure(op, key));
        }
        Ok(nth)
    }

    fn failure(&self, op: Op, key: &str) -> StoreError {
        let doing = format!("{op:?} {key}").to_lowercase();
        StoreError::Unreachable { store: self.name().to_owned(), doing, reason: "it fails on purpose".to_owned() }
    }

    fn damaged(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let state = self.state();
        let nth = state.count(Op::Get) + state.count(Op::Read);
        for (_, damage) in state.damage.iter().filter(|(at, _)| *at == nth) {
            match *damage {
                Damage::Keep(keep) => bytes.truncate(keep),
                Damage::Flip(bit) if !bytes.is_empty() => {
                    let at = bit / 8 % bytes.len();
                    bytes[at] ^= 1 << (bit % 8);
                }
                Damage::Flip(_) => {}
            }
        }
        bytes
    }
}

impl State {
    fn count(&self, op: Op) -> usize {
        self.log.iter().filter(|call| call.op == op).count()
    }

    fn writes(&self) -> usize {
        self.count(Op::Put) + self.count(Op::Delete)
    }
}

impl Store for FaultyStore {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.called(Op::Get, key.as_str())?;
        self.inner.get(key, limit).map(|bytes| self.damaged(bytes))
    }

    fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        self.called(Op::Read, key.as_str())?;
        self.inner.read(key, range).map(|bytes| self.damaged(bytes))
    }

    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError> {
        let nth = self.called(Op::Put, key.as_str())?;
        self.inner.put(key, body)?;
        let mut state = self.state();
        state.written.insert(key.to_string());
        let lost = state.lost_puts.contains(&nth);
        drop(state);
        if lost { Err(self.failure(Op::Put, key.as_str())) } else { Ok(()) }
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        let nth = self.called(Op::List, prefix)?;
        let hidden = {
            let state = self.state();
            if state.stale_lists.contains(&nth) { state.written.clone() } else { BTreeSet::new() }
        };
        self.inner.list(prefix, &mut |listed| {
            if !hidden.contains(listed.key.as_str()) {
                each(listed);
            }
        })
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.called(Op::Delete, key.as_str())?;
        self.inner.delete(key)
    }
}
