//! (under construction: discovery)
