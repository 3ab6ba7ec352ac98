//! Markdown laid out in rows for a terminal, with nothing of its text lost.
//!
//! What agents write is often not quite Markdown, and what they write about is often code. So the marks that are hidden are
//! only those that surely are marks: HTML is shown as text, escapes and entities as they were written, a glob or `__init__`
//! keeps its stars and lines, and whatever the parser leaves out (definitions of links, what stands in no cell of a table)
//! is shown as it stands. Line breaks stay where the author made them.

mod containers;
mod table;

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::text::styled::{Ink, Look, Styled};
use containers::Containers;
use table::Table;

/// Columns of a rule at most.
const RULE: usize = 40;

/// Lays Markdown out in rows of at most `columns` columns (a grapheme that is wider stands alone in its row), `max_rows` of
/// them at most. A blank line between two blocks is kept as one blank row.
pub fn layout(source: &str, columns: usize, max_rows: usize) -> Vec<Styled> {
    let columns = columns.max(1);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page { source, columns, max_rows, ..Page::default() };
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        if page.rows.len() >= max_rows {
            break;
        }
        page.take(event, range);
    }
    page.finish()
}

/// A page being laid out.
#[derive(Debug, Default)]
struct Page<'s> {
    source: &'s str,
    columns: usize,
    max_rows: usize,
    rows: Vec<Styled>,
    /// Up to here the source was shown, or is marks that are not.
    shown: usize,
    containers: Containers,
    /// The lines of the block being read.
    lines: Vec<Styled>,
    look: Vec<Look>,
    emphases: Vec<Emphasis>,
    links: Vec<Link>,
    /// How many of them are shown as they were written, and so what is in them is not shown again.
    verbatim: usize,
    code: Option<Code>,
    table: Option<Table>,
}

/// A block of code being read.
#[derive(Debug, Default)]
struct Code {
    language: String,
    text: String,
}

/// An emphasis being read.
#[derive(Debug)]
struct Emphasis {
    /// Its marks are shown.
    verbatim: bool,
    /// Bytes of its marks at each end.
    marks: usize,
}

/// A link being read.
#[derive(Debug)]
struct Link {
    /// It is shown as it was written.
    verbatim: bool,
    /// Where its text begins.
    text: usize,
}

