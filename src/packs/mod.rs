//! Chunks in packs: the cache and a remote are both a pack store, and push and pull are one transfer.
