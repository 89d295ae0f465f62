//! The built program: what it prints, where, and how it ends.
