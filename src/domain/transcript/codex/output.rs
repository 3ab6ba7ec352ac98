//! What a tool answered: the output itself, and whether the call failed.
//!
//! Codex writes no mark of failure. The exit code stands in a header of the text, in JSON in versions before 0.50 or so;
//! a call that was never carried out is told by its words.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::text;
use crate::domain::transcript::Text;
use crate::domain::transcript::json::{self, Gather};

/// Bytes in which a header ends.
const HEADER: usize = 1_024;

/// How an output begins when the call was not carried out, or not to its end. As `codex-rs` words it.
const FAILURES: &[&str] = &[
    "Command blocked by ",
    "Error: ",
    "Network access was ",
    "Tool call failed",
    "aborted by user",
    "apply_patch failed",
    "apply_patch handler received",
    "apply_patch verification failed",
    "approval policy is ",
    "collab spawn failed",
    "command aborted by user",
    "command timed out",
    "err: ",
    "error: ",
    "exec command rejected",
    "exec_command failed",
    "execution error: ",
    "failed in sandbox",
    "failed to parse function arguments",
    "patch rejected",
    "stdin is closed",
    "tool call error",
    "unable to ",
    "unsupported call",
    "unsupported custom tool call",
    "write_stdin failed",
];

/// What the head of an output says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    /// Bytes before the output proper.
    length: usize,
    exit: Option<i64>,
    /// It goes on in a session of this number.
    running: Option<String>,
    failed: bool,
}

/// An answer, whatever shape it has.
enum Shape<'a> {
    /// A string, or what stands for one.
    Plain(&'a RawValue),
    /// An object: the output, its exit code, and whether the object says that the call failed.
    Wrapped(String, Option<i64>, bool),
    /// Parts.
    Parts(Vec<Part<'a>>),
    Nothing,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
}

/// Whether a call failed, by its output.
pub(super) fn is_error(output: Option<&RawValue>) -> bool {
    match shape(output) {
        Shape::Plain(raw) => head_of(Some(raw)).is_error(),
        Shape::Wrapped(output, exit, failed) => wrapped(&output, exit, failed).is_error(),
        Shape::Parts(parts) => head_of(parts.iter().find_map(|part| part.text)).is_error(),
        Shape::Nothing => false,
    }
}

/// The output for reading, and whether the call failed. Of the header only what matters is left.
pub(super) fn read(output: Option<&RawValue>) -> (Text, bool) {
    let mut gather = Gather::default();
    let is_error = match shape(output) {
        Shape::Plain(raw) => push(&mut gather, raw),
        Shape::Wrapped(output, exit, failed) => {
            let known = wrapped(&output, exit, failed);
            known.announce(&mut gather);
            gather.push(&output[known.length..]);
            known.is_error()
        }
        Shape::Parts(parts) => parts.iter().fold(false, |failed, part| {
            gather.separate();
            failed | push_part(&mut gather, part)
        }),
        Shape::Nothing => false,
    };
    (gather.finish(), is_error)
}

fn shape(output: Option<&RawValue>) -> Shape<'_> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Payload<'a> {
        #[serde(borrow)]
        content: Option<&'a RawValue>,
        #[serde(borrow)]
        output: Option<&'a RawValue>,
        #[serde(borrow)]
        metadata: Option<&'a RawValue>,
        #[serde(borrow)]
        success: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Metadata<'a> {
        #[serde(borrow)]
        exit_code: Option<&'a RawValue>,
    }
    let Some(raw) = output else { return Shape::Nothing };
    let text = raw.get();
    if text.starts_with('[') {
        let parts: Vec<&RawValue> = json::elements(output);
        return Shape::Parts(parts.into_iter().map(|part| json::fields(Some(part))).collect());
    }
    if text.starts_with('{') {
        let payload: Payload<'_> = json::fields(output);
        let failed = payload.success.is_some_and(|success| success.get() == "false");
        return match payload.content.or(payload.output) {
            Some(content) if !failed => shape(Some(content)),
            content => Shape::Wrapped(json::string(content).unwrap_or_default().into_owned(), None, true),
        };
    }
    if text.starts_with("\"{\\\"output\\\":")
        && let Some(inside) = json::string(output)
        && let Ok(payload) = serde_json::from_str::<Payload<'_>>(&inside)
        && payload.output.is_some_and(|output| output.get().starts_with('"'))
    {
        let metadata: Metadata<'_> = json::fields(payload.metadata);
        let exit = metadata.exit_code.and_then(|code| code.get().parse().ok());
        return Shape::Wrapped(json::string(payload.output).unwrap_or_default().into_owned(), exit, false);
    }
    Shape::Plain(raw)
}

