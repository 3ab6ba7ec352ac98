//! A tool call as gate rules look at it.

use regex::Regex;
use serde_json::Value;

use crate::domain::gate::command;

/// A tool call, read once and then matched against any number of rules.
#[derive(Debug, Clone)]
pub struct ToolCall<'a> {
    tool: &'a str,
    texts: Vec<String>,
    /// Not all of it could be read, so no pattern can be ruled out.
    cut_short: bool,
}

impl<'a> ToolCall<'a> {
    /// Reads a call. An input with a `command` (text, or a list of words) is read as a shell command; of any other the
    /// pattern sees each text in it and the whole as compact JSON.
    pub fn new(tool: &'a str, input: &Value) -> Self {
        let mut call = Self { tool, texts: Vec::new(), cut_short: false };
        match input.get("command") {
            Some(Value::String(line)) => call.command(line.clone()),
            Some(Value::Array(words)) if !words.is_empty() && words.iter().all(Value::is_string) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                call.command(words.join(" "));
                // A list of words needs no quotes, so what stands in one word is a command line of its own.
                for word in words.iter().filter(|word| word.contains(char::is_whitespace)) {
                    call.command((*word).to_owned());
                }
            }
            _ => {
                collect(input, &mut call.texts);
                call.texts.push(input.to_string());
            }
        }
        call
    }

    fn command(&mut self, line: String) {
        let readings = command::read(&line);
        self.texts.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
        self.texts.push(line);
        self.texts.extend(readings.texts);
        self.cut_short |= readings.cut_short;
    }

    /// True if a rule on `tool` (none: on every tool) with this pattern holds the call.
    pub fn matches(&self, tool: Option<&str>, pattern: &Regex) -> bool {
        tool.is_none_or(|tool| tool == self.tool)
            && (self.cut_short || self.texts.iter().any(|text| pattern.is_match(text)))
    }
}

/// The exact text of a call for the operator's eyes: a command verbatim when there is nothing else that changes what
/// happens, otherwise the whole input as indented JSON.
pub fn detail(input: &Value) -> String {
    const HARMLESS: [&str; 3] = ["command", "description", "timeout"];
    if let Some(fields) = input.as_object()
        && let Some(Value::String(command)) = fields.get("command")
        && fields.keys().all(|key| HARMLESS.contains(&key.as_str()))
    {
        return command.clone();
    }
    format!("{input:#}")
}

fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{ToolCall, detail};
    use regex::Regex;
    use serde_json::json;

    fn holds(tool: Option<&str>, pattern: &str, called: &str, input: &serde_json::Value) -> bool {
        ToolCall::new(called, input).matches(tool, &Regex::new(pattern).unwrap())
    }

    #[test]
    fn a_rule_on_bash_sees_the_command_however_it_is_written() {
        for line in ["git push", "git  push", "git -C /x push", "sh -c 'git -C /x push'", "make; g'i't push"] {
            assert!(holds(Some("Bash"), "git push", "Bash", &json!({"command": line})), "{line}");
            assert!(
                holds(Some("Bash"), r"^git push\b", "Bash", &json!({"command": line})) || line.contains(';'),
                "{line}"
            );
        }
        assert!(!holds(Some("Bash"), "git push", "Bash", &json!({"command": "git status"})));
    }

    #[test]
    fn what_a_command_says_about_itself_is_not_what_it_does() {
        let input = json!({"command": "git status", "description": "before the git push"});
        assert!(!holds(Some("Bash"), "git push", "Bash", &input));
    }

    #[test]
    fn a_list_of_words_is_a_command_too() {
        assert!(holds(None, "git push", "shell", &json!({"command": ["git", "-C", "x", "push"]})));
        assert!(holds(None, "git push", "shell", &json!({"command": ["bash", "-lc", "cd x && git -C y push"]})));
    }

    #[test]
    fn a_rule_looks_only_at_its_own_tool() {
        let input = json!({"file_path": "/etc/hosts", "content": "git push"});
        assert!(!holds(Some("Bash"), "git push", "Write", &input));
        assert!(holds(None, "git push", "Write", &input));
        assert!(holds(Some("Write"), "^/etc/", "Write", &input));
        assert!(holds(Some("Write"), r#""file_path":"/etc"#, "Write", &input));
    }

    #[test]
    fn a_command_that_cannot_be_read_to_its_end_is_held() {
        let deep = format!("{}true{}", "$(".repeat(40), ")".repeat(40));
        assert!(holds(Some("Bash"), "git push", "Bash", &json!({"command": deep})));
        assert!(!holds(Some("Write"), "git push", "Bash", &json!({"command": deep})));
    }

    #[test]
    fn the_operator_reads_the_command_itself_or_the_whole_input() {
        assert_eq!(detail(&json!({"command": "git push\n# x", "description": "d"})), "git push\n# x");
        let more = json!({"command": "git push", "run_in_background": true});
        assert!(detail(&more).contains("run_in_background"));
        assert!(detail(&json!({"file_path": "/x"})).contains("\"file_path\": \"/x\""));
    }
}
