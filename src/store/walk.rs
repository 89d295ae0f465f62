//! Which objects a folder holds.

use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Key, Listed};
use crate::base::{AtPath, PathResult};

/// Tells of all objects below `root/above` whose keys begin with `prefix`.
///
/// What no key can name is passed over, links too, and what vanishes meanwhile. No folder is not an error.
pub(super) fn walk(root: &Path, above: &str, prefix: &str, each: &mut dyn FnMut(Listed)) -> PathResult<()> {
    let folder = root.join(above);
    let entries = match fs::read_dir(&folder) {
        Err(error) if is_absence(&error) => return Ok(()),
        other => other.at("list", &folder)?,
    };
    for entry in entries {
        let entry = entry.at("list", &folder)?;
        let Some(key) = entry_key(above, &entry) else { continue };
        let kind = entry.file_type().at("list", &entry.path())?;
        let text = key.as_str();
        if kind.is_dir() && (text.starts_with(prefix) || prefix.starts_with(&format!("{text}/"))) {
            walk(root, text, prefix, each)?;
        } else if kind.is_file() && text.starts_with(prefix) {
            tell(key, &entry, each)?;
        }
    }
    Ok(())
}

fn entry_key(above: &str, entry: &DirEntry) -> Option<Key> {
    let name = entry.file_name();
    let name = name.to_str()?;
    Key::new(if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") })
}

fn tell(key: Key, entry: &DirEntry, each: &mut dyn FnMut(Listed)) -> PathResult<()> {
    match entry.metadata().and_then(|stat| Ok((stat.len(), stat.modified()?))) {
        Ok((bytes, modified)) => each(Listed { key, bytes, modified }),
        Err(error) if is_absence(&error) => {}
        Err(error) => return Err(error).at("list", &entry.path()),
    }
    Ok(())
}

/// Whether the path is not there, or what is above it is no folder.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
