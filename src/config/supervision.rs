//! `[signals]` and `[notify]`: when the operator is told about an agent, and how. From the user's `config.toml`, and from a
//! session's file, whose values come before the user's.

use jiff::civil::Time;
use toml::de::{DeTable, DeValue};

use super::document::{Checker, Section, read};
use super::paths::Paths;
use super::problem::{Problem, unknown};
use super::session::parse_duration;
use crate::domain::attention::Urgency;
use crate::domain::notify::{Notify, Terminal};
use crate::domain::signal::Levels;
use crate::domain::signal::levels::Value;

/// Words of one list that are read.
const NAMES: usize = 500;

/// What a file says about supervision; what it leaves out is as it was.
#[derive(Debug, Clone, Default)]
pub struct Supervision {
    /// Signal, name of the value, value; a flag without a value is `off`.
    signals: Vec<(String, String, Change)>,
    notify: Vec<Told>,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Off(bool),
    To(Value),
}

/// One value of `[notify]`.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    From(Option<Urgency>),
    Bell(bool),
    Terminal(Terminal),
    Tmux(bool),
    Desktop(bool),
    Command(Vec<String>),
    Quiet(Vec<(Time, Time)>),
}

impl Supervision {
    /// Puts its values in the place of those that are there.
    pub fn apply(&self, levels: &mut Levels, notify: &mut Notify) {
        for (kind, name, change) in &self.signals {
            let Some(settings) = levels.change(kind) else { continue };
            match change {
                Change::Off(off) => settings.off = *off,
                Change::To(value) => settings.set(name, value.clone()),
            }
        }
        for told in self.notify.clone() {
            match told {
                Told::From(urgency) => notify.tell = urgency,
                Told::Bell(on) => notify.bell = on,
                Told::Terminal(terminal) => notify.terminal = terminal,
                Told::Tmux(on) => notify.tmux = on,
                Told::Desktop(on) => notify.desktop = on,
                Told::Command(command) => notify.command = command,
                Told::Quiet(hours) => notify.quiet = hours,
            }
        }
    }
}

/// The user's own values on top of what is built in. A mistake costs the table it stands in, and the problems say why.
pub fn load(paths: &Paths) -> (Levels, Notify, Vec<Problem>) {
    let (mut levels, mut notify) = (Levels::built_in(), Notify::default());
    let file = paths.config.join("config.toml");
    let problems = match read(&file) {
        Ok(None) => Vec::new(),
        Ok(Some(text)) => {
            let (mut checker, document) = Checker::open(&text, &file);
            let found = tables(&mut checker, &document, true);
            let problems = checker.finish();
            if problems.is_empty() {
                found.apply(&mut levels, &mut notify);
            }
            problems
        }
        Err(problem) => vec![problem],
    };
    (levels, notify, problems)
}

/// Reads both tables of a document. Only the file of a user may name a command: a session's may have come with a project that
/// somebody else wrote.
pub fn tables(checker: &mut Checker, document: &DeTable, users_own: bool) -> Supervision {
    let signals = checker.section(document, "signals").map(|section| signals(checker, &section)).unwrap_or_default();
    let notify =
        checker.section(document, "notify").map(|section| notify(checker, &section, users_own)).unwrap_or_default();
    Supervision { signals, notify }
}

fn signals(checker: &mut Checker, section: &Section) -> Vec<(String, String, Change)> {
    let levels = Levels::built_in();
    let known = Levels::names();
    checker.only(section.table, "[signals]", &known);
    let mut changes = Vec::new();
    for kind in known {
        let Some(table) = checker.section(section.table, kind) else { continue };
        let settings = levels.of(kind);
        let names: Vec<&str> = settings.keys().chain(["off"]).collect();
        checker.only(table.table, &format!("[signals.{kind}]"), &names);
        if let Some(off) = checker.flag(table.table, "off") {
            changes.push((kind.to_owned(), "off".to_owned(), Change::Off(off)));
        }
        for name in settings.keys() {
            let value = match settings.value(name) {
                Some(Value::Number(_)) => number(checker, table.table, name).map(Value::Number),
                Some(Value::Seconds(_)) => seconds(checker, table.table, name).map(Value::Seconds),
                Some(Value::Names(_)) => strings(checker, table.table, name).map(Value::Names),
                None => None,
            };
            changes.extend(value.map(|value| (kind.to_owned(), name.to_owned(), Change::To(value))));
        }
    }
    changes
}

