//! Reading a directory with and without git, and the versions of its objects.

use std::path::Path;
use std::time::Duration;

use git2::{IndexAddOption, Repository, Signature, Time};

use super::{Cache, GitSide, read};
use crate::config::session::FabricSpec;
use crate::domain::drift::Version;

struct Project {
    folder: tempfile::TempDir,
    repository: Repository,
    cache: Cache,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        std::fs::create_dir_all(folder.path().join("gitops/raw")).unwrap();
        Self { folder, repository, cache: Cache::default() }
    }

    fn spec(&self) -> FabricSpec {
        FabricSpec {
            name: "f".into(),
            repo: self.folder.path().into(),
            directory: "gitops".into(),
            exclude: vec!["raw".into()],
            cluster: None,
            grace: Duration::from_secs(300),
        }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    fn commit(&self, seconds: i64) -> String {
        let mut index = self.repository.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.update_all(["*"], None).unwrap();
        index.write().unwrap();
        let tree = self.repository.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::new("t", "t@example.com", &Time::new(seconds, 0)).unwrap();
        let parent = self.repository.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        self.repository.commit(Some("HEAD"), &who, &who, "x", &tree, &parents).unwrap().to_string()
    }

    fn read(&mut self) -> GitSide {
        read(&self.spec(), &mut self.cache).unwrap()
    }
}

fn vpc(name: &str, vlan: u32, stamp: u32) -> String {
    format!(
        "# written at {stamp}\n---\napiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  name: {name}\n  \
         annotations:\n    hnp.githedgehog.com/last-synced: '{stamp}'\nspec:\n  vlan: {vlan}\n"
    )
}

fn versions<'a>(side: &'a GitSide, name: &str) -> Vec<&'a Version> {
    side.history.iter().filter(|(key, _)| key.name == name).flat_map(|(_, versions)| versions).collect()
}

#[test]
fn only_what_means_something_makes_a_version() {
    let mut project = Project::new();
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    let first = project.commit(100);
    for stamp in 1..20 {
        project.write("gitops/a.yaml", &vpc("a", 1, stamp));
        project.commit(100 + i64::from(stamp));
    }
    project.write("README.md", "elsewhere");
    project.commit(150);
    let side = project.read();
    let found = versions(&side, "a");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].commit.as_str(), found[0].at.as_second()), (first.as_str(), 100));
    project.write("gitops/a.yaml", &vpc("a", 2, 99));
    let second = project.commit(200);
    let side = project.read();
    let commits: Vec<&str> = versions(&side, "a").iter().map(|version| version.commit.as_str()).collect();
    assert_eq!(commits, [second.as_str(), first.as_str()], "newest first, and what was walked before is kept");
    let fresh = read(&project.spec(), &mut Cache::default()).unwrap();
    assert_eq!(fresh.history, side.history, "walked on or walked anew, it is the same");
}

#[test]
fn a_removal_and_a_move_are_told_apart() {
    let mut project = Project::new();
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    project.write("gitops/b.yaml", &vpc("b", 1, 0));
    project.commit(100);
    std::fs::remove_file(project.folder.path().join("gitops/a.yaml")).unwrap();
    project.write("gitops/moved.yaml", &vpc("a", 1, 0));
    std::fs::remove_file(project.folder.path().join("gitops/b.yaml")).unwrap();
    project.commit(200);
    let side = project.read();
    assert_eq!(versions(&side, "a").len(), 1);
    let removed = versions(&side, "b");
    assert_eq!((removed[0].value.is_none(), removed[0].at.as_second()), (true, 200));
}

#[test]
fn working_tree_and_head_are_read_apart_and_excluded_folders_not_at_all() {
    let mut project = Project::new();
    project.write(".gitignore", "*.ignored.yaml\n");
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    project.write("gitops/raw/r.yaml", &vpc("raw", 1, 0));
    project.commit(100);
    project.write("gitops/a.yaml", &vpc("a", 7, 0));
    project.write("gitops/x.ignored.yaml", &vpc("ignored", 1, 0));
    let side = project.read();
    assert_eq!(side.worktree.len(), 1);
    assert_eq!(side.worktree[0].value["spec"]["vlan"], 7);
    let head = side.head.as_ref().unwrap();
    assert_eq!((head.len(), &head[0].value["spec"]["vlan"]), (1, &serde_json::json!(1)));
    assert_eq!((head[0].file.as_path(), head[0].line), (Path::new("gitops/a.yaml"), 3));
    assert!(side.commit.is_some() && side.branch.is_some());
}

