//! A gate rule: which calls it holds, and why.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::call::ToolCall;
use super::pattern::Pattern;
use super::require::Requirement;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleEvent {
    /// A tool call, before it runs.
    #[default]
    ToolCall,
    /// A prompt for a permission that an agent shows in its own terminal.
    Permission,
    /// An agent that wants to end its turn.
    Stop,
    /// A sub-agent that wants to end.
    SubagentStop,
}

impl RuleEvent {
    /// Every event, under its name in a session file and in a hook's input.
    pub const ALL: [(&'static str, Self); 4] = [
        ("PreToolUse", Self::ToolCall),
        ("PermissionRequest", Self::Permission),
        ("Stop", Self::Stop),
        ("SubagentStop", Self::SubagentStop),
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, event)| *event == self).map_or("", |(name, _)| name)
    }

    /// True if it is about a tool and its input.
    pub fn is_of_a_call(self) -> bool {
        match self {
            Self::ToolCall | Self::Permission => true,
            Self::Stop | Self::SubagentStop => false,
        }
    }
}

/// What a gate answers when nobody can decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// Refuse.
    #[default]
    Deny,
    /// Let the agent's own permission prompt decide.
    Ask,
    /// Wait for a workbench until the deadline, then refuse.
    Wait,
}

impl OnFailure {
    /// Every answer, under its name in a session file.
    pub const ALL: [(&'static str, Self); 3] = [("deny", Self::Deny), ("ask", Self::Ask), ("wait", Self::Wait)];
}

/// Where a rule stands: a file, or a set of the program's own, and the line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file, or `set NAME`.
    pub source: String,
    /// Line, from one.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// A tool call that matches is held. Every condition that is given must be met; of a list, one entry.
///
/// As JSON it leaves out what is as in a rule that says nothing: hooks read a thousand of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GateRule {
    /// Name of the rule.
    pub name: String,
    /// What it looks at.
    #[serde(skip_serializing_if = "is_default")]
    pub event: RuleEvent,
    /// Tools it looks at, `*` at the end stands for the rest of a name; none is every tool.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: Vec<String>,
    /// Pattern on the command and its simple commands, or on the texts of the input.
    #[serde(skip_serializing_if = "is_default")]
    pub matches: Option<Pattern>,
    /// Globs of files that a call changes or reads.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: Vec<String>,
    /// Hosts that a call fetches from, and those below them.
    #[serde(skip_serializing_if = "is_default")]
    pub domains: Vec<String>,
    /// The file lies outside of the project.
    #[serde(skip_serializing_if = "is_default")]
    pub outside: bool,
    /// Agents it looks at: name, type of a sub-agent, `main`, or session id; none is every agent.
    #[serde(skip_serializing_if = "is_default")]
    pub agents: Vec<String>,
    /// What happens when nobody can decide.
    #[serde(skip_serializing_if = "is_default")]
    pub fail: OnFailure,
    /// How long the operator has.
    #[serde(skip_serializing_if = "is_usual")]
    pub deadline: Duration,
    /// The decision to approve needs a typed word.
    #[serde(skip_serializing_if = "is_default")]
    pub danger: bool,
    /// What the agent is told beside the reason.
    #[serde(skip_serializing_if = "is_default")]
    pub message: Option<String>,
    /// What must be so before the operator can approve without a typed override.
    #[serde(skip_serializing_if = "is_default")]
    pub require: Vec<Requirement>,
    /// Where it stands.
    pub origin: Origin,
}

impl Default for GateRule {
    fn default() -> Self {
        Self {
            name: String::new(),
            event: RuleEvent::default(),
            tools: Vec::new(),
            matches: None,
            paths: Vec::new(),
            domains: Vec::new(),
            outside: false,
            agents: Vec::new(),
            fail: OnFailure::default(),
            deadline: DEADLINE,
            danger: false,
            message: None,
            require: Vec::new(),
            origin: Origin::default(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_usual(deadline: &Duration) -> bool {
    *deadline == DEADLINE
}

/// How long the operator has for a gate when the rule does not say.
pub const DEADLINE: Duration = Duration::from_secs(30 * 60);

impl GateRule {
    /// True if the rule looks at calls of this tool; `None` is a tool that could not be read.
    pub fn looks_at(&self, tool: Option<&str>) -> bool {
        let named = |wanted: &String| match (wanted.strip_suffix('*'), tool) {
            (_, None) => true,
            (Some(head), Some(tool)) => tool.starts_with(head),
            (None, Some(tool)) => wanted == tool,
        };
        self.event.is_of_a_call() && (self.tools.is_empty() || self.tools.iter().any(named))
    }

    /// True if the rule looks at agents that go by one of these names.
    pub fn concerns(&self, who: &[String]) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|agent| who.contains(agent))
    }

    /// Why the rule holds this call; `None` when it does not.
    pub fn holds(&self, call: &ToolCall<'_>) -> Option<String> {
        if !self.looks_at(Some(call.tool())) {
            return None;
        }
        let mut because = Vec::new();
        if let Some(pattern) = &self.matches {
            because.push(call.seen_by(pattern)?);
        }
        if !self.paths.is_empty() {
            let (glob, file) = call.named_by(&self.paths)?;
            because.push(format!("`{glob}` names {file}"));
        }
        if self.outside {
            because.push(format!("{} lies outside of the project", call.outside()?));
        }
        if !self.domains.is_empty() {
            because.push(format!("it fetches from {}", call.fetches_from(&self.domains)?));
        }
        if because.is_empty() {
            because.push(format!("it is a call of {}", call.tool()));
        }
        Some(because.join(", and "))
    }
}

/// The rule that decides about a held call: the first of those that refuse when nobody can decide, else the first that
/// waits, else the first. Of equals, one that is a danger or requires something comes first.
pub fn strictest<'r, T>(held: impl IntoIterator<Item = (&'r GateRule, T)>) -> Option<(&'r GateRule, T)> {
    let rank = |rule: &GateRule| {
        let fail = match rule.fail {
            OnFailure::Deny => 0,
            OnFailure::Wait => 1,
            OnFailure::Ask => 2,
        };
        (fail, !rule.danger, rule.require.is_empty())
    };
    // The first of equals stays.
    held.into_iter().min_by_key(|(rule, _)| rank(rule))
}

#[cfg(test)]
mod tests {
    use super::{GateRule, OnFailure, RuleEvent, strictest};
    use crate::domain::gate::ToolCall;
    use crate::domain::gate::pattern::Pattern;
    use crate::domain::gate::place::example;
    use serde_json::{Value, json};

