//! Trees: pages that depend on the entries alone, edits and comparisons at the cost of the change.

mod book;
mod cost;
mod damage;
mod golden_pages;
mod laws;
mod made;
mod merging;
mod reach;
