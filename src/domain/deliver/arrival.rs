//! Whether a prompt is where it was sent: first in the agent's input line, then in its transcript.

use std::borrow::Cow;

use super::payload::Payload;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::{Body, Text};

/// What an agent's program shows in place of a paste that is long.
const PLACEHOLDERS: [&str; 2] = ["[Pasted text #", "[Pasted Content "];

/// Bytes that such marks, and white space at the ends, make a prompt longer or shorter.
const WRAPPING: u64 = 128;

/// How a draft compares with what was pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draft {
    /// It is what was pasted, or stands for it.
    Ours,
    /// It is a part of it: more may be on its way, or the input line shows no more of it.
    Part,
    /// Something else was typed.
    Other,
}

/// Compares a draft with what was pasted. Where the line breaks and how it indents is the program's own.
pub fn compare(draft: &str, payload: &Payload) -> Draft {
    let (shown, sent) = (squeeze(draft), squeeze(payload.text()));
    if shown == sent || is_placeholder(draft) {
        return Draft::Ours;
    }
    if sent.contains(&*shown) { Draft::Part } else { Draft::Other }
}

/// One placeholder, and nothing beside it.
fn is_placeholder(draft: &str) -> bool {
    let draft = draft.trim();
    let begins = PLACEHOLDERS.iter().any(|mark| draft.starts_with(mark));
    begins && draft.ends_with(']') && draft.matches('[').count() == 1
}

/// Letters and digits alone; of a text without any, everything but white space.
fn squeeze(text: &str) -> Cow<'_, str> {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { Cow::Owned(text.split_whitespace().collect()) } else { Cow::Owned(letters) }
}

/// How a line of a transcript tells that a prompt arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// As a prompt.
    Prompt,
    /// As one that waits in the agent's queue.
    Queued,
}

/// Whether a line of a transcript, without its end, is the record of this prompt.
pub fn told(format: &'static dyn Format, line: &[u8], payload: &Payload) -> Option<Told> {
    // Most lines are long and of another kind.
    if !format.may_hold(crate::domain::transcript::landmark::Landmark::Prompt, line) && !has(line, b"queue-operation") {
        return None;
    }
    format.entries(0, line).iter().filter(|entry| !entry.sidechain).find_map(|entry| match &entry.body {
        Body::Prompt(text) => is_same(text, payload).then_some(Told::Prompt),
        Body::Note { text, .. } => is_queued(text, payload).then_some(Told::Queued),
        _ => None,
    })
}

fn has(line: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(line, word).is_some()
}

/// The same words. Of a long text the transcript's reader keeps only the beginning, and its length.
fn is_same(text: &Text, payload: &Payload) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let held = unwrapped(&text.kept);
    if text.bytes == text.kept.len() as u64 {
        return words(held) == words(payload.text());
    }
    let mut kept = words(held);
    // The last word may have been cut.
    kept.pop();
    let as_long = text.bytes.abs_diff(payload.text().len() as u64) <= WRAPPING;
    let begins = words(payload.text()).starts_with(&kept);
    as_long && begins && payload.text().get(..64) == held.get(..64)
}

/// Claude Code (seen on 2.1.329) puts a long paste between marks when it hands it to its model.
fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("<pasted_content id=\"").and_then(|rest| rest.split_once("\">"));
    let Some((_, inside)) = inside else { return text };
    let end = inside.rfind("</pasted_content id=\"").unwrap_or(inside.len());
    inside[..end].trim()
}

