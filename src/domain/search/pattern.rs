//! A regular expression as it was typed: compiled, or the place where it is wrong.

use std::fmt;
use std::ops::Range;

use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_syntax::ast::{self, Ast, ClassSetItem};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

use super::finder::Finder;
use super::needle::{Needle, needles};
use crate::domain::redact::markers;
use crate::domain::text;
use crate::domain::transcript::format::Format;

/// Longest pattern, in bytes: what is longer was not typed.
const LONGEST: usize = 1_000;
/// Memory that a compiled pattern may take, and so the time that it takes to compile.
const SIZE: usize = 1 << 20;
/// Memory that matching may use for what it learns.
const CACHE: usize = 4 << 20;

/// A regular expression that can be searched for.
///
/// A pattern without capital letters ignores case. `ſ` and the Kelvin sign count as themselves, not as `s` and `k`.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
    /// The same without what looks around a match: what a text without its secrets holds, the text with them does too.
    loose: Regex,
    needles: Option<Vec<Needle>>,
}

/// Why a text is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Which characters of it are wrong; empty at its end.
    pub place: Range<usize>,
    /// What is wrong with them.
    pub why: String,
}

impl Pattern {
    /// Compiles what was typed.
    pub fn new(typed: &str) -> Result<Self, Mistake> {
        if typed.len() > LONGEST {
            return Err(Mistake::of_all(typed, format!("longer than {LONGEST} bytes")));
        }
        let ast = ast::parse::Parser::new()
            .parse(typed)
            .map_err(|error| Mistake::at(typed, error.span(), error.kind().to_string()))?;
        let hir = TranslatorBuilder::new()
            .case_insensitive(!names_capital(&ast))
            .build()
            .translate(typed, &ast)
            .map_err(|error| Mistake::at(typed, error.span(), error.kind().to_string()))?;
        let hir = ascii_case(&hir);
        let unbuilt = |why| Mistake::of_all(typed, why);
        let regex = build(&hir).map_err(unbuilt)?;
        let loose = if hir.properties().look_set().is_empty() {
            regex.clone()
        } else {
            build(&without_looks(&hir)).map_err(unbuilt)?
        };
        Ok(Self { text: typed.to_owned(), regex, loose, needles: needles(&hir) })
    }

    /// What was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What tells lines of a transcript that may hold a match from those that cannot.
    pub fn finder(&self, format: &dyn Format) -> Finder {
        Finder::new(self.needles.as_deref(), format)
    }

    #[cfg(test)]
    pub(super) fn needles(&self) -> Option<&Vec<Needle>> {
        self.needles.as_ref()
    }

    /// Every match in a line, in order, none of them empty. What hides a secret is no part of any.
    pub fn ranges(&self, line: &str) -> Vec<Range<usize>> {
        let matches = gaps(line).into_iter().flat_map(|gap| self.regex.find_iter(Input::new(line).span(gap)));
        matches.map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }

    /// The first match in a line that is not empty. What hides a secret is no part of it.
    pub fn first(&self, line: &str) -> Option<Range<usize>> {
        let mut matches = gaps(line).into_iter().flat_map(|gap| self.regex.find_iter(Input::new(line).span(gap)));
        matches.find(|found| !found.is_empty()).map(|found| found.range())
    }

