//! What a user does, and what must then hold: scenarios, told on the built program.

mod adding;
mod at_once;
mod checking_out;
mod collecting;
mod demo;
mod differing;
mod elsewhere;
mod hooking;
mod ignoring;
mod looking;
mod merging;
mod migrating;
mod parts;
mod places;
mod readme;
mod refusals;
mod remotes;
mod sharing;
mod sharing_blocks;
mod sparse;
mod standing;
mod thin;
mod verifying;
