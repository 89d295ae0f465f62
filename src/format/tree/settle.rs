//! Clashes of a merge are settled by choosing a side; what is left of them is a smaller merge.

use std::collections::BTreeMap;

use crate::base::{PathRefused, RepoPath};

use super::{Clash, Merge, Node};

/// Which side is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
    /// What both started from.
    Base,
    /// Ours at its place, and theirs beside it under a new name.
    Both,
}

/// One side of what is still to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What both started from.
    Base,
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
}

impl Merge {
    /// Settles the clashes that `is_meant` by `choice`; gives how many, and the new names that were made.
    ///
    /// `is_taken` says whether the merged tree has something at a path or below it.
    pub fn settle<E: From<PathRefused>>(
        &mut self,
        choice: Choice,
        is_meant: impl Fn(&Clash) -> bool,
        mut is_taken: impl FnMut(&RepoPath) -> Result<bool, E>,
    ) -> Result<(usize, Vec<RepoPath>), E> {
        let meant: Vec<Clash> = self.clashes.values().filter(|clash| is_meant(clash)).cloned().collect();
        let mut names = BTreeMap::new();
        let mut made = Vec::new();
        for clash in &meant {
            self.clashes.remove(&clash.path);
            let node = match choice {
                Choice::Ours => clash.ours.clone(),
                Choice::Theirs => clash.theirs.clone(),
                Choice::Base => clash.base.clone(),
                Choice::Both => {
                    let needs_name = clash.ours.is_some() || clash.file.is_some();
                    if let (true, Some(theirs)) = (needs_name, &clash.theirs) {
                        let path = beside(clash, &mut names, &mut is_taken)?;
                        made.push(path.clone());
                        self.edits.insert(path, Some(theirs.clone()));
                    }
                    if needs_name { clash.ours.clone() } else { clash.theirs.clone() }
                }
            };
            if node != clash.ours {
                self.edits.insert(clash.path.clone(), node);
            }
        }
        Ok((meant.len(), made))
    }

    /// What must change in our tree to make it one side of what is not settled: equal but for the clashes.
    pub fn side(&self, side: Side) -> BTreeMap<RepoPath, Option<Node>> {
        let mut edits = self.edits.clone();
        for clash in self.clashes.values() {
            match side {
                Side::Base => drop(edits.insert(clash.path.clone(), clash.base.clone())),
                Side::Theirs => drop(edits.insert(clash.path.clone(), clash.theirs.clone())),
                Side::Ours => {}
            }
        }
        edits
    }
}

/// The new path of their side of a clash. A file that clashes with a folder has one new name for all that is in it.
fn beside<E: From<PathRefused>>(
    clash: &Clash,
    names: &mut BTreeMap<RepoPath, RepoPath>,
    is_taken: &mut impl FnMut(&RepoPath) -> Result<bool, E>,
) -> Result<RepoPath, E> {
    let renamed = clash.file.as_ref().unwrap_or(&clash.path);
    let new = match names.get(renamed) {
        Some(new) => new.clone(),
        None => new_name(renamed, is_taken)?,
    };
    let rest = clash.path.strip(renamed).unwrap_or_default();
    let path = new.join(&rest);
    names.insert(renamed.clone(), new);
    Ok(path)
}

/// A name beside `path` that is free: `a.theirs.csv` for `a.csv`, then `a.theirs-2.csv`.
pub fn new_name<E: From<PathRefused>>(
    path: &RepoPath,
    mut is_taken: impl FnMut(&RepoPath) -> Result<bool, E>,
) -> Result<RepoPath, E> {
    let name = path.name();
    // A dot at the beginning hides a name; it does not begin its extension.
    let dot = name.iter().skip(1).rposition(|byte| *byte == b'.').map_or(name.len(), |at| at + 1);
    let (stem, extension) = name.split_at(dot);
    for number in 1_u64.. {
        let word = if number == 1 { ".theirs".to_owned() } else { format!(".theirs-{number}") };
        let name = RepoPath::new(&[stem, word.as_bytes(), extension].concat())?;
        let path = path.parent().unwrap_or_default().join(&name);
        if !is_taken(&path)? {
            return Ok(path);
        }
    }
    unreachable!("no tree has so many names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_keeps_its_extension_and_avoids_what_is_there() {
        let new = |text: &str, taken: &[&str]| {
            let is_taken = |path: &RepoPath| Ok::<_, PathRefused>(taken.contains(&path.to_string().as_str()));
            new_name(&RepoPath::new(text.as_bytes()).unwrap(), is_taken).unwrap().to_string()
        };
        assert_eq!(new("a/b.csv", &[]), "a/b.theirs.csv");
        assert_eq!(new("a/b.csv", &["a/b.theirs.csv"]), "a/b.theirs-2.csv");
        assert_eq!(new("plain", &[]), "plain.theirs");
        assert_eq!(new(".hidden", &[]), ".hidden.theirs");
        assert_eq!(new("a.tar.gz", &[]), "a.tar.theirs.gz");
    }
}
