//! What Claude Code tells its status line: the only place where a session's own window and the account's limits are stated.
//!
//! Source of the fields: Claude Code's documentation of `statusLine`, 2026-08. Each of them may be missing or null.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::text;
use crate::domain::time::age;

/// Bytes kept of a name.
const NAME: usize = 120;

/// What one session's status line was told last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusLine {
    /// The session.
    pub session_id: String,
    /// When it was told.
    pub at: Timestamp,
    /// The model's id. Unlike that in a transcript it may end in `[1m]`.
    #[serde(default)]
    pub model: Option<String>,
    /// The model's name for people.
    #[serde(default)]
    pub model_name: Option<String>,
    /// Size of the context window in tokens.
    #[serde(default)]
    pub window: Option<u64>,
    /// How full it is, 0 to 100.
    #[serde(default)]
    pub used_percent: Option<f64>,
    /// Tokens in it.
    #[serde(default)]
    pub used: Option<u64>,
    /// The client's own estimate of the session's cost in US dollars; begins anew with `/clear`.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// The account's limit for five hours.
    #[serde(default)]
    pub five_hour: Option<Limit>,
    /// The account's limit for seven days.
    #[serde(default)]
    pub seven_day: Option<Limit>,
}

/// How much of a limit is used up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// 0 to 100.
    pub used_percent: f64,
    /// When it begins anew.
    #[serde(default)]
    pub resets_at: Option<Timestamp>,
}

impl StatusLine {
    /// Reads what a status line is given on standard input; `None` when it names no session or is no JSON.
    pub fn read(input: &[u8], now: Timestamp) -> Option<Self> {
        let value: Value = serde_json::from_slice(input).ok()?;
        let at = |path: &str| value.pointer(path);
        let name = |path: &str| {
            let name = at(path)?.as_str()?;
            Some(text::line(text::prefix(name, NAME)).into_owned()).filter(|name| !name.is_empty())
        };
        let number = |path: &str| at(path)?.as_f64().filter(|number| number.is_finite() && *number >= 0.0);
        let parts = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
        let usage = at("/context_window/current_usage").filter(|usage| usage.is_object());
        let used = usage.map(|usage| parts.iter().filter_map(|part| usage.get(part)?.as_u64()).sum());
        Some(Self {
            session_id: at("/session_id")?.as_str()?.to_owned(),
            at: now,
            model: name("/model/id"),
            model_name: name("/model/display_name"),
            window: number("/context_window/context_window_size").map(|size| size as u64).filter(|size| *size > 0),
            used_percent: number("/context_window/used_percentage"),
            used,
            cost_usd: number("/cost/total_cost_usd"),
            five_hour: at("/rate_limits/five_hour").and_then(limit),
            seven_day: at("/rate_limits/seven_day").and_then(limit),
        })
    }

    /// The model's id as a transcript has it.
    pub fn plain_model(&self) -> Option<&str> {
        let model = self.model.as_deref()?;
        Some(model.split_once('[').map_or(model, |(plain, _)| plain))
    }

