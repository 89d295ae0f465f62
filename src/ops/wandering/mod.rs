//! One clone and its remote, through deeds of all kinds in an order that a seed decides: edits, adds, commits, branches,
//! merges, resets, checkouts, pushes, collections. Whatever the order, what was added and is named by a commit or by the
//! worktree is there, and no verb takes away the last copy of anything.

mod at_once;
mod cases;
mod deeds;
mod ground;
mod merges;
