//! (under construction: hook)
