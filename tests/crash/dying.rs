//! A push or a pull that goes no further than its n-th request: scenarios C26 and C29, on a bucket.

use super::stage::{Amount, Stage};
use crate::support::remote::Remote;
use crate::support::s3_server::{Fault, S3Server};

const AMOUNT: Amount = Amount { small: 20, large: &[300_000] };

fn server(stage: &Stage) -> &S3Server {
    stage.world.server().unwrap()
}

/// How many roots the bucket has.
fn roots(stage: &Stage) -> usize {
    server(stage).keys().iter().filter(|key| key.contains("/roots/")).count()
}

/// How many bytes of packs the bucket has.
fn pack_bytes(stage: &Stage) -> usize {
    let server = server(stage);
    let packs = server.keys().into_iter().filter(|key| key.contains("/packs/"));
    packs.map(|key| server.object(&key).unwrap().len()).sum()
}

/// Pushes one version after the other; `strike` lets the push die at its n-th PUT. Each time the rerun must end well,
/// nothing is sent more than `most_times`, and a fresh clone gets all.
fn dies_at_each_put(seed: u64, most_times: usize, strike: fn(&S3Server, usize)) {
    let mut stage = Stage::new(Remote::S3, seed, AMOUNT);
    stage.edit();
    stage.add_and_commit();
    server(&stage).forget();
    stage.succeed("alice", "push");
    let puts = server(&stage).count("PUT");
    assert!((3..10).contains(&puts), "{puts}");
    for nth in 1..=puts {
        stage.edit();
        stage.add_and_commit();
        let before = (roots(&stage), pack_bytes(&stage));
        strike(server(&stage), nth);
        let ran = stage.run("alice", "push");
        ran.expect_code(4);
        server(&stage).calm();
        let kept = pack_bytes(&stage) - before.1;
        if roots(&stage) > before.0 {
            // The root is there: all that it leads to must be.
            stage.a_fresh_clone_gets_it();
        }
        stage.succeed("alice", "push");
        let sent = pack_bytes(&stage) - before.1;
        let changed = stage.new.iter().filter(|(path, bytes)| stage.old.get(*path) != Some(bytes));
        let changed: usize = changed.map(|(_, bytes)| bytes.len()).sum();
        assert!(
            sent <= most_times * changed + 64_000,
            "{sent} bytes sent for {changed}, {kept} of them before it died at PUT {nth}"
        );
        // A root that was put by a push which never knew of it is not acknowledged: the next push puts its own.
        let added = roots(&stage) - before.0;
        assert!((1..=most_times).contains(&added), "{added} roots");
        stage.a_fresh_clone_gets_it();
    }
}

#[test]
fn a_push_that_dies_before_any_put_goes_on() {
    dies_at_each_put(31, 1, |server, nth| server.from(nth, "PUT", Fault::Denied));
}

#[test]
fn a_push_that_dies_after_any_put_goes_on() {
    // The pack whose answer was lost is not known to be there: only that one is sent again.
    dies_at_each_put(32, 2, |server, nth| {
        server.at(nth, "PUT", Fault::CutAfter);
        server.from(nth + 1, "PUT", Fault::Denied);
    });
}

/// C29.
#[test]
fn a_put_whose_answer_is_lost_is_one_state_and_a_success() {
    let mut stage = Stage::new(Remote::S3, 33, AMOUNT);
    for nth in 1..=5 {
        stage.edit();
        stage.add_and_commit();
        let before = roots(&stage);
        server(&stage).at(nth, "PUT", Fault::CutAfter);
        stage.succeed("alice", "push");
        server(&stage).calm();
        assert_eq!(roots(&stage), before + 1);
        stage.a_fresh_clone_gets_it();
    }
}

#[test]
fn a_pull_that_dies_at_any_request_goes_on() {
    let mut stage = Stage::new(Remote::S3, 34, AMOUNT);
    for nth in 1.. {
        stage.edit();
        stage.add_and_commit();
        stage.succeed("alice", "push");
        stage.git("alice", "push -q origin HEAD");
        stage.git("bob", "pull -q");
        server(&stage).from(nth, "*", Fault::Denied);
        let code = stage.run("bob", "pull").code;
        server(&stage).calm();
        stage.files_are_old_new_or_absent("bob");
        stage.succeed("bob", "pull");
        stage.is_settled("bob");
        if code == 0 {
            assert!(nth > 4, "it made {nth} requests only");
            break;
        }
        assert_eq!(code, 4);
    }
}
