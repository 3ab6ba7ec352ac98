//! The gate socket's messages, and command lines as gate rules read them.
#![no_main]

use hnpwb::domain::gate::pattern::Pattern;
use hnpwb::domain::gate::place::Ground;
use hnpwb::domain::gate::rule::GateRule;
use hnpwb::domain::gate::wire::{Answer, Request, decode, encode};
use hnpwb::domain::gate::{ToolCall, command};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(request) = decode::<Request>(data) {
        let line = encode(&request).expect("what was read can be written");
        assert_eq!(decode::<Request>(line.as_bytes()), Ok(request));
    }
    let _ = decode::<Answer>(data);
    let Ok(line) = std::str::from_utf8(data) else { return };
    let readings = command::read(line);
    let bytes: usize = readings.texts.iter().map(String::len).sum();
    assert!(bytes <= 64 * line.len() + 256 * 1024, "{bytes} bytes of {}", line.len());
    // A command that stands alone is held, whatever comes behind it.
    let held = GateRule { matches: Pattern::new(r"\bgit push\b").ok(), ..GateRule::default() };
    let behind = format!("git push; {line}");
    let input = serde_json::json!({ "command": behind });
    let call = ToolCall::on("Bash", &input, &Ground::default(), |_| None);
    assert!(held.holds(&call).is_some(), "{behind:?}");
});
