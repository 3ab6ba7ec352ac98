//! `usage` of an answer, leniently.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::agent::Tokens;
use crate::domain::model::{Amounts, Kind};
use crate::domain::transcript::json;

/// What one answer used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    pub amounts: Amounts,
    pub kind: Kind,
}

impl From<Tokens> for Spent {
    /// What is told without how long the cache keeps it.
    fn from(tokens: Tokens) -> Self {
        let Tokens { input, cache_creation, cache_read, output } = tokens;
        let amounts = Amounts { input, cache_write_5m: cache_creation, cache_read, output, ..Amounts::default() };
        Self { amounts, kind: Kind::default() }
    }
}

impl Spent {
    /// The tokens by kind.
    pub(crate) fn tokens(&self) -> Tokens {
        let Amounts { input, cache_write_5m, cache_write_1h, cache_read, output, .. } = self.amounts;
        Tokens { input, cache_creation: cache_write_5m + cache_write_1h, cache_read, output }
    }
}

/// `usage` of a message: as a rule it is read together with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Used<'a> {
    Spent(Spent),
    Raw(&'a RawValue),
}

impl<'de: 'a, 'a> Deserialize<'de> for Used<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The quick reader gives up on odd fields, and then the full parser leaves them as they are.
        if deserializer.is_human_readable() {
            <&RawValue>::deserialize(deserializer).map(Self::Raw)
        } else {
            Regular::deserialize(deserializer).map(|fields| Self::Spent(fields.spent()))
        }
    }
}

impl Used<'_> {
    /// What it says; `None` when it is no object.
    pub(crate) fn spent(self) -> Option<Spent> {
        match self {
            Self::Spent(spent) => Some(spent),
            Self::Raw(raw) => spent(Some(raw)),
        }
    }
}

/// The fields as they are written as a rule.
#[derive(Deserialize)]
struct Regular<'a> {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    cache_creation_input_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    cache_creation: Option<Lives>,
    #[serde(default)]
    server_tool_use: Option<Tools>,
    #[serde(default, borrow)]
    speed: Option<&'a str>,
    #[serde(default, borrow)]
    inference_geo: Option<&'a str>,
}

#[derive(Deserialize)]
struct Lives {
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
}

#[derive(Deserialize)]
struct Tools {
    #[serde(default)]
    web_search_requests: u64,
}

/// The same fields, each of which may be anything.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Odd<'a> {
    #[serde(borrow, rename = "input_tokens")]
    input: Option<&'a RawValue>,
    #[serde(borrow, rename = "cache_creation_input_tokens")]
    cache_write: Option<&'a RawValue>,
    #[serde(borrow, rename = "cache_read_input_tokens")]
    cache_read: Option<&'a RawValue>,
    #[serde(borrow, rename = "output_tokens")]
    output: Option<&'a RawValue>,
    #[serde(borrow, rename = "cache_creation")]
    lives: Option<&'a RawValue>,
    #[serde(borrow, rename = "server_tool_use")]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    speed: Option<&'a RawValue>,
    #[serde(borrow, rename = "inference_geo")]
    geo: Option<&'a RawValue>,
}

/// Reads a `usage` object; `None` when there is none.
fn spent(raw: Option<&RawValue>) -> Option<Spent> {
    let raw = raw.filter(|raw| raw.get().starts_with('{'))?;
    Some(json::read::<Regular<'_>>(raw.get()).map_or_else(|| odd(raw), Regular::spent))
}

impl Regular<'_> {
    fn spent(self) -> Spent {
        of(
            [self.input_tokens, self.cache_read_input_tokens, self.output_tokens],
            self.cache_creation_input_tokens,
            self.cache_creation.map_or(0, |lives| lives.ephemeral_1h_input_tokens),
            self.server_tool_use.map_or(0, |tools| tools.web_search_requests),
            Kind { fast: self.speed == Some("fast"), us: self.inference_geo == Some("us") },
        )
    }
}

fn odd(raw: &RawValue) -> Spent {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow, rename = "ephemeral_1h_input_tokens")]
        hour: Option<&'a RawValue>,
        #[serde(borrow, rename = "web_search_requests")]
        searches: Option<&'a RawValue>,
    }
    let fields: Odd<'_> = json::fields(Some(raw));
    let number = |raw| json::number(raw).unwrap_or(0);
    let (lives, tools): (Inner<'_>, Inner<'_>) = (json::fields(fields.lives), json::fields(fields.tools));
    of(
        [fields.input, fields.cache_read, fields.output].map(number),
        number(fields.cache_write),
        number(lives.hour),
        number(tools.searches),
        Kind {
            fast: json::string(fields.speed).is_some_and(|speed| speed == "fast"),
            us: json::string(fields.geo).is_some_and(|geo| geo == "us"),
        },
    )
}

/// Cache writes of which nothing says how long they live are taken for those of five minutes, which all were once.
fn of([input, cache_read, output]: [u64; 3], cache_write: u64, hour: u64, web_searches: u64, kind: Kind) -> Spent {
    // Numbers that no answer has are no reason to overflow.
    let sane = |tokens: u64| tokens.min(u32::MAX.into());
    let cache_write = sane(cache_write);
    let hour = hour.min(cache_write);
    let amounts = Amounts {
        input: sane(input),
        cache_write_5m: cache_write - hour,
        cache_write_1h: hour,
        cache_read: sane(cache_read),
        output: sane(output),
        web_searches: web_searches.min(u8::MAX.into()),
    };
    Spent { amounts, kind }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{Amounts, Kind, spent};

    fn read(json: &str) -> Option<super::Spent> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        spent(Some(raw))
    }

    #[test]
    fn cache_writes_are_told_apart_by_how_long_they_live() {
        let found = read(
            r#"{"input_tokens":1,"cache_creation_input_tokens":100,"cache_read_input_tokens":7,"output_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":70},"server_tool_use":{"web_search_requests":2,"web_fetch_requests":1},"service_tier":"standard","inference_geo":"us","speed":"fast","iterations":[]}"#,
        );
        let found = found.unwrap();
        assert_eq!((found.amounts.cache_write_5m, found.amounts.cache_write_1h), (30, 70));
        assert_eq!((found.amounts.web_searches, found.tokens().cache_creation), (2, 100));
        assert_eq!(found.kind, Kind { fast: true, us: true });
    }

    #[test]
    fn without_their_lives_cache_writes_are_those_of_five_minutes() {
        let found =
            read(r#"{"cache_creation_input_tokens":100,"speed":"standard","inference_geo":"not_available"}"#).unwrap();
        assert_eq!(found.amounts, Amounts { cache_write_5m: 100, ..Amounts::default() });
        assert_eq!(found.kind, Kind::default());
    }

    #[test]
    fn odd_fields_cost_nothing_else() {
        let found = read(
            r#"{"input_tokens":1e3,"output_tokens":"x","cache_read_input_tokens":-1,"cache_creation_input_tokens":1e300,"cache_creation":[],"server_tool_use":null,"speed":"fa\u0073t"}"#,
        );
        let found = found.unwrap();
        assert_eq!((found.amounts.input, found.amounts.output, found.amounts.cache_read), (1_000, 0, 0));
        assert_eq!(found.amounts.cache_write_5m, 0, "more than can be counted is no count");
        assert!(found.kind.fast);
        let null = read(r#"{"input_tokens":5,"output_tokens":null}"#).unwrap();
        assert_eq!(null.amounts.input, 5);
        assert_eq!((read("[]"), read("null")), (None, None));
    }
}
