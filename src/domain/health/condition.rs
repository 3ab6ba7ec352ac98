//! Conditions of a rule: `age(.status.lastHeartbeat) > 60s and .status.phase in [Failed, Error]`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::path::Path;

/// One of the conditions that must all hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// `has PATH`.
    Has(Path),
    /// `no PATH`.
    No(Path),
    /// `PATH == VALUE` and its like.
    Compare(Path, Comparison, Operand),
    /// `age(PATH) > 60s`: it grows with the clock.
    Age(Path, SignedDuration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    Greater,
    EndsWith,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// One of these; several stand for `in`.
    Words(Vec<String>),
    /// What another path leads to.
    At(Path),
}

/// Where a condition held: the value's place, and how it reads.
pub(super) struct Met {
    pub(super) place: String,
    pub(super) phrase: String,
}

/// The clock as a judgement sees it: the moment that is judged, and the moments at which it would come out otherwise.
#[derive(Default)]
pub(super) struct Clock {
    pub(super) now: Option<Timestamp>,
    pub(super) turns: Vec<Timestamp>,
}

impl Clock {
    /// True when the moment is over. Before any clock was read, none is.
    pub(super) fn is_past(&mut self, moment: Timestamp) -> bool {
        self.turns.push(moment);
        self.now.is_some_and(|now| now >= moment)
    }
}

/// Reads conditions joined by `and`. The error says what is wrong.
pub(super) fn parse(text: &str) -> Result<Vec<Condition>, String> {
    let tokens = tokens(text)?;
    tokens.split(|token| token == "and").map(|tokens| condition(tokens, text)).collect()
}

/// Words, quoted texts, paths, and lists in brackets.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut token = String::new();
    let (mut depth, mut quoted) = (0_usize, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' | '(' if !quoted => depth += 1,
            ']' | ')' if !quoted => {
                depth = depth.checked_sub(1).ok_or_else(|| format!("{text:?} closes what it did not open"))?;
            }
            _ => {}
        }
        if letter.is_whitespace() && depth == 0 && !quoted {
            tokens.extend((!token.is_empty()).then(|| std::mem::take(&mut token)));
        } else {
            token.push(letter);
        }
    }
    if depth > 0 || quoted {
        return Err(format!("{text:?} does not close what it opened"));
    }
    tokens.extend((!token.is_empty()).then_some(token));
    Ok(tokens)
}

fn condition(tokens: &[String], text: &str) -> Result<Condition, String> {
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match tokens.as_slice() {
        ["has", path] => Ok(Condition::Has(Path::parse(path)?)),
        ["no", path] => Ok(Condition::No(Path::parse(path)?)),
        [aged, ">", limit] if aged.starts_with("age(") && aged.ends_with(')') => {
            let limit = duration(limit).ok_or_else(|| format!("{limit:?} is no duration, as 60s, 5m or 2h are"))?;
            Ok(Condition::Age(Path::parse(&aged[4..aged.len() - 1])?, limit))
        }
        [path, "in", list] => {
            let inner = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
            let inner = inner.ok_or_else(|| format!("{list:?} is no list, as [Failed, Error] is"))?;
            let words = inner.split(',').map(|word| unquoted(word.trim())).collect();
            Ok(Condition::Compare(Path::parse(path)?, Comparison::Equal, Operand::Words(words)))
        }
        [path, comparison, operand] => {
            let comparison = match *comparison {
                "==" => Comparison::Equal,
                "!=" => Comparison::Unequal,
                "<" => Comparison::Less,
                ">" => Comparison::Greater,
                "endswith" => Comparison::EndsWith,
                other => return Err(format!("{other:?} compares nothing; known are ==, !=, <, >, in, endswith")),
            };
            let operand = if operand.starts_with('.') {
                Operand::At(Path::parse(operand)?)
            } else {
                Operand::Words(vec![unquoted(operand)])
            };
            Ok(Condition::Compare(Path::parse(path)?, comparison, operand))
        }
        _ => Err(format!(
            "{text:?} is no condition; one is PATH == VALUE, PATH in [A, B], age(PATH) > 60s, has PATH, no PATH"
        )),
    }
}

fn unquoted(word: &str) -> String {
    word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word).to_owned()
}

/// `60s`, `5m`, `2h`, `1d`.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u32 = number.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(i64::from(number) * seconds))
}

