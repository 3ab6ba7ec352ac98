//! Execution: each file carries out one kind of effect and answers with an event.

pub mod brief;
pub mod clipboard;
pub mod gate;
pub mod journal;
