//! Tests of which session is loaded, and of what is discovered beside it.

use super::{BUILT_IN, FILE_NAME, load};
use crate::config::paths::Paths;
use crate::config::session::rules::{gate_rules, governing};
use crate::config::session::{ClusterSpec, SessionOrigin};
use std::fs;
use std::path::{Path, PathBuf};

const VPC: &str = "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  name: a\n";
const RULE: &str = "[[gate]]\nname = \"push\"\nmatches = \"git push\"\n";

/// A home with a kubeconfig, and a project that is a repository with a board and a fabric.
struct World {
    _folder: tempfile::TempDir,
    base: PathBuf,
    paths: Paths,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        let home = base.join("home").into_os_string();
        let paths = Paths::from_vars(|name| (name == "HOME").then(|| home.clone()));
        let world = Self { _folder: folder, base, paths };
        world.write("home/.kube/config", "current-context: lab\ncontexts: [{name: lab}]\n");
        world.write("project/.git/HEAD", "ref: refs/heads/main\n");
        world.write("project/TODO.md", "- [ ] a\n- [ ] b\n");
        world.write("project/gitops/env-1/a.yaml", VPC);
        world
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.base.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn project(&self) -> PathBuf {
        self.base.join("project")
    }

    /// A linked worktree of the project, outside of it.
    fn link_worktree(&self) -> PathBuf {
        let linked = self.base.join("linked");
        let own = self.project().join(".git/worktrees/linked");
        self.write("project/.git/worktrees/linked/commondir", "../..\n");
        self.write("project/.git/worktrees/linked/gitdir", &format!("{}\n", linked.join(".git").display()));
        self.write("linked/.git", &format!("gitdir: {}\n", own.display()));
        linked
    }

    fn rules(&self, dir: &Path) -> Option<(PathBuf, Vec<String>)> {
        let mut found = gate_rules(dir, &self.paths).unwrap();
        assert!(found.len() < 2 && found.iter().all(|ruled| !ruled.accepted), "{found:?}");
        let own = found.pop()?;
        let rules = own.rules.into_iter().filter(|rule| !rule.origin.source.starts_with("set "));
        Some((own.root, rules.map(|rule| rule.name).collect()))
    }
}

fn lab() -> ClusterSpec {
    ClusterSpec::Context { context: Some("lab".to_owned()), kubeconfig: None }
}

#[test]
fn without_a_file_everything_is_discovered() {
    let world = World::new();
    let (session, problems) = load(None, &world.project().join("gitops"), &world.paths).unwrap();
    assert_eq!((session.name.as_str(), &session.origin), ("project", &SessionOrigin::Discovered));
    assert_eq!((session.root.clone(), session.state_dir), (world.project(), world.project().join(".hnpwb")));
    assert_eq!(session.boards, [world.project().join("TODO.md")]);
    assert_eq!(session.fabrics[0].cluster, Some(lab()));
    assert_eq!((session.cluster, session.worktrees), (Some(lab()), vec![world.project()]));
    assert_eq!((problems.len(), session.faults.len()), (0, 0));
}

#[test]
fn a_list_in_the_file_takes_the_place_of_discovery_and_the_rest_is_still_discovered() {
    let world = World::new();
    world.write("project/hnpwb.toml", "[session]\nname = \"p\"\n[[board]]\npath = \"other.md\"\n");
    let (session, problems) = load(None, &world.project(), &world.paths).unwrap();
    assert_eq!((session.name.as_str(), session.boards), ("p", vec![world.project().join("other.md")]));
    assert_eq!(session.fabrics.len(), 1);
    assert!(problems[0].message.contains("other.md does not exist"), "{problems:?}");

    world.write("project/hnpwb.toml", "[[fabric]]\nname = \"f\"\ngitops = { directory = \"gitops/env-1\" }\n");
    let (session, _) = load(None, &world.project(), &world.paths).unwrap();
    assert_eq!((session.fabrics[0].name.as_str(), &session.fabrics[0].cluster), ("f", &None));
    assert_eq!((session.cluster, session.boards.len()), (None, 1));
}

#[test]
fn a_named_session_is_the_users_own_before_the_built_in_one() {
    let world = World::new();
    let name = |session: &str| load(Some(session), &world.project(), &world.paths).map(|(session, _)| session);
    let built_in = name("two-fabrics").unwrap();
    assert_eq!(built_in.origin, SessionOrigin::BuiltIn("two-fabrics".to_owned()));
    assert_eq!((built_in.root.clone(), built_in.fabrics.len()), (world.project(), 3));
    world.write("home/.config/hnpwb/sessions/two-fabrics.toml", "");
    let own = name("two-fabrics").unwrap();
    assert!(matches!(own.origin, SessionOrigin::File(_)));
    assert_eq!((own.name.as_str(), own.fabrics.len()), ("two-fabrics", 1));
    let problems = name("two-fabric").unwrap_err();
    assert!(problems[0].message.contains("did you mean \"two-fabrics\""), "{problems:?}");
    assert!(name("./none.toml").is_err());
}

