//! Markdown as the board formats need it: headings, list items and the text between, line by line.

use std::collections::{HashMap, HashSet};

/// A line of a Markdown file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Number, from one.
    pub number: u32,
    /// What it is.
    pub kind: Kind<'a>,
    /// The whole line, without its end.
    pub raw: &'a str,
}

/// Kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// `## text`
    Heading {
        /// Number of `#`, one to six.
        level: usize,
        /// What follows, without closing `#`.
        text: &'a str,
    },
    /// `- text`, `* text`, `+ text`, `1. text` or `1) text`
    Item {
        /// Columns before the marker; a tab counts four.
        indent: usize,
        /// What follows the marker.
        text: &'a str,
    },
    /// Anything else.
    Text {
        /// Columns before the text.
        indent: usize,
    },
    /// Nothing but white space.
    Blank,
    /// Inside a fence or a comment: never a heading or an item.
    Verbatim,
}

/// Every line of `text`.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut fence: Option<(char, usize)> = None;
    let mut comment = false;
    text.lines().zip(1_u32..).map(move |(raw, number)| {
        let trimmed = raw.trim_start();
        let marks = fence_marks(trimmed);
        let kind = match (fence, marks) {
            (Some(open), Some(close)) if close.0 == open.0 && close.1 >= open.1 && bare(trimmed, close.0) => {
                fence = None;
                Kind::Verbatim
            }
            (Some(_), _) => Kind::Verbatim,
            _ if comment || trimmed.starts_with("<!--") => {
                comment = !trimmed.contains("-->");
                Kind::Verbatim
            }
            (None, Some(open)) => {
                fence = Some(open);
                Kind::Verbatim
            }
            (None, None) => kind(raw, trimmed),
        };
        Line { number, kind, raw }
    })
}

/// The character of a fence and how often it stands there.
fn fence_marks(trimmed: &str) -> Option<(char, usize)> {
    let first = trimmed.chars().next().filter(|first| matches!(first, '`' | '~'))?;
    let count = trimmed.chars().take_while(|&c| c == first).count();
    // A back-tick further on makes it inline code.
    (count >= 3 && (first == '~' || !trimmed[count..].contains('`'))).then_some((first, count))
}

fn bare(trimmed: &str, mark: char) -> bool {
    trimmed.trim_end().chars().all(|c| c == mark)
}

fn kind<'a>(raw: &'a str, trimmed: &'a str) -> Kind<'a> {
    if trimmed.trim_end().is_empty() {
        return Kind::Blank;
    }
    let indent = raw[..raw.len() - trimmed.len()].chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
    let level = trimmed.bytes().take_while(|&byte| byte == b'#').count();
    if (1..=6).contains(&level) && trimmed[level..].starts_with([' ', '\t']) {
        return Kind::Heading { level, text: trimmed[level..].trim().trim_end_matches('#').trim_end() };
    }
    match item(trimmed) {
        Some(text) => Kind::Item { indent, text },
        None => Kind::Text { indent },
    }
}

fn item(trimmed: &str) -> Option<&str> {
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let rest = match digits {
        0 => trimmed.strip_prefix(['-', '*', '+'])?,
        1..=9 => trimmed[digits..].strip_prefix(['.', ')'])?,
        _ => return None,
    };
    rest.starts_with([' ', '\t']).then(|| rest.trim()).filter(|text| !text.is_empty())
}

/// The state of a checkbox at the start of an item, and what follows it: `[ ] text`.
///
/// ` ` and `x` are GitHub's; `~`, `/`, `-`, `!` and `?` are what other tools write beside them.
pub fn checkbox(text: &str) -> Option<(char, &str)> {
    let rest = text.strip_prefix('[')?;
    let state = rest.chars().next().filter(|c| matches!(c, ' ' | 'x' | 'X' | '~' | '/' | '-' | '!' | '?'))?;
    let after = rest[1..].strip_prefix(']')?;
    after.starts_with([' ', '\t']).then(|| (state, after.trim())).filter(|(_, text)| !text.is_empty())
}

/// A value that a note gives: `Assignee: x`, `**Owner:** x`, whatever the case.
pub fn note<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    let (name, value) = text.trim_start().trim_start_matches(['-', '*', '+', ' ', '_']).split_once(':')?;
    let name = name.trim_matches(['*', '_', ' ']);
    let value = value.trim_matches(['*', '_', '`', ' ', '\t', '\r']);
    (!value.is_empty() && names.iter().any(|known| known.eq_ignore_ascii_case(name))).then_some(value)
}

/// Names under which a note says who a task is given to.
pub const ASSIGNEE: [&str; 5] = ["assignee", "assigned to", "assigned", "owner", "agent"];

/// A title without the marks of emphasis around its parts and without what joined it to a mark.
pub fn plain(title: &str) -> String {
    let kept = title.replace("**", "").replace("__", "");
    let joints = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '|' | '\u{fe0f}');
    let mut words = String::with_capacity(kept.len());
    for word in kept.trim_matches(joints).split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

