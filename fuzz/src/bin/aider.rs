//! aider's history: one input is a file.
#![no_main]

use hnpwb::domain::transcript::aider::Aider;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&Aider, "/p/.aider.chat.history.md", data));
