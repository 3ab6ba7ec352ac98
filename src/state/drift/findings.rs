//! Findings among the rows: many with one code are one line with their count, until somebody wants to see them.

use std::collections::BTreeSet;

use super::{Drift, DriftView, Finding, Row, Severity, filter};

/// Findings of one code from which on they are one line.
const MANY: usize = 5;

impl Drift {
    /// The rows of a fabric's findings, those of one code together.
    pub(super) fn finding_rows(&self, index: usize, view: &DriftView) -> Vec<Row> {
        let admitted = |finding: &Finding| {
            let wanted = !self.faults_only || finding.severity != Severity::Note;
            wanted && filter::admits_finding(&self.list.filter, view, finding)
        };
        let shown: Vec<(usize, &Finding)> =
            view.findings.iter().enumerate().filter(|(_, finding)| admitted(finding)).collect();
        let mut rows = Vec::new();
        let mut seen = BTreeSet::new();
        for (_, finding) in &shown {
            if !seen.insert(finding.code) {
                continue;
            }
            let alike = shown.iter().filter(|(_, other)| other.code == finding.code).map(|(number, _)| *number);
            let alike: Vec<usize> = alike.collect();
            if alike.len() >= MANY && self.is_code_folded(&view.fabric, finding.code) {
                rows.push(Row::Findings(index, alike[0], alike.len()));
            } else {
                rows.extend(alike.into_iter().map(|number| Row::Finding(index, number)));
            }
        }
        rows
    }

    fn is_code_folded(&self, fabric: &str, code: &'static str) -> bool {
        self.list.filter.is_empty() && !self.unfolded.contains(&(fabric.to_owned(), code))
    }

    /// Folds the findings of one code, if they are many. False when they are not.
    pub(super) fn fold_code(&mut self, fabric: String, code: &'static str) -> bool {
        self.unfolded.remove(&(fabric, code))
    }

    /// Codes of which a fabric has many findings.
    pub(super) fn codes(&self) -> BTreeSet<(String, &'static str)> {
        let mut codes = BTreeSet::new();
        for view in &self.fabrics {
            let many = |code| view.findings.iter().filter(|finding| finding.code == code).count() >= MANY;
            let found: BTreeSet<&'static str> = view.findings.iter().map(|finding| finding.code).collect();
            codes.extend(found.into_iter().filter(|code| many(*code)).map(|code| (view.fabric.clone(), code)));
        }
        codes
    }
}
