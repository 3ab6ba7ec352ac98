//! What stands in the input line of an agent's program, read from what its pane shows.
//!
//! Claude Code (seen on 2.1.329) draws its input between two rules, behind `❯`; Codex (0.169) behind the last `›`. A suggestion
//! is dim, a draft is not, so the capture must have its colours (`capture-pane -e`). Whatever is drawn in another way is not
//! recognised, and nothing is sent to it.

use crate::domain::agent::AgentKind;

/// What stands in an input line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputLine {
    /// Nothing, or a suggestion.
    Empty,
    /// Something was typed or pasted.
    Draft(String),
    /// There is no input line on the screen.
    Hidden,
}

/// One character with the little of its look that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    c: char,
    /// Dim, or grey.
    faint: bool,
    /// In inverse colours: the cursor.
    inverse: bool,
}

/// True for programs whose input line is recognised.
pub fn is_known(kind: AgentKind) -> bool {
    matches!(kind, AgentKind::Claude | AgentKind::Codex)
}

/// Finds the input line in what `capture-pane -e -p` printed.
pub fn read(kind: AgentKind, captured: &str) -> InputLine {
    let rows = rows(captured);
    let found = match kind {
        AgentKind::Claude => between_rules(&rows),
        AgentKind::Codex => behind_mark(&rows),
        AgentKind::Log | AgentKind::Pod => None,
    };
    found.map_or(InputLine::Hidden, |rows| judge(&rows))
}

/// The rows of Claude Code's input, without the mark in front of them: those between the last two rules that begin with it.
fn between_rules(rows: &[Vec<Cell>]) -> Option<Vec<Vec<Cell>>> {
    let rules: Vec<usize> = (0..rows.len()).filter(|row| is_rule(&rows[*row])).collect();
    let pair =
        rules.windows(2).rev().find(|pair| rows[pair[0] + 1..pair[1]].first().is_some_and(|row| has_mark(row, '❯')));
    let pair = pair?;
    Some(rows[pair[0] + 1..pair[1]].iter().map(|row| row.iter().skip(2).copied().collect()).collect())
}

/// The rows of Codex's input: from the last row with its mark to the next that is blank.
fn behind_mark(rows: &[Vec<Cell>]) -> Option<Vec<Vec<Cell>>> {
    let first = rows.iter().rposition(|row| has_mark(row, '›'))?;
    let below = rows[first..].iter().take_while(|row| row.iter().any(|cell| !cell.c.is_whitespace()));
    Some(below.map(|row| row.iter().skip(2).copied().collect()).collect())
}

/// A row of `─` from the left on; a title may stand in it.
fn is_rule(row: &[Cell]) -> bool {
    let drawn = row.iter().filter(|cell| cell.c == '─').count();
    row.first().is_some_and(|cell| cell.c == '─') && drawn >= 8 && drawn * 2 > row.len()
}

fn has_mark(row: &[Cell], mark: char) -> bool {
    row.first().is_some_and(|cell| cell.c == mark) && row.get(1).is_none_or(|cell| cell.c.is_whitespace())
}

/// A draft, unless all that is written is faint. The cursor stands on the first letter of a suggestion and is not faint there.
fn judge(rows: &[Vec<Cell>]) -> InputLine {
    let written = || rows.iter().flatten().filter(|cell| !cell.c.is_whitespace());
    let plain = written().filter(|cell| !cell.faint).count();
    let suggests = written().any(|cell| cell.faint);
    let cursor_first = written().next().is_some_and(|cell| cell.inverse && !cell.faint);
    if plain == 0 || (suggests && plain == 1 && cursor_first) {
        return InputLine::Empty;
    }
    let lines = rows.iter().map(|row| row.iter().map(|cell| cell.c).collect::<String>().trim_end().to_owned());
    InputLine::Draft(lines.collect::<Vec<_>>().join("\n").trim().to_owned())
}

/// The look that escape sequences have set.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    dim: bool,
    grey: bool,
    inverse: bool,
}

/// Splits a capture into rows of cells. Looks go on from row to row, as tmux prints them.
fn rows(captured: &str) -> Vec<Vec<Cell>> {
    let mut look = Look::default();
    captured.lines().map(|line| cells(line, &mut look)).collect()
}

fn cells(line: &str, look: &mut Look) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            let faint = look.dim || look.grey;
            cells.push(Cell { c: if c == '\u{a0}' { ' ' } else { c }, faint, inverse: look.inverse });
            continue;
        }
        match rest.next() {
            Some('[') => {
                let mut parameters = String::new();
                let end = rest.by_ref().find(|c| {
                    let ends = ('\u{40}'..='\u{7e}').contains(c);
                    if !ends {
                        parameters.push(*c);
                    }
                    ends
                });
                if end == Some('m') {
                    apply(look, &parameters);
                }
            }
            // A hyperlink or a title, up to its terminator.
            Some(']') => {
                let mut before = ' ';
                for c in rest.by_ref() {
                    if c == '\u{7}' || (before == '\u{1b}' && c == '\\') {
                        break;
                    }
                    before = c;
                }
            }
            Some('(' | ')') => {
                rest.next();
            }
            Some(_) | None => {}
        }
    }
    cells
}

