//! (under construction: player)
