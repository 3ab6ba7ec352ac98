//! Documents of a YAML stream: where each begins, and its value.

use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Options};

/// One document of a file, with the place where its content begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// Its text, with its `---` line if it has one.
    pub(super) text: &'a str,
    /// Line of the file on which `text` begins, from one.
    start: u32,
    /// Line of the first content, from one.
    pub(super) line: u32,
}

impl Document<'_> {
    /// Line of the first merge-conflict marker, if there is one.
    pub(super) fn conflict(&self) -> Option<u32> {
        let marker =
            |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line.trim_end() == "=======";
        let found = self.text.lines().position(marker)?;
        u32::try_from(found).ok().map(|offset| self.start + offset)
    }

    /// Line of the file of a line of the text, both from one.
    pub(super) fn line_at(&self, line_of_text: u64) -> u32 {
        self.start.saturating_add(u32::try_from(line_of_text.saturating_sub(1)).unwrap_or(0))
    }
}

/// A parsed document.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Its value; null when it is empty.
    pub(super) value: Value,
    /// A key that stands twice in one mapping: its line, and what strict readers say. The last one was taken.
    pub(super) duplicate: Option<(u32, String)>,
}

/// Splits a stream at its document markers. Documents without content are left out.
///
/// YAML forbids `---` and `...` at the beginning of a line everywhere inside a document, block scalars and quoted text
/// included (YAML 1.2.2, rule 206 `c-forbidden`), so that no state has to be kept.
pub(super) fn split(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let (mut begin, mut begin_line, mut offset) = (0, 1, 0);
    let mut content: Option<u32> = None;
    let mut line_number = 0;
    for line in text.split_inclusive('\n') {
        line_number += 1;
        let (starts, ends) = (is_marker(line, "---"), is_marker(line, "..."));
        if starts || ends {
            if let Some(line) = content.take() {
                documents.push(Document { text: &text[begin..offset], start: begin_line, line });
            }
            (begin, begin_line) = if starts { (offset, line_number) } else { (offset + line.len(), line_number + 1) };
        }
        let rest = if starts { &line[3..] } else { line };
        if content.is_none() && !ends && has_content(rest) {
            content = Some(line_number);
        }
        offset += line.len();
    }
    if let Some(line) = content {
        documents.push(Document { text: &text[begin..], start: begin_line, line });
    }
    documents
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// True for a line that is more than space, a comment or a directive.
fn has_content(line: &str) -> bool {
    let trimmed = line.trim();
    !trimmed.is_empty() && !trimmed.starts_with('#') && !line.starts_with('%')
}

/// Parses one document. The error is a line of the file and a message of one line.
pub(super) fn parse(document: &Document<'_>) -> Result<Parsed, (u32, String)> {
    // JSON is read by its own parser first: it is faster, and exact about numbers.
    let json = document.text.trim_start();
    if json.starts_with('{')
        && let Ok(value) = serde_json::from_str(json)
    {
        return Ok(Parsed { value, duplicate: None });
    }
    match serde_saphyr::from_str_with_options::<Value>(document.text, options(DuplicateKeyPolicy::Error)) {
        Ok(value) => Ok(Parsed { value, duplicate: None }),
        Err(error) => {
            let problem = describe(document, &error);
            if !is_duplicate_key(&error) {
                return Err(problem);
            }
            let lenient = options(DuplicateKeyPolicy::LastWins);
            match serde_saphyr::from_str_with_options::<Value>(document.text, lenient) {
                Ok(value) => Ok(Parsed { value, duplicate: Some(problem) }),
                Err(error) => Err(describe(document, &error)),
            }
        }
    }
}

fn is_duplicate_key(error: &serde_saphyr::Error) -> bool {
    matches!(error.without_snippet(), serde_saphyr::Error::DuplicateMappingKey { .. })
}

fn describe(document: &Document<'_>, error: &serde_saphyr::Error) -> (u32, String) {
    let line = error.location().map_or(document.line, |location| document.line_at(location.line()));
    let message = error.without_snippet().to_string();
    (line, message.lines().next().unwrap_or_default().to_owned())
}

/// The rules of kubectl's parser, and limits on what aliases may expand to.
pub(super) fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_depth: 128,
            max_aliases: 10_000,
        },
        duplicate_keys: duplicate_keys,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: 1_000,
        },
        legacy_octal_numbers: true,
        strict_booleans: false,
        emit_comments: false,
        with_snippet: false,
    }
}
