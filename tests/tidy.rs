//! The walls and the house rules, kept by reading the sources: a breach names file and line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, tests included.
const LONGEST: usize = 600;

/// What each module never sees. A plain word is searched for as a path: `tokio` finds `tokio::` and `use tokio`.
const WALLS: &[(&[&str], &[&str])] = &[
    (
        &["src/domain"],
        &[
            "ratatui",
            "crossterm",
            "tokio",
            "notify",
            "git2",
            "kube",
            "std::fs",
            "fs::",
            "Timestamp::now",
            "Instant::now",
            "SystemTime",
            "crate::action",
            "crate::app",
            "crate::cli",
            "crate::config",
            "crate::demo",
            "crate::effect",
            "crate::event",
            "crate::exec",
            "crate::source",
            "crate::state",
            "crate::term",
            "crate::ui",
            "crate::update",
        ],
    ),
    (
        &["src/state", "src/update", "src/state.rs", "src/update.rs"],
        &[
            "tokio",
            "git2",
            "kube",
            "std::fs",
            "fs::",
            "Timestamp::now",
            "Instant::now",
            "SystemTime",
            "crate::ui",
            "crate::source",
            "crate::exec",
            "crate::term",
            "crate::app",
        ],
    ),
    (
        &["src/ui", "src/ui.rs"],
        &[
            "tokio",
            "git2",
            "kube",
            "notify",
            "std::fs",
            "fs::",
            "Timestamp::now",
            "Instant::now",
            "SystemTime",
            "crate::update",
            "crate::source",
            "crate::exec",
            "crate::term",
            "crate::app",
            "Color::",
        ],
    ),
    (
        &["src/source", "src/exec", "src/source.rs", "src/exec.rs"],
        &["ratatui", "crate::ui", "crate::state", "crate::update", "crate::term", "crate::app"],
    ),
    (
        &["src/config"],
        &["tokio", "git2", "kube", "crate::ui", "crate::state", "crate::source", "crate::update", "crate::exec"],
    ),
    (&["src/app.rs"], &["Action::"]),
];

/// Names that say nothing: code without a home.
const NAMELESS: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Lines of code with their numbers, up to the tests of the file: comments and doc comments are left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// A file that holds tests alone.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests")
            || self.path.file_stem().is_some_and(|stem| stem == "tests")
            || self.path.components().any(|part| part.as_os_str() == "tests")
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no sources below {folders:?}");
    found
}

fn collect(path: &Path, found: &mut Vec<Source>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            collect(&entry.expect("an entry").path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(path).expect("a source");
        found.push(Source { path: path.strip_prefix(root()).expect("below the root").to_owned(), text });
    }
}

fn report(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

/// True if `line` names `word` as a path of its own, not as a part of another name.
fn names(line: &str, word: &str) -> bool {
    let bounded = |at: usize| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let path = word.ends_with("::")
            || word.contains("::")
            || line[at + word.len()..].starts_with("::")
            || line.trim_start().starts_with("use ");
        // `fs::` is the module of the standard library, `crate::x::kube` is ours.
        let ours = before == Some(':') && !word.contains("::");
        free(before) && (word.ends_with("::") || free(after)) && path && !ours
    };
    line.match_indices(word).any(|(at, _)| bounded(at))
}

#[test]
fn no_module_sees_through_its_wall() {
    let mut breaches = Vec::new();
    for (modules, never) in WALLS {
        for source in sources(modules).iter().filter(|source| !source.is_test()) {
            for (line, text) in source.code() {
                for word in never.iter().filter(|word| names(text, word)) {
                    breaches.push(format!("{}:{line}: {word} is behind the wall", source.path.display()));
                }
            }
        }
    }
    report(&breaches);
}

#[test]
fn the_wall_test_can_fail() {
    assert!(names("use tokio::sync::mpsc;", "tokio"));
    assert!(names("    let at = jiff::Timestamp::now();", "Timestamp::now"));
    assert!(names("let text = std::fs::read(path)?;", "std::fs"));
    assert!(names("use crate::ui::HitMap;", "crate::ui"));
    assert!(!names("let kubeconfig = 1;", "kube"));
    assert!(!names("use crate::source::kube::LiveSet;", "kube"));
}

#[test]
fn every_module_opens_with_a_line_that_says_what_it_is() {
    let silent = sources(&["src", "tests"]);
    let silent =
        silent.iter().filter(|source| !source.text.starts_with("//! ") || source.text.starts_with("//! (under"));
    report(&silent.map(|source| format!("{}: no //! line", source.path.display())).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long_to_read() {
    let long = sources(&["src", "tests"]);
    let long = long.iter().map(|source| (source, source.text.lines().count())).filter(|(_, lines)| *lines > LONGEST);
    report(&long.map(|(source, lines)| format!("{}: {lines} lines", source.path.display())).collect::<Vec<_>>());
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut breaches = Vec::new();
    for source in sources(&["src"]).iter().filter(|source| !source.is_test()) {
        for (line, text) in source.code() {
            for word in [".unwrap()", ".expect(", "todo!(", "unimplemented!(", "dbg!("] {
                if text.contains(word) {
                    breaches.push(format!("{}:{line}: {word}", source.path.display()));
                }
            }
        }
    }
    report(&breaches);
}

#[test]
fn no_test_sleeps() {
    let mut breaches = Vec::new();
    let this = Path::new("tests/tidy.rs");
    for source in sources(&["tests"]).iter().filter(|source| source.path != this) {
        for (line, text) in source.text.lines().enumerate() {
            if text.contains("thread::sleep(") || text.contains("time::sleep(") {
                breaches.push(format!("{}:{}: sleeps", source.path.display(), line + 1));
            }
        }
    }
    report(&breaches);
}

#[test]
fn every_name_says_something() {
    let mut breaches = Vec::new();
    for source in sources(&["src", "tests"]) {
        let stem = source.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if NAMELESS.contains(&stem) || stem == "mod" {
            breaches.push(format!("{}: a name that says nothing", source.path.display()));
        }
    }
    report(&breaches);
}

#[test]
fn generated_documents_are_current() {
    let keys = fs::read_to_string(root().join("docs/keys.md")).unwrap_or_default();
    assert!(keys == hnpwb::action::document(), "docs/keys.md is out of date: hnpwb generate keys > docs/keys.md");
}

#[test]
fn every_role_is_drawn_somewhere() {
    let drawn: String = sources(&["src/ui", "src/ui.rs"]).into_iter().map(|source| source.text).collect();
    let words: BTreeSet<&str> = drawn.split(|c: char| !c.is_alphanumeric()).collect();
    let unused: Vec<String> = hnpwb::config::theme::Role::ALL
        .iter()
        .map(|role| format!("{role:?}"))
        .filter(|role| !words.contains(role.split('(').next().unwrap_or_default()))
        .collect();
    report(&unused);
}

#[test]
fn one_version_of_each_crate_that_draws() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    for name in ["crossterm", "ratatui-core"] {
        let versions = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(versions, 1, "{versions} versions of {name} in Cargo.lock");
    }
}
