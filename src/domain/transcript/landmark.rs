//! What one jumps to in a transcript.

use super::record::{self, NoRecord};
use super::{Body, Entry, Tone};

/// Tools that change files: Claude Code's, Codex's `apply_patch`, and what OpenCode and Gemini CLI call theirs.
const CHANGING: &[&str] =
    &["Edit", "Write", "MultiEdit", "NotebookEdit", "apply_patch", "edit", "write", "patch", "replace", "write_file"];

/// A kind of entry that one jumps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Landmark {
    /// A prompt, whoever wrote it: there a turn begins.
    Turn,
    /// A prompt typed by a person, not one that an agent gave to its sub-agent.
    Prompt,
    /// What is drawn as an error: a tool's failure, an error of the API, a line that is no record.
    Error,
    /// A call of a tool that changes files.
    Change,
    /// A call of any tool.
    Call,
}

impl Landmark {
    /// Its name, as it stands behind `no later`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Prompt => "prompt",
            Self::Error => "error",
            Self::Change => "change",
            Self::Call => "tool call",
        }
    }

    /// True for entries of this kind.
    pub fn is(self, entry: &Entry) -> bool {
        match (self, &entry.body) {
            (Self::Turn, Body::Prompt(_)) | (Self::Call, Body::Call { .. }) => true,
            (Self::Prompt, Body::Prompt(_)) => !entry.sidechain,
            (Self::Error, Body::Result { is_error, .. }) => *is_error,
            (Self::Error, Body::Note { tone, .. }) => *tone == Tone::Error,
            // A kind that is not known here is no mistake of whoever wrote it.
            (Self::Error, Body::Unread { why, .. }) => !why.starts_with("unknown "),
            (Self::Change, Body::Call { name, .. }) => CHANGING.contains(&name.as_str()),
            _ => false,
        }
    }

    /// False if a line of a Claude Code transcript surely yields no entry of this kind; much cheaper than parsing it.
    pub fn may_stand_in(self, line: &[u8]) -> bool {
        let has = |word: &str| memchr::memmem::find(line, word.as_bytes()).is_some();
        // A word may be written with escapes, all of which begin like this for plain characters.
        let hidden = || has("\\u00");
        match self {
            Self::Turn | Self::Prompt => has("\"user\"") || has("\"queued_command\"") || hidden(),
            Self::Change | Self::Call => has("tool_use\"") || hidden(),
            Self::Error => {
                const FAILED: &[&str] =
                    &["\"isApiErrorMessage\"", "\"error\"", "\"api_error\"", "\"hook_blocking_error\""];
                has_failed(line) || FAILED.iter().any(|word| has(word)) || hidden() || is_no_record(line)
            }
        }
    }
}

/// True if some `"is_error"` is followed by what begins like `true`. White space is allowed wherever JSON allows it.
fn has_failed(line: &[u8]) -> bool {
    const KEY: &[u8] = b"\"is_error\"";
    memchr::memmem::find_iter(line, KEY).any(|at| {
        let value = line[at + KEY.len()..].trim_ascii_start().strip_prefix(b":");
        value.is_some_and(|value| value.trim_ascii_start().starts_with(b"t"))
    })
}

