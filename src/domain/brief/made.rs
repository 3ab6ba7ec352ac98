//! A brief whose text was made from facts: a handoff, a retry, a relay.

use jiff::Timestamp;

use super::{one_line, quoted, slug};
use crate::domain::deliver::brief::estimate;
use crate::domain::digest::sha256;

/// A brief that is still to be numbered and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What it is: `handoff`, `retry`, `relay`.
    pub template: &'static str,
    /// Its title, the first heading of the text.
    pub title: String,
    /// Id of the task.
    pub task: Option<String>,
    /// Name of the agent that it is for.
    pub agent: Option<String>,
    /// The text below the front matter, from its heading on; secrets are hidden.
    pub text: String,
}

impl Made {
    /// The whole file: front matter, and the text whose digest stands in it.
    pub fn file(&self, number: u32, created: Timestamp) -> String {
        let text = format!("{}\n", self.text.trim());
        let or_null = |value: &Option<String>| value.as_deref().map_or_else(|| "null".to_owned(), quoted);
        format!(
            "---\nid: \"{number:04}\"\ntask: {task}\nagent: {agent}\ntemplate: {template}\ncreated: {created}\ntokens: {tokens}\ndigest: sha256:{digest}\n---\n\n{text}",
            task = or_null(&self.task),
            agent = or_null(&self.agent),
            template = self.template,
            tokens = estimate(&text),
            digest = sha256(text.as_bytes()),
        )
    }

    /// Name of its file: `0003-handoff-fix-the-vlan-check.md`.
    pub fn file_name(&self, number: u32) -> String {
        let slug = slug(&one_line(&self.title));
        if slug.is_empty() { format!("{number:04}-{}.md", self.template) } else { format!("{number:04}-{slug}.md") }
    }
}
