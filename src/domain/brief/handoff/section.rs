//! A part of a handoff: lines in the order of their importance.

use std::fmt::Write;

/// A part of a handoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub heading: &'static str,
    /// The greater, the later its lines are left out.
    pub weight: u8,
    /// Lines that are kept until every other section is down to its own.
    pub least: usize,
    /// Its lines, the most important first.
    pub lines: Vec<String>,
    /// How many were left out.
    pub left_out: usize,
}

impl Section {
    /// A section without lines.
    pub fn new(heading: &'static str, weight: u8, least: usize) -> Self {
        Self { heading, weight, least, lines: Vec::new(), left_out: 0 }
    }

    /// The section as it is written; nothing for one without lines.
    pub fn text(&self) -> String {
        if self.lines.is_empty() && self.left_out == 0 {
            return String::new();
        }
        let mut text = format!("## {}\n\n{}", self.heading, self.lines.join("\n"));
        if self.left_out > 0 {
            let words = if self.lines.is_empty() { "lines were" } else { "more were" };
            // Writing into a string cannot fail.
            let _ = write!(text, "\n- {} {words} left out", self.left_out);
        }
        text
    }
}
