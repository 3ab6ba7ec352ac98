//! Being told: which needs are worth a bell, when they are not, and what goes over the wire.

use std::collections::BTreeSet;

use jiff::civil::Time;

use super::attention::{Need, Urgency};
use super::text;

/// Bytes of a notification's title, and of its text.
const LABEL: usize = 160;
/// Needs that were told and are remembered.
const TOLD: usize = 4_096;

/// When and how the operator is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// The least urgent that is told; `None` tells nothing at all.
    pub tell: Option<Urgency>,
    /// Ring the terminal's bell.
    pub bell: bool,
    /// A sequence that the terminal makes a notification of.
    pub terminal: Terminal,
    /// A message in the status line of tmux.
    pub tmux: bool,
    /// `notify-send`, on the machine whose screen this is.
    pub desktop: bool,
    /// A program and its arguments.
    pub command: Vec<String>,
    /// Spans of the day in which nothing is told, the operator's time.
    pub quiet: Vec<(Time, Time)>,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            tell: Some(Urgency::Broken),
            bell: true,
            terminal: Terminal::Auto,
            tmux: true,
            desktop: true,
            command: Vec::new(),
            quiet: Vec::new(),
        }
    }
}

/// Sequences by which a terminal shows a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// None.
    Off,
    /// The one that the terminal is known to understand, if any.
    Auto,
    /// `OSC 9 ; TEXT`: iTerm2, WezTerm, Ghostty, Windows Terminal.
    Osc9,
    /// `OSC 777 ; notify ; TITLE ; TEXT`: foot, urxvt, Ghostty.
    Osc777,
    /// `OSC 99`: kitty, foot.
    Osc99,
}

impl Terminal {
    /// Names in configuration files.
    pub const NAMES: [&'static str; 5] = ["off", "auto", "osc9", "osc777", "osc99"];

    /// The sequence of a name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Off, Self::Auto, Self::Osc9, Self::Osc777, Self::Osc99];
        Self::NAMES.iter().position(|known| *known == name).map(|at| all[at])
    }

    /// What this terminal understands: `TERM_PROGRAM` and `TERM`, as the environment has them.
    #[must_use]
    pub fn resolved(self, program: &str, term: &str) -> Self {
        if self != Self::Auto {
            return self;
        }
        match (program, term) {
            (_, "xterm-kitty") => Self::Osc99,
            ("iTerm.app" | "WezTerm" | "ghostty", _) | (_, "xterm-ghostty" | "wezterm") => Self::Osc9,
            (_, term) if term.starts_with("foot") || term.starts_with("rxvt-unicode") => Self::Osc777,
            _ => Self::Off,
        }
    }

    /// The sequence that shows this; empty for none.
    pub fn sequence(self, notice: &Notice) -> String {
        // A semicolon ends a field, and every control character the sequence.
        let field = |text: &str| text.replace(';', ",");
        match self {
            Self::Off | Self::Auto => String::new(),
            Self::Osc9 => format!("\x1b]9;{}\x07", field(&format!("{}: {}", notice.title, notice.text))),
            Self::Osc777 => format!("\x1b]777;notify;{};{}\x07", field(&notice.title), field(&notice.text)),
            Self::Osc99 => {
                let (title, body) = (field(&notice.title), field(&notice.text));
                format!("\x1b]99;i=hnpwb:d=0:p=title;{title}\x1b\\\x1b]99;i=hnpwb:p=body;{body}\x1b\\")
            }
        }
    }
}

/// Wraps a sequence so that tmux hands it on to the terminal around it: only with `allow-passthrough on`.
pub fn through_tmux(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}

/// Something the operator is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Who or what, and what sort of need: `gate: push`.
    pub title: String,
    /// Why.
    pub text: String,
    /// How urgent.
    pub urgency: Urgency,
}

impl Notice {
    /// What is told about these needs; the first is the most urgent. `None` of none.
    pub fn of(needs: &[&Need]) -> Option<Self> {
        let first = needs.first()?;
        let line = |words: &str| {
            let clean = text::line(words);
            text::prefix(&clean, LABEL).to_owned()
        };
        let more = if needs.len() > 1 { format!(" (and {} more)", needs.len() - 1) } else { String::new() };
        Some(Self {
            title: line(&format!("{}: {}", first.kind, first.title)),
            text: line(&format!("{}{more}", first.reason)),
            urgency: first.urgency,
        })
    }
}

