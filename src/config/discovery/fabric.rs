//! Which folders with manifests are GitOps directories, and where each begins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::config::session::EXCLUDED;

/// A folder with manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitopsDir {
    /// Name for people: that of the folder, with its parent's where two have the same.
    pub name: String,
    /// The folder, relative to the repository.
    pub directory: PathBuf,
    /// It holds desired state, not only raw or unmanaged files.
    pub holds_desired: bool,
}

/// What a walk saw in one repository. Folders are relative to its top.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Folders with at least one manifest of their own.
    pub manifests: BTreeSet<PathBuf>,
    /// Folders laid out by the Hedgehog NetBox Plugin: with a `.hnp` or a `managed` beside a `raw` or an `unmanaged`.
    pub marked: BTreeSet<PathBuf>,
}

/// Most fabrics that are worth proposing; a repository with more is laid out in a way that we do not understand.
const MOST: usize = 32;

/// Folders that divide a GitOps directory and do not name one: layers, and kinds as people spell them.
const PARTS: [&str; 40] = [
    "apps",
    "base",
    "cluster",
    "config",
    "configmaps",
    "connections",
    "crds",
    "crs",
    "deployments",
    "externalattachments",
    "externalpeerings",
    "externals",
    "ingresses",
    "ipv4namespaces",
    "jobs",
    "managed",
    "manifests",
    "namespaces",
    "networkpolicies",
    "objects",
    "raw",
    "rbac",
    "resources",
    "rolebindings",
    "roles",
    "secrets",
    "serviceaccounts",
    "servers",
    "services",
    "statefulsets",
    "switches",
    "switchgroups",
    "unmanaged",
    "vlannamespaces",
    "vpcattachments",
    "vpcpeerings",
    "vpcs",
    "infra",
    "infrastructure",
    "yaml",
];

/// Folders whose manifests are material of tests, documents or packages, not the state of anything.
const MATERIAL: [&str; 22] = [
    "test",
    "tests",
    "testdata",
    "test-data",
    "fixture",
    "fixtures",
    "golden",
    "snapshots",
    "mocks",
    "e2e",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "template",
    "templates",
    "chart",
    "charts",
    "crd",
    "hack",
];

/// Groups folders into GitOps directories, sorted. Pure: everything it knows is in `seen`.
///
/// A folder laid out by the plugin is one fabric with all that is below it. Elsewhere the nearest folder that is not
/// only a part (`vpcs`, `managed`, `base`) is the fabric, and fabrics inside it belong to it. `root_name` names a
/// repository whose top is itself the only GitOps directory.
pub fn group(seen: &Seen, root_name: &str) -> Vec<GitopsDir> {
    let mut fabrics: BTreeSet<PathBuf> = seen.marked.iter().filter(|folder| !is_material(folder)).cloned().collect();
    let unmarked = seen.manifests.iter().filter(|folder| !folder.ancestors().any(|part| seen.marked.contains(part)));
    fabrics.extend(unmarked.filter(|folder| !is_material(folder)).map(|folder| nearest(folder)));
    // Stray manifests at the top do not make one fabric of everything.
    if fabrics.len() > 1 {
        fabrics.remove(Path::new(""));
    }
    let outermost: BTreeSet<PathBuf> = fabrics
        .iter()
        .filter(|folder| !folder.ancestors().skip(1).any(|outer| fabrics.contains(outer)))
        .take(MOST)
        .cloned()
        .collect();
    let names = names(&outermost, root_name);
    outermost
        .into_iter()
        .zip(names)
        .map(|(directory, name)| GitopsDir { name, holds_desired: holds_desired(seen, &directory), directory })
        .collect()
}

fn is_material(folder: &Path) -> bool {
    folder.iter().any(|part| MATERIAL.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

fn nearest(folder: &Path) -> PathBuf {
    let is_part =
        |folder: &Path| folder.file_name().is_some_and(|name| PARTS.iter().any(|part| name.eq_ignore_ascii_case(part)));
    folder.ancestors().find(|folder| !is_part(folder)).unwrap_or(folder).to_path_buf()
}

fn holds_desired(seen: &Seen, directory: &Path) -> bool {
    seen.manifests
        .iter()
        .filter_map(|folder| folder.strip_prefix(directory).ok())
        .any(|inside| !inside.iter().any(|part| EXCLUDED.iter().any(|name| part == *name)))
}

/// The folder's own name; with its parent's where two folders share one.
fn names(folders: &BTreeSet<PathBuf>, root_name: &str) -> Vec<String> {
    let own =
        |folder: &Path| folder.file_name().map_or(root_name.to_owned(), |name| name.to_string_lossy().into_owned());
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for folder in folders {
        *count.entry(own(folder)).or_insert(0) += 1;
    }
    folders
        .iter()
        .map(|folder| {
            let name = own(folder);
            if count.get(&name) == Some(&1) { name } else { folder.to_string_lossy().into_owned() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Seen, group};
    use std::path::PathBuf;

    fn seen(manifests: &[&str], marked: &[&str]) -> Seen {
        Seen {
            manifests: manifests.iter().map(PathBuf::from).collect(),
            marked: marked.iter().map(PathBuf::from).collect(),
        }
    }

    fn found(manifests: &[&str], marked: &[&str]) -> Vec<(String, String)> {
        let fabrics = group(&seen(manifests, marked), "repo");
        fabrics.into_iter().map(|fabric| (fabric.name, fabric.directory.display().to_string())).collect()
    }

    fn pair(name: &str, directory: &str) -> (String, String) {
        (name.to_owned(), directory.to_owned())
    }

    #[test]
    fn a_directory_of_the_plugin_is_one_fabric_with_its_tests_and_raw_files() {
        let fabrics = group(
            &seen(
                &["g/h/fabric-1/managed/vpcs", "g/h/fabric-1/test", "g/h/fabric-1/managed/tests", "g/h/new/raw"],
                &["g/h/fabric-1", "g/h/new"],
            ),
            "repo",
        );
        let short: Vec<_> = fabrics.iter().map(|fabric| (fabric.name.as_str(), fabric.holds_desired)).collect();
        assert_eq!(short, [("fabric-1", true), ("new", false)]);
    }

    #[test]
    fn without_marks_the_nearest_folder_that_is_not_a_part_is_the_fabric() {
        assert_eq!(found(&["gitops/env-1"], &[]), [pair("env-1", "gitops/env-1")]);
        let kinds = ["gitops/h/env-1/vpcs", "gitops/h/env-1/switches", "gitops/h/env-2/vpcs"];
        assert_eq!(found(&kinds, &[]), [pair("env-1", "gitops/h/env-1"), pair("env-2", "gitops/h/env-2")]);
        let nested = ["gitops/env-1", "gitops/env-1/shop/web"];
        assert_eq!(found(&nested, &[]), [pair("env-1", "gitops/env-1")]);
    }

    #[test]
    fn material_is_no_fabric() {
        let material = ["tests/fixtures/manifests", "docs", "charts/x/templates", "config/crd/bases", "examples/a"];
        assert_eq!(found(&material, &[]), []);
    }

    #[test]
    fn manifests_at_the_top_are_a_fabric_only_when_there_is_no_other() {
        assert_eq!(found(&[""], &[]), [pair("repo", "")]);
        assert_eq!(found(&["", "gitops/env-1"], &[]), [pair("env-1", "gitops/env-1")]);
    }

    #[test]
    fn two_folders_of_one_name_are_told_apart() {
        assert_eq!(
            found(&["east/prod", "west/prod"], &[]),
            [pair("east/prod", "east/prod"), pair("west/prod", "west/prod")]
        );
    }
}
