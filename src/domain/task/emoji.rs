//! Trackers in which an emoji at a heading or a list item says where it stands: `### ✅ Sync`, `- 🔄 **Tests**`.

use std::path::Path;

use super::edit::{Change, Edit, place};
use super::legend::{Legend, is_name, is_symbol};
use super::markdown::{Kind, checkbox, lines};
use super::outline::{Depth, Found, Outline, box_edit, checkbox_status, criterion_edit};
use super::{Format, Parsed, Task, TaskStatus, words};

/// See the module.
#[derive(Debug)]
pub struct EmojiTracker;

impl Format for EmojiTracker {
    fn name(&self) -> &'static str {
        "emoji"
    }

    /// By a legend, or by a heading or an item with a mark. A check list whose boxes have emoji beside them is none.
    fn recognises(&self, _path: &Path, text: &str) -> bool {
        let legend = Legend::of(text);
        legend.is_stated()
            || lines(text).any(|line| match line.kind {
                Kind::Heading { text, .. } => mark(text, &legend, false).is_some(),
                Kind::Item { text, .. } => checkbox(text).is_none() && mark(text, &legend, true).is_some(),
                Kind::Text { .. } | Kind::Blank | Kind::Verbatim => false,
            })
    }

    fn counts_itself(&self) -> bool {
        true
    }

    fn parse(&self, path: &Path, text: &str) -> Parsed {
        let legend = Legend::of(text);
        let titles = lines(text).filter(|line| matches!(line.kind, Kind::Heading { level: 1, .. })).take(2).count();
        let mut outline = Outline::new(path, self.name());
        let mut after_blank = false;
        for line in lines(text).filter(|line| !legend.holds(line.number)) {
            match line.kind {
                Kind::Heading { level, text } => {
                    outline.leave_heading(level);
                    let is_title = level == 1 && titles == 1;
                    heading(&mut outline, &legend, (level, text, is_title), line.number, line.raw);
                }
                Kind::Item { indent, text } => {
                    outline.leave_items(indent);
                    item(&mut outline, &legend, (indent, text), line.number, line.raw);
                }
                Kind::Text { indent } => outline.prose(indent, after_blank, line.raw),
                Kind::Blank | Kind::Verbatim => outline.note(line.raw),
            }
            after_blank = line.kind == Kind::Blank;
        }
        outline.finish()
    }

    /// A task without a mark, which its section gives its status, gets one in front.
    fn edit(&self, text: &str, tasks: &[Task], at: usize, change: &Change) -> Result<Edit, String> {
        let task = &tasks[at];
        let (wanted, raw) = match change {
            Change::Status(wanted, raw) => (*wanted, raw.as_deref()),
            Change::Criterion(criterion, done) => return criterion_edit(text, task, *criterion, *done),
        };
        let legend = Legend::of(text);
        let line = lines(text).find(|line| line.number == task.origin.line).ok_or("the line is not there any more")?;
        let (title, is_item) = match line.kind {
            Kind::Heading { text, .. } => (text, false),
            Kind::Item { text, .. } => (text, true),
            Kind::Text { .. } | Kind::Blank | Kind::Verbatim => return Err("the line is no task any more".to_owned()),
        };
        let boxed = checkbox(title).filter(|_| is_item);
        let unboxed = boxed.map_or(title, |(_, text)| text);
        match mark(unboxed, &legend, is_item) {
            Some(mark) => Ok(Edit { range: place(text, mark.raw), text: mark_for(text, tasks, &legend, wanted, raw)? }),
            None if boxed.is_some() => box_edit(text, task.origin.line, tasks, wanted, raw),
            None => {
                let start = place(text, title).start;
                let mark = mark_for(text, tasks, &legend, wanted, raw)?;
                Ok(Edit { range: start..start, text: format!("{mark} ") })
            }
        }
    }
}

/// The mark that a file writes for a status: one that its tasks have, else its legend's, else the usual one.
fn mark_for(
    text: &str,
    tasks: &[Task],
    legend: &Legend,
    wanted: TaskStatus,
    raw: Option<&str>,
) -> Result<String, String> {
    let is_mark = |raw: &&str| raw.starts_with(is_symbol);
    let used = tasks.iter().filter(|task| task.status == wanted).map(|task| task.raw_status.as_str()).find(is_mark);
    if let Some(mark) = raw.filter(is_mark).or(used) {
        return Ok(mark.to_owned());
    }
    let mark = legend.mark(wanted).ok_or_else(|| format!("the file's legend has no mark for {}", wanted.name()))?;
    // As it stands in the file: with the selector that makes it an emoji, or without.
    let written = text.find(mark).map(|at| &text[at..at + mark_len(&text[at..])]);
    Ok(written.map_or_else(|| emoji(mark), str::to_owned))
}

/// A mark as an emoji. Those from before there were emoji need a selector behind them.
fn emoji(mark: char) -> String {
    let old = mark < '\u{1f000}' && !matches!(mark, '✅' | '❌' | '❓');
    if old { format!("{mark}\u{fe0f}") } else { mark.to_string() }
}

