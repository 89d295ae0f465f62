//! What may follow what in a tree: paths ascend, and nothing lies below an entry.

use crate::base::RepoPath;

/// An entry that a tree does not take where it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tree cannot hold `{path}`: {reason}")]
pub struct Refused {
    /// Its path.
    pub path: RepoPath,
    /// Half a sentence.
    pub reason: &'static str,
}

/// Watches the paths that go by.
#[derive(Debug, Default)]
pub(super) struct Order {
    last: Vec<u8>,
    /// Lengths, ascending: that many bytes of `last` are the path of an entry.
    entries: Vec<usize>,
}

impl Order {
    /// An entry goes by.
    pub(super) fn pass(&mut self, path: &[u8]) -> Result<(), &'static str> {
        self.move_to(path)?;
        // All that lies between `a` and `a/b` begins with `a`, so no entry that matters has been forgotten.
        if self.entries.iter().any(|len| path.get(*len) == Some(&b'/')) {
            return Err("it lies below an entry that is no folder");
        }
        self.entries.push(path.len());
        Ok(())
    }

    /// Entries that nobody looks at go by, up to `path`.
    pub(super) fn move_to(&mut self, path: &[u8]) -> Result<(), &'static str> {
        let common = self.last.iter().zip(path).take_while(|(old, new)| old == new).count();
        // The rest of a longer path is more than nothing.
        if path[common..] <= self.last[common..] {
            return Err("it does not come after the entry before it");
        }
        while self.entries.last().is_some_and(|len| *len > common) {
            self.entries.pop();
        }
        self.last.clear();
        self.last.extend_from_slice(path);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(paths: &[&str]) -> Option<usize> {
        let mut order = Order::default();
        paths.iter().position(|path| order.pass(path.as_bytes()).is_err())
    }

    #[test]
    fn paths_must_ascend() {
        assert_eq!(refused(&["a", "a.b", "a0", "b/c", "b/d"]), None);
        assert_eq!(refused(&["a", "a"]), Some(1));
        assert_eq!(refused(&["ab", "a"]), Some(1));
    }

    #[test]
    fn nothing_lies_below_an_entry_however_far_before() {
        assert_eq!(refused(&["a", "a.txt", "a.txu", "a/b"]), Some(3));
        assert_eq!(refused(&["a", "a.txt/c", "a.txt/d", "a.txt0", "a/b"]), Some(4));
        assert_eq!(refused(&["a.txt", "a/b", "a/b.c", "a/bb/c"]), None);
    }
}
