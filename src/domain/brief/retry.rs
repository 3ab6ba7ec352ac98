//! What an agent is told when what it claimed is not what was shown: claim, evidence, corrections, and the attempts before.

use std::fmt::Write;

use super::{Draft, one_line};
use crate::domain::redact::Redactor;

/// How a retry stands to the brief before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// The brief before stays in force, and this adds to it; its file.
    Append(String),
    /// This takes its place; its file, where there was one.
    Replace(Option<String>),
}

/// Something that was said, with where it stands: `file:line`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// What.
    pub text: String,
    /// Where; empty for something that stands nowhere.
    pub source: String,
}

/// What was shown of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What was to be shown: `tests after the last edit`.
    pub wanted: String,
    /// What was: `missing`, `stale`, `contradicted`, `holds`.
    pub verdict: String,
    /// The evidence, or where it was looked for.
    pub found: Cited,
    /// What is shown word for word: the command that failed and the beginning of its output.
    pub quote: Option<String>,
}

/// An attempt before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// What became of it, in a line.
    pub outcome: Cited,
}

/// Facts that a retry is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Id of the task.
    pub task: Option<String>,
    /// Title of the task, or of what was to be done.
    pub title: String,
    /// The agent that is to try again.
    pub agent: Option<String>,
    /// What was asked, as the board has it, as Markdown.
    pub asked: String,
    /// What was claimed.
    pub claimed: Vec<Cited>,
    /// What was shown.
    pub shown: Vec<Shown>,
    /// What is to be done otherwise, in the operator's words.
    pub corrections: Vec<String>,
    /// How it stands to the brief before.
    pub mode: Mode,
    /// The attempts before, oldest first.
    pub earlier: Vec<Attempt>,
}

impl Facts {
    /// Which attempt begins: one more than there were.
    pub fn attempt(&self) -> u32 {
        self.earlier.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1
    }
}

/// Makes the brief.
pub fn make(facts: &Facts, redactor: &Redactor) -> Draft {
    let number = facts.attempt();
    let title = one_line(&redactor.redact(&format!("Retry {number}: {}", facts.title)));
    let hidden = |words: &str| one_line(&redactor.redact(words));
    let mut text = format!("# {title}\n\n");
    // Writing into a string cannot fail, here and below.
    let _ = match &facts.mode {
        Mode::Append(file) => {
            write!(
                text,
                "This adds to your brief {}, which stays in force: what it asks and this does not change still holds.",
                hidden(file)
            )
        }
        Mode::Replace(Some(file)) => {
            write!(text, "This takes the place of your brief {}: forget that one.", hidden(file))
        }
        Mode::Replace(None) => write!(text, "This takes the place of what you were asked before."),
    };
    let mut list = |heading: &str, rows: Vec<String>| {
        if !rows.is_empty() {
            let _ = write!(text, "\n\n## {heading}\n\n{}", rows.join("\n"));
        }
    };
    let cited = |one: &Cited| match one.source.as_str() {
        "" => hidden(&one.text),
        source => format!("{} ({})", hidden(&one.text), hidden(source)),
    };
    list("What you claimed", facts.claimed.iter().map(|one| format!("- {}", cited(one))).collect());
    let shown = facts.shown.iter().map(|one| {
        let row = format!("- {}: **{}**. {}", hidden(&one.wanted), hidden(&one.verdict), cited(&one.found));
        // Before it is put into lines: a secret may have several.
        let quote = one.quote.as_deref().map(|quote| redactor.redact(quote)).unwrap_or_default();
        quote.lines().fold(row, |row, line| format!("{row}\n  > {}", one_line(line)))
    });
    list("What was shown", shown.collect());
    list("What to do otherwise", facts.corrections.iter().map(|one| format!("- {}", hidden(one))).collect());
    let earlier = facts.earlier.iter().map(|one| format!("- attempt {}: {}", one.number, cited(&one.outcome)));
    list("Attempts before this one", earlier.collect());
    let asked = redactor.redact(facts.asked.trim()).into_owned();
    list("What was asked", if asked.is_empty() { Vec::new() } else { vec![asked] });
    let mut wanted: Vec<String> = facts
        .shown
        .iter()
        .filter(|one| one.verdict != "holds")
        .map(|one| format!("- [ ] {}", hidden(&one.wanted)))
        .collect();
    wanted.dedup();
    list("Success criteria", wanted);
    text.push_str(
        "\n\n## Evidence to show\n\nFor each criterion: a command and its result, or a commit. What you could not do, say as it is; \
         do not call it done. Ask when a criterion cannot be met.",
    );
    let (task, agent) = (facts.task.clone(), facts.agent.clone());
    Draft { template: "retry".to_owned(), task, agent, text, ..Draft::default() }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, Cited, Facts, Mode, Shown, make};
    use crate::domain::brief::check::check;
    use crate::domain::brief::facts as brief_facts;
    use crate::domain::brief::lint::Aim;
    use crate::domain::redact::Redactor;

    fn cited(text: &str, source: &str) -> Cited {
        Cited { text: text.to_owned(), source: source.to_owned() }
    }

    #[test]
    fn claims_stand_beside_what_was_shown_and_attempts_are_counted() {
        let shown = |wanted: &str, verdict: &str| Shown {
            wanted: wanted.to_owned(),
            verdict: verdict.to_owned(),
            found: cited("cargo test failed", "t.jsonl:40"),
            quote: (verdict == "contradicted").then(|| "$ cargo test\n1 failed".to_owned()),
        };
        let facts = Facts {
            task: Some("2.1".to_owned()),
            title: "Fix the VLAN check".to_owned(),
            agent: Some("api".to_owned()),
            asked: "Only 1 to 4094.".to_owned(),
            claimed: vec![cited("all tests pass", "t.jsonl:44")],
            shown: vec![shown("tests after the last edit", "contradicted"), shown("it is committed", "holds")],
            corrections: vec!["run the whole suite".to_owned()],
            mode: Mode::Append("0003-fix.md".to_owned()),
            earlier: vec![Attempt { number: 1, outcome: cited("claimed without tests", "t.jsonl:20") }],
        };
        let made = make(&facts, &Redactor::default());
        assert_eq!(made.title(), "Retry 2: Fix the VLAN check");
        for part in [
            "adds to your brief 0003-fix.md",
            "- all tests pass (t.jsonl:44)",
            "- tests after the last edit: **contradicted**. cargo test failed (t.jsonl:40)\n  > $ cargo test\n  > 1 failed",
            "## What was asked\n\nOnly 1 to 4094.",
            "- run the whole suite",
            "- attempt 1: claimed without tests (t.jsonl:20)",
            "- [ ] tests after the last edit",
        ] {
            assert!(made.text.contains(part), "{part:?} is missing in\n{}", made.text);
        }
        assert!(!made.text.contains("- [ ] it is committed"), "{}", made.text);
        let found = check(&made.text, &Aim::default(), &brief_facts::Facts::default(), &Redactor::default());
        assert_eq!(found.errors(), 0, "{:?}", found.findings);
        let replaced = make(&Facts { mode: Mode::Replace(None), earlier: Vec::new(), ..facts }, &Redactor::default());
        assert!(
            replaced.title().starts_with("Retry 1:") && replaced.text.contains("takes the place"),
            "{}",
            replaced.text
        );
    }
}