fn number(checker: &mut Checker, table: &DeTable, key: &str) -> Option<f64> {
    let value = table.get(key)?;
    let number = match value.get_ref() {
        DeValue::Integer(written) => i64::from_str_radix(written.as_str(), written.radix()).ok().map(|it| it as f64),
        DeValue::Float(written) => written.as_str().parse().ok(),
        other => {
            checker.wrong_type(key, &value.span(), "a number", other);
            return None;
        }
    };
    let number = number.filter(|number: &f64| number.is_finite() && (0.0..=1e9).contains(number));
    if number.is_none() {
        checker.complain(&value.span(), format!("{key:?} must be a number from 0, which is never, to a billion"));
    }
    number
}

fn seconds(checker: &mut Checker, table: &DeTable, key: &str) -> Option<f64> {
    let value = table.get(key)?;
    if let DeValue::Integer(written) = value.get_ref()
        && written.as_str() == "0"
    {
        return Some(0.0);
    }
    let written = checker.string(table, key)?;
    let span = parse_duration(&written.value);
    if span.is_none() {
        let message = format!("{:?} is no span of time: write \"90s\", \"5m\" or \"1h30m\"; 0 is never", written.value);
        checker.complain(&written.span, message);
    }
    span.map(|span| span.as_secs_f64())
}

fn strings(checker: &mut Checker, table: &DeTable, key: &str) -> Option<Vec<String>> {
    let found = checker.strings(table, key)?;
    let empty = found.iter().find(|one| one.value.trim().is_empty()).map(|one| one.span.clone());
    if let Some(span) = empty {
        checker.complain(&span, format!("an empty word in {key:?} would stand for everything"));
        return None;
    }
    Some(found.into_iter().map(|one| one.value).take(NAMES).collect())
}

fn notify(checker: &mut Checker, section: &Section, users_own: bool) -> Vec<Told> {
    let table = section.table;
    checker.only(table, "[notify]", &["tell", "bell", "terminal", "tmux", "desktop", "command", "quiet"]);
    let mut told = Vec::new();
    if let Some(word) = checker.text(table, "tell") {
        let named = [
            ("off", None),
            ("held", Some(Urgency::Held)),
            ("broken", Some(Urgency::Broken)),
            ("wrong", Some(Urgency::Wrong)),
        ];
        match named.iter().find(|(name, _)| *name == word.value) {
            Some((_, urgency)) => told.push(Told::From(*urgency)),
            None => checker.complain(&word.span, unknown("urgency", &word.value, &named.map(|(name, _)| name))),
        }
    }
    if let Some(word) = checker.text(table, "terminal") {
        match Terminal::named(&word.value) {
            Some(terminal) => told.push(Told::Terminal(terminal)),
            None => checker.complain(&word.span, unknown("sequence", &word.value, &Terminal::NAMES)),
        }
    }
    told.extend(checker.flag(table, "bell").map(Told::Bell));
    told.extend(checker.flag(table, "tmux").map(Told::Tmux));
    told.extend(checker.flag(table, "desktop").map(Told::Desktop));
    if let Some(command) = strings(checker, table, "command") {
        let span = table.get("command").map_or(section.span.clone(), toml::Spanned::span);
        if !users_own {
            let message = "a session's file may not name a command: set it in your own config.toml";
            checker.complain(&span, message);
        } else if command.is_empty() {
            checker.complain(&span, "\"command\" names a program and its arguments");
        } else {
            told.push(Told::Command(command));
        }
    }
    if let Some(written) = checker.strings(table, "quiet") {
        let mut hours = Vec::new();
        for one in written {
            match span_of_day(&one.value) {
                Some(span) => hours.push(span),
                None => {
                    checker.complain(&one.span, format!("{:?} is no span of a day: write \"22:00-07:00\"", one.value));
                }
            }
        }
        told.push(Told::Quiet(hours));
    }
    told
}

