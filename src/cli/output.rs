//! What every subcommand prints and how it ends: tables or one JSON object on standard output, messages on standard error.

use std::io::{self, IsTerminal, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::text;

/// How a subcommand ends. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, yes, or approved.
    Done = 0,
    /// A negative answer.
    No = 1,
    /// Wrong usage or unreadable input.
    Usage = 2,
    /// Nobody answered in time.
    TimedOut = 3,
    /// A source was not available.
    Unavailable = 4,
}

/// A subcommand that could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What is said on standard error, one line each.
    pub faults: Vec<Fault>,
}

impl Failure {
    /// One fault and its exit code.
    pub fn new(exit: Exit, fault: Fault) -> Self {
        Self { exit, faults: vec![fault] }
    }
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: one object.
    Json,
}

/// `-o`, as every subcommand but the streaming ones takes it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct OutputArgs {
    /// Form of the output [default: table]
    #[arg(short = 'o', long = "output", value_enum, value_name = "FORM")]
    pub output: Option<Format>,
}

impl OutputArgs {
    /// The form to print in.
    pub fn format(self) -> Format {
        self.output.unwrap_or(Format::Table)
    }
}

/// Prints one JSON object: schema, time and the fields of `body`, which must serialise to an object. No secret gets out.
pub fn print_json(schema: &str, now: Timestamp, body: &impl Serialize, redactor: &Redactor) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("schema".to_owned(), Value::String(format!("hnpwb.{schema}/1")));
    object.insert("generated_at".to_owned(), Value::String(now.to_string()));
    if let Value::Object(fields) = serde_json::to_value(body)? {
        object.extend(fields);
    }
    let text = serde_json::to_string_pretty(&object)?;
    writeln!(io::stdout().lock(), "{}", redactor.redact_json(&text))
}

/// Prints rows with columns as wide as their widest cell, under upper-case headings. Bold only on a terminal. No secret gets
/// out, and nothing that acts on a terminal.
pub fn print_table(headings: &[&str], rows: &[Vec<String>], redactor: &Redactor) -> io::Result<()> {
    let out = io::stdout();
    let bold = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let shown = |cell: &String| {
        let indent = cell.len() - cell.trim_start_matches(' ').len();
        " ".repeat(indent) + &text::line(&redactor.redact(cell))
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    write_table(&mut out.lock(), headings, &rows, bold)
}

fn write_table(out: &mut impl Write, headings: &[&str], rows: &[Vec<String>], bold: bool) -> io::Result<()> {
    let mut widths: Vec<usize> = headings.iter().map(|heading| text::width(heading)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(text::width(cell));
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(text::width(cell)) + 2));
        }
        text.truncate(text.trim_end().len());
        text
    };
    let heading = line(&mut headings.iter().copied());
    if bold {
        writeln!(out, "\u{1b}[1m{heading}\u{1b}[0m")?;
    } else {
        writeln!(out, "{heading}")?;
    }
    for row in rows {
        writeln!(out, "{}", line(&mut row.iter().map(String::as_str)))?;
    }
    Ok(())
}

/// Says something on standard error. What the built-in rules know to be a secret does not get out; whoever has the user's
/// patterns applies them before.
pub fn say(message: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(io::stderr(), "hnpwb: {}", text::line(&Redactor::default().redact(message)));
}

#[cfg(test)]
mod tests {
    use super::write_table;

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let rows = vec![vec!["a".to_owned(), "✅ ok".to_owned()], vec!["longer".to_owned(), String::new()]];
        let mut out = Vec::new();
        write_table(&mut out, &["NAME", "STATE"], &rows, false).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME    STATE\na       ✅ ok\nlonger\n");
    }
}
