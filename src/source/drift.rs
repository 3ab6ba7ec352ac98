//! (under construction: drift)
