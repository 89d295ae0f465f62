//! Looking without a checkout: `ls`, `cat`, `du`, `log`.

mod cat;
mod du;
mod log;
mod ls;

pub use cat::{CatReport, WRITING, cat};
pub use du::{DuOptions, DuReport, Usage, du};
pub use log::{LogOptions, LogReport, Logged, LoggedDataset, LoggedPart, PartSize, log};
pub(super) use ls::list;
pub use ls::{Listed, LsOptions, LsReport, ls};
