//! The files of the demo's repository, as they stand when the round begins.

macro_rules! tree {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("tree/", $path)))),*] };
}

/// Paths in the repository with their texts.
const FILES: &[(&str, &str)] = tree![
    "README.md",
    "docs/drift.md",
    "docs/sync.md",
    "gitops/hedgehog/fabric-1/README.md",
    "gitops/hedgehog/fabric-1/managed/connections/server-01--eslag--leaf-01--leaf-02.yaml",
    "gitops/hedgehog/fabric-1/managed/connections/server-02--unbundled--leaf-01.yaml",
    "gitops/hedgehog/fabric-1/managed/connections/server-03--bundled--leaf-02.yaml",
    "gitops/hedgehog/fabric-1/managed/connections/spine-01--fabric--leaf-01.yaml",
    "gitops/hedgehog/fabric-1/managed/connections/spine-01--fabric--leaf-02.yaml",
    "gitops/hedgehog/fabric-1/managed/ipv4namespaces/default.yaml",
    "gitops/hedgehog/fabric-1/managed/servers/server-01.yaml",
    "gitops/hedgehog/fabric-1/managed/servers/server-02.yaml",
    "gitops/hedgehog/fabric-1/managed/servers/server-03.yaml",
    "gitops/hedgehog/fabric-1/managed/switches/leaf-01.yaml",
    "gitops/hedgehog/fabric-1/managed/switches/leaf-02.yaml",
    "gitops/hedgehog/fabric-1/managed/switches/spine-01.yaml",
    "gitops/hedgehog/fabric-1/managed/vlannamespaces/default.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcattachments/vpc-app--web--server-01.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcattachments/vpc-ml--gpu--server-02.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcpeerings/vpc-app--vpc-storage.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcs/vpc-app.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcs/vpc-dr.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcs/vpc-ml.yaml",
    "gitops/hedgehog/fabric-1/managed/vpcs/vpc-storage.yaml",
    "netbox_hedgehog/__init__.py",
    "netbox_hedgehog/api/views.py",
    "netbox_hedgehog/drift/compare.py",
    "netbox_hedgehog/models/fabric.py",
    "netbox_hedgehog/models/vpc.py",
    "netbox_hedgehog/sync/git.py",
    "netbox_hedgehog/sync/kubernetes.py",
    "netbox_hedgehog/templates/netbox_hedgehog/fabric.html",
    "netbox_hedgehog/validators/vlan.py",
    "project_management/TASK_TRACKING.md",
    "pyproject.toml",
    "tests/test_drift.py",
    "tests/test_sync.py",
    "tests/test_vlan.py",
];

/// Files that would mean something to programs at work on this repository itself, so they are kept under other names.
const RENAMED: &[(&str, &str)] = &[
    (".gitignore", include_str!("tree/gitignore.txt")),
    ("CLAUDE.md", include_str!("tree/CLAUDE.md.txt")),
    ("hnpwb.toml", include_str!("../../../sessions/demo.toml")),
];

/// The one file that is written and not committed.
pub const DRAFT: &str = "gitops/hedgehog/fabric-1/managed/vpcs/vpc-dr.yaml";

/// Every file of the working tree when the round begins, the draft included.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().chain(RENAMED).copied()
}

/// The text of one file when the round begins.
pub fn text_of(path: &str) -> Option<&'static str> {
    files().find(|(name, _)| *name == path).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::files;

    #[test]
    fn every_file_of_the_folder_is_bundled() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/project/tree");
        let mut waiting = vec![folder.clone()];
        let mut found = 0;
        while let Some(directory) = waiting.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                    continue;
                }
                found += 1;
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().replace(".md.txt", ".md");
                let name = if name == "gitignore.txt" { ".gitignore".to_owned() } else { name };
                assert!(files().any(|(bundled, _)| bundled == name), "{name} is not in tree.rs");
            }
        }
        assert_eq!(found + 1, files().count(), "the session file is the only one from elsewhere");
    }
}