impl<'s> Page<'s> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        if self.verbatim > 0 && !matches!(event, Event::End(TagEnd::Link | TagEnd::Image)) {
            if let Event::Start(Tag::Link { .. } | Tag::Image { .. }) = event {
                self.links.push(Link { verbatim: false, text: range.start });
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => match &mut self.code {
                // Lines of code begin behind the marks of the containers; the parser has already left those out.
                Some(code) => {
                    code.text.push_str(&text);
                    self.shown = self.shown.max(range.end);
                }
                None => self.verbatim(range),
            },
            Event::Code(text) => {
                self.reach(range.start);
                let look = Look { ink: Ink::Code, ..self.look() };
                self.line().push(&text, look);
                self.shown = range.end;
            }
            Event::SoftBreak => {
                self.reach(range.start);
                self.shown = range.end;
                self.lines.push(Styled::default());
            }
            Event::HardBreak => {
                self.reach(range.start);
                // The backslash may be meant for a shell.
                if self.piece(range.clone()).starts_with('\\') {
                    let look = self.look();
                    self.line().push("\\", look);
                }
                self.shown = range.end;
                self.lines.push(Styled::default());
            }
            Event::Rule => {
                self.block(range.start);
                self.lines.push(Styled::new(&"─".repeat(self.columns.min(RULE)), Ink::Dim));
                self.shown = range.end;
                self.flush();
            }
            Event::TaskListMarker(done) => {
                self.reach(range.start);
                self.containers.mark_task(done);
                self.shown = range.end;
            }
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_) => self.verbatim(range),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::BlockQuote(_) => {
                self.block(range.start);
                self.containers.quote();
            }
            Tag::Item => {
                self.block(range.start);
                let marker = marker(self.piece(range.clone()));
                self.shown = (range.start + marker.len()).min(range.end).max(self.shown);
                self.containers.item(marker.trim());
            }
            Tag::Heading { .. } => {
                self.block(range.start);
                let strong = self.piece(range).trim_start().chars().take_while(|c| *c == '#').count() < 3;
                self.look.push(Look { ink: Ink::Heading, strong, ..Look::default() });
            }
            Tag::CodeBlock(kind) => {
                self.block(range.start);
                let mut code = Code::default();
                if let CodeBlockKind::Fenced(_) = kind {
                    let fence = self.piece(range.clone());
                    let first = fence.find('\n').unwrap_or(fence.len());
                    // As it was written: the parser has decoded it.
                    fence[..first].trim_start().trim_start_matches(['`', '~']).trim().clone_into(&mut code.language);
                    self.shown = range.start + first;
                }
                self.code = Some(code);
            }
            Tag::Table(_) => {
                self.block(range.start);
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::Emphasis => self.emphasis(&range, 1, |look| look.emphasis = true),
            Tag::Strong => self.emphasis(&range, 2, |look| look.strong = true),
            Tag::Strikethrough => {
                let marks = if self.piece(range.clone()).starts_with("~~") { 2 } else { 1 };
                self.emphasis(&range, marks, |look| look.struck = true);
            }
            Tag::Link { link_type, .. } | Tag::Image { link_type, .. } => self.link(link_type, range),
            Tag::TableCell => {}
            Tag::Paragraph
            | Tag::List(_)
            | Tag::HtmlBlock
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => self.block(range.start),
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.containers.leave();
            }
            TagEnd::Item => {
                self.flush();
                if self.containers.is_fresh() {
                    self.lines.push(Styled::default());
                    self.flush();
                }
                self.containers.leave();
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.look.pop();
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::Table => self.end_table(range),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.lines);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell.into_iter().fold(Styled::default(), |mut all, line| {
                        all.extend(&line);
                        all
                    }));
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.end_emphasis(&range),
            TagEnd::Link | TagEnd::Image => self.end_link(&range),
            TagEnd::TableHead | TagEnd::TableRow => {}
            TagEnd::Paragraph
            | TagEnd::List(_)
            | TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => self.flush(),
        }
    }

    /// A piece of the source; nothing where it is none.
    fn piece(&self, range: Range<usize>) -> &'s str {
        self.source.get(range).unwrap_or_default()
    }

    /// The look of inline text here.
    fn look(&self) -> Look {
        self.look.last().copied().unwrap_or_default()
    }

    /// The line being read.
    fn line(&mut self) -> &mut Styled {
        if self.lines.is_empty() {
            self.lines.push(Styled::default());
        }
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    /// Shows a piece of the source as it stands.
    fn verbatim(&mut self, range: Range<usize>) {
        self.reach(range.start);
        let look = self.look();
        let piece = self.piece(range.start.max(self.shown)..range.end);
        for (n, line) in piece.split('\n').enumerate() {
            if n > 0 {
                self.lines.push(Styled::default());
            }
            self.line().push(line.strip_suffix('\r').unwrap_or(line), look);
        }
        self.shown = range.end.max(self.shown);
    }

    /// What is left between what was shown and `at` are marks; what is not is shown.
    fn reach(&mut self, at: usize) {
        let left = self.piece(self.shown..at);
        if left.chars().all(is_mark) {
            self.shown = self.shown.max(at);
            return;
        }
        if let Some(table) = &mut self.table {
            table.broken = true;
            return;
        }
        let look = self.look();
        for (n, line) in left.trim_matches('\n').lines().enumerate() {
            if n > 0 {
                self.lines.push(Styled::default());
            }
            self.line().push(line, look);
        }
        self.shown = at;
    }

    /// A block begins at `at`: the one before it ends here, if it has not.
    fn block(&mut self, at: usize) {
        self.flush();
        let left = self.piece(self.shown..at);
        self.gap(self.shown + left.len() - left.trim_start().len());
        self.reach(at);
        self.flush();
        self.gap(at);
        self.shown = self.shown.max(at);
    }

    /// A blank row, if there is a blank line before what begins at `at`.
    fn gap(&mut self, at: usize) {
        let is_open = self.rows.last().is_some_and(|row| !row.is_empty());
        if is_open && self.rows.len() < self.max_rows && follows_blank_line(self.source, at) {
            self.rows.push(Styled::default());
        }
    }

    /// Lays out the lines of the block that was read.
    fn flush(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        if lines.last().is_some_and(Styled::is_empty) && lines.len() > 1 {
            lines.pop();
        }
        for line in lines {
            let (prefix, line) = self.containers.prefix(line, self.columns);
            let room = self.columns.saturating_sub(prefix.width()).max(1);
            for (n, row) in line.wrap(room, self.max_rows).into_iter().enumerate() {
                let mut out = if n == 0 { prefix.clone() } else { self.containers.hanging(self.columns) };
                out.extend(&row);
                let end = out.text.trim_end_matches(' ').len();
                self.rows.push(if end < out.text.len() { out.slice(0..end) } else { out });
            }
            if self.rows.len() >= self.max_rows {
                self.rows.truncate(self.max_rows);
                return;
            }
        }
    }

    fn end_code(&mut self) {
        let code = self.code.take().unwrap_or_default();
        if !code.language.is_empty() {
            self.lines.push(Styled::new(&code.language, Ink::Dim));
        }
        for line in code.text.lines() {
            let mut out = Styled::new("  ", Ink::Code);
            out.push_verbatim(line, Ink::Code);
            self.lines.push(out);
        }
        // A blank line at the end of the code is not the one that ends a block.
        self.lines.push(Styled::default());
        self.flush();
    }

    fn end_table(&mut self, range: Range<usize>) {
        self.reach(range.end);
        let table = self.table.take().unwrap_or_default();
        let room = self.columns.saturating_sub(self.containers.hanging(self.columns).width());
        match table.lines(room) {
            Some(lines) => self.lines = lines,
            None => {
                self.lines.clear();
                for line in self.piece(range.clone()).trim_end().lines() {
                    self.lines.push(Styled::new(line, Ink::Plain));
                }
            }
        }
        self.shown = self.shown.max(range.end);
        self.flush();
    }

    fn emphasis(&mut self, range: &Range<usize>, marks: usize, change: impl Fn(&mut Look)) {
        self.reach(range.start);
        let verbatim = !is_emphasis(self.source, range, marks);
        self.emphases.push(Emphasis { verbatim, marks });
        let mut look = self.look();
        let inner = (range.start + marks).min(range.end);
        if verbatim {
            let marks = self.piece(range.start..inner);
            self.line().push(marks, look);
        } else {
            change(&mut look);
        }
        self.look.push(look);
        self.shown = self.shown.max(inner);
    }

    fn end_emphasis(&mut self, range: &Range<usize>) {
        let Some(emphasis) = self.emphases.pop() else { return };
        let inner = range.end.saturating_sub(emphasis.marks).max(range.start);
        self.reach(inner);
        self.look.pop();
        if emphasis.verbatim {
            let look = self.look();
            let marks = self.piece(inner..range.end);
            self.line().push(marks, look);
        }
        self.shown = self.shown.max(range.end);
    }

    fn link(&mut self, kind: LinkType, range: Range<usize>) {
        self.reach(range.start);
        let verbatim = !matches!(kind, LinkType::Inline | LinkType::Autolink | LinkType::Email);
        let look = Look { ink: Ink::Link, ..self.look() };
        self.look.push(look);
        if verbatim {
            self.verbatim(range.clone());
        }
        self.verbatim += usize::from(verbatim);
        self.links.push(Link { verbatim, text: self.shown.max(range.start) });
    }

    fn end_link(&mut self, range: &Range<usize>) {
        let Some(link) = self.links.pop() else { return };
        self.verbatim -= usize::from(link.verbatim);
        if self.verbatim > 0 {
            return;
        }
        self.look.pop();
        if link.verbatim {
            return;
        }
        // `](target "title")`, as it was written.
        let rest = self.piece(self.shown..range.end);
        let text = self.piece(link.text..self.shown);
        let text = text.strip_prefix('!').unwrap_or(text);
        let text = text.strip_prefix('[').unwrap_or(text);
        if let Some((_, target)) = rest.split_once('(') {
            let target = target.strip_suffix(')').unwrap_or(target).trim();
            if !target.is_empty() && text != target {
                let look = Look { ink: Ink::Dim, ..Look::default() };
                self.line().push(&format!(" ({target})"), look);
            }
        }
        self.shown = self.shown.max(range.end);
    }

    fn finish(mut self) -> Vec<Styled> {
        if self.rows.len() < self.max_rows {
            self.flush();
            self.block(self.source.len());
        }
        while self.rows.last().is_some_and(Styled::is_empty) {
            self.rows.pop();
        }
        if self.rows.is_empty() {
            // Of marks alone all are shown.
            let lines = self.source.trim().lines().map(|line| Styled::new(line, Ink::Plain));
            self.rows = lines.flat_map(|line| line.wrap(self.columns, self.max_rows)).take(self.max_rows).collect();
        }
        self.rows
    }
}