impl Notify {
    /// True in a span of the day in which nothing is told. A span may go past midnight.
    pub fn is_quiet(&self, time: Time) -> bool {
        self.quiet.iter().any(
            |(from, to)| {
                if from < to { (*from..*to).contains(&time) } else { time >= *from || time < *to }
            },
        )
    }
}

/// Which needs are known already: each is told once, however often it is looked at.
#[derive(Debug, Clone, Default)]
pub struct Told {
    known: BTreeSet<String>,
}

impl Told {
    /// The needs that were not there the last time.
    pub fn take<'a>(&mut self, needs: &'a [Need]) -> Vec<&'a Need> {
        let needs = &needs[..needs.len().min(TOLD)];
        let fresh = needs.iter().filter(|need| !self.known.contains(&need.key())).collect();
        self.known = needs.iter().map(Need::key).collect();
        fresh
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Time;

    use super::{Notice, Notify, Terminal, Told, through_tmux};
    use crate::domain::attention::{Need, Subject, Urgency};

    fn need(title: &str) -> Need {
        Need {
            urgency: Urgency::Broken,
            kind: "crashed",
            title: title.to_owned(),
            reason: "its process is gone; really".to_owned(),
            since: None,
            subject: Subject::Cluster(title.to_owned()),
        }
    }

    #[test]
    fn a_need_is_told_once_and_again_when_it_was_gone() {
        let mut told = Told::default();
        let (a, b) = ([need("a")], [need("a"), need("b")]);
        assert_eq!(told.take(&a).len(), 1);
        assert_eq!(told.take(&b), [&b[1]]);
        assert_eq!(told.take(&b).len(), 0);
        told.take(&[]);
        assert_eq!(told.take(&a).len(), 1);
    }

    #[test]
    fn nothing_in_a_text_ends_a_sequence() {
        let odd = Need { reason: "a;b\u{1b}]0;x\u{7}\nc".to_owned(), ..need("t;\u{9c}u") };
        let notice = Notice::of(&[&odd, &odd]).unwrap();
        for terminal in [Terminal::Osc9, Terminal::Osc777, Terminal::Osc99] {
            let sequence = terminal.sequence(&notice);
            let inner = sequence.trim_start_matches('\x1b').trim_end_matches(['\x07', '\\']).trim_end_matches('\x1b');
            let escapes = inner.matches('\x1b').count();
            assert_eq!(escapes, if terminal == Terminal::Osc99 { 2 } else { 0 }, "{sequence:?}");
            assert!(!inner.contains(['\n', '\u{9c}', '\u{7}']) && inner.contains("and 1 more"), "{sequence:?}");
        }
        assert_eq!(through_tmux("\x1b]9;x\x07"), "\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\");
    }

    #[test]
    fn quiet_hours_go_past_midnight() {
        let time = |hour| Time::new(hour, 30, 0, 0).unwrap();
        let quiet = Notify { quiet: vec![(time(22), time(7)), (time(12), time(13))], ..Notify::default() };
        for (hour, is_quiet) in
            [(21, false), (22, true), (23, true), (0, true), (6, true), (7, false), (12, true), (13, false)]
        {
            assert_eq!(quiet.is_quiet(time(hour)), is_quiet, "{hour}:30");
        }
    }

    #[test]
    fn a_terminal_is_known_by_its_name() {
        assert_eq!(Terminal::Auto.resolved("iTerm.app", "xterm-256color"), Terminal::Osc9);
        assert_eq!(Terminal::Auto.resolved("", "xterm-kitty"), Terminal::Osc99);
        assert_eq!(Terminal::Auto.resolved("", "foot-extra"), Terminal::Osc777);
        assert_eq!(Terminal::Auto.resolved("tmux", "tmux-256color"), Terminal::Off);
        assert_eq!(Terminal::Osc9.resolved("", ""), Terminal::Osc9);
        assert_eq!(Terminal::named("osc777"), Some(Terminal::Osc777));
    }
}
