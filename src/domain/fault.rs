//! A failure as the operator reads it: what was tried, on what, what went wrong and what to do about it.

use std::fmt;

use super::redact::Redactor;

/// An error that ends in a pane (or on standard error) rather than in a log.
///
/// Every part is a short phrase without a final full stop. `remedy` may be empty when there is nothing to do but wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// What was tried, as a gerund: `reading`, `watching`, `connecting to`.
    pub doing: String,
    /// What it was tried on: a path, a context, a kind.
    pub on: String,
    /// What went wrong, in the words of whatever refused.
    pub why: String,
    /// What the operator can do.
    pub remedy: String,
}

impl Fault {
    /// Builds a fault from its four parts.
    pub fn new(
        doing: impl Into<String>,
        on: impl fmt::Display,
        why: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        Self { doing: doing.into(), on: on.to_string(), why: why.to_string(), remedy: remedy.into() }
    }

    /// The same with every secret in it hidden: what refuses often repeats what it was given.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        for part in [&mut self.doing, &mut self.on, &mut self.why, &mut self.remedy] {
            redactor.hide(part);
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.doing, self.on, self.why)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn a_fault_reads_as_one_sentence() {
        let fault = Fault::new("reading", "TASKS.md", "permission denied", "run chmod +r TASKS.md");
        assert_eq!(fault.to_string(), "reading TASKS.md: permission denied; run chmod +r TASKS.md");
    }

    #[test]
    fn without_a_remedy_nothing_dangles() {
        assert_eq!(Fault::new("reading", "a", "gone", "").to_string(), "reading a: gone");
    }
}
