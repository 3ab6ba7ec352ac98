//! OpenCode's rows: one input is a file.
#![no_main]

use hnpwb::domain::transcript::opencode::OpenCode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&OpenCode, "/h/opencode.db/ses_1", data));
