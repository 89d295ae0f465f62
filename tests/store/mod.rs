//! Stores: one contract for all, and what each kind must do besides.

mod bucket;
mod contract;
mod credentials;
mod faulty;
mod folder;
