//! (under construction: scenario)
