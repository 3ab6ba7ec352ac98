//! How full a context window is.

use super::digest::Digest;
use crate::domain::agent::ContextGauge;
use crate::domain::agent::status_line::StatusLine;
use crate::domain::model::{Models, undated};

/// Where the window is from, when the session's status line was told.
pub const STATUS_LINE: &str = "status line";

/// What the source is called until the answer after a compaction.
const SINCE_COMPACTED: &str = "not known since the context was compacted";

impl Digest {
    /// The context gauge. Source of the formula: Claude Code's documentation of its status line (input and cache of the
    /// last answer of the main chain, without output, over the window).
    ///
    /// The window is the one that the session's status line was told, while it is of the same model; else that of the
    /// tables, the user's first; else not known. Less than what is in use it cannot be.
    pub fn context(&self, models: &Models, told: Option<&StatusLine>) -> ContextGauge {
        let told = told.filter(|told| !self.sub_agent && self.is_of_same_model(told));
        let used = match self.used() {
            None if !self.is_compacted() => told.and_then(|told| told.used).filter(|used| *used > 0),
            used => used,
        };
        let most_used = self.most_used().max(used.unwrap_or(0));
        if let Some(window) = self.window {
            let source = if self.is_compacted() { SINCE_COMPACTED } else { "transcript" };
            let percent = used.map(|used| window.percent(used));
            return ContextGauge { used, window: Some(window.tokens), percent, source, as_of: None };
        }
        let by_status_line = told.and_then(|told| Some((told.window?, STATUS_LINE, Some(told.at))));
        let by_table = || {
            let (window, source) = models.window(self.model.as_deref()?, most_used)?;
            Some((window, source, None))
        };
        let found = by_status_line.filter(|(window, ..)| Some(*window) >= used).or_else(by_table);
        let percent = used.zip(found).map(|(used, (window, ..))| percent(used, window));
        let (source, as_of) = match found {
            _ if self.is_compacted() => (SINCE_COMPACTED, None),
            Some((_, source, as_of)) => (source, as_of),
            None => (if used.is_some() { "transcript" } else { "" }, None),
        };
        ContextGauge { used, window: found.map(|(window, ..)| window), percent, source, as_of }
    }

    /// True unless both name a model and not the same.
    fn is_of_same_model(&self, told: &StatusLine) -> bool {
        let models = self.model.as_deref().zip(told.plain_model());
        models.is_none_or(|(own, other)| undated(own) == undated(other))
    }
}

