//! What came of a call, in a few words.

use crate::domain::text;
use crate::domain::text::styled::{Ink, Styled};
use crate::domain::time::took;
use crate::domain::transcript::{Body, Detail, Entry, SPILLED, Text};

use super::{Shown, Waiting};

/// Columns up to which an answer of one line is its own measure.
const SHORT: usize = 40;

/// What Claude Code answers in place of a tool whose call was not permitted.
const REJECTED: &str = "The user doesn't want to proceed with this tool use";

/// `✓ 34 lines · 2.1s`, `✗ exit 1`, `… running`; nothing if nothing is known.
pub(super) fn outcome(shown: &Shown<'_>) -> Option<Styled> {
    let Some((answer, is_error, output)) = answer(shown) else {
        return match shown.waiting {
            Waiting::Untold => None,
            Waiting::Running if asks(shown) => Some(Styled::new("… waiting for an answer", Ink::Warn)),
            Waiting::Running => Some(Styled::new("… running", Ink::Busy)),
            Waiting::Over => Some(Styled::new("no result", Ink::Dim)),
        };
    };
    let mut line = if is_error {
        Styled::new(&format!("✗ {}", failure(output)), Ink::Error)
    } else {
        let mut line = Styled::new("✓", Ink::Ok);
        if !says_all(shown) {
            line.push(&format!(" {}", measure(output)), Ink::Dim);
        }
        line
    };
    let duration = answer.at.zip(shown.entry.at).and_then(|(end, begin)| took(end.duration_since(begin)));
    if let Some(duration) = duration {
        line.push(&format!(" · {duration}"), Ink::Dim);
    }
    Some(line)
}

/// True for tools that a person answers.
fn asks(shown: &Shown<'_>) -> bool {
    matches!(&shown.entry.body, Body::Call { name, .. } if matches!(name.as_str(), "ExitPlanMode" | "AskUserQuestion"))
}

/// True if the call itself tells what it does, and an answer only that it was done.
fn says_all(shown: &Shown<'_>) -> bool {
    let Body::Call { detail: Some(detail), .. } = &shown.entry.body else { return false };
    matches!(**detail, Detail::Patch(_) | Detail::Todo(_))
}

/// The result with its parts.
pub(super) fn answer<'a>(shown: &Shown<'a>) -> Option<(&'a Entry, bool, &'a Text)> {
    match shown.answer {
        Some(entry) => match &entry.body {
            Body::Result { is_error, output, .. } => Some((entry, *is_error, output)),
            _ => None,
        },
        None => None,
    }
}

fn measure(output: &Text) -> String {
    let first = output.kept.lines().next().unwrap_or_default();
    // What is in another file has its size in the first line.
    if first.starts_with(SPILLED) {
        return text::cut(&text::line(first), 2 * SHORT).into_owned();
    }
    match output.lines {
        0 => "no output".to_owned(),
        1 if text::width(&text::line(first)) <= SHORT && !first.trim().is_empty() => text::line(first).into_owned(),
        1 => "1 line".to_owned(),
        lines => format!("{lines} lines"),
    }
}

fn failure(output: &Text) -> String {
    if output.kept.starts_with(REJECTED) {
        return "rejected".to_owned();
    }
    match output.kept.lines().take(5).find_map(exit_code) {
        Some(code) => format!("exit {code}"),
        None => "failed".to_owned(),
    }
}

/// The code in a line such as `Exit code 1` or `Process exited with code 1`.
fn exit_code(line: &str) -> Option<i64> {
    let line = line.trim();
    let rest =
        ["Exit code", "Process exited with code", "exit code"].iter().find_map(|said| line.strip_prefix(said))?;
    rest.trim_start_matches([':', ' ']).parse().ok()
}

/// Words of which a line has one that tells what went wrong.
const TELLING: &[&str] = &["error", "Error", "ERROR", "FAILED", "failed", "panicked", "fatal:"];

/// Lines that are looked through for one that tells.
const LOOKED_AT: usize = 200;

/// The line of a failure that says most: the first with a telling word, else the first at all; not the one that only repeats
/// the exit code, without the program's own tags. `None` if there is none.
pub(super) fn first_line(output: &Text) -> Option<&str> {
    // The words around a rejection are always the same; what the person said is not.
    let said =
        output.kept.strip_prefix(REJECTED).map(|rest| rest.split_once("the user said:").map_or("", |(_, said)| said));
    let lines = said.unwrap_or(&output.kept).lines().take(LOOKED_AT).map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("<tool_use_error>").unwrap_or(line);
        line.strip_suffix("</tool_use_error>").unwrap_or(line).trim()
    });
    let mut lines = lines.filter(|line| !line.is_empty() && exit_code(line).is_none());
    let tells = |line: &&str| TELLING.iter().any(|word| line.contains(word));
    lines.clone().find(tells).or_else(|| lines.next())
}

#[cfg(test)]
mod tests {
    use super::first_line;
    use crate::domain::transcript::Text;

    #[test]
    fn the_line_of_a_failure_is_the_one_that_tells() {
        let of = |kept: &str| first_line(&Text::of(kept)).map(str::to_owned);
        let tests = "Exit code 2\n==== test session starts ====\ncollected 3\nE   OperationalError: refused\n1 failed";
        assert_eq!(of(tests).as_deref(), Some("E   OperationalError: refused"));
        assert_eq!(of("Exit code 1\nno such thing\nmore").as_deref(), Some("no such thing"));
        assert_eq!(
            of("<tool_use_error>File does not exist.</tool_use_error>").as_deref(),
            Some("File does not exist.")
        );
        assert_eq!(of("Exit code 1\n\n"), None);
    }
}
