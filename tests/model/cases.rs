//! What is explored: the protocol as it is, which must never lose data, and each rule broken, which must.

use std::time::Instant;

use super::explore::{Found, Step, explore};
use super::rules::{Pages, Prune, Rules};

const ONE_BY_ONE: Rules = Rules::all(1, 1);
const ONE_BY_TWO: Rules = Rules::all(1, 2);
/// An acknowledged root vouches, a policy may drop it.
const VOUCHED: Rules = Rules { has_old_root: true, ..ONE_BY_ONE };
const VOUCHED_BY_TWO: Rules = Rules { sends: 1, has_old_root: true, ..ONE_BY_TWO };
/// Roots are listed in two pages.
const PAGED: Rules = Rules { pages: Pages::OldRootLast, ..VOUCHED_BY_TWO };
/// A push is interrupted and rerun.
const RERUN: Rules = Rules { is_interrupted: true, ..ONE_BY_ONE };
/// A push that an old root vouches for, and an undo.
const UNDONE: Rules = Rules { pushers: 2, sends: 1, undoes: true, ..VOUCHED };
/// Segments that name several packs are rewritten by two collectors at once.
const REWRITTEN: Rules = Rules { sends: 1, rewrites: true, ..ONE_BY_TWO };
const MERGED: Rules = Rules { merges: true, has_late_puts: false, ..REWRITTEN };

/// The protocol as it is: quick enough for every run.
const SAFE: &[(&str, Rules)] = &[
    ("1 push × 1 gc", ONE_BY_ONE),
    ("1 push × 2 gc", ONE_BY_TWO),
    ("2 pushes × 1 gc", Rules::all(2, 1)),
    ("2 pushes × 2 gc, each sends once", Rules { sends: 1, ..Rules::all(2, 2) }),
    ("1 push × 1 gc twice", Rules { rounds: 2, ..ONE_BY_ONE }),
    ("1 interrupted push, rerun × 1 gc twice", Rules { rounds: 2, ..RERUN }),
    ("1 vouched push × 1 gc", VOUCHED),
    ("1 vouched push × 2 gc", VOUCHED_BY_TWO),
    ("1 vouched push × 2 gc, roots in pages, the old one last", PAGED),
    ("1 vouched push × 2 gc, roots in pages, the old one first", Rules { pages: Pages::OldRootFirst, ..PAGED }),
    ("1 vouched push, 1 undo × 1 gc", UNDONE),
    ("1 push × 1 gc twice, records pruned late", Rules { rounds: 2, prunes: Prune::Late, ..ONE_BY_ONE }),
    ("1 push × 2 gc, records pruned late", Rules { prunes: Prune::Late, ..ONE_BY_TWO }),
    ("1 vouched push × 2 gc, segments rewritten", Rules { has_old_root: true, ..REWRITTEN }),
    ("1 vouched push × 2 gc, segments merged", Rules { has_old_root: true, ..MERGED }),
    (
        "0 pushes × 2 gc, segments rewritten, index in pages",
        Rules { pushers: 0, has_old_root: true, pages: Pages::OldRootLast, ..REWRITTEN },
    ),
];

/// The same, larger: minutes.
const LONG: &[(&str, Rules)] = &[
    ("2 pushes × 2 gc", Rules::all(2, 2)),
    ("1 push × 2 gc twice", Rules { rounds: 2, ..ONE_BY_TWO }),
    ("2 vouched pushes × 2 gc, roots in pages", Rules { pushers: 2, ..PAGED }),
    ("1 interrupted push, rerun × 2 gc", Rules { is_interrupted: true, ..ONE_BY_TWO }),
    ("1 vouched push, 1 undo × 2 gc", Rules { collectors: 2, ..UNDONE }),
    ("2 pushes × 2 gc, segments rewritten", Rules { pushers: 2, ..REWRITTEN }),
];

/// One rule is broken in each.
const BROKEN: &[(&str, Rules)] = &[
    ("a push does not look again", Rules { looks_again: false, ..ONE_BY_ONE }),
    (
        "a push does not ask the index again, records are pruned",
        Rules { asks_the_index: false, prunes: Prune::AtOnce, ..ONE_BY_ONE },
    ),
    (
        "a push lists the index before the records, which are pruned",
        Rules { condemned_first: false, prunes: Prune::AtOnce, ..ONE_BY_ONE },
    ),
    ("a pack that comes back has its old name", Rules { fresh_packs: false, ..ONE_BY_ONE }),
    ("gc lists roots only before it condemns", Rules { lists_roots_after: false, ..ONE_BY_ONE }),
    ("gc sees an old list of roots", Rules { sees_all_roots: false, ..ONE_BY_ONE }),
    ("gc copies nothing", Rules { copies: false, ..ONE_BY_ONE }),
    ("gc counts copies that the other condemned", Rules { avoids_condemned: false, ..ONE_BY_TWO }),
    ("gc deletes what no index names without a record", Rules { condemns_orphans: false, collectors: 2, ..RERUN }),
    ("records are pruned at once", Rules { prunes: Prune::AtOnce, ..ONE_BY_TWO }),
    (
        "records are pruned while others sleep",
        Rules { prunes: Prune::WhileOthersSleep, has_late_puts: false, ..ONE_BY_TWO },
    ),
    ("a push does not ask whether the root that vouches is there", Rules { asks_for_roots: false, ..VOUCHED }),
    ("gc drops a root after its last listing", Rules { drops_before: false, ..VOUCHED }),
    ("a root vouches while packs are condemned, roots in pages", Rules { vouches_in_peace: false, ..PAGED }),
    ("a root comes back under its old name", Rules { fresh_roots: false, ..UNDONE }),
    ("segments of equal content have equal names", Rules { fresh_segments: false, has_old_root: true, ..MERGED }),
    (
        "old segments are deleted before the new one is put",
        Rules { puts_before_deletes: false, has_old_root: true, ..REWRITTEN },
    ),
    (
        "gc believes the index of a victim, which comes in pages",
        Rules { reads_footers: false, pushers: 0, has_old_root: true, pages: Pages::OldRootLast, ..REWRITTEN },
    ),
];

#[test]
fn the_protocol_loses_nothing() {
    for (name, rules) in SAFE {
        let found = look(name, rules);
        assert!(found.loss.is_none(), "{name} loses data:\n{}", told(&found));
        assert!(found.does_something, "{name}: no push succeeds while the old pack is collected");
    }
}

#[test]
fn each_rule_is_needed() {
    for (name, rules) in BROKEN {
        let found = look(name, rules);
        assert!(found.loss.is_some(), "{name}, and nothing is lost: this check cannot fail");
        println!("{}", told(&found));
    }
}

#[test]
#[ignore = "takes minutes and gigabytes"]
fn the_protocol_loses_nothing_in_a_long_run() {
    for (name, rules) in LONG {
        let found = look(name, rules);
        assert!(found.loss.is_none(), "{name} loses data:\n{}", told(&found));
    }
}

/// Explores, and prints a row of the table in docs/reliability.md.
fn look(name: &str, rules: &Rules) -> Found {
    let begun = Instant::now();
    let found = explore(rules);
    let result = found.loss.as_ref().map_or("safe".to_owned(), |way| format!("lost in {} requests", way.len()));
    println!("| {name} | {result} | {} | {:.1} s |", found.states, begun.elapsed().as_secs_f64());
    found
}

fn told(found: &Found) -> String {
    let told = |(who, number, what, of): &Step| format!("    {who}{number} {what} [{of}]\n");
    found.loss.iter().flatten().map(told).collect()
}
