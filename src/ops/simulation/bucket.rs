//! A store in memory with faults: requests that fail, that lose their answer, that land late; listings in pages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::packs::layout;
use crate::store::{Key, Listed, Store, StoreError};

use super::dice::Dice;
use super::turnstile::Turnstile;

/// How much goes wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Requests that fail, in a hundred: half of them after they were done.
    pub failing: usize,
    /// The most keys on one page of a listing.
    pub page: usize,
    /// Seconds that the clock goes on, at most, with each request.
    pub pace: usize,
    /// What a push lists before it writes anything may be old.
    pub is_stale: bool,
    /// After a push put its root, no record is listed to it: the second look is blind.
    pub hides_records: bool,
}

/// What is in the store.
pub struct Objects {
    there: BTreeMap<String, Object>,
    /// What was deleted, and at which request.
    gone: Vec<(String, Object, u64)>,
    /// PUTs that were told to have failed and will yet be done.
    late: Vec<(String, Arc<[u8]>)>,
    plan: Plan,
    dice: Dice,
    /// Seconds since the beginning.
    now: u64,
    requests: u64,
    /// Roots that were deleted: by a policy.
    pub dropped: BTreeSet<String>,
    /// Packs that were deleted.
    pub removed: u64,
    /// Each request: who, what, where.
    pub log: Vec<String>,
}

#[derive(Clone)]
struct Object {
    bytes: Arc<[u8]>,
    written: u64,
    /// The number of the request that wrote it.
    born: u64,
}

/// The store, and those who wait before it.
pub type Bucket = Turnstile<Objects>;

/// An empty store for so many actors.
pub fn bucket(actors: usize, seed: u64, plan: Plan) -> Arc<Bucket> {
    let objects = Objects {
        there: BTreeMap::new(),
        gone: Vec::new(),
        late: Vec::new(),
        plan,
        dice: Dice::new(!seed),
        now: 0,
        requests: 0,
        dropped: BTreeSet::new(),
        removed: 0,
        log: Vec::new(),
    };
    Arc::new(Turnstile::new(actors, seed, objects))
}

/// The store as one actor sees it during one run of a verb; without an actor, as it is.
pub struct Seat {
    bucket: Arc<Bucket>,
    actor: Option<usize>,
    is_push: bool,
    has_written: AtomicBool,
    has_root: AtomicBool,
}

impl Seat {
    pub fn new(bucket: &Arc<Bucket>, actor: Option<usize>, is_push: bool) -> Arc<Seat> {
        let bucket = Arc::clone(bucket);
        Arc::new(Seat { bucket, actor, is_push, has_written: AtomicBool::new(false), has_root: AtomicBool::new(false) })
    }

    /// One request, which may fail before or after it is done.
    fn request<R>(
        &self,
        what: &str,
        key: &str,
        done: impl FnOnce(&mut Objects) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let Some(actor) = self.actor else { return self.bucket.peek(done) };
        self.bucket.pass(actor, |objects| {
            objects.begin();
            let (fails, is_done) = (objects.dice.percent(objects.plan.failing), objects.dice.percent(50));
            let short = key.get(..key.len().min(16)).unwrap_or(key);
            let fault = match (fails, is_done) {
                (false, _) => "",
                (true, true) => ", the answer is lost",
                (true, false) => " fails",
            };
            objects.log.push(format!("{actor} {what} {short}{fault}"));
            let answer = if fails && !is_done { Err(fault_of(what, key)) } else { done(objects) };
            if fails { Err(fault_of(what, key)) } else { answer }
        })
    }
}

fn fault_of(what: &str, key: &str) -> StoreError {
    let doing = format!("{what} {key}");
    StoreError::Unreachable { store: "memory".to_owned(), doing, reason: "the cable is cut".to_owned() }
}

impl Objects {
    fn begin(&mut self) {
        self.requests += 1;
        self.now += 1 + self.dice.below(self.plan.pace) as u64;
        if !self.late.is_empty() && self.dice.percent(5) {
            let at = self.dice.below(self.late.len());
            let (key, bytes) = self.late.swap_remove(at);
            self.log.push(format!("  late: put {}", &key[..key.len().min(16)]));
            self.put(&key, bytes);
        }
    }