/// Ids made from titles. A title that comes twice gets its section in front, then a number behind.
#[derive(Debug, Default)]
pub struct Ids {
    taken: HashSet<String>,
    /// The last number given to a title, so that the next one need not be searched for.
    numbers: HashMap<String, u32>,
}

/// Characters of an id that come from one title.
const SLUG: usize = 60;

impl Ids {
    /// An id that this file has not used yet: `own` when it has none like it, else one made from the title.
    pub fn take(&mut self, own: Option<&str>, title: &str, section: Option<&str>) -> String {
        if let Some(own) = own
            && self.taken.insert(own.to_owned())
        {
            return own.to_owned();
        }
        let plain = slug(title);
        let placed = section.map(|section| format!("{}/{plain}", slug(section)));
        let base = placed.unwrap_or_else(|| plain.clone());
        if let Some(id) = [plain, base.clone()].into_iter().find(|id| self.taken.insert(id.clone())) {
            return id;
        }
        let number = self.numbers.entry(base.clone()).or_insert(1);
        loop {
            *number += 1;
            let id = format!("{base}-{number}");
            if self.taken.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// A title as part of an id.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().flat_map(char::to_lowercase));
        if slug.chars().count() >= SLUG {
            return slug.chars().take(SLUG).collect();
        }
    }
    if slug.is_empty() { "task".to_owned() } else { slug }
}

/// Lines of a task's own text, joined, without blank ones at either end.
pub fn body(lines: &[&str]) -> String {
    let first = lines.iter().position(|line| !line.trim().is_empty());
    let last = lines.iter().rposition(|line| !line.trim().is_empty());
    match (first, last) {
        (Some(first), Some(last)) => lines[first..=last].join("\n"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ASSIGNEE, Ids, Kind, checkbox, lines, note, plain};

    #[test]
    fn headings_and_items_are_told_from_text() {
        let text = "# One ##\n#not\n - a\n\t12) b\n-no\n\n**bold**\n```\n# code\n```\n<!-- x\n- y\n-->\n* c\r\n";
        let kinds: Vec<Kind<'_>> = lines(text).map(|line| line.kind).collect();
        assert_eq!(kinds[0], Kind::Heading { level: 1, text: "One" });
        assert_eq!(kinds[1], Kind::Text { indent: 0 });
        assert_eq!(kinds[2], Kind::Item { indent: 1, text: "a" });
        assert_eq!(kinds[3], Kind::Item { indent: 4, text: "b" });
        assert_eq!(kinds[4], Kind::Text { indent: 0 });
        assert_eq!(kinds[5], Kind::Blank);
        assert_eq!(kinds[6], Kind::Text { indent: 0 });
        assert!(kinds[7..13].iter().all(|kind| *kind == Kind::Verbatim));
        assert_eq!(kinds[13], Kind::Item { indent: 0, text: "c" });
    }

    #[test]
    fn a_fence_ends_at_one_as_long_and_bare() {
        let kinds: Vec<Kind<'_>> = lines("````md\n```\n- a\n````\n- b").map(|line| line.kind).collect();
        assert!(kinds[..4].iter().all(|kind| *kind == Kind::Verbatim));
        assert_eq!(kinds[4], Kind::Item { indent: 0, text: "b" });
    }

    #[test]
    fn a_checkbox_has_one_known_character_and_a_text() {
        assert_eq!(checkbox("[x] done"), Some(('x', "done")));
        assert_eq!(checkbox("[ ]\tdone"), Some((' ', "done")));
        for text in ["[link](x)", "[é] a", "[x]", "[x]a", "[xx] a", "[", "[]"] {
            assert_eq!(checkbox(text), None, "{text}");
        }
    }

    #[test]
    fn ids_differ_and_depend_on_words_alone() {
        let mut ids = Ids::default();
        assert_eq!(ids.take(None, "Fix: the  Thing!", Some("Now")), "fix-the-thing");
        assert_eq!(ids.take(None, "fix the thing", Some("Later")), "later/fix-the-thing");
        assert_eq!(ids.take(None, "fix the thing", Some("Later")), "later/fix-the-thing-2");
        assert_eq!(ids.take(None, "???", None), "task");
        assert_eq!(ids.take(None, "???", None), "task-2");
        assert_eq!(ids.take(Some("T-1"), "T-1 a", None), "T-1");
        assert_eq!(ids.take(Some("T-1"), "T-1 b", None), "t-1-b");
        assert!(ids.take(None, &"very long ".repeat(50), None).chars().count() <= 60);
    }

    #[test]
    fn titles_lose_their_emphasis_and_notes_give_their_value() {
        assert_eq!(plain(" **Sync**:  of `a-b` - "), "Sync: of `a-b`");
        assert_eq!(note("  - **Owner:** `tester`", &ASSIGNEE), Some("tester"));
        assert_eq!(note("Owner of: x", &ASSIGNEE), None);
    }
}
