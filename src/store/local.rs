//! A folder as a store: a file per object. A name appears only when its bytes are durable, and never half written.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use super::handles::{Handle, Handles};
use super::walk::{is_absence, walk};
use super::{Blocks, Key, Listed, Store, StoreError};
use crate::base::{AtPath, PathError, PathResult, remove_if_there, sync_folder};

/// Holds what is being written. No key has a `+`, so it can neither be read nor listed.
const TEMPORARIES: &str = "+tmp";

/// A temporary older than this belongs to no living process.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Objects as files below one folder: the key is the path.
pub struct LocalStore {
    root: PathBuf,
    name: String,
    handles: Handles,
    /// Folders that exist and whose names are durable.
    durable: Mutex<HashSet<PathBuf>>,
    swept: Once,
}

impl LocalStore {
    /// Opens the store in `folder`. Nothing is written.
    ///
    /// # Errors
    /// `NoPlace` if `folder` is not there or is not a folder.
    pub fn open(folder: &Path) -> Result<LocalStore, StoreError> {
        let name = folder.display().to_string();
        let no_place = |reason: &str| StoreError::NoPlace { store: name.clone(), reason: reason.to_owned() };
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(no_place("it is not a folder")),
            Err(error) if is_absence(&error) => return Err(no_place("there is no such folder")),
            Err(source) => {
                let error = PathError { doing: "open", path: folder.to_owned(), source };
                return Err(sorted(error, &name, "be opened"));
            }
        }
        Ok(LocalStore {
            root: folder.to_owned(),
            name,
            handles: Handles::default(),
            durable: Mutex::default(),
            swept: Once::new(),
        })
    }

    /// Opens the store in `folder`, which is made if it is not there.
    pub fn create(folder: &Path) -> Result<LocalStore, StoreError> {
        let made = make_folders(folder);
        made.map_err(|error| sorted(error, &folder.display().to_string(), "be made"))?;
        LocalStore::open(folder)
    }

    /// The folder that holds it all: the object `key` is the file `folder/key`.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// The object, opened at most once for many reads.
    pub(super) fn handle(&self, key: &Key) -> Result<Arc<Handle>, StoreError> {
        self.handles.get(key, || self.open_object(key))
    }

    /// Opens an object, which is a plain file: links are not followed and pipes not waited for.
    fn open_object(&self, key: &Key) -> Result<Handle, StoreError> {
        let path = self.path(key);
        let handle = match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() => Err(ErrorKind::NotFound.into()),
            Ok(_) => File::open(&path).and_then(Handle::new),
            Err(error) => Err(error),
        };
        match handle {
            Err(error) if is_absence(&error) => Err(self.absent(key)),
            other => other.at("open", &path).map_err(|error| sorted(error, &self.name, &format!("read {key}"))),
        }
    }

    fn absent(&self, key: &Key) -> StoreError {
        match self.gone() {
            Some(error) => error,
            None => StoreError::Missing { store: self.name.clone(), key: key.clone() },
        }
    }

    /// The error to tell if the whole folder went away meanwhile: a disk that is no longer mounted.
    fn gone(&self) -> Option<StoreError> {
        let reason = "there is no such folder".to_owned();
        (!self.root.is_dir()).then(|| StoreError::NoPlace { store: self.name.clone(), reason })
    }

    /// Stores what `write` writes into the new file that it is told: `len` bytes.
    pub(super) fn put_with(&self, key: &Key, len: u64, write: Write<'_>) -> Result<(), StoreError> {
        let path = self.path(key);
        let mut placed = self.place(&path, len, write);
        if placed.as_ref().is_err_and(|error| is_absence(&error.source)) {
            // Somebody removed a folder that was known to be there.
            self.durable().clear();
            placed = self.place(&path, len, write);
        }
        placed.map_err(|error| match self.gone() {
            Some(gone) => gone,
            None => sorted(error, &self.name, &format!("write {key}")),
        })
    }

    /// Writes an object beside the others, then gives it its name.
    fn place(&self, path: &Path, len: u64, write: Write<'_>) -> PathResult<()> {
        let folder = path.parent().unwrap_or(&self.root);
        self.make_durable(folder)?;
        let known = fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == len);
        if !known {
            let temporary = self.write_temporary(write)?;
            let placed = fs::rename(&temporary, path).at("write", path);
            if placed.is_err() {
                // The first error is the one to tell; debris is worth one try.
                let _ = fs::remove_file(&temporary);
            }
            placed?;
        }
        // Also for a known object: whoever renamed it may not have come to this line yet.
        sync_folder(folder)
    }

    /// The folder for what has no name yet.
    pub(super) fn temporaries(&self) -> PathResult<PathBuf> {
        let folder = self.root.join(TEMPORARIES);
        self.make_durable(&folder)?;
        Ok(folder)
    }

    fn write_temporary(&self, write: Write<'_>) -> PathResult<PathBuf> {
        let folder = self.temporaries()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| io::Error::other("no random bytes")).at("write", &folder)?;
        let path = folder.join(format!("{:016x}", u64::from_le_bytes(random)));
        let written = write(&path).and_then(|file| {
            self.swept.call_once(|| sweep(&folder, &file));
            file.sync_all()
        });
        let written = written.at("write", &path);
        if written.is_err() {
            let _ = fs::remove_file(&path);
        }
        written.map(|()| path)
    }

    /// Makes `folder` and what is missing above it, up to the root; their names outlive a power cut.
    fn make_durable(&self, folder: &Path) -> PathResult<()> {
        if self.durable().contains(folder) {
            return Ok(());
        }
        let mut at = self.root.clone();
        for part in folder.strip_prefix(&self.root).into_iter().flat_map(Path::components) {
            let parent = at.clone();
            at.push(part);
            make_folder(&at)?;
            sync_folder(&parent)?;
        }
        self.durable().insert(folder.to_owned());
        Ok(())
    }

    fn durable(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_from(&self, handle: &Handle, key: &Key, range: Range<u64>, room: &mut Vec<u8>) -> Result<(), StoreError> {
        let wanted_bytes = range.end.saturating_sub(range.start);
        let read = handle.read(range, room).at("read", &self.path(key));
        read.map_err(|error| sorted(error, &self.name, &format!("read {key}")))?;
        let got_bytes = room.len() as u64;
        if got_bytes < wanted_bytes {
            return Err(StoreError::Short { store: self.name.clone(), key: key.clone(), wanted_bytes, got_bytes });
        }
        Ok(())
    }
}

