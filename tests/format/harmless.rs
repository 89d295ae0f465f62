//! What the fuzzer does, in short: every decoder on every file of `fixtures/fuzz`, as it is and with edits.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::decoders::{ALL, Decoder};
use super::memory::taken_by;
use super::properties::mutated;

/// Edited copies that each decoder gets of each file.
const EDITS: u32 = 64;
/// What a decoder may take from the heap whatever it is given: some chunks, of 1 MiB at most each.
const MOST_TAKEN: usize = 8 << 20;

fn corpus((name, _): &Decoder) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn no_bytes_do_harm_to_any_decoder() {
    for decoder in &ALL {
        let files = corpus(decoder);
        assert!(!files.is_empty(), "fixtures/fuzz/{} is empty", decoder.0);
        for file in files {
            feed(decoder, &file);
            let config = Config { cases: EDITS, failure_persistence: None, ..Config::default() };
            let run = TestRunner::new(config).run(&mutated(Just(file)), |bytes| {
                feed(decoder, &bytes);
                Ok(())
            });
            run.unwrap_or_else(|error| panic!("{}: {error}", decoder.0));
        }
    }
}

fn feed((name, decode): &Decoder, bytes: &[u8]) {
    let ((), taken) = taken_by(|| decode(bytes));
    assert!(taken <= MOST_TAKEN, "{name} took {taken} bytes for {}", bytes.len());
}
