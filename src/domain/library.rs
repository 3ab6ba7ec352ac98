//! The context library: what the project has that an agent can be told to read.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use jiff::Timestamp;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::brief::tokens;
use super::redact::Redactor;
use super::text;

/// What kind of reading a file is. The order is that in which files are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// A file that was made to be an agent's context.
    Context,
    /// `CLAUDE.md`, `AGENTS.md`: what agents read by themselves.
    Instructions,
    /// A record of a decision.
    Decision,
    /// A catalogue of patterns.
    Pattern,
    /// A view of the code packed into one file.
    CodeMap,
    /// Any other document.
    Document,
}

impl Shelf {
    /// The name used on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Instructions => "instructions",
            Self::Decision => "decision",
            Self::Pattern => "pattern",
            Self::CodeMap => "code map",
            Self::Document => "document",
        }
    }

    /// The shelf of a path below the root, by what such files are usually called; none for what is no reading.
    pub fn of(path: &str) -> Option<Self> {
        let lower = path.to_lowercase();
        let name = lower.rsplit('/').next().unwrap_or(&lower);
        let folders: Vec<&str> = lower.split('/').rev().skip(1).collect();
        let under = |words: &[&str]| folders.iter().any(|folder| words.contains(folder));
        let written = [".md", ".mdx", ".txt", ".rst", ".adoc"].iter().any(|end| name.ends_with(end));
        if name.starts_with("repomix")
            || name.contains("-repomix.")
            || name.contains("repo-map")
            || name == "codemap.md"
        {
            return Some(Self::CodeMap);
        }
        if !written {
            return None;
        }
        if matches!(name, "claude.md" | "agents.md" | "gemini.md" | ".cursorrules" | "claude.local.md") {
            return Some(Self::Instructions);
        }
        if under(&["adr", "adrs", "decisions", "decision-records", "rfcs", "rfc"]) || name.contains("decision") {
            return Some(Self::Decision);
        }
        if under(&["patterns", "pattern"]) || name.contains("pattern") {
            return Some(Self::Pattern);
        }
        let by_agents = under(&[".claude", ".agents", ".cursor"]);
        if (by_agents && under(&["context", "contexts", "rules", "memory"])) || under(&["context", "context_files"]) {
            return Some(Self::Context);
        }
        let document =
            under(&["docs", "doc", "documentation", "architecture_specifications", "project_management", "specs"]);
        let top = folders.is_empty();
        (document || (top && written) || by_agents).then_some(Self::Document)
    }
}

/// One file of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its path below the root, with `/` between names.
    pub path: String,
    /// What kind of reading it is.
    pub shelf: Shelf,
    /// Its title, else its name.
    pub title: String,
    /// When to load it, as the file itself says.
    pub when: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// The last commit that changed it, once that is known.
    pub commit: Option<LastCommit>,
}

/// The last commit of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCommit {
    /// Its id, short.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
}

impl Item {
    /// An item, with what the head of its file says of it.
    pub fn new(path: String, shelf: Shelf, head: &str, bytes: u64, modified: Option<Timestamp>) -> Self {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let title = title(head).unwrap_or_else(|| name.to_owned());
        Self { title, when: when(head), shelf, bytes, modified, commit: None, path }
    }

    /// Its tokens, estimated from its size: nobody has read it.
    pub fn tokens(&self) -> usize {
        tokens::of_bytes(self.bytes)
    }

    /// The line that tells an agent to read it.
    pub fn reference(&self) -> String {
        let title = if self.path.ends_with(&self.title) { String::new() } else { format!(" ({})", self.title) };
        match &self.when {
            Some(when) => format!("- Read `{}`{title} when needed: {when}", self.path),
            None => format!("- Read `{}`{title} when you need it.", self.path),
        }
    }

    /// The same with every secret hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.title);
        self.when.iter_mut().for_each(|when| redactor.hide(when));
        self
    }
}

/// Characters of a title, and of a line that says when to load.
const LINE: usize = 160;

/// The title of a document: `title:` of its front matter, else its first heading.
fn title(head: &str) -> Option<String> {
    let mut fallback = None;
    for line in head.lines() {
        if let Some(heading) = line.strip_prefix("# ") {
            return tidy(heading);
        }
        if let Some(value) = line.strip_prefix("title:") {
            return tidy(value.trim().trim_matches(['"', '\'']));
        }
        let underlined = line.len() > 2 && line.chars().all(|c| c == '=');
        if let Some(before) = fallback.filter(|_| underlined) {
            return tidy(before);
        }
        fallback = Some(line);
    }
    None
}

/// Phrases that begin a line that says when a file is to be loaded.
const WHEN: [&str; 9] = [
    "when to load",
    "load when",
    "load this when",
    "when to use",
    "use when",
    "use this when",
    "read when",
    "read this when",
    "description",
];

