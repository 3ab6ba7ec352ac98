//! Codex CLI's rollouts: one input is a file.
#![no_main]

use hnpwb::domain::transcript::codex::Codex;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&Codex, "/h/.codex/sessions/2026/11/20/rollout-1.jsonl", data));
