//! (under construction: git)