impl Head {
    fn is_error(&self) -> bool {
        self.failed || self.exit.is_some_and(|code| code != 0)
    }

    /// Writes in one line what the header says that an operator wants to know.
    fn announce(&self, gather: &mut Gather) {
        match (&self.running, self.exit) {
            (Some(session), _) => gather.push(&format!("still running as session {session}\n")),
            (None, Some(code)) if code != 0 => gather.push(&format!("exit code {code}\n")),
            (None, _) => {}
        }
    }
}

fn push(gather: &mut Gather, raw: &RawValue) -> bool {
    let known = head_of(Some(raw));
    known.announce(gather);
    gather.push_json_from(raw, known.length);
    known.is_error()
}

fn push_part(gather: &mut Gather, part: &Part<'_>) -> bool {
    match (part.text, part.image_url) {
        (Some(text), _) => push(gather, text),
        (None, Some(url)) => {
            gather.push(&image(url));
            false
        }
        (None, None) => {
            let kind = json::head(part.kind, 60).unwrap_or_default();
            if !kind.is_empty() {
                gather.push(&format!("[{}]", text::line(&kind)));
            }
            false
        }
    }
}

/// Stands for an image: `[image image/png, 12 kB]`, or its address.
pub(super) fn image(url: &RawValue) -> String {
    let head = json::head(Some(url), 200).unwrap_or_default();
    match head.strip_prefix("data:").and_then(|data| data.split_once(';')) {
        Some((media, _)) => {
            // Base64 takes four characters for three bytes.
            let bytes = url.get().len() / 4 * 3;
            format!("[image {}, {} kB]", text::line(text::prefix(media, 40)), bytes.div_ceil(1_000))
        }
        None => format!("[image {}]", text::line(text::prefix(&head, 120))),
    }
}

fn wrapped(output: &str, exit: Option<i64>, failed: bool) -> Head {
    let known = head(output);
    Head { exit: exit.or(known.exit), failed: failed || known.failed, ..known }
}

fn head_of(raw: Option<&RawValue>) -> Head {
    head(&json::head(raw, HEADER).map_or(Cow::Borrowed(""), Cow::Owned))
}

/// Reads the header of an output. There may be two, one of the shell and one of the tool that was called in it.
fn head(output: &str) -> Head {
    let mut found = Head::default();
    for _ in 0..2 {
        let rest = &output[found.length..];
        let Some(header) = Header::of(rest) else { break };
        found.length += header.length;
        found.exit = header.exit.or(found.exit);
        found.running = header.running.or(found.running);
        found.failed |= header.failed;
    }
    let rest = &output[found.length..];
    found.failed |= FAILURES.iter().any(|words| rest.starts_with(words));
    found
}

/// `Chunk ID: …`, `Wall time: …`, `Process exited with code N`, `Exit code: N`, `Total output lines: N`, `Output:`, a line each.
/// Of a program `Script completed`, `Wall time …`, `Output:`.
struct Header {
    length: usize,
    exit: Option<i64>,
    running: Option<String>,
    failed: bool,
}

