//! What a folder without configuration holds: repository, worktrees, task files, GitOps directories, current cluster.
//!
//! Only plain files are read, and only so many; what was not looked at is said.

pub mod backlog;
mod fabric;
pub mod kubeconfig;
pub mod repository;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::paths::Paths;
use super::session::{ClusterSpec, EXCLUDED, FabricSpec, GRACE};
use crate::domain::fault::Fault;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Top of the repository's working tree, else the folder itself; canonical.
    pub root: PathBuf,
    /// Worktrees of that repository, the main one first; empty without one.
    pub worktrees: Vec<PathBuf>,
    /// Task files, nearest to the root first.
    pub boards: Vec<PathBuf>,
    /// Working trees: the root's, then repositories below it.
    pub repos: Vec<PathBuf>,
    /// GitOps directories. A cluster is given to one alone, when it is clear which: see [`discover`].
    pub fabrics: Vec<FabricSpec>,
    /// Name of the kubeconfig's current context.
    pub context: Option<String>,
    /// Why there is no context, or no fabric that it belongs to.
    pub context_faults: Vec<Fault>,
    /// What could not be looked at.
    pub faults: Vec<Fault>,
}

/// Looks around `dir`, from the top of its repository.
///
/// The current context goes to the fabric of the same name, else to the only fabric that holds desired state. When
/// neither says which one is meant, no fabric gets a cluster and a fault says so: a wrong pair would show every object
/// of one fabric as missing from the other's cluster.
pub fn discover(dir: &Path, paths: &Paths) -> Discovery {
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
    let top = repository::find(&dir).map_or(dir, |repository| repository.top);
    discover_in(&top, paths)
}

/// The same for a root that is known, be it the top of a repository or not.
pub fn discover_in(root: &Path, paths: &Paths) -> Discovery {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let repository = repository::find(&root);
    let worktrees = repository.as_ref().map(|found| found.worktrees.clone()).unwrap_or_default();
    let found = walk::walk(&root, &worktrees, walk::Limits::default());
    let mut repos: Vec<PathBuf> = repository.iter().map(|found| found.top.clone()).collect();
    repos.extend(found.repos);
    let (context, mut context_faults) = kubeconfig::current_context(&paths.kubeconfig);

    let mut fabrics = Vec::new();
    let mut desired = Vec::new();
    for (repo, seen) in &found.seen {
        let name = repo.file_name().unwrap_or_default().to_string_lossy();
        // A root inside a repository: the fabric's directory counts from the repository's top.
        let outer = repository.as_ref().filter(|_| *repo == root).map(|outer| outer.top.as_path());
        for gitops in fabric::group(seen, &name) {
            let full = repo.join(&gitops.directory);
            let repo = outer.unwrap_or(repo).to_path_buf();
            desired.push(gitops.holds_desired);
            fabrics.push(FabricSpec {
                name: gitops.name,
                directory: full.strip_prefix(&repo).unwrap_or(&gitops.directory).to_path_buf(),
                repo,
                exclude: EXCLUDED.map(str::to_owned).to_vec(),
                cluster: None,
                grace: GRACE,
            });
        }
    }
    tell_apart(&mut fabrics);
    if let Some(context) = &context {
        context_faults.extend(pair(context, &mut fabrics, &desired));
    }
    let faults = found.faults;
    Discovery { root, worktrees, boards: found.boards, repos, fabrics, context, context_faults, faults }
}

/// Fabrics of several repositories may have the same name; the repository's goes before it then.
fn tell_apart(fabrics: &mut [FabricSpec]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for fabric in fabrics.iter() {
        *count.entry(fabric.name.clone()).or_insert(0) += 1;
    }
    for fabric in fabrics {
        if count.get(&fabric.name).is_some_and(|count| *count > 1) {
            let repo = fabric.repo.file_name().unwrap_or_default().to_string_lossy();
            fabric.name = format!("{repo}/{}", fabric.name);
        }
    }
}

