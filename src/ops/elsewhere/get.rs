//! `get`: data of another repository, or of another revision of this one, is put here and not tracked.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{Job, RepoPath, bytes_text};
use crate::format::pointer::{Kind, Pointer};
use crate::git::{BlobId, Commit};
use crate::worktree::{Placer, Staging, There, check_portable};

use super::super::checkout;
use super::super::error::Error;
use super::super::pointed::Selected;
use super::super::project::Settings;
use super::super::targets::Target;
use super::address::{Address, name_of};
use super::find::{Found, Piece};
use super::gather::Extent;
use super::ground::Ground;
use super::out::{self, Place};
use super::there::Elsewhere;

/// A larger file of Git itself is Git's business, in bytes.
const LARGEST_PLAIN: u64 = 256 << 20;

/// What to get.
#[derive(Debug, Clone, Default)]
pub struct GetOptions {
    /// The other repository; `.` is this one.
    pub url: String,
    /// A dataset there, a part of one, a folder of some, or a file of Git.
    pub path: PathBuf,
    /// The revision; the default branch, or `HEAD` of a folder, if `None`.
    pub revision: Option<String>,
    /// Where it goes; by its own name where the user stands, if `None`.
    pub out: Option<PathBuf>,
}

/// What `get` did.
#[derive(Debug, Clone, Serialize)]
pub struct GetReport {
    /// The other repository, as it was named.
    pub url: String,
    /// The commit.
    pub commit: Commit,
    /// What was got, from the root of that repository.
    pub path: RepoPath,
    /// Where it is now.
    pub out: String,
    /// How many files, links and empty folders it has.
    pub files: u64,
    /// The sizes of all files, in bytes.
    pub bytes: u64,
    /// Bytes of chunks that were not here, before compression.
    pub fetched_bytes: u64,
}

/// Brings it all, then puts it where nothing is. Works outside of projects, too.
///
/// # Errors
/// `OutExists` before anything is asked.
pub fn get(settings: &Settings, options: &GetOptions, job: &Job<'_>) -> Result<GetReport, Error> {
    let (ground, project) = Ground::of(settings)?;
    let name = name_of(&options.url, &options.path)?;
    let out = out::free(&settings.from, options.out.as_deref(), &name)?;
    let (from, revision) = (settings.from.clone(), options.revision.clone());
    let there = Elsewhere::open(&ground, &Address { url: options.url.clone(), from, revision, is_typed: true }, job)?;
    let path = there.path(&options.path)?;
    let place = Place::of(project.as_ref(), &out)?;
    let report = GetReport {
        url: options.url.clone(),
        commit: there.commit.clone(),
        path: path.clone(),
        out: out.strip_prefix(&settings.from).unwrap_or(&out).display().to_string(),
        files: 0,
        bytes: 0,
        fetched_bytes: 0,
    };
    match there.find(&path)? {
        Found::Data(pieces) => data(there, &pieces, &place, report, job),
        Found::Plain { path, blob, executable } => plain(&there, &path, blob, executable, &place, report),
    }
}

fn data(
    there: Elsewhere,
    pieces: &[Piece],
    place: &Place,
    mut report: GetReport,
    job: &Job<'_>,
) -> Result<GetReport, Error> {
    let wanted: Vec<Selected> = pieces.iter().map(|piece| piece.selected.clone()).collect();
    report.fetched_bytes = there.gather(&wanted, Extent::All, job)?;
    let mut targets = Vec::new();
    for piece in pieces {
        if let Err(reason) = check_portable(&piece.at) {
            return Err(Error::HostileTree { path: piece.selected.dataset.path.clone(), reason });
        }
        let pointer = there.pointer(&piece.selected)?;
        report.files += files(&pointer);
        report.bytes += pointer.bytes;
        let (dataset, inside) = (place.path.join(&piece.at), RepoPath::default());
        targets.push(Target { dataset, inside, pointer: Some(pointer), pointer_bytes: None });
    }
    let project = there.project.at_root(place.root.clone());
    checkout::materialise(&project, targets, job)?;
    Ok(report)
}

/// How many entries a pointer stands for.
pub fn files(pointer: &Pointer) -> u64 {
    match pointer.kind {
        Kind::File { .. } => 1,
        Kind::Folder { files } => files,
    }
}

fn plain(
    there: &Elsewhere,
    path: &RepoPath,
    blob: BlobId,
    executable: bool,
    place: &Place,
    report: GetReport,
) -> Result<GetReport, Error> {
    let bytes = there.plain_bytes(path, blob, LARGEST_PLAIN).map_err(|error| match error {
        Error::Git(crate::git::GitError::TooLarge { bytes, .. }) => Error::usage(
            format!("{path} is in Git itself there, and has {}", bytes_text(bytes)),
            Some("`git clone --depth 1` brings it"),
        ),
        error => error,
    })?;
    let staging = Staging::begin(&place.root)?;
    let mut file = staging.file(executable)?;
    file.append(&bytes)?;
    let staged = file.seal()?;
    staging.sync()?;
    Placer::open(&place.root, &staging)?.place(staged, &place.path, There::Nothing)?;
    Ok(GetReport { files: 1, bytes: bytes.len() as u64, fetched_bytes: 0, ..report })
}
