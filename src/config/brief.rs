//! Templates of briefs: those of the project, then the operator's own, then those built in. The first of a name counts.

use std::path::{Path, PathBuf};

use super::document::read;
use super::paths::Paths;
use crate::domain::brief::template::{Template, built_in};
use crate::domain::fault::Fault;

/// Templates of one folder at most.
const MOST: usize = 100;

/// Folders of templates, the project's first.
pub fn folders(paths: &Paths, project: &Path) -> Vec<PathBuf> {
    vec![project.to_owned(), paths.config.join("briefs")]
}

/// Every template, in the order in which they are offered; and what is wrong with those that cannot be used.
pub fn templates(folders: &[PathBuf]) -> (Vec<Template>, Vec<Fault>) {
    let mut found: Vec<Template> = Vec::new();
    let mut faults = Vec::new();
    for file in folders.iter().flat_map(|folder| files(folder)) {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if found.iter().any(|template| template.name == name) {
            continue;
        }
        let text =
            read(&file).map_err(|problem| problem.message).and_then(|text| text.ok_or_else(|| "it is gone".to_owned()));
        match text.and_then(|text| Template::read(&name, &text)) {
            Ok(template) => found.push(template),
            Err(why) => faults.push(Fault::new(
                "reading the template",
                file.display(),
                why,
                "docs/briefs.md says what a template is",
            )),
        }
    }
    let own = found.len();
    let others: Vec<Template> = built_in();
    for template in others {
        if !found[..own].iter().any(|known| known.name == template.name) {
            found.push(template);
        }
    }
    (found, faults)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "md")).collect();
    files.sort();
    files.truncate(MOST);
    files
}

#[cfg(test)]
mod tests {
    use super::templates;

    #[test]
    fn the_projects_own_come_first_and_one_that_is_wrong_costs_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (project, own) = (dir.path().join("project"), dir.path().join("own"));
        for folder in [&project, &own] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(project.join("specialist.md"), "---\nabout: Ours\n---\n{% extends \"shape\" %}\n").unwrap();
        std::fs::write(own.join("specialist.md"), "---\nabout: Mine\n---\n").unwrap();
        std::fs::write(own.join("broken.md"), "{% if %}").unwrap();
        std::fs::write(own.join("weekly.md"), "# {{ session.name }}\n").unwrap();
        let (found, faults) = templates(&[project, own, dir.path().join("none")]);
        let names: Vec<&str> = found.iter().map(|template| template.name.as_str()).collect();
        assert_eq!(names[..3], ["specialist", "weekly", "orchestrator"]);
        assert_eq!((found[0].about.as_str(), found.len()), ("Ours", 10));
        assert!(faults.len() == 1 && faults[0].to_string().contains("broken.md"), "{faults:?}");
    }
}
