//! Where the program is that the tests run.

use std::path::PathBuf;

/// The program that was built along with the tests, or the one that `ESKER_PROGRAM` names: so that the tests run where
/// nothing can be built.
pub fn built() -> PathBuf {
    std::env::var_os("ESKER_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_esker").into(), PathBuf::from)
}
