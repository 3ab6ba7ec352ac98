//! Messages: what was typed, told from what the program put there in the user's name.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::output::image;
use super::record::Item;
use crate::domain::text;
use crate::domain::transcript::Text;
use crate::domain::transcript::json::{self, Gather};

/// Bytes of a part that tell what it is.
const HEAD: usize = 200;

/// What a message in the user's name holds.
#[derive(Debug, Default)]
pub(super) struct FromUser {
    /// What was typed; empty when nothing was.
    pub typed: Text,
    /// What the program put there, each in a few words.
    pub injected: Vec<String>,
    /// A command that the user ran in the program's own shell.
    pub ran: Option<String>,
}

/// One part of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
}

/// Names of elements that the program wraps its own words in, in the user's name.
const WRAPPED: &[&str] = &[
    "INSTRUCTIONS",
    "app-context",
    "apps_instructions",
    "collaboration_mode",
    "environment_context",
    "goal_context",
    "hook_prompt",
    "model_switch",
    "multi_agent_mode",
    "permissions instructions",
    "personality_spec",
    "plugins_instructions",
    "realtime_conversation",
    "recommended_plugins",
    "skill",
    "skills_instructions",
    "subagent_notification",
    "tools",
    "user_instructions",
];

/// Tells the model what an event tells, too.
const ABORTED: &str = "<turn_aborted>";

/// How other words of the program's begin.
const WORDS: &[&str] = &["# AGENTS.md instructions", "Another language model started to solve this problem"];

/// The parts of a message. One that is no part is lost alone; content that is a string is one part.
fn parts(content: Option<&RawValue>) -> Vec<Part<'_>> {
    match content {
        Some(raw) if raw.get().starts_with('"') => vec![Part { text: content, ..Part::default() }],
        _ => json::elements::<&RawValue>(content).into_iter().map(|raw| json::fields(Some(raw))).collect(),
    }
}

/// All the text of a message that is not the user's.
pub(super) fn text_of(content: Option<&RawValue>) -> Text {
    let mut gather = Gather::default();
    for part in parts(content) {
        gather.separate();
        push(&mut gather, &part);
    }
    gather.finish()
}

/// The first words of a message that is not the user's.
pub(super) fn head_of(content: Option<&RawValue>, bytes: usize) -> String {
    parts(content).iter().find_map(|part| json::head(part.text.or(part.refusal), bytes)).unwrap_or_default()
}

/// What the program told the model, each part in a few words: `permissions instructions, 2 kB`.
pub(super) fn injected(content: Option<&RawValue>) -> Vec<String> {
    let is_event = |part: &Part<'_>| json::head(part.text, HEAD).is_some_and(|head| head.starts_with(ABORTED));
    parts(content).iter().filter(|part| !is_event(part)).map(in_short).collect()
}

/// Reads a message in the user's name. Newer versions say of each part who wrote it.
pub(super) fn from_user(item: &Item<'_>) -> FromUser {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Metadata<'a> {
        #[serde(borrow)]
        content_item_metadata: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct OfPart<'a> {
        #[serde(borrow)]
        provenance: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Provenance<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<&'a RawValue>,
    }
    let metadata: Metadata<'_> = json::fields(item.metadata);
    let said: Vec<&RawValue> = json::elements(metadata.content_item_metadata);
    let by_user = |at: usize| {
        let of_part: OfPart<'_> = json::fields(said.get(at).copied());
        let provenance: Provenance<'_> = json::fields(of_part.provenance);
        json::string(provenance.kind).map(|kind| kind == "user")
    };
    let mut found = FromUser::default();
    let mut typed = Gather::default();
    for (at, part) in parts(item.content).iter().enumerate() {
        let head = json::head(part.text, HEAD).unwrap_or_default();
        let head = head.trim_start();
        if head.starts_with("<user_shell_command>") {
            let whole = json::head(part.text, 4 * HEAD).unwrap_or_default();
            found.ran = Some(command(&whole));
        } else if head.starts_with(ABORTED) || head.starts_with("<image") || head.starts_with("</image>") {
            // An event tells of the one; the others stand around an image.
        } else if by_user(at).unwrap_or_else(|| !is_injected(head)) {
            typed.separate();
            push(&mut typed, part);
        } else {
            found.injected.push(in_short(part));
        }
    }
    found.typed = typed.finish();
    found
}

