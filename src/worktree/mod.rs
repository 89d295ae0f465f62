//! The files that the user sees: finding them, and placing others without ever leaving half of one.

mod clock;
mod error;
mod names;

pub use clock::{RACY_NS, boot_id, is_racy, now, pause, settle};
pub use error::WorktreeError;
pub use names::{check_portable, collisions};
