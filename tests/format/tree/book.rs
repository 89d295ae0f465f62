//! Trees made slowly, by the words of docs/format.md: no builder, no streams.

use std::collections::BTreeSet;

use esker::base::{Id, RepoPath};
use esker::format::pages::Record as _;
use esker::format::tree::Entry;

use super::super::shelf::forged;
use super::made::{Map, entries, link};

/// The root, and the ids of all pages.
pub fn by_the_book(map: &Map) -> (Id, BTreeSet<Id>) {
    struct Record {
        encoded: Vec<u8>,
        sums: [u64; 2],
        path: RepoPath,
    }
    let leaf = |entry: Entry| {
        let mut encoded = Vec::new();
        entry.write(&mut encoded);
        Record { encoded, sums: [1, entry.node.bytes()], path: entry.path }
    };
    let mut records: Vec<Record> = entries(map).into_iter().map(leaf).collect();
    let mut ids = BTreeSet::new();
    for level in 0_u8.. {
        let mut pages: Vec<Vec<Record>> = vec![Vec::new()];
        let count = records.len();
        for (at, record) in records.into_iter().enumerate() {
            let hash = blake3(&record.path, 8 * usize::from(level.min(3)));
            let record_len = record.encoded.len() as u64;
            let page = pages.last_mut().unwrap();
            page.push(record);
            let len = 16 + page.iter().map(|record| record.encoded.len()).sum::<usize>();
            let ends = hash < record_len << 48 || len >= 262_144;
            if ends && !(level > 0 && page.len() == 1) && at + 1 < count {
                pages.push(Vec::new());
            }
        }
        let above = |page: Vec<Record>| {
            let encoded: Vec<Vec<u8>> = page.iter().map(|record| record.encoded.clone()).collect();
            let id = Id::of(&forged(b"esktree", level, &encoded));
            ids.insert(id);
            let sum = |which: usize| page.iter().map(|record| record.sums[which]).sum();
            let (sums, path) = ([sum(0), sum(1)], page.last().map(|record| record.path.clone()).unwrap_or_default());
            (id, Record { encoded: link(id, sums[0], sums[1], path.as_bytes()), sums, path })
        };
        let mut linked: Vec<(Id, Record)> = pages.into_iter().map(above).collect();
        if linked.len() == 1 {
            return (linked.remove(0).0, ids);
        }
        records = linked.into_iter().map(|(_, record)| record).collect();
    }
    unreachable!("each level is shorter")
}

fn blake3(path: &RepoPath, start: usize) -> u64 {
    u64::from_be_bytes(Id::of(path.as_bytes()).as_bytes()[start..start + 8].try_into().unwrap())
}
