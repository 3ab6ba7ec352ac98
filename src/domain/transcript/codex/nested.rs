//! Calls that a program of the model's made. Newer models do not call tools one by one but write a program that does; what
//! it ran is written down as completed items alone, which otherwise repeat what is known.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::call;
use super::record::Event;
use crate::domain::transcript::digest::LABEL;
use crate::domain::transcript::json::{self, Gather, Members};
use crate::domain::transcript::{Body, Text};

/// How the ids of such calls begin; all others have the id of the call that they repeat.
const OF_PROGRAM: &str = "exec-";

/// A call that a program made, with its answer.
#[derive(Debug)]
pub(super) struct Nested<'a> {
    id: String,
    pub name: String,
    pub summary: String,
    pub is_error: bool,
    item: Item<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    // Of commands.
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    aggregated_output: Option<&'a RawValue>,
    #[serde(borrow)]
    exit_code: Option<&'a RawValue>,
    // Of changes to files.
    #[serde(borrow)]
    changes: Option<&'a RawValue>,
    #[serde(borrow)]
    stdout: Option<&'a RawValue>,
    #[serde(borrow)]
    stderr: Option<&'a RawValue>,
    // Of tools of MCP servers.
    #[serde(borrow)]
    server: Option<&'a RawValue>,
    #[serde(borrow)]
    tool: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    // Of images.
    #[serde(borrow)]
    path: Option<&'a RawValue>,
}

/// What happened to a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Change<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    unified_diff: Option<&'a RawValue>,
}

impl<'a> Nested<'a> {
    /// The call that an `item_completed` tells of; `None` where it repeats one.
    pub(super) fn of(event: &Event<'a>) -> Option<Self> {
        let item: Item<'a> = json::fields(event.item);
        let id = json::head(item.id, LABEL).filter(|id| id.starts_with(OF_PROGRAM))?;
        let status = json::string(item.status).unwrap_or_default();
        let failed = matches!(status.as_ref(), "failed" | "declined");
        let exit = exit(&item);
        let (name, summary) = match json::string(item.kind)?.as_ref() {
            "CommandExecution" => {
                let command = item.command.and_then(call::command).unwrap_or_default();
                ("exec_command".to_owned(), call::shell(&command))
            }
            "FileChange" => {
                ("apply_patch".to_owned(), call::joined(changes(&item).map(|(file, verb, _)| format!("{verb} {file}"))))
            }
            "McpToolCall" => {
                let part = |raw| json::head(raw, LABEL).unwrap_or_default();
                let name = format!("mcp__{}__{}", part(item.server), part(item.tool));
                (call::first_line(&name), item.arguments.map(|raw| call::of_json(raw, None)).unwrap_or_default())
            }
            "ImageView" => {
                ("view_image".to_owned(), call::first_line(&json::head(item.path, LABEL).unwrap_or_default()))
            }
            _ => return None,
        };
        Some(Self { id, name, summary, is_error: failed || exit.is_some_and(|code| code != 0), item })
    }

    /// The call and its answer for the screen.
    pub(super) fn bodies(&self) -> Vec<Body> {
        let call = Body::Call {
            id: self.id.clone(),
            name: self.name.clone(),
            summary: self.summary.clone(),
            input: self.input(),
            detail: None,
        };
        vec![call, Body::answer(self.id.clone(), self.is_error, self.output())]
    }

    fn input(&self) -> Text {
        let mut gather = Gather::default();
        if let Some(command) = self.item.command.and_then(call::command) {
            gather.push(&command);
        }
        for (file, verb, change) in changes(&self.item) {
            gather.separate();
            gather.push(&format!("{verb} {file}\n"));
            if let Some(diff) = change.unified_diff {
                gather.push_json(diff);
            } else if let Some(content) = change.content {
                gather.push_json(content);
            }
        }
        match self.item.arguments {
            Some(arguments) => call::arguments(arguments),
            None => gather.finish(),
        }
    }

