//! Configuration files as their authors write them: all of `valid/` reads cleanly, and of each file in `invalid/`
//! exactly what stands in the `.expected` beside it is said. The part of a name before the first `-` is the format.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files must fail")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use hnpwb::config::paths::Paths;
use hnpwb::config::problem::Problem;
use hnpwb::config::{keymap, layout, models, redaction, session, theme};

mod schema;

const ACTIONS: [&str; 4] = ["quit", "refresh", "next-pane", "palette"];

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    assert!(files.len() > 3, "the folder has lost its files");
    files
}

/// What is said about a text of a format.
fn problems(format: &str, text: &str, file: &Path, name: &str) -> Vec<Problem> {
    let paths = Paths::from_vars(|name| (name == "HOME").then(|| "/home/me".into()));
    match format {
        "session" => session::parse(text, file, Path::new("/project"), &paths).err().unwrap_or_default(),
        "theme" => theme::parse(text, file, name, &|_| Ok(None)).err().unwrap_or_default(),
        "layout" => layout::parse(text, file, name).err().unwrap_or_default(),
        "keys" => keymap::overrides(text, file, &ACTIONS).1,
        "models" => models::overrides(text, file).1,
        "redact" => redaction::patterns(text, file).1,
        other => panic!("{other} is no format"),
    }
}

/// What is said about a file, as it is shown, with the bare name in the place of the path.
fn said(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let file = Path::new(path.file_name().unwrap());
    let name = path.file_stem().unwrap().to_str().unwrap();
    let format = name.split('-').next().unwrap();
    problems(format, &text, file, name).iter().map(ToString::to_string).collect()
}

#[test]
fn every_valid_file_reads_cleanly() {
    for file in files("valid") {
        assert_eq!(said(&file), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn of_every_invalid_file_everything_is_said_at_once_with_its_place() {
    for file in files("invalid") {
        let expected = fs::read_to_string(file.with_extension("expected")).unwrap_or_default();
        assert_eq!(said(&file).join("\n"), expected.trim_end(), "{}", file.display());
    }
}

#[test]
fn every_problem_of_a_file_names_a_line() {
    for file in files("invalid") {
        for line in said(&file) {
            let place = line.strip_prefix(file.file_name().unwrap().to_str().unwrap()).unwrap();
            let numbers: Vec<u32> = place.split(':').skip(1).take(2).map_while(|part| part.parse().ok()).collect();
            assert!(numbers.len() == 2 && numbers.iter().all(|number| *number > 0), "{line}");
        }
    }
}

/// A valid file with some characters cut out and others put in.
fn damaged() -> impl Strategy<Value = (String, String)> {
    let texts: Vec<(String, String)> = files("valid")
        .iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap();
            (name.split('-').next().unwrap().to_owned(), fs::read_to_string(file).unwrap())
        })
        .collect();
    (prop::sample::select(texts), any::<prop::sample::Index>(), 0..12_usize, "[\\PC\n]{0,6}").prop_map(
        |((format, text), at, cut, put)| {
            let chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len() + 1);
            let rest = chars.iter().skip(at + cut);
            (format, chars[..at].iter().copied().chain(put.chars()).chain(rest.copied()).collect())
        },
    )
}

proptest! {
    #[test]
    fn no_damage_to_a_file_is_worse_than_problems_with_a_place((format, text) in damaged()) {
        for problem in problems(&format, &text, Path::new("f.toml"), "f") {
            prop_assert!(problem.line > 0 && problem.column > 0, "{problem}");
            prop_assert!(problem.line as usize <= text.lines().count() + 1, "{problem}");
        }
    }

    #[test]
    fn a_duration_is_read_whatever_is_written(text in "[0-9smhd µ-]{0,12}") {
        if let Some(duration) = session::parse_duration(&text) {
            prop_assert!((1..=30 * 86_400).contains(&duration.as_secs()));
        }
    }
}
