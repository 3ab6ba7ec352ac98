//! Manifests: files of one or many YAML or JSON documents read as Kubernetes objects, with findings for what is none.
//!
//! One bad document never hides the others: documents are split here and parsed one by one, with the scalars of YAML 1.1
//! as kubectl reads them (`yes` is a boolean, `0755` is octal).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::drift::{Digests, Finding, ObjectKey, Severity};
use super::hedgehog::Wants;

mod document;
mod scalar;

use document::{Document, parse, split};
pub use scalar::Ambiguous;
use scalar::ambiguous;

/// Bytes of the largest file that is read.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Files that drive other tools, and are no objects themselves.
const OTHER_TOOLS: [&str; 8] = [
    "kustomization.yaml",
    "kustomization.yml",
    "Kustomization",
    "Chart.yaml",
    "Chart.lock",
    "values.yaml",
    "helmfile.yaml",
    "skaffold.yaml",
];

/// Kinds of Kubernetes itself that live in no namespace.
const CLUSTER_SCOPED: [&str; 22] = [
    "APIService",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CSIDriver",
    "CSINode",
    "CustomResourceDefinition",
    "FlowSchema",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// Fields of metadata that a server knows (`ObjectMeta` of apimachinery's meta/v1, with those it no longer fills in).
const METADATA: [&str; 16] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "clusterName",
    "managedFields",
];

/// Groups of Hedgehog's objects whose webhooks take them in the namespace `default` alone.
const HEDGEHOG: [&str; 2] = ["vpc.githedgehog.com", "wiring.githedgehog.com"];

/// One object as a file states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Its identity. A namespace left out is `default`, save for the kinds of Kubernetes that have none.
    pub key: ObjectKey,
    /// Version.
    pub version: String,
    /// Namespace as written; empty when the document names none.
    pub namespace: String,
    /// The whole object. Working tree, HEAD and upstream share those that are the same.
    pub value: Arc<Value>,
    /// What tells it from others.
    pub digests: Digests,
    /// What it asks of the fabric, without the digest of that; none for other kinds than Hedgehog's.
    pub wants: Option<Arc<Wants>>,
    /// File it stands in, as it was given to [`load`].
    pub file: PathBuf,
    /// First line of its document's content, from one.
    pub line: u32,
    /// Scalars that are no text and may have been meant as such, where the kind's schema alone says whether they should be.
    pub ambiguous: Vec<Ambiguous>,
}

/// The identity of what a document states.
fn identity(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
    let namespace = match namespace {
        _ if is_cluster_scoped(group, kind) => "",
        "" => "default",
        namespace => namespace,
    };
    ObjectKey::new(group, kind, namespace, name)
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// Objects, in the order of the file.
    pub objects: Vec<Manifest>,
    /// What is no object, and what is wrong with those that are.
    pub findings: Vec<Finding>,
}

/// True for names of files that may hold manifests: `.yaml`, `.yml`, `.json`.
pub fn is_manifest_name(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}

/// True when a group is served by Kubernetes itself rather than by a custom resource.
pub fn is_builtin_group(group: &str) -> bool {
    !group.contains('.') || group == "k8s.io" || group.ends_with(".k8s.io")
}

fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    is_builtin_group(group) && CLUSTER_SCOPED.contains(&kind)
}

/// Reads the objects of one file. `file` only names it in objects and findings.
///
/// Never fails: whatever cannot be read becomes a finding with its line. Codes: `too-large`, `not-utf8`, `not-plain-yaml`,
/// `not-yaml`, `merge-conflict`, `duplicate-key`, `no-kind`, `no-name`, `generate-name`, `lfs-pointer`, `unknown-field`,
/// `wrong-namespace`, `ambiguous-scalar`.
pub fn load(file: &Path, bytes: &[u8]) -> Loaded {
    let mut loaded = load_bare(file, bytes);
    for object in &mut loaded.objects {
        object.digests = Digests::of(&object.value);
        object.wants = Wants::named(&object.key, &object.value).map(Arc::new);
    }
    loaded
}

/// The same without what objects are judged by, their digests and what they want: histories have tens of thousands.
pub fn load_bare(file: &Path, bytes: &[u8]) -> Loaded {
    let mut loaded = Loaded::default();
    let finding = |severity, code, line, message: String| Finding { severity, code, file: file.into(), line, message };
    if OTHER_TOOLS.iter().any(|name| file.file_name().is_some_and(|found| found == *name)) {
        let message = "a file of another tool; it is not rendered here".to_owned();
        loaded.findings.push(finding(Severity::Note, "not-plain-yaml", None, message));
        return loaded;
    }
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("{} bytes; files over {MAX_BYTES} bytes are not read", bytes.len());
        loaded.findings.push(finding(Severity::Error, "too-large", None, message));
        return loaded;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            let message = format!("no UTF-8 from byte {}", error.valid_up_to());
            loaded.findings.push(finding(Severity::Error, "not-utf8", u32::try_from(line).ok(), message));
            return loaded;
        }
    };
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        let message = "a git-lfs pointer; run git lfs pull".to_owned();
        loaded.findings.push(finding(Severity::Error, "lfs-pointer", Some(1), message));
        return loaded;
    }
    for document in split(text) {
        read_document(file, &document, &mut loaded);
    }
    loaded
}

