//! (under construction: transcript)
