//! What a hook event says of the state of the agent that sent it, and the latest of them for each agent.
//!
//! Claude Code and Codex send the same shape (reference: Claude Code's documentation of hooks). Every field is optional and
//! events that are not known say nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AgentState;
use crate::domain::redact::Redactor;
use crate::domain::text;

/// Agents whose latest event is remembered.
const AGENTS: usize = 512;
/// Bytes of an id that are kept; longer ones are nobody's.
const ID: usize = 200;
/// Bytes of a question that are shown.
const QUESTION: usize = 120;

/// What one event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookFact {
    /// Session id.
    pub session: String,
    /// Id of the sub-agent that it is about; `None` for the session's own agent.
    pub sub_agent: Option<String>,
    /// The event's name: `PreToolUse`.
    pub event: String,
    /// When it arrived.
    pub at: Timestamp,
    /// Since when events say the same.
    pub since: Timestamp,
    /// The state it tells of.
    pub state: AgentState,
    /// What it was about, as the second half of a sentence.
    pub reason: String,
    /// What it waits for.
    pub waiting_for: Option<String>,
    /// The tool or the question that it waits for, without more words.
    pub about: Option<String>,
    /// A compaction that the operator asked for: behind it the agent is at its prompt.
    at_prompt_behind: bool,
}

impl HookFact {
    /// The same with every secret in what the agent said hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.reason);
        self.waiting_for.iter_mut().chain(&mut self.about).for_each(|text| redactor.hide(text));
        self
    }

    /// Reads an event as the agent gave it to its hook. `None` when it says nothing of a state, or not of whom.
    pub fn parse(event: &Value, at: Timestamp) -> Option<Self> {
        let field = |name: &str| event.get(name).and_then(Value::as_str);
        let id = |name: &str| field(name).filter(|id| !id.is_empty() && id.len() <= ID).map(str::to_owned);
        let name = field("hook_event_name")?;
        let mut fact = Self {
            session: id("session_id")?,
            sub_agent: id("agent_id"),
            event: text::line(text::prefix(name, 60)).into_owned(),
            at,
            since: at,
            state: AgentState::Working,
            reason: String::new(),
            waiting_for: None,
            about: None,
            at_prompt_behind: false,
        };
        let tool = field("tool_name").map(|tool| text::line(text::prefix(tool, 80)).into_owned());
        let called = tool.clone().unwrap_or_else(|| "a tool".to_owned());
        let because = |reason: &str| reason.to_owned();
        (fact.state, fact.reason) = match name {
            "SessionStart" if field("source") == Some("compact") => {
                (AgentState::Working, because("its context was compacted"))
            }
            "SessionStart" => (AgentState::Idle, because("the session began")),
            "UserPromptSubmit" => (AgentState::Working, because("a prompt was sent")),
            "PreToolUse" if !asks(&called) => (AgentState::Working, format!("it calls {called}")),
            "PreToolUse" | "PermissionRequest" => {
                let (waiting_for, about) = request(&called, event.get("tool_input"));
                (fact.waiting_for, fact.about) = (Some(waiting_for), Some(about));
                let what = if asks(&called) { "asks" } else { "asks for a permission" };
                (AgentState::Waiting, format!("{called} {what}"))
            }
            "PermissionDenied" => (AgentState::Working, format!("{called} was denied")),
            "PostToolUse" | "PostToolUseFailure" => (AgentState::Working, format!("{called} answered")),
            "PostToolBatch" | "ElicitationResult" => (AgentState::Working, because("it was answered")),
            "Elicitation" => (AgentState::Waiting, because("a server asks")),
            "Notification" => notification(field("notification_type"), field("message").unwrap_or_default())?,
            "Stop" => (AgentState::Idle, because("the turn ended")),
            "StopFailure" => {
                let error = text::line(text::prefix(field("error").unwrap_or("an unknown error"), 60)).into_owned();
                (AgentState::Idle, format!("the turn ended by {error}"))
            }
            "SubagentStart" if fact.sub_agent.is_some() => (AgentState::Working, because("the sub-agent began")),
            "SubagentStop" if fact.sub_agent.is_some() => (AgentState::Finished, because("the sub-agent ended")),
            "PreCompact" => {
                fact.at_prompt_behind = field("trigger") == Some("manual");
                (AgentState::Working, because("its context is being compacted"))
            }
            "PostCompact" if field("trigger") == Some("manual") => {
                (AgentState::Idle, because("its context was compacted"))
            }
            "PostCompact" => (AgentState::Working, because("its context was compacted")),
            "SessionEnd" => {
                let reason = text::line(text::prefix(field("reason").unwrap_or("no reason given"), 60)).into_owned();
                (AgentState::Finished, format!("the session ended ({reason})"))
            }
            _ => return None,
        };
        if fact.state == AgentState::Waiting && fact.waiting_for.is_none() {
            let permission = fact.reason.contains("permission");
            fact.waiting_for = Some(if permission { "permission" } else { "an answer" }.to_owned());
        }
        Some(fact)
    }
}

