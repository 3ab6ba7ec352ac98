//! What the composer costs: a look at a long brief after a keystroke, the context library of 2,000 files, a pick from it.
//!
//!     cargo run --release --example brief
#![expect(clippy::print_stdout, reason = "it is its purpose")]

use std::error::Error;
use std::fs;
use std::time::Instant;

use hnpwb::config::session::LibrarySpec;
use hnpwb::domain::brief::check::check;
use hnpwb::domain::brief::facts::Facts;
use hnpwb::domain::brief::lint::Aim;
use hnpwb::domain::library::pick;
use hnpwb::domain::redact::Redactor;
use hnpwb::source::library;

mod timing;

const WORDS: usize = 5_000;
const FILES: usize = 2_000;
const RUNS: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    let part = "## Context\n\nThe check in `src/vlan.rs` accepts 4095. Run `cargo test vlan` and show its last line.\n\n- [ ] 4095 is refused\n\n";
    let text = part.repeat(WORDS / part.split_whitespace().count() + 1);
    let (aim, facts, redactor) = (Aim::default(), Facts::default(), Redactor::default());
    let began = Instant::now();
    check(&text, &aim, &facts, &redactor);
    println!("the first look, with the tokenizer's table   {:>9.3?}", began.elapsed());
    timing::median("a look at 5,000 words", RUNS, || drop(check(&text, &aim, &facts, &redactor)));
    let folder = tempfile::tempdir()?;
    for number in 0..FILES {
        let file = folder.path().join(format!("docs/d{}/file-{number}.md", number % 40));
        fs::create_dir_all(file.parent().unwrap_or(folder.path()))?;
        fs::write(file, format!("# File {number}\n\n{}", "words of a document ".repeat(200)))?;
    }
    let spec = LibrarySpec::default();
    timing::median("the library of 2,000 files", RUNS, || drop(library::read(folder.path(), &spec, &redactor)));
    let (items, _) = library::read(folder.path(), &spec, &redactor);
    timing::median("a pick from it", RUNS, || drop(pick(&items, "d7 file 19")));
    Ok(())
}