/// The line of a document that says when it is to be loaded, without its label.
fn when(head: &str) -> Option<String> {
    for line in head.lines() {
        let text = line.trim_start_matches(['#', '>', '-', '*', '_', ' ']);
        let lower = text.to_lowercase();
        let Some(phrase) = WHEN.iter().find(|phrase| lower.starts_with(**phrase)) else { continue };
        let rest = text.get(phrase.len()..)?.trim_start_matches([':', '*', '_', ' ']).trim_matches(['"', '\'']);
        if *phrase == "description" && !lower.starts_with("description:") {
            continue;
        }
        if let Some(found) = tidy(rest) {
            return Some(found);
        }
    }
    None
}

fn tidy(text: &str) -> Option<String> {
    let text: Cow<'_, str> = text::line(text);
    let text = text.trim_matches(['*', '_', ' ']);
    (!text.is_empty()).then(|| text::cut(text, LINE).into_owned())
}

/// The items that fit what was typed, the best first; all of them, by shelf and path, before anything is.
pub fn pick(items: &[Item], typed: &str) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    if typed.trim().is_empty() {
        order.sort_by(|a, b| (items[*a].shelf, &items[*a].path).cmp(&(items[*b].shelf, &items[*b].path)));
        return order;
    }
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let mut characters = Vec::new();
    let mut found: Vec<(u32, usize)> = order
        .into_iter()
        .filter_map(|at| {
            let item = &items[at];
            let text = format!("{} {} {}", item.path, item.title, item.shelf.name());
            Some((pattern.score(Utf32Str::new(&text, &mut characters), &mut matcher)?, at))
        })
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| items[a.1].path.cmp(&items[b.1].path)));
    found.into_iter().map(|(_, at)| at).collect()
}

/// The excerpt of a file as a quotation that names its source, in at most so many lines.
pub fn quote(path: &Path, content: &str, most: usize) -> String {
    let all = content.lines().count();
    let shown = all.min(most);
    let mut out = format!("From `{}`", path.display());
    if shown < all {
        // Writing into a string cannot fail.
        let _ = write!(out, " (lines 1 to {shown} of {all})");
    }
    out.push_str(":\n\n");
    for line in content.lines().take(shown) {
        out.push_str(format!("> {line}").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Item, Shelf, pick, quote};

    #[test]
    fn a_path_says_what_kind_of_reading_it_is() {
        for (path, shelf) in [
            (".claude/context/vlan.md", Some(Shelf::Context)),
            ("CLAUDE.md", Some(Shelf::Instructions)),
            ("netbox/AGENTS.md", Some(Shelf::Instructions)),
            ("docs/adr/0001-x.md", Some(Shelf::Decision)),
            ("project_management/DECISION_LOG.md", Some(Shelf::Decision)),
            ("docs/patterns/retry.md", Some(Shelf::Pattern)),
            ("repomix-output.xml", Some(Shelf::CodeMap)),
            ("docs/vlan.md", Some(Shelf::Document)),
            ("README.md", Some(Shelf::Document)),
            ("src/main.rs", None),
            ("src/notes.md", None),
            ("docs/picture.svg", None),
        ] {
            assert_eq!(Shelf::of(path), shelf, "{path}");
        }
    }

    fn item(path: &str, head: &str) -> Item {
        Item::new(path.to_owned(), Shelf::Document, head, 4_000, None)
    }

    #[test]
    fn the_head_of_a_file_says_its_title_and_when_to_load_it() {
        let vlan =
            item("docs/vlan.md", "---\ntags: x\n---\n# VLAN ranges\n\n> **When to load:** you touch a VLAN check.\n");
        assert_eq!((vlan.title.as_str(), vlan.when.as_deref()), ("VLAN ranges", Some("you touch a VLAN check.")));
        assert_eq!(vlan.tokens(), 1_000);
        assert_eq!(vlan.reference(), "- Read `docs/vlan.md` (VLAN ranges) when needed: you touch a VLAN check.");
        let plain = item("docs/plain.md", "Just text, no title.\nDescriptions are not when.\n");
        assert_eq!((plain.title.as_str(), plain.when), ("plain.md", None));
        assert_eq!(item("a.rst", "Title here\n==========\n").title, "Title here");
    }

    #[test]
    fn the_pick_finds_by_parts_of_path_and_title() {
        let items =
            [item("docs/sync.md", "# Sync of fabrics"), item("docs/vlan.md", "# Ranges"), item("docs/a.md", "# A")];
        assert_eq!(pick(&items, "vlan"), [1]);
        assert_eq!(pick(&items, "fabric sy"), [0]);
        assert_eq!(pick(&items, ""), [2, 0, 1]);
        assert!(pick(&items, "zzzz").is_empty());
    }

    #[test]
    fn a_quotation_names_its_source_and_says_what_is_left_out() {
        let quoted = quote(Path::new("docs/a.md"), "one\n\ntwo\nthree\n", 3);
        assert_eq!(quoted, "From `docs/a.md` (lines 1 to 3 of 4):\n\n> one\n>\n> two\n");
    }
}
