//! Briefs: the Markdown file an agent is to read, and the short prompt that points to it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use minijinja::{Environment, context};

use crate::domain::digest::sha256;

pub mod drift;
pub mod handoff;
pub mod made;
pub mod relay;
pub mod retry;

/// The one template there is.
const TEMPLATE: &str = include_str!("brief/task.md.j2");
/// Characters of a file name that come from the title.
const SLUG: usize = 48;

/// What a brief is about, gathered by `update` from the state so that writing it needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefSubject {
    /// What kind of thing it is about; the other fields are worded for a task.
    pub about: About,
    /// Id of the task.
    pub task_id: String,
    /// Its title.
    pub title: String,
    /// Its text, as Markdown.
    pub body: String,
    /// Its status, as the file writes it.
    pub raw_status: String,
    /// File of the task, relative to the session's root when it lies in it.
    pub file: PathBuf,
    /// Line of the task.
    pub line: u32,
    /// Name of the agent it is for.
    pub agent: Option<String>,
    /// Branch of the session's repository.
    pub branch: Option<String>,
    /// Commit of the session's repository, short.
    pub head: Option<String>,
}

/// What a brief can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A task of a board.
    Task,
    /// An object of a fabric, whose file and line may be missing.
    Object {
        /// What shows that it was done.
        criteria: Vec<String>,
    },
}

/// Writes the whole file of a brief: front matter, and the text whose digest stands in it.
///
/// # Errors
/// The template's own words, should it not render.
pub fn render(subject: &BriefSubject, number: u32, created: Timestamp) -> Result<String, String> {
    let body = clean(&subject.body);
    let mut criteria = open_criteria(&body);
    let template = match &subject.about {
        About::Task => "task",
        About::Object { criteria: more } => {
            criteria.extend(more.iter().map(|criterion| one_line(criterion)));
            "drift"
        }
    };
    let mut environment = Environment::new();
    environment.set_trim_blocks(false);
    let text = environment
        .render_str(
            TEMPLATE,
            context! {
                template => template,
                title => one_line(&subject.title),
                task_id => one_line(&subject.task_id),
                body => body.trim(),
                criteria => criteria,
                status => or_unknown(&one_line(&subject.raw_status)),
                file => one_line(&subject.file.to_string_lossy()),
                line => subject.line,
                agent => subject.agent.as_deref().map(one_line),
                branch => subject.branch.as_deref().map(one_line),
                head => subject.head.as_deref().map(one_line),
            },
        )
        .map_err(|error| error.to_string())?;
    let text = format!("{}\n", text.trim_end());
    let agent = subject.agent.as_deref().map_or_else(|| "null".to_owned(), quoted);
    Ok(format!(
        "---\nid: \"{number:04}\"\ntask: {task}\nagent: {agent}\ntemplate: {template}\ncreated: {created}\ndigest: sha256:{digest}\n---\n\n{text}",
        task = quoted(&subject.task_id),
        digest = sha256(text.as_bytes()),
    ))
}

/// Name of a brief's file: `0003-fix-the-vlan-check.md`.
pub fn file_name(subject: &BriefSubject, number: u32) -> String {
    let mut slug = slug(&subject.title);
    if slug.is_empty() {
        slug = self::slug(&subject.task_id);
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

/// Check-list items of a task that are not ticked.
fn open_criteria(body: &str) -> Vec<String> {
    let items = body.lines().filter_map(|line| {
        let item = line.trim_start().strip_prefix(['-', '*', '+'])?.trim_start();
        Some(item.strip_prefix("[ ]")?.trim().to_owned())
    });
    items.filter(|item| !item.is_empty()).collect()
}

/// A text as a YAML scalar. JSON's strings are YAML's double-quoted ones.
fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}

fn or_unknown(text: &str) -> String {
    if text.is_empty() { "not given".to_owned() } else { format!("`{text}`") }
}

/// Without control characters: a brief is read by a terminal program.
fn clean(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{About, BriefSubject, file_name, number_of, pointer, render, slug};
    use crate::domain::digest::sha256;
    use jiff::Timestamp;
    use std::path::{Path, PathBuf};

    fn subject() -> BriefSubject {
        BriefSubject {
            about: About::Task,
            task_id: "2.1".to_owned(),
            title: "Fix the VLAN check".to_owned(),
            body: "The range is wrong.\n\n- [ ] 4094 is allowed\n- [x] 1 is allowed\n".to_owned(),
            raw_status: "🔲".to_owned(),
            file: PathBuf::from("docs/TASKS.md"),
            line: 12,
            agent: Some("fabric-specialist".to_owned()),
            branch: Some("main".to_owned()),
            head: Some("1a2b3c4".to_owned()),
        }
    }

    fn written(subject: &BriefSubject) -> String {
        render(subject, 3, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_brief_says_all_that_is_known_of_the_task() {
        let text = written(&subject());
        for part in [
            "id: \"0003\"",
            "task: \"2.1\"",
            "You are fabric-specialist.",
            "The range is wrong.",
            "`docs/TASKS.md:12`; its status there is `🔲`.",
            "on branch `main` at commit `1a2b3c4`.",
            "## Success criteria\n- [ ] 4094 is allowed\n- [ ] The tests",
            "## How to report\n",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(!text.contains("- [ ] 1 is allowed") && !text.contains("\n\n\n") && !text.contains("{%"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let bare = BriefSubject {
            body: String::new(),
            raw_status: String::new(),
            agent: None,
            branch: None,
            head: None,
            ..subject()
        };
        let text = written(&bare);
        assert!(text.contains("agent: null") && text.contains("You work on this one task."), "{text}");
        assert!(text.contains("status there is not given") && !text.contains("The repository is"), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn the_digest_is_that_of_the_text_below_the_front_matter() {
        let text = written(&subject());
        let (front, body) = text.split_once("---\n\n").unwrap();
        assert!(front.contains(&format!("digest: sha256:{}", sha256(body.as_bytes()))), "{front}");
    }

    #[test]
    fn a_task_cannot_write_into_the_front_matter_or_the_terminal() {
        let odd = BriefSubject {
            task_id: "x\ndigest: \"y\"".to_owned(),
            title: "{{ body }} \u{1b}[31m".to_owned(),
            body: "a\u{1b}]0;b\u{7}\r\n{{ title }}".to_owned(),
            agent: Some("a: b".to_owned()),
            ..subject()
        };
        let text = written(&odd);
        assert!(text.contains("task: \"x digest: \\\"y\\\"\"\nagent: \"a: b\""), "{text}");
        assert!(text.contains("# {{ body }} [31m") && text.contains("{{ title }}"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }

    #[test]
    fn file_names_are_short_plain_and_numbered() {
        assert_eq!(file_name(&subject(), 3), "0003-fix-the-vlan-check.md");
        assert_eq!(file_name(&BriefSubject { title: "🦔".to_owned(), ..subject() }, 12), "0012-2-1.md");
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
}