impl Header {
    fn of(text: &str) -> Option<Self> {
        let mut header = Self { length: 0, exit: None, running: None, failed: false };
        let mut wall_time = false;
        for line in text.split_inclusive('\n').take(8) {
            let said = line.trim_end();
            if let Some(code) = said.strip_prefix("Process exited with code ").or(said.strip_prefix("Exit code: ")) {
                header.exit = code.parse().ok();
            } else if let Some(session) = said.strip_prefix("Process running with session ID ") {
                header.running = Some(text::line(text::prefix(session, 40)).into_owned());
            } else if said.starts_with("Wall time: ") || (header.length > 0 && said.starts_with("Wall time ")) {
                wall_time = true;
            } else if header.length == 0 && said == "Script failed" {
                header.failed = true;
            } else if let Some(cell) = said.strip_prefix("Script running with cell ID ") {
                header.running = Some(text::line(text::prefix(cell, 40)).into_owned());
            } else if header.length == 0 && said.starts_with("Script ") {
                // Completed, or ended from outside.
            } else if said == "Output:" {
                header.length += line.len();
                return wall_time.then_some(header);
            } else if !["Chunk ID: ", "Original token count: ", "Total output lines: "]
                .iter()
                .any(|known| said.starts_with(known))
            {
                // No `Output:`: a command that was stopped says so right behind its time.
                return (wall_time && header.length > 0).then_some(header);
            }
            header.length += line.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{is_error, read};

    fn of(json: &str) -> (String, bool) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let (text, failed) = read(Some(raw));
        assert_eq!(is_error(Some(raw)), failed, "{json}");
        (text.kept, failed)
    }

    #[test]
    fn the_exit_code_of_a_header_decides_and_the_header_goes() {
        let ok = r#""Chunk ID: 42c9b9\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 2\nOutput:\none\ntwo\n""#;
        assert_eq!(of(ok), ("one\ntwo\n".to_owned(), false));
        let failed = ok.replace("code 0", "code 3");
        assert_eq!(of(&failed), ("exit code 3\none\ntwo\n".to_owned(), true));
        let older = r#""Exit code: 101\nWall time: 2.1 seconds\nTotal output lines: 1\nOutput:\nerror[E0382]""#;
        assert_eq!(of(older), ("exit code 101\nerror[E0382]".to_owned(), true));
    }

    #[test]
    fn a_patch_in_a_shell_has_two_headers() {
        let patch =
            r#""Wall time: 0.0000 seconds\nOutput:\nExit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.\nA a.txt\n""#;
        assert_eq!(of(patch), ("Success.\nA a.txt\n".to_owned(), false));
        assert!(of(&patch.replace("Exit code: 0", "Exit code: 1")).1);
    }

    #[test]
    fn a_command_that_goes_on_is_no_failure_and_one_that_was_stopped_is() {
        let running = r#""Chunk ID: 4\nWall time: 1.0011 seconds\nProcess running with session ID 21333\nOriginal token count: 1\nOutput:\n1\n2\n""#;
        assert_eq!(of(running), ("still running as session 21333\n1\n2\n".to_owned(), false));
        assert_eq!(of(r#""Wall time: 28.3 seconds\naborted by user""#), ("aborted by user".to_owned(), true));
    }

    #[test]
    fn calls_that_were_not_carried_out_are_told_by_their_words() {
        for said in [
            "unsupported call: update_plan",
            "failed to parse function arguments: expected ident",
            "apply_patch verification failed: Failed to read file",
            "Command blocked by PreToolUse hook: not now. Command: git push",
            "exec command rejected by user",
        ] {
            assert!(of(&format!("{said:?}")).1, "{said}");
        }
        assert!(!of(r#""all 12 tests pass; error: none""#).1);
        assert!(!of(r#""Wall time: soon""#).1);
    }

    #[test]
    fn a_program_that_failed_is_an_error_whatever_it_ran() {
        let parts = r#"[{"type":"input_text","text":"Script failed\nWall time 0.0 seconds\nOutput:\n"},{"type":"input_text","text":"Script error:\nError: bad"}]"#;
        assert_eq!(of(parts), ("Script error:\nError: bad".to_owned(), true));
        assert_eq!(of(&parts.replace("failed", "completed")), ("Script error:\nError: bad".to_owned(), false));
        let running = r#""Script running with cell ID 7\nWall time 1.0 seconds\nOutput:\nhalf""#;
        assert_eq!(of(running), ("still running as session 7\nhalf".to_owned(), false));
        assert_eq!(of(r#""Script kiddies\nare here""#).0, "Script kiddies\nare here");
    }

    #[test]
    fn json_in_a_string_is_unwrapped() {
        let wrapped = r#""{\"output\":\"no such file\\n\",\"metadata\":{\"exit_code\":2,\"duration_seconds\":0.1}}""#;
        assert_eq!(of(wrapped), ("exit code 2\nno such file\n".to_owned(), true));
        assert_eq!(of(&wrapped.replace(":2,", ":0,")), ("no such file\n".to_owned(), false));
        // A tool's own answer may be JSON as well.
        let own = r#""{\"output\":{\"files\":3}}""#;
        assert_eq!(of(own), ("{\"output\":{\"files\":3}}".to_owned(), false));
        assert_eq!(of(r#"{"content":"denied","success":false}"#), ("denied".to_owned(), true));
        assert_eq!(of(r#"{"content":"fine","success":true}"#), ("fine".to_owned(), false));
    }

    #[test]
    fn parts_are_read_one_below_the_other_and_images_are_named_with_their_size() {
        let parts = r#"[{"type":"input_text","text":"Wall time: 1 seconds\nProcess exited with code 1\nOutput:\nbad"},{"type":"input_image","image_url":"data:image/png;base64,AAAAAAAA"},{"type":"hologram"},7]"#;
        assert_eq!(of(parts), ("exit code 1\nbad\n[image image/png, 1 kB]\n[hologram]\n".to_owned(), true));
    }

    #[test]
    fn what_is_no_output_is_shown_as_it_stands() {
        assert_eq!(of("null"), ("null".to_owned(), false));
        assert_eq!(of("17"), ("17".to_owned(), false));
        assert_eq!(read(None).0.bytes, 0);
    }
}
