//! (under construction: attention)