    /// False only if no line of the text has a match, whatever of it is hidden.
    pub fn may_match(&self, text: &str) -> bool {
        self.loose.is_match(text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Mistake {
    fn at(typed: &str, span: &ast::Span, why: String) -> Self {
        let characters = |bytes: usize| text::prefix(typed, bytes).chars().count();
        Self { place: characters(span.start.offset)..characters(span.end.offset), why }
    }

    fn of_all(typed: &str, why: String) -> Self {
        Self { place: 0..typed.chars().count(), why }
    }
}

fn build(hir: &Hir) -> Result<Regex, String> {
    let config = Config::new().nfa_size_limit(Some(SIZE)).hybrid_cache_capacity(CACHE);
    Regex::builder().configure(config).build_from_hir(hir).map_err(|error| match error.size_limit() {
        Some(_) => "too large when it is compiled".to_owned(),
        None => error.to_string(),
    })
}

/// The parts of a line between the markers of what is hidden.
fn gaps(line: &str) -> Vec<Range<usize>> {
    let mut gaps = Vec::with_capacity(1);
    let mut from = 0;
    for marker in markers(line) {
        gaps.push(from..marker.start);
        from = marker.end;
    }
    gaps.push(from..line.len());
    gaps
}

/// True if a capital letter stands in the pattern as itself; those of `\W` or `\pL` do not.
fn names_capital(ast: &Ast) -> bool {
    struct Capitals(bool);
    impl ast::Visitor for Capitals {
        type Output = bool;
        type Err = ();

        fn finish(self) -> Result<bool, ()> {
            Ok(self.0)
        }

        fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
            if let Ast::Literal(literal) = ast {
                self.0 |= literal.c.is_uppercase();
            }
            Ok(())
        }

        fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), ()> {
            match item {
                ClassSetItem::Literal(literal) => self.0 |= literal.c.is_uppercase(),
                ClassSetItem::Range(range) => self.0 |= range.start.c.is_uppercase() || range.end.c.is_uppercase(),
                _ => {}
            }
            Ok(())
        }
    }
    ast::visit(ast, Capitals(false)).unwrap_or(true)
}

/// The pattern with letters of ASCII in ASCII's two cases: by Unicode's rules `ſ` is an `s`, and the Kelvin sign a `k`.
fn ascii_case(hir: &Hir) -> Hir {
    rebuilt(hir, &|hir| {
        let HirKind::Class(Class::Unicode(class)) = hir.kind() else { return None };
        let letters: Vec<char> = class.iter().filter(|range| range.len() == 1).map(ClassUnicodeRange::start).collect();
        if class.ranges().len() != 3 || !matches!(letters[..], ['S', 's', '\u{17f}'] | ['K', 'k', '\u{212a}']) {
            return None;
        }
        Some(Hir::class(Class::Unicode(ClassUnicode::new(
            class.iter().copied().filter(|range| range.end().is_ascii()),
        ))))
    })
}

/// A pattern that matches all that this one matches, wherever it stands.
fn without_looks(hir: &Hir) -> Hir {
    rebuilt(hir, &|hir| matches!(hir.kind(), HirKind::Look(_)).then(Hir::empty))
}

/// A copy, with other leaves where `leaf` gives one.
fn rebuilt(hir: &Hir, leaf: &impl Fn(&Hir) -> Option<Hir>) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {
            leaf(hir).unwrap_or_else(|| hir.clone())
        }
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(rebuilt(&repetition.sub, leaf))),
        HirKind::Capture(capture) => {
            let mut capture = capture.clone();
            capture.sub = Box::new(rebuilt(&capture.sub, leaf));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|part| rebuilt(part, leaf)).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(|part| rebuilt(part, leaf)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mistake, Pattern};

    fn matches(pattern: &str, line: &str) -> Vec<String> {
        let pattern = Pattern::new(pattern).unwrap();
        let ranges = pattern.ranges(line);
        assert_eq!(pattern.first(line), ranges.first().cloned(), "{line}");
        ranges.into_iter().map(|range| line[range].to_owned()).collect()
    }

    fn mistake(pattern: &str) -> Mistake {
        Pattern::new(pattern).unwrap_err()
    }

    #[test]
    fn lower_case_ignores_case_and_a_capital_does_not() {
        assert_eq!(matches("drift", "Drift drift DRIFT"), ["Drift", "drift", "DRIFT"]);
        assert_eq!(matches("Drift", "Drift drift DRIFT"), ["Drift"]);
        assert_eq!(matches(r"\Sb", "aB"), ["aB"], "the names of classes are no capitals");
        assert_eq!(matches("[A-C]x", "ax Bx"), ["Bx"]);
        assert_eq!(matches("ks", "ks KS \u{212a}\u{17f}"), ["ks", "KS"]);
        assert_eq!(matches("straße", "STRAßE"), ["STRAßE"]);
    }

    #[test]
    fn an_empty_match_is_none() {
        assert_eq!(matches("x*", "axxb"), ["xx"]);
        assert!(matches("^|$", "ab").is_empty());
    }

    #[test]
    fn what_hides_a_secret_is_not_found_and_neither_is_what_spans_it() {
        let line = "token ‹redacted: GitHub token› was a token";
        assert_eq!(matches("token", line), ["token", "token"]);
        assert!(matches("redacted|github", line).is_empty());
        assert_eq!(matches("t.*", line), ["token ", "token"]);
        assert!(matches(r"^ was", line).is_empty(), "a gap does not begin a line");
        assert_eq!(matches("‹redacted: anything›", "‹redacted: anything›"), ["‹redacted: anything›"]);
    }

    #[test]
    fn a_bad_pattern_says_where_it_is_bad() {
        assert_eq!(mistake("é(a"), Mistake { place: 1..2, why: "unclosed group".to_owned() });
        assert_eq!(mistake("a[z-a]").place, 2..5);
        assert_eq!(mistake(r"\p{nonsense}").place, 0..12);
        assert_eq!(mistake(r"\w{9000}{9000}").why, "too large when it is compiled");
        assert!(mistake(&"x".repeat(2_000)).why.contains("longer"));
    }
}
