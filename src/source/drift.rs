//! (under construction: drift)

pub(in crate::source) mod notice;
