//! `tests-avoided`: the agent says that it is done, and checked nothing after its last edit.

use super::{Desk, Facing, News, Proof, Rule, Settings};
use crate::domain::work::{Deed, Work};

/// Bytes of a message in which a claim is looked for: agents say at the end what they did.
const LOOKED_AT: usize = 4 * 1024;

#[derive(Debug)]
struct TestsAvoided {
    settings: Settings,
    /// The last edit of this turn that no check has followed.
    edit: Option<Proof>,
    /// What would be raised, if the turn ends here.
    pending: Option<(String, Vec<Proof>)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(TestsAvoided { settings: settings.clone(), edit: None, pending: None })
}

/// The first of these words that a message claims: as words of their own, and not denied, promised or asked for.
pub(super) fn claims<'w>(said: &str, words: &'w [String]) -> Option<&'w str> {
    let said = crate::domain::text::prefix(said, LOOKED_AT).to_lowercase();
    let is_word = |c: char| c.is_alphanumeric();
    words.iter().map(String::as_str).find(|word| {
        said.match_indices(*word).any(|(at, found)| {
            let before = said[..at].chars().next_back();
            let after = said[at + found.len()..].chars().next();
            if before.is_some_and(is_word) || after.is_some_and(is_word) {
                return false;
            }
            let sentence = said[..at].rfind(['.', '!', '?', '\n', ';']).map_or(0, |end| end + 1);
            let lead = &said[sentence..at];
            !DENIALS.iter().any(|word| lead.split(|c: char| !is_word(c) && c != '\'').any(|one| one == *word))
        })
    })
}

/// Words that make a claim none.
const DENIALS: [&str; 23] = [
    "not", "no", "isn't", "aren't", "never", "until", "if", "when", "once", "will", "should", "would", "make",
    "ensure", "verify", "whether", "before", "after", "to", "don't", "doesn't", "unless", "cannot",
];

/// True if a command line runs one of these: at its beginning, or behind what joins commands.
pub(super) fn runs_any(command: &str, programs: &[String]) -> bool {
    let parts = command.split(['\n', ';', '&', '|', '(', '`']);
    let mut parts = parts.map(|part| {
        let mut words = part.split_whitespace().peekable();
        // What stands before a program and is not it.
        while words.next_if(|word| is_prefix(word)).is_some() {}
        words.collect::<Vec<_>>().join(" ")
    });
    parts.any(|part| {
        programs.iter().any(|program| {
            part.strip_prefix(program.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':']))
        })
    })
}

fn is_prefix(word: &str) -> bool {
    let assigns = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    assigns
        || matches!(word, "time" | "sudo" | "env" | "nice" | "uv" | "run" | "poetry" | "exec" | "timeout" | "if" | "!")
        || word.bytes().all(|byte| byte.is_ascii_digit())
}

impl TestsAvoided {
    fn settle(&mut self, desk: &mut Desk<'_>) {
        let Some((detail, proofs)) = self.pending.take() else { return };
        let (Some(severity), Some(last)) = (self.settings.severity(1.0), proofs.last()) else { return };
        desk.raise(&format!("at {}", last.place.offset), severity, last.place.at, detail, &proofs);
    }
}

impl Rule for TestsAvoided {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                self.settle(desk);
                desk.lower_all();
                self.edit = None;
            }
            News::Said(place, said) => {
                let claimed = self.edit.as_ref().zip(claims(said, self.settings.names("claims")));
                self.pending = claimed.map(|(edit, words)| {
                    let detail = format!("it says \u{201c}{words}\u{201d}, and checked nothing since its last edit");
                    (detail, vec![edit.clone(), Proof::new(place, said)])
                });
            }
            News::Called(call) => {
                self.pending = None;
                desk.lower_all();
                if let Deed::Run(command) = &call.act.deed
                    && runs_any(command, self.settings.names("checks"))
                {
                    self.edit = None;
                }
            }
            News::Answered(answer) => {
                if matches!(answer.act.deed, Deed::Edit(_)) && !answer.act.outcome.is_failure() {
                    self.edit = Some(Proof::of(answer.act));
                }
            }
            News::Compacted(_) => {}
        }
    }

    fn look(&mut self, facing: &Facing<'_>, _work: &Work, desk: &mut Desk<'_>) {
        if !facing.step.is_open() {
            self.settle(desk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{claims, runs_any};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_claim_is_a_statement_and_no_wish() {
        let known = words(&["all tests pass", "is complete"]);
        assert_eq!(claims("The work IS COMPLETE, and all is well.", &known), Some("is complete"));
        assert_eq!(claims("Done.\nAll tests pass.", &known), Some("all tests pass"));
        for none in [
            "The work is not yet done.",
            "I will make sure all tests pass.",
            "Once this is complete, I go on.",
            "This is completely wrong.",
            "Let me check whether all tests pass.",
        ] {
            assert_eq!(claims(none, &known), None, "{none}");
        }
    }

    #[test]
    fn a_command_line_runs_what_stands_where_a_program_does() {
        let known = words(&["cargo test", "pytest", "make"]);
        for yes in
            ["cargo test", "cd a && cargo test --lib", "RUST_LOG=x timeout 60 cargo test | tail", "uv run pytest -q"]
        {
            assert!(runs_any(yes, &known), "{yes}");
        }
        for no in ["echo cargo test", "cargo testing", "grep pytest a.txt", "cat makefile", "make-things"] {
            assert!(!runs_any(no, &known), "{no}");
        }
    }
}
