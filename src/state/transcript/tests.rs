//! The transcript pane's window: paging, stepping, following and folding, all by values.

use super::landmark::Jump;
use super::rows::{Part, Row, Shown, Waiting, rows};
use super::{Spot, Transcript, WINDOW};
use crate::domain::agent::AgentId;
use crate::domain::transcript::landmark::Landmark;
use crate::domain::transcript::{Body, Entry, Text};
use crate::event::{Page, PageRequest};

fn text(kept: &str) -> Text {
    Text { kept: kept.to_owned(), bytes: kept.len() as u64, lines: kept.lines().count() as u64 }
}

fn said(offset: u64, kept: &str) -> Entry {
    Entry { offset, at: None, sidechain: false, body: Body::Said(text(kept)) }
}

/// Records of ten bytes each, one row each, from `first` up to but not including `last`.
fn records(first: u64, last: u64) -> Vec<Entry> {
    (first..last).map(|n| said(n * 10, &format!("line {n}"))).collect()
}

fn page(request: PageRequest, first: u64, last: u64, of: u64) -> Page {
    Page { request, entries: records(first, last), start: first * 10, end: last * 10, size: of * 10 }
}

fn opened(first: u64, last: u64) -> Transcript {
    let mut transcript = Transcript::default();
    transcript.begin(AgentId("a".to_owned()), "a.jsonl".into());
    transcript.take(page(PageRequest::End, first, last, last));
    transcript
}

#[test]
fn a_new_transcript_follows_its_end() {
    let mut transcript = opened(100, 200);
    assert_eq!(transcript.view(80, 10), (Spot { entry: 90, row: 0 }, Spot { entry: 99, row: 0 }));
    transcript.append(records(200, 203), 2030);
    assert_eq!(transcript.view(80, 10).1.entry, 102);
}

#[test]
fn scrolling_up_stops_following_and_the_last_row_resumes_it() {
    let mut transcript = opened(0, 100);
    transcript.scroll(-1, 80, 10);
    assert!(!transcript.follow);
    let view = transcript.view(80, 10);
    transcript.append(records(100, 110), 1100);
    assert_eq!(transcript.view(80, 10), view, "news must not move what is being read");
    transcript.scroll(1000, 80, 10);
    assert!(transcript.follow);
}

#[test]
fn a_record_is_visited_in_the_window_at_once_and_elsewhere_when_its_page_has_come() {
    let mut transcript = opened(100, 200);
    transcript.visit(1500);
    assert_eq!((transcript.cursor.entry, transcript.follow), (50, false));
    transcript.visit(300);
    assert_eq!(transcript.wants(), Some(PageRequest::Around(300)));
    transcript.take(page(PageRequest::Around(300), 10, 60, 200));
    assert_eq!((transcript.entries[transcript.cursor.entry].offset, transcript.at_end), (300, false));
    assert_ne!(transcript.wants(), Some(PageRequest::Around(300)), "it has come");
}

#[test]
fn pages_join_without_a_gap_and_keep_the_view() {
    let mut transcript = opened(100, 200);
    transcript.scroll(-80, 80, 10);
    assert_eq!(transcript.wants(), Some(PageRequest::Before(1000)));
    let (top, cursor) = transcript.view(80, 10);
    let offset = transcript.entries[cursor.entry].offset;
    transcript.take(page(PageRequest::Before(1000), 40, 100, 200));
    assert_eq!(transcript.start, 400);
    let (new_top, new_cursor) = transcript.view(80, 10);
    assert_eq!(transcript.entries[new_cursor.entry].offset, offset);
    assert_eq!((new_top.entry, new_cursor.entry), (top.entry + 60, cursor.entry + 60));
}

#[test]
fn a_page_that_nobody_expects_any_more_is_dropped() {
    let mut transcript = opened(100, 200);
    transcript.take(page(PageRequest::Before(990), 40, 99, 200));
    assert_eq!((transcript.start, transcript.entries.len()), (1000, 100));
}

