//! Sources: each is a task of its own that looks at one part of the world and sends events. None of them can hold up
//! the screen, and none of them sees it.
//!
//! News that must not be lost goes through a bounded queue ([`Outbox::send`]; a full queue makes the source wait). News of
//! which only the latest matters goes through a slot ([`Outbox::post`]), where it replaces what has not been taken yet.

pub mod agents;
pub mod board;
pub mod drift;
pub mod gates;
pub mod git;
pub mod hooks;
pub mod kube;
pub mod mailbox;
pub mod registry;
pub mod search;
pub mod statusline;
pub mod transcript;
pub mod watch;
pub mod work;

pub use mailbox::{Inbox, Outbox};