    /// A status line of our own: `Opus 5 · 42% of 1M · $1.23 · 5h 31%`, as far as it is known.
    pub fn line(&self) -> String {
        let percent = self.used_percent.map(|percent| format!("{percent:.0}%"));
        let window = self.window.map(short);
        let context = match (percent, window) {
            (Some(percent), Some(window)) => Some(format!("{percent} of {window}")),
            (Some(percent), None) => Some(percent),
            (None, Some(window)) => Some(format!("?% of {window}")),
            (None, None) => None,
        };
        let limit = |name: &str, limit: Option<Limit>| limit.map(|limit| format!("{name} {:.0}%", limit.used_percent));
        let parts = [
            self.model_name.clone().or_else(|| self.model.clone()),
            context,
            self.cost_usd.map(|dollars| format!("${dollars:.2}")),
            limit("5h", self.five_hour),
            limit("7d", self.seven_day.filter(|limit| limit.used_percent >= 50.0)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

impl Limit {
    /// In words: `31%, begins anew in 2h`.
    pub fn words(&self, now: Timestamp) -> String {
        let resets = match self.resets_at {
            Some(at) if at > now => format!(", begins anew in {}", age(now, at)),
            Some(_) => ", has begun anew since".to_owned(),
            None => String::new(),
        };
        format!("{:.0}%{resets}", self.used_percent)
    }
}

/// Seconds since 1970, or RFC 3339.
fn limit(value: &Value) -> Option<Limit> {
    let used_percent = value.get("used_percentage")?.as_f64().filter(|percent| percent.is_finite())?;
    let resets_at = value.get("resets_at").and_then(|at| match at {
        Value::String(text) => text.parse().ok(),
        other => Timestamp::from_second(other.as_f64()? as i64).ok(),
    });
    Some(Limit { used_percent: used_percent.clamp(0.0, 100.0), resets_at })
}

/// A size in few characters: `200k`, `1M`.
fn short(tokens: u64) -> String {
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..1_000_000 => format!("{}k", tokens / 1_000),
        _ if tokens.is_multiple_of(1_000_000) => format!("{}M", tokens / 1_000_000),
        _ => format!("{:.1}M", tokens as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Limit, StatusLine, short};

    const TOLD: &str = r#"{"session_id":"s1","model":{"id":"claude-opus-4-6[1m]","display_name":"Opus 4.6"},
        "cost":{"total_cost_usd":1.234,"total_duration_ms":5},
        "context_window":{"total_input_tokens":9,"context_window_size":1000000,"used_percentage":42.4,
            "current_usage":{"input_tokens":4,"output_tokens":77,"cache_creation_input_tokens":20,"cache_read_input_tokens":400}},
        "rate_limits":{"five_hour":{"used_percentage":31,"resets_at":1790000000},"seven_day":{"used_percentage":80.6,"resets_at":"2026-11-25T00:00:00Z"}}}"#;

    fn read(input: &str) -> Option<StatusLine> {
        StatusLine::read(input.as_bytes(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn all_that_is_told_is_noted() {
        let told = read(TOLD).unwrap();
        assert_eq!((told.session_id.as_str(), told.plain_model()), ("s1", Some("claude-opus-4-6")));
        assert_eq!((told.window, told.used, told.cost_usd), (Some(1_000_000), Some(424), Some(1.234)));
        let five = told.five_hour.unwrap();
        assert_eq!((five.used_percent, five.resets_at.unwrap().as_second()), (31.0, 1_790_000_000));
        assert_eq!(told.seven_day.unwrap().resets_at.unwrap().to_string(), "2026-11-25T00:00:00Z");
        let again: StatusLine = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
        assert_eq!(again, told);
    }

    #[test]
    fn the_line_says_what_is_known() {
        assert_eq!(read(TOLD).unwrap().line(), "Opus 4.6 · 42% of 1M · $1.23 · 5h 31% · 7d 81%");
        let fresh = r#"{"session_id":"s","model":{"id":"m"},"context_window":{"context_window_size":200000,"used_percentage":null,"current_usage":null}}"#;
        let fresh = read(fresh).unwrap();
        assert_eq!((fresh.line().as_str(), fresh.used), ("m · ?% of 200k", None));
        assert_eq!(read(r#"{"session_id":"s"}"#).unwrap().line(), "");
    }

    #[test]
    fn odd_values_are_not_there_and_odd_input_is_nothing() {
        let odd = read(r#"{"session_id":"s","model":7,"context_window":[],"cost":{"total_cost_usd":"x"},"rate_limits":{"five_hour":{"used_percentage":1e9,"resets_at":true}}}"#).unwrap();
        assert_eq!((odd.model, odd.window, odd.cost_usd), (None, None, None));
        assert_eq!(odd.five_hour, Some(Limit { used_percent: 100.0, resets_at: None }));
        for input in ["", "{", "[]", "{}", r#"{"session_id":3}"#] {
            assert_eq!(read(input), None, "{input}");
        }
        let hostile = read(r#"{"session_id":"s","model":{"display_name":"a\u001b]0;x\u0007b"}}"#).unwrap();
        assert!(!hostile.line().contains('\u{1b}'), "{:?}", hostile.line());
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([200_000, 1_000_000, 1_048_576, 999].map(short), ["200k", "1M", "1.0M", "999"]);
    }

    #[test]
    fn a_limit_says_when_it_begins_anew() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let limit = Limit { used_percent: 31.2, resets_at: Some(at(10_000)) };
        assert_eq!(limit.words(at(2_800)), "31%, begins anew in 2h");
        assert_eq!(limit.words(at(20_000)), "31%, has begun anew since");
    }
}
