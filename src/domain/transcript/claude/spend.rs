//! What records say about tokens, beside the conversation.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::text;
use crate::domain::transcript::digest::LABEL;
use crate::domain::transcript::json;
use crate::domain::transcript::record::{Message, Record};
use crate::domain::transcript::usage::{Said, Spent, Usage, Used};

/// Sub-agents that replay their parent's history to answer a question aside; they are no part of its work.
const SIDE_QUESTION: &str = "aside_question";

/// Notes an answer. Copies that a compaction leaves (`isMeta`) and side questions are none.
pub(super) fn note(record: &Record<'_>, message: &Message<'_>, spent: Spent, usage: &mut Usage) {
    let aside = json::string(record.agent_id).is_some_and(|agent| agent.starts_with(SIDE_QUESTION));
    if !json::truth(record.is_meta) && !aside {
        take(record, message, spent, false, usage);
    }
}

/// Notes the answer of a sub-agent that a `progress` record quotes: versions 2.0.7x to 2.1.8x wrote it there, and not always
/// into a file of its own.
pub(super) fn quoted(record: &Record<'_>, usage: &mut Usage) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Data<'a> {
        #[serde(borrow)]
        message: Option<&'a RawValue>,
    }
    let data: Data<'_> = json::fields(record.data);
    // Most of these records tell of commands and quote nothing.
    if data.message.is_none_or(|message| !message.get().starts_with('{')) {
        return;
    }
    let inner: Record<'_> = json::fields(data.message);
    if inner.kind() != "assistant" || json::truth(inner.is_api_error_message) {
        return;
    }
    let message = inner.message();
    let Some(spent) = message.usage.and_then(Used::spent) else { return };
    if json::string(message.model).is_none_or(|model| model != "<synthetic>") {
        take(&inner, &message, spent, true, usage);
    }
}

/// Tokens in the window before a compaction; `None` when the record does not say.
pub(super) fn before_compaction(record: &Record<'_>) -> Option<u64> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Metadata<'a> {
        #[serde(borrow)]
        pre_tokens: Option<&'a RawValue>,
    }
    let metadata: Metadata<'_> = json::fields(record.compact_metadata);
    json::number(metadata.pre_tokens)
}

fn take(record: &Record<'_>, message: &Message<'_>, spent: Spent, quoted: bool, usage: &mut Usage) {
    let (id, request) = (json::string(message.id), json::string(record.request_id));
    let model = json::string(message.model).unwrap_or_default();
    usage.note(&Said {
        message: id.as_deref(),
        request: request.as_deref(),
        model: &text::line(text::prefix(&model, LABEL)),
        sidechain: json::truth(record.is_sidechain),
        quoted,
        spent,
        billed: json::dollars(record.cost_usd),
    });
}

#[cfg(test)]
mod tests {
    use crate::domain::agent::Tokens;
    use crate::domain::model::Models;
    use crate::domain::transcript::Digest;
    use crate::domain::transcript::usage::Usage;

    fn usage(lines: &[&str]) -> Usage {
        let (mut digest, mut usage) = (Digest::new(false), Usage::default());
        for line in lines {
            digest.read(line.as_bytes(), Some(&mut usage));
        }
        usage
    }

    fn answer(id: &str, extra: &str) -> String {
        format!(
            r#"{{{extra}"type":"assistant","requestId":"r-{id}","message":{{"id":"{id}","model":"claude-sonnet-5","content":[],"usage":{{"input_tokens":10,"output_tokens":1}}}}}}"#
        )
    }

    const ONE: Tokens = Tokens { input: 10, cache_creation: 0, cache_read: 0, output: 1 };

    #[test]
    fn copies_of_a_compaction_and_side_questions_are_not_counted() {
        let meta = answer("m2", r#""isMeta":true,"#);
        let aside = answer("m3", r#""isSidechain":true,"agentId":"aside_question-1f","#);
        assert_eq!(usage(&[&answer("m1", ""), &meta, &aside]).total(), ONE);
    }

    #[test]
    fn synthetic_answers_and_api_errors_are_never_counted() {
        let synthetic = answer("m2", "").replace("claude-sonnet-5", "<synthetic>");
        let error = answer("m3", r#""isApiErrorMessage":true,"#);
        let usage = usage(&[&answer("m1", ""), &synthetic, &error]);
        assert_eq!(usage.total(), ONE);
        assert_eq!(usage.bill(&Models::default()).cost.unpriced, ["claude-sonnet-5"]);
    }

    #[test]
    fn progress_records_quote_the_answers_of_sub_agents() {
        let quote = |inner: &str| {
            format!(
                r#"{{"type":"progress","data":{{"type":"agent_progress","agentId":"a1","prompt":"p","message":{inner}}}}}"#
            )
        };
        let own = answer("s1", r#""isSidechain":true,"#);
        let synthetic = quote(&answer("s2", "").replace("claude-sonnet-5", "<synthetic>"));
        let asked = quote(r#"{"type":"user","message":{"content":"x"}}"#);
        let bash = r#"{"type":"progress","data":{"type":"bash_progress","output":"x"}}"#;
        let lines = [quote(&own), quote(&own), own.clone(), synthetic, asked, bash.to_owned(), quote("7")];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(usage(&lines).total(), ONE);
        assert_eq!(usage(&lines[..1]).total(), ONE);
    }

    #[test]
    fn the_cost_of_old_records_is_read() {
        let old = answer("m1", r#""costUSD":0.0145,"#);
        let cost = usage(&[&old]).bill(&Models::default()).cost;
        assert!((cost.known_usd - 0.0145).abs() < 1e-12 && cost.unpriced.is_empty(), "{cost:?}");
        let odd = answer("m1", r#""costUSD":"x","#);
        assert!(usage(&[&odd]).bill(&Models::default()).cost.usd().is_none());
    }
}
