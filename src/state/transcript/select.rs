//! Selecting rows, and what is selected as a passage that can be handed on.

use std::borrow::Cow;
use std::mem::discriminant;

use crate::domain::text;
use crate::domain::transcript::passage::Passage;
use crate::domain::transcript::{Body, Text};

use super::rows::size;
use super::{Spot, Transcript, searchable};

/// Bytes of a passage at most: it is to be read by somebody.
const MOST: usize = 1_000_000;

/// Columns of an agent's name at most: it may be all of its first prompt.
const NAME: usize = 60;

impl Transcript {
    /// Begins to select at the cursor, or leaves off.
    pub fn select(&mut self, width: u16, height: u16) {
        if self.anchor.take().is_some() {
            return;
        }
        let (top, cursor) = self.view(width, height);
        self.anchor = self.key(cursor.entry).map(|key| (key, cursor.row));
        (self.top, self.cursor, self.follow) = (top, cursor, false);
    }

    /// Leaves off selecting; false if nothing was selected.
    pub fn unselect(&mut self) -> bool {
        self.anchor.take().is_some()
    }

    /// True while rows are being selected.
    pub fn is_selecting(&self) -> bool {
        self.anchor.is_some()
    }

    /// The first and the last selected row, as far as they are in the window; `cursor` as the view has it.
    pub fn selected(&self, cursor: Spot) -> Option<(Spot, Spot)> {
        let (key, row) = self.anchor?;
        let anchor = match key.0 {
            before if before < self.start => Spot::default(),
            behind if behind >= self.end => Spot { entry: self.entries.len(), row: 0 },
            _ => Spot { entry: self.index(key), row },
        };
        Some((anchor.min(cursor), anchor.max(cursor)))
    }

    /// What is selected, or else the entry at the cursor. The error says why it cannot be taken.
    pub fn passage(&self, agent: &str, width: u16, height: u16) -> Result<Passage, String> {
        let (_, cursor) = self.view(width, height);
        if let Some(((offset, _), _)) = self.anchor
            && !(self.start..self.end).contains(&offset)
        {
            return Err("the selection is longer than what is loaded: select less".to_owned());
        }
        let rows = self.height(cursor.entry, width);
        let entry = (Spot { row: 0, ..cursor }, Spot { row: rows.saturating_sub(1), ..cursor });
        let (from, to) = self.selected(cursor).unwrap_or(entry);
        let mut parts: Vec<(&Body, Cow<'_, str>)> = Vec::new();
        let mut first = None;
        let mut bytes = 0;
        for index in from.entry..=to.entry.min(self.entries.len().saturating_sub(1)) {
            let texts = self.row_texts(index, width);
            let Some(last) = texts.len().checked_sub(1) else { continue };
            let from = if index == from.entry { from.row } else { 0 };
            let to = if index == to.entry { to.row.min(last) } else { last };
            if from > to {
                continue;
            }
            // Rows without text before a turn need not be selected with it.
            let whole = to == last && texts.iter().take(from).all(String::is_empty);
            let text = self.whole(index);
            let part = if whole { text } else { Cow::Owned(joined(&text, &texts, from, to)) };
            if part.trim().is_empty() {
                continue;
            }
            bytes += part.len();
            if bytes > MOST {
                return Err(format!("the selection is larger than {}: select less", size(MOST as u64)));
            }
            first = first.or(Some(index));
            parts.push((&self.entries[index].body, part));
        }
        let Some(first) = first.and_then(|first| self.entries.get(first)) else {
            return Err("nothing is selected".to_owned());
        };
        Ok(Passage {
            text: text::clean(&paragraphs(&parts)).into_owned(),
            agent: text::cut(&text::line(agent), NAME).into_owned(),
            file: self.path.clone(),
            offset: first.offset,
            at: first.at,
        })
    }

    /// The rows of an entry as they are drawn, without their signs.
    fn row_texts(&self, index: usize, width: u16) -> Vec<String> {
        self.rows(index, width).iter().map(|row| row.line.text.clone()).collect()
    }

    /// All the text of an entry. Of a call it is what is shown of it, with the result if that has no rows of its own.
    fn whole(&self, index: usize) -> Cow<'_, str> {
        let Some(entry) = self.entries.get(index) else { return Cow::Borrowed("") };
        match &entry.body {
            Body::Prompt(text)
            | Body::Said(text)
            | Body::Plain(text)
            | Body::Thinking(text)
            | Body::Summary(text)
            | Body::Result { output: text, .. } => kept(text),
            Body::Call { name, summary, input, .. } => {
                let mut out = format!("{name} {summary}").trim_end().to_owned();
                if self.is_open(index) {
                    out.push('\n');
                    out.push_str(&kept(input));
                }
                if let Some(result) = self.result_of(index) {
                    out.push('\n');
                    out.push_str(&self.whole(result));
                }
                Cow::Owned(out)
            }
            other => Cow::Borrowed(searchable(other)),
        }
    }
}

