//! Everything that is said of a brief while it is written: its parts, its budget and the findings of the lint.

use super::budget::Budget;
use super::facts::Facts;
use super::lint::{Aim, Finding, Page, Severity, lint, loads};
use super::tokens;
use crate::domain::redact::Redactor;

/// What a look at a brief has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What it takes, and what there is room for.
    pub budget: Budget,
    /// What is wrong with it, by line.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// How many findings are errors.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }
}

/// Paths of the files that a brief tells its reader to read: whoever checks it counts them first.
pub fn named(text: &str, facts: &Facts) -> Vec<String> {
    loads(&Page::new(text), facts).into_iter().map(|load| load.path).collect()
}

/// Checks the text of a brief.
pub fn check(text: &str, aim: &Aim, facts: &Facts, redactor: &Redactor) -> Checked {
    let page = Page::new(text);
    let loads = loads(&page, facts);
    let budget = Budget { text: tokens::count(text), loads, left: aim.left, target: aim.target };
    let findings = lint(&page, aim, &budget, facts, redactor);
    Checked { budget, findings }
}
