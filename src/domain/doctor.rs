//! What `hnpwb doctor` says of one thing: whether it works, what was found, and what to do.

use serde::Serialize;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It works.
    Ok,
    /// It works in part, or cannot be known from here.
    Warn,
    /// It does not work.
    Fail,
}

impl Level {
    /// The name on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: `terminal`, `tmux`, `hooks`.
    pub area: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do; empty when there is nothing to do.
    pub remedy: String,
}

impl Finding {
    /// It works.
    pub fn ok(area: &'static str, found: impl Into<String>) -> Self {
        Self { area, level: Level::Ok, found: found.into(), remedy: String::new() }
    }

    /// It works in part, or cannot be known.
    pub fn warn(area: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { area, level: Level::Warn, found: found.into(), remedy: remedy.into() }
    }

    /// It does not work.
    pub fn fail(area: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { area, level: Level::Fail, found: found.into(), remedy: remedy.into() }
    }
}

/// The worst of all.
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

/// A version as numbers: `tmux 3.3a` is 3.3, `2.1.329 (Claude Code)` is 2.1.329.
pub fn version(text: &str) -> Option<Vec<u64>> {
    let word = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let numbers = word.split(|c: char| !c.is_ascii_digit()).take_while(|part| !part.is_empty());
    numbers.map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Finding, Level, version, worst};

    #[test]
    fn the_worst_finding_counts() {
        assert_eq!(worst(&[]), Level::Ok);
        let findings = [Finding::ok("git", "2.39"), Finding::fail("hooks", "no", "x"), Finding::warn("tmux", "y", "")];
        assert_eq!(worst(&findings), Level::Fail);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("tmux 3.3a"), Some(vec![3, 3]));
        assert_eq!(version("2.1.329 (Claude Code)"), Some(vec![2, 1, 329]));
        assert!(version("2.1.10").unwrap() > version("2.1.9").unwrap());
        assert_eq!(version("next"), None);
    }
}
