//! The user's own patterns: what else is a secret here, beside what everybody's secrets look like.

use std::ops::Range;
use std::sync::Arc;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::LONGEST;

/// What a marker says of a pattern that has no name.
pub(super) const UNNAMED: &str = "own pattern";
/// The most patterns that are applied.
pub const MOST_PATTERNS: usize = 64;
/// Bytes that one compiled pattern may take.
const SIZE: usize = 1 << 20;

/// A pattern of the user's own.
///
/// Of one with a group named `secret` that group is the secret, of any other all that matches.
#[derive(Debug, Clone)]
pub struct Pattern {
    kind: Arc<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern in the syntax of the regex crate. `name` is what a marker says in place of the secret.
    ///
    /// # Errors
    /// What is wrong, in one line: bad syntax, too large when compiled, a match of nothing, a name that no marker can hold.
    pub fn new(name: Option<&str>, pattern: &str) -> Result<Self, String> {
        let kind = name.unwrap_or(UNNAMED);
        check_name(kind)?;
        let regex = RegexBuilder::new(pattern)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build()
            .map_err(|error| last_line(&error.to_string()))?;
        if regex.is_match("") {
            return Err("it matches where nothing stands, and would hide nothing".to_owned());
        }
        Ok(Self { kind: kind.into(), regex })
    }
}

/// Refuses what would break the form of a marker.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() || name.trim() != name {
        return Err("a name has something in it, and no blanks around".to_owned());
    }
    if name.len() > LONGEST {
        return Err(format!("a name has at most {LONGEST} bytes"));
    }
    let odd = |c: char| c.is_control() || matches!(c, '‹' | '›' | '"' | '\\');
    if name.contains(odd) {
        return Err("a name has no control characters and none of ‹ › \" \\".to_owned());
    }
    Ok(())
}

/// The regex crate explains over several lines; the last one says what is wrong.
fn last_line(message: &str) -> String {
    let last = message.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// All of the user's patterns, and one automaton that tells whether any of them matches at all.
#[derive(Debug, Clone)]
pub(super) struct Own {
    patterns: Vec<Pattern>,
    any: Option<RegexSet>,
}

impl Own {
    pub(super) fn new(patterns: Vec<Pattern>) -> Self {
        let all = patterns.iter().map(|pattern| pattern.regex.as_str());
        let any = RegexSetBuilder::new(all).size_limit(SIZE * MOST_PATTERNS).dfa_size_limit(SIZE * 8).build().ok();
        Self { patterns, any }
    }

    /// Calls `found` with every secret and what it is.
    pub(super) fn find<'r>(&'r self, text: &str, mut found: impl FnMut(Range<usize>, &'r str)) {
        if self.any.as_ref().is_some_and(|any| !any.is_match(text)) {
            return;
        }
        for Pattern { kind, regex } in &self.patterns {
            // Asking for groups is slow, and most patterns have none.
            if regex.captures_len() == 1 {
                regex.find_iter(text).for_each(|hit| found(hit.range(), kind));
                continue;
            }
            for groups in regex.captures_iter(text) {
                if let Some(range) = groups.name("secret").or_else(|| groups.get(0)) {
                    found(range.range(), kind);
                }
            }
        }
    }

    pub(super) fn is_kind(&self, kind: &str) -> bool {
        self.patterns.iter().any(|pattern| &*pattern.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use crate::domain::redact::Redactor;

    fn redactor(patterns: &[(Option<&str>, &str)]) -> Redactor {
        Redactor::new(patterns.iter().map(|(name, pattern)| Pattern::new(*name, pattern).unwrap()).collect())
    }

    #[test]
    fn own_patterns_are_applied_and_a_group_narrows_them() {
        let redactor = redactor(&[(Some("ticket"), "HNP-[0-9]{6}"), (None, "badge (?<secret>[a-z]+)")]);
        assert_eq!(
            redactor.redact("ticket HNP-123456 of badge walrus"),
            "ticket ‹redacted: ticket› of badge ‹redacted: own pattern›"
        );
        assert_eq!(redactor.redact("nothing of that kind"), "nothing of that kind");
    }

    #[test]
    fn a_group_of_another_name_narrows_nothing() {
        assert_eq!(redactor(&[(None, "HNP-([0-9]{6})")]).redact("HNP-123456"), "‹redacted: own pattern›");
    }

    #[test]
    fn a_pattern_that_finds_its_own_marker_comes_to_an_end() {
        for pattern in ["redacted", "own pattern|[a-z]+", ".", "(?s).+", "‹.*"] {
            let redactor = redactor(&[(None, pattern)]);
            let once = redactor.redact("see the own pattern ‹redacted: here› twice").into_owned();
            assert_eq!(redactor.redact(&once), once, "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_a_pattern_is_refused_in_one_line() {
        let huge = format!("({}){{1000}}", "[a-z]{1000}".repeat(2));
        for (name, pattern, says) in [
            (None, "(", "unclosed"),
            (None, "x*", "nothing stands"),
            (None, "(?=a)", "look-around"),
            (None, huge.as_str(), "size limit"),
            (Some(""), "a", "name"),
            (Some("a›b"), "a", "name"),
            (Some("a name that is far longer than a marker"), "a", "32 bytes"),
        ] {
            let why = Pattern::new(name, pattern).unwrap_err();
            assert!(why.contains(says) && !why.contains('\n'), "{pattern}: {why}");
        }
    }

    #[test]
    fn a_named_kind_is_known_again() {
        let redactor = redactor(&[(Some("badge number"), "ACME-[0-9]{8}")]);
        let once = redactor.redact("password: \"ACME-12345678\"").into_owned();
        assert_eq!(redactor.redact(&once), once);
        assert!(!once.contains("12345678"), "{once}");
    }
}
