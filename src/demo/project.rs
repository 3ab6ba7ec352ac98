//! (under construction: project)
