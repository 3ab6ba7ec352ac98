//! Plain logs: one input is a file.
#![no_main]

use hnpwb::domain::transcript::plain::Plain;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hnpwb_fuzz::file(&Plain, "/tmp/a.log", data));
