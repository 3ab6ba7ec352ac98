//! What the journal tells of the time before: the latest run of each check, and which brief is about which task.

use std::path::Path;

use serde_json::{Map, Value};

use super::journal;
use crate::domain::check::latest;
use crate::domain::fault::Fault;
use crate::domain::link::BriefNote;
use crate::domain::sign_off::{self, Reviews};
use crate::event::PastNews;

/// Records of the journal's end that are looked through.
const RECORDS: usize = 10_000;

/// Reads it. Blocks.
///
/// # Errors
/// That the journal cannot be read.
pub fn read(state_dir: &Path, root: &Path) -> Result<PastNews, Fault> {
    let records = journal::read_records(state_dir, RECORDS)?;
    let checks = latest(records.iter().map(Vec::as_slice));
    let briefs = records.iter().filter_map(|record| brief(record, root)).collect();
    Ok(PastNews { checks, briefs, reviews: reviews(&records) })
}

/// Sign-offs, and work that was sent back.
fn reviews(records: &[Vec<u8>]) -> Reviews {
    let mut reviews = Reviews::default();
    for record in records {
        let is_one = [sign_off::KIND, sign_off::RETRY]
            .iter()
            .any(|kind| memchr::memmem::find(record, format!("\"kind\":\"{kind}\"").as_bytes()).is_some());
        if is_one && let Ok(record) = serde_json::from_slice(record) {
            reviews.take(&record);
        }
    }
    reviews
}

/// The brief that a record tells of.
fn brief(record: &[u8], root: &Path) -> Option<BriefNote> {
    memchr::memmem::find(record, b"\"kind\":\"brief\"")?;
    let record: Map<String, Value> = serde_json::from_slice(record).ok()?;
    let text = |key: &str| Some(record.get(key)?.as_str()?.to_owned());
    if text("kind")? != "brief" {
        return None;
    }
    // Named from the root where it lies below it.
    Some(BriefNote { file: root.join(text("file")?), task: text("task"), agent: text("agent") })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::domain::check::{CheckEnd, CheckRun};
    use crate::domain::link::BriefNote;
    use crate::domain::redact::Redactor;
    use crate::exec::journal;
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    #[test]
    fn briefs_and_checks_come_back_from_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let note = |kind: &str, body| {
            journal::append(folder.path(), Timestamp::UNIX_EPOCH, kind, body, &Redactor::default()).unwrap();
        };
        assert_eq!(read(folder.path(), folder.path()).unwrap(), crate::event::PastNews::default());
        let run = CheckRun {
            name: "tests".to_owned(),
            run: "true".to_owned(),
            end: CheckEnd::Exit(0),
            at: Timestamp::UNIX_EPOCH,
            took: SignedDuration::ZERO,
            head: None,
            dirty: false,
            digest: "d".to_owned(),
            file: "evidence/x".to_owned(),
        };
        note("check", run.record());
        note("brief", json!({"file": ".hnpwb/briefs/0001-a.md", "task": "T-1", "agent": null}));
        note("copy", json!({"what": "\"kind\":\"brief\""}));
        let past = read(folder.path(), "/w".as_ref()).unwrap();
        assert_eq!(past.checks, [run]);
        let brief = BriefNote { file: "/w/.hnpwb/briefs/0001-a.md".into(), task: Some("T-1".to_owned()), agent: None };
        assert_eq!(past.briefs, [brief]);
    }
}
