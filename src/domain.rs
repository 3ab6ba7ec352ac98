//! Everything hnpwb knows without touching the world: pure data and pure functions.
//!
//! Nothing in here reads a file, a clock, a socket or a screen. Time is an argument, bytes are an argument, and every
//! rule can be tested by calling it.

pub mod agent;
pub mod attention;
pub mod brief;
pub mod check;
pub mod claim;
pub mod cluster;
pub mod commit;
pub mod deliver;
pub mod digest;
pub mod doctor;
pub mod drift;
pub mod evidence;
pub mod fault;
pub mod gate;
pub mod health;
pub mod hedgehog;
pub mod journal;
pub mod library;
pub mod link;
pub mod manifest;
pub mod markdown;
pub mod model;
pub mod notify;
pub mod ordered;
pub mod parallel;
pub mod process;
pub mod redact;
pub mod registration;
pub mod report;
pub mod search;
pub mod sign_off;
pub mod signal;
pub mod task;
pub mod text;
pub mod time;
pub mod transcript;
pub mod turns;
pub mod work;
