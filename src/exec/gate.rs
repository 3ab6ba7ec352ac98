//! (under construction: gate)
