//! The folders around one: a folder that lies in itself, by a mount, is found by them.

use std::sync::Arc;

/// A folder on the way in, and those above it.
#[derive(Debug)]
pub(super) struct Ancestor {
    device: u64,
    inode: u64,
    above: Option<Arc<Ancestor>>,
}

impl Ancestor {
    /// `None` if this folder is one of those above it.
    pub fn below(above: Option<Arc<Ancestor>>, device: u64, inode: u64) -> Option<Arc<Ancestor>> {
        let mut next = above.as_deref();
        while let Some(ancestor) = next {
            if (ancestor.device, ancestor.inode) == (device, inode) {
                return None;
            }
            next = ancestor.above.as_deref();
        }
        Some(Arc::new(Ancestor { device, inode, above }))
    }
}

impl Drop for Ancestor {
    /// Frees a long chain without recursion.
    fn drop(&mut self) {
        let mut next = self.above.take();
        while let Some(mut ancestor) = next.and_then(Arc::into_inner) {
            next = ancestor.above.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_itself_is_found_and_its_likes_elsewhere_are_not() {
        let top = Ancestor::below(None, 1, 10);
        let inner = Ancestor::below(top, 1, 11);
        assert!(Ancestor::below(inner.clone(), 1, 10).is_none());
        assert!(Ancestor::below(inner.clone(), 1, 11).is_none());
        assert!(Ancestor::below(inner, 2, 10).is_some());
    }

    #[test]
    fn a_long_chain_is_freed_without_overflow() {
        let chain = (0..1_000).fold(None, |above, inode| Ancestor::below(above, 1, inode));
        drop(chain);
    }
}
