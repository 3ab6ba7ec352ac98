//! A line of text being typed: the library's text area, held to one line.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};

/// One line being typed.
#[derive(Debug, Clone, Default)]
pub struct LineInput {
    area: TextArea<'static>,
}

impl LineInput {
    /// A line with some text in it already, the cursor behind it.
    pub fn with_text(text: &str) -> Self {
        let mut area = TextArea::new(vec![single_line(text)]);
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    /// What has been typed.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Cursor position in characters.
    pub fn cursor(&self) -> usize {
        self.area.cursor().1
    }

    /// Takes a key; true if the text has changed. Keys that would make a second line do nothing.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let breaks_line = matches!(key.code, KeyCode::Enter | KeyCode::Tab)
            || (key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('m' | 'j')));
        !breaks_line && self.area.input(key)
    }

    /// Takes pasted text, on one line.
    pub fn paste(&mut self, text: &str) {
        self.area.insert_str(single_line(text));
    }
}

fn single_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::LineInput;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn typing_and_deleting_edit_the_line() {
        let mut line = LineInput::default();
        for c in "noé".chars() {
            assert!(line.key(key(KeyCode::Char(c))));
        }
        assert!(line.key(key(KeyCode::Backspace)));
        assert_eq!((line.text(), line.cursor()), ("no", 2));
    }

    #[test]
    fn neither_enter_nor_a_paste_makes_a_second_line() {
        let mut line = LineInput::with_text("a\nb");
        assert!(!line.key(key(KeyCode::Enter)));
        line.paste("c\r\nd\u{1b}[31m");
        assert_eq!(line.text(), "a bc d [31m");
    }
}
