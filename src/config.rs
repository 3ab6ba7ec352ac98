//! Configuration: data files that become checked values. What a file gets wrong is reported all at once, with its place.

pub mod brief;
pub mod discovery;
pub mod document;
pub mod health;
pub mod keymap;
pub mod layout;
pub mod models;
pub mod paths;
pub mod problem;
pub mod redaction;
pub mod schema;
pub mod session;
pub mod supervision;
pub mod theme;

#[cfg(test)]
pub(crate) mod tests;
