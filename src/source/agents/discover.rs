//! Which files are transcripts, and whose.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};

use crate::domain::agent::{AgentId, AgentKind};
use crate::source::watch::walk::{Found, Identity, identity, walk};

/// A transcript file, as far as its path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub path: PathBuf,
    pub kind: AgentKind,
    /// Name inside this run: the session, or the session and the sub-agent.
    pub id: AgentId,
    /// Session of the parent, when the path tells it.
    pub parent: Option<AgentId>,
    /// True for the transcript of a sub-agent, whether or not its parent is known from the path.
    pub sub_agent: bool,
    /// Position of the agent in the session file whose pattern names this file.
    pub spec: Option<usize>,
    pub identity: Identity,
    pub size: u64,
    pub modified: Option<std::time::SystemTime>,
}

/// Folder of transcripts below one of Claude's folders.
pub(super) fn folder(claude: &Path) -> PathBuf {
    claude.join("projects")
}

/// Every transcript below Claude's folders, and those that the patterns name. One file reached on two paths is one, and no
/// folder is walked for each pattern anew.
pub(super) fn discover(claude_dirs: &[PathBuf], patterns: &[Option<Pattern>]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut files: BTreeSet<Identity> = BTreeSet::new();
    let named = |path: &Path| patterns.iter().position(|one| one.as_ref().is_some_and(|one| one.matches(path)));
    let mut add = |path: &Path, metadata: &Metadata, spec: Option<usize>| {
        if files.insert(identity(metadata)) {
            found.push(Candidate { spec, ..candidate(path, metadata) });
        }
    };
    let roots: Vec<PathBuf> = claude_dirs.iter().map(|claude| folder(claude)).collect();
    let mut seen = BTreeSet::new();
    for root in &roots {
        walk(root, true, &mut seen, &mut |item| {
            let Found::File(path, metadata) = item else { return };
            let spec = named(path);
            if spec.is_some() || is_transcript(root, path) {
                add(path, metadata, spec);
            }
        });
    }
    let bases: BTreeSet<&Path> = patterns.iter().flatten().map(|pattern| pattern.base.as_path()).collect();
    for base in bases.into_iter().filter(|base| !roots.iter().any(|root| base.starts_with(root))) {
        walk(base, true, &mut BTreeSet::new(), &mut |item| {
            let Found::File(path, metadata) = item else { return };
            if let Some(spec) = named(path) {
                add(path, metadata, Some(spec));
            }
        });
    }
    found
}

/// True for session and sub-agent transcripts; Claude keeps other files in the same folders.
pub(super) fn is_transcript(root: &Path, path: &Path) -> bool {
    let is_lines = path.extension().is_some_and(|extension| extension == "jsonl");
    let other = [OsStr::new("memory"), OsStr::new("tool-results")];
    let inside = path.strip_prefix(root).unwrap_or(path);
    let elsewhere = inside.components().any(|part| other.contains(&part.as_os_str()));
    is_lines && !elsewhere && path.file_name() != Some(OsStr::new("journal.jsonl"))
}

/// What a path tells.
pub(super) fn candidate(path: &Path, metadata: &Metadata) -> Candidate {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let kind = match path.extension().and_then(OsStr::to_str) {
        Some("jsonl") if stem.starts_with("rollout-") => AgentKind::Codex,
        Some("jsonl") => AgentKind::Claude,
        _ => AgentKind::Log,
    };
    let sub_agent = kind == AgentKind::Claude && stem.starts_with("agent-");
    let parent = parent_session(path).filter(|_| sub_agent);
    let id = match (kind, &parent) {
        (AgentKind::Claude, Some(parent)) => AgentId(format!("{}/{stem}", parent.0)),
        (AgentKind::Claude, None) => AgentId(stem),
        (AgentKind::Codex | AgentKind::Log | AgentKind::Pod, _) => AgentId(path.display().to_string()),
    };
    Candidate {
        path: path.to_owned(),
        kind,
        id,
        parent,
        sub_agent,
        spec: None,
        identity: identity(metadata),
        size: metadata.len(),
        modified: metadata.modified().ok(),
    }
}

/// `…/<session>/subagents/…` names the parent.
fn parent_session(path: &Path) -> Option<AgentId> {
    let folder = path.ancestors().find(|folder| folder.file_name() == Some(OsStr::new("subagents")))?;
    Some(AgentId(folder.parent()?.file_name()?.to_string_lossy().into_owned()))
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
    use crate::domain::agent::AgentKind;

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
    fn patterns_name_files_anywhere_and_tell_their_kind() {
        let root = tempfile::tempdir().unwrap();
        for file in ["codex/2026/11/20/rollout-1.jsonl", "logs/worker.log", "logs/deep/x.log", "logs/worker.txt"] {
            write(root.path(), file);
        }
        let pattern = |text: &str| Some(Pattern::new(&root.path().join(text).display().to_string()));
        let found = discover(&[], &[pattern("codex/**/rollout-*.jsonl"), None, pattern("logs/*.log")]);
        let kinds: Vec<_> = found.iter().map(|one| (one.kind, one.spec)).collect();
        assert_eq!(kinds, [(AgentKind::Codex, Some(0)), (AgentKind::Log, Some(2))]);
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
