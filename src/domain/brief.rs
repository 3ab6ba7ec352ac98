//! Briefs: the Markdown file an agent is to read, and the short prompt that points to it.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::digest::sha256;

pub mod budget;
pub mod check;
pub mod drift;
pub mod facts;
pub mod handoff;
pub mod lint;
pub mod part;
pub mod relay;
pub mod retry;
pub mod subject;
pub mod template;
pub mod tokens;

/// Characters of a file name that come from the title.
const SLUG: usize = 48;
/// What an unfilled variable begins and ends with, where its value would stand.
pub const OPEN: char = '⟦';
/// The other end of [`OPEN`].
pub const CLOSE: char = '⟧';
/// No brief is longer, in bytes.
pub const LONGEST: usize = 1 << 20;

/// A brief that has no number yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Name of the template it was made from.
    #[serde(default)]
    pub template: String,
    /// Id of the task it is about.
    #[serde(default)]
    pub task: Option<String>,
    /// Name of the agent it is for.
    #[serde(default)]
    pub agent: Option<String>,
    /// Number of the saved brief that it began as, as it is written: `0003`.
    #[serde(default)]
    pub from: Option<String>,
    /// What was short of the task, where the brief sends it back; the journal notes it when the brief is written.
    #[serde(default)]
    pub sent_back: Vec<String>,
    /// Its text, as Markdown.
    #[serde(skip)]
    pub text: String,
}

impl Draft {
    /// Its first heading on one line, else the id of its task.
    pub fn title(&self) -> String {
        let heading = self.text.lines().find_map(|line| line.strip_prefix("# "));
        heading.map(one_line).filter(|title| !title.is_empty()).or_else(|| self.task.clone()).unwrap_or_default()
    }

    /// The whole file: front matter, and the text whose digest stands in it.
    pub fn file(&self, number: u32, created: Timestamp) -> String {
        let text = format!("{}\n", clean(&self.text).trim_end());
        let optional = |text: &Option<String>| text.as_deref().map_or_else(|| "null".to_owned(), quoted);
        format!(
            "---\nid: \"{number:04}\"\ntask: {task}\nagent: {agent}\ntemplate: {template}\n{from}created: {created}\ntokens: {tokens}\ndigest: sha256:{digest}\n---\n\n{text}",
            from = self.origin(),
            task = optional(&self.task),
            agent = optional(&self.agent),
            template = quoted(&self.template),
            tokens = tokens::count(&text),
            digest = sha256(text.as_bytes()),
        )
    }

    /// The file of a draft: what is known of it, and the text as it is being written.
    pub fn kept(&self) -> String {
        let optional = |text: &Option<String>| text.as_deref().map_or_else(|| "null".to_owned(), quoted);
        let sent_back = match self.sent_back.as_slice() {
            [] => String::new(),
            rows => format!("sent_back: [{}]\n", rows.iter().map(|row| quoted(row)).collect::<Vec<_>>().join(", ")),
        };
        format!(
            "---\ntask: {}\nagent: {}\ntemplate: {}\n{}{sent_back}---\n\n{}",
            optional(&self.task),
            optional(&self.agent),
            quoted(&self.template),
            self.origin(),
            self.text
        )
    }

    /// The line of the front matter that says which brief it comes from, if it comes from one.
    fn origin(&self) -> String {
        self.from.as_deref().map(|from| format!("from: {}\n", quoted(from))).unwrap_or_default()
    }
}

/// What the front matter of a brief's file says; whatever is missing there is missing here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Front {
    /// Its number, as it is written: `0003`.
    #[serde(default)]
    pub id: Option<String>,
    /// Id of its task.
    #[serde(default)]
    pub task: Option<String>,
    /// Name of the agent it is for.
    #[serde(default)]
    pub agent: Option<String>,
    /// Name of its template.
    #[serde(default)]
    pub template: Option<String>,
    /// Number of the brief that it began as: `0003`.
    #[serde(default)]
    pub from: Option<String>,
    /// When it was written.
    #[serde(default)]
    pub created: Option<String>,
    /// Tokens of its text, as they were estimated.
    #[serde(default)]
    pub tokens: Option<u64>,
    /// Digest of the text below the front matter, as it was written: `sha256:…`.
    #[serde(default)]
    pub digest: Option<String>,
    /// What was short, in a draft that sends work back.
    #[serde(default)]
    pub sent_back: Vec<String>,
}

