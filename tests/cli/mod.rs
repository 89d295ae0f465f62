//! The built program: what it prints, where, and how it ends.

mod cache;
mod config;
mod doctor;
mod frame;
mod init;
mod interrupt;
mod manual;
mod mv;
mod rm;
mod sharing;
