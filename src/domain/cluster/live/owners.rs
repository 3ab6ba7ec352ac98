//! Whose each field of a live object is, by `metadata.managedFields`, packed into one text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{is_within, join};

/// A field's manager, as `metadata.managedFields` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Path in the notation of [`crate::domain::drift::FieldDiff::path`].
    pub path: Cow<'a, str>,
    /// Name of the manager.
    pub manager: Cow<'a, str>,
    /// It owns the field by server-side apply; only then it is one the manager asked for by name.
    pub apply: bool,
}

/// A text that is borrowed where JSON needed no escapes.
#[derive(Serialize, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// One manager, whether it applies, and the paths of its fields.
type Entry<'a> = (Text<'a>, bool, Vec<Text<'a>>);

/// Leaf fields of `managedFields` by manager, sorted by path. Fields of the status are left out.
pub(super) fn pack(managed_fields: &Value) -> String {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for entry in managed_fields.as_array().into_iter().flatten() {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
        if text("subresource") == "status" {
            continue;
        }
        let mut paths = Vec::new();
        if let Some(fields) = entry.get("fieldsV1") {
            collect(fields, "", &mut |path| {
                if !is_within(&path, "status") {
                    paths.push(path);
                }
            });
        }
        if !paths.is_empty() {
            paths.sort_unstable();
            let paths = paths.into_iter().map(|path| Text(path.into())).collect();
            entries.push((Text(text("manager").into()), text("operation") == "Apply", paths));
        }
    }
    if entries.is_empty() {
        return String::new();
    }
    // Texts and booleans are always written.
    serde_json::to_string(&entries).unwrap_or_default()
}

/// What was packed.
pub(super) fn unpack(packed: &str) -> Vec<Owner<'_>> {
    let entries: Vec<Entry<'_>> = serde_json::from_str(packed).unwrap_or_default();
    let owners = entries.into_iter().flat_map(|(manager, apply, paths)| {
        paths.into_iter().map(move |path| Owner { path: path.0, manager: manager.0.clone(), apply })
    });
    owners.collect()
}

/// Walks a FieldsV1 tree (structured-merge-diff: `f:` field, `k:` list item by key, `v:` set member, `i:` index).
fn collect(fields: &Value, path: &str, found: &mut impl FnMut(String)) {
    let children: Vec<_> = fields.as_object().into_iter().flatten().filter(|(key, _)| *key != ".").collect();
    if children.is_empty() {
        if !path.is_empty() {
            found(path.to_owned());
        }
        return;
    }
    for (key, value) in children {
        let Some((tag, name)) = key.split_once(':') else { continue };
        let inner = match tag {
            "f" => join(path, name),
            "i" => format!("{path}[{name}]"),
            "k" => keyed(path, name),
            // A member of a set is no field of its own.
            _ => path.to_owned(),
        };
        collect(value, &inner, found);
    }
}

/// A list item by its key: its `name` if it has one, else the first of its key fields.
fn keyed(path: &str, json: &str) -> String {
    let Ok(Value::Object(keys)) = serde_json::from_str::<Value>(json) else { return path.to_owned() };
    let Some((name, value)) = keys.get_key_value("name").or_else(|| keys.iter().next()) else { return path.to_owned() };
    match value {
        Value::String(text) => format!("{path}[{name}={text}]"),
        other => format!("{path}[{name}={other}]"),
    }
}
