//! Which files are transcripts, and whose.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::domain::agent::AgentId;
use crate::domain::transcript::format::{Format, Named, by_path};
use crate::source::transcript::database;
use crate::source::transcript::store::{Stat, format_of};
use crate::source::watch::walk::{Found, Identity, walk};

/// A transcript file, as far as its path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub path: PathBuf,
    pub format: &'static dyn Format,
    /// Name inside this run: the session, or the session and the sub-agent.
    pub id: AgentId,
    /// Session of the parent, when the path tells it.
    pub parent: Option<AgentId>,
    /// True for the transcript of a sub-agent, whether or not its parent is known from the path.
    pub sub_agent: bool,
    /// Position of the agent in the session file whose pattern names this file.
    pub spec: Option<usize>,
    /// The folder that the agent works in, when the path tells it.
    pub cwd: Option<String>,
    pub stat: Stat,
}

/// Folder of transcripts below one of Claude's folders.
pub(crate) fn folder(claude: &Path) -> PathBuf {
    claude.join("projects")
}

/// Every transcript in these places, and those that the patterns name. One file reached on two paths is one, and no folder
/// is walked for each pattern anew.
pub(super) fn discover(places: &[PathBuf], patterns: &[Option<Pattern>]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut files: BTreeSet<Identity> = BTreeSet::new();
    let named = |path: &Path| patterns.iter().position(|one| one.as_ref().is_some_and(|one| one.matches(path)));
    let mut add = |path: &Path, stat: Stat, format: &'static dyn Format, spec: Option<usize>| {
        if files.insert(stat.identity) {
            found.push(Candidate { spec, ..candidate(path, stat, format) });
        }
    };
    let mut of_sessions = Vec::new();
    let mut seen = BTreeSet::new();
    for place in places {
        if let Some(database) = database::of_file(place) {
            // One that cannot be read now is looked at again when it changes.
            of_sessions.extend(database.sessions().unwrap_or_default());
            continue;
        }
        if let (Ok(metadata), Some(format)) = (fs::metadata(place), by_path(place))
            && metadata.is_file()
        {
            add(place, Stat::of(&metadata), format, named(place));
            continue;
        }
        walk(place, true, &mut seen, &mut |item| {
            let Found::File(path, metadata) = item else { return };
            let spec = named(path);
            match by_path(path) {
                Some(format) => add(path, Stat::of(metadata), format, spec),
                None if spec.is_some() => add(path, Stat::of(metadata), format_of(path), spec),
                None => {}
            }
        });
    }
    for (path, stat) in of_sessions {
        if let Some(format) = by_path(&path) {
            add(&path, stat, format, named(&path));
        }
    }
    let bases: BTreeSet<&Path> = patterns.iter().flatten().map(|pattern| pattern.base.as_path()).collect();
    for base in bases.into_iter().filter(|base| !places.iter().any(|place| base.starts_with(place))) {
        walk(base, true, &mut BTreeSet::new(), &mut |item| {
            let Found::File(path, metadata) = item else { return };
            if let Some(spec) = named(path) {
                add(path, Stat::of(metadata), format_of(path), Some(spec));
            }
        });
    }
    // While a program compresses a file both are there for a moment; the plain one is whole.
    let packed = |one: &Candidate| one.path.extension().is_some_and(|extension| extension == "zst");
    let plain: BTreeSet<PathBuf> = found.iter().filter(|one| !packed(one)).map(|one| one.path.clone()).collect();
    found.retain(|one| !packed(one) || !plain.contains(&one.path.with_extension("")));
    found
}

/// What a path tells.
pub(super) fn candidate(path: &Path, stat: Stat, format: &'static dyn Format) -> Candidate {
    let Named { id, parent, sub_agent, cwd } = format.identify(path);
    let (id, parent) = (AgentId(id), parent.map(AgentId));
    Candidate { path: path.to_owned(), format, id, parent, sub_agent, cwd, spec: None, stat }
}

/// A pattern of paths: `*` and `?` inside one name, `**` for any number of folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The folders before the first wildcard, or the file itself.
    pub base: PathBuf,
    parts: Vec<String>,
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        let path = Path::new(pattern);
        let wild = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?']);
        let plain: PathBuf = path.components().take_while(|part| !wild(part)).collect();
        let is_plain = plain.components().count() == path.components().count();
        let base = if is_plain { plain.parent().unwrap_or(&plain).to_owned() } else { plain };
        let parts = path.components().skip(base.components().count());
        Self { base, parts: parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect() }
    }

    pub(super) fn matches(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.base) else { return false };
        let names: Vec<String> =
            rest.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        matches_parts(&self.parts, &names)
    }
}

