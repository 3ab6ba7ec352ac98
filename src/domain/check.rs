//! The operator's own checks: what one run of a command of the session file came to.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// The kind of its record in the journal.
pub const KIND: &str = "check";

/// What one run of a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// Name of the check.
    pub name: String,
    /// The command line that was run.
    pub run: String,
    /// How it ended.
    pub end: CheckEnd,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
    /// Commit that was checked out in the session's root when it began.
    pub head: Option<String>,
    /// The working tree had changes then, so that what ran was not the commit alone.
    pub dirty: bool,
    /// SHA-256 of the kept output, in hexadecimal digits.
    pub digest: String,
    /// File of the kept output, relative to the session's state folder.
    pub file: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckEnd {
    /// With this exit status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// The operator stopped it.
    Cancelled,
}

impl CheckRun {
    /// The exit status, of a check that ended by itself.
    pub fn exit(&self) -> Option<i32> {
        match self.end {
            CheckEnd::Exit(status) => Some(status),
            CheckEnd::Signal(_) | CheckEnd::Cancelled => None,
        }
    }

    /// Whether it passed: it ended with status 0.
    pub fn passed(&self) -> bool {
        self.end == CheckEnd::Exit(0)
    }

    /// How it ended, in words.
    pub fn outcome(&self) -> String {
        match self.end {
            CheckEnd::Exit(0) => "passed".to_owned(),
            CheckEnd::Exit(status) => format!("failed, exit {status}"),
            CheckEnd::Signal(signal) => format!("killed by signal {signal}"),
            CheckEnd::Cancelled => "stopped by the operator".to_owned(),
        }
    }

    /// Its record in the journal, without what every record has. The time of the record is the one at which it ended.
    pub fn record(&self) -> Value {
        let (exit, signal) = match self.end {
            CheckEnd::Exit(status) => (Some(status), None),
            CheckEnd::Signal(signal) => (None, Some(signal)),
            CheckEnd::Cancelled => (None, None),
        };
        json!({
            "name": self.name,
            "run": self.run,
            "outcome": self.outcome(),
            "exit": exit,
            "signal": signal,
            "began": self.at.to_string(),
            "milliseconds": i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX),
            "head": self.head,
            "dirty": self.dirty,
            "file": self.file,
            "output_sha256": self.digest,
        })
    }

    /// The run that a record of the journal tells of; `None` for another record, or one that lacks something.
    pub fn of_record(record: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| record.get(key)?.as_str().map(str::to_owned);
        let number = |key: &str| record.get(key)?.as_i64();
        if text("kind")? != KIND {
            return None;
        }
        let small = |number: i64| i32::try_from(number).ok();
        let end = match (number("exit").and_then(small), number("signal").and_then(small)) {
            (Some(status), _) => CheckEnd::Exit(status),
            (None, Some(signal)) => CheckEnd::Signal(signal),
            (None, None) => CheckEnd::Cancelled,
        };
        Some(Self {
            name: text("name")?,
            run: text("run")?,
            end,
            at: text("began")?.parse().ok()?,
            took: SignedDuration::from_millis(number("milliseconds")?),
            head: text("head"),
            dirty: record.get("dirty").and_then(Value::as_bool).unwrap_or_default(),
            digest: text("output_sha256")?,
            file: text("file")?,
        })
    }
}

/// The latest run of each check in records of the journal, oldest first.
pub fn latest<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Vec<CheckRun> {
    let mut runs: Vec<CheckRun> = Vec::new();
    for record in records {
        // Most records are something else: the word is looked for before they are read.
        if memchr::memmem::find(record, b"\"kind\":\"check\"").is_none() {
            continue;
        }
        let Ok(record) = serde_json::from_slice::<Map<String, Value>>(record) else { continue };
        let Some(run) = CheckRun::of_record(&record) else { continue };
        runs.retain(|known| known.name != run.name);
        runs.push(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::{CheckEnd, CheckRun, latest};
    use crate::domain::journal::append_line;
    use jiff::{SignedDuration, Timestamp};

    fn run(name: &str, end: CheckEnd) -> CheckRun {
        CheckRun {
            name: name.to_owned(),
            run: "cargo test".to_owned(),
            end,
            at: Timestamp::UNIX_EPOCH,
            took: SignedDuration::from_millis(1_234),
            head: Some("abc".to_owned()),
            dirty: true,
            digest: "d".to_owned(),
            file: "evidence/x.txt".to_owned(),
        }
    }

    #[test]
    fn a_run_comes_back_from_its_record_as_it_was() {
        let runs = [
            run("one", CheckEnd::Exit(1)),
            run("two", CheckEnd::Signal(9)),
            run("three", CheckEnd::Cancelled),
            CheckRun { head: None, ..run("one", CheckEnd::Exit(0)) },
        ];
        let mut lines = vec![append_line(None, Timestamp::UNIX_EPOCH, "copy", serde_json::json!({"what": "\"kind\":\"check\""})).0];
        lines.extend(runs.iter().map(|run| append_line(None, Timestamp::UNIX_EPOCH, "check", run.record()).0));
        let found = latest(lines.iter().map(String::as_bytes));
        assert_eq!(found, runs[1..], "the later of two runs of one check");
    }

    #[test]
    fn only_exit_status_zero_has_passed() {
        assert!(run("a", CheckEnd::Exit(0)).passed());
        for end in [CheckEnd::Exit(1), CheckEnd::Signal(15), CheckEnd::Cancelled] {
            assert!(!run("a", end).passed(), "{end:?}");
        }
        assert_eq!((run("a", CheckEnd::Exit(3)).exit(), run("a", CheckEnd::Cancelled).exit()), (Some(3), None));
    }
}
