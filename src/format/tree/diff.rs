//! What differs between two trees; pages that both have are not read.

use std::cmp::Ordering;

use crate::base::Id;

use super::super::pages::{Descent, Next, Pages};
use super::{Entry, Tree};

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is in the new tree only.
    Added(Entry),
    /// It is in the old tree only.
    Removed(Entry),
    /// It is in both, with another node.
    Modified {
        /// What the old tree has.
        old: Entry,
        /// What the new tree has.
        new: Entry,
    },
}

impl Change {
    /// The path.
    pub fn path(&self) -> &crate::base::RepoPath {
        match self {
            Change::Added(entry) | Change::Removed(entry) | Change::Modified { new: entry, .. } => &entry.path,
        }
    }
}

/// Changes in order of path.
pub struct Diff<'p, P: ?Sized, Q: ?Sized> {
    old: Option<Descent<'p, P, Tree>>,
    new: Option<Descent<'p, Q, Tree>>,
}

/// What must change in the tree `old` to make it `new`; `None` is a tree without entries.
///
/// Equal pages are passed over wherever they stand, so it reads some pages of each level for each run of changes.
pub fn diff<'p, P: Pages + ?Sized, Q: Pages<Error = P::Error> + ?Sized>(
    old_pages: &'p P,
    old: Option<&Id>,
    new_pages: &'p Q,
    new: Option<&Id>,
) -> Result<Diff<'p, P, Q>, P::Error> {
    if old == new {
        return Ok(Diff { old: None, new: None });
    }
    Ok(Diff {
        old: old.map(|root| Descent::new(old_pages, root)).transpose()?,
        new: new.map(|root| Descent::new(new_pages, root)).transpose()?,
    })
}

/// What to do where both trees stand.
enum Step {
    SkipBoth,
    EnterOld,
    EnterNew,
    Remove,
    Add,
    Compare,
    End,
}

impl<P: Pages + ?Sized, Q: Pages<Error = P::Error> + ?Sized> Diff<'_, P, Q> {
    fn step(&self) -> Step {
        let old = self.old.as_ref().and_then(Descent::peek);
        let new = self.new.as_ref().and_then(Descent::peek);
        match (old, new) {
            (None, None) => Step::End,
            (Some(Next::Page(old, _)), Some(Next::Page(new, _))) if old.id == new.id => Step::SkipBoth,
            // The higher first, so that both come to pages of one level, which may be equal.
            (Some(Next::Page(_, old)), Some(Next::Page(_, new))) if old < new => Step::EnterNew,
            (Some(Next::Page(..)), _) => Step::EnterOld,
            (_, Some(Next::Page(..))) => Step::EnterNew,
            (Some(Next::Item(_)), None) => Step::Remove,
            (None, Some(Next::Item(_))) => Step::Add,
            (Some(Next::Item(old)), Some(Next::Item(new))) if old == new => Step::SkipBoth,
            (Some(Next::Item(old)), Some(Next::Item(new))) => match old.path().cmp(new.path()) {
                Ordering::Less => Step::Remove,
                Ordering::Greater => Step::Add,
                Ordering::Equal => Step::Compare,
            },
        }
    }

    fn advance(&mut self, step: Step) -> Result<Option<Change>, P::Error> {
        let Diff { old, new } = self;
        Ok(match step {
            Step::SkipBoth => {
                old.as_mut().map(Descent::skip);
                new.as_mut().map(Descent::skip);
                None
            }
            Step::EnterOld => old.as_mut().map_or(Ok(()), Descent::enter).map(|()| None)?,
            Step::EnterNew => new.as_mut().map_or(Ok(()), Descent::enter).map(|()| None)?,
            Step::Remove => take(old)?.map(Change::Removed),
            Step::Add => take(new)?.map(Change::Added),
            Step::Compare => take(old)?.zip(take(new)?).map(|(old, new)| Change::Modified { old, new }),
            Step::End => None,
        })
    }
}

fn take<P: Pages + ?Sized>(side: &mut Option<Descent<'_, P, Tree>>) -> Result<Option<Entry>, P::Error> {
    side.as_mut().and_then(Descent::take).transpose()
}

impl<P: Pages + ?Sized, Q: Pages<Error = P::Error> + ?Sized> Iterator for Diff<'_, P, Q> {
    type Item = Result<Change, P::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let step = self.step();
            if matches!(step, Step::End) {
                return None;
            }
            match self.advance(step).transpose() {
                None => continue,
                Some(Ok(change)) => return Some(Ok(change)),
                Some(Err(error)) => {
                    (self.old, self.new) = (None, None);
                    return Some(Err(error));
                }
            }
        }
    }
}
