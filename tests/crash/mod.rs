//! Nothing is ever lost: the built program is killed, its system calls fail, its network is bad. docs/reliability.md
//! has the figures.

mod dying;
mod killed;
mod network;
mod odd_files;
mod stage;
mod struck;
mod verbs;
