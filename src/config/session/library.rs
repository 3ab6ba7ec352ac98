//! `[library]` and `[brief]` of a session file: what agents can be told to read, and where templates of briefs are.

use std::path::{Component, Path, PathBuf};

use toml::de::DeTable;

use crate::config::document::Checker;

/// What belongs to the context library beside what is found by convention, and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LibrarySpec {
    /// Files, and folders with every text in them, below the root.
    pub paths: Vec<String>,
    /// Folders and files that are left out, below the root.
    pub exclude: Vec<String>,
}

/// Reads both tables.
pub(super) fn read(checker: &mut Checker<'_>, document: &DeTable<'_>) -> (LibrarySpec, Option<PathBuf>) {
    let mut spec = LibrarySpec::default();
    if let Some(section) = checker.section(document, "library") {
        checker.only(section.table, "[library]", &["paths", "exclude"]);
        spec.paths = inside(checker, section.table, "paths");
        spec.exclude = inside(checker, section.table, "exclude");
    }
    let section = checker.section(document, "brief");
    let templates = section.and_then(|section| {
        checker.only(section.table, "[brief]", &["templates"]);
        checker.text(section.table, "templates")
    });
    (spec, templates.map(|found| PathBuf::from(found.value)))
}

/// Paths below the root, without `.` and a final `/`.
fn inside(checker: &mut Checker<'_>, table: &DeTable<'_>, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for written in checker.strings(table, key).unwrap_or_default() {
        let mut parts = Vec::new();
        let mut within = true;
        for part in Path::new(&written.value).components() {
            match part {
                Component::CurDir => {}
                Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => within = false,
            }
        }
        if within && !parts.is_empty() {
            found.push(parts.join("/"));
        } else {
            checker.complain(&written.span, format!("{key:?} has paths below the root: relative and without \"..\""));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{LibrarySpec, read};
    use crate::config::document::Checker;
    use std::path::{Path, PathBuf};

    #[test]
    fn paths_lie_below_the_root() {
        let text =
            "[library]\npaths = [\"./notes/\", \"../x\"]\nexclude = [\"docs/old\"]\n[brief]\ntemplates = \"t\"\n";
        let (mut checker, document) = Checker::open(text, Path::new("s.toml"));
        let (spec, templates) = read(&mut checker, &document);
        assert_eq!(spec, LibrarySpec { paths: vec!["notes".into()], exclude: vec!["docs/old".into()] });
        assert_eq!(templates, Some(PathBuf::from("t")));
        let problems = checker.finish();
        assert!(problems.len() == 1 && problems[0].to_string().starts_with("s.toml:2:22:"), "{problems:?}");
    }
}