fn push(gather: &mut Gather, part: &Part<'_>) {
    match (part.text.or(part.refusal), part.image_url) {
        (Some(text), _) => gather.push_json(text),
        (None, Some(url)) => gather.push(&image(url)),
        (None, None) => {
            let kind = json::head(part.kind, 60).unwrap_or_default();
            if !kind.is_empty() {
                gather.push(&format!("[{}]", text::line(kind.trim_start_matches("input_"))));
            }
        }
    }
}

fn is_injected(head: &str) -> bool {
    element(head).is_some_and(|name| WRAPPED.contains(&name)) || WORDS.iter().any(|words| head.starts_with(words))
}

/// The name of the element that a text begins with.
fn element(head: &str) -> Option<&str> {
    let (name, _) = head.strip_prefix('<')?.split_once('>')?;
    Some(name.trim())
}

/// A part in a few words: what it is called, else how it begins, and its size.
fn in_short(part: &Part<'_>) -> String {
    let head = json::head(part.text, HEAD).unwrap_or_default();
    let head = head.trim_start();
    let bytes = part.text.map_or(0, |text| text.get().len());
    let name = match element(head) {
        // What it says matters more than that it says so.
        Some("subagent_notification") => head.lines().nth(1).unwrap_or("subagent_notification"),
        Some(name) => name,
        None => head.lines().next().unwrap_or_default(),
    };
    let name = text::line(text::prefix(name, 120)).into_owned();
    if bytes < 1_000 { name } else { format!("{name}, {} kB", bytes.div_ceil(1_000)) }
}

/// The command of a `<user_shell_command>`.
fn command(text: &str) -> String {
    let inside = text.split_once("<command>").map_or(text, |(_, rest)| rest);
    inside.split_once("</command>").map_or(inside, |(command, _)| command).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{FromUser, from_user, injected, text_of};
    use crate::domain::transcript::codex::record::Item;

    fn of(json: &str) -> FromUser {
        from_user(&serde_json::from_str::<Item<'_>>(json).unwrap())
    }

    #[test]
    fn instructions_and_surroundings_are_told_from_what_was_typed() {
        let first = of(
            r##"{"content":[{"type":"input_text","text":"# AGENTS.md instructions for /p\n\n<INSTRUCTIONS>\nx"},{"type":"input_text","text":"<environment_context>\n  <cwd>/p</cwd>"}]}"##,
        );
        assert_eq!(first.typed.bytes, 0);
        assert_eq!(first.injected, ["# AGENTS.md instructions for /p", "environment_context"]);
        let typed = of(
            r#"{"content":[{"type":"input_text","text":"<b>bold</b>\nmove"},{"type":"input_text","text":"<image name=[Image #1]>"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"},{"type":"input_text","text":"</image>"}]}"#,
        );
        assert_eq!(typed.typed.kept, "<b>bold</b>\nmove\n[image image/png, 1 kB]");
        assert!(typed.injected.is_empty());
        assert_eq!(of(r#"{"content":"just words"}"#).typed.kept, "just words");
    }

    #[test]
    fn who_wrote_a_part_is_believed_when_it_is_recorded() {
        let json = r#"{"content":[{"type":"input_text","text":"<tools> is what I mean"},{"type":"input_text","text":"brand new words"}],"internal_chat_message_metadata_passthrough":{"content_item_metadata":[{"provenance":{"type":"user"}},{"provenance":{"type":"harness","hook":false}}]}}"#;
        let found = of(json);
        assert_eq!((found.typed.kept.as_str(), found.injected.len()), ("<tools> is what I mean", 1));
    }

    #[test]
    fn a_command_of_the_users_own_is_no_prompt() {
        let found = of(
            r#"{"content":[{"type":"input_text","text":"<user_shell_command>\n<command>\ngit status\n</command>\n<result>…"}]}"#,
        );
        assert_eq!((found.ran.as_deref(), found.typed.bytes), (Some("git status"), 0));
    }

    #[test]
    fn parts_that_are_none_cost_nothing_else() {
        assert_eq!(of(r#"{"content":[17,{"text":5},{"type":"input_text","text":"still"}]}"#).typed.kept, "5\nstill");
        let raw = serde_json::from_str(r#"[{"text":"a"},{"refusal":"no"}]"#).unwrap();
        assert_eq!(text_of(Some(raw)).kept, "a\nno");
        let long = format!(r#"[{{"text":"<tools>{}"}}]"#, "x".repeat(3_000));
        assert_eq!(injected(Some(serde_json::from_str(&long).unwrap())), ["tools, 4 kB"]);
    }
}
