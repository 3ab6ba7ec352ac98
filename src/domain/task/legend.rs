//! What the marks of an emoji tracker stand for: the usual ones, and what the file's own legend says.

use std::collections::{BTreeMap, BTreeSet};

use super::TaskStatus;
use super::markdown::{Kind, Line, lines};
use super::words;

/// Marks with the meaning they have when the file says nothing else.
const USUAL: [(char, TaskStatus); 6] = [
    ('✅', TaskStatus::Done),
    ('🔄', TaskStatus::InProgress),
    ('🔲', TaskStatus::Todo),
    ('⏸', TaskStatus::Blocked),
    ('❓', TaskStatus::Review),
    ('❌', TaskStatus::Other),
];

/// What a legend is called.
const NAMES: [&str; 12] = [
    "legend",
    "status legend",
    "emoji legend",
    "key",
    "status key",
    "emoji key",
    "symbols",
    "status symbols",
    "status indicators",
    "status icons",
    "status markers",
    "status emojis",
];

/// Marks and their statuses, and the lines that define them.
#[derive(Debug, Clone)]
pub struct Legend {
    marks: BTreeMap<char, TaskStatus>,
    /// Marks that the file itself explains, in its order.
    stated: Vec<char>,
    lines: BTreeSet<u32>,
}

impl Legend {
    /// Reads the legend of a file, wherever it stands.
    pub fn of(text: &str) -> Self {
        let mut legend = Self { marks: USUAL.into_iter().collect(), stated: Vec::new(), lines: BTreeSet::new() };
        let mut block = Block::None;
        for line in lines(text) {
            block = legend.take(line, block);
        }
        legend
    }

    /// True when the file has a legend of its own.
    pub fn is_stated(&self) -> bool {
        !self.lines.is_empty()
    }

    /// True for a line that belongs to the legend.
    pub fn holds(&self, line: u32) -> bool {
        self.lines.contains(&line)
    }

    /// What a mark stands for.
    pub fn status(&self, mark: char) -> Option<TaskStatus> {
        self.marks.get(&mark).copied()
    }

    /// The mark to write for a status: the legend's own, or the usual one in a file that has no legend.
    pub fn mark(&self, status: TaskStatus) -> Option<char> {
        let usual = USUAL.iter().map(|(mark, _)| *mark);
        let of_file = self.stated.iter().copied();
        let mut known = of_file.chain(usual.filter(|_| !self.is_stated()));
        known.find(|mark| self.status(*mark) == Some(status) && status != TaskStatus::Other)
    }

    fn take(&mut self, line: Line<'_>, block: Block) -> Block {
        match line.kind {
            Kind::Heading { text, .. } => {
                return if is_name(text) { Block::Heading } else { Block::None };
            }
            Kind::Blank if block == Block::Begun => return Block::None,
            Kind::Verbatim | Kind::Blank => return block,
            Kind::Item { .. } | Kind::Text { .. } => {}
        }
        let pairs = pairs(line.raw);
        let named = is_name(line.raw.split(is_symbol).next().unwrap_or_default());
        let known: BTreeSet<char> =
            pairs.iter().filter(|(_, status)| *status != TaskStatus::Other).map(|(mark, _)| *mark).collect();
        let states = block != Block::None || named || known.len() >= 3;
        if pairs.is_empty() || !states {
            return match block {
                Block::Heading => Block::Heading,
                _ if named => Block::Named,
                _ => Block::None,
            };
        }
        self.lines.insert(line.number);
        for (mark, status) in pairs {
            // Whatever is said of it, nobody reads a cross as done.
            let status = if mark == '❌' && status == TaskStatus::Done { TaskStatus::Other } else { status };
            self.marks.insert(mark, status);
            self.stated.push(mark);
        }
        match block {
            Block::Heading => Block::Heading,
            Block::None if !named => Block::None,
            _ => Block::Begun,
        }
    }
}

/// Whether the lines that follow belong to a legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// They do not.
    None,
    /// Until the next heading.
    Heading,
    /// A line named it; its marks are still to come.
    Named,
    /// Until a blank line or one without marks.
    Begun,
}

/// Whether a text is the name of a legend, perhaps behind marks or emphasis.
pub fn is_name(text: &str) -> bool {
    let name = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    NAMES.contains(&name.as_str())
}