/// True for tools that ask the operator by what they are.
pub(super) fn asks(tool: &str) -> bool {
    matches!(tool, "AskUserQuestion" | "ExitPlanMode")
}

/// What a request waits for, and the same in one name.
fn request(tool: &str, input: Option<&Value>) -> (String, String) {
    match tool {
        "AskUserQuestion" => {
            let asked = input.and_then(|input| input.pointer("/questions/0/question")).and_then(Value::as_str);
            let asked = short(asked.unwrap_or_default());
            if asked.is_empty() { ("an answer".to_owned(), asked) } else { (format!("question: {asked}"), asked) }
        }
        "ExitPlanMode" => ("plan approval".to_owned(), "plan approval".to_owned()),
        _ => (format!("permission: {tool}"), tool.to_owned()),
    }
}

/// A question in short.
pub(crate) fn short(question: &str) -> String {
    text::line(text::prefix(question.trim(), QUESTION)).into_owned()
}

fn notification(kind: Option<&str>, message: &str) -> Option<(AgentState, String)> {
    let told = match kind {
        Some("permission_prompt") => (AgentState::Waiting, "it wants a permission"),
        Some("idle_prompt") => (AgentState::Idle, "it is at its prompt"),
        Some("elicitation_dialog" | "agent_needs_input") => (AgentState::Waiting, "it wants an answer"),
        // Versions that name no kind.
        None if message.contains("needs your permission") => (AgentState::Waiting, "it wants a permission"),
        None if message.contains("waiting for your input") => (AgentState::Idle, "it is at its prompt"),
        Some(_) | None => return None,
    };
    Some((told.0, told.1.to_owned()))
}

/// The latest event of each agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookBook {
    latest: BTreeMap<(String, Option<String>), HookFact>,
}

