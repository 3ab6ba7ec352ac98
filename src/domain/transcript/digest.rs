//! A transcript summed up while its records go by: what `Agent` and `hnpwb status` show of it.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::claude::{UserText, said_by_user};
use super::record::{self, Block, NoRecord, Record};
use super::usage::{self, Usage};
use super::{call, json, text, window};
use crate::domain::agent::{ContextGauge, Tokens};

/// Bytes kept of a title or an action.
const LABEL: usize = 160;

/// Calls without a result that are remembered; an agent runs fewer at once.
const OPEN_CALLS: usize = 64;

/// Where the last turn stands, as far as the file tells. Of the transcript's own chain: side chains in it do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Step {
    /// Nothing was said yet.
    #[default]
    Nothing,
    /// The model has something to answer.
    Asked,
    /// A tool was called and has not answered: it runs, or it waits for a permission.
    Calling {
        /// Name of the tool.
        tool: String,
    },
    /// A question to the operator, or a plan, has no answer yet.
    Asking {
        /// Name of the tool that asks.
        tool: String,
    },
    /// The model said something and nothing tells whether it goes on (versions before 2.1.98).
    Answered,
    /// The turn is over.
    Ended,
    /// The turn is over but background agents go on.
    Background {
        /// How many.
        agents: u64,
    },
    /// The user stopped it.
    Interrupted,
    /// The API failed and is tried again.
    Retrying {
        /// Which attempt.
        attempt: u64,
        /// How many there will be.
        most: u64,
    },
    /// The API failed for good.
    Failed,
    /// The session goes on under another id.
    MovedOn {
        /// That id.
        session: String,
    },
}

impl Step {
    /// True while a turn has begun and not ended.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Asked
            | Self::Calling { .. }
            | Self::Asking { .. }
            | Self::Background { .. }
            | Self::Retrying { .. } => true,
            Self::Nothing | Self::Answered | Self::Ended | Self::Interrupted | Self::Failed | Self::MovedOn { .. } => {
                false
            }
        }
    }
}

/// How many of what a transcript holds. The names are those of `hnpwb status -o json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that are not blank.
    pub records: u64,
    /// Records of kinds not known here.
    pub unknown_records: u64,
    /// Lines that are no JSON.
    pub malformed_records: u64,
    /// Prompts typed (or sent in the user's name).
    pub prompts: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Tools that reported a failure, and answers that the API failed to give.
    pub errors: u64,
    /// Compactions of the context.
    pub compactions: u64,
}

/// What the records read so far say. Bounded, whatever is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    /// True for the transcript of a sub-agent: its own chain is the side chain.
    pub sub_agent: bool,
    /// Session id as last recorded.
    pub session_id: Option<String>,
    /// Working directory as first recorded.
    pub started_in: Option<String>,
    /// Working directory as last recorded; follows the agent's shell.
    pub cwd: Option<String>,
    /// Branch as last recorded.
    pub branch: Option<String>,
    /// Version of the program as last recorded.
    pub version: Option<String>,
    /// Model of the last answer.
    pub model: Option<String>,
    /// The last thing done, in one line.
    pub last_action: Option<String>,
    /// Latest time of any record.
    pub last_activity: Option<Timestamp>,
    /// Earliest time of any record.
    pub first_activity: Option<Timestamp>,
    /// Where the last turn stands.
    pub step: Step,
    /// Since when it stands there.
    pub step_at: Option<Timestamp>,
    /// How many of what there were.
    pub counts: Counts,
    used: Option<u64>,
    most_used: u64,
    compacted: bool,
    custom_title: Option<String>,
    agent_name: Option<String>,
    ai_title: Option<String>,
    summary: Option<String>,
    first_prompt: Option<String>,
    open_calls: Vec<(String, String)>,
}

impl Digest {
    /// A digest of nothing.
    pub fn new(sub_agent: bool) -> Self {
        Self { sub_agent, ..Self::default() }
    }

    /// Takes in one line, in the order of the file. Tokens are noted in `usage`, when somebody counts them.
    pub fn read(&mut self, line: &[u8], usage: Option<&mut Usage>) {
        let cleaned = record::text_of(line);
        let record = match record::split(&cleaned) {
            Ok(record) => record,
            Err(NoRecord::Blank) => return,
            Err(NoRecord::NotJson) => {
                self.counts.records += 1;
                self.counts.malformed_records += 1;
                return;
            }
        };
        self.counts.records += 1;
        let kind = record.kind();
        if !record::is_known(&kind) {
            self.counts.unknown_records += 1;
        }
        self.envelope(&record);
        let at = json::moment(record.timestamp);
        if let Some(at) = at {
            self.last_activity = self.last_activity.max(Some(at));
            self.first_activity = Some(self.first_activity.map_or(at, |first| first.min(at)));
        }
        let own = json::truth(record.is_sidechain) == self.sub_agent;
        match kind.as_ref() {
            "user" if own => self.user(&record, at),
            "assistant" => self.assistant(&record, at, own, usage),
            "system" if own => self.system(&record, at),
            "custom-title" => set_label(&mut self.custom_title, record.custom_title.or(record.title)),
            "agent-name" => set_label(&mut self.agent_name, record.agent_name),
            "ai-title" => set_label(&mut self.ai_title, record.ai_title.or(record.title)),
            "summary" => set_label(&mut self.summary, record.summary),
            "continued-in" => {
                let session = label(record.continued_in_session_id).unwrap_or_default();
                self.step_to(Step::MovedOn { session }, at.or(self.last_activity));
            }
            _ => {}
        }
    }

