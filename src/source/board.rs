//! (under construction: board)
