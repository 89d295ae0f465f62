//! Other repositories: `get`, `import`, `update`, `ls --from`, and data of imports that only their source has.

mod address;
mod find;
mod gather;
mod get;
mod ground;
mod import;
mod list;
mod out;
mod scratch;
mod supply;
mod there;
mod update;

pub use get::{GetOptions, GetReport, get};
pub use import::{ImportOptions, ImportReport, import};
pub use list::{LsFromOptions, ls_from};
pub(super) use supply::{is_imported, supply};
pub use update::{UpdateOptions, UpdateReport, Updated, update};
