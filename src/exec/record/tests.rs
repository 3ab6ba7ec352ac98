//! Records read from real files, and what the journal has of it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{copy_passage, head, line_number, read, reveal};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::transcript::passage::{Form, Passage};
use crate::domain::transcript::raw::{MARGIN, SHOWN};
use crate::event::{Done, PassageDone, RawRecord, RecordPlace, Revealed};
use crate::exec::journal;

struct Desk {
    folder: tempfile::TempDir,
}

fn token() -> String {
    ["gh", "p_", &"a1B2".repeat(9)].concat()
}

impl Desk {
    /// A folder with a transcript of these lines.
    fn new(text: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(desk.file(), text).unwrap();
        desk
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("a.jsonl")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn place(&self, offset: u64) -> RecordPlace {
        RecordPlace { file: self.file(), offset }
    }

    fn journal(&self) -> String {
        fs::read_to_string(journal::file(&self.state())).unwrap_or_default()
    }

    async fn read(&self, offset: u64) -> Result<RawRecord, Fault> {
        match read(self.place(offset), &Redactor::default()).await {
            Done::Record(place, read) if place == self.place(offset) => read,
            other => panic!("{other:?}"),
        }
    }

    async fn reveal(&self, offset: u64, digest: &str, state: &Path) -> Result<Revealed, Fault> {
        match reveal(self.place(offset), digest.to_owned(), state, Timestamp::UNIX_EPOCH, &Redactor::default()).await {
            Done::Revealed(place, outcome) if place == self.place(offset) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Copies a passage outside of any terminal: into the file alone.
    async fn copy(&self, offset: u64, form: Form) -> Result<PassageDone, Fault> {
        let passage =
            Passage { text: "two words".to_owned(), agent: "api".to_owned(), file: self.file(), offset, at: None };
        match copy_passage(passage, form, None, None, &self.state(), Timestamp::UNIX_EPOCH, &Redactor::default()).await
        {
            Done::Passage(done) => done,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_quote_names_line_and_record_and_is_noted_as_a_copy() {
    let lines = ["{\"type\":\"mode\"}\n", "\n", "{\"uuid\":\"5e9c1c1e-0000\",\"type\":\"user\"}\n"];
    let desk = Desk::new(&lines.concat());
    let offset = (lines[0].len() + lines[1].len()) as u64;
    let done = desk.copy(offset, Form::Quote).await.unwrap();
    let file = done.copy.file.unwrap();
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text, format!("> two words\n>\n> — api, {}:3, 5e9c1c1e-0000\n", desk.file().display()));
    assert_eq!((done.lines, done.bytes), (3, text.len()));
    let noted = desk.journal();
    assert!(noted.contains("\"kind\":\"copy\"") && noted.contains("\"what\":\"quote\""), "{noted}");
}

#[tokio::test]
async fn a_file_that_has_changed_is_not_quoted_with_a_wrong_line() {
    let desk = Desk::new("{\"a\":1}\n{\"b\":2}\n");
    for offset in [3, 100] {
        let fault = desk.copy(offset, Form::Copy).await.unwrap_err();
        assert!(fault.on.ends_with("a.jsonl"), "{fault}");
    }
    assert!(desk.journal().is_empty());
    fs::remove_file(desk.file()).unwrap();
    assert!(desk.copy(0, Form::Copy).await.is_err());
}

#[test]
fn lines_are_counted_over_many_pieces() {
    let text = format!("{}\n", "x".repeat(98)).repeat(10_000);
    let desk = Desk::new(&text);
    let file = fs::File::open(desk.file()).unwrap();
    for line in [1, 2, 5_000, 10_000] {
        assert_eq!(line_number(&file, (line - 1) * 99).unwrap(), line);
    }
    assert!(line_number(&file, 98).is_err());
}

#[tokio::test]
async fn a_record_is_read_with_its_secrets_hidden() {
    let line = format!("{{\"text\":\"use {}\"}}\r\n", token());
    let desk = Desk::new(&format!("{line}plain {{\n"));
    let record = desk.read(0).await.unwrap();
    assert_eq!(record.hidden, 1);
    assert!(
        record.text.starts_with("{\n  \"text\": \"use ‹redacted") && !record.text.contains("a1B2"),
        "{}",
        record.text
    );
    assert_eq!(desk.read(line.len() as u64).await.unwrap().text, "plain {");
    assert!(desk.read(3).await.is_err());
    assert!(desk.read(line.len() as u64 + 8).await.is_err(), "behind the end there is none");
}

#[tokio::test]
async fn of_a_long_record_no_more_is_kept_than_is_shown() {
    let desk = Desk::new(&format!("{{\"a\":\"{}\"}}\n{{}}\n", "x ".repeat(4_000_000)));
    let file = fs::File::open(desk.file()).unwrap();
    let head = head(&file, 0).unwrap();
    assert_eq!((head.bytes.len(), head.length), (SHOWN + MARGIN, 8_000_008));
    assert!(desk.read(0).await.unwrap().text.ends_with("of 8000008 bytes are shown"));
    assert_eq!(desk.read(8_000_009).await.unwrap().text, "{}");
}

#[tokio::test]
async fn what_is_revealed_is_in_the_journal_without_the_secret() {
    let first = "{}\n";
    let desk = Desk::new(&format!("{first}{{\"text\":\"use {}\"}}\n", token()));
    let offset = first.len() as u64;
    let record = desk.read(offset).await.unwrap();
    let revealed = desk.reveal(offset, &record.digest, &desk.state()).await.unwrap();
    assert!(revealed.text().contains(&token()));
    let noted: serde_json::Value = serde_json::from_str(&desk.journal()).unwrap();
    assert_eq!(
        (&noted["kind"], &noted["line"], &noted["offset"], &noted["secrets"]),
        (&"reveal".into(), &2.into(), &3.into(), &1.into())
    );
    assert_eq!(noted["file"], desk.file().display().to_string());
    assert!(!desk.journal().contains("a1B2"));
}

#[tokio::test]
async fn without_the_journal_nothing_is_revealed() {
    let desk = Desk::new(&format!("{{\"text\":\"use {}\"}}\n", token()));
    let record = desk.read(0).await.unwrap();
    let taken = desk.folder.path().join("taken");
    fs::write(&taken, "a file in the way").unwrap();
    let fault = desk.reveal(0, &record.digest, &taken).await.unwrap_err();
    assert!(fault.to_string().contains("taken") && !fault.to_string().contains("a1B2"), "{fault}");
}

#[tokio::test]
async fn only_the_record_that_was_asked_about_is_revealed() {
    let desk = Desk::new(&format!("{{\"text\":\"use {}\"}}\n", token()));
    let record = desk.read(0).await.unwrap();
    fs::write(desk.file(), format!("{{\"text\":\"not {}\"}}\n", token())).unwrap();
    assert!(desk.reveal(0, &record.digest, &desk.state()).await.is_err());
    assert!(desk.journal().is_empty(), "what did not happen is not noted");
}
