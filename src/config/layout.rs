//! (under construction: layout)
