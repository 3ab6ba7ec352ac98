//! Argo CD's Applications: which directory of which repository each keeps live, and how far it is.
//!
//! Fields: `Application` of argoproj.io/v1alpha1 (argoproj/argo-cd, `pkg/apis/application/v1alpha1/types.go`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

/// Group and kind of Applications.
pub const APPLICATIONS: (&str, &str) = ("argoproj.io", "Application");

/// What an Application says of its sources and of its last operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Directories that it keeps live.
    pub sources: Vec<Source>,
    /// Phase of the last operation: `Running`, `Terminating`, `Failed`, `Error`, `Succeeded`.
    pub phase: Option<String>,
    /// What the last operation says of itself.
    pub message: Option<String>,
}

/// One directory of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The repository as [`repository_name`] writes it.
    pub repository: String,
    /// The directory, relative to the repository.
    pub path: String,
    /// Folders below it count too.
    pub recurse: bool,
    /// Commit that was compared with the cluster last.
    pub compared: Option<String>,
    /// Commit that the last operation applied, or tried to.
    pub applied: Option<String>,
}

impl Application {
    /// Reads one. `None` for one that keeps another cluster, or nothing that is plain files.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let elsewhere = text("/spec/destination/server")
            .is_some_and(|server| server != "https://kubernetes.default.svc")
            || text("/spec/destination/name").is_some_and(|name| name != "in-cluster");
        if elsewhere {
            return None;
        }
        let several = object.pointer("/spec/sources").and_then(Value::as_array).filter(|sources| !sources.is_empty());
        let sources: Vec<Source> = match several {
            Some(sources) => {
                let revision = |place: &str, index: usize| text(&format!("{place}/revisions/{index}"));
                let source = |(index, source)| {
                    let compared = revision("/status/sync", index);
                    Source::of(source, compared, revision("/status/operationState/syncResult", index))
                };
                sources.iter().enumerate().filter_map(source).collect()
            }
            None => {
                let (compared, applied) =
                    (text("/status/sync/revision"), text("/status/operationState/syncResult/revision"));
                object
                    .pointer("/spec/source")
                    .and_then(|source| Source::of(source, compared, applied))
                    .into_iter()
                    .collect()
            }
        };
        if sources.is_empty() {
            return None;
        }
        let owned = |pointer: &str| text(pointer).map(str::to_owned);
        Some(Self {
            sources,
            phase: owned("/status/operationState/phase"),
            message: owned("/status/operationState/message"),
        })
    }

    /// The source that keeps a file live, if one does. `file` is relative to the repository, `repositories` are its names.
    pub fn source(&self, repositories: &[String], file: &Path) -> Option<&Source> {
        self.sources.iter().find(|source| repositories.contains(&source.repository) && source.has(file))
    }
}

impl Source {
    fn of(source: &Value, compared: Option<&str>, applied: Option<&str>) -> Option<Self> {
        let text = |field: &str| source.get(field).and_then(Value::as_str);
        let path = text("path")?;
        Some(Self {
            repository: repository_name(text("repoURL")?)?,
            path: path.trim_start_matches("./").trim_matches('/').to_owned(),
            recurse: source.pointer("/directory/recurse").and_then(Value::as_bool).unwrap_or_default(),
            compared: compared.map(str::to_owned),
            applied: applied.map(str::to_owned),
        })
    }

    fn has(&self, file: &Path) -> bool {
        let directory = Path::new(if self.path == "." { "" } else { &self.path });
        let Ok(below) = file.strip_prefix(directory) else { return false };
        self.recurse || below.components().count() == 1
    }
}

/// One name for every address of a repository: `host/path`, without scheme, user, port and `.git`, in lower case. `None` for
/// what names no host, a local path among them.
pub fn repository_name(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://").map_or((None, url.trim()), |(scheme, rest)| (Some(scheme), rest));
    if scheme == Some("file") {
        return None;
    }
    // `git@host:path`, as ssh and git write it.
    let (authority, path) = match scheme {
        Some(_) => rest.split_once('/')?,
        None => rest.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && !path.is_empty()).then(|| format!("{host}/{path}").to_lowercase())
}

