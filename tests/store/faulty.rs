//! The store that fails on purpose does what its plan says, so that other tests may rely on it.

use std::sync::Arc;

use esker::store::{LocalStore, Store};

use super::contract::{key, keys};
use crate::support::faulty_store::{Call, FaultyStore, Op};

fn store(folder: &tempfile::TempDir) -> FaultyStore {
    FaultyStore::new(Arc::new(LocalStore::create(folder.path()).unwrap()))
}

#[test]
fn it_stops_after_so_many_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).stop_after(2);
    store.put(&key("a"), b"x").unwrap();
    store.get(&key("a"), 9).unwrap();
    store.put(&key("b"), b"x").unwrap();
    assert!(store.put(&key("c"), b"x").is_err());
    assert!(store.get(&key("a"), 9).is_err());
    assert_eq!(keys(&LocalStore::open(folder.path()).unwrap(), "").len(), 2);
}

#[test]
fn it_damages_the_answers_that_the_plan_names() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).cut(2, 1).flip(3, 8);
    store.put(&key("a"), b"abc").unwrap();
    let answers: Vec<_> = (0..4).map(|_| store.read(&key("a"), 0..3).unwrap()).collect();
    assert_eq!(answers, [&b"abc"[..], b"a", b"acc", b"abc"]);
}

#[test]
fn it_fails_loses_and_forgets() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).fail(Op::Put, 1).lose_put(2).stale_list(2);
    assert!(store.put(&key("a"), b"x").is_err());
    assert!(keys(&store, "").is_empty());
    assert!(store.put(&key("a"), b"x").is_err());
    assert!(keys(&store, "").is_empty());
    assert_eq!(keys(&store, "").len(), 1);
    assert_eq!((store.count(Op::Put), store.writes()), (2, 2));
    assert_eq!(store.log()[0], Call { op: Op::Put, key: "a".to_owned() });
}