#[test]
fn a_session_file_that_is_named_has_its_root_beside_it() {
    let world = World::new();
    world.write("elsewhere/mine.toml", "[session]\nroot = \"../project\"\n");
    let (session, _) = load(Some("../elsewhere/mine.toml"), &world.project(), &world.paths).unwrap();
    assert_eq!((session.name.as_str(), session.root), ("project", world.project()));
    world.write("elsewhere/mine.toml", "[session]\nroot = \"nowhere\"\n");
    let problems = load(Some("../elsewhere/mine.toml"), &world.project(), &world.paths).unwrap_err();
    assert!(problems[0].to_string().contains("mine.toml:") && problems[0].message.contains("nowhere"), "{problems:?}");
}

#[test]
fn a_broken_file_is_an_error_and_never_half_a_session() {
    let world = World::new();
    world.write("project/hnpwb.toml", "[sesion]\n[[gates]]\n");
    assert_eq!(load(None, &world.project(), &world.paths).unwrap_err().len(), 2);
    assert_eq!(gate_rules(&world.project(), &world.paths).unwrap_err().len(), 2);
}

#[test]
fn the_nearest_file_above_governs_and_one_beyond_the_repository_only_its_calls() {
    let world = World::new();
    let inside = world.project().join("gitops/env-1");
    assert_eq!(world.rules(&inside), None);
    world.write("hnpwb.toml", "[[gate]]\nname = \"all\"\nmatches = \"rm\"\n");
    assert_eq!(world.rules(&inside), Some((world.base.clone(), vec!["all".to_owned()])));
    assert_eq!(load(None, &inside, &world.paths).unwrap().0.origin, SessionOrigin::Discovered);
    world.write("project/hnpwb.toml", RULE);
    assert_eq!(world.rules(&inside), Some((world.project(), vec!["push".to_owned()])));
    assert_eq!(load(None, &inside, &world.paths).unwrap().0.gates[0].name, "push");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_no_missing_file() {
    let world = World::new();
    std::os::unix::fs::symlink("/nowhere", world.project().join(FILE_NAME)).unwrap();
    assert!(gate_rules(&world.project(), &world.paths).is_err());
    assert!(load(None, &world.project(), &world.paths).is_err());
}

#[test]
fn in_a_linked_worktree_the_main_ones_session_governs() {
    let world = World::new();
    let linked = world.link_worktree();
    world.write("project/hnpwb.toml", RULE);
    world.write("linked/hnpwb.toml", "");
    assert_eq!(world.rules(&linked), Some((world.project(), vec!["push".to_owned()])));
    let (session, _) = load(None, &linked, &world.paths).unwrap();
    assert_eq!((session.root, session.worktrees), (world.project(), vec![world.project(), linked.clone()]));
    fs::remove_file(world.project().join(FILE_NAME)).unwrap();
    assert_eq!(world.rules(&linked), Some((linked.clone(), Vec::new())));
}

#[test]
fn a_named_session_governs_the_folders_below_its_root_and_their_worktrees() {
    let world = World::new();
    let linked = world.link_worktree();
    let named = |name: &str, root: &Path, rest: &str| {
        let text = format!("[session]\nroot = {:?}\n{rest}", root.display().to_string());
        world.write(&format!("home/.config/hnpwb/sessions/{name}.toml"), &text);
    };
    world.write("home/.config/hnpwb/sessions/relative.toml", RULE);
    named("all", &world.base, "");
    named("broken-and-elsewhere", &world.base.join("home"), "[[gates]]\n");
    named("project", &world.project(), RULE);
    let found = Some((world.project(), vec!["push".to_owned()]));
    assert_eq!(world.rules(&world.project().join("gitops")), found);
    assert_eq!(world.rules(&linked), found);
    named("project", &world.project(), "[[gates]]\n");
    assert!(gate_rules(&world.project(), &world.paths).is_err());
}

#[test]
fn every_session_of_the_folder_is_built_in_and_clean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, BUILT_IN.map(|(name, _)| name));
    let world = World::new();
    for (name, _) in BUILT_IN {
        let session = load(Some(name), &world.project(), &world.paths);
        assert!(session.is_ok(), "{name}: {:?}", session.unwrap_err());
    }
}

#[test]
fn of_several_folders_each_session_governs_once() {
    let world = World::new();
    let rule = |name: &str| format!("[gates]\nsets = []\n[[gate]]\nname = \"{name}\"\ntool = \"Bash\"\n");
    world.write("project/hnpwb.toml", &rule("outer"));
    world.write("project/a/b/x", "");
    world.write("project/own/hnpwb.toml", &rule("inner"));
    let dirs = ["a/b", "", "own", "gitops", "own"].map(|dir| world.project().join(dir));
    let found = governing(&dirs, &world.paths, &|_| true).unwrap();
    let names: Vec<(PathBuf, &str)> =
        found.iter().map(|ruled| (ruled.root.clone(), ruled.rules[0].name.as_str())).collect();
    assert_eq!(names, [(world.project(), "outer"), (world.project().join("own"), "inner")]);
    world.write("project/own/hnpwb.toml", "[[gat]]\n");
    assert!(governing(&dirs, &world.paths, &|_| true).is_err(), "a mistake in one of them holds everything");
}
