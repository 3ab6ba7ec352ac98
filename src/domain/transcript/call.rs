//! Tool calls in words: one line for the list, readable lines for the detail.

use serde_json::value::RawValue;

use super::json::{self, Gather, Members};
use super::{LINE_AHEAD, Text, text};

/// Bytes of a value that go into a summary, before it is made one line and cut.
const SUMMARY: usize = 400 + LINE_AHEAD;

/// The input in one clean line: the command, the path (below `cwd` without it), the pattern, else compact JSON.
pub(crate) fn summary(tool: &str, input: Option<&RawValue>, cwd: Option<&str>) -> String {
    let Some(raw) = input else { return String::new() };
    let field = match tool {
        "Bash" => "command",
        "Read" | "Edit" | "Write" | "MultiEdit" => "file_path",
        "NotebookEdit" => "notebook_path",
        "Grep" | "Glob" => "pattern",
        "Task" | "Agent" => "description",
        "WebFetch" => "url",
        "WebSearch" | "ToolSearch" => "query",
        "Skill" => "skill",
        "AskUserQuestion" => return one_line(&question(raw).unwrap_or_else(|| raw.get().to_owned())),
        _ => return one_line(raw.get()),
    };
    let Members(members) = members(raw);
    let value = members.iter().find(|(key, _)| key == field).and_then(|(_, value)| json::head(Some(value), SUMMARY));
    match value {
        Some(command) if tool == "Bash" => {
            let first = command.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            one_line(first)
        }
        Some(value) => one_line(below(&value, cwd)),
        None => one_line(raw.get()),
    }
}

/// The input as `key: value` lines; values of several lines begin below their key.
pub(crate) fn input(input: Option<&RawValue>) -> Text {
    let mut gather = Gather::default();
    let Some(raw) = input else { return gather.finish() };
    let Members(members) = members(raw);
    if members.is_empty() {
        gather.push_json(raw);
    }
    for (key, value) in members {
        gather.separate();
        gather.push(&key);
        gather.push(if value.get().contains("\\n") { ":\n" } else { ": " });
        gather.push_json(value);
    }
    gather.finish()
}

/// The first question of a call that asks the person.
fn question(input: &RawValue) -> Option<String> {
    let Members(fields) = members(input);
    let (_, questions) = fields.into_iter().find(|(key, _)| key == "questions")?;
    let Members(fields) = members(json::elements::<&RawValue>(Some(questions)).into_iter().next()?);
    let (_, question) = fields.into_iter().find(|(key, _)| key == "question")?;
    json::head(Some(question), SUMMARY)
}

pub(crate) fn below<'a>(path: &'a str, cwd: Option<&str>) -> &'a str {
    let rest = cwd.and_then(|cwd| path.strip_prefix(cwd)).and_then(|rest| rest.strip_prefix('/'));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(path)
}

fn members(raw: &RawValue) -> Members<'_> {
    json::fields(Some(raw))
}

fn one_line(value: &str) -> String {
    text::line(text::prefix(value, SUMMARY)).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{input, summary};

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_tool_is_summed_up_by_what_tells_most() {
        assert_eq!(
            summary("Bash", Some(raw(r#"{"command":"\n cargo test \\\n  --all","description":"test"}"#)), None),
            "cargo test \\"
        );
        assert_eq!(summary("Read", Some(raw(r#"{"limit":3,"file_path":"/a/b.rs"}"#)), None), "/a/b.rs");
        let path = raw(r#"{"file_path":"/a/b.rs"}"#);
        assert_eq!(summary("Read", Some(path), Some("/a")), "b.rs");
        assert_eq!(summary("Read", Some(path), Some("/a/b")), "/a/b.rs");
        assert_eq!(summary("Grep", Some(raw(r#"{"pattern":"fn \u001b[2J"}"#)), None), "fn ␛[2J");
        assert_eq!(
            summary("Agent", Some(raw(r#"{"prompt":"long","description":"look around"}"#)), None),
            "look around"
        );
        let asked = r#"{"questions":[{"question":"Which\nbranch?","options":[]},{"question":"2"}]}"#;
        assert_eq!(summary("AskUserQuestion", Some(raw(asked)), None), "Which branch?");
        assert_eq!(summary("AskUserQuestion", Some(raw(r#"{"questions":7}"#)), None), r#"{"questions":7}"#);
        assert_eq!(summary("mcp__x__y", Some(raw(r#"{"a":[1,2]}"#)), None), r#"{"a":[1,2]}"#);
        assert_eq!(summary("Bash", Some(raw(r#"{"cmd":1}"#)), None), r#"{"cmd":1}"#);
        assert_eq!(summary("Bash", None, None), "");
    }

    #[test]
    fn inputs_read_as_lines_in_their_own_order() {
        let text = input(Some(raw(r#"{"file_path":"/a","old_string":"x\ny","replace_all":false}"#)));
        assert_eq!(text.kept, "file_path: /a\nold_string:\nx\ny\nreplace_all: false");
        assert_eq!(text.lines, 5);
        assert_eq!(input(Some(raw(r#""patch text""#))).kept, "patch text");
    }
}