fn heading<'a>(
    outline: &mut Outline<'a>,
    legend: &Legend,
    (level, text, is_title): (usize, &str, bool),
    line: u32,
    raw: &'a str,
) {
    let marked = if is_title || is_name(text) { None } else { mark(text, legend, false) };
    let bare = marked.as_ref().map_or(text, |marked| marked.title);
    if let Some(status) = words::section(bare) {
        outline.section(level, bare, Some(status), false);
    } else if words::is_grouping(bare) {
        outline.section(level, bare, None, true);
    } else if let Some(Mark { raw: raw_status, status, title }) = marked {
        outline.add(Found { line, title, status, raw_status }, Depth::Heading(level));
        outline.section(level, title, None, false);
    } else {
        outline.note(raw);
        outline.section(level, text, None, !is_name(text));
    }
}

fn item<'a>(outline: &mut Outline<'a>, legend: &Legend, (indent, text): (usize, &str), line: u32, raw: &'a str) {
    let boxed = checkbox(text);
    let depth = Depth::Item(indent);
    if let Some(Mark { raw: raw_status, status, title }) = mark(boxed.map_or(text, |(_, text)| text), legend, true) {
        outline.add(Found { line, title, status, raw_status }, depth);
        return;
    }
    if let Some((state, title)) = boxed {
        let (status, raw_status) = checkbox_status(state);
        if outline.inside_task() {
            outline.criterion(line, title, status == TaskStatus::Done);
            outline.note(raw);
        } else {
            outline.add(Found { line, title, status, raw_status }, depth);
        }
        return;
    }
    if !outline.inside_task()
        && let Some((status, section)) = outline.default_status()
    {
        outline.add(Found { line, title: text, status, raw_status: &section }, depth);
        return;
    }
    outline.note(raw);
}

/// A mark and the title it belongs to.
#[derive(Debug, PartialEq, Eq)]
struct Mark<'a> {
    raw: &'a str,
    status: TaskStatus,
    title: &'a str,
}

/// The mark of a heading or an item: at its beginning, or at its end with nothing but a status behind it. Anywhere else
/// an emoji is prose, and so it is at the end of a sentence.
fn mark<'a>(text: &'a str, legend: &Legend, is_item: bool) -> Option<Mark<'a>> {
    leading(text, legend)
        .or_else(|| trailing(text, legend, is_item))
        .filter(|mark| mark.title.contains(char::is_alphanumeric))
}

fn leading<'a>(text: &'a str, legend: &Legend) -> Option<Mark<'a>> {
    // A number in front of a heading is not part of its title: `3. ✅ Sync`.
    let numbered = text.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(['.', ')']);
    let begun = numbered.filter(|_| text.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text);
    let begun = begun.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '[' | '('));
    let first = begun.chars().next()?;
    let status = legend.status(first)?;
    let (mut raw, mut rest) = begun.split_at(mark_len(begun));
    let mut status = status;
    // `✅ → 🔄 Sync`: what it has become, not what it was.
    while let Some(then) = rest.trim_start().strip_prefix('→').or_else(|| rest.trim_start().strip_prefix("->")) {
        let then = then.trim_start();
        let Some(next) = then.chars().next().and_then(|mark| legend.status(mark)) else { break };
        status = next;
        (raw, rest) = then.split_at(mark_len(then));
    }
    let title = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ']' | ')' | ':'));
    // `**✅ Sync**`: the emphasis began before the mark.
    Some(Mark { raw, status, title })
}

fn trailing<'a>(text: &'a str, legend: &Legend, is_item: bool) -> Option<Mark<'a>> {
    /// Marks looked at from the end of a line, which may be megabytes of them.
    const LAST: usize = 8;
    let marks = text.char_indices().rev().filter_map(|(at, c)| Some((at, legend.status(c)?)));
    let mut tail: Vec<(usize, TaskStatus)> =
        marks.take(LAST).take_while(|(at, _)| words::is_bare_status(&text[at + mark_len(&text[*at..])..])).collect();
    tail.reverse();
    let &(first, _) = tail.first()?;
    // Of several the one that claims less counts.
    let &(at, status) = tail.iter().find(|(_, status)| *status != TaskStatus::Done).or(tail.first())?;
    let title = text[..first].trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '[' | '('));
    let sentence = is_item && title.trim_end_matches(is_symbol).trim_end().ends_with(['.', '!', '?']);
    (!sentence).then(|| Mark { raw: &text[at..at + mark_len(&text[at..])], status, title })
}

/// Bytes of the mark at the start of `text`, with the selector that makes it an emoji.
fn mark_len(text: &str) -> usize {
    let mut chars = text.chars();
    let first = chars.next().map_or(0, char::len_utf8);
    first + chars.next().filter(|&c| c == '\u{fe0f}').map_or(0, char::len_utf8)
}
