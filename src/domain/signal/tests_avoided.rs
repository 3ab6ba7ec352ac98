//! `tests-avoided`: the agent says that it is done, and checked nothing after its last edit.

use super::{Desk, Facing, News, Proof, Rule, Settings};
use crate::domain::claim::{self, Claim, ClaimKind};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::domain::work::{Deed, Place, Work};

/// Bytes of a message in which a user's own words are looked for.
const LOOKED_AT: usize = 4 * 1024;
/// Columns of a claim that are quoted in a line.
const QUOTED: usize = 80;

#[derive(Debug)]
struct TestsAvoided {
    settings: Settings,
    /// The last edit of this turn that no check has followed.
    edit: Option<Proof>,
    /// That edit and what was said after it, which counts if the turn ends here.
    pending: Option<(Proof, Place)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(TestsAvoided { settings: settings.clone(), edit: None, pending: None })
}

/// True of a claim that the work is done, or that it was checked.
pub(super) fn is_of_work(claim: &Claim) -> bool {
    matches!(claim.kind, ClaimKind::Done | ClaimKind::TestsPass | ClaimKind::CriteriaMet)
}

/// What a message claims: the first claim of this sort, else the first of the user's own words.
pub(super) fn claimed(said: &str, sort: impl Fn(&Claim) -> bool, words: &[String]) -> Option<String> {
    let found = claim::claims(said).into_iter().find(sort).map(|claim| claim.text);
    found.or_else(|| claims(said, words).map(str::to_owned))
}

/// A claim in quotation marks and in short, its secrets hidden before anything is cut off.
pub(super) fn quoted(claim: &str, redactor: &Redactor) -> String {
    format!("\u{201c}{}\u{201d}", text::cut(&redactor.redact(claim), QUOTED))
}

/// What stands at this place, when nothing was said after it.
pub(super) fn said_at(work: &Work, place: Place) -> Option<&str> {
    work.messages.back().filter(|said| said.place == place).map(|said| said.text.as_str())
}

/// The first of these words that a message claims: as words of their own, and not denied, promised or asked for.
fn claims<'w>(said: &str, words: &'w [String]) -> Option<&'w str> {
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
    fn settle(&mut self, work: &Work, desk: &mut Desk<'_>) {
        let (Some((edit, place)), Some(severity)) = (self.pending.take(), self.settings.severity(1.0)) else { return };
        let Some(said) = said_at(work, place) else { return };
        let Some(words) = claimed(said, is_of_work, self.settings.names("claims")) else { return };
        let detail = format!("it says {}, and checked nothing since its last edit", quoted(&words, desk.redactor()));
        let proofs = [edit, Proof::new(place, said)];
        desk.raise(&format!("at {}", place.offset), severity, place.at, detail, &proofs);
    }
}

impl Rule for TestsAvoided {
    fn take(&mut self, news: News<'_>, work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                self.settle(work, desk);
                desk.lower_all();
                self.edit = None;
            }
            // Whether it claims anything is asked once its turn is over.
            News::Said(place, _) => self.pending = self.edit.clone().map(|edit| (edit, place)),
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

    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        if !facing.step.is_open() {
            self.settle(work, desk);
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
