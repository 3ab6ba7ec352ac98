//! How a brief says what it wants: outcomes or calls, dimensions or values, one wait or many looks, commands of today.

use super::page::Page;
use super::words::Words;
use super::{Findings, Fix, Rule, Severity};

/// Values in a row from which on a dimension is meant.
const VALUES: usize = 8;
/// Lines around one that may say when to stop looking.
const AROUND: usize = 2;

/// Looks at the style of a brief.
pub fn look(page: &Page<'_>, words: &Words, findings: &mut Findings) {
    let mut row = 0;
    for (at, line) in page.lines.iter().enumerate() {
        stale(at, line, words, findings);
        if !page.is_code(at) {
            if words.prescribes.is_match(line) {
                findings.warn(Rule::PrescribesCalls, at, "it prescribes a tool call; say what is to come of it");
            }
            let values = longest_list(line);
            if values >= VALUES {
                let message =
                    format!("it lists {values} values; say which dimension they stand for and what its ends are");
                findings.warn(Rule::ListsValues, at, message);
            }
            row = if is_value_item(line) { row + 1 } else { 0 };
            if row == VALUES {
                let message = "it lists values line by line; say which dimension they stand for and what its ends are";
                findings.warn(Rule::ListsValues, at + 1 - VALUES, message);
            }
        }
        polls(page, at, words, findings);
    }
}

fn polls(page: &Page<'_>, at: usize, words: &Words, findings: &mut Findings) {
    if !words.polls.is_match(page.lines[at]) {
        return;
    }
    let from = at.saturating_sub(AROUND);
    let to = (at + AROUND + 1).min(page.lines.len());
    if !page.lines[from..to].iter().any(|line| words.waits.is_match(line)) {
        let message =
            "it has the agent look again and again, and does not say when to stop; name one wait with a limit";
        findings.warn(Rule::Polls, at, message);
    }
}

fn stale(at: usize, line: &str, words: &Words, findings: &mut Findings) {
    for stale in &words.stale {
        let applies = stale.only.as_ref().is_none_or(|only| only.is_match(line));
        let Some(found) = stale.pattern.find(line).filter(|_| applies) else { continue };
        let fix = stale.to.as_ref().map(|to| {
            let with = stale.pattern.replace_all(line, to.as_str()).into_owned();
            Fix {
                what: format!("write {}", to.replace("$1", "…").replace("$2", "")),
                lines: at..at + 1,
                with: vec![with],
            }
        });
        let message = format!("`{}`: {}", found.as_str().trim().trim_end_matches('`'), stale.why);
        findings.add(Rule::StaleCommand, Severity::Warning, at, message, fix);
    }
}

/// The number of single values between commas that follow each other in a line.
fn longest_list(line: &str) -> usize {
    let (mut longest, mut row) = (0, 0);
    let parts: Vec<&str> = line.split([',', ';']).collect();
    let last = parts.len() - 1;
    for (at, part) in parts.iter().enumerate() {
        let part = part.trim();
        // The first value stands behind the words that lead to it, the last before those that go on.
        let value = if at == 0 {
            part.rsplit([' ', ':', '(']).next().unwrap_or("")
        } else if at == last {
            let part = part.strip_prefix("and ").or_else(|| part.strip_prefix("or ")).unwrap_or(part);
            part.split([' ', ')']).next().unwrap_or("").trim_end_matches('.')
        } else {
            part
        };
        row = if is_value(value) { row + 1 } else { 0 };
        longest = longest.max(row);
    }
    longest
}

/// A number, or one word in quotation marks or marks of code.
fn is_value(text: &str) -> bool {
    let quoted = |mark: char| {
        let inside = text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        inside.is_some_and(|inside| !inside.is_empty() && inside.len() <= 40 && !inside.contains(['/', ' ']))
    };
    let bare = text.trim_matches('`');
    let number = bare.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && bare.contains(|c: char| c.is_ascii_digit())
        && bare.len() <= 20
        && bare.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/' | '-' | '_' | 'x'));
    number || quoted('`') || quoted('"') || quoted('\'')
}

fn is_value_item(line: &str) -> bool {
    let item = line.trim_start().strip_prefix(['-', '*', '+']).map(str::trim);
    item.is_some_and(is_value)
}

#[cfg(test)]
mod tests {
    use super::{is_value_item, longest_list};

    #[test]
    fn values_in_a_row_are_counted() {
        assert_eq!(longest_list("Test VLAN 1, 2, 3, 10, 100, 1000, 4000, and 4094."), 8);
        assert_eq!(longest_list("names `a`, `b` or \"c\""), 2);
        assert_eq!(longest_list("read it, then go on, then stop, and say so"), 0);
        assert_eq!(longest_list("`src/a.rs`, `src/b.rs`, `src/c.rs`"), 0);
        assert!(is_value_item("- 10.0.0.1/24") && is_value_item("  * `leaf-1`") && !is_value_item("- do it"));
    }
}