/// A text with a last line that says what of it is not kept here.
fn kept(text: &Text) -> Cow<'_, str> {
    match text.bytes.saturating_sub(text.kept.len() as u64) {
        0 => Cow::Borrowed(text.kept.trim_end()),
        rest => Cow::Owned(format!("{}\n… {} more", text.kept, size(rest))),
    }
}

/// Lines of one kind stand one below the other, like those of a log; everything else stands apart, and so do prompts.
fn paragraphs(parts: &[(&Body, Cow<'_, str>)]) -> String {
    let mut out = String::new();
    let mut before = None;
    for (body, part) in parts {
        let part = part.trim_end();
        let kind = (!matches!(body, Body::Prompt(_))).then(|| discriminant(*body));
        let line = kind.filter(|_| !part.contains('\n'));
        if !out.is_empty() {
            out.push_str(if line.is_some() && line == before { "\n" } else { "\n\n" });
        }
        out.push_str(part);
        before = line;
    }
    out
}

/// Rows `from` to `to` with the line ends of the text that they were wrapped from, as far as it can be told where they stand in it.
fn joined(text: &str, rows: &[String], from: usize, to: usize) -> String {
    let text = text::clean(text);
    let mut rest: &str = &text;
    let mut out = String::new();
    for (at, row) in rows.iter().enumerate().take(to + 1) {
        let words = row.trim();
        let gap = rest.len() - rest.trim_start().len();
        let mut glue = "\n";
        if let Some(after) = rest[gap..].strip_prefix(words).filter(|_| !words.is_empty()) {
            if !rest[..gap].contains('\n') {
                glue = if gap == 0 { "" } else { " " };
            }
            rest = after;
        }
        if at > from {
            out.push_str(glue);
        }
        if at >= from {
            out.push_str(if at > from && glue != "\n" { words } else { row.trim_end() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::joined;
    use crate::domain::agent::AgentId;
    use crate::domain::text;
    use crate::domain::transcript::{Body, Entry, Text};
    use crate::event::{Page, PageRequest};
    use crate::state::transcript::Transcript;

    fn text(kept: &str) -> Text {
        Text { kept: kept.to_owned(), bytes: kept.len() as u64, lines: kept.lines().count() as u64 }
    }

    fn opened(bodies: Vec<Body>) -> Transcript {
        let entries = bodies.into_iter().enumerate();
        let entries: Vec<Entry> =
            entries.map(|(n, body)| Entry { offset: n as u64 * 10, at: None, sidechain: false, body }).collect();
        let size = entries.len() as u64 * 10;
        let mut transcript = Transcript::default();
        transcript.begin(AgentId("a".to_owned()), "a.jsonl".into());
        transcript.take(Page { request: PageRequest::End, entries, start: 0, end: size, size });
        transcript
    }

    fn taken(transcript: &Transcript) -> String {
        transcript.passage("api", 22, 10).map_or_else(|why| why, |passage| passage.text)
    }

    #[test]
    fn a_whole_entry_is_its_text_unwrapped() {
        let long = "one two three four five six\n\nseven eight nine ten eleven";
        let mut transcript = opened(vec![Body::Said(text("before")), Body::Prompt(text(long))]);
        assert_eq!(taken(&transcript), long, "without a selection it is the entry at the cursor");
        transcript.select(22, 10);
        transcript.scroll(-4, 22, 10);
        assert_eq!(taken(&transcript), long, "the space before a turn need not be selected");
    }

    #[test]
    fn rows_of_a_part_are_joined_as_they_were_written() {
        let mut transcript = opened(vec![Body::Plain(text("one two three four five six\n  seven eight nine\nten"))]);
        transcript.scroll(-1, 22, 10);
        transcript.select(22, 10);
        transcript.scroll(-1, 22, 10);
        assert_eq!(taken(&transcript), "five six\n  seven eight nine");
        assert!(transcript.is_selecting() && transcript.unselect() && !transcript.unselect());
    }

    #[test]
    fn a_word_that_was_broken_is_whole_again_and_what_is_not_in_the_text_keeps_its_rows() {
        let source = "abcdefgh ij";
        let rows: Vec<String> = text::wrap(source, 4).into_iter().map(Cow::into_owned).collect();
        assert_eq!(joined(source, &rows, 0, rows.len() - 1), source);
        let drawn = ["• abc".to_owned(), "• def".to_owned()];
        assert_eq!(joined("- abc\n- def", &drawn, 0, 1), "• abc\n• def");
    }

    #[test]
    fn lines_of_a_log_stand_together_and_longer_texts_apart() {
        let mut transcript = opened(vec![
            Body::Said(text("one")),
            Body::Said(text("two")),
            Body::Result { id: "t".to_owned(), is_error: false, output: text("three\nfour"), patch: None },
        ]);
        transcript.select(22, 10);
        transcript.scroll(-2, 22, 10);
        assert_eq!(taken(&transcript), "one\ntwo\n\nthree\nfour", "of folded text all of it is taken");
        let passage = transcript.passage("api", 22, 10).unwrap();
        assert_eq!((passage.offset, passage.agent.as_str()), (0, "api"));
        let mut transcript = opened(vec![Body::Prompt(text("one")), Body::Prompt(text("two"))]);
        transcript.select(22, 10);
        transcript.scroll(-2, 22, 10);
        assert_eq!(taken(&transcript), "one\n\ntwo");
        assert!(transcript.passage(&"name ".repeat(50), 22, 10).is_ok_and(|passage| passage.agent.len() < 80));
    }

    #[test]
    fn what_was_cut_off_is_said_and_what_is_too_large_is_refused() {
        let cut = Text { kept: "beginning".to_owned(), bytes: 60_000_000, lines: 1 };
        assert_eq!(taken(&opened(vec![Body::Said(cut)])), "beginning\n… 60.0 MB more");
        let mut transcript = opened(vec![Body::Said(text(&"x".repeat(60_000))); 20]);
        transcript.select(22, 10);
        transcript.scroll(isize::MIN / 2, 22, 10);
        assert!(taken(&transcript).contains("larger than"), "{}", taken(&transcript).len());
    }

    #[test]
    fn a_selection_that_left_the_window_is_not_taken_in_part() {
        let mut transcript = opened(vec![Body::Said(text("one"))]);
        transcript.select(22, 10);
        let entries = vec![Entry { offset: 500, at: None, sidechain: false, body: Body::Said(text("far")) }];
        transcript.take(Page { request: PageRequest::Around(500), entries, start: 500, end: 510, size: 900 });
        assert!(taken(&transcript).contains("longer than what is loaded"));
        let (_, cursor) = transcript.view(22, 10);
        assert!(transcript.selected(cursor).is_some(), "what is in the window of it is still marked");
    }

    #[test]
    fn while_rows_are_selected_the_view_does_not_follow() {
        let mut transcript = opened(vec![Body::Said(text("one")), Body::Said(text("two"))]);
        transcript.select(22, 10);
        assert!(!transcript.follow);
        transcript.to_end();
        transcript.scroll(1, 22, 10);
        assert!(!transcript.follow && transcript.view(22, 10).1.entry == 1);
        transcript.unselect();
        transcript.to_end();
        assert!(transcript.follow);
    }
}
