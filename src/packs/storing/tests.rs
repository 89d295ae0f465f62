//! Storing packs: how much is in hand, and what comes of failures.

use std::ops::Range;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::*;
use crate::format::codec::Codec;
use crate::format::pack::PackKind;
use crate::store::{Key, Listed, StoreError};

/// A store of packs that drops all it is given, slowly, or does what `put` says.
struct Slow {
    put: fn() -> Result<(), StoreError>,
    accepted_bytes: Arc<AtomicU64>,
    put_bytes: AtomicU64,
    most_in_hand: Arc<AtomicU64>,
}

impl Store for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn get(&self, key: &Key, _limit: u64) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Missing { store: "slow".to_owned(), key: key.clone() })
    }

    fn read(&self, key: &Key, _range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        self.get(key, 0)
    }

    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError> {
        if key.as_str().starts_with(layout::PACKS) {
            std::thread::sleep(Duration::from_millis(5));
            let accepted = self.accepted_bytes.load(Ordering::SeqCst);
            let put = self.put_bytes.fetch_add(body.len() as u64, Ordering::SeqCst);
            self.most_in_hand.fetch_max(accepted.saturating_sub(put), Ordering::SeqCst);
            (self.put)()?;
        }
        Ok(())
    }

    fn list(&self, _prefix: &str, _each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, _key: &Key) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What came of 64 chunks of 8 MiB, from 16 threads, and how many bytes were in hand at most.
fn written(put: fn() -> Result<(), StoreError>) -> (Result<(), PackError>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let (accepted_bytes, most_in_hand): (Arc<AtomicU64>, Arc<AtomicU64>) = Default::default();
    let slow = Slow {
        put,
        accepted_bytes: Arc::clone(&accepted_bytes),
        put_bytes: AtomicU64::new(0),
        most_in_hand: Arc::clone(&most_in_hand),
    };
    let target = PackStore::remote(Arc::new(slow), folder.path());
    let writer = target.writer().unwrap();
    let raw = vec![7; 8 << 20];
    let add = &|thread: u8| {
        (0..4).try_for_each(|number| {
            let id = Id::of(&[thread, number]);
            writer.append(PackKind::Chunks, id, Codec::Raw, raw.len(), &raw)?;
            accepted_bytes.fetch_add(raw.len() as u64, Ordering::SeqCst);
            Ok(())
        })
    };
    let added: Result<(), PackError> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|thread| scope.spawn(move || add(thread))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    });
    (added.and_then(|()| writer.finish().map(drop)), most_in_hand.load(Ordering::SeqCst))
}

#[test]
fn a_slow_store_makes_threads_wait_and_not_memory_grow() {
    let (finished, most_in_hand) = written(|| Ok(()));
    finished.unwrap();
    assert!(most_in_hand <= 5 * BUFFER_LEN as u64, "{} MiB", most_in_hand >> 20);
}

#[test]
fn nobody_waits_for_packs_that_failed() {
    let (finished, _) =
        written(|| Err(StoreError::NoPlace { store: "slow".to_owned(), reason: "it is gone".to_owned() }));
    assert!(matches!(finished, Err(PackError::Store(StoreError::NoPlace { .. }))));
}

#[test]
#[should_panic(expected = "a fault of ours")]
fn a_pack_whose_thread_panicked_is_not_passed_over() {
    let _ = written(|| panic!("a fault of ours"));
}
