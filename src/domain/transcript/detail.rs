//! What is known of a tool call beyond its input as text.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::patch::Patch;
use super::todo::{self, TodoItem};
use super::{Text, json};
use crate::domain::redact::Redactor;

/// Bytes of a text that is compared with another.
const COMPARED: usize = 256 * 1024;

/// Bytes kept of a command line.
const COMMAND: usize = 16 * 1024;

/// What is known of a tool call beyond its input as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// It changes files.
    Patch(Patch),
    /// It writes a to-do list, or an item of one.
    Todo(Vec<TodoItem>),
    /// It proposes a plan, in Markdown.
    Plan(Text),
    /// It runs a command line: all of it, where the input in one line has its first line.
    Run(String),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Input<'a> {
    #[serde(borrow)]
    file_path: Option<&'a RawValue>,
    #[serde(borrow)]
    notebook_path: Option<&'a RawValue>,
    #[serde(borrow)]
    old_string: Option<&'a RawValue>,
    #[serde(borrow)]
    new_string: Option<&'a RawValue>,
    #[serde(borrow)]
    new_source: Option<&'a RawValue>,
    #[serde(borrow)]
    edit_mode: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    edits: Option<&'a RawValue>,
    #[serde(borrow)]
    plan: Option<&'a RawValue>,
    #[serde(borrow, rename = "input")]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    patch: Option<&'a RawValue>,
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    cmd: Option<&'a RawValue>,
}

impl Detail {
    /// What the input of a call says, by the tool's name as Claude Code or Codex has it; `None` where it is only text.
    ///
    /// The input of `apply_patch` may be a string, as Codex's custom tools have it, or an object with the text in it.
    pub(crate) fn of_call(tool: &str, input: Option<&RawValue>) -> Option<Box<Self>> {
        let detail = match tool {
            "Edit" | "Write" | "MultiEdit" | "NotebookEdit" => edit(tool, &json::fields(input)).map(Self::Patch),
            "apply_patch" => {
                let fields: Input<'_> = json::fields(input);
                let text = [input, fields.text, fields.patch].into_iter().find_map(json::string)?;
                Patch::apply_patch(&text).map(Self::Patch)
            }
            "ExitPlanMode" | "exit_plan_mode" => {
                let fields: Input<'_> = json::fields(input);
                let mut plan = json::Gather::default();
                plan.push_json(fields.plan.filter(|raw| raw.get().starts_with('"'))?);
                Some(Self::Plan(plan.finish())).filter(|detail| !matches!(detail, Self::Plan(text) if text.bytes == 0))
            }
            "TodoWrite" | "TaskCreate" | "TaskUpdate" | "update_plan" => todo::of_call(tool, input).map(Self::Todo),
            // Claude Code, OpenCode and Copilot; Codex in its versions; Gemini.
            "Bash" | "bash" | "exec_command" | "shell" | "local_shell" | "shell_command" | "run_shell_command" => {
                let fields: Input<'_> = json::fields(input);
                fields.command.or(fields.cmd).and_then(command).map(Self::Run)
            }
            _ => None,
        };
        detail.map(Box::new)
    }

    /// The same with every secret in it hidden.
    #[must_use]
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Patch(patch) => Self::Patch(patch.redacted(redactor)),
            Self::Plan(text) => Self::Plan(text.redacted(redactor)),
            Self::Run(command) => Self::Run(redactor.redact(&command).into_owned()),
            Self::Todo(items) => Self::Todo(
                items
                    .into_iter()
                    .map(|item| TodoItem { text: redactor.redact(&item.text).into_owned(), ..item })
                    .collect(),
            ),
        }
    }
}

/// A command line: a text, or words of which a shell's `-c` is left away.
fn command(raw: &RawValue) -> Option<String> {
    if raw.get().starts_with('"') {
        return json::head(Some(raw), COMMAND).filter(|command| !command.trim().is_empty());
    }
    let words: Vec<String> =
        json::elements::<&RawValue>(Some(raw)).into_iter().filter_map(|word| json::head(Some(word), COMMAND)).collect();
    match &words[..] {
        [] => None,
        [shell, flag, line] if shell.ends_with("sh") && flag.starts_with('-') && flag.ends_with('c') => {
            Some(line.clone())
        }
        words => Some(words.join(" ")),
    }
}

