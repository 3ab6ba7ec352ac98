//! A transcript summed up while its records go by: what `Agent` and `hnpwb status` show of it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::codex::Thread;
use super::side::SideChains;
use super::{LINE_AHEAD, text};
use crate::domain::agent::{Agent, hook};
use crate::domain::link;

/// Bytes kept of a title or an action; fewer are shown, once secrets are hidden.
pub(crate) const LABEL: usize = Agent::LABEL + LINE_AHEAD;

/// Folders that are remembered; an agent wanders through more.
const FOLDERS: usize = 16;

/// Calls without a result that are remembered; an agent runs fewer at once.
const OPEN_CALLS: usize = 64;

/// Bytes of a prompt in which tasks are looked for.
const PROMPT: usize = 2 * 1024;

/// What one prompt may name, and prompts that are remembered for what they name.
const NAMED: usize = 16;

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
    /// A permission was asked for and neither given nor refused.
    Permission {
        /// What for, in one phrase.
        what: String,
    },
    /// The session was ended in an orderly way.
    Closed,
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
            | Self::Permission { .. }
            | Self::Background { .. }
            | Self::Retrying { .. } => true,
            Self::Nothing
            | Self::Answered
            | Self::Ended
            | Self::Interrupted
            | Self::Failed
            | Self::Closed
            | Self::MovedOn { .. } => false,
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

/// What a prompt named that may be tasks, and no prompt before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// When it was given, if the record says.
    pub at: Option<Timestamp>,
    /// Ids, joined by commas; secrets are not hidden in them.
    pub text: String,
}

/// A context window that a transcript states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedWindow {
    /// Its size in tokens.
    pub tokens: u64,
    /// Tokens that are in use whatever is said, and that the program does not count as used.
    pub reserved: u64,
}

impl StatedWindow {
    /// How full it is in whole percent, as Codex shows it: 100 less the rounded share that is left of what is not
    /// reserved. Source: `percent_of_context_window_remaining` in its `protocol.rs`.
    pub fn percent(self, used: u64) -> u8 {
        let free = self.tokens.saturating_sub(self.reserved);
        if free == 0 {
            return 100;
        }
        let left = free.saturating_sub(used.saturating_sub(self.reserved));
        100 - ((left * 100 + free / 2) / free).min(100) as u8
    }
}

/// What the records read so far say. Bounded, whatever is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    /// True for the transcript of a sub-agent: its own chain is the side chain.
    pub sub_agent: bool,
    /// Session id as last recorded.
    pub session_id: Option<String>,
    /// Session of the parent, where the transcript says so.
    pub parent: Option<String>,
    /// SHA-256 of the project's folder in hexadecimal, where that is all that is recorded of it.
    pub project: Option<String>,
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
    /// What it asked the operator last, in short.
    pub question: Option<String>,
    /// Every folder that was recorded, the first ones of them.
    pub folders: Vec<String>,
    /// Sub-agents whose records stand in this transcript.
    pub side: SideChains,
    /// How many of what there were.
    pub counts: Counts,
    /// The context window, where the transcript states it.
    pub window: Option<StatedWindow>,
    /// What a rollout of Codex needs to be read on.
    pub(super) codex: Thread,
    used: Option<u64>,
    most_used: u64,
    compacted: bool,
    custom_title: Option<String>,
    agent_name: Option<String>,
    ai_title: Option<String>,
    summary: Option<String>,
    first_prompt: Option<String>,
    named: Vec<Naming>,
    open_calls: Vec<(String, String)>,
}

impl Digest {
    /// A digest of nothing.
    pub fn new(sub_agent: bool) -> Self {
        Self { sub_agent, ..Self::default() }
    }

    /// Counts a record that is too long to be read.
    pub fn pass_over(&mut self) {
        self.counts.records += 1;
        self.counts.unknown_records += 1;
    }

    /// Tells that records in between were not read: what was open before them may have been closed.
    pub fn skip(&mut self) {
        self.open_calls.clear();
        self.side.skip();
        self.step = Step::Nothing;
        self.step_at = None;
        self.codex.skip();
    }

    /// What the session is called: given name, agent name, generated title, old summary, first prompt.
    pub fn title(&self) -> Option<&str> {
        let titles = [&self.custom_title, &self.agent_name, &self.ai_title, &self.summary, &self.first_prompt];
        titles.into_iter().find_map(Option::as_deref)
    }

