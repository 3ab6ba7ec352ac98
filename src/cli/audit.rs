//! (under construction: audit)