    fn held(rule: &GateRule, tool: &str, input: &Value) -> Option<String> {
        rule.holds(&ToolCall::on(tool, input, &example(), |_| None))
    }

    #[test]
    fn every_condition_that_is_given_must_be_met() {
        let rule = GateRule {
            tools: vec!["Edit".to_owned(), "Write".to_owned()],
            paths: vec!["infra/**".to_owned()],
            matches: Some(Pattern::new("prod").unwrap()),
            ..GateRule::default()
        };
        let edit = |file: &str, text: &str| json!({"file_path": file, "content": text});
        let why = held(&rule, "Write", &edit("infra/a.tf", "env = prod")).unwrap();
        assert!(why.contains("`infra/**` names /repo/app/infra/a.tf"), "{why}");
        assert!(held(&rule, "Write", &edit("infra/a.tf", "env = lab")).is_none());
        assert!(held(&rule, "Write", &edit("src/a.tf", "prod")).is_none());
        assert!(held(&rule, "Read", &edit("infra/a.tf", "prod")).is_none());
    }

    #[test]
    fn a_file_outside_is_one_that_no_name_hides() {
        let rule = GateRule { outside: true, ..GateRule::default() };
        for (file, outside) in [("../x", true), ("/etc/hosts", true), ("a/../b", false), ("/tmp/x", false)] {
            assert_eq!(held(&rule, "Edit", &json!({"file_path": file})).is_some(), outside, "{file}");
        }
        assert!(held(&rule, "Bash", &json!({"command": "cat /etc/hosts"})).is_none());
        let linked = ToolCall::on("Edit", &json!({"file_path": "link/x"}), &example(), |_| Some("/etc/x".to_owned()));
        assert!(rule.holds(&linked).is_some());
        let patch = json!({"command": ["apply_patch", "*** Begin Patch\n*** Add File: /etc/x\n+y\n*** End Patch"]});
        assert!(held(&rule, "shell", &patch).is_some());
    }

    #[test]
    fn a_domain_holds_itself_and_what_is_below_it() {
        let rule = GateRule { domains: vec!["example.com".to_owned()], ..GateRule::default() };
        for (url, holds) in [
            ("https://example.com/x", true),
            ("http://user@API.example.com.:8443/x", true),
            ("https://notexample.com", false),
            ("https://other.org/example.com", false),
        ] {
            assert_eq!(held(&rule, "WebFetch", &json!({"url": url, "prompt": "p"})).is_some(), holds, "{url}");
        }
        let any = GateRule { domains: vec!["*".to_owned()], ..GateRule::default() };
        assert!(held(&any, "WebFetch", &json!({"url": "https://other.org"})).is_some());
        assert!(held(&any, "WebFetch", &json!({"url": "what is this"})).is_some(), "an odd address is held");
        assert!(held(&any, "Bash", &json!({"command": "curl x"})).is_none());
    }

    #[test]
    fn a_rule_looks_at_its_own_tools_and_agents() {
        let rule = GateRule {
            tools: vec!["mcp__kube__*".to_owned(), "Bash".to_owned()],
            agents: vec!["reviewer".to_owned()],
            ..GateRule::default()
        };
        assert!(rule.looks_at(Some("mcp__kube__apply")) && rule.looks_at(Some("Bash")) && rule.looks_at(None));
        assert!(!rule.looks_at(Some("BashOutput")));
        assert!(rule.concerns(&["main".to_owned(), "reviewer".to_owned()]) && !rule.concerns(&["main".to_owned()]));
        let stop = GateRule { event: RuleEvent::Stop, ..GateRule::default() };
        assert!(!stop.looks_at(Some("Bash")));
    }

    #[test]
    fn the_strictest_rule_decides() {
        let rule = |name: &str, fail, danger| GateRule { name: name.to_owned(), fail, danger, ..GateRule::default() };
        let rules = [
            rule("ask", OnFailure::Ask, true),
            rule("wait", OnFailure::Wait, false),
            rule("deny", OnFailure::Deny, false),
            rule("danger", OnFailure::Deny, true),
            rule("last", OnFailure::Deny, true),
        ];
        assert_eq!(strictest(rules.iter().map(|rule| (rule, ()))).unwrap().0.name, "danger");
        assert_eq!(strictest(rules[..2].iter().map(|rule| (rule, ()))).unwrap().0.name, "wait");
    }
}
