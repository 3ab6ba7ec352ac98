//! A cluster that is a file: what `kubectl get … -o yaml` or `-o json` wrote.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::browse::Way;
use super::{Publisher, Target};
use crate::domain::cluster::{Connection, Kind, LiveSet, Maker, schemas};
use crate::domain::drift::Severity;
use crate::domain::fault::Fault;
use crate::domain::health::Rules;
use crate::domain::manifest;
use crate::source::watch::{Behind, Root, Watch};

/// Reads a snapshot; its age is that of the file. Fails when the file cannot be read or holds what is no object.
pub fn read_snapshot(file: &Path, rules: &Arc<Rules>) -> Result<LiveSet, Fault> {
    let fault = |why: String| Fault::new("reading", file.display(), why, "write it anew with kubectl get … -o yaml");
    let bytes = std::fs::read(file).map_err(|error| fault(error.to_string()))?;
    let written =
        std::fs::metadata(file).and_then(|metadata| metadata.modified()).map_err(|error| fault(error.to_string()))?;
    let as_of = Timestamp::try_from(written).map_err(|error| fault(error.to_string()))?;
    parse_snapshot(file, &bytes, as_of, rules)
}

/// The same of bytes that were read at a moment. The fault names them as `file`.
pub fn parse_snapshot(file: &Path, bytes: &[u8], as_of: Timestamp, rules: &Arc<Rules>) -> Result<LiveSet, Fault> {
    let fault = |why: String| Fault::new("reading", file.display(), why, "write it anew with kubectl get … -o yaml");
    let loaded = manifest::load(file, bytes);
    if let Some(finding) = loaded.findings.iter().find(|finding| finding.severity != Severity::Note) {
        return Err(fault(format!("line {}: {}", finding.line.unwrap_or(1), finding.message)));
    }
    // A snapshot that holds definitions describes its own kinds.
    let definitions = loaded.objects.iter().filter(|object| object.key.kind == "CustomResourceDefinition");
    let described = definitions.flat_map(|object| schemas(&object.value)).collect();
    let objects = loaded.objects.into_iter().filter_map(|object| {
        let namespaced = !object.key.namespace.is_empty() && !object.namespace.is_empty();
        let plural = object.key.kind.to_lowercase();
        let (group, kind) = (object.key.group.clone(), object.key.kind.clone());
        let kind = Kind { group, version: object.version, kind, plural, namespaced };
        Maker::judging(&kind, Arc::clone(rules)).object(Arc::unwrap_or_clone(object.value))
    });
    let live = LiveSet::snapshot(file.display().to_string(), objects, as_of);
    Ok(LiveSet { schemas: Arc::new(described), ..live })
}

/// Publishes a snapshot whenever its file changes.
pub(super) async fn follow(mut target: Target, file: PathBuf, mut publisher: Publisher) {
    let root = Root::flat(std::path::absolute(&file).unwrap_or_else(|_| file.clone()));
    let mut watch = Watch::new([root], Behind::Nothing);
    // It is watched before it is read, so that it does not change unnoticed in between.
    watch.changed().await;
    let browser = target.browser.clone();
    let _open = browser.map(|browser| browser.open(&target.name, Way::Snapshot(file.clone())));
    loop {
        let (path, rules) = (file.clone(), Arc::clone(&target.rules));
        let read = tokio::task::spawn_blocking(move || read_snapshot(&path, &rules)).await;
        let live = match read {
            Ok(Ok(live)) => LiveSet { context: target.name.clone(), ..live },
            Ok(Err(fault)) => LiveSet { fault: Some(fault), ..LiveSet::empty(&target.name, Connection::None) },
            Err(_) => return,
        };
        let kinds: BTreeSet<Kind> = live.objects.values().map(|object| Kind::clone(&object.kind)).collect();
        publisher.publish(live, None, &kinds);
        tokio::select! {
            _ = watch.changed() => {}
            changed = target.refresh.changed() => if changed.is_err() { return },
        }
    }
}
