//! Accepts a changed session file or settings file: into the journal first, then in force.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::domain::fault::Fault;
use crate::domain::gate::change::{Guarded, RuleChange};
use crate::event::Done;
use crate::exec::journal::record;
use crate::source::rules::RuleDesk;

/// Lines of the difference that the journal keeps; the digests stand for the rest.
const KEPT: usize = 200;

/// Accepts a change exactly as it was shown. What cannot be recorded does not count.
pub async fn accept(state_dir: &Path, rules: &RuleDesk, change: RuleChange, now: Timestamp) -> Done {
    let outcome = carry_out(state_dir, rules, &change, now).await;
    Done::RulesAccepted(outcome.map(|()| Box::new(change)))
}

async fn carry_out(state_dir: &Path, rules: &RuleDesk, change: &RuleChange, now: Timestamp) -> Result<(), Fault> {
    let text = rules.check(change)?;
    let diff: Vec<String> = change.lines.iter().take(KEPT).map(|line| format!("{}{}", line.sign, line.text)).collect();
    let body = json!({
        "file": change.file.display().to_string(),
        "what": match change.guarded { Guarded::Session => "session", Guarded::Hooks => "hooks" },
        "before_sha256": change.before,
        "after_sha256": change.after,
        "diff": diff,
    });
    record(state_dir, now, "gate-rules", body, rules.redactor()).await?;
    rules.accept(change, text).await
}