fn percent(used: u64, window: u64) -> u8 {
    (used.saturating_mul(100) / window.max(1)).min(100) as u8
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Digest;
    use crate::domain::agent::ContextGauge;
    use crate::domain::agent::status_line::StatusLine;
    use crate::domain::model::{Models, Row, Window};

    fn row(id: &str, size: u64, larger: Option<u64>) -> Row {
        Row { id: id.to_owned(), window: Some(Window { size, larger }), price: None, price_as: None }
    }

    fn models() -> Models {
        let user = vec![row("gw/opus", 500_000, None)];
        Models {
            user,
            built_in: vec![row("claude-opus-4-6", 200_000, Some(1_000_000)), row("claude-haiku-4-5", 200_000, None)],
        }
    }

    fn answer(model: &str, used: u64) -> String {
        format!(
            r#"{{"type":"assistant","message":{{"id":"m","model":"{model}","usage":{{"input_tokens":1,"cache_read_input_tokens":{},"output_tokens":9}}}}}}"#,
            used - 1
        )
    }

    const COMPACTED: &str =
        r#"{"type":"system","subtype":"compact_boundary","compactMetadata":{"trigger":"auto","preTokens":420000}}"#;

    fn gauge(lines: &[&str], told: Option<&str>) -> ContextGauge {
        let mut digest = Digest::new(false);
        for line in lines {
            digest.read(line.as_bytes(), None);
        }
        digest
            .context(&models(), told.and_then(|told| StatusLine::read(told.as_bytes(), Timestamp::UNIX_EPOCH)).as_ref())
    }

    const TOLD: &str =
        r#"{"session_id":"s","model":{"id":"claude-opus-4-6[1m]"},"context_window":{"context_window_size":1000000}}"#;

    #[test]
    fn the_status_line_is_believed_before_any_table() {
        let opus = answer("claude-opus-4-6", 50_000);
        let told = gauge(&[&opus], Some(TOLD));
        assert_eq!((told.window, told.percent, told.source), (Some(1_000_000), Some(5), "status line"));
        assert_eq!(told.as_of, Some(Timestamp::UNIX_EPOCH));
        let table = gauge(&[&opus], None);
        assert_eq!(
            (table.window, table.percent, table.source, table.as_of),
            (Some(200_000), Some(25), "model table", None)
        );
    }

    #[test]
    fn what_the_status_line_was_told_of_another_model_does_not_count() {
        let haiku = gauge(&[&answer("claude-haiku-4-5-20251001", 50_000)], Some(TOLD));
        assert_eq!((haiku.window, haiku.source), (Some(200_000), "model table"));
    }

    #[test]
    fn a_status_line_tells_nothing_of_sub_agents() {
        let mut digest = Digest::new(true);
        let side = answer("claude-opus-4-6", 50_000).replace("{\"type\"", "{\"isSidechain\":true,\"type\"");
        digest.read(side.as_bytes(), None);
        let told = StatusLine::read(TOLD.as_bytes(), Timestamp::UNIX_EPOCH);
        assert_eq!(digest.context(&models(), told.as_ref()).source, "model table");
    }

    #[test]
    fn a_window_that_is_smaller_than_what_is_in_it_is_not_believed() {
        let small = TOLD.replace("1000000", "200000");
        let gauge = gauge(&[&answer("claude-opus-4-6", 300_000)], Some(&small));
        assert_eq!((gauge.window, gauge.source), (Some(1_000_000), "model table"));
    }

    #[test]
    fn the_users_table_comes_before_the_one_built_in_and_unknown_models_have_no_window() {
        let own = gauge(&[&answer("gw/opus", 50_000)], None);
        assert_eq!((own.window, own.percent, own.source), (Some(500_000), Some(10), "config.toml"));
        let unknown = gauge(&[&answer("us.anthropic.claude-opus-4-6-v1:0", 50_000)], None);
        assert_eq!(
            (unknown.used, unknown.window, unknown.percent, unknown.source),
            (Some(50_000), None, None, "transcript")
        );
    }

    #[test]
    fn a_compaction_of_more_than_the_small_window_proves_the_large_one() {
        let opus = answer("claude-opus-4-6", 40_000);
        assert_eq!(gauge(&[&opus, COMPACTED, &opus], None).window, Some(1_000_000));
        assert_eq!(gauge(&[&opus], None).window, Some(200_000));
    }

    #[test]
    fn what_one_model_used_says_nothing_of_the_next_ones_window() {
        let gauge = gauge(&[&answer("claude-opus-4-6", 700_000), COMPACTED, &answer("claude-haiku-4-5", 40_000)], None);
        assert_eq!((gauge.window, gauge.percent), (Some(200_000), Some(20)));
    }

    #[test]
    fn after_a_compaction_nothing_is_known_until_the_next_answer() {
        let opus = answer("claude-opus-4-6", 50_000);
        let told =
            TOLD.replace(r#""context_window_size""#, r#""current_usage":{"input_tokens":5},"context_window_size""#);
        let compacted = gauge(&[&opus, COMPACTED], Some(&told));
        assert_eq!((compacted.used, compacted.percent), (None, None));
        assert_eq!(compacted.source, "not known since the context was compacted");
        assert_eq!(gauge(&[], Some(&told)).used, Some(5), "before the first record the status line may know");
    }
}
