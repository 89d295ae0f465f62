//! The tree of what a survey found.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::Error;
use super::super::pages::Pages;
use super::Survey;
use crate::base::{Id, RepoPath};
use crate::format::tree::{self, Entry, Node, Root};

impl Survey {
    /// The tree of the folder with the differences at or below `inside`. Pages that the base has are not given to `sink`.
    pub fn tree(
        &self,
        inside: &RepoPath,
        pages: &Pages<'_>,
        sink: impl FnMut(Id, Vec<u8>) -> Result<(), Error>,
    ) -> Result<Root, Error> {
        let chosen = self.differences().filter(|difference| difference.path.is_in(inside));
        let changes = chosen.map(|difference| (difference.path, difference.new));
        match self.base {
            Some(base) if self.leaves_out => tree::edit(pages, &base, fitted(pages, &base, changes.collect())?, sink),
            Some(base) => tree::edit(pages, &base, changes, sink),
            None => {
                let mut builder = tree::Builder::new(sink);
                for (path, node) in changes {
                    if let Some(node) = node {
                        builder.push(&Entry { path, node })?;
                    }
                }
                builder.finish()
            }
        }
    }
}

type Changes = BTreeMap<RepoPath, Option<Node>>;

/// Changes that take account of what the worktree leaves out: an empty folder gives way to what is in it now, and one that
/// is empty here only is none.
fn fitted(pages: &Pages<'_>, base: &Id, mut changes: Changes) -> Result<Changes, Error> {
    let mut above = BTreeSet::new();
    let mut empty = Vec::new();
    for (path, node) in changes.iter().filter_map(|(path, node)| Some((path, node.as_ref()?))) {
        if *node == Node::EmptyFolder {
            empty.push(path.clone());
        }
        let mut folder = path.parent();
        while let Some(path) = folder.filter(|folder| !folder.is_empty() && !above.contains(folder)) {
            folder = path.parent();
            above.insert(path);
        }
    }
    for folder in empty {
        let mut below = tree::walk_below(pages, base, &folder)?;
        let stays = |entry: &Entry| entry.path != folder && !matches!(changes.get(&entry.path), Some(None));
        // An error, too, is a reason to look no further: the change is refused where it is made.
        if below.any(|entry| entry.is_ok_and(|entry| stays(&entry))) {
            changes.remove(&folder);
        }
    }
    for folder in above {
        let there = tree::get(pages, base, &folder)?.map(|entry| entry.node);
        if there == Some(Node::EmptyFolder) {
            changes.entry(folder).or_insert(None);
        }
    }
    Ok(changes)
}