#[test]
fn the_window_is_bounded_at_both_ends() {
    let many = WINDOW as u64 * 2;
    let mut transcript = opened(many, many + 10);
    transcript.append(records(many + 10, many * 2), many * 20);
    assert!(transcript.entries.len() <= WINDOW + WINDOW / 8);
    assert_eq!(transcript.start, transcript.entries[0].offset);
    assert!(transcript.follow);

    transcript.scroll(isize::MIN / 2, 80, 10);
    let start = transcript.start;
    transcript.take(page(PageRequest::Before(start), 0, start / 10, many * 2));
    assert!(!transcript.at_end, "the far end was let go");
    assert_eq!(transcript.end, transcript.entries.last().map_or(0, |entry| entry.offset + 10));
}

#[test]
fn rows_of_long_entries_are_stepped_through_one_by_one() {
    let mut transcript = opened(0, 1);
    transcript.entries = vec![said(0, "one two three"), said(10, "four")];
    // Three columns of text: each word has a row (or two) of its own.
    let height = transcript.height(0, 7);
    assert!(height >= 3);
    let end = transcript.step(Spot::default(), 100, 7);
    assert_eq!(end, Spot { entry: 1, row: 0 });
    assert_eq!(transcript.step(end, -1, 7), Spot { entry: 0, row: height - 1 });
    assert_eq!(transcript.step(end, -100, 7), Spot::default());
}

#[test]
fn hidden_entries_are_stepped_over() {
    let mut transcript = opened(0, 30);
    transcript.set_filter("line 0".to_owned());
    transcript.follow = false;
    transcript.top = Spot::default();
    let (top, _) = transcript.view(80, 5);
    let next = transcript.step(top, 1, 80);
    assert_eq!((top.entry, next.entry), (0, 10));
}

#[test]
fn an_entry_folds_and_unfolds_by_itself_and_with_all_others() {
    let mut transcript = opened(0, 1);
    let result =
        Body::Result { id: "t".to_owned(), is_error: false, output: text("first\nsecond\nthird"), patch: None };
    transcript.entries = vec![Entry { offset: 0, at: None, sidechain: false, body: result }];
    assert_eq!(transcript.height(0, 40), 1);
    transcript.fold(40, 10);
    assert_eq!(transcript.height(0, 40), 3);
    transcript.unfolded = true;
    assert_eq!(transcript.height(0, 40), 1, "a single toggle is the opposite of all");
}

fn alone(entry: &Entry, width: u16, open: bool) -> Vec<Row> {
    rows(&Shown { entry, answer: None, waiting: Waiting::Untold, open }, width)
}

#[test]
fn a_folded_result_shows_its_first_line_and_how_much_there_is() {
    let body = Body::Result { id: "t".to_owned(), is_error: true, output: text("\n3 failed\nmore"), patch: None };
    let entry = Entry { offset: 0, at: None, sidechain: false, body };
    let rows = alone(&entry, 60, false);
    assert_eq!(rows[0].line.text, "3 failed · 3 lines");
    assert_eq!(rows[0].part, Part::Result { first: true, error: true });
}

#[test]
fn what_was_cut_off_is_said() {
    let cut = Text { kept: "beginning".to_owned(), bytes: 60_000_000, lines: 1 };
    let entry = Entry { offset: 0, at: None, sidechain: false, body: Body::Said(cut) };
    assert_eq!(alone(&entry, 60, false).last().map(|row| row.line.text.as_str()), Some("… 60.0 MB more"));
}

#[test]
fn escape_sequences_are_shown_and_not_sent() {
    let entry = said(0, "a\u{1b}[2Jb");
    assert!(alone(&entry, 60, false).iter().all(|row| !row.line.text.contains('\u{1b}')));
}

#[test]
fn the_filter_holds_for_entries_that_come_later() {
    let mut transcript = opened(100, 200);
    transcript.set_filter("line 7".to_owned());
    let shown = |transcript: &Transcript| (0..transcript.entries.len()).filter(|at| transcript.shows(*at)).count();
    let before = shown(&transcript);
    transcript.append(vec![said(2_000, "line 7 again"), said(2_010, "another")], 2_020);
    assert_eq!(shown(&transcript), before + 1);
    transcript.take(page(PageRequest::Before(1_000), 0, 100, 200));
    for at in 0..transcript.entries.len() {
        let text = super::searchable(&transcript.entries[at].body);
        assert_eq!(transcript.shows(at), super::admits("line 7", text), "{text}");
    }
    transcript.set_filter(String::new());
    assert_eq!(shown(&transcript), transcript.entries.len());
}

