//! What really goes to a terminal, played back in one: text from the world stays in its own place, whatever it is made of.

use std::num::NonZero;
use std::sync::{Arc, OnceLock};

use hnpwb::config::theme::Theme;
use hnpwb::domain::text;
use hnpwb::event::Event;
use hnpwb::state::State;
use hnpwb::ui::view;
use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::fixture::{self, draw, tell, tell_all};

const SIZE: (u16, u16) = (120, 40);

/// The bytes that draw a frame.
fn bytes(state: &State) -> Vec<u8> {
    let mut sent = Vec::new();
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
    let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut sent), TerminalOptions { viewport }).unwrap();
    terminal.draw(|frame| drop(view(state, frame))).unwrap();
    drop(terminal);
    sent
}

/// What a terminal shows of it, cell by cell.
fn shown(state: &State) -> Vec<Vec<String>> {
    let sent = bytes(state);
    let controls = String::from_utf8(sent.clone()).unwrap();
    let foreign = |text: &str| !text.starts_with('[');
    assert!(!controls.split('\u{1b}').skip(1).any(foreign), "other than CSI sequences: {controls:?}");
    let (columns, rows) = (NonZero::new(SIZE.0).unwrap(), NonZero::new(SIZE.1).unwrap());
    let mut parser = vt100::Parser::new(rows, columns, 0);
    parser.process(&sent);
    let screen = parser.screen();
    let row =
        |y| (0..SIZE.0).map(move |x| screen.cell(y, x).map(|cell| cell.contents().to_owned()).unwrap_or_default());
    (0..SIZE.1).map(|y| row(y).collect()).collect()
}

/// The sources whose text is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Transcript,
    Commits,
    Tasks,
}

fn world(place: Place, said: &str) -> State {
    let mut state = fixture::state(Theme::default(), str::to_owned);
    tell_all(&mut state, str::to_owned);
    match place {
        Place::Transcript => {
            let mut entries = fixture::entries(|_| "x".to_owned());
            entries.truncate(6);
            for entry in &mut entries {
                super::secrets::fill(&mut entry.body, said);
            }
            let event = fixture::transcript(state.transcript.generation, entries);
            tell(&mut state, event);
        }
        Place::Commits => {
            let mut git = fixture::git(str::to_owned);
            for row in git.repos.iter_mut().flat_map(|repo| &mut repo.rows) {
                said.clone_into(&mut row.commit.summary);
                said.clone_into(&mut row.commit.author);
                row.commit.refs.iter_mut().for_each(|name| said.clone_into(&mut name.name));
            }
            tell(&mut state, Event::Git(git));
        }
        Place::Tasks => {
            let mut board = fixture::board(str::to_owned);
            for task in board.tasks.iter_mut().map(Arc::make_mut) {
                said.clone_into(&mut task.title);
                task.assignee = Some(said.to_owned());
            }
            tell(&mut state, Event::Board(board));
        }
    }
    draw(&mut state, SIZE.0, SIZE.1);
    state
}

/// The rectangle that a place's text is drawn in: where frames with other text differ, inside the borders.
fn area(place: Place) -> Rect {
    static AREAS: OnceLock<[Rect; 3]> = OnceLock::new();
    let all = AREAS.get_or_init(|| [Place::Transcript, Place::Commits, Place::Tasks].map(measured));
    all[place as usize]
}

fn measured(place: Place) -> Rect {
    let long = |c: &str| shown(&world(place, &c.repeat(3_000)));
    let (one, other) = (long("a"), long("b"));
    let differs = |x: u16, y: u16| one[usize::from(y)][usize::from(x)] != other[usize::from(y)][usize::from(x)];
    let places: Vec<(u16, u16)> =
        (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))).filter(|(x, y)| differs(*x, *y)).collect();
    let bounds = |of: fn(&(u16, u16)) -> u16| {
        (places.iter().map(of).min().unwrap_or(0), places.iter().map(of).max().unwrap_or(0) + 1)
    };
    let ((left, right), (top, bottom)) = (bounds(|place| place.0), bounds(|place| place.1));
    // A pane reaches from border to border, and its rows to its last.
    let border = |x: u16| one[usize::from(top)][usize::from(x)] == "│";
    let left = (0..left).rev().find(|x| border(*x)).unwrap_or(0);
    let right = (right..SIZE.0).find(|x| border(*x)).unwrap_or(SIZE.0);
    let first =
        (0..top).rev().find(|y| "╭├".contains(&*one[usize::from(*y)][usize::from(left)])).map_or(top, |y| y + 1);
    let last = (bottom..SIZE.1).find(|y| "╰├".contains(&*one[usize::from(*y)][usize::from(left)])).unwrap_or(bottom);
    Rect::new(left + 1, first, right - left - 1, last - first)
}

