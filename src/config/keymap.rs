//! The user's own keys: `[keys]` of `config.toml`, each a combination and the name of an action.

use std::path::Path;

use crokey::KeyCombination;
use toml::de::DeValue;

use super::document::{Checker, read};
use super::paths::Paths;
use super::problem::{Problem, unknown};

/// A combination of keys and the action it stands for.
pub type Binding = (KeyCombination, String);

/// Reads the user's `config.toml`. A file with a mistake changes no key at all: the built-in keys stay, and the
/// problems say why.
pub fn load(paths: &Paths, actions: &[&str]) -> (Vec<Binding>, Vec<Problem>) {
    let file = paths.config.join("config.toml");
    match read(&file) {
        Ok(None) => (Vec::new(), Vec::new()),
        Ok(Some(text)) => match overrides(&text, &file, actions) {
            (bindings, problems) if problems.is_empty() => (bindings, problems),
            (_, problems) => (Vec::new(), problems),
        },
        Err(problem) => (Vec::new(), vec![problem]),
    }
}

/// Reads `[keys]`: `"ctrl-l" = "refresh"`. `actions` are the names that may stand on the right.
///
/// Combinations are those of crokey: `ctrl-`, `alt-` and `shift-` before one key. A capital letter is the same as
/// `shift-` before it, except after `ctrl-`, where terminals make no difference and people write either. What is right
/// is returned beside everything that is wrong.
pub fn overrides(text: &str, file: &Path, actions: &[&str]) -> (Vec<Binding>, Vec<Problem>) {
    let (mut checker, document) = Checker::open(text, file);
    checker.only(&document, "config.toml", &["keys", "models", "notify", "redact", "signals"]);
    let mut bindings: Vec<Binding> = Vec::new();
    let section = checker.section(&document, "keys");
    let mut entries: Vec<_> = section.iter().flat_map(|section| section.table.iter()).collect();
    // The table is sorted by name; a duplicate is the one that stands further down.
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let written: &str = key.get_ref();
        let action = match value.get_ref() {
            DeValue::String(action) if actions.contains(&action.as_ref()) => Some(action.to_string()),
            DeValue::String(action) => {
                checker.complain(&value.span(), unknown("action", action, actions));
                None
            }
            other => {
                checker.wrong_type(written, &value.span(), "the name of an action", other);
                None
            }
        };
        let Some(combination) = parse(written) else {
            let message = format!("{written:?} is no key: write \"ctrl-r\", \"alt-enter\", \"G\" or \"f5\"");
            checker.complain(&key.span(), message);
            continue;
        };
        if bindings.iter().any(|(other, _)| *other == combination) {
            checker.complain(&key.span(), format!("the key {combination} stands here twice"));
            continue;
        }
        if let Some(action) = action {
            bindings.push((combination, action));
        }
    }
    (bindings, checker.finish())
}

/// A combination with one key that every terminal can send.
fn parse(written: &str) -> Option<KeyCombination> {
    // crokey takes capitals for small letters, but a terminal sends `G` for shift-g, and so do people write it.
    let mut chars = written.chars().rev();
    let capital = chars.next().filter(char::is_ascii_uppercase);
    let alone = chars.next().is_none_or(|before| before == '-');
    let modifiers = written.to_ascii_lowercase();
    let shifted = match capital.filter(|_| alone) {
        Some(letter) if !modifiers.contains("shift-") && !modifiers.contains("ctrl-") => {
            format!("{}shift-{letter}", &written[..written.len() - 1])
        }
        _ => written.to_owned(),
    };
    let combination = crokey::parse(&shifted).ok()?.normalized();
    combination.is_ansi_compatible().then_some(combination)
}

#[cfg(test)]
mod tests {
    use super::{load, overrides, parse};
    use crate::config::paths::Paths;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use std::path::Path;

    const ACTIONS: [&str; 3] = ["refresh", "quit", "next-pane"];

    #[test]
    fn a_combination_is_what_the_terminal_sends_for_it() {
        for (written, code, modifiers) in [
            ("ctrl-r", KeyCode::Char('r'), KeyModifiers::CONTROL),
            ("G", KeyCode::Char('G'), KeyModifiers::SHIFT),
            ("shift-G", KeyCode::Char('G'), KeyModifiers::SHIFT),
            ("alt-G", KeyCode::Char('G'), KeyModifiers::SHIFT | KeyModifiers::ALT),
            ("?", KeyCode::Char('?'), KeyModifiers::NONE),
            ("-", KeyCode::Char('-'), KeyModifiers::NONE),
            ("Enter", KeyCode::Enter, KeyModifiers::NONE),
            ("F5", KeyCode::F(5), KeyModifiers::NONE),
            ("space", KeyCode::Char(' '), KeyModifiers::NONE),
        ] {
            assert_eq!(parse(written), Some(KeyEvent::new(code, modifiers).into()), "{written}");
        }
        for written in ["", "a-b", "hyper-x", "ctrl-", "é"] {
            assert_eq!(parse(written), None, "{written}");
        }
    }

    #[test]
    fn everything_wrong_with_the_keys_is_said_and_the_rest_is_read() {
        let text = "[keys]\n\"ctrl-r\" = \"refresh\"\nG = \"quti\"\n\"ctrl-\" = \"quit\"\nf5 = 3\n\"Ctrl-R\" = \"quit\"\n[key]\n";
        let (bindings, problems) = overrides(text, Path::new("c.toml"), &ACTIONS);
        assert_eq!(bindings, [(parse("ctrl-r").unwrap(), "refresh".to_owned())]);
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "c.toml:3:5: unknown action \"quti\"; did you mean \"quit\"?",
                "c.toml:4:1: \"ctrl-\" is no key: write \"ctrl-r\", \"alt-enter\", \"G\" or \"f5\"",
                "c.toml:5:6: \"f5\" must be the name of an action, not an integer",
                "c.toml:6:1: the key Ctrl-r stands here twice",
                "c.toml:7:2: unknown key \"key\"; did you mean \"keys\"? (in config.toml)",
            ]
        );
    }

    #[test]
    fn a_file_with_a_mistake_changes_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().as_os_str().to_owned();
        let paths = Paths::from_vars(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone()));
        assert_eq!(load(&paths, &ACTIONS), (Vec::new(), Vec::new()));
        std::fs::create_dir_all(&paths.config).unwrap();
        std::fs::write(paths.config.join("config.toml"), "[keys]\nf5 = \"refresh\"\n").unwrap();
        assert_eq!(load(&paths, &ACTIONS).0.len(), 1);
        std::fs::write(paths.config.join("config.toml"), "[keys]\nf5 = \"refresh\"\nf6 = \"x\"\n").unwrap();
        let (bindings, problems) = load(&paths, &ACTIONS);
        assert_eq!((bindings.len(), problems.len()), (0, 1));
    }
}