fn edit(tool: &str, input: &Input<'_>) -> Option<Patch> {
    let head = |raw| json::head(raw, COMPARED);
    let path = json::string(input.file_path.or(input.notebook_path)).unwrap_or_default();
    match tool {
        "Write" => Some(Patch::written(&path, &json::string(input.content)?)),
        "NotebookEdit" => {
            // The source that the cell has is not in the call.
            let added = head(input.new_source).unwrap_or_default();
            let deletes = json::string(input.edit_mode).as_deref() == Some("delete");
            (!deletes && !added.is_empty()).then(|| Patch::between(&path, [("", added.as_str())]))
        }
        "MultiEdit" => {
            let edits = json::elements::<&RawValue>(input.edits).into_iter().filter_map(|edit| {
                let one: Input<'_> = json::fields(Some(edit));
                head(one.old_string).zip(head(one.new_string))
            });
            let edits: Vec<(String, String)> = edits.collect();
            let edits = edits.iter().map(|(old, new)| (old.as_str(), new.as_str()));
            (edits.len() > 0).then(|| Patch::between(&path, edits))
        }
        _ => {
            let (old, new) = (head(input.old_string)?, head(input.new_string)?);
            Some(Patch::between(&path, [(old.as_str(), new.as_str())]))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::Detail;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn counts(tool: &str, json: &str) -> Option<(u64, u64)> {
        match Detail::of_call(tool, Some(raw(json))).as_deref() {
            Some(Detail::Patch(patch)) => Some(patch.counts()),
            _ => None,
        }
    }

    #[test]
    fn every_tool_that_edits_has_a_patch() {
        assert_eq!(counts("Edit", r#"{"file_path":"/a","old_string":"x\ny","new_string":"x\nz\nw"}"#), Some((2, 1)));
        assert_eq!(counts("Write", r#"{"file_path":"/a","content":"1\n2\n"}"#), Some((2, 0)));
        let many = r#"{"file_path":"/a","edits":[{"old_string":"a","new_string":"b"},{"old_string":"c","new_string":"d\ne"},3]}"#;
        assert_eq!(counts("MultiEdit", many), Some((3, 2)));
        assert_eq!(counts("NotebookEdit", r#"{"notebook_path":"/n","new_source":"x = 1"}"#), Some((1, 0)));
        let patch = r#""*** Begin Patch\n*** Add File: a\n+x\n*** End Patch""#;
        assert_eq!(counts("apply_patch", patch), Some((1, 0)));
        assert_eq!(counts("apply_patch", &format!(r#"{{"input":{patch}}}"#)), Some((1, 0)));
    }

    #[test]
    fn several_edits_of_one_file_are_one_file() {
        let many =
            r#"{"file_path":"/a","edits":[{"old_string":"a","new_string":"b"},{"old_string":"c","new_string":"d"}]}"#;
        let detail = Detail::of_call("MultiEdit", Some(raw(many)));
        assert!(
            matches!(detail.as_deref(), Some(Detail::Patch(patch)) if patch.files.len() == 1 && patch.files[0].hunks.len() == 2)
        );
    }

    #[test]
    fn an_input_of_another_shape_is_only_text() {
        for (tool, json) in [
            ("Edit", r#"{"file_path":"/a","old_string":1}"#),
            ("Write", "{}"),
            ("MultiEdit", r#"{"edits":"x"}"#),
            ("apply_patch", r#"{"cmd":"x"}"#),
            ("ExitPlanMode", r#"{"plan":7}"#),
            ("ExitPlanMode", "{}"),
            ("Bash", r#"{"old_string":"a","new_string":"b"}"#),
        ] {
            assert_eq!(Detail::of_call(tool, Some(raw(json))), None, "{tool} {json}");
        }
    }

    #[test]
    fn a_command_is_all_of_its_lines_and_the_shell_around_it_is_left_away() {
        let run = |tool: &str, json: &str| match Detail::of_call(tool, Some(raw(json))).as_deref() {
            Some(Detail::Run(command)) => Some(command.clone()),
            _ => None,
        };
        assert_eq!(run("Bash", r#"{"command":"cd a\ncargo test"}"#).as_deref(), Some("cd a\ncargo test"));
        assert_eq!(run("exec_command", r#"{"cmd":"make","workdir":"/a"}"#).as_deref(), Some("make"));
        assert_eq!(run("shell", r#"{"command":["bash","-lc","make test"]}"#).as_deref(), Some("make test"));
        assert_eq!(run("shell", r#"{"command":["git","push"]}"#).as_deref(), Some("git push"));
        assert_eq!(run("Bash", r#"{"command":7}"#), None);
        assert_eq!(run("Bash", r#"{"command":" "}"#), None);
        assert_eq!(run("Read", r#"{"command":"ls"}"#), None);
    }

    #[test]
    fn a_plan_is_its_text() {
        let detail = Detail::of_call("ExitPlanMode", Some(raw(r##"{"plan":"# Plan\n- a"}"##)));
        assert!(matches!(detail.as_deref(), Some(Detail::Plan(text)) if text.kept == "# Plan\n- a"));
    }
}
