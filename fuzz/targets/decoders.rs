//! One decoder on whatever the fuzzer thinks of. `ESKER_DECODER` names it, as in `fixtures/fuzz/`.
#![no_main]

#[path = "../../tests/format/decoders.rs"]
mod decoders;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static CHOSEN: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(init: {
    let name = std::env::var("ESKER_DECODER").expect("ESKER_DECODER names a decoder");
    let decoder = decoders::ALL.iter().find(|(known, _)| *known == name).expect("a decoder has that name");
    CHOSEN.set(decoder.1).expect("it is set once");
}, |bytes: &[u8]| {
    CHOSEN.get().expect("init ran first")(bytes);
});
