//! The lint of briefs: what experience says will go wrong with one, each with its reason and, where there is one, its repair.

mod page;
mod shape;
mod style;
mod words;
mod world;

use serde::Serialize;

use super::budget::{Budget, Load};
use super::facts::Facts;
use super::tokens;
use crate::domain::redact::Redactor;

pub use page::Page;

/// Findings of one brief at most.
const MOST: usize = 200;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The brief should not be sent like this.
    Error,
    /// It is worth a thought.
    Warning,
}

/// The rules. Their names are those of `hnpwb brief lint -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    Unfilled,
    Secret,
    ControlCharacter,
    NoCriteria,
    NoEvidence,
    NoAsk,
    PrescribesCalls,
    ListsValues,
    Polls,
    StaleCommand,
    MissingFile,
    MissingBranch,
    MissingCommand,
    MissingContext,
    MissingObject,
    TaskStatus,
    TaskDependency,
    Count,
    OverBudget,
    OverLength,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 20] = [
        Self::Unfilled,
        Self::Secret,
        Self::ControlCharacter,
        Self::NoCriteria,
        Self::NoEvidence,
        Self::NoAsk,
        Self::PrescribesCalls,
        Self::ListsValues,
        Self::Polls,
        Self::StaleCommand,
        Self::MissingFile,
        Self::MissingBranch,
        Self::MissingCommand,
        Self::MissingContext,
        Self::MissingObject,
        Self::TaskStatus,
        Self::TaskDependency,
        Self::Count,
        Self::OverBudget,
        Self::OverLength,
    ];

    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unfilled => "unfilled",
            Self::Secret => "secret",
            Self::ControlCharacter => "control-character",
            Self::NoCriteria => "no-criteria",
            Self::NoEvidence => "no-evidence",
            Self::NoAsk => "no-ask",
            Self::PrescribesCalls => "prescribes-calls",
            Self::ListsValues => "lists-values",
            Self::Polls => "polls",
            Self::StaleCommand => "stale-command",
            Self::MissingFile => "missing-file",
            Self::MissingBranch => "missing-branch",
            Self::MissingCommand => "missing-command",
            Self::MissingContext => "missing-context",
            Self::MissingObject => "missing-object",
            Self::TaskStatus => "task-status",
            Self::TaskDependency => "task-dependency",
            Self::Count => "count",
            Self::OverBudget => "over-budget",
            Self::OverLength => "over-length",
        }
    }

    /// Why it is a rule, in one sentence without a full stop.
    pub fn why(self) -> &'static str {
        match self {
            Self::Unfilled => "an agent fills a gap with a guess",
            Self::Secret => "what an agent reads ends up in its transcript",
            Self::ControlCharacter => "it can act on a terminal, and is not seen",
            Self::NoCriteria => "without criteria an agent decides itself when it is done",
            Self::NoEvidence => "a claim is believed when nothing has to be shown",
            Self::NoAsk => "an agent that was not told to ask guesses",
            Self::PrescribesCalls => {
                "a prescribed call is made even where another way is better; the outcome is what counts"
            }
            Self::ListsValues => {
                "listed values are what gets tested, and nothing beside them; the dimension would cover all"
            }
            Self::Polls => "an agent that looks again and again fills its window with nothing",
            Self::StaleCommand => "a command that fails costs turns, and the agent improvises",
            Self::MissingFile => "an agent that does not find a file makes one up or searches",
            Self::MissingBranch => "work begins on another branch than was meant",
            Self::MissingCommand => "a command that is not there is replaced by something else",
            Self::MissingContext => "the command reaches another cluster, or none",
            Self::MissingObject => "an object that is not there may be created",
            Self::TaskStatus => "brief and board cannot both be right",
            Self::TaskDependency => "work on top of what is not there has to be done again",
            Self::Count => "a plan made for another number leaves some out, or invents some",
            Self::OverBudget => "what fills the window leaves no room for the work",
            Self::OverLength => "the longer a brief, the less of it is followed",
        }
    }
}

/// What puts a finding right: these lines in place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an instruction.
    pub what: String,
    /// Lines that go, from zero.
    pub lines: std::ops::Range<usize>,
    /// Lines that come.
    pub with: Vec<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// How much it weighs.
    pub severity: Severity,
    /// Line of the text, from zero.
    pub line: usize,
    /// What is wrong there, in one sentence without a full stop.
    pub message: String,
    /// What puts it right, where something does.
    pub fix: Option<Fix>,
}

/// Who the brief is about and for, as far as rules ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aim {
    /// Id of its task.
    pub task: Option<String>,
    /// Name of its template.
    pub template: String,
    /// Tokens that are left of its agent's window.
    pub left: Option<u64>,
    /// Name of the agent.
    pub agent: Option<String>,
    /// Tokens that its template says it should take at most.
    pub target: Option<usize>,
}

/// Collects findings.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, rule: Rule, severity: Severity, line: usize, message: String, fix: Option<Fix>) {
        if self.0.len() < MOST {
            self.0.push(Finding { rule, severity, line, message, fix });
        }
    }

    fn error(&mut self, rule: Rule, line: usize, message: impl Into<String>) {
        self.add(rule, Severity::Error, line, message.into(), None);
    }

    fn warn(&mut self, rule: Rule, line: usize, message: impl Into<String>) {
        self.add(rule, Severity::Warning, line, message.into(), None);
    }
}

/// The files that a brief tells its reader to read, as far as they are there, each once.
pub fn loads(page: &Page<'_>, facts: &Facts) -> Vec<Load> {
    world::loads(page, facts)
}

/// Everything there is to say of a brief, by line.
pub fn lint(page: &Page<'_>, aim: &Aim, budget: &Budget, facts: &Facts, redactor: &Redactor) -> Vec<Finding> {
    let mut findings = Findings::default();
    let words = words::built_in();
    shape::look(page, words, redactor, &mut findings);
    style::look(page, words, &mut findings);
    world::look(page, aim, words, facts, &mut findings);
    weigh(aim, budget, &mut findings);
    let mut findings = findings.0;
    findings.sort_by_key(|finding| (finding.line, finding.severity, finding.rule));
    findings
}

/// What a brief takes against what there is room for.
fn weigh(aim: &Aim, budget: &Budget, findings: &mut Findings) {
    if let (Some(over), Some(most)) = (budget.over(), budget.most()) {
        let largest: Vec<String> = budget
            .largest(3)
            .into_iter()
            .map(|load| format!("{} {}", load.path, tokens::shown(load.tokens.unwrap_or(0))))
            .collect();
        let named = if largest.is_empty() { "all of it is its own text".to_owned() } else { largest.join(", ") };
        let line = budget.largest(1).first().map_or(0, |load| load.line);
        let who = aim.agent.as_deref().unwrap_or("the agent");
        findings.error(
            Rule::OverBudget,
            line,
            format!(
                "{} with what it names, {} more than the {} that half of what is left of {who}'s window is; the largest: {named}",
                tokens::shown(budget.total()),
                tokens::shown(over),
                tokens::shown(most),
            ),
        );
    }
    if let Some(target) = budget.target.filter(|target| budget.text > *target) {
        let message = format!(
            "{} of its own text; {} is what its template {} is meant for",
            tokens::shown(budget.text),
            tokens::shown(target),
            aim.template
        );
        findings.warn(Rule::OverLength, 0, message);
    }
}

#[cfg(test)]
mod tests;
