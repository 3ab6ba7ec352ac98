//! What must be hidden, and what must not.

mod corpus;
mod ordinary;
