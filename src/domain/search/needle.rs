//! Texts of which one stands in every match of a pattern.
//!
//! They consist of what every writer of JSON writes as it is and nobody puts between two texts to join them: letters and
//! digits of ASCII, `_`, `-` and `.`. So whoever looks for them needs not know where in a line the text is, nor how it is
//! escaped.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts of one set at most.
const MOST: usize = 64;
/// Bytes of a text that is followed exactly.
const LONGEST: usize = 64;
/// Characters of a class that are taken one by one.
const CLASS: usize = 4;
/// Beyond this length another byte makes a text hardly rarer.
const ENOUGH: usize = 6;

/// A text that stands in the bytes of every line with a match, or one of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needle {
    /// The text; in lower case if case is ignored.
    pub(super) bytes: Vec<u8>,
    /// Whether each letter stands for either case.
    pub(super) fold: bool,
}

/// One byte of a text, or one letter in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Unit {
    byte: u8,
    fold: bool,
}

/// What is known of a part of the pattern.
#[derive(Debug)]
enum Facts {
    /// It matches nothing but one of these.
    Exact(Vec<Vec<Unit>>),
    /// One of these stands in whatever it matches; `None` if nothing is known.
    Needs(Option<Vec<Needle>>),
}

/// Texts of which one stands in every match, the best that were found; `None` if there are none.
pub(super) fn needles(hir: &Hir) -> Option<Vec<Needle>> {
    facts(hir).needs()
}

impl Facts {
    fn needs(self) -> Option<Vec<Needle>> {
        match self {
            Self::Exact(texts) => best_of(&texts),
            Self::Needs(needles) => needles,
        }
    }
}

fn facts(hir: &Hir) -> Facts {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Facts::Exact(vec![Vec::new()]),
        HirKind::Literal(literal) => {
            Facts::Exact(vec![literal.0.iter().map(|byte| Unit { byte: *byte, fold: false }).collect()])
        }
        HirKind::Class(class) => of_class(class).map_or(Facts::Needs(None), Facts::Exact),
        HirKind::Repetition(repetition) => match facts(&repetition.sub) {
            _ if repetition.min == 0 => Facts::Needs(None),
            exact @ Facts::Exact(_) if repetition.min == 1 && repetition.max == Some(1) => exact,
            facts => Facts::Needs(facts.needs()),
        },
        HirKind::Capture(capture) => facts(&capture.sub),
        HirKind::Concat(parts) => of_sequence(parts),
        HirKind::Alternation(parts) => of_choice(parts),
    }
}

/// The letters of a class that is a letter in both cases, or a few characters of ASCII.
fn of_class(class: &Class) -> Option<Vec<Vec<Unit>>> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
        Class::Bytes(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
    };
    let count: u32 = ranges.iter().map(|(start, end)| end - start + 1).sum();
    if count as usize > CLASS || ranges.last().is_none_or(|(_, end)| *end > 0x7f) {
        return None;
    }
    let bytes: Vec<u8> = ranges.iter().flat_map(|(start, end)| *start as u8..=*end as u8).collect();
    Some(match bytes[..] {
        [upper, lower] if upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower => {
            vec![vec![Unit { byte: lower, fold: true }]]
        }
        _ => bytes.iter().map(|byte| vec![Unit { byte: *byte, fold: false }]).collect(),
    })
}

fn of_sequence(parts: &[Hir]) -> Facts {
    let mut texts = vec![Vec::new()];
    let mut is_exact = true;
    let mut best: Option<Vec<Needle>> = None;
    for part in parts {
        match facts(part) {
            Facts::Exact(next) if fit_together(&texts, &next) => {
                texts = texts.iter().flat_map(|text| next.iter().map(move |next| [&text[..], next].concat())).collect();
            }
            Facts::Exact(next) => {
                is_exact = false;
                best = better(best, best_of(&texts));
                texts = next;
            }
            Facts::Needs(needles) => {
                is_exact = false;
                best = better(best, best_of(&texts));
                best = better(best, needles);
                texts = vec![Vec::new()];
            }
        }
    }
    if is_exact { Facts::Exact(texts) } else { Facts::Needs(better(best, best_of(&texts))) }
}

fn fit_together(texts: &[Vec<Unit>], next: &[Vec<Unit>]) -> bool {
    let longest = |texts: &[Vec<Unit>]| texts.iter().map(Vec::len).max().unwrap_or(0);
    texts.len() * next.len() <= MOST && longest(texts) + longest(next) <= LONGEST
}

fn of_choice(parts: &[Hir]) -> Facts {
    let facts: Vec<Facts> = parts.iter().map(facts).collect();
    let all_exact = facts.iter().all(|facts| matches!(facts, Facts::Exact(_)));
    let count: usize = facts.iter().map(|facts| if let Facts::Exact(texts) = facts { texts.len() } else { 0 }).sum();
    if all_exact && count <= MOST {
        let texts =
            facts.into_iter().filter_map(|facts| if let Facts::Exact(texts) = facts { Some(texts) } else { None });
        return Facts::Exact(texts.flatten().collect());
    }
    let needles: Option<Vec<Vec<Needle>>> = facts.into_iter().map(Facts::needs).collect();
    Facts::Needs(needles.map(|needles| distinct(needles.concat())).filter(|needles| needles.len() <= MOST))
}

