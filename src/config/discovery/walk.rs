//! The one bounded walk over a project's folders: task files, folders with manifests, repositories inside.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::backlog;
use super::fabric::Seen;
use super::repository::{self, is_top};
use crate::domain::fault::Fault;
use crate::domain::task::is_board_file;

/// What one walk may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Entries of folders that are looked at.
    pub entries: usize,
    /// Files of which the beginning is read.
    pub sniffs: usize,
    /// Time, for slow disks.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 20_000, sniffs: 4_000, time: Duration::from_secs(2) }
    }
}

/// What a walk found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Task files, and folders of tasks that are one board, as they were come upon: those near the top first.
    pub boards: Vec<PathBuf>,
    /// Folders with manifests, by the repository (or the root) that holds them.
    pub seen: BTreeMap<PathBuf, Seen>,
    /// Repositories below the root.
    pub repos: Vec<PathBuf>,
    /// Folders that could not be read, and a walk that was cut short.
    pub faults: Vec<Fault>,
}

/// Folders below the root in which task files are looked for.
const BOARD_DEPTH: usize = 4;
/// Folders below the root in which manifests are looked for.
const DEEPEST: usize = 8;
/// How much of a file says whether it is a manifest.
const HEAD: u64 = 8 << 10;
/// How much of a file says whether it is a list of tasks.
const BOARD_HEAD: u64 = 64 << 10;

/// Folders of tools: large, and nobody's state or tasks.
const SKIPPED: [&str; 8] =
    ["node_modules", "target", "vendor", "dist", "build", "__pycache__", "venv", "site-packages"];

struct Folder {
    path: PathBuf,
    repo: PathBuf,
    depth: usize,
}

/// Walks from `root`, nearest folders first. Worktrees of the root's repository and linked ones of repositories below
/// it are not entered: they hold the same files once more.
pub fn walk(root: &Path, worktrees: &[PathBuf], limits: Limits) -> Found {
    let began = Instant::now();
    let mut found = Found::default();
    let (mut entries, mut sniffs) = (0, 0);
    let mut queue = VecDeque::from([Folder { path: root.to_path_buf(), repo: root.to_path_buf(), depth: 0 }]);
    while let Some(folder) = queue.pop_front() {
        let mut names = match list(&folder.path, limits.entries.saturating_sub(entries)) {
            Ok(names) => names,
            Err(error) => {
                found.faults.push(Fault::new("looking into", folder.path.display(), error, "check its permissions"));
                continue;
            }
        };
        entries += names.len();
        names.sort();
        if is_marked(&names) {
            found.seen_in(&folder).marked.insert(relative(&folder));
        }
        let mut has_manifest = false;
        // A project with a file for each task is one board.
        let project = backlog::board_of(&folder.path, root);
        for (name, is_dir) in &names {
            let path = folder.path.join(name);
            if *is_dir {
                let again = || worktrees.contains(&path) || is_linked_within(&path, root);
                if folder.depth < DEEPEST && enters(name) && !again() {
                    let repo = if is_top(&path) { path.clone() } else { folder.repo.clone() };
                    if repo == path {
                        found.repos.push(path.clone());
                    }
                    queue.push_back(Folder { path, repo, depth: folder.depth + 1 });
                }
                continue;
            }
            if sniffs >= limits.sniffs {
                break;
            }
            if folder.depth <= BOARD_DEPTH && is_board_file(&path) {
                if project.as_ref().is_some_and(|project| found.boards.contains(project)) {
                    continue;
                }
                sniffs += 1;
                if is_board(&path) {
                    found.boards.push(project.clone().unwrap_or(path));
                }
            } else if !has_manifest && may_be_manifest(name) {
                sniffs += 1;
                has_manifest = head(&path, HEAD).is_some_and(|text| is_manifest(&text));
            }
        }
        if has_manifest {
            found.seen_in(&folder).manifests.insert(relative(&folder));
        }
        if !queue.is_empty() && (entries >= limits.entries || sniffs >= limits.sniffs || began.elapsed() > limits.time)
        {
            let why = format!("stopped after {entries} entries; {} folders were not looked at", queue.len());
            let remedy = "name boards and fabrics in hnpwb.toml (hnpwb init writes one)";
            found.faults.push(Fault::new("discovering in", root.display(), why, remedy));
            break;
        }
    }
    found
}

