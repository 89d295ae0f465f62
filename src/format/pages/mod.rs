//! Long lists in pages: cut where their content says, listed by pages above, up to one root. Trees and manifests are such lists.

mod descent;
mod draft;
mod levels;
mod page;
mod record;
mod source;

pub use descent::{Descent, Next};
pub use draft::{FULL_PAGE, MAX_LEVEL, MAX_PAGE};
pub use levels::{Levels, Top};
pub use page::{Page, open, open_root};
pub use record::{Link, List, Record, Span};
pub use source::Pages;
