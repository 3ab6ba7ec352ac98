//! The session file: TOML tables become checked values. `docs/sessions.md` is its reference.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::gates;
use super::library::{self, LibrarySpec};
use super::{AgentSpec, CheckSpec, ClusterSpec, FabricSpec, ReviewSpec};
use crate::config::document::{Checker, Section};
use crate::config::paths::Paths;
use crate::config::problem::{Problem, unknown};
use crate::config::supervision::{self, Supervision};
use crate::domain::evidence::{Require, RowKind};
use crate::domain::gate::rule::GateRule;

/// How long a commit may take to become live when the file does not say.
pub const GRACE: Duration = Duration::from_secs(5 * 60);

/// How long a task may be in progress without a sign of work when the file does not say.
pub const STALE_AFTER: Duration = Duration::from_secs(2 * 60 * 60);

/// Folders of a GitOps directory that hold no desired state when the file does not say: those into which the Hedgehog
/// NetBox Plugin puts what it has not taken in.
pub const EXCLUDED: [&str; 2] = ["raw", "unmanaged"];

/// What a session file says. Paths are absolute, `~` is expanded; nothing was looked up on disk.
#[derive(Debug, Clone, Default)]
pub struct SessionFile {
    /// `name`.
    pub name: Option<String>,
    /// `root`, else the base.
    pub root: PathBuf,
    /// True when the file says where the root is.
    pub names_root: bool,
    /// `state`: the folder for the journal and all else that is kept.
    pub state: Option<PathBuf>,
    /// `read_only`.
    pub read_only: bool,
    /// `layout`.
    pub layout: Option<String>,
    /// `theme`.
    pub theme: Option<String>,
    /// `[[board]]`.
    pub boards: Vec<PathBuf>,
    /// `[[agent]]`.
    pub agents: Vec<AgentSpec>,
    /// `[[repo]]`.
    pub repos: Vec<PathBuf>,
    /// `[[fabric]]`.
    pub fabrics: Vec<FabricSpec>,
    /// `[[gate]]`.
    pub gates: Vec<GateRule>,
    /// `[gates] sets`; `None` when the file does not say.
    pub gate_sets: Option<Vec<String>>,
    /// `[[check]]`.
    pub checks: Vec<CheckSpec>,
    /// `[signals]` and `[notify]`.
    pub supervision: Supervision,
    /// `[library]`.
    pub library: LibrarySpec,
    /// `templates` of `[brief]`.
    pub templates: Option<PathBuf>,
    /// `stale_after`.
    pub stale_after: Option<Duration>,
    /// `[review]`.
    pub review: ReviewSpec,
}

/// Reads a session file. A relative root is below `base`; every other relative path is below the root.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn parse(text: &str, file: &Path, base: &Path, paths: &Paths) -> Result<SessionFile, Vec<Problem>> {
    match read(text, file, base, paths) {
        (session, problems) if problems.is_empty() => Ok(session),
        (_, problems) => Err(problems),
    }
}

/// The same, with what could be understood beside what could not.
pub(super) fn read(text: &str, file: &Path, base: &Path, paths: &Paths) -> (SessionFile, Vec<Problem>) {
    let (mut checker, document) = Checker::open(text, file);
    let known = [
        "session", "board", "agent", "repo", "fabric", "gate", "gates", "check", "signals", "notify", "library",
        "brief", "review",
    ];
    checker.only(&document, "a session file", &known);

    let head = checker.section(&document, "session");
    if let Some(head) = &head {
        checker.only(
            head.table,
            "[session]",
            &["name", "root", "state", "read_only", "layout", "theme", "stale_after"],
        );
    }
    let mut head_text = |key| head.as_ref().and_then(|head| checker.text(head.table, key)).map(|found| found.value);
    let (name, layout, theme) = (head_text("name"), head_text("layout"), head_text("theme"));
    let (named_root, state) = (head_text("root"), head_text("state"));
    let read_only = head.as_ref().and_then(|head| checker.flag(head.table, "read_only")).unwrap_or_default();
    let names_root = named_root.is_some();
    let root = named_root.map_or_else(|| base.to_path_buf(), |root| below(base, &root, paths));

    let supervision = supervision::tables(&mut checker, &document, false);
    let (library, templates) = library::read(&mut checker, &document);
    let templates = templates.map(|folder| below(&root, &folder.to_string_lossy(), paths));
    let mut walk = Walk { checker, root: &root, paths };
    let stale_after = head.as_ref().and_then(|head| walk.duration(head.table, "stale_after"));
    let boards = walk.paths_of(&document, "board");
    let repos = walk.paths_of(&document, "repo");
    let agents = walk.named(&document, "agent", Walk::agent, |agent| &agent.name);
    let fabrics = walk.named(&document, "fabric", Walk::fabric, |fabric| &fabric.name);
    let gates = gates::rules(&mut walk.checker, &document, text, &file.display().to_string());
    let gate_sets = gates::sets(&mut walk.checker, &document);
    let checks = walk.named(&document, "check", Walk::check, |check| &check.name);
    let review = walk.checker.section(&document, "review").map(|section| walk.review(&section)).unwrap_or_default();
    let problems = walk.checker.finish();
    let state = state.map(|state| below(&root, &state, paths));
    let session = SessionFile {
        name,
        root,
        names_root,
        state,
        read_only,
        layout,
        theme,
        boards,
        agents,
        repos,
        fabrics,
        gates,
        gate_sets,
        checks,
        supervision,
        library,
        templates,
        stale_after,
        review,
    };
    (session, problems)
}

