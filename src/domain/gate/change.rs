//! A file that decides about gates was changed while a workbench runs: what differs, for the operator to accept.

use std::path::PathBuf;

use similar::{ChangeTag, TextDiff};

use crate::domain::digest::sha256;
use crate::domain::redact::Redactor;

/// Lines of a difference that are kept.
const MOST_LINES: usize = 2_000;
/// Bytes of a text that is compared; of a longer one only the digest tells.
const LONGEST: usize = 1024 * 1024;
/// Unchanged lines around a change.
const AROUND: usize = 3;

/// What kind of file it is, and so what accepting does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarded {
    /// The session file: its rules count once they are accepted.
    Session,
    /// Settings of an agent, with the hook in it: the agent reads them by itself, accepting says that it was seen.
    Hooks,
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// `+`, `-` or a space.
    pub sign: char,
    /// The line.
    pub text: String,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChange {
    /// The file.
    pub file: PathBuf,
    /// What it is.
    pub guarded: Guarded,
    /// Digest of what is in force.
    pub before: String,
    /// Digest of what the file says now; empty when it is gone.
    pub after: String,
    /// What differs.
    pub lines: Vec<DiffLine>,
    /// What is wrong with it: then it cannot be accepted.
    pub problems: Vec<String>,
}

impl RuleChange {
    /// Compares what is in force with what the file says.
    pub fn new(file: PathBuf, guarded: Guarded, before: &str, after: &str, problems: Vec<String>) -> Self {
        Self {
            file,
            guarded,
            before: sha256(before.as_bytes()),
            after: sha256(after.as_bytes()),
            lines: diff(before, after),
            problems,
        }
    }

    /// The same with every secret in it hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.lines.iter_mut().map(|line| &mut line.text).chain(&mut self.problems).for_each(|text| redactor.hide(text));
        self
    }

    /// Lines that were added and taken out.
    pub fn counts(&self) -> (usize, usize) {
        let count = |sign| self.lines.iter().filter(|line| line.sign == sign).count();
        (count('+'), count('-'))
    }
}

/// The lines that differ, with some around them.
fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    if before.len() > LONGEST || after.len() > LONGEST {
        return vec![DiffLine { sign: ' ', text: "too long to be compared".to_owned() }];
    }
    let compared = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (number, group) in compared.grouped_ops(AROUND).iter().enumerate() {
        if number > 0 {
            lines.push(DiffLine { sign: ' ', text: "…".to_owned() });
        }
        for change in group.iter().flat_map(|operation| compared.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
            };
            lines.push(DiffLine { sign, text: change.value().trim_end_matches(['\n', '\r']).to_owned() });
        }
    }
    if lines.len() > MOST_LINES {
        let left_out = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(DiffLine { sign: ' ', text: format!("… and {left_out} lines more") });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Guarded, RuleChange};
    use std::path::PathBuf;

    #[test]
    fn a_change_shows_the_lines_that_differ() {
        let before = "[[gate]]\nname = \"push\"\nmatches = \"git push\"\n";
        let change =
            RuleChange::new(PathBuf::from("h"), Guarded::Session, before, "[[gate]]\nname = \"x\"\n", Vec::new());
        let shown: Vec<String> = change.lines.iter().map(|line| format!("{}{}", line.sign, line.text)).collect();
        assert_eq!(shown, [" [[gate]]", "-name = \"push\"", "-matches = \"git push\"", "+name = \"x\""]);
        assert_eq!(change.counts(), (1, 2));
        assert_ne!(change.before, change.after);
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let change = RuleChange::new(PathBuf::from("h"), Guarded::Session, "", &"x\n".repeat(5_000), Vec::new());
        assert!(change.lines.len() == 2_001 && change.lines[2_000].text.contains("3000 lines more"));
    }
}
