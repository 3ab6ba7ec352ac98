//! `hnpwb doctor`: looks at everything that hnpwb needs of this machine, and says what to do about what is missing.

pub mod canary;
pub mod clusters;
pub mod hooks;
mod run;
pub mod system;
pub mod terminal;

pub use run::{Said, said};