/// A brief's file, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Its front matter.
    pub front: Front,
    /// Why the front matter could not be read, if it could not.
    pub mistake: Option<String>,
    /// The text below it.
    pub text: String,
    /// Lines of the file above the text.
    pub above: u32,
}

impl Read {
    /// Takes a file apart. Any Markdown file is a brief, with or without front matter.
    pub fn new(file: &str) -> Self {
        let Some((front, text)) = front_matter(file) else {
            return Self { text: file.to_owned(), ..Self::default() };
        };
        let above = file[..file.len() - text.len()].matches('\n').count();
        let (front, mistake) = match serde_saphyr::from_str(front) {
            Ok(front) => (front, None),
            Err(error) => (Front::default(), Some(error.without_snippet().to_string())),
        };
        Self { front, mistake, text: text.to_owned(), above: u32::try_from(above).unwrap_or(u32::MAX) }
    }

    /// Whether the text is the one that was written; `None` when the front matter has no digest.
    pub fn is_as_written(&self) -> Option<bool> {
        let digest = self.front.digest.as_deref()?.strip_prefix("sha256:")?;
        Some(digest == sha256(self.text.as_bytes()))
    }

    /// The same as a draft.
    pub fn draft(&self) -> Draft {
        Draft {
            template: self.front.template.clone().unwrap_or_default(),
            task: self.front.task.clone(),
            agent: self.front.agent.clone(),
            from: self.front.from.clone(),
            sent_back: self.front.sent_back.clone(),
            text: self.text.clone(),
        }
    }
}

/// The front matter of a Markdown file, and what follows it without the blank line between.
pub fn front_matter(file: &str) -> Option<(&str, &str)> {
    let rest = file.strip_prefix("---\n")?;
    let end = if rest.starts_with("---\n") { 0 } else { rest.find("\n---\n")? + 1 };
    let text = &rest[end + 4..];
    Some((&rest[..end], text.strip_prefix('\n').unwrap_or(text)))
}

/// Name of a brief's file: `0003-fix-the-vlan-check.md`.
pub fn file_name(draft: &Draft, number: u32) -> String {
    let mut slug = slug(&draft.title());
    if slug.is_empty() {
        slug = self::slug(draft.task.as_deref().unwrap_or_default());
    }
    if slug.is_empty() { format!("{number:04}.md") } else { format!("{number:04}-{slug}.md") }
}

/// Number of a brief's file, if the name is one.
pub fn number_of(file_name: &str) -> Option<u32> {
    let digits = file_name.strip_suffix(".md")?.split('-').next()?;
    (digits.len() >= 4).then(|| digits.parse().ok())?
}

/// The prompt that points an agent to its brief, in one line. The file is named from the root when it lies below it.
pub fn pointer(file: &Path, root: &Path) -> String {
    let shown = one_line(&file.strip_prefix(root).unwrap_or(file).to_string_lossy());
    let shown = if shown.contains(' ') { format!("`{shown}`") } else { shown };
    format!("Read {shown} and do what it says; begin by repeating its success criteria, and report as it asks.")
}

/// Names of the variables that were not filled, in the order of the text, each once.
pub fn unfilled(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(OPEN) {
        let rest = &text[at + OPEN.len_utf8()..];
        let Some(end) = rest.find([CLOSE, '\n', OPEN]).filter(|end| rest[*end..].starts_with(CLOSE)) else { continue };
        if !found.contains(&&rest[..end]) {
            found.push(&rest[..end]);
        }
    }
    found
}

/// Lower-case ASCII letters and digits with single hyphens between.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// A text as a YAML scalar. JSON's strings are YAML's double-quoted ones.
fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}

