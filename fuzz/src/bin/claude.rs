//! Claude Code's transcripts: one input is a file.
#![no_main]

use hnpwb::domain::transcript::claude::Claude;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&Claude, "/h/.claude/projects/-p/s.jsonl", data));