impl Found {
    fn seen_in(&mut self, folder: &Folder) -> &mut Seen {
        self.seen.entry(folder.repo.clone()).or_default()
    }
}

fn relative(folder: &Folder) -> PathBuf {
    folder.path.strip_prefix(&folder.repo).unwrap_or(&folder.path).to_path_buf()
}

/// Names in a folder, and whether each is a folder. Symbolic links are followed by nobody: they may lead in circles.
fn list(folder: &Path, most: usize) -> std::io::Result<Vec<(std::ffi::OsString, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)?.take(most) {
        let Ok(entry) = entry else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() || kind.is_file() {
            names.push((entry.file_name(), kind.is_dir()));
        }
    }
    Ok(names)
}

/// True for a linked worktree whose main one is below `root` too.
fn is_linked_within(path: &Path, root: &Path) -> bool {
    let repository = is_top(path).then(|| repository::find(path)).flatten();
    repository.and_then(|found| found.main).is_some_and(|main| main != *path && main.starts_with(root))
}

fn enters(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    matches!(name.as_ref(), ".taskmaster" | ".backlog") || !(name.starts_with('.') || SKIPPED.contains(&name.as_ref()))
}

fn is_marked(names: &[(std::ffi::OsString, bool)]) -> bool {
    let has = |wanted: &str| names.iter().any(|(name, is_dir)| *is_dir && name == wanted);
    has(".hnp") || (has("managed") && (has("raw") || has("unmanaged")))
}

fn is_board(path: &Path) -> bool {
    let Some(text) = head(path, BOARD_HEAD) else { return false };
    if path.extension().is_some_and(|ext| ext == "json") {
        return text.contains("\"tasks\"");
    }
    // Backlog.md keeps one task in each file, behind front matter.
    text.starts_with("---") || text.lines().filter(|line| has_task_mark(line)).take(2).count() == 2
}

/// `- [ ]`, `- [x]`, or one of the emoji of the Hedgehog NetBox Plugin's tracker.
fn has_task_mark(line: &str) -> bool {
    const EMOJI: [char; 5] = ['✅', '🔄', '🔲', '⏸', '❓'];
    let item = line.trim_start();
    let boxed = ["- [", "* [", "+ ["].iter().any(|bullet| {
        item.strip_prefix(bullet).is_some_and(|rest| [" ]", "x]", "X]"].iter().any(|mark| rest.starts_with(mark)))
    });
    boxed || line.contains(EMOJI)
}

fn may_be_manifest(name: &OsStr) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|ext| ["yaml", "yml", "json"].iter().any(|known| ext == *known))
}

/// True for the beginning of a Kubernetes manifest: apiVersion and kind, and neither a kubeconfig, nor a definition of
/// kinds, nor a template that is still to be filled.
fn is_manifest(text: &str) -> bool {
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let line = line.trim_start_matches(['{', ' ', '\t', '"']);
            let rest = line.strip_prefix(key)?.trim_start_matches('"').trim_start().strip_prefix(':')?;
            let value = rest.split(['#', ',', '}']).next().unwrap_or_default();
            Some(value.trim().trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
        })
    };
    let (Some(version), Some(kind)) = (value("apiVersion"), value("kind")) else { return false };
    let kubeconfig = version == "v1" && kind == "Config";
    !kubeconfig && kind != "CustomResourceDefinition" && !text.contains("{{")
}

