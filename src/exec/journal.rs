//! (under construction: journal)
