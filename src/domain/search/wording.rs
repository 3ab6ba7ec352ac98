//! Words that stand on screen but not in the file: those that notes and placeholders are made of.
//!
//! A line may match by them without holding what the pattern needs. So if a needle is a part of such a word, lines that
//! make notes and placeholders are candidates too, known by a text that each of them has.

use super::needle::Needle;

/// Everything that is added to what a record of Claude Code says; a number is `#`.
const WORDS: &str = "queued opened a pull request continued in session moved to another folder worktree changed injected output \
     redacted thinking another model answered turn ended after #m #s background agents go on context compacted unknown at # \
     tokens old tool output dropped from the context # tokens API error attempt # of # stopped by a hook blocked by hook failed \
     was cancelled changed by somebody else file attached # kB";

/// What stands in every line of Claude Code's that becomes a note or holds a placeholder.
const MARKS: [&str; 16] = [
    "\"system\"",
    "attachment\"",
    "queue-operation",
    "pr-link",
    "continued-in",
    "relocated",
    "worktree-state",
    "isMeta\"",
    "local-command-",
    "bash-stdout",
    "bash-stderr",
    "redacted_thinking",
    "\"fallback\"",
    "\"source\"",
    // Nothing but control characters, which notes show as their numbers.
    "isApiErrorMessage",
    "Request interrupted",
];

/// The needles with all that makes a line a candidate, if one of them may be found in our own words.
pub(super) fn with_marks(needles: &[Needle]) -> Vec<Needle> {
    let mut all = needles.to_vec();
    if needles.iter().any(|needle| is_ours(&needle.bytes)) {
        all.extend(MARKS.map(|mark| Needle { bytes: mark.as_bytes().to_vec(), fold: false }));
    }
    all
}

/// True for a part of a word of ours, and for what may be the number of a character (`9B`, `U`, `202E`).
fn is_ours(needle: &[u8]) -> bool {
    let mut text = String::new();
    for byte in needle {
        match byte {
            b'0'..=b'9' if text.ends_with('#') => {}
            b'0'..=b'9' => text.push('#'),
            other => text.push(char::from(*other)),
        }
    }
    let number = needle.len() <= 6 && needle.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'u' | b'U'));
    number || WORDS.to_lowercase().contains(&text.to_lowercase())
}
