//! What keeps a decision from being one that nobody meant: when a gate appeared under the cursor, what it requires, and what
//! was changed about the rules.

use jiff::{SignedDuration, Timestamp};

use crate::domain::attention::Subject;
use crate::domain::cluster::Connection;
use crate::domain::commit::Dirty;
use crate::domain::drift::DriftState;
use crate::domain::gate::ask::Question;
use crate::domain::gate::change::RuleChange;
use crate::domain::gate::require::{AgentFact, FabricFact, Facts, Met, RepoFact, judge};
use crate::domain::gate::{Gate, GateId};

use super::State;
use super::input::LineInput;

/// For so long after something appeared under the cursor by itself, the keys that decide do nothing: they were meant for
/// what stood there before.
pub const GRACE: SignedDuration = SignedDuration::from_millis(400);
/// What is typed to approve a gate of which a condition is not met.
pub const OVERRIDE: &str = "override";
/// What is typed to approve a dangerous call that no rule names.
const APPROVE: &str = "approve";
/// Gates of which it is known what their agents did.
const MOST_FACTS: usize = 256;

/// What keeps a decision from being one that nobody meant.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Files about rules that were changed and not accepted.
    pub changes: Vec<RuleChange>,
    /// What is under the attention queue's cursor, and when it came there by itself.
    pub under_cursor: Option<(Subject, Option<Timestamp>)>,
    /// Why no gate is decided here: another workbench does that.
    pub elsewhere: Option<String>,
    /// Processes that this workbench descends from.
    pub ancestors: Vec<u32>,
    /// What the agents that ask did, as far as their gates require to know it.
    pub facts: Vec<(GateId, AgentFact)>,
}

impl Guard {
    /// True while the keys that decide are not yet meant for what is under the cursor.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let appeared = self.under_cursor.as_ref().and_then(|(_, appeared)| *appeared);
        appeared.is_some_and(|appeared| now.duration_since(appeared) < GRACE)
    }

    /// Keeps what the agent of a gate did.
    pub fn learn(&mut self, gate: GateId, fact: AgentFact) {
        self.facts.retain(|(known, _)| *known != gate);
        if self.facts.len() == MOST_FACTS {
            self.facts.remove(0);
        }
        self.facts.push((gate, fact));
    }
}

/// A word that must be typed to approve.
#[derive(Debug, Clone)]
pub struct TypedWord {
    /// The gate as it stood when the popup was opened.
    pub gate: Box<Gate>,
    /// The word.
    pub word: String,
    /// Why it must be typed.
    pub why: String,
    /// What has been typed.
    pub input: LineInput,
    /// Answers to the gate's questions.
    pub answers: std::collections::BTreeMap<String, String>,
}

/// The questions of a gate while they are answered.
#[derive(Debug, Clone)]
pub struct AnswerView {
    /// The gate as it stood when the popup was opened.
    pub gate: Box<Gate>,
    /// The choice at the cursor: question, choice.
    pub at: (usize, usize),
    /// Choices that were taken, by question.
    pub taken: Vec<Vec<usize>>,
}

impl AnswerView {
    /// The questions of a gate with nothing answered but what is preset.
    pub fn new(gate: Box<Gate>) -> Self {
        let preset = |asked: &Question| if asked.preset && !asked.options.is_empty() { vec![0] } else { Vec::new() };
        let taken = gate.asks.questions.iter().map(preset).collect();
        Self { gate, at: (0, 0), taken }
    }

    /// Moves the cursor over the choices of all questions.
    pub fn step(&mut self, by: isize) {
        let places: Vec<(usize, usize)> = self
            .gate
            .asks
            .questions
            .iter()
            .enumerate()
            .flat_map(|(question, asked)| (0..asked.options.len()).map(move |choice| (question, choice)))
            .collect();
        let now = places.iter().position(|place| *place == self.at).unwrap_or(0);
        let next = now.saturating_add_signed(by).min(places.len().saturating_sub(1));
        if let Some(place) = places.get(next) {
            self.at = *place;
        }
    }

    /// Takes the choice at the cursor, or leaves it; of a question with one answer it takes the place of the other.
    pub fn toggle(&mut self) {
        let (question, choice) = self.at;
        let many = self.gate.asks.questions.get(question).is_some_and(|asked| asked.many);
        let Some(taken) = self.taken.get_mut(question) else { return };
        match taken.iter().position(|one| *one == choice) {
            Some(at) => {
                taken.remove(at);
            }
            None => {
                if !many {
                    taken.clear();
                }
                taken.push(choice);
                taken.sort_unstable();
            }
        }
    }

    /// The answers, once every question has one.
    pub fn answers(&self) -> Option<std::collections::BTreeMap<String, String>> {
        let questions = self.gate.asks.questions.iter().zip(&self.taken);
        questions
            .map(|(asked, taken)| {
                let labels: Option<Vec<&str>> =
                    taken.iter().map(|choice| asked.options.get(*choice).map(|option| option.label.as_str())).collect();
                let labels = labels.filter(|labels| !labels.is_empty())?;
                Some((asked.question.clone(), labels.join(", ")))
            })
            .collect()
    }
}

/// What a gate requires, and whether it is so now.
pub fn requirements(state: &State, gate: &Gate) -> Vec<Met> {
    if gate.asks.require.is_empty() {
        return Vec::new();
    }
    judge(&gate.asks.require, &facts(state, gate))
}

/// The word that must be typed to approve a gate now, and why; `None` when a key is enough.
pub fn word(state: &State, gate: &Gate) -> Option<(String, String)> {
    let unmet: Vec<String> =
        requirements(state, gate).into_iter().filter(|met| !met.met).map(|met| met.requirement).collect();
    if !unmet.is_empty() {
        return Some((OVERRIDE.to_owned(), format!("not met: {}", unmet.join(", "))));
    }
    let word = gate.rule.clone().unwrap_or_else(|| APPROVE.to_owned());
    gate.asks.danger.then(|| (word, "this cannot be taken back".to_owned()))
}

fn facts(state: &State, gate: &Gate) -> Facts {
    let name = |path: &std::path::Path| {
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    };
    let repos = state.git.repos.iter().map(|repo| RepoFact {
        name: name(&repo.path),
        dirty: Some(dirty(&repo.dirty)),
        ahead: repo.upstream.as_ref().map(|upstream| upstream.ahead as usize),
    });
    let fabrics = state.drift.fabrics.iter().map(|view| {
        let mut states: Vec<DriftState> =
            view.rows.iter().map(|row| row.state).filter(|state| *state != DriftState::Synced).collect();
        states.sort_unstable();
        let faults = states.iter().filter(|state| state.is_fault()).count();
        let mut not_synced: Vec<(String, usize)> = Vec::new();
        for state in states {
            match not_synced.last_mut() {
                Some((name, count)) if name == state.name() => *count += 1,
                _ => not_synced.push((state.name().to_owned(), 1)),
            }
        }
        FabricFact {
            name: view.fabric.clone(),
            connected: view.connection == Connection::Connected,
            not_synced,
            faults,
            objects: view.rows.len(),
        }
    });
    let agent = state.guard.facts.iter().find(|(known, _)| *known == gate.id).map(|(_, fact)| fact.clone());
    Facts { repos: repos.collect(), fabrics: fabrics.collect(), agent }
}

fn dirty(dirty: &Dirty) -> usize {
    let Dirty { staged, unstaged, untracked, conflicted } = *dirty;
    (staged + unstaged + untracked + conflicted) as usize
}
