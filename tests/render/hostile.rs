//! Text from the world: whatever stands in it, it stays in its place and no control character reaches the screen.

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use hnpwb::event::{DetailNews, Done, Event, SourceId};
use hnpwb::state::State;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use crate::detail;
use crate::fixture::{self, draw, fault, focus, keys, press, tell, tell_all};
use crate::{SIZES, row};

/// Escape sequences, C1 controls, a bell, bidi controls, tabs, line ends, wide and combining characters, joined emoji.
const HOSTILE: &str = "\u{1b}[31;1m\u{9b}2J\u{7}\u{202e}\u{2066}\tx\r\n字字é\u{301}👩\u{200d}🚀⏸\u{fe0f}\u{200b}\u{7f}\u{1b}]52;c;aGk=\u{7}";

fn hostile(text: &str) -> String {
    format!("{HOSTILE}{text}{HOSTILE}")
}

fn assert_harmless(frame: &Buffer, case: &str) {
    for cell in &frame.content {
        let bad =
            |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}');
        assert!(!cell.symbol().chars().any(bad), "{case}: {:?}", cell.symbol());
    }
    // The right border of the screen stands in one column: no row was pushed aside by what stands in it.
    let last = frame.area.width - 1;
    for y in 1..frame.area.height - 3 {
        let mut x = 0;
        while x < last {
            x += u16::try_from(frame[(x, y)].symbol().width()).unwrap().max(1);
        }
        assert_eq!(x, last, "{case}: a wide character lies over the border of row {y}");
        assert!(
            "│╭╮╯╰┤".contains(frame[(last, y)].symbol()),
            "{case}: row {y} ends in {:?}",
            frame[(last, y)].symbol()
        );
    }
}

/// The library drops controls by itself, and what is left of a sequence would pass for text: it must be seen for what it is.
fn assert_visible(frame: &Buffer, case: &str) {
    for y in 0..frame.area.height {
        let shown = row(frame, y);
        for (at, _) in shown.match_indices("[31;") {
            // A popup may stand on the sign, and a narrow column may break behind it.
            let broken = || shown[..at].ends_with(' ') && y > 0 && row(frame, y - 1).contains("␛ ");
            let marked = shown[..at].ends_with(['␛', '│', '╮', '╯']) || broken();
            assert!(marked, "{case}: an escape sequence without its sign: {shown}");
        }
    }
}

fn world() -> State {
    let mut state = fixture::state(Theme::default(), hostile);
    tell_all(&mut state, hostile);
    state
}

#[test]
fn hostile_text_in_every_field_of_every_pane_is_harmless() {
    for pane in PaneKind::ALL {
        for (width, height) in SIZES {
            for unfolded in [false, true] {
                let mut state = world();
                focus(&mut state, pane);
                keys(&mut state, if unfolded { "zZ" } else { "z" });
                let case = format!("{} {width}x{height}", pane.name());
                let frame = draw(&mut state, width, height);
                assert_harmless(&frame, &case);
                assert_visible(&frame, &case);
                keys(&mut state, "/");
                state.screen.filter.as_mut().unwrap().paste(HOSTILE);
                assert_harmless(&draw(&mut state, width, height), &case);
            }
        }
    }
}

#[test]
fn hostile_text_in_popups_is_harmless() {
    for (width, height) in SIZES {
        for pane in PaneKind::ALL {
            let mut state = world();
            focus(&mut state, pane);
            keys(&mut state, "jj");
            press(&mut state, KeyCode::Enter);
            let frame = draw(&mut state, width, height);
            assert_harmless(&frame, &format!("details of {}", pane.name()));
            assert_visible(&frame, &format!("details of {}", pane.name()));
        }
        for pages in 0..4 {
            let mut state = world();
            focus(&mut state, PaneKind::Drift);
            keys(&mut state, "j");
            press(&mut state, KeyCode::Enter);
            let (view, row) = state.drift.current().unwrap();
            let detail = Ok(detail::object_detail(hostile));
            let news = DetailNews { fabric: view.fabric.clone(), key: row.key.clone(), detail };
            tell(&mut state, Event::Done(Done::DriftDetail(Box::new(news))));
            (0..pages).for_each(|_| press(&mut state, KeyCode::Tab));
            let frame = draw(&mut state, width, height);
            assert_harmless(&frame, &format!("page {pages} of an object"));
            assert_visible(&frame, &format!("page {pages} of an object"));
        }
        for typed in ["nx", "na", "@", ":"] {
            let mut state = world();
            keys(&mut state, typed);
            tell(&mut state, Event::Done(Done::Journal(Ok(vec![hostile("approved")]))));
            let frame = draw(&mut state, width, height);
            assert_harmless(&frame, typed);
            assert_visible(&frame, typed);
        }
    }
}

#[test]
fn hostile_text_in_faults_is_harmless() {
    for pane in PaneKind::ALL {
        let mut state = world();
        let sources = [SourceId::Agents, SourceId::Transcript, SourceId::Board, SourceId::Git, SourceId::Gates];
        for source in sources {
            tell(&mut state, Event::SourceFault(source, fault(hostile, "reading", "it", "broken", "mend it")));
        }
        focus(&mut state, pane);
        keys(&mut state, "z");
        let frame = draw(&mut state, 80, 24);
        assert_harmless(&frame, pane.name());
        assert_visible(&frame, pane.name());
    }
}

#[test]
fn a_popup_keeps_its_border_where_it_stands_on_half_a_character() {
    for width in 200..210 {
        let mut state = fixture::state(Theme::default(), |_| "字".repeat(40));
        tell_all(&mut state, |_| "字".repeat(40));
        keys(&mut state, "?");
        let frame = draw(&mut state, width, 60);
        let starts = |x: u16, y: u16| (0..6).map(|n| frame[(x + n, y)].symbol()).collect::<String>() == "╭ Keys";
        let corner = frame.area.positions().find(|place| place.x + 6 < width && starts(place.x, place.y)).unwrap();
        let bottom = (corner.y + 1..60).find(|y| frame[(corner.x, *y)].symbol() == "╰").unwrap();
        for y in corner.y + 1..bottom {
            assert_eq!(frame[(corner.x, y)].symbol(), "│", "{width} columns, row {y}");
        }
    }
}
