//! (under construction: gates)