/// A call and, if asked for, its result, as records of ten bytes each.
fn call(n: u64, id: &str) -> Entry {
    let (name, summary) = ("Bash".to_owned(), format!("command {id}"));
    let body = Body::Call { id: id.to_owned(), name, summary, input: text("command: x"), detail: None };
    Entry { offset: n * 10, at: None, sidechain: false, body }
}

fn result(n: u64, id: &str, is_error: bool, output: &str) -> Entry {
    let body = Body::Result { id: id.to_owned(), is_error, output: text(output), patch: None };
    Entry { offset: n * 10, at: None, sidechain: false, body }
}

fn line(transcript: &Transcript, index: usize) -> String {
    transcript.rows(index, 80).first().map(|row| row.line.text.clone()).unwrap_or_default()
}

#[test]
fn a_result_joins_its_call_when_it_comes_and_has_no_rows_of_its_own() {
    let mut transcript = opened(0, 1);
    transcript.append(vec![call(1, "a"), call(2, "b")], 30);
    assert_eq!(line(&transcript, 1), "Bash command a  … running");
    transcript.append(vec![result(3, "b", false, "1\n2"), result(4, "a", false, "1\n2\n3")], 50);
    assert_eq!(line(&transcript, 1), "Bash command a  ✓ 3 lines");
    assert_eq!(line(&transcript, 2), "Bash command b  ✓ 2 lines");
    assert_eq!((transcript.height(3, 80), transcript.height(4, 80)), (0, 0));
    assert_eq!(transcript.last(80), Spot { entry: 2, row: 0 });
    assert_eq!((transcript.call_of(4), transcript.result_of(1), transcript.result_of(4)), (Some(1), Some(4), None));
}

#[test]
fn a_call_that_got_no_result_does_not_seem_to_run() {
    let mut transcript = opened(0, 1);
    transcript.append(vec![call(1, "a")], 20);
    transcript.resting = true;
    assert_eq!(line(&transcript, 1), "Bash command a  no result");
    transcript.resting = false;
    transcript.at_end = false;
    assert_eq!(line(&transcript, 1), "Bash command a", "its result may stand in what is not loaded");
}

#[test]
fn a_result_is_found_where_its_call_is() {
    let mut transcript = opened(0, 1);
    transcript.append(vec![call(1, "a"), call(2, "b"), result(3, "a", true, "x"), result(4, "b", false, "needle")], 50);
    transcript.visit(30);
    assert_eq!(transcript.cursor.entry, 1);
    transcript.cursor = Spot::default();
    assert_eq!(transcript.jump(Landmark::Error, true, 80, 10), Jump::Here);
    assert_eq!(transcript.cursor, Spot { entry: 1, row: 0 });
    assert_eq!(transcript.jump(Landmark::Error, true, 80, 10), Jump::Nothing, "there is but one");
    transcript.set_filter("needle".to_owned());
    assert!(transcript.shows(2) && !transcript.shows(1) && !transcript.shows(4));
}

#[test]
fn a_row_of_a_result_belongs_to_the_result() {
    let mut transcript = opened(0, 1);
    transcript.append(vec![call(1, "a"), said(20, "x"), result(3, "a", false, "out")], 40);
    transcript.unfolded = true;
    let entries: Vec<usize> = (0..3).map(|row| transcript.entry_at(Spot { entry: 1, row }, 80)).collect();
    assert_eq!(entries, [1, 1, 3]);
}

#[test]
fn the_first_and_the_last_row_are_reached_without_laying_out_what_is_between() {
    let mut transcript = opened(0, 4_000);
    transcript.scroll(isize::MIN / 2, 80, 10);
    assert_eq!(transcript.cursor, Spot::default());
    transcript.scroll(isize::MAX / 2, 80, 10);
    assert_eq!((transcript.cursor.entry, transcript.follow), (3_999, true));
    assert!(transcript.laid_out.len() < 100, "{} entries were laid out", transcript.laid_out.len());
}

#[test]
fn a_side_chain_stands_aside_in_the_file_of_its_parent_alone() {
    let mut transcript = opened(0, 1);
    transcript.append(vec![Entry { sidechain: true, ..said(10, "x") }], 20);
    assert!(transcript.is_aside(1) && !transcript.is_aside(0));
    transcript.path = "s/subagents/agent-1f.jsonl".into();
    assert!(!transcript.is_aside(1));
}
