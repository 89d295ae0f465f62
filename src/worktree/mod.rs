//! The files that the user sees: finding them, and placing others without ever leaving half of one.