    /// What prompts named that may be tasks, the oldest first; of many the latest.
    pub fn named(&self) -> &[Naming] {
        &self.named
    }

    /// True once the last answer's use of the context was read, or it is certain that there is none to be had.
    pub fn knows_context(&self) -> bool {
        self.used.is_some() || self.compacted
    }

    /// True once what was read since the last gap is enough to tell what the agent is and does.
    pub fn is_settled(&self) -> bool {
        self.knows_context() && self.step != Step::Nothing && self.codex.is_settled()
    }

    /// Tokens in the context window at the last answer; `None` before the first one and after a compaction.
    pub fn used(&self) -> Option<u64> {
        self.used
    }

    /// The most tokens seen in the window of the model that answered last.
    pub fn most_used(&self) -> u64 {
        self.most_used
    }

    /// True from a compaction of the context to the next answer.
    pub fn is_compacted(&self) -> bool {
        self.compacted
    }

    /// Counts a line that is not blank.
    pub(crate) fn line(&mut self) {
        self.counts.records += 1;
    }

    /// Counts the line as none of its format.
    pub(crate) fn malformed(&mut self) {
        self.counts.malformed_records += 1;
    }

    /// Counts the line as of a kind that is not known.
    pub(crate) fn unknown(&mut self) {
        self.counts.unknown_records += 1;
    }

    /// Notes when a record was written.
    pub(crate) fn seen_at(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        self.last_activity = self.last_activity.max(Some(at));
        self.first_activity = Some(self.first_activity.map_or(at, |first| first.min(at)));
    }

    /// Takes over what a record says about its session. Empty and absurdly long values are no news.
    pub(crate) fn learn(&mut self, origin: Origin<'_>) {
        let fields = [
            (&mut self.session_id, origin.session),
            (&mut self.cwd, origin.cwd),
            (&mut self.branch, origin.branch),
            (&mut self.version, origin.version),
        ];
        for (known, value) in fields {
            let Some(value) = value.filter(|value| !value.is_empty() && value.len() <= 4_096) else { continue };
            if known.as_deref() != Some(value.as_ref()) {
                *known = Some(value.into_owned());
            }
        }
        if self.started_in.is_none() {
            self.started_in.clone_from(&self.cwd);
        }
        if let Some(cwd) = &self.cwd
            && self.folders.last() != Some(cwd)
            && self.folders.len() < FOLDERS
            && !self.folders.contains(cwd)
        {
            self.folders.push(cwd.clone());
        }
    }

    /// Takes over a title of one kind; an empty one is no news.
    pub(crate) fn call_it(&mut self, kind: Title, title: &str) {
        let title = label(title);
        if title.is_empty() {
            return;
        }
        let known = match kind {
            Title::Custom => &mut self.custom_title,
            Title::Agent => &mut self.agent_name,
            Title::Generated => &mut self.ai_title,
            Title::Summary => &mut self.summary,
        };
        *known = Some(title);
    }

    /// A prompt was typed, or sent in the user's name: a turn begins.
    pub(crate) fn prompted(&mut self, typed: &str, at: Option<Timestamp>) {
        self.counts.prompts += 1;
        self.open_calls.clear();
        self.side.close(&Step::Interrupted, at);
        let prompt = label(typed);
        self.last_action = Some(format!("prompt: {prompt}"));
        self.first_prompt.get_or_insert(prompt);
        self.note_names(typed, at);
        self.step_to(Step::Asked, at);
    }

    fn note_names(&mut self, typed: &str, at: Option<Timestamp>) {
        let is_known = |id: &String| self.named.iter().any(|known| known.text.split(", ").any(|known| known == id));
        let mut new = link::candidates(text::prefix(typed, PROMPT), NAMED);
        new.retain(|id| !is_known(id));
        if new.is_empty() {
            return;
        }
        if self.named.len() == NAMED {
            self.named.remove(0);
        }
        self.named.push(Naming { at, text: new.join(", ") });
    }

    /// A command of the program's own was given: no turn begins.
    pub(crate) fn commanded(&mut self, command: &str) {
        self.counts.prompts += 1;
        self.last_action = Some(format!("command: {}", label(command)));
    }

