//! A saved brief as it is listed and sent: what its front matter and its first heading say.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::brief::{number_of, pointer};

/// A brief as it is sent and listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefRef {
    /// Its number.
    pub number: u32,
    /// Its file.
    pub file: PathBuf,
    /// Its title.
    pub title: String,
    /// Id of its task.
    pub task: Option<String>,
    /// The agent that it was written for.
    pub agent: Option<String>,
    /// Its template.
    pub template: Option<String>,
    /// Tokens of its text, estimated.
    pub tokens: u64,
    /// When it was written.
    pub created: Option<Timestamp>,
    /// The prompt that points to it.
    pub pointer: String,
}

impl BriefRef {
    /// Reads the file of a brief; `None` when its name is none of a brief's. What its front matter does not say is left out.
    pub fn read(file: &Path, text: &str, root: &Path) -> Option<Self> {
        let number = number_of(file.file_name()?.to_str()?)?;
        let (front, body) = split(text);
        let field = |name: &str| {
            let line = front.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.trim();
            // JSON's strings are YAML's double-quoted ones, and a plain scalar is itself.
            let value = serde_json::from_str::<String>(line).unwrap_or_else(|_| line.to_owned());
            (!matches!(value.as_str(), "" | "null" | "~")).then_some(value)
        };
        let title = body.lines().find_map(|line| line.strip_prefix("# ")).map(|title| title.trim().to_owned());
        Some(Self {
            number,
            file: file.to_owned(),
            title: title.or_else(|| field("title")).unwrap_or_else(|| "untitled".to_owned()),
            task: field("task"),
            agent: field("agent"),
            template: field("template"),
            tokens: field("tokens").and_then(|tokens| tokens.parse().ok()).unwrap_or_else(|| estimate(body)),
            created: field("created").and_then(|at| at.parse().ok()),
            pointer: pointer(file, root),
        })
    }

    /// `0003 Fix the VLAN check`.
    pub fn name(&self) -> String {
        format!("{:04} {}", self.number, self.title)
    }
}

/// Front matter and what stands below it.
fn split(text: &str) -> (&str, &str) {
    let parts = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    parts.unwrap_or(("", text))
}

/// Tokens of a text, about: four bytes each.
pub fn estimate(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::BriefRef;

    fn read(text: &str) -> BriefRef {
        BriefRef::read(Path::new("/p/.hnpwb/briefs/0003-fix-it.md"), text, Path::new("/p")).unwrap()
    }

    #[test]
    fn front_matter_and_heading_name_a_brief() {
        let brief = read(
            "---\nid: \"0003\"\ntask: \"2.1\"\nagent: \"a: b\"\ntemplate: task\ncreated: 1970-01-01T00:00:00Z\n---\n\n# Fix it\n\ntext\n",
        );
        assert_eq!((brief.number, brief.title.as_str(), brief.task.as_deref()), (3, "Fix it", Some("2.1")));
        assert_eq!((brief.agent.as_deref(), brief.template.as_deref()), (Some("a: b"), Some("task")));
        assert!(brief.created.is_some() && brief.tokens > 0 && brief.pointer.contains(".hnpwb/briefs/0003-fix-it.md"));
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        let brief = read("agent: x\n");
        assert_eq!((brief.agent, brief.task, brief.title.as_str()), (None, None, "untitled"));
        assert_eq!(read("---\nagent: null\n---\n").agent, None);
        assert_eq!(BriefRef::read(Path::new("/p/notes.md"), "", Path::new("/p")), None);
    }
}