fn read_document(file: &Path, document: &Document<'_>, loaded: &mut Loaded) {
    let finding = |severity, code, line, message: String| Finding {
        severity,
        code,
        file: file.into(),
        line: Some(line),
        message,
    };
    if let Some(line) = document.conflict() {
        let message = "a merge conflict that was not resolved; the document is not read".to_owned();
        loaded.findings.push(finding(Severity::Error, "merge-conflict", line, message));
        return;
    }
    match parse(document) {
        Ok(parsed) => {
            if let Some((line, message)) = parsed.duplicate {
                loaded.findings.push(finding(Severity::Warning, "duplicate-key", line, message));
            }
            if !parsed.value.is_null() {
                read_value(file, document.line, (parsed.value, ambiguous(document)), None, loaded);
            }
        }
        Err((line, _)) if document.text.contains("{{") => {
            let message = "a template; it is not rendered here".to_owned();
            loaded.findings.push(finding(Severity::Note, "not-plain-yaml", line, message));
        }
        Err((line, message)) => loaded.findings.push(finding(Severity::Error, "not-yaml", line, message)),
    }
}

/// Reads one value: an object, or a list of them. `inherited` is what a list says about items that do not say it themselves.
fn read_value(
    file: &Path,
    line: u32,
    (value, mut ambiguous): (Value, Vec<Ambiguous>),
    inherited: Option<(&str, &str)>,
    loaded: &mut Loaded,
) {
    let finding = |severity, code, message: &str| Finding {
        severity,
        code,
        file: file.into(),
        line: Some(line),
        message: message.to_owned(),
    };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut api_version, mut kind) = (text("/apiVersion"), text("/kind"));
    if let Some((list_version, list_kind)) = inherited {
        if api_version.is_empty() {
            list_version.clone_into(&mut api_version);
        }
        if kind.is_empty() {
            list_kind.clone_into(&mut kind);
        }
    }
    if api_version.is_empty() || kind.is_empty() {
        let message = "no apiVersion or no kind, so this is no Kubernetes object";
        loaded.findings.push(finding(Severity::Warning, "no-kind", message));
        return;
    }
    if kind.ends_with("List") && value.get("items").is_some_and(Value::is_array) {
        let Value::Object(mut fields) = value else { return };
        let Some(Value::Array(items)) = fields.remove("items") else { return };
        // Items of a typed list (`VPCList`) may leave out what the list's name says; those of a plain `List` may not.
        let item_kind = kind.strip_suffix("List").unwrap_or_default();
        let inherited = (!item_kind.is_empty()).then_some((api_version.as_str(), item_kind));
        for (index, item) in items.into_iter().enumerate() {
            let place = ["items".to_owned(), format!("[{index}]")];
            let (of_item, others) = ambiguous.into_iter().partition(|scalar| scalar.path.starts_with(&place));
            ambiguous = others;
            let inside = |scalar: Ambiguous| Ambiguous { path: scalar.path[place.len()..].to_vec(), ..scalar };
            let of_item = Vec::into_iter(of_item).map(inside).collect();
            read_value(file, line, (item, of_item), inherited, loaded);
        }
        return;
    }
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    if name.is_empty() {
        let generated = value.pointer("/metadata/generateName").is_some();
        loaded.findings.push(if generated {
            finding(Severity::Warning, "generate-name", "generateName: git names no object that could be compared")
        } else {
            finding(Severity::Error, "no-name", "metadata.name is missing or is no text")
        });
        return;
    }
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
    if HEDGEHOG.contains(&group) && !matches!(namespace.as_str(), "" | "default") {
        let message = format!("{kind} {name} is in the namespace {namespace}; Hedgehog takes it in default alone");
        loaded.findings.push(finding(Severity::Error, "wrong-namespace", &message));
    }
    let metadata = value.get("metadata").and_then(Value::as_object);
    for field in metadata.into_iter().flat_map(|metadata| metadata.keys()) {
        if !METADATA.contains(&field.as_str()) {
            let message = format!("{kind} {name}: metadata has no field {field}; the server drops it");
            loaded.findings.push(finding(Severity::Warning, "unknown-field", &message));
        }
    }
    ambiguous.retain(|scalar| {
        let is_wrong = scalar.is_text_of(group, &kind);
        if is_wrong {
            let message = scalar.message(&format!("{kind} {name}"));
            let found = finding(Severity::Warning, "ambiguous-scalar", &message);
            loaded.findings.push(Finding { line: Some(scalar.line), ..found });
        }
        !is_wrong
    });
    loaded.objects.push(Manifest {
        key: identity(group, &kind, &namespace, &name),
        version: version.to_owned(),
        namespace,
        value: Arc::new(value),
        digests: Digests::default(),
        wants: None,
        file: file.into(),
        line,
        ambiguous,
    });
}

#[cfg(test)]
mod tests;
