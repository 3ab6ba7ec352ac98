//! Copilot CLI's events: one input is a file.
#![no_main]

use hnpwb::domain::transcript::copilot::Copilot;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&Copilot, "/h/.copilot/session-state/s/events.jsonl", data));
