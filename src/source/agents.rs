//! (under construction: agents)
