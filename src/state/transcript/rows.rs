//! One entry as rows of text: what is folded is one line that says how much there is, and a call has its result with it.

mod call;
mod diff;
mod outcome;

use crate::domain::markdown;
use crate::domain::text;
use crate::domain::text::styled::{Ink, Styled};
use crate::domain::transcript::{Body, Entry, Text, Tone};

/// Rows of one text of an entry at most: what is longer is read in a pager, not here.
const MOST: usize = 2_000;

/// What a row is part of: its look follows from it where its runs do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Space before a turn.
    Gap,
    /// A prompt; true on its first row.
    Prompt(bool),
    /// Said by the model; true on its first row.
    Said(bool),
    /// A line of a log.
    Plain,
    /// Thought; true on its first row.
    Thinking(bool),
    /// What is left of a compacted conversation; true on its first row.
    Summary(bool),
    /// A tool call.
    Call,
    /// The input of a call.
    Input,
    /// A line of a patch.
    Diff,
    /// An item of a to-do list.
    Todo,
    /// A plan that is proposed.
    Plan,
    /// What a tool answered, below its call; `first` on its first row.
    Answer {
        /// It is the first row.
        first: bool,
        /// The tool reported a failure.
        error: bool,
    },
    /// What a tool answered whose call is not there; `first` on its first row.
    Result {
        /// It is the first row.
        first: bool,
        /// The tool reported a failure.
        error: bool,
    },
    /// A remark of the program.
    Note(Tone),
    /// A record that could not be read.
    Unread,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is part of.
    pub part: Part,
    /// Its text, safe to draw, at most as wide as the view less [`GUTTER`].
    pub line: Styled,
}

/// An entry with what decides about its rows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// The result of a call.
    pub answer: Option<&'a Entry>,
    /// What a call without a result is waiting for.
    pub waiting: Waiting,
    /// It shows all that it has.
    pub open: bool,
}

/// What is known of a call that has no result in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing: its result may stand in what is not loaded.
    Untold,
    /// It runs, or waits for a permission.
    Running,
    /// It will not come any more.
    Over,
}

/// Columns to the left of the text, for the sign that tells parts apart.
pub const GUTTER: u16 = 2;

/// Lays an entry out for a view of `width` columns.
pub fn rows(shown: &Shown<'_>, width: u16) -> Vec<Row> {
    let columns = usize::from(width.saturating_sub(GUTTER)).max(1);
    match &shown.entry.body {
        Body::Prompt(text) => {
            let mut out = vec![row(Part::Gap, "")];
            out.extend(marked_up(text, columns, Part::Prompt));
            out
        }
        Body::Said(text) => marked_up(text, columns, Part::Said),
        Body::Plain(text) => block(text, columns, |_| Part::Plain),
        Body::Thinking(text) if shown.open => marked_up(text, columns, Part::Thinking),
        Body::Thinking(text) => vec![folded(Part::Thinking(true), "thinking", &text.kept, text.lines, columns)],
        Body::Summary(text) if shown.open => marked_up(text, columns, Part::Summary),
        Body::Summary(text) => {
            vec![folded(Part::Summary(true), "summary of what came before", &text.kept, text.lines, columns)]
        }
        Body::Call { .. } => call::rows(shown, columns),
        Body::Result { is_error, output, patch, .. } => {
            let part = |first| Part::Result { first, error: *is_error };
            if !shown.open {
                let first = output.kept.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                return vec![folded(part(true), "", first, output.lines, columns)];
            }
            let mut out = block(output, columns, part);
            out.extend(patch.iter().flat_map(|patch| diff::rows(patch, columns)));
            out
        }
        Body::Note { tone, text } => {
            let rows = text::wrap_limited(text.trim_end(), columns, MOST);
            rows.iter().map(|text| row(Part::Note(*tone), text)).collect()
        }
        Body::Unread { why, bytes } => {
            let line = Styled::new(&format!("{} ({})", text::line(why), size(*bytes)), Ink::Plain);
            vec![Row { part: Part::Unread, line: line.cut(columns) }]
        }
    }
}

fn row(part: Part, text: &str) -> Row {
    Row { part, line: Styled::new(text, Ink::Plain) }
}

/// Markdown in full, with a last row that says what was cut off.
fn marked_up(text: &Text, columns: usize, part: impl Fn(bool) -> Part) -> Vec<Row> {
    finish(markdown::layout(&text.kept, columns, MOST), text, columns, part)
}

/// Text in full as it stands, with a last row that says what was cut off.
fn block(text: &Text, columns: usize, part: impl Fn(bool) -> Part) -> Vec<Row> {
    let rows = text::wrap_limited(text.kept.trim_end(), columns, MOST);
    finish(rows.iter().map(|row| Styled::new(row, Ink::Plain)).collect(), text, columns, part)
}

fn finish(lines: Vec<Styled>, text: &Text, columns: usize, part: impl Fn(bool) -> Part) -> Vec<Row> {
    let laid_out = lines.len();
    let mut out: Vec<Row> =
        lines.into_iter().enumerate().map(|(number, line)| Row { part: part(number == 0), line }).collect();
    if out.is_empty() {
        out.push(row(part(true), text::cut("(empty)", columns).as_ref()));
    }
    let rest = text.bytes.saturating_sub(text.kept.len() as u64);
    if rest > 0 || laid_out >= MOST {
        let more = if rest > 0 { format!("… {} more", size(rest)) } else { format!("… more than {MOST} rows") };
        out.push(Row { part: part(false), line: Styled::new(&more, Ink::Dim).cut(columns) });
    }
    out
}

/// One line for folded text: a label, the beginning, and how many lines there are.
fn folded(part: Part, label: &str, beginning: &str, lines: u64, columns: usize) -> Row {
    let more = match lines {
        0 => "no output".to_owned(),
        1 => String::new(),
        lines => format!("{lines} lines"),
    };
    let beginning = text::line(text::prefix(beginning, columns * 4)).into_owned();
    let head = [label, &beginning].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    let line = match (head.is_empty(), more.is_empty()) {
        (true, _) => more,
        (false, true) => head,
        (false, false) => {
            let room = columns.saturating_sub(more.len() + 3);
            format!("{} · {more}", text::cut(&head, room))
        }
    };
    Row { part, line: Styled::new(&line, Ink::Plain).cut(columns) }
}

/// A size as people write it: `12 B`, `3.4 kB`, `59.0 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests;
