//! (under construction: registry)