    /// Counts a record that is too long to be read.
    pub fn pass_over(&mut self) {
        self.counts.records += 1;
        self.counts.unknown_records += 1;
    }

    /// Tells that records in between were not read: what was open before them may have been closed.
    pub fn skip(&mut self) {
        self.open_calls.clear();
        self.step = Step::Nothing;
        self.step_at = None;
    }

    /// What the session is called: given name, agent name, generated title, old summary, first prompt.
    pub fn title(&self) -> Option<&str> {
        let titles = [&self.custom_title, &self.agent_name, &self.ai_title, &self.summary, &self.first_prompt];
        titles.into_iter().find_map(Option::as_deref)
    }

    /// True once the last answer's use of the context was read, or it is certain that there is none to be had.
    pub fn knows_context(&self) -> bool {
        self.used.is_some() || self.compacted
    }

    /// The context gauge. Source of the formula: Claude Code's documentation of its status line (input and cache of the
    /// last answer of the main chain, without output, over the window).
    pub fn context(&self) -> ContextGauge {
        let window = self.model.as_deref().and_then(|model| window::window(model, self.most_used));
        let percent = self.used.zip(window).map(|(used, window)| (used * 100 / window).min(100) as u8);
        let source = match (self.used, window) {
            _ if self.compacted => "not known since the context was compacted",
            (Some(_), Some(_)) => window::SOURCE,
            (Some(_), None) => "transcript",
            (None, _) => "",
        };
        ContextGauge { used: self.used, window, percent, source }
    }

    fn envelope(&mut self, record: &Record<'_>) {
        let fields = [
            (&mut self.session_id, record.session_id),
            (&mut self.cwd, record.cwd),
            (&mut self.branch, record.git_branch),
            (&mut self.version, record.version),
        ];
        for (known, raw) in fields {
            let Some(value) = json::string(raw).filter(|value| !value.is_empty() && value.len() <= 4_096) else {
                continue;
            };
            if known.as_deref() != Some(value.as_ref()) {
                *known = Some(value.into_owned());
            }
        }
        if self.started_in.is_none() {
            self.started_in.clone_from(&self.cwd);
        }
    }

    fn user(&mut self, record: &Record<'_>, at: Option<Timestamp>) {
        let (_, blocks) = record.message();
        let mut typed: Option<String> = None;
        let mut answered = false;
        for block in &blocks {
            match json::string(block.kind).as_deref() {
                None | Some("text") => {
                    if typed.is_none() {
                        typed = json::head(block.text, LABEL * 2);
                    }
                }
                Some("tool_result") => {
                    answered = true;
                    self.counts.errors += u64::from(json::truth(block.is_error));
                    let id = json::string(block.tool_use_id).unwrap_or_default();
                    self.open_calls.retain(|(open, _)| *open != id);
                }
                Some("image" | "document") => {
                    typed.get_or_insert_with(|| "[image]".to_owned());
                }
                Some(_) => {}
            }
        }
        if answered {
            let step = self.step_of_open_calls().unwrap_or(Step::Asked);
            self.step_to(step, at);
        }
        if json::truth(record.is_meta) || json::truth(record.is_compact_summary) {
            return;
        }
        let Some(typed) = typed else { return };
        match said_by_user(&typed) {
            UserText::Typed => {
                self.counts.prompts += 1;
                self.open_calls.clear();
                let prompt = text::line(text::prefix(&typed, LABEL)).into_owned();
                self.last_action = Some(format!("prompt: {prompt}"));
                self.first_prompt.get_or_insert(prompt);
                self.step_to(Step::Asked, at);
            }
            UserText::Command(command) => {
                self.counts.prompts += 1;
                let command = text::line(text::prefix(&command, LABEL)).into_owned();
                self.last_action = Some(format!("command: {command}"));
            }
            UserText::Interrupted => {
                self.open_calls.clear();
                self.last_action = Some("interrupted by the user".to_owned());
                self.step_to(Step::Interrupted, at);
            }
            UserText::Output(_) => {}
        }
    }

