//! Secrets in any text: found within it, replaced once and for all, also inside JSON.
#![no_main]

use hnpwb::domain::redact::{Pattern, Redactor};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let own = [Pattern::new(Some("badge"), "ACME-[0-9]{4}"), Pattern::new(None, "badge (?<secret>[a-z]+)")];
    let own: Vec<Pattern> = own.into_iter().map(|pattern| pattern.expect("a pattern")).collect();
    for redactor in [Redactor::default(), Redactor::new(own)] {
        let mut end = 0;
        for secret in redactor.find(&text) {
            assert!(secret.range.start >= end && secret.range.end > secret.range.start, "{secret:?}");
            assert!(text.get(secret.range.clone()).is_some(), "{secret:?}");
            end = secret.range.end;
        }
        let once = redactor.redact(&text);
        assert!(once.len() <= text.len() * 48);
        assert_eq!(redactor.redact(&once), once, "redacted twice");
        if let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&text) {
            let shape = shape(&value);
            redactor.hide_in(&mut value);
            assert_eq!(shape, self::shape(&value), "{value}");
        }
    }
});

/// A value's form without its texts: nothing is lost from it and nothing added.
fn shape(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    match value {
        Value::Array(items) => 1 + items.iter().map(shape).sum::<usize>(),
        // Keys that become alike fall together.
        Value::Object(_) => 1,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}
