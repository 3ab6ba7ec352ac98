//! (under construction: clipboard)