/// Everything but the place's own area is as with harmless text.
fn check(place: Place, said: &str) -> Result<(), TestCaseError> {
    static HARMLESS: OnceLock<[Vec<Vec<String>>; 3]> = OnceLock::new();
    let harmless = HARMLESS.get_or_init(|| {
        [Place::Transcript, Place::Commits, Place::Tasks].map(|place| shown(&world(place, "harmless")))
    });
    let area = area(place);
    let drawn = shown(&world(place, said));
    for (y, (row, expected)) in (0..).zip(drawn.iter().zip(&harmless[place as usize])) {
        for (x, (cell, wanted)) in (0..).zip(row.iter().zip(expected)) {
            let inside = area.contains((x, y).into());
            prop_assert!(inside || cell == wanted, "{place:?} {said:?}: {cell:?} for {wanted:?} at {x},{y}\n{row:?}");
        }
    }
    Ok(())
}

/// Sequences that move, clear, scroll, retitle, answer and reset, whole and in part; and what changes widths.
const NASTY: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}[H",
    "\u{1b}[1;1H",
    "\u{1b}[99S",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;aGk=\u{1b}\\",
    "\u{1b}P$q\u{1b}\\",
    "\u{1b}c",
    "\u{1b}",
    "\u{9b}2J",
    "\u{9d}0;owned\u{9c}",
    "\u{90}",
    "\u{85}",
    "\r",
    "\u{8}\u{8}\u{8}",
    "\u{b}\u{c}",
    "\u{7f}",
    "\0",
    "\n",
    "\t",
    "\u{202e}",
    "\u{2067}",
    "\u{200b}",
    "\u{2028}",
    "\u{301}",
    "\u{ad}",
    "\u{e0041}",
    "字",
    "字字字字字字字字",
    "🇩🇪",
    "é",
    "e\u{301}",
    " ",
    "word",
    "m[31;1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_draws_outside_its_own_area(
        place in prop_oneof![Just(Place::Transcript), Just(Place::Commits), Just(Place::Tasks)],
        parts in prop::collection::vec(prop::sample::select(NASTY), 0..60),
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        // What plays it back leaves the replacement character out.
        check(place, &(parts.concat() + &String::from_utf8_lossy(&bytes).replace('\u{fffd}', "?")))?;
    }
}

#[test]
fn each_sequence_alone_stays_in_its_place() {
    for place in [Place::Transcript, Place::Commits, Place::Tasks] {
        check(place, &NASTY.concat()).unwrap();
        for part in
            ["\u{1b}[2J\u{1b}[1;1Hx", "\u{9b}2J", "\u{1b}]0;owned\u{7}", "\u{1b}c", "字字字字\r字", "a\u{8}\u{8}b"]
        {
            check(place, &part.repeat(30)).unwrap();
        }
    }
}

#[test]
fn what_is_measured_is_what_is_drawn() {
    let zalgo = format!("z{}", "\u{301}\u{489}".repeat(40));
    let family = "👩\u{200d}👩\u{200d}👧".repeat(3);
    let nasty = NASTY.iter().copied().chain([
        zalgo.as_str(),
        family.as_str(),
        "⏸\u{fe0f}1\u{fe0f}\u{20e3}❤\u{fe0f}\u{200d}🔥",
        "👩🏽\u{200d}🚀",
        "🇩🇪🇫",
        "क्षि नि",
        "각ᄀ",
        "ｶﾞ",
        "नमस्ते",
        "שָׁלוֹם",
        "﷽",
        "\u{301}lone",
        "a\u{200d}b\u{fe0f}",
        "葛\u{e0100}",
    ]);
    for text in nasty {
        let line = text::line(text);
        for text in [line.to_string(), format!("x{line}x"), text::cut(&line, 7).into_owned()] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 300, 1));
            let (end, _) = buffer.set_line(0, 0, &Line::from(text.as_str()), 300);
            assert_eq!(usize::from(end), text::width(&text), "{text:?}");
        }
    }
}
