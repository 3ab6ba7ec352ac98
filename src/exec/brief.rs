//! (under construction: brief)
