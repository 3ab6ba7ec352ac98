//! Gathers the facts of a handoff from the end of a transcript and the working tree, and makes the brief.

use std::io;
use std::path::Path;

use crate::domain::brief::Draft;
use crate::domain::brief::handoff::{Facts, TOKENS, Wanted, make};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::transcript::Body;
use crate::domain::transcript::format::Format;
use crate::domain::work::{Place, Quote};
use crate::source::git::changed;
use crate::source::transcript::lines::{self, Limits, Line};
use crate::source::transcript::store;
use crate::source::work;

/// Bytes of a transcript's end that are read: the last hours of the longest sessions.
const REACH: u64 = 6 * 1024 * 1024;
/// Lines and bytes at the beginning in which the first prompt is looked for.
const BEGINNING: Limits = Limits { lines: 400, bytes: 4 * 1024 * 1024 };
/// Bytes of the first prompt that are kept.
const PROMPT: usize = 16 * 1024;

/// Makes the brief of a handoff. Blocks.
///
/// # Errors
/// The transcript cannot be read.
pub fn gather(wanted: &Wanted, redactor: &Redactor) -> Result<Draft, Fault> {
    let refused = |error: io::Error| {
        let remedy = "a handoff is made from the transcript; choose another agent";
        Fault::new("reading", wanted.transcript.display(), error, remedy)
    };
    let work = work::read(&wanted.transcript, wanted.format, REACH).map_err(refused)?;
    // Lines without an entry may come before the first.
    let first = if work.from_line > 1 { first_prompt(&wanted.transcript, wanted.format) } else { None };
    let repo = wanted.folder.as_deref().and_then(changed::changed);
    let facts = Facts {
        agent: &wanted.agent,
        cause: &wanted.cause,
        transcript: &wanted.transcript,
        asked: first.as_ref(),
        work: &work,
        task: wanted.task.as_ref(),
        repo: repo.as_ref(),
        redactor,
    };
    Ok(make(facts, TOKENS))
}

/// The prompt at the beginning of a transcript of which only the end was read.
fn first_prompt(path: &Path, format: &dyn Format) -> Option<Quote> {
    let stored = store::open(path, format).ok()?;
    let mut found = None;
    let mut number = 0;
    let read = lines::forward(&stored.lines, 0, stored.size, BEGINNING, |offset, line| {
        number += 1;
        if let (None, Line::Whole(line)) = (&found, line) {
            found = format.entries(offset, line).into_iter().find_map(|entry| match entry.body {
                Body::Prompt(mut text) if !entry.sidechain => {
                    text.kept.truncate(crate::domain::text::prefix(&text.kept, PROMPT).len());
                    let place = Place { line: number, offset, at: entry.at };
                    Some(Quote { place, text: text.kept, sidechain: false })
                }
                _ => None,
            });
        }
    });
    read.ok()?;
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::gather;
    use crate::domain::brief::handoff::{Cause, Wanted};
    use crate::domain::redact::Redactor;
    use crate::domain::transcript::claude::Claude;

    #[test]
    fn of_a_long_transcript_the_first_prompt_and_the_end_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.jsonl");
        let prompt =
            |text: &str| json!({"type": "user", "message": {"role": "user", "content": text}}).to_string() + "\n";
        let padding = json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": "x".repeat(50_000)}]}}).to_string() + "\n";
        fs::write(&path, [prompt("The first thing."), padding.repeat(200), prompt("The last thing.")].concat())
            .unwrap();
        let wanted = Wanted {
            agent: "api".to_owned(),
            transcript: path.clone(),
            format: &Claude,
            cause: Cause::Asked,
            task: None,
            folder: None,
        };
        let made = gather(&wanted, &Redactor::default()).unwrap();
        assert!(made.text.contains("> The first thing.\n> (T:1)"), "{}", made.text);
        assert!(made.text.contains("> The last thing.\n> (T:202)"), "{}", made.text);
        assert!(made.text.contains("Of its transcript only what stands from line"), "{}", made.text);
        fs::remove_file(&path).unwrap();
        assert!(gather(&wanted, &Redactor::default()).is_err());
    }
}
