//! What the targets share.

use hnpwb::domain::model::Models;
use hnpwb::domain::redact::Redactor;
use hnpwb::domain::transcript::format::{Format, Storage};
use hnpwb::domain::transcript::usage::Usage;
use hnpwb::domain::transcript::{Body, Digest, Entry, Text};

/// One input is a file: made into lines as its format has it, then read line by line as the program reads it.
pub fn file(format: &dyn Format, path: &str, data: &[u8]) {
    match format.storage(path.as_ref()) {
        Storage::Lines | Storage::Zstandard | Storage::Database(_) | Storage::Pieces(_) => lines(format, data),
        Storage::Document(lines_of) => {
            let made = lines_of(data);
            assert!(made.is_empty() || made.ends_with(b"\n"));
            lines(format, &made);
        }
    }
    let _ = format.begins(data);
}

fn lines(format: &dyn Format, data: &[u8]) {
    let redactor = Redactor::default();
    let (mut digest, mut usage) = (Digest::new(data.len() % 2 == 1), Usage::default());
    let mut count: u64 = 0;
    for line in data.split(|byte| *byte == b'\n') {
        for entry in format.entries(7, line) {
            check(entry, &redactor);
        }
        format.read(&mut digest, line, Some(&mut usage));
        count += 1;
    }
    assert!(digest.counts.records <= count && digest.counts.malformed_records <= digest.counts.records);
    digest.skip();
    let _ = (digest.context(&Models::default(), None), digest.title(), usage.total());
}

fn check(entry: Entry, redactor: &Redactor) {
    assert_eq!(entry.offset, 7);
    match entry.redacted(redactor).body {
        Body::Prompt(text) | Body::Said(text) | Body::Plain(text) | Body::Thinking(text) | Body::Summary(text) => whole(&text),
        Body::Call { input: text, .. } | Body::Result { output: text, .. } => whole(&text),
        Body::Note { .. } | Body::Unread { .. } => {}
    }
}

fn whole(text: &Text) {
    assert!(text.kept.len() <= Text::CAP && text.kept.len() as u64 <= text.bytes, "{}", text.bytes);
}
