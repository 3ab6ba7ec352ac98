//! What a brief must have, and must not have in it: criteria, evidence, when to ask; gaps, secrets, control characters.

use super::page::Page;
use super::words::Words;
use super::{Findings, Fix, Rule, Severity};
use crate::domain::brief::part::Part;
use crate::domain::brief::{CLOSE, OPEN, unfilled};
use crate::domain::redact::Redactor;

/// Looks at the shape of a brief.
pub fn look(page: &Page<'_>, words: &Words, redactor: &Redactor, findings: &mut Findings) {
    for (at, line) in page.lines.iter().enumerate() {
        for name in unfilled(line) {
            let message = format!("{OPEN}{name}{CLOSE} has no value yet");
            findings.error(Rule::Unfilled, at, message);
        }
        if let Some(c) = line.chars().find(|c| c.is_control() && *c != '\t') {
            let cleaned = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
            let fix = Fix { what: "take it out".to_owned(), lines: at..at + 1, with: vec![cleaned] };
            let message = format!("the control character U+{:04X} stands here", u32::from(c));
            findings.add(Rule::ControlCharacter, Severity::Error, at, message, Some(fix));
        }
    }
    secrets(page, redactor, findings);
    criteria(page, findings);
    let said = |pattern: &regex::RegexSet| page.lines.iter().any(|line| pattern.is_match(line));
    if !has(page, Part::Evidence) && !said(&words.shows) {
        let message = "nothing says which evidence has to be shown";
        let lines = &[
            "- The command that ran the tests, and its last lines.",
            "- For each criterion: the file and line, or the output, that shows it.",
        ];
        missing(page, Part::Evidence, Rule::NoEvidence, Severity::Error, message, lines, findings);
    }
    if !has(page, Part::Ask) && !said(&words.asks) {
        let message = "nothing says when to ask instead of guess";
        let lines = &[
            "- A criterion cannot be met, or contradicts what you find.",
            "- The same thing has failed three times.",
            "- You would have to guess.",
        ];
        missing(page, Part::Ask, Rule::NoAsk, Severity::Warning, message, lines, findings);
    }
}

fn has(page: &Page<'_>, part: Part) -> bool {
    page.sections.iter().any(|section| section.part == Some(part) && page.is_filled(section))
}

fn criteria(page: &Page<'_>, findings: &mut Findings) {
    let listed = page.sections.iter().filter(|section| section.part == Some(Part::Criteria)).any(|section| {
        page.lines[section.body.clone()].iter().any(|line| {
            let item = line.trim_start();
            let item =
                item.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['-', '*', '+', '.', ')']);
            item.len() < line.trim_start().len()
                && item.trim_start_matches([' ', '[', ']', 'x']).chars().any(char::is_alphanumeric)
        })
    });
    if !listed {
        let message = "there is no list of success criteria";
        let lines = &["- [ ] "];
        missing(page, Part::Criteria, Rule::NoCriteria, Severity::Error, message, lines, findings);
    }
}

/// A part that is missing, or stands there empty: the repair puts lines under its heading, and the heading if need be.
fn missing(
    page: &Page<'_>,
    part: Part,
    rule: Rule,
    severity: Severity,
    message: &str,
    lines: &[&str],
    findings: &mut Findings,
) {
    let mut with: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let (at, what, place) = match page.part(part) {
        Some(section) => {
            let end =
                section.body.clone().rev().find(|at| !page.lines[*at].trim().is_empty()).unwrap_or(section.line) + 1;
            with.insert(0, String::new());
            with.push(String::new());
            (section.line, "fill it", end..section.body.end.max(end))
        }
        None => {
            let level = page
                .sections
                .iter()
                .filter(|section| section.part.is_some())
                .map(|section| section.level)
                .min()
                .unwrap_or(2);
            with.insert(0, format!("{} {}", "#".repeat(level), part.name()));
            with.insert(1, String::new());
            let end = page.lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |at| at + 1);
            if end > 0 {
                with.insert(0, String::new());
            }
            with.push(String::new());
            (0, "add the part", end..page.lines.len())
        }
    };
    let fix = Fix { what: format!("{what}: {}", part.name()), lines: place, with };
    findings.add(rule, severity, at, message.to_owned(), Some(fix));
}

fn secrets(page: &Page<'_>, redactor: &Redactor, findings: &mut Findings) {
    let text = page.lines.join("\n");
    let found = redactor.find(&text);
    if found.is_empty() {
        return;
    }
    let hidden = redactor.redact(&text);
    let hidden: Vec<&str> = hidden.split('\n').collect();
    for secret in found {
        let at = text[..secret.range.start].matches('\n').count();
        // A secret of several lines takes them with it: then only a person can say what is to stand there.
        let fix = (hidden.len() == page.lines.len()).then(|| Fix {
            what: "hide it".to_owned(),
            lines: at..at + 1,
            with: vec![hidden[at].to_owned()],
        });
        findings.add(Rule::Secret, Severity::Error, at, format!("a secret stands here: {}", secret.kind), fix);
    }
}
