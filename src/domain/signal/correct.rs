//! Corrective briefs: what an agent is to read that goes round in circles, with the lines that prove it.

use std::fmt::Write;

use super::Signal;
use crate::domain::text;

/// Ways to correct an agent, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// It lacks something: it is told what, and asked for what else it lacks.
    Context,
    /// It does the wrong thing: it is told to stop that, and what to do in its place.
    Redirect,
    /// What it built upon is wrong: it goes back to where all was well, and begins anew.
    Reset,
    /// It cannot go on: it stops and reports.
    Escalate,
}

impl Correction {
    /// Every way, the mildest first.
    pub const ALL: [Self; 4] = [Self::Context, Self::Redirect, Self::Reset, Self::Escalate];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Redirect => "redirect",
            Self::Reset => "reset",
            Self::Escalate => "escalate",
        }
    }

    /// What it does, in one line.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Context => "it lacks something: say what, and ask what else",
            Self::Redirect => "it does the wrong thing: stop that, and do something else",
            Self::Reset => "its ground is wrong: back to the last good state, and anew",
            Self::Escalate => "it cannot go on: stop and report",
        }
    }

    fn asks(self) -> &'static [&'static str] {
        match self {
            Self::Context => &[
                "Stop and read the lines above. Say in two sentences what you were trying to find out.",
                "Name what you lack: a file, a decision, an access, a fact. Guess nothing.",
                "Read what is named below under Context before you go on.",
            ],
            Self::Redirect => &[
                "Stop what stands above. Do not run it once more, in this form or in another.",
                "Say what the last result told you that the ones before did not. If that is nothing, the way is wrong.",
                "Take the other way that stands below under Instead.",
            ],
            Self::Reset => &[
                "Stop. List what you have changed since the last commit, file by file.",
                "Keep what a test proves, and take the rest back: `git stash` it with a message that says why; delete nothing.",
                "Begin anew from the last commit, with the smallest step that can be checked by itself.",
            ],
            Self::Escalate => &[
                "Stop. Change nothing more and start no further command.",
                "Report what the task was, what you tried, what each attempt showed, and what you think is the cause.",
                "Say what you need from a person to go on: a decision, an access, a fact.",
            ],
        }
    }

    fn section(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Context => Some(("Context", "what it lacks")),
            Self::Redirect => Some(("Instead", "what is to be done in its place")),
            Self::Reset => Some(("Begin with", "the first step")),
            Self::Escalate => None,
        }
    }
}

/// The title and the text of a corrective brief, as Markdown.
pub fn brief(correction: Correction, agent: &str, signals: &[Signal]) -> (String, String) {
    let title = format!("Correction for {}: {}", text::line(agent), correction.name());
    let mut body = String::from("## What was seen\n\n");
    for signal in signals {
        let since = signal.since.map(|since| format!(", since {}", since.strftime("%Y-%m-%d %H:%M:%SZ")));
        // Writing into a string cannot fail, here and below.
        let _ = writeln!(
            body,
            "**{}** ({}{}): {}\n",
            signal.kind,
            signal.severity.name(),
            since.unwrap_or_default(),
            quoted(&signal.detail)
        );
        for evidence in &signal.evidence {
            let line = evidence.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ = writeln!(body, "> `{}{line}` {}", evidence.file.display(), quoted(&evidence.quote));
            body.push_str(">\n");
        }
        if body.ends_with(">\n>\n") || body.ends_with(">\n") {
            body.truncate(body.len() - 2);
        }
        body.push('\n');
    }
    body.push_str("## What to do\n\n");
    for (n, ask) in correction.asks().iter().enumerate() {
        let _ = writeln!(body, "{}. {ask}", n + 1);
    }
    if let Some((heading, what)) = correction.section() {
        let _ = write!(body, "\n## {heading}\n\n⟦{what}⟧\n");
    }
    body.push_str("\n## How to report\n\nSay what you did, with the command and its result. Claim nothing that no command has shown.\n");
    (title, body)
}

/// One line that cannot leave its place in the Markdown around it.
fn quoted(words: &str) -> String {
    text::line(words).replace('`', "'").replace('<', "‹")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Correction, brief};
    use crate::domain::signal::{Evidence, Severity, Signal};

    #[test]
    fn the_evidence_is_quoted_and_cannot_leave_its_quote() {
        let signal = Signal {
            kind: "loop",
            cause: "1".to_owned(),
            severity: Severity::Alarm,
            since: None,
            detail: "the same call 6 times\n# Not a heading".to_owned(),
            evidence: vec![
                Evidence {
                    file: PathBuf::from("/t/a.jsonl"),
                    line: Some(7),
                    offset: 0,
                    quote: "Bash `make`\n\n## x".into(),
                },
                Evidence { file: PathBuf::from("/t/a.jsonl"), line: None, offset: 9, quote: "<b>".into() },
            ],
        };
        for correction in Correction::ALL {
            let (title, text) = brief(correction, "netbox\nengineer", std::slice::from_ref(&signal));
            assert!(title.contains(correction.name()) && !title.contains('\n'), "{title}");
            assert!(text.contains("> `/t/a.jsonl:7` Bash 'make'") && text.contains("> `/t/a.jsonl` ‹b>"), "{text}");
            let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
            assert!(
                headings.iter().all(|line| ["## What was seen", "## What to do", "## How to report"].contains(line)
                    || Some(*line) == correction.section().map(|(heading, _)| format!("## {heading}")).as_deref()),
                "{headings:?}"
            );
            assert!(text.contains("1. Stop"), "{text}");
        }
    }
}
