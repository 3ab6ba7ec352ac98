//! The object of a fabric that a brief is about: found among all that `hnpwb drift` finds.

use std::str::FromStr;

use crate::cli::drift::{observe, of_session};
use crate::cli::output::{Failure, say};
use crate::config::session::Session;
use crate::domain::drift::{DriftRow, DriftView};
use crate::domain::fault::Fault;

use super::unreadable;

/// An object as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some((*namespace).to_owned()), name),
            _ => return Err("write it as KIND/NAMESPACE/NAME, or KIND/NAME".to_owned()),
        };
        if kind.is_empty() || name.is_empty() {
            return Err("a kind and a name are wanted: KIND/NAMESPACE/NAME, or KIND/NAME".to_owned());
        }
        Ok(Self { kind: (*kind).to_owned(), namespace, name: (*name).to_owned() })
    }
}

impl Named {
    fn is(&self, row: &DriftRow) -> bool {
        row.key.kind.eq_ignore_ascii_case(&self.kind)
            && row.key.name == self.name
            && self.namespace.as_ref().is_none_or(|namespace| row.key.namespace == *namespace)
    }

    fn words(&self) -> String {
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{} {namespace}{}", self.kind, self.name)
    }
}

/// Looks at the fabric of that name, or at all of them. What cannot be read is said, and costs the others nothing.
pub fn fabrics(session: &Session, fabric: Option<&str>) -> Result<Vec<DriftView>, Failure> {
    let wanted = of_session(session, fabric)?;
    let (reports, faults) = observe(wanted, &session.health, &session.redactor)?;
    for fault in faults.iter().chain(reports.iter().filter_map(|report| report.fault.as_ref())) {
        say(&fault.to_string());
    }
    Ok(reports.into_iter().map(|report| report.view).collect())
}

/// The one object of that name.
///
/// # Errors
/// There is none, or there are several.
pub fn find<'a>(named: &Named, fabrics: &'a [DriftView]) -> Result<(&'a DriftView, &'a DriftRow), Failure> {
    let rows = |view: &'a DriftView| view.rows.iter().map(move |row| (view, row.as_ref()));
    let found: Vec<(&DriftView, &DriftRow)> = fabrics.iter().flat_map(rows).filter(|(_, row)| named.is(row)).collect();
    let refused = |why: String, remedy: &str| Err(unreadable(Fault::new("looking for", named.words(), why, remedy)));
    match found.as_slice() {
        [one] => Ok(*one),
        [] => refused("no fabric has it".to_owned(), "hnpwb drift lists the objects of every fabric"),
        several => {
            let places: Vec<String> = several
                .iter()
                .map(|(view, row)| format!("{} {}/{}", view.fabric, row.key.namespace, row.key.name))
                .collect();
            let remedy = "say which with --fabric NAME and KIND/NAMESPACE/NAME";
            refused(format!("there are several: {}", places.join(", ")), remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, fabrics, find};
    use crate::cli::output::Exit;
    use crate::config::session::{ClusterSpec, FabricSpec, Session};
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn an_object_is_named_by_kind_and_name_and_perhaps_its_namespace() {
        let named = |text: &str| text.parse::<Named>();
        assert_eq!(named("VPC/default/a").unwrap().namespace.as_deref(), Some("default"));
        assert_eq!(named("VPC/a").unwrap().namespace, None);
        for text in ["VPC", "VPC/", "/a", "a/b/c/d", ""] {
            assert!(named(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_object_is_found_and_of_several_none() {
        let folder = tempfile::tempdir().unwrap();
        let vpc = |name: &str, vlan: u32| json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": name }, "spec": { "vlan": vlan } });
        let snapshot = folder.path().join("live.json");
        std::fs::write(&snapshot, vpc("a", 2).to_string()).unwrap();
        let fabric = |name: &str, object: &serde_json::Value, cluster| {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("x.json"), object.to_string()).unwrap();
            let (repo, grace) = (folder.path().to_owned(), Duration::ZERO);
            FabricSpec { name: name.into(), repo, directory: name.into(), exclude: Vec::new(), cluster, grace }
        };
        let one = fabric("one", &vpc("a", 1), Some(ClusterSpec::Snapshot(snapshot)));
        let two = fabric("two", &vpc("a", 1), None);
        let session = Session { fabrics: vec![one, two], ..Session::bare("s", folder.path().to_owned()) };
        let named: Named = "vpc/default/a".parse().unwrap();
        let all = fabrics(&session, None).unwrap();
        let failure = find(&named, &all).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.faults[0].why.contains("one default/a, two default/a"), "{:?}", failure.faults);
        let only = fabrics(&session, Some("one")).unwrap();
        let (view, row) = find(&named, &only).unwrap();
        assert_eq!((view.fabric.as_str(), row.state.name()), ("one", "drifted"));
        assert!(find(&"VPC/b".parse().unwrap(), &all).is_err());
        assert_eq!(fabrics(&session, Some("three")).unwrap_err().exit, Exit::Usage);
    }
}
