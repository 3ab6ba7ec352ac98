//! The parts of a brief: the headings that they stand under, and what stands there.

use std::ops::Range;

/// A part that a brief is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Who the reader is.
    Role,
    /// What is to be done.
    Task,
    /// What shows that it was.
    Criteria,
    /// What there is to know.
    Context,
    /// What must not be done.
    Constraints,
    /// How to go about it.
    Process,
    /// What has to be shown.
    Evidence,
    /// When to ask instead of guess.
    Ask,
    /// How the answer is to look.
    Report,
}

/// Words of a heading, and the part that they announce. The first that fits counts.
const HEADINGS: [(&str, Part); 24] = [
    ("criteria", Part::Criteria),
    ("definition of done", Part::Criteria),
    ("done when", Part::Criteria),
    ("evidence", Part::Evidence),
    ("proof", Part::Evidence),
    ("when to ask", Part::Ask),
    ("when to stop", Part::Ask),
    ("escalat", Part::Ask),
    ("questions", Part::Ask),
    (" ask ", Part::Ask),
    ("report", Part::Report),
    ("constraint", Part::Constraints),
    ("boundar", Part::Constraints),
    ("out of scope", Part::Constraints),
    ("process", Part::Process),
    ("approach", Part::Process),
    ("steps", Part::Process),
    ("context", Part::Context),
    ("background", Part::Context),
    ("role", Part::Role),
    ("task", Part::Task),
    ("objective", Part::Task),
    ("goal", Part::Task),
    ("assignment", Part::Task),
];

impl Part {
    /// Every part, in the order of the outline: essential, reference, operational.
    pub const ALL: [Self; 9] = [
        Self::Role,
        Self::Task,
        Self::Criteria,
        Self::Context,
        Self::Constraints,
        Self::Process,
        Self::Evidence,
        Self::Ask,
        Self::Report,
    ];

    /// Its name, as its heading has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Task => "Task",
            Self::Criteria => "Success criteria",
            Self::Context => "Context",
            Self::Constraints => "Constraints",
            Self::Process => "Process",
            Self::Evidence => "Evidence to show",
            Self::Ask => "When to ask",
            Self::Report => "How to report",
        }
    }

    /// The part that a heading announces.
    fn of_heading(title: &str) -> Option<Self> {
        let lower = title.to_lowercase();
        HEADINGS.iter().find(|(words, _)| format!(" {lower} ").contains(words)).map(|(_, part)| *part)
    }
}

/// A heading with what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The part that it announces; none for a heading of the author's own.
    pub part: Option<Part>,
    /// What the heading says.
    pub title: String,
    /// Its level, from one.
    pub level: usize,
    /// Its line, from zero.
    pub line: usize,
    /// Lines of what stands under it, deeper headings included.
    pub body: Range<usize>,
}

/// The headings of a text given in lines, with those in blocks of code left out. The title of the whole is one of them.
pub fn outline<'l>(lines: impl IntoIterator<Item = &'l str>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut fence = Fence::default();
    let mut count = 0;
    for (at, line) in lines.into_iter().enumerate() {
        count = at + 1;
        if fence.take(line) {
            continue;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let Some(title) =
            line.get(level..).and_then(|rest| rest.strip_prefix(' ')).filter(|_| (1..=6).contains(&level))
        else {
            continue;
        };
        for open in sections.iter_mut().filter(|open| open.level >= level && open.body.end == usize::MAX) {
            open.body.end = at;
        }
        let title = title.trim().trim_end_matches('#').trim_end().to_owned();
        // The title of the whole names its subject, whatever words are in it.
        let part = Part::of_heading(&title).filter(|_| level > 1);
        sections.push(Section { part, title, level, line: at, body: at + 1..usize::MAX });
    }
    for open in sections.iter_mut().filter(|open| open.body.end == usize::MAX) {
        open.body.end = count;
    }
    sections
}

/// Tells lines of a block of code from others.
#[derive(Debug, Default)]
pub struct Fence {
    /// The mark that ends the block, and its least length.
    open: Option<(char, usize)>,
}

impl Fence {
    /// True while the next line is still one of the block.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes the next line; true for one of a block of code, its marks included.
    pub fn take(&mut self, line: &str) -> bool {
        let text = line.trim_start();
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| text.chars().take_while(|c| *c == mark).count());
        match self.open {
            Some((mark, least)) => {
                if text.starts_with(mark) && length >= least && text[length..].trim().is_empty() {
                    self.open = None;
                }
                true
            }
            None => {
                // A mark of code that ends on its line is none of a block.
                let opens = length >= 3 && !(mark == Some('`') && text[length..].contains('`'));
                self.open = mark.filter(|_| opens).map(|mark| (mark, length));
                opens
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, outline};

    const TEXT: &str = "# The report task\n\n## Essential\n### Role\nYou.\n### Success criteria\n- a\n```sh\n# no heading\n```\n## When to ask\nNow.\n";

    #[test]
    fn headings_become_parts_with_what_stands_under_them() {
        let sections = outline(TEXT.lines());
        let found: Vec<_> = sections.iter().map(|section| (section.part, section.line, section.body.clone())).collect();
        assert_eq!(
            found,
            [
                (None, 0, 1..12),
                (None, 2, 3..10),
                (Some(Part::Role), 3, 4..5),
                (Some(Part::Criteria), 5, 6..10),
                (Some(Part::Ask), 10, 11..12),
            ]
        );
    }

    #[test]
    fn every_part_is_known_by_its_own_name() {
        for part in Part::ALL {
            assert_eq!(Part::of_heading(part.name()), Some(part));
        }
        assert_eq!(Part::of_heading("Notes"), None);
    }
}
