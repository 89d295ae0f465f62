//! The ground floor: words that every room uses, and the few things a file system must do right.

mod disk;
mod file;
mod id;
mod job;
mod mosaic;
mod path;
mod side_by_side;
mod size;
mod volume;
mod whole;

pub use disk::{
    AtPath, PathError, PathResult, hold_lock, remove_dead, remove_if_there, replace_file, replace_file_with, sync_file,
    sync_folder,
};
pub use file::{FileKind, Stat};
pub use id::{Id, ParseIdError};
pub use job::{Cancel, Cancelled, Event, Events, Job, Silent, Step, Unit, Warning};
pub use mosaic::Mosaic;
pub use path::{PathRefused, RepoPath, check_name};
pub use side_by_side::side_by_side;
pub use size::{bytes_text, count_text, files_text};
pub use volume::Volume;
pub use whole::make_locked;