    fn put(&mut self, key: &str, bytes: Arc<[u8]>) {
        let object = Object { bytes, written: self.now, born: self.requests };
        self.there.entry(key.to_owned()).or_insert(object);
    }

    fn delete(&mut self, key: &str) {
        let Some(object) = self.there.remove(key) else { return };
        self.gone.push((key.to_owned(), object, self.requests));
        if key.starts_with(layout::ROOTS) {
            self.dropped.insert(key.to_owned());
        }
        self.removed += u64::from(key.starts_with(layout::PACKS));
    }

    fn find(&self, key: &Key) -> Result<Arc<[u8]>, StoreError> {
        let missing = || StoreError::Missing { store: "memory".to_owned(), key: key.clone() };
        self.there.get(key.as_str()).map(|object| Arc::clone(&object.bytes)).ok_or_else(missing)
    }

    /// Some keys below `prefix` after `last`.
    fn page(&mut self, prefix: &str, last: &str) -> Vec<Listed> {
        let len = 1 + self.dice.below(self.plan.page);
        let after = if last.is_empty() { Bound::Included(prefix) } else { Bound::Excluded(last) };
        let below =
            self.there.range::<str, _>((after, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix));
        below.take(len).map(|(key, object)| listed(key, object)).collect()
    }

    /// All keys below `prefix` as they were some requests ago.
    fn old_page(&mut self, prefix: &str) -> Vec<Listed> {
        let then = self.requests.saturating_sub(self.dice.below(40) as u64);
        let there = self.there.iter().filter(|(_, object)| object.born <= then);
        let gone = self.gone.iter().filter(|(_, object, died)| object.born <= then && *died > then);
        let all = there.chain(gone.map(|(key, object, _)| (key, object)));
        all.filter(|(key, _)| key.starts_with(prefix)).map(|(key, object)| listed(key, object)).collect()
    }
}

fn listed(key: &str, object: &Object) -> Listed {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + object.written);
    Listed { key: Key::new(key).unwrap(), bytes: object.bytes.len() as u64, modified }
}

impl Store for Seat {
    fn name(&self) -> &str {
        "memory"
    }

    fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError> {
        let bytes = self.request("get", key.as_str(), |objects| objects.find(key))?;
        assert!(bytes.len() as u64 <= limit);
        Ok(bytes.to_vec())
    }

    fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let bytes = self.request("read", key.as_str(), |objects| objects.find(key))?;
        Ok(bytes[range.start as usize..range.end as usize].to_vec())
    }

    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError> {
        let bytes: Arc<[u8]> = body.into();
        if key.as_str() != "config" {
            self.has_written.store(true, Ordering::Relaxed);
        }
        if key.as_str().starts_with(layout::ROOTS) {
            self.has_root.store(true, Ordering::Relaxed);
        }
        let done = self.request("put", key.as_str(), |objects| {
            objects.put(key.as_str(), Arc::clone(&bytes));
            Ok(())
        });
        if done.is_err() {
            self.bucket.peek(|objects| {
                if objects.dice.percent(50) {
                    objects.late.push((key.as_str().to_owned(), bytes));
                }
            });
        }
        done
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        let is_old = self.is_push && !self.has_written.load(Ordering::Relaxed);
        let is_blind = self.is_push && self.has_root.load(Ordering::Relaxed) && prefix == layout::CONDEMNED;
        let mut last = String::new();
        loop {
            let page = self.request("list", prefix, |objects| {
                if objects.plan.hides_records && is_blind {
                    return Ok((Vec::new(), true));
                }
                if is_old && objects.plan.is_stale && objects.dice.percent(30) && last.is_empty() {
                    return Ok((objects.old_page(prefix), true));
                }
                let page = objects.page(prefix, &last);
                let is_last = page.is_empty();
                Ok((page, is_last))
            });
            let (page, is_last) = page?;
            if let Some(listed) = page.last() {
                last = listed.key.as_str().to_owned();
            }
            page.into_iter().for_each(&mut *each);
            if is_last {
                return Ok(());
            }
        }
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.request("delete", key.as_str(), |objects| {
            objects.delete(key.as_str());
            Ok(())
        })
    }
}
