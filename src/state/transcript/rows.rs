//! One entry as rows of text: what is folded is one line that says how much there is.

use std::borrow::Cow;

use crate::domain::text;
use crate::domain::transcript::{Body, Entry, Text, Tone};

/// Rows of one entry at most: what is longer is read in a pager, not here.
const MOST: usize = 2_000;

/// What a row is part of: its look follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Space before a turn.
    Gap,
    /// A prompt; true on its first row.
    Prompt(bool),
    /// Said by the model; true on its first row.
    Said(bool),
    /// Thought; true on its first row.
    Thinking(bool),
    /// A tool call. The row's text begins with the tool's name, `name` bytes long.
    Call {
        /// Bytes of the tool's name.
        name: usize,
    },
    /// The input of a call.
    Input,
    /// What a tool answered; `first` on its first row.
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
pub struct Row<'a> {
    /// What it is part of.
    pub part: Part,
    /// Its text, safe to draw, at most as wide as the view less [`GUTTER`].
    pub text: Cow<'a, str>,
}

/// Columns to the left of the text, for the sign that tells parts apart.
pub const GUTTER: u16 = 2;

/// Lays an entry out for a view of `width` columns.
pub fn rows(entry: &Entry, width: u16, open: bool) -> Vec<Row<'_>> {
    let columns = usize::from(width.saturating_sub(GUTTER)).max(1);
    match &entry.body {
        Body::Prompt(text) => {
            let mut out = vec![Row { part: Part::Gap, text: Cow::Borrowed("") }];
            out.extend(block(text, columns, Part::Prompt));
            out
        }
        Body::Said(text) => block(text, columns, Part::Said),
        Body::Thinking(text) if open => block(text, columns, Part::Thinking),
        Body::Thinking(text) => {
            vec![Row { part: Part::Thinking(true), text: folded("thinking", &text.kept, text.lines, columns) }]
        }
        Body::Call { name, summary, input, .. } => {
            let name = text::line(name);
            let head = format!("{name} {}", text::line(summary));
            let part = Part::Call { name: name.len() };
            let mut out = vec![Row { part, text: Cow::Owned(text::cut(&head, columns).into_owned()) }];
            if open {
                out.extend(block(input, columns, |_| Part::Input));
            }
            out
        }
        Body::Result { is_error, output, .. } => {
            let part = |first| Part::Result { first, error: *is_error };
            if open {
                return block(output, columns, part);
            }
            let first = output.kept.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            vec![Row { part: part(true), text: folded("", first, output.lines, columns) }]
        }
        Body::Note { tone, text } => wrapped(text, columns).map(|text| Row { part: Part::Note(*tone), text }).collect(),
        Body::Unread { why, bytes } => {
            let text = format!("{} ({})", text::line(why), size(*bytes));
            vec![Row { part: Part::Unread, text: Cow::Owned(text::cut(&text, columns).into_owned()) }]
        }
    }
}

/// Text in full, with a last row that says what was cut off.
fn block<'a>(text: &'a Text, columns: usize, part: impl Fn(bool) -> Part) -> Vec<Row<'a>> {
    let mut out: Vec<Row<'a>> =
        wrapped(&text.kept, columns).enumerate().map(|(row, text)| Row { part: part(row == 0), text }).collect();
    if out.is_empty() {
        out.push(Row { part: part(true), text: Cow::Borrowed("(empty)") });
    }
    let rest = text.bytes.saturating_sub(text.kept.len() as u64);
    if rest > 0 || out.len() >= MOST {
        let more = if rest > 0 { format!("… {} more", size(rest)) } else { format!("… more than {MOST} rows") };
        out.push(Row { part: part(false), text: Cow::Owned(more) });
    }
    out
}

fn wrapped(text: &str, columns: usize) -> impl Iterator<Item = Cow<'_, str>> {
    text::wrap_limited(text.trim_end(), columns, MOST).into_iter()
}

/// One line for folded text: a label, the beginning, and how many lines there are.
fn folded<'a>(label: &str, beginning: &str, lines: u64, columns: usize) -> Cow<'a, str> {
    let more = match lines {
        0 => "no output".to_owned(),
        1 => String::new(),
        lines => format!("{lines} lines"),
    };
    let beginning = text::line(text::prefix(beginning, columns * 4)).into_owned();
    let head = [label, &beginning].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    if more.is_empty() {
        return Cow::Owned(text::cut(&head, columns).into_owned());
    }
    if head.is_empty() {
        return Cow::Owned(text::cut(&more, columns).into_owned());
    }
    let room = columns.saturating_sub(more.len() + 3);
    Cow::Owned(text::cut(&format!("{} · {more}", text::cut(&head, room)), columns).into_owned())
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
