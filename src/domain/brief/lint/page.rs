//! The text of a brief as rules look at it: its lines, which of them are code, its parts, and what stands in marks of code.

use std::ops::Range;

use crate::domain::brief::part::{Fence, Part, Section, outline};

/// The text of a brief.
#[derive(Debug)]
pub struct Page<'t> {
    /// Its lines.
    pub lines: Vec<&'t str>,
    /// Its headings.
    pub sections: Vec<Section>,
    /// For each line whether it is in a block of code, and of which language.
    code: Vec<Option<&'t str>>,
}

impl<'t> Page<'t> {
    /// Takes a text apart.
    pub fn new(text: &'t str) -> Self {
        let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let mut fence = Fence::default();
        let mut language = None;
        let code = lines.iter().map(|line| {
            let was_open = fence.is_open();
            if !fence.take(line) {
                return None;
            }
            if !was_open {
                language = Some(line.trim_start().trim_start_matches(['`', '~']).trim());
            }
            // The marks themselves are code of no language.
            Some(language.filter(|_| was_open && fence.is_open()).unwrap_or(""))
        });
        let code = code.collect();
        Self { sections: outline(lines.iter().copied()), lines, code }
    }

    /// True for a line of a block of code.
    pub fn is_code(&self, line: usize) -> bool {
        self.code.get(line).copied().flatten().is_some()
    }

    /// True for a line of a block of code that a shell reads.
    pub fn is_shell(&self, line: usize) -> bool {
        let language = self.code.get(line).copied().flatten().unwrap_or("");
        matches!(language, "sh" | "bash" | "shell" | "zsh" | "console")
    }

    /// The first section of a part.
    pub fn part(&self, part: Part) -> Option<&Section> {
        self.sections.iter().find(|section| section.part == Some(part))
    }

    /// True if anything stands under a heading.
    pub fn is_filled(&self, section: &Section) -> bool {
        self.lines[section.body.clone()].iter().any(|line| {
            let text = line.trim().trim_start_matches(['-', '*', '+', '#', ' ']);
            let text = ["[ ]", "[x]", "[X]"].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text);
            !text.trim().is_empty()
        })
    }
}

/// What stands between marks of code on a line of prose, with its place in the line.
pub fn spans(line: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = line[at..].find('`').map(|open| at + open) {
        let marks = line[open..].bytes().take_while(|byte| *byte == b'`').count();
        let from = open + marks;
        let Some(end) = line[from..].find(&line[open..from]).map(|end| from + end) else { break };
        found.push((from..end, line[from..end].trim()));
        at = end + marks;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Page, spans};
    use crate::domain::brief::part::Part;

    #[test]
    fn code_is_told_from_prose() {
        let page = Page::new("a\n```sh\nls\n```\n~~~yaml\nb\n~~~\n### Role\n- \n### Task\nx\n");
        let code: Vec<bool> = (0..page.lines.len()).map(|line| page.is_code(line)).collect();
        assert_eq!(code[..8], [false, true, true, true, true, true, true, false]);
        let shell: Vec<usize> = (0..page.lines.len()).filter(|line| page.is_shell(*line)).collect();
        assert_eq!(shell, [2]);
        let filled = |part| page.is_filled(page.part(part).unwrap());
        assert!(!filled(Part::Role) && filled(Part::Task));
    }

    #[test]
    fn spans_have_their_place() {
        let found: Vec<_> = spans("a `b` ``c`d`` `e").into_iter().map(|(range, text)| (range.start, text)).collect();
        assert_eq!(found, [(3, "b"), (8, "c`d")]);
    }
}