fn is_no_record(line: &[u8]) -> bool {
    matches!(record::split(&record::text_of(line)), Err(NoRecord::NotJson))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Landmark;
    use crate::domain::transcript::format::Format;
    use crate::domain::transcript::parse_line;
    use crate::domain::transcript::plain::Plain;

    const ALL: [Landmark; 5] = [Landmark::Turn, Landmark::Prompt, Landmark::Error, Landmark::Change, Landmark::Call];

    fn marks(line: &str) -> Vec<&'static str> {
        let entries = parse_line(0, line.as_bytes());
        let found = |mark: &Landmark| entries.iter().any(|entry| mark.is(entry));
        let names: Vec<_> = ALL.into_iter().filter(found).map(Landmark::name).collect();
        for mark in ALL.into_iter().filter(found) {
            assert!(mark.may_stand_in(line.as_bytes()), "{mark:?} would be missed in {line}");
        }
        names
    }

    #[test]
    fn each_kind_of_record_is_what_one_jumps_to_it_for() {
        assert_eq!(marks(r#"{"type":"user","message":{"content":"do it"}}"#), ["turn", "prompt"]);
        assert_eq!(marks(r#"{"type":"user","isSidechain":true,"message":{"content":"do it"}}"#), ["turn"]);
        let queued = r#"{"type":"attachment","attachment":{"type":"queued_command","prompt":"and this"}}"#;
        assert_eq!(marks(queued), ["turn", "prompt"]);
        let call = |name: &str| {
            format!(
                r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"t","name":"{name}","input":{{}}}}]}}}}"#
            )
        };
        assert_eq!(marks(&call("Bash")), ["tool call"]);
        for name in ["Edit", "Write", "MultiEdit", "NotebookEdit", "apply_patch"] {
            assert_eq!(marks(&call(name)), ["change", "tool call"], "{name}");
        }
        assert_eq!(marks(r#"{"type":"assistant","message":{"content":[{"type":"text","text":"tool_use"}]}}"#), [""; 0]);
    }

    #[test]
    fn errors_are_found_however_they_are_written() {
        let result = |key: &str, value: &str| {
            format!(
                r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"t",{key}{value},"content":"x"}}]}}}}"#
            )
        };
        assert_eq!(marks(&result("\"is_error\":", "true")), ["error"]);
        assert_eq!(marks(&result("\"is_error\" :\t", " true")), ["error"]);
        assert_eq!(marks(&result("\"is\\u005ferror\":", "true")), ["error"]);
        assert_eq!(marks(&result("\"is_error\":", "false")), [""; 0]);
        assert!(
            !Landmark::Error.may_stand_in(result("\"is_error\":", " false").as_bytes()),
            "that is what makes it fast"
        );
        let api =
            r#"{"type":"assistant","isApiErrorMessage":true,"message":{"content":[{"type":"text","text":"529"}]}}"#;
        assert_eq!(marks(api), ["error"]);
        assert_eq!(marks(r#"{"type":"system","subtype":"api_error","retryAttempt":4}"#), ["error"]);
        assert_eq!(marks(r#"{"type":"system","subtype":"notice","level":"error"}"#), ["error"]);
        assert_eq!(marks(r#"{"type":"attachment","attachment":{"type":"hook_blocking_error"}}"#), ["error"]);
        assert_eq!(marks("{\"type\":\"user\",\"mess{\"type\":\"user\"}}"), ["error"], "two writers in one line");
        assert_eq!(marks("no JSON"), ["error"]);
        assert_eq!(marks(r#"{"type":"brand-new"}"#), [""; 0], "what is not known is no error");
    }

    #[test]
    fn lines_of_a_log_are_no_landmarks() {
        assert!(Plain.entries(0, b"it failed").iter().all(|entry| ALL.iter().all(|mark| !mark.is(entry))));
    }

    proptest! {
        #[test]
        fn what_a_line_yields_is_never_skipped(
            kind in prop_oneof![Just("user"), Just("assistant"), Just("system"), Just("attachment"), Just("other")],
            block in prop_oneof![Just("tool_use"), Just("mcp_tool_use"), Just("tool_result"), Just("text"), Just("image")],
            subtype in prop_oneof![Just("error"), Just("api_error"), Just("hook_blocking_error"), Just("queued_command")],
            space in "[ \t]{0,2}",
            flag in any::<bool>(),
            cut in prop_oneof![4 => Just(0_usize), 1 => 1_usize..20],
        ) {
            let line = format!(
                "{{\"type\":{space}\"{kind}\",\"subtype\":\"{subtype}\",\"isApiErrorMessage\":{space}{flag},\"retryAttempt\":5,\
                 \"attachment\":{{\"type\":\"{subtype}\",\"prompt\":\"p\"}},\"message\":{{\"content\":[{{\"type\":\"{block}\",\
                 \"name\":\"Edit\",\"text\":\"t\",\"is_error\"{space}:{space}{flag},\"content\":\"c\"}}]}}}}"
            );
            marks(&line[..line.len() - cut]);
        }
    }
}
