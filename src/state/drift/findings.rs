//! Findings among the rows: many with one code are one line with their count, until somebody wants to see them.

use std::collections::BTreeSet;

use super::{Drift, DriftView, Finding, Row, Severity, filter};

/// Findings of one code from which on they are one line.
const MANY: usize = 5;

impl Drift {
    /// The rows of a fabric's findings, those of one code together.
    pub(super) fn finding_rows(&self, index: usize, view: &DriftView) -> Vec<Row> {
        let unfiltered = self.list.filter.is_empty();
        let admitted = |finding: &Finding| {
            let wanted = !self.faults_only || finding.severity != Severity::Note;
            wanted && (unfiltered || filter::admits_finding(&self.list.filter, view, finding))
        };
        let shown: Vec<(usize, &Finding)> =
            view.findings.iter().enumerate().filter(|(_, finding)| admitted(finding)).collect();
        // There may be one for every object, and there are a dozen codes: first and number of each.
        let mut codes: Vec<(&'static str, usize, usize)> = Vec::new();
        for (number, finding) in &shown {
            match codes.iter_mut().find(|(code, ..)| *code == finding.code) {
                Some((.., many)) => *many += 1,
                None => codes.push((finding.code, *number, 1)),
            }
        }
        let mut rows = Vec::new();
        for (code, first, many) in codes {
            if many >= MANY && self.is_code_folded(&view.fabric, code) {
                rows.push(Row::Findings(index, first, many));
            } else {
                let alike = shown.iter().filter(|(_, finding)| finding.code == code);
                rows.extend(alike.map(|(number, _)| Row::Finding(index, *number)));
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
