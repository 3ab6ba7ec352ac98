//! Keys and the actions they stand for: the table's defaults, with the operator's own on top.

use crokey::{KeyCombination, KeyCombinationFormat};
use crossterm::event::{KeyCode, KeyModifiers};

use super::{ACTIONS, Action};

/// Which keys stand for which actions. A key may stand for several, of which at most one applies at a time.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<(KeyCombination, Action)>,
}

impl Keymap {
    /// The table's keys, with `overrides` in front: a key that is given there stands for nothing else any more.
    pub fn new(overrides: &[(KeyCombination, Action)]) -> Self {
        let mut bindings: Vec<_> = overrides.iter().map(|(key, action)| (unshifted(*key), *action)).collect();
        let own: Vec<KeyCombination> = bindings.iter().map(|(key, _)| *key).collect();
        for spec in ACTIONS {
            for key in spec.keys.iter().filter_map(|key| crokey::parse(key).ok()).map(unshifted) {
                if !own.contains(&key) {
                    bindings.push((key, spec.action));
                }
            }
        }
        Self { bindings }
    }

    /// The actions that a key stands for, the operator's own first.
    pub fn actions(&self, key: KeyCombination) -> impl Iterator<Item = Action> {
        let key = unshifted(key);
        self.bindings.iter().filter(move |(bound, _)| *bound == key).map(|(_, action)| *action)
    }

    /// The first key of an action, as it is written on a keyboard; empty if it has none.
    pub fn key_of(&self, action: Action) -> String {
        self.keys_of(action).into_iter().next().unwrap_or_default()
    }

    /// Every key of an action, as they are written on a keyboard.
    pub fn keys_of(&self, action: Action) -> Vec<String> {
        let format = KeyCombinationFormat::default().with_implicit_shift().with_lowercase_modifiers();
        let keys = self.bindings.iter().filter(|(_, bound)| *bound == action);
        keys.map(|(key, _)| short(&format.to_string(*key))).collect()
    }
}

/// Signs such as `?` carry no shift of their own: whether the terminal reports one depends on its protocol.
fn unshifted(key: KeyCombination) -> KeyCombination {
    let key = key.normalized();
    let sign = matches!(key.codes.first(), KeyCode::Char(c) if !c.is_alphabetic());
    if sign { KeyCombination { modifiers: key.modifiers - KeyModifiers::SHIFT, ..key } } else { key }
}

fn short(key: &str) -> String {
    match key {
        "Enter" => "⏎".to_owned(),
        "Space" => "␣".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crokey::parse;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::Keymap;
    use crate::action::{ACTIONS, Action};

    #[test]
    fn every_key_of_the_table_can_be_parsed() {
        for spec in ACTIONS {
            for key in spec.keys {
                assert!(parse(key).is_ok(), "{key} of {}", spec.name);
            }
        }
    }

    #[test]
    fn a_sign_is_the_same_key_with_and_without_a_reported_shift() {
        let keymap = Keymap::new(&[]);
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let key = KeyEvent::new(KeyCode::Char('?'), modifiers).into();
            assert_eq!(keymap.actions(key).next(), Some(Action::Help), "{modifiers:?}");
        }
        let upper = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT).into();
        assert_eq!(keymap.actions(upper).next(), Some(Action::Bottom));
    }

    #[test]
    fn a_key_of_the_operators_own_stands_for_nothing_else() {
        let own = [(parse("j").unwrap(), Action::Refresh)];
        let keymap = Keymap::new(&own);
        let actions: Vec<_> = keymap.actions(parse("j").unwrap()).collect();
        assert_eq!(actions, [Action::Refresh]);
        assert_eq!(keymap.key_of(Action::Refresh), "j");
        assert_eq!(keymap.key_of(Action::Bottom), "G");
    }
}
