//! The to-do list as it was left: written whole each time, or item by item.

use super::Place;
use crate::domain::transcript::todo::TodoItem;

/// Items kept of a list that is written item by item.
const MOST: usize = 500;

/// A to-do list that is being kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TodoList {
    items: Vec<TodoItem>,
    /// Numbers of the items, where the program gives them; beside `items`.
    numbers: Vec<Option<String>>,
    /// Calls that made an item whose number is still to be told, with its place in the list.
    unnumbered: Vec<(String, usize)>,
    written: Option<Place>,
}

impl TodoList {
    pub(super) fn items(&self) -> &[TodoItem] {
        &self.items
    }

    pub(super) fn written(&self) -> Option<Place> {
        self.written
    }

    /// Takes a call that writes the list, or an item of it.
    pub(super) fn called(&mut self, place: Place, tool: &str, id: &str, items: &[TodoItem]) {
        self.written = Some(place);
        match (tool, items) {
            ("TaskCreate", [item]) if self.items.len() < MOST => {
                self.unnumbered.push((id.to_owned(), self.items.len()));
                self.items.push(item.clone());
                self.numbers.push(None);
            }
            ("TaskUpdate", [item]) => self.update(item),
            ("TaskCreate" | "TaskUpdate", _) => {}
            _ => {
                self.items = items.to_vec();
                self.numbers = vec![None; items.len()];
                self.unnumbered.clear();
            }
        }
    }

    /// An item is named by its number: `#3`, or `#3 a new text`.
    fn update(&mut self, item: &TodoItem) {
        let (number, words) = item.text.split_once(' ').unwrap_or((&item.text, ""));
        let Some(number) = number.strip_prefix('#') else { return };
        match self.numbers.iter().position(|known| known.as_deref() == Some(number)) {
            Some(at) => {
                self.items[at].status = item.status;
                if !words.is_empty() {
                    words.clone_into(&mut self.items[at].text);
                }
            }
            // It was made before what was read begins.
            None if self.items.len() < MOST => {
                self.items.push(item.clone());
                self.numbers.push(Some(number.to_owned()));
            }
            None => {}
        }
    }

    /// Takes the answer to a call: `Task #3 created successfully: …` tells the number of the item.
    pub(super) fn answered(&mut self, id: &str, output: &str) {
        let Some(waiting) = self.unnumbered.iter().position(|(call, _)| call == id) else { return };
        let (_, at) = self.unnumbered.swap_remove(waiting);
        let Some((_, rest)) = output.split_once('#') else { return };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            self.numbers[at] = Some(rest[..digits].to_owned());
        }
    }
}