fn head(path: &Path, most: u64) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Limits, has_task_mark, is_manifest, walk};
    use std::fs;
    use std::path::Path;

    fn write(root: &Path, file: &str, text: &str) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn boards(root: &Path) -> Vec<String> {
        let found = walk(root, &[], Limits::default());
        found.boards.iter().map(|board| board.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn task_files_are_told_by_name_and_text() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "TODO.md", "# Todo\n- [ ] one\n- [x] two\n");
        write(root, "TASKS.md", "nothing here\n- [ ] but one\n");
        write(root, "project_management/TASK_TRACKING.md", "### ✅ a\n### 🔄 b\n");
        write(root, ".taskmaster/tasks/tasks.json", "{\"master\": {\"tasks\": []}}");
        write(root, "src/tasks.json", "{\"tasks\": []}");
        write(root, "backlog/tasks/task-1.md", "---\nid: task-1\n---\n");
        write(root, "node_modules/x/TODO.md", "- [ ] one\n- [ ] two\n");
        write(root, ".hidden/TODO.md", "- [ ] one\n- [ ] two\n");
        write(root, "a/b/c/d/e/TODO.md", "- [ ] one\n- [ ] two\n");
        assert_eq!(
            boards(root),
            ["TODO.md", "project_management/TASK_TRACKING.md", ".taskmaster/tasks/tasks.json", "backlog/tasks"]
        );
    }

    #[test]
    fn a_project_with_a_file_for_each_task_is_one_board() {
        let task = "---\nid: task-1\n---\n";
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in
            ["tasks/task-1 - One.md", "tasks/task-2.md", "tasks/deep/task-3.md", "drafts/a.md", "completed/b.md"]
        {
            write(root, &format!("backlog/{file}"), task);
        }
        write(root, "backlog/README.md", "- [ ] one\n- [ ] two\n");
        assert_eq!(
            boards(root),
            ["backlog/completed", "backlog/drafts", "backlog/tasks"],
            "nothing says that they are one"
        );
        write(root, "backlog/config.yml", "statuses: [To Do, Done]\n");
        assert_eq!(boards(root), ["backlog"]);
        fs::remove_file(root.join("backlog/config.yml")).unwrap();
        write(root, "backlog.config.yml", "backlog_directory: \"backlog\"\n");
        assert_eq!(boards(root), ["backlog"]);
        write(root, "TODO.md", "- [ ] one\n- [x] two\n");
        write(root, "sub/.backlog/tasks/task-9.md", task);
        assert_eq!(boards(root), ["TODO.md", "backlog", "sub/.backlog/tasks"]);
    }

    #[test]
    fn both_kinds_of_marks_count() {
        for line in ["- [ ] a", "  * [X] b", "+ [x] c", "### 🔲 d", "| ⏸️ | e |"] {
            assert!(has_task_mark(line), "{line}");
        }
        for line in ["- a", "- [link](x)", "[ ] no bullet", "done"] {
            assert!(!has_task_mark(line), "{line}");
        }
    }

    #[test]
    fn a_manifest_is_told_from_what_only_looks_like_one() {
        assert!(is_manifest("---\n# c\napiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\n"));
        assert!(is_manifest("{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"ConfigMap\"\n}"));
        assert!(is_manifest("kind: 'Service'\napiVersion: \"v1\"\n"));
        assert!(!is_manifest("apiVersion: v1\nkind: Config\nclusters: []\n"));
        assert!(!is_manifest("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"));
        assert!(!is_manifest("apiVersion: v1\nkind: Service\nname: {{ .Values.name }}\n"));
        assert!(!is_manifest("services:\n  web: {}\n"));
        assert!(!is_manifest("apiVersion: \nkind: \n"));
    }

    #[test]
    fn a_walk_that_is_cut_short_says_so() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..20 {
            write(folder.path(), &format!("d{n}/f.txt"), "");
        }
        let found = walk(folder.path(), &[], Limits { entries: 25, ..Limits::default() });
        assert_eq!(found.faults.len(), 1);
        assert!(found.faults[0].why.starts_with("stopped after 25 entries"), "{}", found.faults[0]);
        assert!(walk(folder.path(), &[], Limits::default()).faults.is_empty());
    }

    #[test]
    fn a_repository_inside_keeps_its_own_manifests_and_a_worktree_inside_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = &fs::canonicalize(folder.path()).unwrap();
        write(root, "clone/.git/HEAD", "ref: refs/heads/main\n");
        write(root, "clone/gitops/env-1/a.yaml", "apiVersion: v1\nkind: Service\n");
        write(root, "wt/gitops/env-1/a.yaml", "apiVersion: v1\nkind: Service\n");
        write(root, "clone/.git/worktrees/side/commondir", "../..\n");
        write(root, "side/.git", &format!("gitdir: {}\n", root.join("clone/.git/worktrees/side").display()));
        write(root, "side/gitops/env-1/a.yaml", "apiVersion: v1\nkind: Service\n");
        let found = walk(root, &[root.join("wt")], Limits::default());
        assert_eq!(found.repos, [root.join("clone")]);
        let seen: Vec<_> = found.seen.iter().map(|(repo, seen)| (repo.clone(), seen.manifests.len())).collect();
        assert_eq!(seen, [(root.join("clone"), 1)]);
    }
}
