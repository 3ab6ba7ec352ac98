//! (under construction: status)
