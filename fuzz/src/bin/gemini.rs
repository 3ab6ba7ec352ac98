//! Gemini CLI's chats: one input is a file.
#![no_main]

use hnpwb::domain::transcript::gemini::Gemini;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&Gemini, "/h/.gemini/tmp/a/chats/session-1.jsonl", data));
