//! A regular expression that is checked when it is read and compiled when it is needed: a hook reads a thousand of them and
//! needs one or none.

use std::cmp::Reverse;
use std::fmt;
use std::sync::OnceLock;

use regex::Regex;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};
use serde::{Deserialize, Serialize};

/// Characters that mean something in a regular expression.
const SPECIAL: &[char] = &['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$', '#', '&', '-', '~'];

/// A checked pattern. What was found out when it was checked is kept with it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pattern {
    text: String,
    /// Of these texts one stands in whatever matches; none when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needs: Option<Vec<String>>,
    /// It is the text that it needs, and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    plain: bool,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut pattern =
            Self { text: text.to_owned(), needs: None, plain: !text.contains(SPECIAL), compiled: OnceLock::new() };
        if pattern.plain {
            pattern.needs = Some(vec![text.to_owned()]);
            return Ok(pattern);
        }
        let hir = regex_syntax::parse(text).map_err(|error| {
            // The crate draws the pattern over several lines; its last line says what is wrong.
            let whole = error.to_string();
            whole.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        pattern.needs = needs(&hir);
        Ok(pattern)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if it matches somewhere in `text`. A pattern that is too large to be compiled matches everything: it was put
    /// there to hold something.
    pub fn is_match(&self, text: &str) -> bool {
        let possible = self.needs.as_ref().is_none_or(|needs| needs.iter().any(|need| text.contains(need.as_str())));
        if !possible || self.plain {
            return possible;
        }
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// Texts of which one stands in whatever matches; none when there are no such texts.
fn needs(hir: &Hir) -> Option<Vec<String>> {
    let deeper = match hir.kind() {
        HirKind::Capture(group) => needs(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => needs(&repeated.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(needs).max_by_key(|texts| worth(texts)),
        HirKind::Alternation(ways) => ways.iter().map(needs).collect::<Option<Vec<_>>>().map(|texts| texts.concat()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    };
    [prefixes(hir), deeper].into_iter().flatten().max_by_key(|texts| worth(texts))
}

/// Texts of which each match begins with one.
fn prefixes(hir: &Hir) -> Option<Vec<String>> {
    let found = Extractor::new().extract(hir);
    let texts = found.literals().filter(|found| !found.is_empty() && found.iter().all(|one| !one.is_empty()))?;
    texts.iter().map(|one| String::from_utf8(one.as_bytes().to_vec()).ok()).collect()
}

/// Long texts are rare, and few of them are soon looked for.
fn worth(texts: &[String]) -> (usize, Reverse<usize>) {
    (texts.iter().map(String::len).min().unwrap_or_default(), Reverse(texts.len()))
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use proptest::prelude::*;
    use regex::Regex;

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        assert_eq!(Pattern::new("git (push").unwrap_err(), "unclosed group");
    }

    #[test]
    fn a_pattern_too_large_to_compile_matches() {
        let huge = Pattern::new("(x{1000}){1000}").unwrap();
        assert!(huge.is_match(&"x".repeat(3_000)));
    }

    #[test]
    fn what_a_match_needs_is_found_behind_what_may_stand_before_it() {
        let needs = |text: &str| Pattern::new(text).unwrap().needs.unwrap_or_default();
        assert_eq!(needs(r"(^|[\s/])(id_(rsa|dsa)\b|\.netrc\b)"), ["id_rsa", "id_dsa", ".netrc"]);
        assert_eq!(needs(r"\w+ (delete)+ x?"), ["delete"]);
        assert_eq!(needs(r"(a|)(push|\w+)"), [""; 0], "one of the ways needs nothing");
    }

    proptest! {
        #[test]
        fn it_matches_what_the_regular_expression_matches(
            pattern in "(\\^|\\\\b|\\(\\^\\|\\\\s\\)|)[abG ]{0,3}(\\(a\\|b\\)|\\.\\*|a\\?|\\[ab\\]|\\(\\?i\\)|b\\+|\\|){0,3}[ab]{0,2}",
            text in "[abAG \\n]{0,12}",
        ) {
            let (Ok(ours), Ok(theirs)) = (Pattern::new(&pattern), Regex::new(&pattern)) else { return Ok(()) };
            prop_assert_eq!(ours.is_match(&text), theirs.is_match(&text), "{:?} on {:?}", pattern, text);
            // As a workbench leaves it for hooks.
            let left: Pattern = serde_json::from_value(serde_json::to_value(&ours).unwrap()).unwrap();
            prop_assert_eq!(left.is_match(&text), theirs.is_match(&text), "left: {:?} on {:?}", pattern, text);
        }
    }
}
