//! The kubeconfig's current context: its name alone. Credentials in the file are never looked at.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::fault::Fault;

/// Largest kubeconfig that is read; real ones with many certificates stay far below.
const LARGEST: u64 = 4 << 20;

const REMEDY: &str = "set KUBECONFIG, or name a context in hnpwb.toml";

#[derive(Debug, Default, Deserialize)]
struct Kubeconfig {
    #[serde(rename = "current-context", default)]
    current: Option<String>,
    #[serde(default)]
    contexts: Option<Vec<Named>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

/// Names of all contexts of these files; `None` when there is none of the files, or one of them cannot be read.
pub fn contexts(files: &[PathBuf]) -> Option<BTreeSet<String>> {
    let mut found = None;
    for file in files {
        if let Some(config) = read(file).ok()? {
            let names = config.contexts.unwrap_or_default().into_iter().map(|context| context.name);
            found.get_or_insert_with(BTreeSet::new).extend(names);
        }
    }
    found
}

/// The current context, as kubectl finds it: the first of `files` that sets one, which any of them may define.
///
/// A missing file is no mistake as long as another is there. Whoever has a kubeconfig and no context in it gets a fault that says why.
pub fn current_context(files: &[PathBuf]) -> (Option<String>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut read_any = false;
    let mut current = None;
    let mut known = Vec::new();
    for file in files {
        match read(file) {
            Ok(None) => {}
            Ok(Some(config)) => {
                read_any = true;
                current = current.or_else(|| config.current.filter(|name| !name.is_empty()));
                known.extend(config.contexts.unwrap_or_default().into_iter().map(|context| context.name));
            }
            Err(why) => faults.push(Fault::new("reading", file.display(), why, REMEDY)),
        }
    }
    let names = || files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    match current {
        Some(name) if known.contains(&name) => return (Some(name), faults),
        Some(name) => {
            let why = format!("the current context {name:?} is not defined");
            faults.push(Fault::new("looking for a cluster in", names(), why, "run kubectl config get-contexts"));
        }
        None if read_any => {
            let remedy = "run kubectl config use-context NAME, or name a context in hnpwb.toml";
            faults.push(Fault::new("looking for a cluster in", names(), "no current context is set", remedy));
        }
        // Whoever has no kubeconfig at all does without a cluster; the cluster pane says how to get one.
        None => {}
    }
    (None, faults)
}

fn read(file: &Path) -> Result<Option<Kubeconfig>, String> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut text = String::new();
    opened.take(LARGEST).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Ok(Some(Kubeconfig::default()));
    }
    serde_saphyr::from_str(&text).map(Some).map_err(|error| {
        // The error may draw the lines around the place, and those may hold a token.
        error.location().map_or_else(
            || "is no kubeconfig".to_owned(),
            |place| format!("is no kubeconfig: line {}, column {}", place.line(), place.column()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::current_context;
    use std::fs;
    use std::path::PathBuf;

    fn ask(texts: &[&str]) -> (Option<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..texts.len()).map(|n| folder.path().join(format!("{n}"))).collect();
        for (file, text) in files.iter().zip(texts) {
            fs::write(file, text).unwrap();
        }
        let (context, faults) = current_context(&files);
        (context, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_first_file_that_sets_a_context_wins_and_another_may_define_it() {
        let first = "apiVersion: v1\nkind: Config\ncurrent-context: lab\ncontexts: null\n";
        let second = "current-context: other\ncontexts:\n- name: lab\n  context: {cluster: c, user: u}\n";
        assert_eq!(ask(&[first, second]), (Some("lab".to_owned()), Vec::new()));
    }

    #[test]
    fn every_way_to_have_no_cluster_says_why() {
        assert_eq!(ask(&[]), (None, Vec::new()), "no kubeconfig is no mistake");
        for (texts, why) in [
            (vec![""], "no current context is set"),
            (vec!["current-context: \"\"\n"], "no current context is set"),
            (vec!["current-context: gone\ncontexts: []\n"], "\"gone\" is not defined"),
            (vec!["current-context: [\n"], "is no kubeconfig"),
        ] {
            let (context, faults) = ask(&texts);
            assert_eq!((context, faults.len()), (None, 1), "{texts:?} {faults:?}");
            assert!(faults[0].contains(why), "{faults:?}");
        }
    }

    #[test]
    fn a_broken_file_is_reported_without_its_text() {
        let (_, faults) = ask(&["users:\n- name: a\n  user: {token: hush-hush\ncurrent-context: x\n"]);
        assert!(faults[0].contains("line"), "{faults:?}");
        assert!(!faults[0].contains("hush"), "{faults:?}");
    }
}