/// `22:00-07:00`.
fn span_of_day(text: &str) -> Option<(Time, Time)> {
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    let (from, to) = text.split_once('-')?;
    Some((time(from)?, time(to)?)).filter(|(from, to)| from != to)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Checker, load, tables};
    use crate::config::paths::Paths;
    use crate::domain::attention::Urgency;
    use crate::domain::notify::{Notify, Terminal};
    use crate::domain::signal::{Levels, Severity};

    fn said(text: &str, users_own: bool) -> Vec<String> {
        let (mut checker, document) = Checker::open(text, Path::new("c.toml"));
        tables(&mut checker, &document, users_own);
        checker.finish().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn single_values_are_changed_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().as_os_str().to_owned();
        let paths = Paths::from_vars(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone()));
        assert_eq!(load(&paths), (Levels::built_in(), Notify::default(), Vec::new()));
        std::fs::create_dir_all(&paths.config).unwrap();
        let text = "[signals.loop]\nalarm = 6\npolls = [\"Wait\"]\n[signals.stall]\nalarm = 0\nwarn = \"1h\"\n\
                    [signals.thrash]\noff = true\n[signals.cost]\nwarn = 2.5\n\
                    [notify]\ntell = \"held\"\nbell = false\nterminal = \"osc99\"\nquiet = [\"22:00-07:00\"]\ncommand = [\"say\"]\n";
        std::fs::write(paths.config.join("config.toml"), text).unwrap();
        let (levels, notify, problems) = load(&paths);
        assert_eq!(problems, []);
        assert_eq!(levels.of("loop").severity(5.0), None);
        assert_eq!(levels.of("loop").count("calm"), 10);
        assert_eq!(levels.of("stall").severity(3_600.0), Some(Severity::Warn));
        assert_eq!(levels.of("cost").severity(2.5), Some(Severity::Warn));
        assert!(levels.of("thrash").off && !levels.of("loop").off);
        assert_eq!((notify.tell, notify.bell, notify.terminal), (Some(Urgency::Held), false, Terminal::Osc99));
        assert_eq!((notify.command.as_slice(), notify.quiet.len()), (["say".to_owned()].as_slice(), 1));
    }

    #[test]
    fn what_is_wrong_is_said_in_its_place() {
        let text = "[signals.lop]\nalarm = 3\n[signals.loop]\nalarm = \"3\"\nalram = 3\n[signals.stall]\nalarm = \"soon\"\n\
                    [notify]\ntell = \"all\"\nquiet = [\"night\"]\ncommand = [\"x\"]\n";
        assert_eq!(
            said(text, false),
            [
                "c.toml:1:10: unknown key \"lop\"; did you mean \"loop\"? (in [signals])",
                "c.toml:4:9: \"alarm\" must be a number, not a string",
                "c.toml:5:1: unknown key \"alram\"; did you mean \"alarm\"? (in [signals.loop])",
                "c.toml:7:9: \"soon\" is no span of time: write \"90s\", \"5m\" or \"1h30m\"; 0 is never",
                "c.toml:9:8: unknown urgency \"all\"; known are off, held, broken, wrong",
                "c.toml:10:10: \"night\" is no span of a day: write \"22:00-07:00\"",
                "c.toml:11:11: a session's file may not name a command: set it in your own config.toml",
            ]
        );
    }
}
