//! The built program: what it prints, where, and how it ends.

mod frame;
mod interrupt;
mod manual;
mod sharing;
