//! Tool calls of Codex: what they are called, in one line, and their input for reading.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::record::Item;
use crate::domain::text;
use crate::domain::transcript::digest::LABEL;
use crate::domain::transcript::json::{self, Gather, Members};
use crate::domain::transcript::{Body, Detail, Text, call};

/// Bytes of a value that go into a summary, before it is made one line.
const SUMMARY: usize = 400;

/// A tool call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The id that the answer names; empty for none.
    pub id: String,
    /// The tool's name; a tool of an MCP server has the server's before it.
    pub name: String,
    /// Its answer is a record of its own.
    pub is_answered: bool,
    input: Input<'a>,
}

/// What a tool was called with.
#[derive(Debug)]
enum Input<'a> {
    /// JSON in a string.
    Written(Cow<'a, str>),
    /// JSON as it stands.
    Json(&'a RawValue),
    /// Text that is none: a patch, a program.
    Text(&'a RawValue),
    Nothing,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments<'a> {
    #[serde(borrow)]
    cmd: Option<&'a RawValue>,
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    plan: Option<&'a RawValue>,
    #[serde(borrow)]
    explanation: Option<&'a RawValue>,
    #[serde(borrow)]
    questions: Option<&'a RawValue>,
    #[serde(borrow)]
    queries: Option<&'a RawValue>,
}

/// A step of a plan, or a question.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow)]
    step: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    question: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    /// The call that an item is; `None` for other items.
    pub(super) fn of(item: &Item<'a>, kind: &str) -> Option<Self> {
        let (fallback, input) = match kind {
            "function_call" => ("function", written(item.arguments)),
            "custom_tool_call" => ("custom tool", item.input.map_or(Input::Nothing, Input::Text)),
            "local_shell_call" => ("local_shell", json_of(item.action)),
            "tool_search_call" => ("tool_search", json_of(item.arguments)),
            "web_search_call" => ("web_search", json_of(item.action)),
            "image_generation_call" => ("image_generation", json_of(item.revised_prompt)),
            _ => return None,
        };
        let id = json::head(item.call_id, LABEL).or_else(|| json::head(item.id, LABEL)).unwrap_or_default();
        let name = json::head(item.name, SUMMARY).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| fallback.to_owned());
        let server = json::head(item.namespace, SUMMARY).filter(|space| space.starts_with("mcp__"));
        let name = match server {
            Some(server) if !name.starts_with(&server) => format!("{}__{name}", server.trim_end_matches('_')),
            _ => name,
        };
        let is_answered = item.call_id.is_some() && !matches!(kind, "web_search_call" | "image_generation_call");
        Some(Self { id, name: text::line(text::prefix(&name, 120)).into_owned(), is_answered, input })
    }

    /// The call for the screen.
    pub(super) fn body(&self, cwd: Option<&str>) -> Body {
        let detail = match &self.input {
            Input::Nothing => None,
            Input::Text(raw) | Input::Json(raw) => Detail::of_call(&self.name, Some(raw)),
            Input::Written(text) => {
                serde_json::from_str::<&RawValue>(text).ok().and_then(|raw| Detail::of_call(&self.name, Some(raw)))
            }
        };
        let (id, name) = (self.id.clone(), self.name.clone());
        Body::Call { id, name, summary: self.summary(cwd), input: self.text(), detail }
    }

    /// The input in one clean line: the command, the files, the question, what is being done of a plan.
    pub(super) fn summary(&self, cwd: Option<&str>) -> String {
        let raw = match &self.input {
            Input::Nothing => return String::new(),
            Input::Text(raw) => {
                let head = json::head(Some(raw), 64 * SUMMARY).unwrap_or_default();
                return files(&head).unwrap_or_else(|| first_line(&head));
            }
            Input::Written(text) => match serde_json::from_str::<&RawValue>(text) {
                Ok(raw) => raw,
                Err(_) => return first_line(text),
            },
            Input::Json(raw) => raw,
        };
        of_json(raw, cwd)
    }

    fn text(&self) -> Text {
        match &self.input {
            Input::Nothing => Text::default(),
            Input::Text(raw) => {
                let mut gather = Gather::default();
                gather.push_json(raw);
                gather.finish()
            }
            Input::Written(text) => match serde_json::from_str::<&RawValue>(text) {
                Ok(raw) => arguments(raw),
                Err(_) => Text::of(text),
            },
            Input::Json(raw) => arguments(raw),
        }
    }
}