impl HookBook {
    /// Takes in an event.
    pub fn note(&mut self, mut fact: HookFact) {
        if fact.sub_agent.is_none() && matches!(fact.event.as_str(), "SessionStart" | "SessionEnd") {
            let session = fact.session.clone();
            self.latest.retain(|(of, sub_agent), _| *of != session || sub_agent.is_none());
        }
        let key = (fact.session.clone(), fact.sub_agent.clone());
        if let Some(before) = self.latest.get(&key) {
            if before.at_prompt_behind && fact.event == "SessionStart" && fact.state == AgentState::Working {
                fact.state = AgentState::Idle;
            }
            if before.state == fact.state {
                fact.since = before.since;
                // A notification comes seconds behind the request that it is about, and knows less of it.
                if fact.about.is_none() && fact.state == AgentState::Waiting {
                    fact.waiting_for.clone_from(&before.waiting_for);
                    fact.about.clone_from(&before.about);
                }
            }
        }
        self.latest.insert(key, fact);
        if self.latest.len() > AGENTS {
            let oldest = self.latest.iter().min_by_key(|(_, fact)| fact.at).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                self.latest.remove(&oldest);
            }
        }
    }

    /// Events as another process has kept them.
    pub fn of_facts(facts: impl IntoIterator<Item = HookFact>) -> Self {
        let kept = facts.into_iter().take(AGENTS).map(|fact| ((fact.session.clone(), fact.sub_agent.clone()), fact));
        Self { latest: kept.collect() }
    }

    /// Every event that is kept.
    pub fn facts(&self) -> impl Iterator<Item = &HookFact> {
        self.latest.values()
    }

    /// The latest event of a session's own agent, or of one of its sub-agents.
    pub fn of(&self, session: &str, sub_agent: Option<&str>) -> Option<&HookFact> {
        // Keys own their texts; there are few of them.
        self.latest.get(&(session.to_owned(), sub_agent.map(str::to_owned)))
    }

    /// True when nothing was ever told.
    pub fn is_empty(&self) -> bool {
        self.latest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use serde_json::{Value, json};

    use super::{HookBook, HookFact};
    use crate::domain::agent::AgentState;
    use crate::domain::redact::Redactor;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn fact(event: &Value) -> Option<HookFact> {
        let mut event = event.clone();
        event["session_id"] = json!("s1");
        HookFact::parse(&event, at(0))
    }

    fn state(event: &Value) -> Option<AgentState> {
        fact(event).map(|fact| fact.state)
    }

    #[test]
    fn each_registered_event_tells_of_its_state() {
        use AgentState::{Finished, Idle, Waiting, Working};
        let cases = [
            (json!({"hook_event_name": "UserPromptSubmit", "prompt": "x"}), Some(Working)),
            (json!({"hook_event_name": "PreToolUse", "tool_name": "Bash"}), Some(Working)),
            (json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash"}), Some(Waiting)),
            (json!({"hook_event_name": "Notification", "notification_type": "permission_prompt"}), Some(Waiting)),
            (json!({"hook_event_name": "Notification", "notification_type": "idle_prompt"}), Some(Idle)),
            (json!({"hook_event_name": "Notification", "notification_type": "auth_success"}), None),
            (
                json!({"hook_event_name": "Notification", "message": "Claude needs your permission to use Bash"}),
                Some(Waiting),
            ),
            (json!({"hook_event_name": "Notification", "message": "Claude is waiting for your input"}), Some(Idle)),
            (json!({"hook_event_name": "Stop", "stop_hook_active": false}), Some(Idle)),
            (json!({"hook_event_name": "SessionStart", "source": "resume"}), Some(Idle)),
            (json!({"hook_event_name": "SessionEnd", "reason": "prompt_input_exit"}), Some(Finished)),
            (json!({"hook_event_name": "PreCompact", "trigger": "auto"}), Some(Working)),
            (json!({"hook_event_name": "SubagentStop", "agent_id": "a1"}), Some(Finished)),
            (json!({"hook_event_name": "SubagentStop"}), None),
            (json!({"hook_event_name": "Invented"}), None),
        ];
        for (event, expected) in cases {
            assert_eq!(state(&event), expected, "{event}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for event in
            [json!(null), json!([]), json!({"hook_event_name": 7, "session_id": "s"}), json!({"session_id": "s"})]
        {
            assert_eq!(HookFact::parse(&event, at(0)), None, "{event}");
        }
        assert_eq!(HookFact::parse(&json!({"hook_event_name": "Stop"}), at(0)), None, "nobody's");
        let long = json!({"hook_event_name": "Stop", "session_id": "s".repeat(1_000)});
        assert_eq!(HookFact::parse(&long, at(0)), None);
        let odd = fact(&json!({"hook_event_name": "PreToolUse", "tool_name": "\u{1b}[31mBash\n"})).unwrap();
        assert!(!odd.reason.contains(['\u{1b}', '\n']), "{:?}", odd.reason);
    }

    #[test]
    fn a_wait_says_for_what() {
        let of = |event: Value| fact(&event).unwrap().waiting_for.unwrap_or_default();
        assert_eq!(of(json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash"})), "permission: Bash");
        let question = json!({"hook_event_name": "PreToolUse", "tool_name": "AskUserQuestion",
            "tool_input": {"questions": [{"question": "Which\ncolour?"}]}});
        assert_eq!(of(question), "question: Which colour?");
        assert_eq!(of(json!({"hook_event_name": "PreToolUse", "tool_name": "AskUserQuestion"})), "an answer");
        assert_eq!(of(json!({"hook_event_name": "PreToolUse", "tool_name": "ExitPlanMode"})), "plan approval");
        assert_eq!(
            of(json!({"hook_event_name": "Notification", "notification_type": "permission_prompt"})),
            "permission"
        );
    }

    #[test]
    fn a_notification_leaves_what_the_request_knew() {
        let mut book = HookBook::default();
        let at_time = |event: Value, seconds| HookFact { at: at(seconds), since: at(seconds), ..fact(&event).unwrap() };
        book.note(at_time(json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash"}), 10));
        book.note(at_time(json!({"hook_event_name": "Notification", "notification_type": "permission_prompt"}), 16));
        let known = book.of("s1", None).unwrap();
        assert_eq!((known.waiting_for.as_deref(), known.since, known.at), (Some("permission: Bash"), at(10), at(16)));
        book.note(at_time(json!({"hook_event_name": "Stop"}), 20));
        assert_eq!(book.of("s1", None).map(|fact| (fact.state, fact.since)), Some((AgentState::Idle, at(20))));
    }

    #[test]
    fn a_compaction_that_was_asked_for_ends_at_the_prompt() {
        for (trigger, behind) in [("manual", AgentState::Idle), ("auto", AgentState::Working)] {
            let mut book = HookBook::default();
            book.note(fact(&json!({"hook_event_name": "PreCompact", "trigger": trigger})).unwrap());
            book.note(fact(&json!({"hook_event_name": "SessionStart", "source": "compact"})).unwrap());
            assert_eq!(book.of("s1", None).map(|fact| fact.state), Some(behind), "{trigger}");
        }
    }

    #[test]
    fn sub_agents_have_their_own_and_end_with_their_session() {
        let mut book = HookBook::default();
        book.note(fact(&json!({"hook_event_name": "PreToolUse", "tool_name": "Read", "agent_id": "a1"})).unwrap());
        assert_eq!(book.of("s1", None), None);
        assert_eq!(book.of("s1", Some("a1")).map(|fact| fact.state), Some(AgentState::Working));
        book.note(fact(&json!({"hook_event_name": "SessionEnd"})).unwrap());
        assert_eq!(book.of("s1", Some("a1")), None);
        assert_eq!(book.of("s1", None).map(|fact| fact.state), Some(AgentState::Finished));
    }

    #[test]
    fn what_is_handed_to_another_process_is_what_was_kept_without_its_secrets() {
        let mut book = HookBook::default();
        let asked = format!("Is ghp_{} right?", "0aB3dE6gH9".repeat(4).split_at(36).0);
        let question = json!({"hook_event_name": "PreToolUse", "tool_name": "AskUserQuestion",
            "tool_input": {"questions": [{"question": asked}]}});
        book.note(fact(&question).unwrap());
        book.note(fact(&json!({"hook_event_name": "PreToolUse", "tool_name": "Read", "agent_id": "a1"})).unwrap());
        let redactor = Redactor::default();
        let told =
            serde_json::to_string(&book.facts().map(|fact| fact.clone().redacted(&redactor)).collect::<Vec<_>>());
        let told = told.unwrap();
        assert!(!told.contains("ghp_0aB3"), "{told}");
        let read = HookBook::of_facts(serde_json::from_str::<Vec<HookFact>>(&told).unwrap());
        assert_eq!(read.of("s1", Some("a1")), book.of("s1", Some("a1")));
        assert_eq!(read.of("s1", None).map(|fact| fact.state), Some(AgentState::Waiting));
    }

    #[test]
    fn the_book_stays_small() {
        let mut book = HookBook::default();
        for n in 0..2_000 {
            let event = json!({"hook_event_name": "Stop", "session_id": format!("s{n}")});
            book.note(HookFact::parse(&event, at(n)).unwrap());
        }
        assert_eq!(book.latest.len(), super::AGENTS);
        assert!(book.of("s1999", None).is_some() && book.of("s0", None).is_none());
    }
}
