//! (under construction: api)
