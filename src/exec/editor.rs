//! The operator's own editor on a text: a file of its own, read back when the editor has ended.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use crate::domain::brief::LONGEST;
use crate::domain::fault::Fault;

/// Runs the editor on a text and returns what it has left. The terminal must be the editor's meanwhile. Blocks.
///
/// The editor is `$VISUAL`, else `$EDITOR`, with the arguments that stand there; else `vi`.
///
/// # Errors
/// When the editor cannot be run or fails: the text is then the one that it was.
pub fn edit(text: &str) -> Result<String, Fault> {
    edit_with(&command(|name| std::env::var(name).ok()), text)
}

fn command(var: impl Fn(&str) -> Option<String>) -> String {
    let set = |name| var(name).filter(|value| !value.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

fn edit_with(editor: &str, text: &str) -> Result<String, Fault> {
    let fault = |why: &dyn std::fmt::Display| {
        Fault::new("editing the brief with", editor, why, "set EDITOR; the text is as it was")
    };
    let mut file = tempfile::Builder::new().prefix("brief-").suffix(".md").tempfile().map_err(|error| fault(&error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| fault(&error))?;
    // The variable may hold arguments, as git and others read it.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file.path());
    let status = command.stdin(Stdio::inherit()).status().map_err(|error| fault(&error))?;
    if !status.success() {
        return Err(fault(&status));
    }
    // An editor may have put another file in its place.
    let read = || -> io::Result<String> {
        if std::fs::metadata(file.path())?.len() > LONGEST as u64 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long for a brief now"));
        }
        std::fs::read_to_string(file.path())
    };
    read().map_err(|error| fault(&error))
}

#[cfg(test)]
mod tests {
    use super::{command, edit_with};

    #[test]
    fn what_the_editor_leaves_is_taken_and_a_failure_leaves_the_text() {
        let edited = edit_with("sed -i s/wrong/right/", "it is wrong\n").unwrap();
        assert_eq!(edited, "it is right\n");
        assert!(edit_with("false", "x").unwrap_err().to_string().contains("the text is as it was"));
        assert!(edit_with("no-such-editor-here", "x").is_err());
    }

    #[test]
    fn the_editor_is_the_one_that_is_set() {
        let of = |visual: &str, editor: &str| {
            command(|name| Some(if name == "VISUAL" { visual } else { editor }.to_owned()))
        };
        assert_eq!([of("a", "b"), of(" ", "b -w"), of("", "")], ["a", "b -w", "vi"]);
    }
}
