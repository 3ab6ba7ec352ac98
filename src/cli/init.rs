//! (under construction: init)
