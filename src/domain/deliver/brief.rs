//! A saved brief as it is listed and sent: what its front matter and its first heading say.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::brief::{Read, number_of, pointer, tokens, unfilled};

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
    pub tokens: usize,
    /// When it was written.
    pub created: Option<Timestamp>,
    /// The prompt that points to it.
    pub pointer: String,
    /// Variables that have no value: with one of them it is neither copied nor sent.
    pub gaps: Vec<String>,
}

impl BriefRef {
    /// Reads the file of a brief; `None` when its name is none of a brief's. What its front matter does not say is left out.
    pub fn read(file: &Path, text: &str, root: &Path) -> Option<Self> {
        let number = number_of(file.file_name()?.to_str()?)?;
        let read = Read::new(text);
        let written = read.front.tokens.and_then(|tokens| usize::try_from(tokens).ok());
        let title = read.draft().title();
        Some(Self {
            number,
            file: file.to_owned(),
            title: if title.is_empty() { "untitled".to_owned() } else { title },
            tokens: written.unwrap_or_else(|| tokens::count(&read.text)),
            created: read.front.created.as_deref().and_then(|at| at.parse().ok()),
            task: read.front.task,
            agent: read.front.agent,
            template: read.front.template.filter(|template| !template.is_empty()),
            pointer: pointer(file, root),
            gaps: unfilled(&read.text).into_iter().map(str::to_owned).collect(),
        })
    }

    /// `0003 Fix the VLAN check`.
    pub fn name(&self) -> String {
        format!("{:04} {}", self.number, self.title)
    }
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