/// The note of a queued prompt holds the beginning of its first line.
fn is_queued(note: &str, payload: &Payload) -> bool {
    let Some(queued) = note.strip_prefix("queued") else { return false };
    let queued = squeeze(queued.trim_start_matches([':', ' ']).trim_end_matches('…')).into_owned();
    !queued.is_empty() && squeeze(payload.text()).starts_with(&queued)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Draft, Told, compare, told};
    use crate::domain::deliver::payload::Payload;
    use crate::domain::transcript::claude::Claude;
    use crate::domain::transcript::codex::Codex;

    fn payload(text: &str) -> Payload {
        Payload::new(text).unwrap()
    }

    #[test]
    fn a_draft_is_ours_however_it_is_wrapped() {
        let sent = payload("Read .hnpwb/briefs/0001-x.md and do what it says; then report.");
        assert_eq!(compare("Read .hnpwb/briefs/0001-x.md and do what\nit says; then report.", &sent), Draft::Ours);
        assert_eq!(compare("[Pasted text #3 +8 lines]", &sent), Draft::Ours);
        assert_eq!(compare("Read .hnpwb/briefs", &sent), Draft::Part);
        assert_eq!(
            compare("half typed Read .hnpwb/briefs/0001-x.md and do what it says; then report.", &sent),
            Draft::Other
        );
        assert_eq!(compare("[Pasted text #1] and more", &sent), Draft::Other);
        assert_eq!(compare("[Pasted text #1][Pasted text #2]", &sent), Draft::Other);
        assert_eq!(compare("??", &payload("???")), Draft::Part);
    }

    fn of(record: &serde_json::Value, sent: &str) -> Option<Told> {
        told(&Claude, record.to_string().as_bytes(), &payload(sent))
    }

    #[test]
    fn the_record_of_the_prompt_and_no_other_tells() {
        let user = |text: &str| json!({"type": "user", "message": {"role": "user", "content": text}});
        assert_eq!(of(&user("one\ntwo"), "one\ntwo"), Some(Told::Prompt));
        assert_eq!(of(&user("one  two "), "one\ntwo"), Some(Told::Prompt));
        assert_eq!(of(&user("one"), "one\ntwo"), None);
        let side = json!({"type": "user", "isSidechain": true, "message": {"role": "user", "content": "one"}});
        assert_eq!(of(&side, "one"), None);
        let result = json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": "one"}]}});
        assert_eq!(of(&result, "one"), None);
        assert_eq!(told(&Claude, b"{\"type\":\"us", &payload("one")), None);
    }

    #[test]
    fn a_long_prompt_is_known_by_its_beginning_and_its_length() {
        let long = format!("Begin here. {}", "word ".repeat(40_000));
        let user = |text: &str| json!({"type": "user", "message": {"role": "user", "content": text}});
        assert_eq!(of(&user(long.trim()), &long), Some(Told::Prompt));
        assert_eq!(of(&user(&long[..150_000]), &long), None);
        assert_eq!(of(&user(&long.replace("Begin", "Other")), &long), None);
        let wrapped = |text: &str| format!("\n\n<pasted_content id=\"21b9\">\n{text}\n</pasted_content id=\"21b9\">\n");
        assert_eq!(of(&user(&wrapped(long.trim())), &long), Some(Told::Prompt));
        assert_eq!(of(&user(&wrapped("nine\nlines")), "nine\nlines"), Some(Told::Prompt));
        assert_eq!(of(&user(&wrapped("nine\nlines")), "ten\nlines"), None);
        let one = "x".repeat(200_000);
        assert_eq!(of(&user(&one), &one), Some(Told::Prompt));
    }

    #[test]
    fn a_prompt_in_the_queue_has_arrived_there() {
        let queued = |text: &str| json!({"type": "queue-operation", "operation": "enqueue", "content": text});
        assert_eq!(of(&queued("one two\nthree"), "one two\nthree"), Some(Told::Queued));
        assert_eq!(of(&queued("another"), "one two"), None);
        assert_eq!(of(&json!({"type": "queue-operation", "operation": "dequeue"}), "one"), None);
    }

    #[test]
    fn codex_tells_of_a_prompt_in_its_own_way() {
        let record = json!({"timestamp": "2026-01-02T03:04:05.678Z", "type": "event_msg", "payload": {"type": "user_message", "message": "one"}});
        let also = json!({"timestamp": "2026-01-02T03:04:05.678Z", "type": "response_item",
            "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "one"}]}});
        let told_by = |record: &serde_json::Value| told(&Codex, record.to_string().as_bytes(), &payload("one"));
        assert!(told_by(&record).or(told_by(&also)) == Some(Told::Prompt));
    }
}