/// Whether a character may be a mark: dingbats, geometric shapes, emoji; no arrows and no lines.
pub fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2300}'..='\u{24ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Marks with the words that explain them: `✅ Done`, `✅ = done`, or the other way round.
fn pairs(line: &str) -> Vec<(char, TaskStatus)> {
    let marks: Vec<(usize, char)> = line.char_indices().filter(|(_, c)| is_symbol(*c)).collect();
    let Some(&(first, _)) = marks.first() else { return Vec::new() };
    let before = line[..first].rsplit(':').next().unwrap_or_default();
    let words_first = before.contains(char::is_alphanumeric) && !is_name(before);
    let mut found = Vec::new();
    for (n, &(at, mark)) in marks.iter().enumerate() {
        let behind = at + mark.len_utf8();
        let words = if words_first {
            let from = n.checked_sub(1).map_or(first - before.len(), |last| marks[last].0 + marks[last].1.len_utf8());
            &line[from..at]
        } else {
            &line[behind..marks.get(n + 1).map_or(line.len(), |next| next.0)]
        };
        let words = clause(words);
        if words.contains(char::is_alphanumeric) {
            found.push((mark, words::status(words)));
        }
    }
    found
}

/// The first part of an explanation: what follows a bracket, a comma or a dash only illustrates it.
fn clause(words: &str) -> &str {
    let begun = words.trim_start_matches(|c: char| !c.is_alphanumeric());
    let ends = ['(', '|', ',', ';', ':', '.', '–', '—', '*', '·', '/'];
    let end = begun.find(ends).into_iter().chain(begun.find(" - ")).min().unwrap_or(begun.len());
    begun[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::{Legend, TaskStatus};

    #[test]
    fn without_a_legend_marks_mean_what_they_usually_do() {
        let legend = Legend::of("## ✅ Shipped\n");
        assert!(!legend.is_stated());
        assert_eq!(legend.status('✅'), Some(TaskStatus::Done));
        assert_eq!(legend.status('❌'), Some(TaskStatus::Other));
        assert_eq!(legend.status('🎯'), None);
    }

    #[test]
    fn a_legend_defines_marks_in_every_common_form() {
        let forms = [
            "**Legend**: 🟢 Complete | 🟡 In Progress | ⚪ Not started",
            "> Status legend: 🟢 = done, 🟡 = wip, ⚪ = todo",
            "## Status Indicators\n\n- 🟢 **Complete**: merged, reviewed\n- 🟡 Working (an agent has it)\n- ⚪ Planned\n",
            "Legend:\n\n- 🟢 done\n- 🟡 in progress\n- ⚪ not done\n\nafter",
            "## Key\n| Mark | Meaning |\n|---|---|\n| 🟢 | Done |\n| 🟡 | In progress |\n| ⚪ | To do |\n",
            "## Legend\nDone = 🟢, In progress = 🟡, Backlog = ⚪\n",
            "🟢 Done · 🟡 Doing · ⚪ Pending",
        ];
        for form in forms {
            let legend = Legend::of(form);
            assert_eq!(legend.status('🟢'), Some(TaskStatus::Done), "{form}");
            assert_eq!(legend.status('🟡'), Some(TaskStatus::InProgress), "{form}");
            assert_eq!(legend.status('⚪'), Some(TaskStatus::Todo), "{form}");
        }
    }

    #[test]
    fn a_legend_may_change_a_usual_mark_but_a_cross_is_never_done() {
        let legend = Legend::of("Legend: ⏸️ In review | ✅ Pending | ❌ Done");
        assert_eq!(legend.status('⏸'), Some(TaskStatus::Review));
        assert_eq!(legend.status('✅'), Some(TaskStatus::Todo));
        assert_eq!(legend.status('❌'), Some(TaskStatus::Other));
    }

    #[test]
    fn a_legend_ends() {
        let legend = Legend::of("Legend:\n- 🟢 done\n\n- 🟣 waiting\n## Key\n- 🟤 todo\n## Next\n- 🟡 doing\n");
        assert_eq!(legend.status('🟣'), None);
        assert_eq!(legend.status('🟤'), Some(TaskStatus::Todo));
        assert_eq!(legend.status('🟡'), None);
    }
}
