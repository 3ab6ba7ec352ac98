//! (under construction: generate)
