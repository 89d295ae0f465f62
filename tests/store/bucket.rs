//! What a bucket must do besides the contract: bad lines, bad servers, refusals.

use std::time::{Duration, Instant};

use esker::store::{AccessKeys, Checksum, S3Options, S3Store, Store, StoreError};

use super::contract::{key, keys, noise};
use crate::support::s3_server::{Fault, S3Server};

fn store(server: &S3Server) -> S3Store {
    S3Store::open(&server.options("p")).unwrap()
}

/// A store that gives up a stalled transfer soon.
fn impatient(server: &S3Server) -> S3Store {
    S3Store::open(&S3Options { patience: Duration::from_millis(500), ..server.options("p") }).unwrap()
}

#[test]
fn opening_asks_nothing() {
    let server = S3Server::start();
    let begun = Instant::now();
    let store = store(&server);
    assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());
    assert_eq!((store.name(), server.count("*")), ("s3://bucket/p", 0));
}

#[test]
fn each_call_is_one_request() {
    let server = S3Server::start();
    let store = store(&server);
    store.put(&key("packs/ab/x"), &noise(3 << 20)).unwrap();
    store.read(&key("packs/ab/x"), 5..10).unwrap();
    store.get(&key("packs/ab/x"), 4 << 20).unwrap();
    keys(&store, "packs/");
    store.delete(&key("packs/ab/x")).unwrap();
    let log: Vec<_> = server.log().into_iter().map(|logged| format!("{} {}", logged.method, logged.key)).collect();
    assert_eq!(log, ["PUT p/packs/ab/x", "GET p/packs/ab/x", "GET p/packs/ab/x", "LIST ", "DELETE p/packs/ab/x"]);
}

#[test]
fn servers_that_fail_a_while_are_asked_again() {
    let server = S3Server::start();
    let store = store(&server);
    for fault in [Fault::Unavailable, Fault::CutBefore] {
        for method in ["PUT", "GET", "LIST", "DELETE"] {
            server.next(2, method, fault.clone());
        }
        store.put(&key("a"), b"bytes").unwrap();
        assert_eq!(store.get(&key("a"), 9).unwrap(), b"bytes");
        assert_eq!(keys(&store, "").len(), 1);
        store.delete(&key("a")).unwrap();
    }
    assert_eq!(server.count("*"), 24);
}

