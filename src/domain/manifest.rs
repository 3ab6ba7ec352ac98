//! (under construction: manifest)
