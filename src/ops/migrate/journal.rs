//! What objects of an old tool are in esker, as this clone knows from earlier runs: a run that was stopped goes on here.
//!
//! A line is written when the chunks that it names are durable.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use crate::base::{AtPath, Job};
use crate::format::foreign::{Known, OldId, contents, contents_line};
use crate::format::tree::{Chunks, Node};
use crate::packs::PackStore;

use super::super::error::Error;
use super::super::project::Project;
use super::super::publish::read_if_there;
use super::super::version::{Version, is_whole};
use super::report::Tool;

/// The file, and what it says.
pub struct Journal {
    path: PathBuf,
    known: HashMap<OldId, Known>,
}

impl Journal {
    /// Reads it. One that cannot be read says nothing, and is begun anew: all is read again.
    pub fn load(project: &Project, tool: Tool) -> Result<Journal, Error> {
        let path = project.clone_state().join("migrated").join(tool.file_name());
        let bytes = read_if_there(&path)?;
        let known = bytes.and_then(|bytes| contents(&bytes).ok()).unwrap_or_default();
        Ok(Journal { path, known })
    }

    /// What an object is, if the cache still has all of it.
    pub fn known(&self, old: &OldId, project: &Project, cache: &PackStore) -> Result<Option<Known>, Error> {
        let Some(known) = self.known.get(old) else { return Ok(None) };
        Ok(is_in(known, project, cache)?.then(|| known.clone()))
    }

    /// Writes down what was read.
    pub fn keep(&mut self, read: &[(OldId, Known)], job: &Job<'_>) -> Result<(), Error> {
        job.check()?;
        if read.is_empty() {
            return Ok(());
        }
        let is_new = self.known.is_empty();
        let mut text = String::new();
        if is_new {
            text += &contents_line(None);
        }
        for (old, known) in read {
            text += &contents_line(Some((old, known)));
            self.known.insert(old.clone(), known.clone());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).at("create", folder)?;
        }
        let mut options = OpenOptions::new();
        let opened = if is_new { options.write(true).truncate(true) } else { options.append(true) };
        let mut file = opened.create(true).open(&self.path).at("write", &self.path)?;
        file.write_all(text.as_bytes()).at("write", &self.path)?;
        Ok(())
    }
}

/// Whether the cache has all chunks of a file.
fn is_in(known: &Known, project: &Project, cache: &PackStore) -> Result<bool, Error> {
    match &known.chunks {
        Chunks::Whole => Ok(known.bytes == 0 || cache.find(&known.id).is_some()),
        Chunks::Inline(chunks) => Ok(chunks.iter().all(|chunk| cache.find(&chunk.id).is_some())),
        Chunks::Paged(_) => {
            let chunks = known.chunks.clone();
            let node = Node::File { executable: false, bytes: known.bytes, id: known.id, chunks };
            is_whole(project, &Version::File(node), &|id| cache.find(id).is_some())
        }
    }
}
