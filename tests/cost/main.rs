//! Tokens, prices and windows through the whole program: what status lines note, and what `hnpwb status` makes of it all.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its stage must fail")]

mod bill;
mod statusline;