/// The commits of a branch in their order, and the names of its repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Place of each commit along first parents, by its id in full; a later commit has a greater one.
    pub places: Arc<HashMap<String, i64>>,
    /// Names of the repository's remotes.
    pub repositories: Vec<String>,
}

impl Lineage {
    /// Whether a revision has a commit in it. `None` when one of the two is not on the branch, as far as it was walked.
    pub fn has(&self, revision: &str, commit: &str) -> Option<bool> {
        Some(self.places.get(revision)? >= self.places.get(commit)?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::{Application, repository_name};

    fn application(spec: &Value) -> Option<Application> {
        Application::of(&json!({ "spec": spec, "status": {
            "sync": { "revision": "c1", "revisions": ["m1", "m2"] },
            "operationState": { "phase": "Failed", "message": "no", "syncResult": { "revision": "c0", "revisions": ["n1", "n2"] } },
        } }))
    }

    fn has(application: &Application, file: &str) -> bool {
        application.source(&["git.example/lab/net".to_owned()], Path::new(file)).is_some()
    }

    #[test]
    fn every_address_of_a_repository_is_one_name() {
        for url in [
            "https://git.example/Lab/net.git",
            "https://user:word@git.example/lab/net/",
            "ssh://git@git.example:2222/lab/net.git",
            "git@git.example:lab/net.git",
            "git.example:lab/net",
        ] {
            assert_eq!(repository_name(url).as_deref(), Some("git.example/lab/net"), "{url}");
        }
        for url in ["file:///srv/net", "/srv/net", "../net", "", "https://git.example", "./a:b"] {
            assert_eq!(repository_name(url), None, "{url}");
        }
    }

    #[test]
    fn folders_below_count_only_where_the_application_says_so() {
        let source = |recurse: bool| {
            let directory = json!({ "recurse": recurse });
            let source =
                json!({ "repoURL": "https://git.example/lab/net", "path": "./fabric/", "directory": directory });
            application(&json!({ "source": source })).unwrap()
        };
        assert!(has(&source(false), "fabric/a.yaml") && !has(&source(false), "fabric/deep/a.yaml"));
        assert!(has(&source(true), "fabric/deep/a.yaml") && !has(&source(true), "fabric-2/a.yaml"));
        let root = json!({ "source": { "repoURL": "https://git.example/lab/net", "path": "." } });
        assert!(has(&application(&root).unwrap(), "a.yaml"));
        let other = json!({ "source": { "repoURL": "https://git.example/lab/other", "path": "." } });
        assert!(!has(&application(&other).unwrap(), "a.yaml"));
    }

    #[test]
    fn each_of_several_sources_has_its_own_revisions() {
        let url = "https://git.example/lab/net";
        let sources = json!([{ "repoURL": "https://charts.example", "chart": "x" }, { "repoURL": url, "path": "b" }]);
        let found = application(&json!({ "sources": sources })).unwrap();
        assert_eq!(found.sources.len(), 1, "a chart is no directory");
        let source = &found.sources[0];
        assert_eq!((source.compared.as_deref(), source.applied.as_deref()), (Some("m2"), Some("n2")));
        assert_eq!((found.phase.as_deref(), found.message.as_deref()), (Some("Failed"), Some("no")));
        let one = application(&json!({ "source": { "repoURL": url, "path": "b" } })).unwrap();
        assert_eq!(one.sources[0].applied.as_deref(), Some("c0"));
    }

    #[test]
    fn what_keeps_another_cluster_or_only_a_chart_says_nothing_here() {
        let source = json!({ "repoURL": "https://git.example/lab/net", "path": "b" });
        for destination in [json!({ "server": "https://10.0.0.1:6443" }), json!({ "name": "far" })] {
            assert_eq!(application(&json!({ "source": source, "destination": destination })), None);
        }
        let here = json!({ "server": "https://kubernetes.default.svc", "namespace": "default" });
        assert!(application(&json!({ "source": source, "destination": here })).is_some());
        assert_eq!(application(&json!({ "source": { "repoURL": "https://charts.example", "chart": "x" } })), None);
    }
}