    /// The user stopped the turn.
    pub(crate) fn interrupted(&mut self, at: Option<Timestamp>) {
        self.open_calls.clear();
        self.side.close(&Step::Interrupted, at);
        self.last_action = Some("interrupted by the user".to_owned());
        self.step_to(Step::Interrupted, at);
    }

    /// The model said something. Blank words are no action.
    pub(crate) fn said(&mut self, words: &str) {
        if !words.trim().is_empty() {
            self.last_action = Some(format!("said: {}", label(words)));
        }
    }

    /// The API failed for good, in these words.
    pub(crate) fn failed(&mut self, words: &str, at: Option<Timestamp>) {
        self.counts.errors += 1;
        if !words.trim().is_empty() {
            self.last_action = Some(label(words));
        }
        self.step_to(Step::Failed, at);
    }

    /// A tool was called. `pending` is the call's id when its answer is still to come.
    pub(crate) fn called(&mut self, name: &str, summary: &str, pending: Option<String>) {
        self.counts.tool_calls += 1;
        let name = text::line(text::prefix(name, LABEL)).into_owned();
        self.last_action = Some(format!("{name} {}", text::prefix(summary, LABEL)).trim_end().to_owned());
        if let Some(id) = pending {
            self.open_calls.truncate(OPEN_CALLS - 1);
            self.open_calls.push((id, name));
        }
    }

    /// It asks the operator something; `None` when the question itself is not known.
    pub(crate) fn asked(&mut self, question: Option<&str>) {
        self.question = question.map(hook::short).filter(|question| !question.is_empty());
    }

    /// A tool answered the call of this id.
    pub(crate) fn answered(&mut self, id: &str, is_error: bool) {
        self.counts.errors += u64::from(is_error);
        self.open_calls.retain(|(open, _)| open != id);
        self.side.answered(id, self.last_activity);
    }

    /// No call is open any more, whether or not it was answered.
    pub(crate) fn close_calls(&mut self) {
        self.open_calls.clear();
    }

    /// The step that open calls make; none if none is open.
    pub(crate) fn step_of_open_calls(&self) -> Option<Step> {
        let asks = |(_, tool): &&(String, String)| {
            matches!(tool.as_str(), "AskUserQuestion" | "ExitPlanMode" | "request_user_input")
        };
        if let Some((_, tool)) = self.open_calls.iter().find(asks) {
            return Some(Step::Asking { tool: tool.clone() });
        }
        self.open_calls.last().map(|(_, tool)| Step::Calling { tool: tool.clone() })
    }

    /// The turn stands there now.
    pub(crate) fn step_to(&mut self, step: Step, at: Option<Timestamp>) {
        self.step = step;
        self.step_at = at;
    }

    /// This model answered.
    pub(crate) fn answered_by(&mut self, model: &str) {
        if !model.is_empty() && self.model.as_deref() != Some(model) {
            self.model = Some(label(model));
            // Another model has another window.
            self.most_used = 0;
        }
    }

    /// The context held this many tokens at the last answer; none is no news.
    pub(crate) fn gauge(&mut self, used: u64) {
        if used > 0 {
            self.used = Some(used);
            self.most_used = self.most_used.max(used);
            self.compacted = false;
        }
    }

    /// The context was compacted. `before` is what was in it, as far as the record says so.
    pub(crate) fn compacted(&mut self, before: Option<u64>) {
        self.counts.compactions += 1;
        self.most_used = self.most_used.max(before.unwrap_or(0));
        self.compacted = true;
        self.used = None;
    }
}

/// What a record says about the session that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Origin<'a> {
    pub session: Option<Cow<'a, str>>,
    pub cwd: Option<Cow<'a, str>>,
    pub branch: Option<Cow<'a, str>>,
    pub version: Option<Cow<'a, str>>,
}

/// Where a title comes from; the first of these that there is counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Title {
    /// Given by the user.
    Custom,
    /// The agent's name.
    Agent,
    /// Made by a model.
    Generated,
    /// Of old sessions.
    Summary,
}

fn label(value: &str) -> String {
    text::line(text::prefix(value, LABEL)).into_owned()
}

#[cfg(test)]
mod tests;
