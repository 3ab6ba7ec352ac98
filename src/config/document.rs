//! A TOML document read value by value, so that everything wrong with it is reported at once and in its place.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::{Problem, unknown};

/// Largest configuration file that is read.
const LARGEST: u64 = 1 << 20;

/// A value with the bytes it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

/// A table with the bytes it stands in.
#[derive(Debug, Clone)]
pub struct Section<'d> {
    /// The table.
    pub table: &'d DeTable<'d>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Notes what is wrong with one document while its values are asked for.
///
/// Every question answers with `None` when the key is not there, and when it is there and wrong: the second is noted.
#[derive(Debug)]
pub struct Checker<'a> {
    file: &'a Path,
    text: &'a str,
    problems: Vec<Problem>,
    /// Lines of which the syntax is wrong: what else is wrong there is only a consequence.
    broken: Vec<u32>,
}

impl<'a> Checker<'a> {
    /// Parses a document. Syntax errors are noted, and what could be read is returned all the same.
    pub fn open(text: &'a str, file: &'a Path) -> (Self, DeTable<'a>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut checker = Self { file, text, problems: Vec::new(), broken: Vec::new() };
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let problem = Problem::at(file, text, offset, error.message());
            // One mistake often confuses the parser several times on the same line.
            if !checker.broken.contains(&problem.line) {
                checker.broken.push(problem.line);
                checker.problems.push(problem);
            }
        }
        (checker, document.into_inner())
    }

    /// Everything noted, in the order of the file.
    pub fn finish(mut self) -> Vec<Problem> {
        self.problems.sort();
        self.problems.dedup();
        self.problems
    }

    /// Notes something that is wrong at a place.
    pub fn complain(&mut self, span: &Range<usize>, message: impl Into<String>) {
        let problem = Problem::at(self.file, self.text, span.start, message);
        if !self.broken.contains(&problem.line) {
            self.problems.push(problem);
        }
    }

    /// Notes every key of `table` that is not in `known`.
    pub fn only(&mut self, table: &DeTable, place: &str, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = unknown("key", name, known);
                self.complain(&key.span(), format!("{message} (in {place})"));
            }
        }
    }

    /// Notes that `section` lacks a key it cannot do without.
    pub fn require(&mut self, section: &Section, place: &str, key: &str) {
        if section.table.get(key).is_none() {
            self.complain(&section.span, format!("{place} needs a {key:?}"));
        }
    }

    /// A string.
    pub fn string(&mut self, table: &DeTable, key: &str) -> Option<Placed<String>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Placed { value: text.to_string(), span: value.span() }),
            other => {
                self.wrong_type(key, &value.span(), "a string", other);
                None
            }
        }
    }

    /// A string that is not empty.
    pub fn text(&mut self, table: &DeTable, key: &str) -> Option<Placed<String>> {
        let found = self.string(table, key)?;
        if found.value.trim().is_empty() {
            self.complain(&found.span, format!("{key:?} must not be empty"));
            return None;
        }
        Some(found)
    }

    /// True or false.
    pub fn flag(&mut self, table: &DeTable, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong_type(key, &value.span(), "true or false", value.get_ref());
        None
    }

    /// An array of strings.
    pub fn strings(&mut self, table: &DeTable, key: &str) -> Option<Vec<Placed<String>>> {
        let value = table.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, &value.span(), "an array of strings", value.get_ref());
            return None;
        };
        let mut found = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => found.push(Placed { value: text.to_string(), span: item.span() }),
                other => self.wrong_type(key, &item.span(), "an array of strings", other),
            }
        }
        Some(found)
    }

    /// A table.
    pub fn section<'d>(&mut self, table: &'d DeTable<'d>, key: &str) -> Option<Section<'d>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some(Section { table: inner, span: value.span() }),
            other => {
                self.wrong_type(key, &value.span(), "a table", other);
                None
            }
        }
    }

    /// An array of tables: `[[key]]` any number of times. Without the key it is empty.
    pub fn sections<'d>(&mut self, table: &'d DeTable<'d>, key: &str) -> Vec<Section<'d>> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let message = format!("{key:?} is a list: write [[{key}]], once for each");
            self.complain(&value.span(), message);
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(inner) => found.push(Section { table: inner, span: item.span() }),
                other => self.wrong_type(key, &item.span(), "a table", other),
            }
        }
        found
    }

    /// Notes a value of the wrong type.
    pub fn wrong_type(&mut self, key: &str, span: &Range<usize>, wanted: &str, got: &DeValue) {
        self.complain(span, format!("{key:?} must be {wanted}, not {}", type_name(got)));
    }
}

/// The name of a value's type, with its article.
fn type_name(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Reads a configuration file. `Ok(None)` when there is none.
pub fn read(file: &Path) -> Result<Option<String>, Problem> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Problem::whole(file, format!("cannot be read: {error}"))),
    };
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a large file from one that just fits.
    opened
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Problem::whole(file, format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Problem::whole(file, format!("is larger than {LARGEST} bytes, which no configuration is")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
            Err(Problem::at(file, &lossy, valid, "is not valid UTF-8 from here on"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Checker;
    use std::path::Path;

    fn said(checker: Checker) -> Vec<String> {
        checker.finish().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_unknown_key_is_noted_with_its_place() {
        let (mut checker, table) = Checker::open("a = 1\nbaord = 2\nzzz = 3\n", Path::new("f"));
        checker.only(&table, "the file", &["a", "board"]);
        assert_eq!(
            said(checker),
            [
                "f:2:1: unknown key \"baord\"; did you mean \"board\"? (in the file)",
                "f:3:1: unknown key \"zzz\"; known are a, board (in the file)"
            ]
        );
    }

    #[test]
    fn a_syntax_error_does_not_hide_the_rest() {
        let (mut checker, table) = Checker::open("a = \nb = 1\n", Path::new("f"));
        checker.only(&table, "the file", &["a"]);
        let said = said(checker);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("f:1:"), "{said:?}");
        assert!(said[1].starts_with("f:2:1: unknown key \"b\""), "{said:?}");
    }

    #[test]
    fn of_a_broken_line_only_the_syntax_is_said() {
        let (mut checker, table) = Checker::open("zzz =\n", Path::new("f"));
        checker.only(&table, "the file", &["a"]);
        checker.complain(&(0..1), "this line means nothing");
        assert_eq!(said(checker).len(), 1);
    }

    #[test]
    fn a_wrong_type_says_what_was_wanted_and_what_came() {
        let (mut checker, table) = Checker::open("a = 1\nb = [\"x\", 2]\nc = \"\"\n[d]\n", Path::new("f"));
        assert!(checker.string(&table, "a").is_none());
        assert_eq!(checker.strings(&table, "b").map(|items| items.len()), Some(1));
        assert!(checker.text(&table, "c").is_none());
        assert!(checker.sections(&table, "d").is_empty());
        assert_eq!(
            said(checker),
            [
                "f:1:5: \"a\" must be a string, not an integer",
                "f:2:11: \"b\" must be an array of strings, not an integer",
                "f:3:5: \"c\" must not be empty",
                "f:4:1: \"d\" is a list: write [[d]], once for each",
            ]
        );
    }

    #[test]
    fn a_huge_or_binary_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.toml");
        std::fs::write(&file, vec![b'#'; 2 << 20]).unwrap();
        assert!(super::read(&file).unwrap_err().message.contains("larger"));
        std::fs::write(&file, b"a = 1\nb = \"\xff\"\n").unwrap();
        assert_eq!(super::read(&file).unwrap_err().line, 2);
        assert_eq!(super::read(&folder.path().join("none.toml")).unwrap(), None);
    }
}
