//! The verbs: what a user asks for, each as a list of steps through the rooms below.

mod acknowledged;
mod add;
mod admit;
mod aim;
mod aims;
mod assemble;
mod bring;
mod cache;
mod changed;
mod checkout;
mod chosen;
mod configure;
mod copies;
mod departure;
mod diff;
mod doctor;
mod draft;
mod earlier;
mod elsewhere;
mod error;
mod fetch;
mod fetcher;
mod gc;
mod here;
mod hint;
mod hooks;
mod incoming;
mod ingest;
mod init;
mod lack;
mod lazy_writer;
mod look;
mod merge;
mod migrate;
mod moment;
mod mv;
mod named;
mod needed;
mod overwritten;
mod pages;
mod part;
mod place;
mod plan;
mod pointed;
mod project;
mod provision;
mod publish;
mod pull;
mod push;
mod remote;
mod remote_check;
mod remote_state;
mod remotes;
mod renames;
mod replaced;
mod rm;
mod root;
mod seen;
mod selection;
mod shape;
mod shelter;
#[cfg(test)]
mod simulation;
mod source;
mod sparse;
mod stage;
mod status;
mod suffering;
mod survey;
mod targets;
#[cfg(test)]
mod testing;
mod text_of;
mod thin_writer;
mod unstored;
mod verify;
mod version;
#[cfg(test)]
mod wandering;

pub use add::{AddOptions, AddReport, Added, add};
pub use cache::{CacheClearOptions, CacheClearReport, CacheInfo, cache_clear, cache_info};
pub use changed::{Changes, Counts, FileChange, What};
pub use checkout::{CheckedOut, CheckoutOptions, CheckoutReport, checkout};
pub use configure::{Setting, SettingChange, config_get, config_list, config_set, config_unset};
pub use diff::{DatasetChange, DatasetDiff, DiffOptions, DiffReport, State, diff};
pub use doctor::{Check, DoctorReport, Health, doctor};
pub use elsewhere::{
    GetOptions, GetReport, ImportOptions, ImportReport, LsFromOptions, UpdateOptions, UpdateReport, Updated, get,
    import, ls_from, update,
};
pub use error::{EditedFile, Error, Kind};
pub use fetch::{FetchOptions, FetchReport, Fetched, FetchedDataset, fetch};
pub use gc::{GcFile, GcOptions, GcReport, Policy, Restored, Swept, UndoReport, gc, gc_undo};
pub use hooks::{
    DriverState, FollowReport, Followed, HookState, HookStatus, HooksReport, LARGE, LargeFile, PrePushOptions,
    PrePushReport, Problem, follow, hooks_install, hooks_status, hooks_uninstall, pre_push,
};
pub use init::{InitOptions, InitReport, init};
pub use look::{
    CatReport, DuOptions, DuReport, Listed, LogOptions, LogReport, Logged, LoggedDataset, LoggedPart, LsOptions,
    LsReport, PartSize, Usage, WRITING, cat, du, log, ls,
};
pub use merge::{
    Clashes, ClashingFile, MergeDriverOptions, MergeDriverReport, ResolveOptions, ResolveReport, Resolved,
    merge_driver, resolve,
};
pub use migrate::{LeftOut, MigrateOptions, MigrateReport, Migrated, Tool, Trouble, migrate};
pub use mv::{MvOptions, MvReport, mv};
pub use pointed::is_known_path;
pub use project::{PROJECT_FILE, Project, Settings, use_threads};
pub use pull::{PullOptions, PullReport, pull};
pub use push::{PushOptions, PushReport, Pushed, PushedDataset, push};
pub use remote::{
    RemoteAddOptions, RemoteChange, RemoteReport, remote_add, remote_default, remote_remove, remote_rename, remotes,
};
pub use remote_check::{Deed, RemoteCheck, Try, remote_check};
pub use remote_state::{RemoteLack, RemoteState, remote_state};
pub use renames::FolderMove;
pub use rm::{Removed, RmOptions, RmReport, rm};
pub use selection::SelectionOptions;
pub use shape::{FileType, Shape};
pub use sparse::{SparseChange, SparseReport, sparse, sparse_list};
pub use status::{
    DataState, DatasetStatus, Lacks, PointerChange, PointerStatus, RefusedPath, StatusOptions, StatusReport, status,
};
pub use text_of::text_of;
pub use verify::{Checked, DataChecked, Repaired, Suffering, VerifyOptions, VerifyReport, verify};
