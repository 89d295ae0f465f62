//! The verbs: what a user asks for, each as a list of steps through the rooms below.

mod add;
mod admit;
mod aim;
mod bring;
mod checkout;
mod draft;
mod error;
mod fetcher;
mod hint;
mod ingest;
mod lazy_writer;
mod pages;
mod part;
mod place;
mod plan;
mod pointed;
mod project;
mod publish;
mod remotes;
mod seen;
mod survey;
mod targets;
mod version;

pub use add::{AddOptions, AddReport, Added, add};
pub use checkout::{CheckedOut, CheckoutOptions, CheckoutReport, checkout};
pub use error::{Error, Kind};
pub use pointed::is_known_path;
pub use project::{PROJECT_FILE, Project, Settings};