/// A path of the file: `~` expanded, relative ones below `base`, without `.` and `..` where that is safe to say.
fn below(base: &Path, path: &str, paths: &Paths) -> PathBuf {
    let mut full = base.to_path_buf();
    for part in paths.expand(path).components() {
        match part {
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir => full = PathBuf::from("/"),
            Component::ParentDir => full.push(".."),
            Component::Normal(name) => full.push(name),
        }
    }
    full
}

/// The walk over the lists of one file.
struct Walk<'w, 'a> {
    checker: Checker<'a>,
    root: &'w Path,
    paths: &'w Paths,
}

impl SessionFile {
    /// Takes out the rules of the file, then those of the sets that are in force.
    pub fn take_rules(&mut self) -> Vec<GateRule> {
        let sets = self.gate_sets.clone().unwrap_or_else(gates::default_sets);
        let mut rules = std::mem::take(&mut self.gates);
        rules.append(&mut gates::rules_of(&sets));
        rules
    }
}

impl Walk<'_, '_> {
    /// A list of tables with nothing but a path.
    fn paths_of(&mut self, document: &DeTable, list: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for section in self.checker.sections(document, list) {
            let place = format!("[[{list}]]");
            self.checker.only(section.table, &place, &["path"]);
            self.checker.require(&section, &place, "path");
            if let Some(path) = self.checker.text(section.table, "path") {
                found.push(below(self.root, &path.value, self.paths));
            }
        }
        found
    }

    /// A list of tables that are known by their names.
    fn named<T>(
        &mut self,
        document: &DeTable,
        list: &str,
        read: impl Fn(&mut Self, &Section) -> Option<T>,
        name: impl Fn(&T) -> &str,
    ) -> Vec<T> {
        let mut found: Vec<T> = Vec::new();
        for section in self.checker.sections(document, list) {
            let Some(item) = read(self, &section) else { continue };
            if found.iter().any(|other| name(other) == name(&item)) {
                let span = section.table.get("name").map_or(section.span.clone(), toml::Spanned::span);
                self.checker.complain(&span, format!("there is a [[{list}]] named {:?} already", name(&item)));
                continue;
            }
            found.push(item);
        }
        found
    }

    fn agent(&mut self, section: &Section) -> Option<AgentSpec> {
        let table = section.table;
        self.checker.only(table, "[[agent]]", &["name", "role", "transcripts"]);
        self.checker.require(section, "[[agent]]", "name");
        let role = self.checker.text(table, "role").map(|role| role.value);
        let transcripts = self.checker.text(table, "transcripts").map(|glob| glob.value);
        let transcripts = transcripts.map(|glob| below(self.root, &glob, self.paths).to_string_lossy().into_owned());
        Some(AgentSpec { name: self.checker.text(table, "name")?.value, role, transcripts })
    }

