//! The floors of the house, read from the sources.
