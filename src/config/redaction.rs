//! The user's own secrets: `[[redact.pattern]]` of `config.toml`, each a regular expression and perhaps a name.

use std::path::Path;

use super::document::{Checker, read};
use super::paths::Paths;
use super::problem::Problem;
use crate::domain::redact::{MOST_PATTERNS, Pattern, Redactor, check_name};

/// Reads the user's `config.toml`. Without one, or without patterns in it, the built-in rules apply alone.
///
/// # Errors
/// Everything that is wrong with the patterns. Nothing takes their place: what they were to hide would be shown.
pub fn load(paths: &Paths) -> Result<Redactor, Vec<Problem>> {
    let file = paths.config.join("config.toml");
    match read(&file) {
        Ok(None) => Ok(Redactor::default()),
        Ok(Some(text)) => match patterns(&text, &file) {
            (patterns, problems) if problems.is_empty() => Ok(Redactor::new(patterns)),
            (_, problems) => Err(problems),
        },
        Err(problem) => Err(vec![problem]),
    }
}

/// The patterns of a file, and everything that is wrong with them. Other tables are not looked at.
///
/// ```toml
/// [[redact.pattern]]
/// name = "badge number"           # what the marker says; left out: own pattern
/// match = "ACME-[0-9]{8}"         # of a group (?<secret>…) only that is hidden, else all that matches
/// ```
pub fn patterns(text: &str, file: &Path) -> (Vec<Pattern>, Vec<Problem>) {
    let (mut checker, document) = Checker::open(text, file);
    // A file that is broken elsewhere has its say where that is read, unless the patterns may have been lost with it.
    let speaks_of_it = document.contains_key("redact") || text.lines().any(|line| line.contains("redact"));
    if !speaks_of_it {
        return (Vec::new(), Vec::new());
    }
    let mut found = Vec::new();
    let section = checker.section(&document, "redact");
    if let Some(section) = &section {
        checker.only(section.table, "[redact]", &["pattern"]);
        for pattern in checker.sections(section.table, "pattern") {
            let place = "[[redact.pattern]]";
            checker.only(pattern.table, place, &["name", "match"]);
            checker.require(&pattern, place, "match");
            let name = checker.string(pattern.table, "name");
            let regex = checker.string(pattern.table, "match");
            if let Some(name) = &name
                && let Err(why) = check_name(&name.value)
            {
                checker.complain(&name.span, why);
                continue;
            }
            let Some(regex) = regex else { continue };
            match Pattern::new(name.as_ref().map(|name| name.value.as_str()), &regex.value) {
                Ok(_) if found.len() == MOST_PATTERNS => {
                    let message =
                        format!("only {MOST_PATTERNS} patterns are applied; put some of them into one with |");
                    checker.complain(&regex.span, message);
                    break;
                }
                Ok(pattern) => found.push(pattern),
                Err(why) => checker.complain(&regex.span, format!("{:?} is no pattern: {why}", regex.value)),
            }
        }
    }
    (found, checker.finish())
}

#[cfg(test)]
mod tests {
    use super::{load, patterns};
    use crate::config::paths::Paths;
    use crate::domain::redact::Redactor;
    use std::path::Path;

    fn said(text: &str) -> Vec<String> {
        patterns(text, Path::new("c.toml")).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn patterns_hide_what_they_match_under_their_name() {
        let text = "[keys]\nf5 = \"refresh\"\n\n[[redact.pattern]]\nname = \"badge number\"\nmatch = \"ACME-[0-9]{8}\"\n\n\
                    [[redact.pattern]]\nmatch = 'host (?<secret>[a-z]+)\\.corp'\n";
        let (found, problems) = patterns(text, Path::new("c.toml"));
        assert_eq!(problems, []);
        let redactor = Redactor::new(found);
        assert_eq!(
            redactor.redact("ACME-00112233 on host walrus.corp"),
            "‹redacted: badge number› on host ‹redacted: own pattern›.corp"
        );
    }

    #[test]
    fn everything_wrong_with_the_patterns_is_said_together() {
        let text = "[redact]\npatern = 1\n\n[[redact.pattern]]\nmatch = \"(\"\n\n[[redact.pattern]]\nname = \"\"\nmatch = \"a\"\n\n\
                    [[redact.pattern]]\nmatch = \"a*\"\nwhy = 1\n\n[[redact.pattern]]\nname = \"x\"\n";
        assert_eq!(
            said(text),
            [
                "c.toml:2:1: unknown key \"patern\"; did you mean \"pattern\"? (in [redact])",
                "c.toml:5:9: \"(\" is no pattern: unclosed group",
                "c.toml:8:8: a name has something in it, and no blanks around",
                "c.toml:12:9: \"a*\" is no pattern: it matches where nothing stands, and would hide nothing",
                "c.toml:13:1: unknown key \"why\"; known are name, match (in [[redact.pattern]])",
                "c.toml:15:1: [[redact.pattern]] needs a \"match\"",
            ]
        );
    }

    #[test]
    fn a_list_of_patterns_is_told_how_it_is_written() {
        assert_eq!(said("redact = 3\n"), ["c.toml:1:10: \"redact\" must be a table, not an integer"]);
        assert_eq!(
            said("[redact]\npattern = \"ACME\"\n"),
            ["c.toml:2:11: \"pattern\" is a list: write [[pattern]], once for each"]
        );
    }

    #[test]
    fn too_many_patterns_are_refused() {
        let text = "[[redact.pattern]]\nmatch = \"a\"\n".repeat(70);
        assert!(said(&text)[0].contains("only 64 patterns"));
    }

    #[test]
    fn a_file_that_is_broken_elsewhere_stops_only_what_it_may_have_hidden() {
        assert!(said("[keys\nf5 = \"refresh\"\n").is_empty());
        assert!(!said("[keys\n[[redact.pattern]]\nmatch = \"x\"\n").is_empty());
    }

    #[test]
    fn no_file_is_no_pattern_and_a_bad_one_is_no_redactor() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().as_os_str().to_owned();
        let paths = Paths::from_vars(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone()));
        assert!(load(&paths).is_ok());
        std::fs::create_dir_all(&paths.config).unwrap();
        std::fs::write(paths.config.join("config.toml"), "[[redact.pattern]]\nmatch = \"[\"\n").unwrap();
        assert_eq!(load(&paths).unwrap_err().len(), 1);
    }
}