fn matches_parts(parts: &[String], names: &[String]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((part, rest)), _) if part == "**" => (0..=names.len()).any(|skip| matches_parts(rest, &names[skip..])),
        (Some((part, parts)), Some((name, names))) => matches_name(part, name) && matches_parts(parts, names),
        _ => false,
    }
}

/// Matches one name; goes back to the last star when it must, so it is linear but for one star's sake.
fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, matched)) => {
                    star = Some((at, matched + 1));
                    (p, n) = (at + 1, matched + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Pattern, discover};

    fn write(root: &Path, file: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn sessions_and_sub_agents_are_found_and_other_files_are_not() {
        let claude = tempfile::tempdir().unwrap();
        for file in [
            "projects/-p/s1.jsonl",
            "projects/-p/s1/subagents/agent-a.jsonl",
            "projects/-p/s1/subagents/agent-a.meta.json",
            "projects/-p/s1/subagents/workflows/wf_1/agent-b.jsonl",
            "projects/-p/s1/subagents/workflows/wf_1/journal.jsonl",
            "projects/-p/s1/tool-results/x.jsonl",
            "projects/-p/memory/m.jsonl",
            "projects/-p/agent-old.jsonl",
        ] {
            write(claude.path(), file);
        }
        let mut found = discover(&[claude.path().to_owned()], &[]);
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.id.0.as_str(), one.parent.as_ref().map(|id| id.0.as_str()), one.sub_agent))
            .collect();
        assert_eq!(
            shown,
            [
                ("agent-old", None, true),
                ("s1", None, false),
                ("s1/agent-a", Some("s1"), true),
                ("s1/agent-b", Some("s1"), true),
            ]
        );
    }

    #[test]
    fn a_folder_that_is_linked_twice_is_read_once() {
        let claude = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        write(claude.path(), "projects/-p/s1.jsonl");
        std::os::unix::fs::symlink(claude.path().join("projects"), other.path().join("projects")).unwrap();
        assert_eq!(discover(&[claude.path().to_owned(), other.path().to_owned()], &[]).len(), 1);
    }

    #[test]
    fn of_a_file_and_its_compressed_form_the_file_counts() {
        let codex = tempfile::tempdir().unwrap();
        for file in
            ["sessions/rollout-a.jsonl", "sessions/rollout-a.jsonl.zst", "archived_sessions/rollout-b.jsonl.zst"]
        {
            write(codex.path(), file);
        }
        let mut found = discover(&[codex.path().to_owned()], &[]);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        let names: Vec<_> = found.iter().map(|one| one.path.strip_prefix(codex.path()).unwrap().to_owned()).collect();
        assert_eq!(names, [PathBuf::from("archived_sessions/rollout-b.jsonl.zst"), "sessions/rollout-a.jsonl".into()]);
    }

    #[test]
    fn patterns_name_files_anywhere_and_their_formats_are_told() {
        let root = tempfile::tempdir().unwrap();
        for file in ["kept/projects/-p/s1.jsonl", "logs/worker.log", "logs/deep/x.log", "logs/worker.txt"] {
            write(root.path(), file);
        }
        let pattern = |text: &str| Some(Pattern::new(&root.path().join(text).display().to_string()));
        let found = discover(&[], &[pattern("kept/**/*.jsonl"), None, pattern("logs/*.log")]);
        let formats: Vec<_> = found.iter().map(|one| (one.format.name(), one.spec)).collect();
        assert_eq!(formats, [("claude", Some(0)), ("plain", Some(2))]);
    }

    #[test]
    fn patterns_match_as_shells_match() {
        let matches = |pattern: &str, path: &str| Pattern::new(pattern).matches(Path::new(path));
        assert!(matches("/a/*.jsonl", "/a/x.jsonl"));
        assert!(!matches("/a/*.jsonl", "/a/b/x.jsonl"));
        assert!(matches("/a/**/x-*-?.jsonl", "/a/b/c/x-1-2.jsonl"));
        assert!(matches("/a/**/*.jsonl", "/a/x.jsonl"));
        assert!(matches("/a/x.jsonl", "/a/x.jsonl") && !matches("/a/x.jsonl", "/a/y.jsonl"));
        assert!(!matches("/a/*b*c", "/a/bcd") && matches("/a/*b*c", "/a/xbbdc"));
        assert_eq!(Pattern::new("/a/b/*.x").base, PathBuf::from("/a/b"));
    }
}