/// Without control characters: a brief is read by a terminal program.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// On one line, without control characters.
pub(in crate::domain) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Draft, Read, file_name, number_of, pointer, slug, unfilled};
    use jiff::Timestamp;
    use std::path::Path;

    fn draft() -> Draft {
        Draft {
            template: "specialist".to_owned(),
            task: Some("2.1".to_owned()),
            text: "# Fix the VLAN check\n\nThe range is wrong.\n".to_owned(),
            ..Draft::default()
        }
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let file = draft().file(3, Timestamp::UNIX_EPOCH);
        let read = Read::new(&file);
        assert_eq!((read.front.id.as_deref(), read.front.task.as_deref()), (Some("0003"), Some("2.1")));
        assert_eq!(read.is_as_written(), Some(true));
        assert_eq!(read.draft(), draft());
        assert_eq!(file.lines().nth(read.above as usize), Some("# Fix the VLAN check"));
        assert!(read.front.tokens.unwrap() > 5);
        let changed = Read::new(&file.replace("wrong", "right"));
        assert_eq!(changed.is_as_written(), Some(false));
    }

    #[test]
    fn any_markdown_file_is_a_brief() {
        for text in ["", "# Title\n", "---\nno end\n", "--- \n---\n"] {
            let read = Read::new(text);
            assert_eq!((read.text.as_str(), read.above, read.is_as_written()), (text, 0, None));
        }
        let read = Read::new("---\nid: [\n---\nText\n");
        assert!(read.mistake.is_some() && read.text == "Text\n" && read.above == 3, "{read:?}");
        assert_eq!(Read::new("---\n---\n\nText").text, "Text");
    }

    #[test]
    fn a_draft_is_kept_as_it_stands() {
        let half = Draft { text: "# A\u{1b} title \n\n- [ ] ".to_owned(), ..draft() };
        assert_eq!(Read::new(&half.kept()).draft(), half);
        let sent_back = vec!["tests: \"none\" ran".to_owned(), "pushed: no".to_owned()];
        let half = Draft { sent_back, from: Some("0003".to_owned()), ..half };
        assert_eq!(Read::new(&half.kept()).draft(), half);
        // A brief that was written is noted: a copy of it sends nothing back.
        let written = Read::new(&half.file(4, Timestamp::UNIX_EPOCH)).draft();
        assert_eq!((written.from.as_deref(), written.sent_back), (Some("0003"), Vec::new()));
    }

    #[test]
    fn nothing_writes_into_the_front_matter_or_the_terminal() {
        let odd = Draft {
            task: Some("x\ndigest: \"y\"".to_owned()),
            agent: Some("a: b".to_owned()),
            text: "a\u{1b}]0;b\u{7}\r\n".to_owned(),
            ..draft()
        };
        let file = odd.file(1, Timestamp::UNIX_EPOCH);
        assert!(file.contains("task: \"x digest: \\\"y\\\"\"\nagent: \"a: b\""), "{file}");
        assert!(!file.chars().any(|c| c.is_control() && c != '\n'), "{file:?}");
    }

    #[test]
    fn file_names_are_short_plain_and_numbered() {
        assert_eq!(file_name(&draft(), 3), "0003-fix-the-vlan-check.md");
        assert_eq!(file_name(&Draft { text: "# 🦔\n".to_owned(), ..draft() }, 12), "0012-2-1.md");
        assert_eq!(file_name(&Draft::default(), 12), "0012.md");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert!(slug(&"long title ".repeat(20)).len() <= 48);
        assert_eq!(number_of("0012-2-1.md"), Some(12));
        assert_eq!(number_of("12345.md"), Some(12_345));
        for other in ["notes.md", "0012-x.txt", "12-x.md"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_pointer_is_one_line_that_names_the_file() {
        let prompt = pointer(Path::new("/p/.hnpwb/briefs/0003-x.md"), Path::new("/p"));
        assert!(prompt.starts_with("Read .hnpwb/briefs/0003-x.md and do what it says;"), "{prompt}");
        assert!(!prompt.contains('\n'));
        assert!(pointer(Path::new("/a b/x.md"), Path::new("/p")).contains("`/a b/x.md`"));
    }

    #[test]
    fn unfilled_variables_are_named_once() {
        assert_eq!(unfilled("a ⟦task.id⟧ b ⟦x⟧ ⟦task.id⟧ ⟦no\nend⟧ ⟦"), ["task.id", "x"]);
        assert!(unfilled("plain [text]").is_empty());
    }
}