    fn assistant(&mut self, record: &Record<'_>, at: Option<Timestamp>, own: bool, usage: Option<&mut Usage>) {
        let (message, blocks) = record.message();
        let model = json::string(message.model).unwrap_or_default();
        let failed = json::truth(record.is_api_error_message);
        let synthetic = failed || model == "<synthetic>";
        if !synthetic && let Some(tokens) = usage::tokens(message.usage) {
            if let Some(usage) = usage {
                let (id, request) = (json::string(message.id), json::string(record.request_id));
                usage.note(id.as_deref(), request.as_deref(), json::truth(record.is_sidechain), tokens);
            }
            if own {
                self.gauge(tokens);
            }
        }
        if !own {
            return;
        }
        if !synthetic && !model.is_empty() && self.model.as_deref() != Some(model.as_ref()) {
            self.model = Some(text::line(text::prefix(&model, LABEL)).into_owned());
        }
        let mut said = false;
        for block in &blocks {
            match json::string(block.kind).as_deref() {
                Some("tool_use" | "server_tool_use" | "mcp_tool_use") => self.call(block),
                None | Some("text") => {
                    said = true;
                    if let Some(words) = json::head(block.text, LABEL).filter(|words| !words.trim().is_empty()) {
                        let words = text::line(text::prefix(&words, LABEL)).into_owned();
                        self.last_action = Some(if failed { words } else { format!("said: {words}") });
                    }
                }
                Some(_) => {}
            }
        }
        let step = match (json::string(message.stop_reason).as_deref(), self.step_of_open_calls()) {
            _ if failed => {
                self.counts.errors += 1;
                Step::Failed
            }
            (_, Some(open)) => open,
            _ if synthetic => Step::Ended,
            (Some("end_turn" | "stop_sequence" | "max_tokens" | "refusal"), None) => Step::Ended,
            (None, None) if said => Step::Answered,
            _ => Step::Asked,
        };
        self.step_to(step, at);
    }

    fn call(&mut self, block: &Block<'_>) {
        self.counts.tool_calls += 1;
        let name = json::head(block.name, LABEL).unwrap_or_default();
        let name = text::line(&name).into_owned();
        let summary = call::summary(&name, block.input, self.cwd.as_deref());
        self.last_action = Some(format!("{name} {}", text::prefix(&summary, LABEL)).trim_end().to_owned());
        // The server's own tools answer inside the same message.
        if json::string(block.kind).as_deref() == Some("tool_use") {
            self.open_calls.truncate(OPEN_CALLS - 1);
            self.open_calls.push((json::head(block.id, LABEL).unwrap_or_default(), name));
        }
    }

    fn step_of_open_calls(&self) -> Option<Step> {
        let asks = |(_, tool): &&(String, String)| matches!(tool.as_str(), "AskUserQuestion" | "ExitPlanMode");
        if let Some((_, tool)) = self.open_calls.iter().find(asks) {
            return Some(Step::Asking { tool: tool.clone() });
        }
        self.open_calls.last().map(|(_, tool)| Step::Calling { tool: tool.clone() })
    }

    fn system(&mut self, record: &Record<'_>, at: Option<Timestamp>) {
        match json::string(record.subtype).as_deref() {
            Some("turn_duration") => {
                let agents = json::number(record.pending_background_agent_count).unwrap_or(0);
                self.open_calls.clear();
                self.step_to(if agents > 0 { Step::Background { agents } } else { Step::Ended }, at);
            }
            Some("compact_boundary") => {
                self.counts.compactions += 1;
                self.compacted = true;
                self.used = None;
            }
            Some("api_error") => {
                let attempt = json::number(record.retry_attempt).unwrap_or(0);
                let most = json::number(record.max_retries).unwrap_or(0);
                self.step_to(Step::Retrying { attempt, most }, at);
            }
            _ => {}
        }
    }

    fn gauge(&mut self, tokens: Tokens) {
        let used = tokens.input + tokens.cache_creation + tokens.cache_read;
        if used > 0 {
            self.used = Some(used);
            self.most_used = self.most_used.max(used);
            self.compacted = false;
        }
    }

    fn step_to(&mut self, step: Step, at: Option<Timestamp>) {
        self.step = step;
        self.step_at = at;
    }
}

fn label(raw: Option<&RawValue>) -> Option<String> {
    let head = json::head(raw, LABEL)?;
    let label = text::line(text::prefix(&head, LABEL)).into_owned();
    (!label.is_empty()).then_some(label)
}

fn set_label(known: &mut Option<String>, raw: Option<&RawValue>) {
    if let Some(label) = label(raw) {
        *known = Some(label);
    }
}

#[cfg(test)]
mod tests;
