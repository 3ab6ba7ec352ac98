//! Text whose parts look different, without a word about colours: what each part is, not how it is drawn.

use std::borrow::Cow;
use std::ops::Range;

use super::wrap::expand;
use super::{clean, cut, width, wrap_ranges};

/// What a part of a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Ink {
    /// As whatever it stands in.
    #[default]
    Plain,
    /// Of less weight than what it stands in.
    Dim,
    /// Name of a tool.
    Tool,
    /// Went well.
    Ok,
    /// Worth a look.
    Warn,
    /// Failed.
    Error,
    /// At work.
    Busy,
    /// Added.
    Added,
    /// Removed.
    Removed,
    /// Heading of a part of a document.
    Heading,
    /// Code.
    Code,
    /// A link's text.
    Link,
    /// Quoted.
    Quote,
}

/// How a part of a text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// What it is.
    pub ink: Ink,
    /// Strongly emphasised.
    pub strong: bool,
    /// Emphasised.
    pub emphasis: bool,
    /// Struck out.
    pub struck: bool,
}

impl From<Ink> for Look {
    fn from(ink: Ink) -> Self {
        Self { ink, ..Self::default() }
    }
}

/// A part of a text that looks the same throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its length in bytes.
    pub bytes: usize,
    /// How it looks.
    pub look: Look,
}

/// One line of text with its runs, which cover it from end to end. Clean and without tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Styled {
    /// The text.
    pub text: String,
    /// Its runs in order.
    pub runs: Vec<Run>,
}

impl Styled {
    /// A line in one look.
    pub fn new(text: &str, look: impl Into<Look>) -> Self {
        let mut out = Self::default();
        out.push(text, look);
        out
    }

    /// Appends text, which is cleaned; newlines and tabs in it become spaces.
    pub fn push(&mut self, text: &str, look: impl Into<Look>) {
        let cleaned = clean(text);
        if memchr::memchr2(b'\n', b'\t', cleaned.as_bytes()).is_some() {
            self.append(&cleaned.replace(['\n', '\t'], " "), look.into());
        } else {
            self.append(&cleaned, look.into());
        }
    }

    /// Appends text that is part of a line as it stands: cleaned, tabs to their stops as if it began the line.
    pub fn push_verbatim(&mut self, line: &str, look: impl Into<Look>) {
        self.append(&expand(clean(line)), look.into());
    }

    /// Appends another line.
    pub fn extend(&mut self, other: &Self) {
        for (part, look) in other.parts() {
            self.append(part, look);
        }
    }

    fn append(&mut self, text: &str, look: Look) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        match self.runs.last_mut() {
            Some(last) if last.look == look => last.bytes += text.len(),
            _ => self.runs.push(Run { bytes: text.len(), look }),
        }
    }

    /// The parts in order, each with its look.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Look)> {
        let mut at = 0;
        self.runs.iter().map(move |run| {
            let part = self.text.get(at..at + run.bytes).unwrap_or_default();
            at += run.bytes;
            (part, run.look)
        })
    }

    /// Columns that it takes.
    pub fn width(&self) -> usize {
        width(&self.text)
    }

    /// True without any text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A part of it, by bytes.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        self.slice_from(&mut (0, 0), range)
    }

    /// [`Styled::slice`] from a run on, given by its index and where it begins; these are then those of the slice's last run.
    fn slice_from(&self, (index, at): &mut (usize, usize), range: Range<usize>) -> Self {
        let mut out = Self::default();
        while let Some(run) = self.runs.get(*index) {
            let (from, to) = ((*at).max(range.start), (*at + run.bytes).min(range.end));
            if from < to {
                out.append(self.text.get(from..to).unwrap_or_default(), run.look);
            }
            if *at + run.bytes > range.end {
                break;
            }
            (*index, *at) = (*index + 1, *at + run.bytes);
        }
        out
    }

    /// At most `columns` columns of it, with `…` at the end if something had to go.
    #[must_use]
    pub fn cut(self, columns: usize) -> Self {
        let kept = match cut(&self.text, columns) {
            Cow::Borrowed(kept) if kept.len() == self.text.len() => return self,
            Cow::Borrowed(kept) => return self.slice(0..kept.len()),
            Cow::Owned(kept) => kept.len().saturating_sub('…'.len_utf8()),
        };
        let mut out = self.slice(0..kept);
        let look = out.runs.last().map(|run| run.look).unwrap_or_default();
        out.append("…", look);
        out
    }

    /// Rows of at most `columns` columns, broken as [`super::wrap()`] breaks; an empty line is one row.
    pub fn wrap(&self, columns: usize, max_rows: usize) -> Vec<Self> {
        // Rows come in order: no run is looked at for each of them.
        let mut place = (0, 0);
        let rows = wrap_ranges(&self.text, columns, max_rows).into_iter();
        rows.map(|row| self.slice_from(&mut place, row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Ink, Styled};

    fn line() -> Styled {
        let mut line = Styled::new("run ", Ink::Plain);
        line.push("cargo test", Ink::Code);
        line.push(" now\x1b", Ink::Plain);
        line
    }

    #[test]
    fn runs_cover_the_text_and_equal_neighbours_are_one() {
        let mut line = line();
        line.push("!", Ink::Plain);
        assert_eq!(line.text, "run cargo test now␛!");
        assert_eq!(line.runs.iter().map(|run| run.bytes).sum::<usize>(), line.text.len());
        assert_eq!(line.runs.len(), 3);
    }

    #[test]
    fn rows_keep_the_look_of_what_is_in_them() {
        let rows = line().wrap(9, usize::MAX);
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["run cargo", "test now␛"]);
        assert_eq!(
            rows[1].parts().map(|(part, look)| (part, look.ink)).collect::<Vec<_>>(),
            [("test", Ink::Code), (" now␛", Ink::Plain)]
        );
        assert_eq!(Styled::default().wrap(9, 5).len(), 1);
    }

    #[test]
    fn a_cut_line_says_so_in_the_look_of_its_end() {
        let cut = line().cut(8);
        assert_eq!(cut.text, "run car…");
        assert_eq!(cut.runs.last().map(|run| run.look.ink), Some(Ink::Code));
        assert_eq!(line().cut(80), line());
    }
}