/// JSON that a tool was called with in one line, by what tells most.
pub(super) fn of_json(raw: &RawValue, cwd: Option<&str>) -> String {
    if let Some(said) = json::head(Some(raw), SUMMARY) {
        return first_line(&said);
    }
    let arguments: Arguments<'_> = json::fields(Some(raw));
    if let Some(command) = arguments.cmd.or(arguments.command).and_then(command) {
        return shell(&command);
    }
    if let Some(patch) = arguments.input.and_then(|input| json::head(Some(input), 64 * SUMMARY)) {
        return files(&patch).unwrap_or_else(|| first_line(&patch));
    }
    if let Some(plan) = arguments.plan {
        return progress(plan);
    }
    let questions: Vec<&RawValue> = json::elements(arguments.questions);
    let question: Part<'_> = json::fields(questions.first().copied());
    if let Some(question) = json::head(question.question, SUMMARY) {
        return first_line(&question);
    }
    let queries: Vec<&RawValue> = json::elements(arguments.queries);
    if let Some(query) = queries.first().and_then(|query| json::head(Some(query), SUMMARY)) {
        return first_line(&query);
    }
    let Members(members) = json::fields(Some(raw));
    let telling = ["message", "query", "url", "pattern", "path", "file_path", "dir_path", "uri", "chars", "target"];
    let value = telling.iter().find_map(|name| members.iter().find(|(key, _)| key == name));
    match value.and_then(|(_, value)| json::head(Some(value), SUMMARY)) {
        Some(value) if !value.trim().is_empty() => first_line(call::below(&value, cwd)),
        _ => text::line(text::prefix(raw.get(), SUMMARY)).into_owned(),
    }
}

fn written(raw: Option<&RawValue>) -> Input<'_> {
    match (json::string(raw), raw) {
        (Some(text), _) if text.is_empty() => Input::Nothing,
        (Some(text), _) => Input::Written(text),
        (None, raw) => json_of(raw),
    }
}

fn json_of(raw: Option<&RawValue>) -> Input<'_> {
    raw.map_or(Input::Nothing, Input::Json)
}

/// A plan as a list, everything else as `key: value` lines.
pub(super) fn arguments(raw: &RawValue) -> Text {
    let known: Arguments<'_> = json::fields(Some(raw));
    let steps: Vec<&RawValue> = json::elements(known.plan);
    if steps.is_empty() {
        return call::input(Some(raw));
    }
    let mut gather = Gather::default();
    if let Some(explanation) = known.explanation.filter(|raw| raw.get().len() > 2) {
        gather.push_json(explanation);
    }
    for step in steps {
        let step: Part<'_> = json::fields(Some(step));
        let mark = match json::string(step.status).as_deref() {
            Some("completed") => "[x]",
            Some("in_progress") => "[>]",
            _ => "[ ]",
        };
        gather.separate();
        gather.push(&format!("{mark} {}", json::string(step.step).unwrap_or_default()));
    }
    gather.finish()
}

/// `1 of 3 done: what is being done`.
fn progress(plan: &RawValue) -> String {
    let steps: Vec<&RawValue> = json::elements(Some(plan));
    let steps: Vec<Part<'_>> = steps.into_iter().map(|step| json::fields(Some(step))).collect();
    let is = |step: &Part<'_>, status: &str| json::string(step.status).as_deref() == Some(status);
    let done = steps.iter().filter(|step| is(step, "completed")).count();
    let at_work = steps.iter().find(|step| is(step, "in_progress")).and_then(|step| json::head(step.step, SUMMARY));
    let at_work = at_work.map_or_else(String::new, |step| format!(": {}", first_line(&step)));
    format!("{done} of {} done{at_work}", steps.len())
}

/// The command of a shell: a string, or its words, of which those that only start a shell go.
pub(super) fn command(raw: &RawValue) -> Option<String> {
    if let Some(command) = json::head(Some(raw), 64 * SUMMARY) {
        return Some(command);
    }
    let words: Vec<&RawValue> = json::elements(Some(raw));
    let words: Vec<_> = words.into_iter().filter_map(|word| json::head(Some(word), 64 * SUMMARY)).collect();
    match words.as_slice() {
        [] => None,
        [shell, flag, command] if flag.starts_with('-') && shell.ends_with("sh") => Some(command.clone()),
        words => Some(words.join(" ")),
    }
}

/// A command in one line: what it does to files when it is a patch.
pub(super) fn shell(command: &str) -> String {
    files(command).unwrap_or_else(|| first_line(command))
}

/// Several things in one line.
pub(super) fn joined(parts: impl Iterator<Item = String>) -> String {
    text::line(text::prefix(&parts.collect::<Vec<_>>().join(", "), SUMMARY)).into_owned()
}

/// What a patch does to files: `update src/a.rs, add b.rs`; `None` for what is no patch.
fn files(patch: &str) -> Option<String> {
    if !patch.contains("*** Begin Patch") {
        return None;
    }
    let of = |line: &str| {
        let kinds = [("*** Add File: ", "add"), ("*** Update File: ", "update"), ("*** Delete File: ", "delete")];
        kinds.iter().find_map(|(head, verb)| line.strip_prefix(head).map(|file| format!("{verb} {}", file.trim())))
    };
    let found = joined(patch.lines().filter_map(of));
    (!found.is_empty()).then_some(found)
}

