//! What a Backlog.md project says of its tasks in its `config.yml`: the names of its statuses, in their order.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Task, TaskStatus, words};

/// Statuses kept of one project.
const MOST: usize = 32;

/// The rules of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// Names of the statuses, from the first to the last.
    pub statuses: Vec<String>,
}

impl Project {
    /// Reads a `config.yml`. One without statuses says nothing.
    ///
    /// # Errors
    /// What is wrong with the YAML, with its line.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if !text.contains("statuses") {
            return Ok(None);
        }
        let fields: Map<String, Value> = serde_saphyr::from_str(text).map_err(|error| {
            let why = error.to_string();
            why.lines().next().unwrap_or_default().to_owned()
        })?;
        let Some(Value::Array(names)) = fields.get("statuses") else { return Ok(None) };
        let names = names.iter().filter_map(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
        let statuses: Vec<String> = names.take(MOST).map(str::to_owned).collect();
        Ok((!statuses.is_empty()).then_some(Self { statuses }))
    }

    /// What one of its statuses says. A word that is known says what it always does. Of others the first is where tasks
    /// begin and the last where they end, as in Backlog.md itself; what stands between is being worked on.
    pub fn status(&self, raw: &str) -> TaskStatus {
        let known = words::status(raw);
        // What was given up is not done, wherever it stands.
        if known != TaskStatus::Other || words::is_given_up(raw) {
            return known;
        }
        let place = self.statuses.iter().position(|name| name.eq_ignore_ascii_case(raw.trim()));
        match place {
            None => TaskStatus::Other,
            Some(0) => TaskStatus::Todo,
            Some(at) if at + 1 == self.statuses.len() => TaskStatus::Done,
            Some(_) => TaskStatus::InProgress,
        }
    }

    /// Reads the task's status by these rules.
    pub fn adopt(self: &Arc<Self>, task: &mut Task) {
        if !task.raw_status.is_empty() {
            task.status = self.status(&task.raw_status);
        }
        task.project = Some(Arc::clone(self));
    }
}

#[cfg(test)]
mod tests {
    use super::{Project, TaskStatus};

    #[test]
    fn a_project_names_its_statuses() {
        let text = "project_name: x\nstatuses: [\"Ideas\", \"Cooking\", In Review, \"Shipped\"]\ntask_prefix: hnp\n";
        let project = Project::parse(text).unwrap().unwrap();
        assert_eq!(project.statuses, ["Ideas", "Cooking", "In Review", "Shipped"]);
        for (raw, status) in [
            ("Ideas", TaskStatus::Todo),
            ("cooking", TaskStatus::InProgress),
            ("In Review", TaskStatus::Review),
            ("Shipped", TaskStatus::Done),
            ("Elsewhere", TaskStatus::Other),
            ("To Do", TaskStatus::Todo),
        ] {
            assert_eq!(project.status(raw), status, "{raw}");
        }
    }

    #[test]
    fn what_was_given_up_is_never_done() {
        let project = Project::parse("statuses: [A, Cancelled]").unwrap().unwrap();
        assert_eq!(project.status("Cancelled"), TaskStatus::Other);
    }

    #[test]
    fn a_file_without_statuses_says_nothing_and_a_broken_one_is_an_error() {
        assert_eq!(Project::parse("a: b\n"), Ok(None));
        assert_eq!(Project::parse("statuses: x\n"), Ok(None));
        assert_eq!(Project::parse("statuses: []\n"), Ok(None));
        assert!(Project::parse("statuses: [a\nb: c\n").is_err());
    }
}
