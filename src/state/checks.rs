//! The operator's checks: which there are, which run, and what the latest run of each came to.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::session::CheckSpec;
use crate::domain::check::CheckRun;

/// The operator's checks.
#[derive(Debug, Default)]
pub struct Checks {
    /// Those of the session file, in its order.
    pub specs: Vec<CheckSpec>,
    /// The latest run of each, by name.
    pub latest: BTreeMap<String, CheckRun>,
    /// Those that run now, by name.
    pub running: BTreeMap<String, Running>,
}

/// A check that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// When it began.
    pub since: Timestamp,
    /// The last line that it wrote.
    pub line: String,
    /// Bytes that it wrote.
    pub bytes: u64,
    /// It was told to stop.
    pub stopping: bool,
}

impl Checks {
    /// The check of a row.
    pub fn at(&self, row: usize) -> Option<&CheckSpec> {
        self.specs.get(row)
    }

    /// The latest run of a check, if the session file still has that command line under its name.
    pub fn of(&self, spec: &CheckSpec) -> Option<&CheckRun> {
        self.latest.get(&spec.name).filter(|run| run.run == spec.run)
    }
}