/// The first line that is not blank, made harmless.
pub(super) fn first_line(value: &str) -> String {
    let first = value.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    text::line(text::prefix(first, SUMMARY)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Call;
    use crate::domain::transcript::codex::record::Item;
    use crate::domain::transcript::{Body, json};

    /// Name, summary and input of an item.
    fn of(item: &str) -> (String, String, String) {
        let item: Item<'_> = serde_json::from_str(item).unwrap();
        let kind = json::string(item.kind).unwrap();
        let Body::Call { name, summary, input, .. } = Call::of(&item, &kind).unwrap().body(Some("/p")) else {
            panic!()
        };
        (name, summary, input.kept)
    }

    fn function(name: &str, arguments: &serde_json::Value) -> (String, String, String) {
        let item = serde_json::json!({
            "type": "function_call", "name": name, "call_id": "c", "arguments": arguments.to_string(),
        });
        of(&item.to_string())
    }

    #[test]
    fn commands_are_summed_up_by_their_first_line_whichever_tool_runs_them() {
        let summary = |name, arguments: serde_json::Value| function(name, &arguments).1;
        assert_eq!(
            summary("exec_command", serde_json::json!({"cmd": "\ncargo test\nls", "yield_time_ms": 1})),
            "cargo test"
        );
        assert_eq!(summary("shell", serde_json::json!({"command": ["bash", "-lc", "git push"]})), "git push");
        assert_eq!(summary("shell", serde_json::json!({"command": ["ls", "-la"]})), "ls -la");
        assert_eq!(summary("shell_command", serde_json::json!({"command": "make"})), "make");
        assert_eq!(summary("view_image", serde_json::json!({"path": "/p/a.png"})), "a.png");
        assert_eq!(summary("spawn_agent", serde_json::json!({"agent_type": "x", "message": "Count"})), "Count");
        assert_eq!(summary("write_stdin", serde_json::json!({"session_id": 1, "chars": "y\n"})), "y");
        assert_eq!(
            summary("write_stdin", serde_json::json!({"session_id": 1, "chars": ""})),
            r#"{"chars":"","session_id":1}"#
        );
        assert_eq!(summary("request_user_input", serde_json::json!({"questions": [{"question": "Which?"}]})), "Which?");
        let local =
            r#"{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":["bash","-lc","echo hi"]}}"#;
        assert_eq!(of(local).1, "echo hi");
    }

    #[test]
    fn a_patch_is_summed_up_by_its_files_also_inside_a_command() {
        let patch = "*** Begin Patch\n*** Update File: src/a.rs\n@@\n-a\n+b\n*** Add File: b.rs\n+x\n*** End Patch\n";
        let item =
            serde_json::json!({"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": patch});
        let (name, summary, input) = of(&item.to_string());
        assert_eq!((name.as_str(), summary.as_str()), ("apply_patch", "update src/a.rs, add b.rs"));
        assert_eq!(input, patch);
        let command = format!("apply_patch <<'EOF'\n{patch}EOF");
        assert_eq!(function("exec_command", &serde_json::json!({"cmd": command})).1, "update src/a.rs, add b.rs");
        assert_eq!(function("apply_patch", &serde_json::json!({"input": patch})).1, "update src/a.rs, add b.rs");
    }

    #[test]
    fn a_plan_is_a_list_and_says_how_far_it_is() {
        let plan = serde_json::json!({"explanation": "First", "plan": [{"step": "Look", "status": "completed"}, {"step": "Fix", "status": "in_progress"}, {"step": "Test", "status": "pending"}]});
        let (_, summary, input) = function("update_plan", &plan);
        assert_eq!(summary, "1 of 3 done: Fix");
        assert_eq!(input, "First\n[x] Look\n[>] Fix\n[ ] Test");
    }

    #[test]
    fn searches_have_their_query_and_tools_of_servers_their_servers_name() {
        let search = r#"{"type":"web_search_call","id":"w","action":{"type":"search","query":"rust zstd"}}"#;
        assert_eq!((of(search).0.as_str(), of(search).1.as_str()), ("web_search", "rust zstd"));
        let page = r#"{"type":"web_search_call","id":"w","action":{"type":"open_page","url":"https://example.org/"}}"#;
        assert_eq!(of(page).1, "https://example.org/");
        let server =
            r#"{"type":"function_call","call_id":"c","namespace":"mcp__tracker__","name":"create","arguments":"{}"}"#;
        assert_eq!(of(server).0, "mcp__tracker__create");
        let own = r#"{"type":"function_call","call_id":"c","namespace":"multi_agent_v1","name":"spawn_agent","arguments":"{}"}"#;
        assert_eq!(of(own).0, "spawn_agent");
    }

    #[test]
    fn arguments_that_are_no_json_are_shown_as_they_stand() {
        let item = r#"{"type":"function_call","call_id":"c","name":"exec_command","arguments":"not\njson"}"#;
        assert_eq!(of(item), ("exec_command".to_owned(), "not".to_owned(), "not\njson".to_owned()));
        let item = r#"{"type":"function_call","call_id":7,"name":[],"arguments":{"cmd":"ls"}}"#;
        assert_eq!(of(item).1, "ls");
        assert_eq!(
            of(r#"{"type":"web_search_call","id":"w"}"#),
            ("web_search".to_owned(), String::new(), String::new())
        );
        let program = r#"{"type":"custom_tool_call","call_id":"c","name":"exec","input":"\nconst a = 1;\nb()"}"#;
        assert_eq!(of(program).1, "const a = 1;");
    }
}
