//! The built program: what it prints, where, and how it ends.

mod cache;
mod config;
mod frame;
mod init;
mod interrupt;
mod manual;
mod sharing;
mod mv;
mod rm;