    fn fabric(&mut self, section: &Section) -> Option<FabricSpec> {
        let table = section.table;
        self.checker.only(table, "[[fabric]]", &["name", "gitops", "cluster", "grace"]);
        self.checker.require(section, "[[fabric]]", "name");
        self.checker.require(section, "[[fabric]]", "gitops");
        let grace = self.duration(table, "grace").unwrap_or(GRACE);
        let cluster = self.checker.section(table, "cluster").map(|cluster| self.cluster(&cluster));
        let gitops = self.checker.section(table, "gitops").and_then(|gitops| self.gitops(&gitops));
        let name = self.checker.text(table, "name")?.value;
        let (repo, directory, exclude) = gitops?;
        Some(FabricSpec { name, repo, directory, exclude, cluster, grace })
    }

    fn gitops(&mut self, section: &Section) -> Option<(PathBuf, PathBuf, Vec<String>)> {
        let table = section.table;
        self.checker.only(table, "\"gitops\"", &["repo", "directory", "exclude"]);
        self.checker.require(section, "\"gitops\"", "directory");
        let repo = self.checker.text(table, "repo");
        let repo = repo.map_or_else(|| self.root.to_path_buf(), |repo| below(self.root, &repo.value, self.paths));
        let exclude = self.checker.strings(table, "exclude").map_or_else(
            || EXCLUDED.map(str::to_owned).to_vec(),
            |names| names.into_iter().map(|name| name.value).collect(),
        );
        let written = self.checker.text(table, "directory")?;
        let mut directory = PathBuf::new();
        for part in Path::new(&written.value).components() {
            match part {
                Component::CurDir => {}
                Component::Normal(name) => directory.push(name),
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => {
                    let message = "\"directory\" is a path inside the repository: relative and without \"..\"";
                    self.checker.complain(&written.span, message);
                    return None;
                }
            }
        }
        Some((repo, directory, exclude))
    }

    fn cluster(&mut self, section: &Section) -> ClusterSpec {
        let table = section.table;
        self.checker.only(table, "\"cluster\"", &["context", "kubeconfig", "snapshot"]);
        let context = self.checker.text(table, "context").map(|context| context.value);
        let kubeconfig = self.checker.text(table, "kubeconfig");
        let kubeconfig = kubeconfig.map(|file| below(self.root, &file.value, self.paths));
        let Some(snapshot) = self.checker.text(table, "snapshot") else {
            return ClusterSpec::Context { context, kubeconfig };
        };
        if context.is_some() || kubeconfig.is_some() {
            let message = "a cluster is a \"snapshot\", or a \"context\" with its \"kubeconfig\", not both";
            self.checker.complain(&snapshot.span, message);
        }
        ClusterSpec::Snapshot(below(self.root, &snapshot.value, self.paths))
    }

    fn check(&mut self, section: &Section) -> Option<CheckSpec> {
        let table = section.table;
        self.checker.only(table, "[[check]]", &["name", "run"]);
        self.checker.require(section, "[[check]]", "name");
        self.checker.require(section, "[[check]]", "run");
        let (name, run) = (self.checker.text(table, "name"), self.checker.text(table, "run"));
        Some(CheckSpec { name: name?.value, run: run?.value })
    }

    fn review(&mut self, section: &Section) -> ReviewSpec {
        let table = section.table;
        self.checker.only(table, "[review]", &["require", "git_notes"]);
        let git_notes = self.checker.flag(table, "git_notes").unwrap_or_default();
        let require = self.checker.strings(table, "require").map(|names| {
            let mut kinds = Vec::new();
            for name in names {
                match RowKind::parse(&name.value) {
                    Some(kind) => kinds.push(kind),
                    None => {
                        let known = RowKind::ALL.map(RowKind::name);
                        self.checker.complain(&name.span, unknown("row", &name.value, &known));
                    }
                }
            }
            Require::These(kinds)
        });
        ReviewSpec { require: require.unwrap_or_default(), git_notes }
    }

    fn duration(&mut self, table: &DeTable, key: &str) -> Option<Duration> {
        let written = self.checker.string(table, key)?;
        let duration = parse_duration(&written.value);
        if duration.is_none() {
            self.checker.complain(&written.span, no_duration(&written.value));
        }
        duration
    }
}

/// What is said of a text that is no duration.
pub(super) fn no_duration(text: &str) -> String {
    format!("{text:?} is no duration: write \"90s\", \"5m\", \"1h30m\" or \"2d\"")
}

