//! What a user does, and what must then hold: scenarios, told on the built program.

mod adding;
mod checking_out;
mod refusals;
mod remotes;
mod sharing;
