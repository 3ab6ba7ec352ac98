//! (under construction: theme)