/// The best needle of each text; `None` if one of them has none.
fn best_of(texts: &[Vec<Unit>]) -> Option<Vec<Needle>> {
    let needles: Option<Vec<Needle>> = texts.iter().map(|text| best_piece(text)).collect();
    needles.map(distinct)
}

/// The longest piece of a text that stands in a line as it is.
fn best_piece(text: &[Unit]) -> Option<Needle> {
    let pieces = text.split(|unit| !is_plain(unit.byte)).filter(|piece| !piece.is_empty());
    let needle = |piece: &[Unit]| {
        let fold = piece.iter().any(|unit| unit.fold);
        let byte = |unit: &Unit| if fold { unit.byte.to_ascii_lowercase() } else { unit.byte };
        Needle { bytes: piece.iter().map(byte).collect(), fold }
    };
    pieces.map(needle).max_by_key(worth)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn distinct(mut needles: Vec<Needle>) -> Vec<Needle> {
    needles.sort();
    needles.dedup();
    needles
}

/// Of two sets the one that will be found less often.
fn better(one: Option<Vec<Needle>>, other: Option<Vec<Needle>>) -> Option<Vec<Needle>> {
    let (Some(one), Some(other)) = (&one, &other) else { return one.or(other) };
    let rank = |set: &[Needle]| (set.iter().map(worth).min(), std::cmp::Reverse(set.len()));
    Some(if rank(other) > rank(one) { other } else { one }.clone())
}

/// How rarely a text will be found: by its length, then by its letters.
fn worth(needle: &Needle) -> (usize, usize) {
    let rarest = needle.bytes.iter().map(|byte| rarity(*byte)).max().unwrap_or(0);
    (needle.bytes.len().min(ENOUGH), usize::from(rarest))
}

/// How rarely a byte stands in prose, code and JSON; a rough order, the commonest being zero.
pub(super) fn rarity(byte: u8) -> u8 {
    const COMMON_FIRST: &[u8] = b"etaoinsrlcdupmhfgbyw.v-kx_0123456789jqz";
    let known = COMMON_FIRST.iter().position(|common| *common == byte.to_ascii_lowercase());
    let capital = if byte.is_ascii_uppercase() { 10 } else { 0 };
    known.map_or(50, |at| at as u8 + capital)
}

#[cfg(test)]
mod tests {
    use crate::domain::search::Pattern;

    /// The needles of a pattern, those that ignore case with `~` before them.
    fn needles(pattern: &str) -> Option<Vec<String>> {
        let needles = Pattern::new(pattern).unwrap().needles().cloned()?;
        let show = |fold, text: &str| if fold { format!("~{text}") } else { text.to_owned() };
        Some(needles.iter().map(|needle| show(needle.fold, std::str::from_utf8(&needle.bytes).unwrap())).collect())
    }

    #[track_caller]
    fn assert_needles(pattern: &str, expected: &[&str]) {
        assert_eq!(needles(pattern).unwrap_or_default(), expected, "{pattern}");
    }

    #[test]
    fn a_text_is_its_own_needle() {
        assert_needles("Fabric", &["Fabric"]);
        assert_needles("fabric", &["~fabric"]);
        assert_needles("(Fab)(ric)", &["Fabric"]);
        assert_needles(r"^Fabric\b", &["Fabric"]);
    }

    #[test]
    fn what_json_may_escape_or_the_screen_may_join_is_left_out() {
        assert_needles(r#"foo"Reconcile\\x"#, &["Reconcile"]);
        assert_needles("Command: get", &["Command"]);
        assert_needles("Über/Reconciler", &["Reconciler"]);
        assert_needles(r#"["/\\ :]+"#, &[]);
    }

    #[test]
    fn the_best_of_several_is_taken_wherever_it_stands() {
        assert_needles(r"\bfn \w+_test\b", &["~_test"]);
        assert_needles(r"a[xy]Bcd\d+", &["axBcd", "ayBcd"]);
        assert_needles(r"(Vpc)+.*Drifted?", &["Drifte"]);
        assert_needles(r"X{3}", &["X"]);
    }

    #[test]
    fn each_of_a_choice_must_have_one() {
        assert_needles("Alpha|Beta|Gamma", &["Alpha", "Beta", "Gamma"]);
        assert_needles(r"Alpha\d|Beta", &["Alpha", "Beta"]);
        assert_needles(r"Alpha|\d+", &[]);
        assert_needles(r"(Alpha)?", &[]);
        assert_needles(r"[a-z]+ing", &["~ing"]);
    }
}
