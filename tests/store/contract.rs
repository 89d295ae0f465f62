//! What every store must do: one suite, run by each kind of store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use esker::store::{Key, LocalStore, S3Store, Store, StoreError};

use crate::support::faulty_store::FaultyStore;
use crate::support::s3_server::S3Server;

pub fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub fn keys(store: &dyn Store, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    store.list(prefix, &mut |listed| assert!(found.insert(listed.key.to_string()))).unwrap();
    found
}

/// Bytes without a pattern, the same each time.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn an_empty_store_has_nothing(store: &dyn Store) {
    assert!(keys(store, "").is_empty());
    assert!(matches!(store.get(&key("config"), 100), Err(StoreError::Missing { .. })));
    assert!(matches!(store.read(&key("packs/ab/x"), 0..1), Err(StoreError::Missing { .. })));
    assert!(matches!(store.read(&key("packs/ab/x"), 0..0), Err(StoreError::Missing { .. })));
    store.delete(&key("packs/ab/x")).unwrap();
}

fn what_is_put_is_read_back(store: &dyn Store) {
    for len in [0, 1, 1000, 3 << 20] {
        let (key, body) = (key(&format!("packs/aa/{len}")), noise(len));
        store.put(&key, &body).unwrap();
        assert!(store.get(&key, len as u64).unwrap() == body, "{len}");
        assert!(store.read(&key, 0..len as u64).unwrap() == body, "{len}");
        store.delete(&key).unwrap();
    }
}

fn ranges_are_exact(store: &dyn Store) {
    let (key, body) = (key("packs/bb/range"), noise(1000));
    store.put(&key, &body).unwrap();
    for range in [0..1, 0..1000, 999..1000, 17..400, 5..5, 1000..1000] {
        let want = &body[range.start as usize..range.end as usize];
        assert_eq!(store.read(&key, range.clone()).unwrap(), want, "{range:?}");
    }
    for (range, want) in [(990..1001, 10), (1000..1001, 0), (2000..3000, 0)] {
        match store.read(&key, range.clone()) {
            Err(StoreError::Short { wanted_bytes, got_bytes, .. }) => {
                assert_eq!((wanted_bytes, got_bytes), (range.end - range.start, want), "{range:?}");
            }
            other => panic!("{range:?}: {other:?}"),
        }
    }
    store.delete(&key).unwrap();
}

fn limits_are_kept(store: &dyn Store) {
    let key = key("index/limit");
    store.put(&key, &noise(1000)).unwrap();
    assert!(matches!(store.get(&key, 999), Err(StoreError::TooLarge { limit_bytes: 999, .. })));
    assert_eq!(store.get(&key, 1000).unwrap().len(), 1000);
    store.delete(&key).unwrap();
}

fn a_second_put_succeeds(store: &dyn Store) {
    let (key, body) = (key("packs/cc/twice"), noise(5000));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.put(&key, &body).unwrap());
        }
    });
    store.put(&key, &body).unwrap();
    assert_eq!(store.get(&key, 5000).unwrap(), body);
    assert_eq!(keys(store, "").len(), 1);
    store.delete(&key).unwrap();
}

fn listings_tell_size_and_time(store: &dyn Store) {
    store.put(&key("roots/a"), &noise(123)).unwrap();
    let mut listed = Vec::new();
    store.list("roots/", &mut |one| listed.push(one)).unwrap();
    assert_eq!((listed.len(), listed[0].bytes), (1, 123));
    let age = SystemTime::now().duration_since(listed[0].modified).unwrap_or_default();
    assert!(age < Duration::from_secs(60), "{age:?}");
    store.delete(&key("roots/a")).unwrap();
}

fn listings_keep_to_their_prefix(store: &dyn Store) {
    let all = ["config", "index/a1", "index/b1", "packs/ab/1", "packs/ab/2", "packs/ac/1", "packsy"];
    all.iter().for_each(|text| store.put(&key(text), text.as_bytes()).unwrap());
    let told = |prefix: &str| keys(store, prefix).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(told(""), all.join(" "));
    assert_eq!(told("packs/"), "packs/ab/1 packs/ab/2 packs/ac/1");
    assert_eq!(told("packs/ab"), "packs/ab/1 packs/ab/2");
    assert_eq!(told("packs/a"), "packs/ab/1 packs/ab/2 packs/ac/1");
    assert_eq!(told("pack"), "packs/ab/1 packs/ab/2 packs/ac/1 packsy");
    assert_eq!(told("packs/ab/1"), "packs/ab/1");
    assert_eq!(told("index/c"), "");
    assert_eq!(told("nothing/"), "");
    assert_eq!(told("../"), "");
    all.iter().for_each(|text| store.delete(&key(text)).unwrap());
}

fn what_is_deleted_is_gone(store: &dyn Store) {
    let key = key("packs/dd/gone");
    store.put(&key, b"bytes").unwrap();
    store.read(&key, 0..5).unwrap();
    store.delete(&key).unwrap();
    assert!(matches!(store.read(&key, 0..5), Err(StoreError::Missing { .. })));
    assert!(matches!(store.get(&key, 5), Err(StoreError::Missing { .. })));
    assert!(keys(store, "packs/").is_empty());
    store.delete(&key).unwrap();
}

fn many_threads_may_call(store: &dyn Store) {
    let body = noise(20_000);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let body = &body;
            scope.spawn(move || {
                for number in 0..10 {
                    let key = key(&format!("packs/{thread:02}/{number}"));
                    store.put(&key, &body[number..]).unwrap();
                    assert_eq!(store.read(&key, 5..10).unwrap(), &body[number + 5..number + 10]);
                }
            });
        }
    });
    assert_eq!(keys(store, "packs/").len(), 80);
    keys(store, "").iter().for_each(|text| store.delete(&key(text)).unwrap());
}

/// The suite. The store must be empty, and is empty afterwards.
pub fn holds(store: &dyn Store) {
    an_empty_store_has_nothing(store);
    what_is_put_is_read_back(store);
    ranges_are_exact(store);
    limits_are_kept(store);
    a_second_put_succeeds(store);
    listings_tell_size_and_time(store);
    listings_keep_to_their_prefix(store);
    what_is_deleted_is_gone(store);
    many_threads_may_call(store);
    an_empty_store_has_nothing(store);
}

#[test]
fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    holds(&LocalStore::create(&folder.path().join("new/store")).unwrap());
}

#[test]
fn a_bucket_keeps_the_contract() {
    let server = S3Server::start();
    holds(&S3Store::open(&server.options("")).unwrap());
    assert!(server.keys().is_empty());
}

#[test]
fn a_prefix_of_a_bucket_keeps_the_contract() {
    let server = S3Server::start();
    server.set("team/other/config", "theirs");
    server.set("team/data", "theirs");
    holds(&S3Store::open(&server.options("team/data")).unwrap());
    assert_eq!(server.keys(), ["team/data", "team/other/config"]);
}

#[test]
fn a_faulty_store_without_faults_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    holds(&FaultyStore::new(Arc::new(LocalStore::create(folder.path()).unwrap())));
}