    fn output(&self) -> Text {
        let mut gather = Gather::default();
        if let Some(code) = exit(&self.item).filter(|code| *code != 0) {
            gather.push(&format!("exit code {code}\n"));
        }
        let item = &self.item;
        for part in [item.aggregated_output, item.stdout, item.stderr, item.error, item.result].into_iter().flatten() {
            if !matches!(part.get(), "null" | "\"\"") {
                gather.separate();
                gather.push_json(part);
            }
        }
        gather.finish()
    }
}

fn exit(item: &Item<'_>) -> Option<i64> {
    item.exit_code?.get().parse().ok()
}

/// Files that were changed, each with what was done to it.
fn changes<'a>(item: &Item<'a>) -> impl Iterator<Item = (String, String, Change<'a>)> + use<'a> {
    let Members(files) = json::fields(item.changes);
    files.into_iter().map(|(file, change)| {
        let change: Change<'a> = json::fields(Some(change));
        let verb = json::head(change.kind, 20).unwrap_or_else(|| "change".to_owned());
        (file.into_owned(), verb, change)
    })
}

#[cfg(test)]
mod tests {
    use super::Nested;
    use crate::domain::transcript::Body;
    use crate::domain::transcript::codex::record::Event;

    /// Name, summary, input, whether it failed, output.
    fn of(item: &str) -> Option<(String, String, String, bool, String)> {
        let event = format!(r#"{{"type":"item_completed","item":{item}}}"#);
        let event: Event<'_> = serde_json::from_str(&event).unwrap();
        let bodies = Nested::of(&event)?.bodies();
        let [Body::Call { name, summary, input, .. }, Body::Result { is_error, output, .. }] = &bodies[..] else {
            panic!()
        };
        Some((name.clone(), summary.clone(), input.kept.clone(), *is_error, output.kept.clone()))
    }

    #[test]
    fn commands_and_changes_of_a_program_are_calls_of_their_own() {
        let ran = r#"{"type":"CommandExecution","id":"exec-1","command":["/bin/bash","-lc","echo hi; exit 3"],"status":"failed","aggregated_output":"hi\n","exit_code":3}"#;
        let (name, summary, input, is_error, output) = of(ran).unwrap();
        assert_eq!(
            (name.as_str(), summary.as_str(), input.as_str()),
            ("exec_command", "echo hi; exit 3", "echo hi; exit 3")
        );
        assert_eq!((is_error, output.as_str()), (true, "exit code 3\nhi\n"));
        let changed = r#"{"type":"FileChange","id":"exec-2","changes":{"/p/b.txt":{"type":"add","content":"x\n"},"/p/a.rs":{"type":"update","unified_diff":"@@ -1 +1 @@\n-a\n+b\n"}},"status":"completed","stdout":"Success.\n","stderr":""}"#;
        let (name, summary, input, is_error, output) = of(changed).unwrap();
        assert_eq!((name.as_str(), summary.as_str()), ("apply_patch", "add /p/b.txt, update /p/a.rs"));
        assert_eq!(input, "add /p/b.txt\nx\nupdate /p/a.rs\n@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!((is_error, output.as_str()), (false, "Success.\n"));
        let served = r#"{"type":"McpToolCall","id":"exec-3","server":"tracker","tool":"create","arguments":{"query":"x"},"status":"failed","result":null,"error":{"message":"no"}}"#;
        let (name, summary, _, is_error, output) = of(served).unwrap();
        assert_eq!((name.as_str(), summary.as_str(), is_error), ("mcp__tracker__create", "x", true));
        assert_eq!(output, "{\"message\":\"no\"}");
    }

    #[test]
    fn what_repeats_a_call_is_none() {
        assert!(of(r#"{"type":"CommandExecution","id":"call_1","command":["ls"],"status":"completed"}"#).is_none());
        assert!(of(r#"{"type":"AgentMessage","id":"exec-1"}"#).is_none());
        assert!(of("[]").is_none());
        assert!(of(r#"{"type":"FileChange","id":"exec-1","changes":[1],"status":7}"#).is_some());
    }
}