/// Takes in the parameters of one SGR sequence (ECMA-48 §8.3.117; 38 and 48 as xterm has them).
fn apply(look: &mut Look, parameters: &str) {
    let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        match number {
            0 => *look = Look::default(),
            2 => look.dim = true,
            22 => look.dim = false,
            7 => look.inverse = true,
            27 => look.inverse = false,
            38 => look.grey = extended(&mut numbers).is_some_and(is_grey),
            48 | 58 => {
                extended(&mut numbers);
            }
            90 => look.grey = true,
            30..=37 | 39 | 91..=97 => look.grey = false,
            _ => {}
        }
    }
}

/// A colour that is given by index or by its parts, as red, green and blue.
fn extended(numbers: &mut impl Iterator<Item = u16>) -> Option<[u16; 3]> {
    match numbers.next()? {
        5 => Some(match numbers.next()? {
            8 => [128; 3],
            // The greys of the palette: 24 steps from 8 by 10.
            index @ 232..=255 => [8 + 10 * (index - 232); 3],
            index => [index, 0, 255],
        }),
        2 => Some([numbers.next()?, numbers.next()?, numbers.next()?]),
        _ => None,
    }
}

/// Neither black nor white, and without a hue.
fn is_grey([red, green, blue]: [u16; 3]) -> bool {
    red.abs_diff(green) < 12 && green.abs_diff(blue) < 12 && (60..200).contains(&green)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{InputLine, read};
    use crate::domain::agent::AgentKind;

    /// A screen as Claude Code 2.1.329 draws it, with this between its rules.
    fn screen(input: &str) -> String {
        let rule = format!("\u{1b}[38;5;244m{}\u{1b}[39m", "─".repeat(60));
        format!(
            "\u{1b}[39m ● All done.\n\n{rule}\n{input}\n\u{1b}[0m{rule}\n  \u{1b}[38;5;246m⏸ manual mode on\u{1b}[39m\n"
        )
    }

    fn claude(input: &str) -> InputLine {
        read(AgentKind::Claude, &screen(input))
    }

    fn draft(text: &str) -> InputLine {
        InputLine::Draft(text.to_owned())
    }

    #[test]
    fn an_empty_line_has_only_its_cursor() {
        assert_eq!(claude("\u{1b}[39m❯\u{a0}\u{1b}[7m \u{1b}[0m"), InputLine::Empty);
        assert_eq!(claude("\u{1b}[38;5;246m❯\u{a0}\u{1b}[7m\u{1b}[39m \u{1b}[0m"), InputLine::Empty);
        assert_eq!(claude("❯"), InputLine::Empty);
    }

    #[test]
    fn what_was_typed_or_pasted_is_a_draft_on_all_its_rows() {
        assert_eq!(claude("❯\u{a0}half typed\u{1b}[7m \u{1b}[0m"), draft("half typed"));
        assert_eq!(claude("❯ first line\n  second\n  third\u{1b}[7m "), draft("first line\nsecond\nthird"));
        assert_eq!(claude("❯ [Pasted text #1 +8 lines]\u{1b}[7m "), draft("[Pasted text #1 +8 lines]"));
        assert_eq!(claude("❯ \u{1b}[7mx\u{1b}[0m"), draft("x"));
    }

    #[test]
    fn a_suggestion_is_no_draft_whichever_way_it_is_dim() {
        assert_eq!(claude("❯ \u{1b}[2mTry \"fix the tests\"\u{1b}[22m"), InputLine::Empty);
        assert_eq!(claude("❯ \u{1b}[7mT\u{1b}[0;2mry it\u{1b}[0m"), InputLine::Empty);
        assert_eq!(claude("❯ \u{1b}[38;5;246mTry it\u{1b}[39m"), InputLine::Empty);
        assert_eq!(claude("❯ \u{1b}[38;2;150;150;153mTry it\u{1b}[39m"), InputLine::Empty);
        assert_eq!(claude("❯ \u{1b}[38;5;153mcoloured\u{1b}[39m"), draft("coloured"));
        assert_eq!(claude("❯ typed \u{1b}[2mand completed\u{1b}[22m"), draft("typed and completed"));
    }

    #[test]
    fn a_dialog_has_no_input_line() {
        let dialog = format!(
            "{}\n Bash command\n Do you want to proceed?\n \u{1b}[38;5;153m❯\u{1b}[39m 1. Yes\n   2. No\n",
            "─".repeat(60)
        );
        assert_eq!(read(AgentKind::Claude, &dialog), InputLine::Hidden);
        assert_eq!(claude("! ls"), InputLine::Hidden, "a shell command is typed there");
        assert_eq!(read(AgentKind::Claude, "$ "), InputLine::Hidden);
        assert_eq!(read(AgentKind::Log, &screen("❯ ")), InputLine::Hidden);
    }

    #[test]
    fn codex_types_behind_its_last_mark() {
        let shown = |input: &str| format!("› an earlier prompt\n\n• done\n\n{input}\n\n  gpt · 98% left\n");
        assert_eq!(read(AgentKind::Codex, &shown("› \u{1b}[2mAsk anything\u{1b}[0m")), InputLine::Empty);
        assert_eq!(read(AgentKind::Codex, &shown("› typed\n  on two rows")), draft("typed\non two rows"));
    }

    proptest! {
        #[test]
        fn any_screen_is_read(text in "[\\x1b\\[\\];:0-9m❯─ a\n\u{7}]{0,200}") {
            let _ = read(AgentKind::Claude, &text);
            let _ = read(AgentKind::Codex, &text);
        }
    }
}
