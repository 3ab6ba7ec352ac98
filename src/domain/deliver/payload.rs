//! The text that is pasted: without anything that could act on a terminal, leave the paste early, or be taken as a command.

/// Most bytes of a text.
pub const LARGEST: usize = 1024 * 1024;

/// What begins a command of the agents' programs instead of a prompt.
const COMMANDS: [char; 3] = ['/', '!', '#'];

/// A text that is safe to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    text: String,
    /// What was changed of it, as phrases; empty when nothing was.
    pub changes: Vec<String>,
}

impl Payload {
    /// Makes a text harmless, and says what was changed: the marks that end or begin a bracketed paste and every other control
    /// character are left out, line ends become `\n`, white space at both ends goes.
    ///
    /// # Errors
    /// Nothing is left of it, it is too long, or its first character would make it a command.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > LARGEST {
            return Err(format!("the text has {} bytes, and {LARGEST} is the most that is pasted", text.len()));
        }
        let mut changes = Vec::new();
        let mut rest = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut marks = 0;
        // Taking one out may put another together.
        while let Some((at, length)) = paste_mark(&rest) {
            rest.replace_range(at..at + length, "");
            marks += 1;
        }
        if marks > 0 {
            changes.push(format!("{marks} marks of a bracketed paste were left out"));
        }
        let before = rest.chars().count();
        rest.retain(|c| matches!(c, '\n' | '\t') || !c.is_control());
        let dropped = before - rest.chars().count();
        if dropped > 0 {
            changes.push(format!("{dropped} control characters were left out"));
        }
        let text = rest.trim();
        let Some(first) = text.chars().next() else { return Err("there is nothing to send".to_owned()) };
        if COMMANDS.contains(&first) {
            return Err(format!("it begins with {first}, which the agent would take as a command"));
        }
        if text.ends_with('\\') {
            return Err("it ends with a backslash, which makes Enter a line break".to_owned());
        }
        Ok(Self { text: text.to_owned(), changes })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// Place and length of the first `ESC [ 200 ~` or `ESC [ 201 ~`, its introducer in seven or in eight bits.
fn paste_mark(text: &str) -> Option<(usize, usize)> {
    let marks = ["\u{1b}[200~", "\u{1b}[201~", "\u{9b}200~", "\u{9b}201~"];
    marks.iter().filter_map(|mark| Some((text.find(mark)?, mark.len()))).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LARGEST, Payload};

    #[test]
    fn plain_text_stays_as_it_is() {
        let payload = Payload::new("  Read it.\r\nThen\tdo it 🦔\n").unwrap();
        assert_eq!((payload.text(), payload.lines()), ("Read it.\nThen\tdo it 🦔", 2));
        assert!(payload.changes.is_empty());
    }

    #[test]
    fn nothing_ends_the_paste_early_and_what_was_left_out_is_said() {
        let payload = Payload::new("a\u{1b}[201~b\u{1b}[2\u{9b}201~01~c\u{3}\u{1b}d").unwrap();
        assert_eq!(payload.text(), "abcd");
        assert_eq!(
            payload.changes,
            ["3 marks of a bracketed paste were left out", "2 control characters were left out"]
        );
    }

    #[test]
    fn what_would_be_a_command_is_refused() {
        for text in ["/clear", "\n! rm -rf .", "# remember", "go on \\"] {
            assert!(Payload::new(text).is_err(), "{text:?}");
        }
        assert!(Payload::new("see /clear").is_ok());
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(Payload::new(" \u{1b}\u{0} \n").unwrap_err().contains("nothing"));
        assert!(Payload::new(&"x".repeat(LARGEST + 1)).unwrap_err().contains("bytes"));
        assert_eq!(Payload::new(&"x".repeat(200_000)).unwrap().text().len(), 200_000);
    }

    proptest! {
        #[test]
        fn whatever_comes_in_only_text_goes_out(text in "[\\x00-\\x9f\\[201~a-z\u{9b}]{0,60}") {
            if let Ok(payload) = Payload::new(&text) {
                prop_assert!(payload.text().chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
                prop_assert!(!payload.text().is_empty());
            }
        }
    }
}