#[test]
fn servers_that_fail_for_ever_are_unreachable() {
    let server = S3Server::start();
    server.from(1, "*", Fault::Unavailable);
    let error = store(&server).get(&key("a"), 9).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    let text = format!("cannot read a at s3://bucket/p: ServiceUnavailable: on purpose ({})", server.endpoint());
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_put_whose_answer_is_lost_succeeds() {
    let server = S3Server::start();
    server.next(1, "PUT", Fault::CutAfter);
    store(&server).put(&key("roots/a"), b"bytes").unwrap();
    assert_eq!((server.count("PUT"), server.object("p/roots/a").unwrap().as_ref()), (2, &b"bytes"[..]));
}

#[test]
fn answers_that_break_off_are_asked_for_again() {
    let server = S3Server::start();
    let store = store(&server);
    let body = noise(300_000);
    server.set("p/packs/a", body.clone());
    for fault in [Fault::CutBody(100_000), Fault::Truncate(100_000)] {
        server.next(2, "GET", fault);
        assert!(store.read(&key("packs/a"), 1000..299_000).unwrap() == body[1000..299_000]);
    }
    server.next(2, "GET", Fault::CutBody(100_000));
    assert!(store.get(&key("packs/a"), 300_000).unwrap() == body);
    for fault in [Fault::CutBody(100), Fault::Truncate(10), Fault::Truncate(100), Fault::Truncate(0)] {
        server.next(2, "LIST", fault);
        assert_eq!(keys(&store, "").len(), 1);
    }
}

#[test]
fn answers_that_always_break_off_are_an_error() {
    let server = S3Server::start();
    server.set("p/packs/a", noise(3000));
    server.from(1, "GET", Fault::Truncate(100));
    let error = store(&server).read(&key("packs/a"), 0..3000).unwrap_err();
    assert!(error.to_string().contains("got 100 of 3000 bytes"), "{error}");
}

#[test]
fn a_flipped_bit_in_a_whole_object_is_noticed() {
    let server = S3Server::start();
    server.set("p/index/a", noise(3000));
    server.next(2, "GET", Fault::Flip(1234));
    assert!(store(&server).get(&key("index/a"), 3000).unwrap() == noise(3000));
    assert_eq!(server.count("GET"), 3);
}

#[test]
fn transfers_that_stand_still_are_tried_again() {
    let server = S3Server::start();
    let store = impatient(&server);
    let body = noise(2 << 20);
    server.next(1, "PUT", Fault::Stall(Duration::from_secs(60)));
    store.put(&key("packs/a"), &body).unwrap();
    server.next(1, "GET", Fault::StallBody(70_000));
    assert!(store.read(&key("packs/a"), 0..2 << 20).unwrap() == body);
    server.next(1, "LIST", Fault::Stall(Duration::from_secs(60)));
    assert_eq!(keys(&store, "").len(), 1);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let server = S3Server::start();
    server.from(1, "*", Fault::Stall(Duration::from_secs(600)));
    let begun = Instant::now();
    let error = impatient(&server).put(&key("a"), &noise(1000)).unwrap_err();
    assert!(error.to_string().contains("nothing moved for 0.5 s"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_is_not_there_is_told_soon() {
    let server = S3Server::start();
    let options = S3Options { endpoint: Some("http://127.0.0.1:9".to_owned()), ..server.options("p") };
    let begun = Instant::now();
    let error = S3Store::open(&options).unwrap().list("packs/", &mut |_| ()).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let text = "cannot list packs/ at s3://bucket/p: Connection refused (os error 111) (http://127.0.0.1:9)";
    assert_eq!(error.to_string(), text);
}

#[test]
fn refusals_are_told_at_once() {
    let server = S3Server::start();
    let keys = |id: &str, secret: &str| Some(AccessKeys { id: id.to_owned(), secret: secret.to_owned() });
    for keys in [keys("AKESKERTEST", "wrong"), keys("NOBODY", "not-a-secret")] {
        let options = S3Options { keys, ..server.options("p") };
        server.forget();
        let error = S3Store::open(&options).unwrap().put(&key("a"), b"x").unwrap_err();
        assert!(matches!(error, StoreError::Denied { .. }), "{error}");
        assert!(!error.to_string().contains("not-a-secret"), "{error}");
        assert_eq!(server.count("*"), 1);
    }
    server.set("p/a", "bytes");
    server.from(2, "GET", Fault::Denied);
    let store = store(&server);
    store.get(&key("a"), 9).unwrap();
    assert_eq!(
        store.get(&key("a"), 9).unwrap_err().to_string(),
        "s3://bucket/p refused to read a: AccessDenied: on purpose"
    );
}

#[test]
fn a_bucket_that_is_not_there_is_told() {
    let server = S3Server::start();
    let store = S3Store::open(&S3Options { bucket: "other".to_owned(), ..server.options("p") }).unwrap();
    assert!(matches!(store.list("", &mut |_| ()), Err(StoreError::NoPlace { .. })));
    assert!(matches!(store.get(&key("a"), 9), Err(StoreError::NoPlace { .. })));
    assert!(matches!(store.put(&key("a"), b"x"), Err(StoreError::NoPlace { .. })));
}

#[test]
fn listings_of_any_length_are_whole() {
    let server = S3Server::start();
    (0..2345).for_each(|number| server.set(&format!("p/packs/{number:04}"), "x"));
    let store = store(&server);
    assert_eq!(keys(&store, "packs/").len(), 2345);
    assert_eq!(server.count("LIST"), 3);
    server.page(3);
    assert_eq!(keys(&store, "packs/11").len(), 100);
    assert_eq!(server.count("LIST"), 37);
}

#[test]
fn an_object_that_somebody_removed_is_missing() {
    let server = S3Server::start();
    let store = store(&server);
    store.put(&key("packs/a"), b"bytes").unwrap();
    store.read(&key("packs/a"), 0..5).unwrap();
    assert!(server.remove("p/packs/a"));
    assert!(matches!(store.read(&key("packs/a"), 0..5), Err(StoreError::Missing { .. })));
}

#[test]
fn foreign_objects_are_not_listed() {
    let server = S3Server::start();
    server.set("p/Thumbs.DB", "x");
    server.set("p/folder/", "");
    server.set("pq/config", "x");
    server.set("p/config", "x");
    assert!(keys(&store(&server), "").iter().eq(["config"]));
}

#[test]
fn checksums_can_be_left_out() {
    let server = S3Server::start();
    let store = S3Store::open(&S3Options { checksum: Checksum::WhenRequired, ..server.options("p") }).unwrap();
    store.put(&key("a"), &noise(300_000)).unwrap();
    assert!(store.get(&key("a"), 300_000).unwrap() == noise(300_000));
}

#[test]
fn a_storm_of_faults_changes_no_byte() {
    let server = S3Server::start();
    let faults = [
        Fault::Unavailable,
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::CutBody(20),
        Fault::Truncate(10),
        Fault::StallBody(5),
    ];
    server.storm(7, 30, &faults);
    let store = impatient(&server);
    for number in 0..40 {
        let (key, body) = (key(&format!("packs/{number}")), noise(1000 + number));
        store.put(&key, &body).unwrap();
        assert!(store.read(&key, 0..body.len() as u64).unwrap() == body);
    }
    server.calm();
    assert_eq!(keys(&store, "packs/").len(), 40);
}