impl Store for LocalStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError> {
        let handle = self.open_object(key)?;
        if handle.bytes > limit {
            return Err(StoreError::TooLarge { store: self.name.clone(), key: key.clone(), limit_bytes: limit });
        }
        let mut bytes = Vec::new();
        self.read_from(&handle, key, 0..handle.bytes, &mut bytes)?;
        Ok(bytes)
    }

    fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        self.read_into(key, range, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&self, key: &Key, range: Range<u64>, room: &mut Vec<u8>) -> Result<(), StoreError> {
        let handle = self.handle(key)?;
        self.read_from(&handle, key, range, room)
    }

    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError> {
        self.put_with(key, body.len() as u64, &|path| write_new(path, body))
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        let above = prefix.rsplit_once('/').map_or("", |(above, _)| above);
        if !above.is_empty() && Key::new(above).is_none() {
            return Ok(());
        }
        if let Some(gone) = self.gone() {
            return Err(gone);
        }
        walk(&self.root, above, prefix, each).map_err(|error| sorted(error, &self.name, &format!("list {prefix}")))
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let removed = remove_if_there(&self.path(key));
        self.handles.forget(key);
        removed.map_err(|error| sorted(error, &self.name, &format!("delete {key}")))
    }

    fn blocks(&self) -> Option<&dyn Blocks> {
        Some(self)
    }
}

/// Writes a new file, and gives it open.
type Write<'a> = &'a dyn Fn(&Path) -> io::Result<File>;

fn write_new(path: &Path, body: &[u8]) -> io::Result<File> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(body)?;
    Ok(file)
}

/// Removes what dead processes left. The file system's own clock decides: that of `fresh`, just made.
fn sweep(folder: &Path, fresh: &File) {
    let Ok(now) = fresh.metadata().and_then(|stat| stat.modified()) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let modified = entry.metadata().and_then(|stat| stat.modified());
        if modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > STALE)) {
            // Best effort: somebody else may be sweeping too.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn make_folder(path: &Path) -> PathResult<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.at("make", path),
    }
}

fn make_folders(folder: &Path) -> PathResult<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    for path in missing.into_iter().rev() {
        make_folder(path)?;
        sync_folder(path.parent().unwrap_or(Path::new("/")))?;
    }
    Ok(())
}

pub(super) fn sorted(error: PathError, store: &str, doing: &str) -> StoreError {
    match error.source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StoreError::Denied { store: store.to_owned(), doing: doing.to_owned(), reason: error.to_string() }
        }
        _ => StoreError::Disk(error),
    }
}