/// Gives the context to the fabric that it clearly belongs to.
fn pair(context: &str, fabrics: &mut [FabricSpec], desired: &[bool]) -> Option<Fault> {
    let same_name = fabrics.iter().position(|fabric| fabric.name == context);
    let holding: Vec<usize> = (0..fabrics.len()).filter(|at| desired.get(*at) == Some(&true)).collect();
    let chosen = match (same_name, &holding[..]) {
        (Some(at), _) => at,
        (None, [at]) => *at,
        (None, []) => return None,
        (None, [_, _, ..]) => {
            let names: Vec<&str> = holding.iter().map(|at| fabrics[*at].name.as_str()).collect();
            let why = format!("it could belong to any of the fabrics {}", names.join(", "));
            let remedy = "give each fabric its cluster in hnpwb.toml (hnpwb init writes one)";
            return Some(Fault::new("pairing", format!("context {context}"), why, remedy));
        }
    };
    let fabric = fabrics.get_mut(chosen)?;
    fabric.cluster = Some(ClusterSpec::Context { context: Some(context.to_owned()), kubeconfig: None });
    None
}

#[cfg(test)]
mod tests {
    use super::{Discovery, discover};
    use crate::config::paths::Paths;
    use crate::config::session::ClusterSpec;
    use crate::config::tests::{VPC, write};
    use std::fs;
    use std::path::Path;

    fn look(root: &Path, context: &str) -> Discovery {
        let kubeconfig = root.join("../kubeconfig");
        fs::write(&kubeconfig, format!("current-context: {context}\ncontexts: [{{name: {context}}}]\n")).unwrap();
        let paths = Paths::from_vars(|name| (name == "KUBECONFIG").then(|| kubeconfig.clone().into_os_string()));
        discover(root, &paths)
    }

    fn project() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join("project");
        write(&root, ".git/HEAD", "ref: refs/heads/main\n");
        (folder, root)
    }

    fn clusters(found: &Discovery) -> Vec<(&str, bool)> {
        found.fabrics.iter().map(|fabric| (fabric.name.as_str(), fabric.cluster.is_some())).collect()
    }

    #[test]
    fn a_project_of_the_plugin_is_found_from_any_folder_of_it() {
        let (_folder, root) = project();
        write(&root, "gitops/hedgehog/fabric-1/managed/vpcs/a.yaml", VPC);
        write(&root, "gitops/hedgehog/fabric-1/raw/.gitkeep", "");
        write(&root, "gitops/hedgehog/fabric-1/test/b.yaml", VPC);
        write(&root, "gitops/hedgehog/test-fabric-17/.hnp/manifest.yaml", "{}");
        write(&root, "gitops/hedgehog/test-fabric-17/raw/a.yaml", VPC);
        write(&root, "tests/fixtures/a.yaml", VPC);
        write(&root, "TODO.md", "- [ ] a\n- [ ] b\n");
        let found = look(&root.join("gitops/hedgehog"), "lab");
        assert_eq!(found.root, root);
        assert_eq!(found.repos, std::slice::from_ref(&root));
        assert_eq!(found.boards, [root.join("TODO.md")]);
        assert_eq!(clusters(&found), [("fabric-1", true), ("test-fabric-17", false)]);
        assert_eq!(found.fabrics[0].directory, Path::new("gitops/hedgehog/fabric-1"));
        assert_eq!((found.faults, found.context_faults), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_context_goes_to_the_fabric_of_its_name_or_to_none_when_it_is_not_clear() {
        let (_folder, root) = project();
        write(&root, "gitops/env-1/a.yaml", VPC);
        write(&root, "gitops/env-2/a.yaml", VPC);
        let found = look(&root, "env-2");
        assert_eq!(clusters(&found), [("env-1", false), ("env-2", true)]);
        let cluster = ClusterSpec::Context { context: Some("env-2".to_owned()), kubeconfig: None };
        assert_eq!(found.fabrics[1].cluster, Some(cluster));

        let found = look(&root, "lab");
        assert_eq!(clusters(&found), [("env-1", false), ("env-2", false)]);
        assert!(found.context_faults[0].to_string().contains("env-1, env-2"), "{:?}", found.context_faults);
    }

    #[test]
    fn a_folder_that_is_no_repository_is_its_own_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join("plain");
        write(&root, "clone/.git/HEAD", "ref: refs/heads/main\n");
        write(&root, "clone/k8s/a.yaml", VPC);
        let found = look(&root, "lab");
        assert_eq!((found.root.as_path(), found.worktrees.len()), (root.as_path(), 0));
        assert_eq!(found.repos, [root.join("clone")]);
        assert_eq!(
            (found.fabrics[0].repo.as_path(), found.fabrics[0].directory.as_path()),
            (root.join("clone").as_path(), Path::new("k8s"))
        );
    }
}