impl Condition {
    /// Where it holds, if it does: at the first of the values its path leads to.
    pub(super) fn holds(&self, object: &Value, clock: &mut Clock) -> Option<Met> {
        match self {
            Self::Has(path) => {
                let (place, value) = path.select(object).into_iter().find(|(_, value)| !super::is_empty(value))?;
                Some(Met { phrase: phrase(&place, value), place })
            }
            Self::No(path) => {
                let found = path.select(object).into_iter().any(|(_, value)| !super::is_empty(value));
                (!found).then(|| Met { place: String::new(), phrase: String::new() })
            }
            Self::Age(path, limit) => {
                let (place, since) = path
                    .select(object)
                    .into_iter()
                    .find_map(|(place, value)| Some((place, value.as_str()?.parse::<Timestamp>().ok()?)))?;
                let over = since.checked_add(*limit).ok()?;
                clock.is_past(over).then(|| Met { phrase: format!("{} {since}", last(&place)), place })
            }
            Self::Compare(path, comparison, operand) => {
                let others: Vec<Value> = match operand {
                    Operand::Words(words) => words.iter().map(|word| word.clone().into()).collect(),
                    Operand::At(path) => path.select(object).into_iter().map(|(_, value)| value.clone()).collect(),
                };
                let holds = |value: &Value| match comparison {
                    Comparison::Equal => others.iter().any(|other| plain(value) == plain(other)),
                    Comparison::Unequal => {
                        !others.is_empty() && others.iter().all(|other| plain(value) != plain(other))
                    }
                    Comparison::EndsWith => others.iter().any(|other| plain(value).ends_with(&plain(other))),
                    Comparison::Less => others.iter().any(|other| order(value, other, |a, b| a < b)),
                    Comparison::Greater => others.iter().any(|other| order(value, other, |a, b| a > b)),
                };
                let (place, value) = path.select(object).into_iter().find(|(_, value)| holds(value))?;
                let against = match (operand, others.first()) {
                    (Operand::At(_), Some(other)) => format!(" of {}", plain(other)),
                    _ => String::new(),
                };
                Some(Met { phrase: phrase(&place, value) + &against, place })
            }
        }
    }
}

fn order(a: &Value, b: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
    let number = |value: &Value| plain(value).parse::<f64>().ok();
    number(a).zip(number(b)).is_some_and(|(a, b)| holds(a, b))
}

/// A scalar as it is written without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn last(place: &str) -> &str {
    place.rsplit_once('.').map_or(place, |(_, name)| name)
}

/// `phase=Failed`.
pub(super) fn phrase(place: &str, value: &Value) -> String {
    format!("{}={}", last(place), plain(value))
}

#[cfg(test)]
mod tests {
    use super::{Clock, duration, parse};
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    fn holds(text: &str, object: &Value) -> bool {
        parse(text).unwrap().iter().all(|condition| condition.holds(object, &mut Clock::default()).is_some())
    }

    #[test]
    fn conditions_compare_words_numbers_and_paths() {
        let object = json!({ "a": { "phase": "Failed", "gen": 3, "ok": true, "list": [{ "type": "SyncError" }] }, "b": { "gen": 4 } });
        for text in [
            ".a.phase == Failed",
            ".a.phase in [Error, Failed]",
            ".a.phase in [\"Failed\"]",
            ".a.phase != Done",
            ".a.gen < .b.gen",
            ".a.gen > 2",
            ".a.ok == true",
            ".a.list[*].type endswith Error",
            "has .a.list and no .a.none",
        ] {
            assert!(holds(text, &object), "{text}");
        }
        for text in [
            ".a.phase == Done",
            ".a.none != Done",
            ".a.gen < .a.none",
            ".a.gen != .a.none",
            "no .a.list",
            "has .a.none",
            ".a.phase == Failed and .a.gen > 3",
        ] {
            assert!(!holds(text, &object), "{text}");
        }
    }

    #[test]
    fn an_age_is_told_by_the_clock_and_tells_when_it_turns() {
        let object = json!({ "at": "2026-01-01T00:00:00Z" });
        let condition = &parse("age(.at) > 60s").unwrap()[0];
        let turn = "2026-01-01T00:01:00Z".parse().unwrap();
        let mut clock = Clock::default();
        assert!(condition.holds(&object, &mut clock).is_none());
        assert_eq!(clock.turns, [turn]);
        assert!(condition.holds(&object, &mut Clock { now: Some(turn), turns: Vec::new() }).is_some());
    }

    #[test]
    fn what_is_no_condition_says_why() {
        for (text, why) in [
            ("", "no condition"),
            (".a", "no condition"),
            (".a ~ b", "compares nothing"),
            (".a in b", "no list"),
            (".a in [b", "does not close"),
            (".a == b]", "did not open"),
            ("age(.a) > soon", "no duration"),
            ("a == b", "begins with a dot"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("5m"), Some(SignedDuration::from_secs(300)));
        assert_eq!((duration("5"), duration(""), duration("m"), duration("-1s")), (None, None, None, None));
    }
}
