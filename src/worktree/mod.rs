//! The files that the user sees: finding them, and placing others without ever leaving half of one.

mod ancestor;
mod clock;
mod crew;
mod error;
mod handful;
mod ignored;
mod names;
mod parents;
mod place;
mod read;
mod relocate;
mod scan;
mod sparse;
mod staging;
mod sys;
mod visit;
mod write_back;

pub use clock::{RACY_NS, boot_id, is_racy, now, pause, settle};
pub use error::WorktreeError;
pub use ignored::{IGNORE_FILE, Ignored};
pub use names::{check_portable, collisions};
pub use place::{Placer, There};
pub use read::{Reader, Source};
pub use relocate::relocate;
pub use scan::{Found, Refused, Scan, scan, scan_one};
pub use sparse::Sparse;
pub use staging::{Staged, StagedFile, Staging};
pub use write_back::{STRIDE, WriteBack};