/// A duration as people write it: numbers with `s`, `m`, `h` or `d`, the larger unit first. More than nothing and at
/// most 30 days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
    const LONGEST: u64 = 30 * 86_400;
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    let mut units = UNITS.as_slice();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let place = units.iter().position(|(name, _)| *name == unit)?;
        seconds = seconds.checked_add(number.checked_mul(units[place].1)?)?;
        units = &units[place + 1..];
        rest = &rest[digits + 1..];
    }
    (1..=LONGEST).contains(&seconds).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::{ClusterSpec, SessionFile, parse, parse_duration};
    use crate::config::paths::Paths;
    use crate::domain::gate::rule::OnFailure;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    fn read(text: &str) -> Result<SessionFile, Vec<String>> {
        let paths = Paths::from_vars(|name| (name == "HOME").then(|| "/home/me".into()));
        parse(text, Path::new("s.toml"), Path::new("/project"), &paths)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_empty_file_is_a_session() {
        let session = read("").unwrap();
        assert_eq!((session.name, session.root, session.names_root), (None, PathBuf::from("/project"), false));
    }

    #[test]
    fn relative_paths_are_below_the_root_and_a_tilde_is_home() {
        let session = read(
            "[session]\nroot = \"sub\"\nstate = \"~/state\"\n[[board]]\npath = \"./a/TASKS.md\"\n\
             [[repo]]\npath = \"../other\"\n[[agent]]\nname = \"o\"\ntranscripts = \"~/t/*.jsonl\"\n",
        )
        .unwrap();
        assert_eq!(session.root, Path::new("/project/sub"));
        assert_eq!(session.state.as_deref(), Some(Path::new("/home/me/state")));
        assert_eq!(session.boards, [PathBuf::from("/project/sub/a/TASKS.md")]);
        assert_eq!(session.repos, [PathBuf::from("/project/sub/../other")]);
        assert_eq!(session.agents[0].transcripts.as_deref(), Some("/home/me/t/*.jsonl"));
    }

    #[test]
    fn what_a_fabric_and_a_gate_leave_out_has_a_value() {
        let session = read(
            "[[fabric]]\nname = \"f\"\ngitops = { directory = \"g/f\" }\n\
             [[gate]]\nname = \"push\"\nmatches = \"git push\"\n",
        )
        .unwrap();
        let (fabric, gate) = (&session.fabrics[0], &session.gates[0]);
        assert_eq!((fabric.repo.as_path(), fabric.cluster.as_ref()), (Path::new("/project"), None));
        assert_eq!(fabric.exclude, ["raw", "unmanaged"]);
        assert_eq!(fabric.grace, Duration::from_secs(300));
        assert_eq!((gate.tools.len(), gate.fail, gate.deadline.as_secs()), (0, OnFailure::Deny, 1_800));
        assert!(gate.matches.as_ref().unwrap().is_match("cd x && git push -f"));
        assert_eq!((gate.origin.source.as_str(), gate.origin.line), ("s.toml", 4));
    }

    #[test]
    fn sets_are_those_that_the_file_names_and_its_own_rules_come_first() {
        let names = |text: &str| -> Vec<String> {
            read(text).unwrap().take_rules().into_iter().map(|rule| rule.name).collect()
        };
        assert!(names("").contains(&"settings-files".to_owned()));
        assert!(names("[gates]\nsets = []\n").is_empty());
        let own = names("[gates]\nsets = [\"pushes\"]\n[[gate]]\nname = \"a\"\ntool = \"Bash\"\n");
        assert_eq!((own[0].as_str(), own[1].as_str()), ("a", "push-git"));
        assert!(read("[gates]\nsets = [\"pushs\"]\n").unwrap_err()[0].contains("did you mean \"pushes\"?"));
    }

    #[test]
    fn an_empty_cluster_is_the_current_context() {
        let session =
            read("[[fabric]]\nname = \"f\"\ngitops = { directory = \"g\", exclude = [] }\ncluster = {}\n").unwrap();
        assert_eq!(session.fabrics[0].cluster, Some(ClusterSpec::Context { context: None, kubeconfig: None }));
        assert!(session.fabrics[0].exclude.is_empty());
    }

    #[test]
    fn a_duration_has_units_that_fall() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs());
        for (text, wanted) in [("90s", 90), ("5m", 300), ("30m", 1_800), ("1h30m", 5_400), (" 2d ", 172_800)] {
            assert_eq!(seconds(text), Some(wanted), "{text}");
        }
        for text in ["", "5", "m", "5 m", "0s", "30m1h", "5m5m", "31d", "99999999999999999999s", "-5m", "5µ"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
