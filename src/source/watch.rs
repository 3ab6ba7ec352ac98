//! (under construction: watch)
