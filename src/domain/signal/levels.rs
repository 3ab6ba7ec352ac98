//! The thresholds of the signals: a table of data, built in, of which a user changes single values.

use std::collections::BTreeMap;

use super::{KINDS, Severity};

/// The table that is part of the program.
const BUILT_IN: &str = include_str!("../../../signals/signals.toml");

/// Thresholds of every signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    kinds: BTreeMap<String, Settings>,
}

/// The values of one signal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The signal is not looked for.
    pub off: bool,
    values: BTreeMap<String, Value>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A span of time, in seconds. A zero is written as a number.
    Seconds(f64),
    /// Words.
    Names(Vec<String>),
}

impl Levels {
    /// What is built in. A test holds the file to what the signals need.
    pub fn built_in() -> Self {
        let tables: BTreeMap<String, BTreeMap<String, toml::Value>> = toml::from_str(BUILT_IN).unwrap_or_default();
        let settings = |table: BTreeMap<String, toml::Value>| {
            let mut values: BTreeMap<String, Value> =
                table.iter().filter_map(|(key, value)| Some((key.clone(), Value::read(value)?))).collect();
            // Where one level is a span of time, a zero beside it is none, too.
            if values.iter().any(|(key, value)| is_level(key) && matches!(value, Value::Seconds(_))) {
                for (key, value) in &mut values {
                    if let (true, Value::Number(number)) = (is_level(key), &*value) {
                        *value = Value::Seconds(*number);
                    }
                }
            }
            Settings { off: false, values }
        };
        Self { kinds: tables.into_iter().map(|(kind, table)| (kind, settings(table))).collect() }
    }

    /// The values of a signal.
    pub fn of(&self, kind: &str) -> Settings {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }

    /// The values of a signal, to be changed; none of a name that is no signal's.
    pub fn change(&mut self, kind: &str) -> Option<&mut Settings> {
        self.kinds.get_mut(kind)
    }

    /// Names of the signals.
    pub fn names() -> Vec<&'static str> {
        KINDS.iter().map(|kind| kind.name).collect()
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Settings {
    /// How severe a value is; `None` below every level. A level of zero is never reached.
    pub fn severity(&self, value: f64) -> Option<Severity> {
        let reached = |name: &str| Some(self.number(name)).filter(|level| *level > 0.0).is_some_and(|it| value >= it);
        [("alarm", Severity::Alarm), ("warn", Severity::Warn), ("notice", Severity::Notice)]
            .into_iter()
            .find(|(name, _)| reached(name))
            .map(|(_, severity)| severity)
    }

    /// The same of a count.
    pub fn severity_of(&self, count: usize) -> Option<Severity> {
        self.severity(count as f64)
    }

    /// A number, or a span of time in seconds; zero for what is not there.
    pub fn number(&self, name: &str) -> f64 {
        match self.values.get(name) {
            Some(Value::Number(number) | Value::Seconds(number)) => *number,
            Some(Value::Names(_)) | None => 0.0,
        }
    }

    /// A number of things.
    pub fn count(&self, name: &str) -> usize {
        self.number(name).max(0.0) as usize
    }

    /// Words.
    pub fn names(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(Value::Names(names)) => names,
            Some(Value::Number(_) | Value::Seconds(_)) | None => &[],
        }
    }

    /// The value that stands under a name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Names of the values.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Puts a value in the place of the one that is there.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }
}

/// True for the names of the levels themselves.
pub fn is_level(name: &str) -> bool {
    matches!(name, "notice" | "warn" | "alarm")
}

impl Value {
    fn read(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Integer(number) => Some(Self::Number(*number as f64)),
            toml::Value::Float(number) => Some(Self::Number(*number)),
            toml::Value::String(text) => span(text).map(Self::Seconds),
            toml::Value::Array(items) => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Self::Names)
            }
            _ => None,
        }
    }
}

/// Seconds of a span of time as the built-in file writes it: one number and one unit.
fn span(text: &str) -> Option<f64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * seconds)
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Levels, Value};
    use crate::domain::signal::{KINDS, Severity};

    #[test]
    fn every_signal_has_its_table_and_every_table_its_signal() {
        let levels = Levels::built_in();
        let written: Vec<&str> = levels.kinds.keys().map(String::as_str).collect();
        let mut known = Levels::names();
        known.sort_unstable();
        assert_eq!(written, known);
        for kind in KINDS {
            let settings = levels.of(kind.name);
            for level in ["notice", "warn", "alarm"] {
                assert!(settings.value(level).is_some(), "{} lacks {level}", kind.name);
            }
        }
    }

    #[test]
    fn every_value_of_the_file_is_read() {
        let table: toml::Table = toml::from_str(BUILT_IN).unwrap();
        let written: usize = table.values().map(|table| table.as_table().unwrap().len()).sum();
        let read: usize = Levels::built_in().kinds.values().map(|settings| settings.values.len()).sum();
        assert_eq!(written, read);
    }

    #[test]
    fn the_highest_level_that_is_reached_counts_and_zero_is_never() {
        let levels = Levels::built_in();
        let stall = levels.of("stall");
        let of = |seconds| stall.severity(seconds);
        assert_eq!((of(119.0), of(120.0), of(300.0)), (None, Some(Severity::Notice), Some(Severity::Alarm)));
        assert_eq!(levels.of("cost").severity(1e9), None);
        assert_eq!(stall.value("warn"), Some(&Value::Seconds(0.0)));
        assert_eq!(levels.of("no such signal").severity(1.0), None);
    }
}
