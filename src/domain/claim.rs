//! Claims: what an agent says is so, found in its own words.
//!
//! A claim that is missed costs a look; one that is made up costs trust. So what is quoted, asked, planned, denied, hoped or
//! said of somebody else is none, and neither is what stands in code. Whether a claim is true is [`super::evidence`]'s affair.

mod hedge;
mod names;
mod pattern;
mod sentence;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use names::Names;

use super::text;

/// Bytes of a claim that are kept.
const MOST: usize = 400;
/// Claims that are kept of one message.
const CLAIMS: usize = 60;

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimKind {
    /// The work is done, fixed, ready for somebody else.
    Done,
    /// Tests, a build or a linter pass.
    TestsPass,
    /// The work is committed.
    Committed,
    /// The work is pushed or merged.
    Pushed,
    /// The work is live: deployed, applied, synced.
    Deployed,
    /// A file was written.
    FileWritten,
    /// Criteria are met.
    CriteriaMet,
}

impl ClaimKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::TestsPass,
        Self::Committed,
        Self::Pushed,
        Self::Deployed,
        Self::FileWritten,
        Self::CriteriaMet,
    ];

    /// The name used on screen, in session files and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::TestsPass => "tests-pass",
            Self::Committed => "committed",
            Self::Pushed => "pushed",
            Self::Deployed => "deployed",
            Self::FileWritten => "file-written",
            Self::CriteriaMet => "criteria-met",
        }
    }
}

/// A claim in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub kind: ClaimKind,
    /// The sentence it is made in, as it was written, on one line.
    pub text: String,
    /// Line of the message that the sentence begins on, from zero.
    pub line: usize,
    /// What the sentence names.
    pub names: Names,
}

impl Claim {
    /// True if a claim that checks pass is one about tests, and not about a build or a linter alone.
    pub fn is_of_tests(&self) -> bool {
        const TESTS: [&str; 3] = ["test", "spec", "suite"];
        let said = self.text.to_lowercase();
        self.kind == ClaimKind::TestsPass && TESTS.iter().any(|word| said.contains(word))
    }

    /// True if a claim to be done is about the work as a whole: *everything is done*, not *fixed the typo*.
    pub fn is_of_everything(&self) -> bool {
        const WHOLE: [&str; 8] = ["all", "everything", "entire", "whole", "fully", "complete", "finished", "100"];
        let said = self.text.to_lowercase();
        let mut words = said.split(|c: char| !c.is_alphanumeric());
        self.kind == ClaimKind::Done && words.any(|word| WHOLE.contains(&word))
    }
}

/// The claims of one message, in their order. A sentence makes at most one claim of a kind.
pub fn claims(message: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    for sentence in sentence::sentences(message) {
        for kind in pattern::kinds(&sentence) {
            let said = text::line(sentence.raw);
            let said = text::prefix(&said, MOST).to_owned();
            found.push(Claim { kind, names: names::of(sentence.raw), text: said, line: sentence.line });
            if found.len() == CLAIMS {
                return found;
            }
        }
    }
    found
}