/// The marker of a list's item, with the space before it.
fn marker(item: &str) -> &str {
    let start = item.len() - item.trim_start_matches([' ', '\t']).len();
    let digits = item[start..].bytes().take_while(u8::is_ascii_digit).count();
    &item[..(start + digits + 1).min(item.len())]
}

/// True for what stands between the pieces of a text and says only how it is put together.
fn is_mark(c: char) -> bool {
    c.is_whitespace() || "*_~`#>-+=|[]()<>!:".contains(c)
}

/// True if the line before the one that `at` is on is blank, the marks of quotes aside.
fn follows_blank_line(source: &str, at: usize) -> bool {
    let Some((above, _)) = source.get(..at).and_then(|before| before.rsplit_once('\n')) else { return false };
    let line = above.rsplit('\n').next().unwrap_or_default();
    line.chars().all(|c| c.is_whitespace() || c == '>')
}

/// Whether marks of emphasis are only that. Within a word or a path they may be meant as they stand, and a single word between
/// low lines is more often a name.
fn is_emphasis(source: &str, range: &Range<usize>, marks: usize) -> bool {
    let before = source[..range.start].chars().next_back();
    let after = source[range.end..].chars().next();
    let inner = source.get(range.start + marks..range.end.saturating_sub(marks)).unwrap_or_default();
    let mark = source[range.start..].chars().next();
    let opens = before.is_none_or(|c| c.is_whitespace() || "([{<\"'*_~—–-:,;.>|„“«".contains(c));
    let closes = after.is_none_or(|c| c.is_whitespace() || ")]}>\"'*_~—–-:,;.!?…|“”»".contains(c));
    let doubled = marks == 2 || mark != Some('~');
    // `__init__.py`
    let names = mark == Some('_') && !inner.contains(char::is_whitespace);
    opens && closes && doubled && !names
}

#[cfg(test)]
mod tests;
