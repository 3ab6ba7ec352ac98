//! `out-of-scope`: files were changed that the agent's brief does not name.

use std::collections::BTreeMap;

use super::{Desk, Facing, News, Proof, Rule, Scope, Settings};
use crate::domain::work::{Deed, Work};

/// Files that are remembered.
const FILES: usize = 512;

/// Paths that are taken from a brief.
const PATHS: usize = 200;

impl Scope {
    /// What a brief allows to be changed: `paths` of its front matter, and what stands in backticks in the lists below a
    /// heading that speaks of scope or of files to change. A brief without either allows everything.
    pub fn of_brief(name: &str, text: &str) -> Self {
        let mut paths: Vec<String> = Vec::new();
        let (mut in_front, mut in_paths, mut in_section) = (false, false, false);
        for (n, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed == "---" && (n == 0 || in_front) {
                (in_front, in_paths) = (n == 0, false);
            } else if in_front {
                let listed = trimmed.strip_prefix("- ").filter(|_| in_paths);
                let flow = trimmed.strip_prefix("paths:").map(str::trim);
                in_paths = listed.is_some() || flow.is_some();
                let flow = flow.into_iter().flat_map(|flow| flow.trim_matches(['[', ']']).split(','));
                let named = listed.into_iter().chain(flow).map(|path| path.trim().trim_matches(['"', '\'']));
                paths.extend(named.filter(|path| !path.is_empty() && *path != "null").map(str::to_owned));
            } else if let Some(heading) = trimmed.strip_prefix('#') {
                let heading = heading.trim_start_matches('#').trim().to_lowercase();
                in_section = matches!(heading.as_str(), "scope" | "in scope" | "files" | "files to change" | "paths");
            } else if in_section && trimmed.starts_with(['-', '*']) {
                paths.extend(trimmed.split('`').skip(1).step_by(2).map(str::to_owned));
            }
            if paths.len() >= PATHS {
                break;
            }
        }
        Self { brief: name.to_owned(), paths }
    }
}

#[derive(Debug)]
struct OutOfScope {
    settings: Settings,
    /// Files that were changed since the last prompt, with the first edit of each.
    files: BTreeMap<String, Proof>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(OutOfScope { settings: settings.clone(), files: BTreeMap::new() })
}

/// True if one of the brief's paths covers a file. A path is a file, a folder, or has `*` for anything; relative ones count
/// wherever they begin.
pub(super) fn covers(scope: &[String], file: &str) -> bool {
    scope.iter().any(|path| {
        let path = path.trim().trim_start_matches("./").trim_end_matches('/');
        let path = path.strip_suffix("/**").or_else(|| path.strip_suffix("/*")).unwrap_or(path);
        if path.is_empty() || path == "." || path == "*" || path == "**" {
            return true;
        }
        let starts = std::iter::once(0).chain(file.match_indices('/').map(|(at, _)| at + 1));
        let starts = starts.filter(|at| *at == 0 || !path.starts_with('/'));
        starts.map(|at| &file[at..]).any(|rest| matches_from(path, rest))
    })
}

/// The pattern from here on: all of it, or all of a folder.
fn matches_from(pattern: &str, file: &str) -> bool {
    match pattern.split_once('*') {
        None => file.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        Some((before, after)) => file.strip_prefix(before).is_some_and(|rest| {
            let after = after.trim_start_matches('*');
            let ends = std::iter::once(rest.len()).chain(rest.char_indices().map(|(at, _)| at));
            after.is_empty() || ends.map(|at| &rest[at..]).any(|rest| matches_from(after, rest))
        }),
    }
}

impl Rule for OutOfScope {
    fn take(&mut self, news: News<'_>, _work: &Work, _desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => self.files.clear(),
            News::Answered(answer) if !answer.act.outcome.is_failure() => {
                let Deed::Edit(files) = &answer.act.deed else { return };
                for file in files.iter().filter(|file| !file.path.is_empty()) {
                    if self.files.len() < FILES {
                        self.files.entry(file.path.clone()).or_insert_with(|| Proof::of(answer.act));
                    }
                }
            }
            News::Called(_) | News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }

    fn look(&mut self, facing: &Facing<'_>, _work: &Work, desk: &mut Desk<'_>) {
        let Some(scope) = facing.scope.filter(|scope| !scope.paths.is_empty()) else { return desk.lower_all() };
        let outside: Vec<(&String, &Proof)> =
            self.files.iter().filter(|(file, _)| !covers(&scope.paths, file)).collect();
        let Some(severity) = self.settings.severity_of(outside.len()) else { return desk.lower_all() };
        let mut proofs: Vec<Proof> = outside.iter().map(|(_, proof)| (*proof).clone()).collect();
        proofs.sort_by_key(|proof| proof.place);
        let names: Vec<&str> = outside.iter().take(3).map(|(file, _)| file.as_str()).collect();
        let more = if outside.len() > 3 { format!(" and {} more", outside.len() - 3) } else { String::new() };
        let detail = format!("{} does not name what was changed: {}{more}", scope.brief, names.join(", "));
        let since = proofs.first().and_then(|proof| proof.place.at);
        desk.raise_alone(&scope.brief, severity, since, detail, &proofs);
    }
}

#[cfg(test)]
mod tests {
    use super::covers;
    use crate::domain::signal::Scope;

    #[test]
    fn a_brief_names_its_paths_in_its_front_matter_or_below_a_heading() {
        let of = |text: &str| Scope::of_brief("b.md", text).paths;
        assert_eq!(of("---\ntask: x\npaths: [src/a.rs, \"docs\"]\n---\n# T\n- `no`\n"), ["src/a.rs", "docs"]);
        assert_eq!(of("---\npaths:\n  - src\n  - 'a b'\nother: 1\n---\n"), ["src", "a b"]);
        assert_eq!(of("# T\n## Scope\n- `src/` and `docs/`\n- nothing else\n## Notes\n- `x`\n"), ["src/", "docs/"]);
        assert!(of("# T\npaths: a\n").is_empty());
    }

    #[test]
    fn a_path_covers_a_file_a_folder_or_what_its_stars_stand_for() {
        let of = |path: &str, file: &str| covers(&[path.to_owned()], file);
        for (path, file) in [
            ("src/check.rs", "/p/src/check.rs"),
            ("src", "/p/src/a/b.rs"),
            ("src/", "src/a.rs"),
            ("src/**", "/p/src/a/b.rs"),
            ("./src/*.rs", "/p/src/a.rs"),
            ("gitops/**/vpc-*.yaml", "/p/gitops/a/b/vpc-1.yaml"),
            ("/p/src", "/p/src/a.rs"),
            (".", "/anything"),
        ] {
            assert!(of(path, file), "{path} covers {file}");
        }
        for (path, file) in [
            ("src", "/p/srcs/a.rs"),
            ("src/check.rs", "/p/src/check.rs.bak"),
            ("/p/src", "/q/p/src/a.rs"),
            ("src/*.rs", "/p/src/a.toml"),
        ] {
            assert!(!of(path, file), "{path} does not cover {file}");
        }
    }
}
