//! The gate socket, the journal and the hook as they work together: a server and its clients in one process.

mod hook;
mod hostile;
mod peers;
mod permission;
mod request;
mod rules;
mod socket;
mod support;
mod waiting;
