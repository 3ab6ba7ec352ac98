//! A tool call as gate rules look at it.

use serde_json::Value;

use crate::domain::gate::command;
use crate::domain::gate::pattern::Pattern;
use crate::domain::gate::place::Ground;
use crate::domain::text;

/// Lines of a patch that name a file.
const PATCHED: [&str; 4] = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
/// Files of one call that are looked at; a call with more cannot be read to its end.
const MOST_FILES: usize = 256;
/// Bytes of a reading that an explanation repeats.
const QUOTED: usize = 120;

/// A tool call, read once and then matched against any number of rules.
#[derive(Debug, Clone)]
pub struct ToolCall<'a> {
    tool: &'a str,
    texts: Vec<String>,
    /// Files that it names, each absolute, and again as the disk has it.
    files: Vec<String>,
    /// Host that it fetches from; empty when there is an address that cannot be read.
    host: Option<String>,
    ground: Ground,
    /// Not all of it could be read, so no pattern can be ruled out.
    cut_short: bool,
}

impl<'a> ToolCall<'a> {
    /// Reads a call of an agent that works on this ground. An input with a `command` (text, or a list of words) is read as a
    /// shell command; of any other the pattern sees each text in it and the whole as compact JSON. `real` says where the disk
    /// has a file that is named through links.
    pub fn on(tool: &'a str, input: &Value, ground: &Ground, real: impl Fn(&str) -> Option<String>) -> Self {
        let mut call =
            Self { tool, texts: Vec::new(), files: Vec::new(), host: None, ground: ground.clone(), cut_short: false };
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
        call.find_files(input, real);
        call.host = input.get("url").map(|url| host(url.as_str().unwrap_or_default()).unwrap_or_default());
        call
    }

    fn command(&mut self, line: String) {
        let readings = command::read(&line);
        self.texts.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
        self.texts.push(line);
        self.texts.extend(readings.texts);
        self.cut_short |= readings.cut_short;
    }

    fn find_files(&mut self, input: &Value, real: impl Fn(&str) -> Option<String>) {
        let mut named: Vec<String> = ["file_path", "notebook_path"]
            .into_iter()
            .filter_map(|key| input.get(key)?.as_str())
            .map(str::to_owned)
            .collect();
        if self.texts.iter().any(|text| text.contains("*** Begin Patch")) {
            let lines = self.texts.iter().flat_map(|text| text.lines());
            let files = lines.filter_map(|line| PATCHED.iter().find_map(|head| line.trim().strip_prefix(head)));
            named.extend(files.map(|file| file.trim().to_owned()));
        }
        named.sort_unstable();
        named.dedup();
        if named.len() > MOST_FILES {
            self.cut_short = true;
            named.truncate(MOST_FILES);
        }
        for file in named {
            let file = self.ground.absolute(&file);
            self.files.extend(real(&file).filter(|real| *real != file));
            self.files.push(file);
        }
    }

    /// The tool.
    pub fn tool(&self) -> &str {
        self.tool
    }

    /// How a pattern sees the call, in words; `None` when it does not.
    pub fn seen_by(&self, pattern: &Pattern) -> Option<String> {
        if let Some(seen) = self.texts.iter().rev().find(|text| pattern.is_match(text)) {
            let short = text::prefix(seen, QUOTED);
            let more = if short.len() < seen.len() { "…" } else { "" };
            return Some(format!("`{}` is in `{}{more}`", pattern.as_str(), text::line(short)));
        }
        self.cut_short.then(|| "it is too deep or too long to be read to its end".to_owned())
    }

    /// The first glob that names a file of the call, and the file.
    pub fn named_by<'g>(&self, globs: &'g [String]) -> Option<(&'g str, &str)> {
        let named = |glob: &'g String| {
            let file = self.files.iter().find(|file| self.ground.names(glob, file))?;
            Some((glob.as_str(), file.as_str()))
        };
        globs.iter().find_map(named)
    }

    /// A file of the call that lies outside of the project.
    pub fn outside(&self) -> Option<&str> {
        self.files.iter().map(String::as_str).find(|file| self.ground.is_outside(file))
    }

    /// The host that the call fetches from, if one of these domains holds it. `*` holds every host.
    pub fn fetches_from(&self, domains: &[String]) -> Option<&str> {
        let host = self.host.as_deref()?;
        let within = |domain: &String| {
            let domain = domain.trim_start_matches("*.").to_ascii_lowercase();
            domain == "*"
                || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        // Of an address that cannot be read nobody knows where it leads.
        (host.is_empty() || domains.iter().any(within)).then_some(if host.is_empty() { "an odd address" } else { host })
    }
}

/// The host of an address, in lower case.
fn host(url: &str) -> Option<String> {
    let url = url.trim();
    let scheme = url.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', '?', '#', '@']));
    let rest = scheme.map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host.split(':').next()?,
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty() && !host.contains(char::is_whitespace)).then_some(host)
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
    use super::{ToolCall, detail, host};
    use crate::domain::gate::pattern::Pattern;
    use crate::domain::gate::place::Ground;
    use crate::domain::gate::rule::GateRule;
    use serde_json::json;

    fn holds(tool: Option<&str>, pattern: &str, called: &str, input: &serde_json::Value) -> bool {
        let rule = GateRule {
            tools: tool.map(str::to_owned).into_iter().collect(),
            matches: Some(Pattern::new(pattern).unwrap()),
            ..GateRule::default()
        };
        rule.holds(&ToolCall::on(called, input, &Ground::default(), |_| None)).is_some()
    }

    #[test]
    fn a_host_is_found_in_any_address() {
        for (url, wanted) in [
            ("https://a.B.com:1/x", Some("a.b.com")),
            ("a.com?x=https://b.com", Some("a.com")),
            ("https://u:p@c.com\\@d.com/", Some("c.com")),
            ("http://[::1]:80/", Some("::1")),
            ("", None),
            ("https:///x", None),
        ] {
            assert_eq!(host(url).as_deref(), wanted, "{url}");
        }
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