#[test]
fn the_upstream_branch_is_read_when_it_is_elsewhere() {
    let mut project = Project::new();
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    let first = project.commit(100);
    let branch = project.repository.head().unwrap().shorthand().unwrap().to_owned();
    let oid = git2::Oid::from_str(&first).unwrap();
    project.repository.reference(&format!("refs/remotes/origin/{branch}"), oid, true, "").unwrap();
    project.repository.remote("origin", "https://example.com/x.git").unwrap();
    let mut local = project.repository.find_branch(&branch, git2::BranchType::Local).unwrap();
    local.set_upstream(Some(&format!("origin/{branch}"))).unwrap();
    drop(local);
    assert!(project.read().pushed.is_none());
    project.write("gitops/a.yaml", &vpc("a", 2, 0));
    project.commit(200);
    let side = project.read();
    assert_eq!(side.pushed.unwrap()[0].value["spec"]["vlan"], 1);
}

#[test]
fn the_order_of_commits_is_known_and_stays_when_the_branch_grows() {
    let mut project = Project::new();
    project.repository.remote("origin", "git@example.com:lab/net.git").unwrap();
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    let first = project.commit(100);
    project.write("README.md", "elsewhere");
    let second = project.commit(101);
    let early = project.read().lineage;
    assert_eq!(early.repositories, ["example.com/lab/net"]);
    assert_eq!((early.has(&second, &first), early.has(&first, &second)), (Some(true), Some(false)));
    project.write("gitops/a.yaml", &vpc("a", 2, 0));
    let third = project.commit(102);
    assert_eq!(early.has(&third, &first), None, "it does not know of it");
    let late = project.read().lineage;
    assert_eq!((late.has(&third, &second), late.has(&second, &third)), (Some(true), Some(false)));
    assert_eq!(late.has(&second, &second), Some(true));
}

#[test]
fn odd_names_and_other_repositories_cost_nothing_else() {
    use std::os::unix::ffi::OsStrExt;
    let mut project = Project::new();
    let gitops = project.folder.path().join("gitops");
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    project.write("gitops/A.yaml", &vpc("b", 1, 0));
    std::fs::write(gitops.join(std::ffi::OsStr::from_bytes(b"caf\xe9.yaml")), vpc("c", 1, 0)).unwrap();
    std::fs::create_dir(gitops.join("folder.yaml")).unwrap();
    project.write("gitops/folder.yaml/d.yaml", &vpc("d", 1, 0));
    project.commit(100);
    Repository::init(gitops.join("inner")).unwrap();
    project.write("gitops/inner/e.yaml", &vpc("e", 1, 0));
    let side = project.read();
    let names = |manifests: &[crate::domain::manifest::Manifest]| {
        let mut names: Vec<String> = manifests.iter().map(|manifest| manifest.key.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&side.worktree), ["a", "b", "c", "d"]);
    assert_eq!(names(side.head.as_ref().unwrap()), ["a", "b", "c", "d"], "with the same names as in the working tree");
    let codes: Vec<_> = side.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["case-clash", "submodule", "excluded"]);
}

#[test]
fn without_git_there_is_no_head() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    std::fs::write(folder.path().join("d/a.yaml"), vpc("a", 1, 0)).unwrap();
    std::os::unix::fs::symlink("a.yaml", folder.path().join("d/link.yaml")).unwrap();
    std::os::unix::fs::symlink("..", folder.path().join("d/loop")).unwrap();
    let spec = FabricSpec {
        name: "f".into(),
        repo: folder.path().into(),
        directory: "d".into(),
        exclude: Vec::new(),
        cluster: None,
        grace: Duration::ZERO,
    };
    let side = read(&spec, &mut Cache::default()).unwrap();
    assert!(side.head.is_none());
    assert_eq!(side.worktree.len(), 1);
    assert_eq!(side.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["symlink"]);
    let missing = FabricSpec { directory: "none".into(), ..spec };
    assert!(read(&missing, &mut Cache::default()).is_err());
}

#[test]
fn a_repository_without_a_commit_holds_drafts() {
    let mut project = Project::new();
    project.write("gitops/a.yaml", &vpc("a", 1, 0));
    let side = project.read();
    assert_eq!((side.worktree.len(), side.head.map(|head| head.len())), (1, Some(0)));
}
