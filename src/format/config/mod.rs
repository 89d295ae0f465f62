//! The settings of a project, a clone and a user: an allow-list of keys, each value with its origin.

mod edit;
mod guard;
mod key;
mod layer;
mod merged;
mod value;

pub use edit::{remove_remote, rename_remote, set, unset};
pub use guard::{is_remote_name, url_fault};
pub use key::{KEYS, Key, Refused, Rule};
pub use layer::{Entry, Layer, MAX_LEN, Origin, Place};
pub use merged::{Config, Remote};
pub use value::{Value, ValueKind};
