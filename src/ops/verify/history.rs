//! When each pack of a store was last read whole: what was read longest ago is read first.
//!
//! One file for each store, in this clone's own folder: a line for each pack, its id and the seconds since 1970. Whoever
//! cannot read a line knows nothing of that pack, and reads it early.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::base::{AtPath, Id, replace_file};

use super::super::error::Error;
use super::super::project::Project;

/// What is remembered of one store.
pub struct History {
    file: PathBuf,
    read_at: HashMap<Id, u64>,
}

impl History {
    /// Reads what is remembered of the store of that name.
    pub fn load(project: &Project, store: &str) -> History {
        let name = Id::of(store.as_bytes()).to_string();
        let file = project.clone_state().join("verified").join(&name[..16]);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let line = |line: &str| {
            let (id, seconds) = line.split_once(' ')?;
            Some((id.parse().ok()?, seconds.parse().ok()?))
        };
        History { file, read_at: text.lines().filter_map(line).collect() }
    }

    /// The packs to read, those first that were read longest ago, until they have `percent` of all bytes.
    pub fn due(&self, packs: &HashMap<Id, u64>, percent: u8) -> Vec<(Id, u64)> {
        let mut due: Vec<(Id, u64)> = packs.iter().map(|(id, bytes)| (*id, *bytes)).collect();
        due.sort_by_key(|(id, _)| (self.read_at.get(id).copied().unwrap_or(0), *id));
        let total: u64 = due.iter().map(|(_, bytes)| bytes).sum();
        let wanted = (u128::from(total) * u128::from(percent)).div_ceil(100) as u64;
        let mut taken = 0;
        due.retain(|(_, bytes)| {
            let is_due = taken < wanted;
            taken += bytes;
            is_due
        });
        due
    }

    /// Remembers that these packs were read now and are good, and forgets those that are gone.
    pub fn remember(mut self, read: &[Id], packs: &HashMap<Id, u64>) -> Result<(), Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.read_at.extend(read.iter().map(|id| (*id, now)));
        self.read_at.retain(|id, _| packs.contains_key(id));
        let mut lines: Vec<String> = self.read_at.iter().map(|(id, seconds)| format!("{id} {seconds}\n")).collect();
        lines.sort_unstable();
        let folder = self.file.parent().expect("load() joins names");
        fs::create_dir_all(folder).at("create", folder)?;
        Ok(replace_file(&self.file, lines.concat().as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs(count: u8) -> HashMap<Id, u64> {
        (0..count).map(|number| (Id::of(&[number]), 100)).collect()
    }

    #[test]
    fn samples_one_after_the_other_cover_all() {
        let folder = tempfile::tempdir().unwrap();
        let packs = packs(10);
        let mut read_at = HashMap::new();
        for round in 1..=4 {
            let history = History { file: folder.path().join("f"), read_at: read_at.clone() };
            let due = history.due(&packs, 30);
            assert_eq!(due.len(), 3);
            read_at.extend(due.iter().map(|(id, _)| (*id, round)));
        }
        assert_eq!(read_at.len(), 10);
    }

    #[test]
    fn the_smallest_sample_is_one_pack_and_all_is_all() {
        let history = History { file: PathBuf::new(), read_at: HashMap::new() };
        assert_eq!(history.due(&packs(10), 1).len(), 1);
        assert_eq!(history.due(&packs(10), 100).len(), 10);
        assert!(history.due(&packs(0), 100).is_empty());
    }
}
