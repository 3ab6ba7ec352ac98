//! The command line: one file per subcommand, all of it on the same domain and sources as the screen.

pub mod audit;
pub mod brief;
pub mod drift;
pub mod gate;
pub mod generate;
pub mod hook;
pub mod init;
pub mod output;
pub mod status;
