//! The filter of the drift: words, and words that ask one field.

use crate::domain::drift::{DriftRow, DriftView, Finding};

/// True if an object passes every word of a filter: `state:`, `kind:`, `name:`, `ns:`, `fabric:`, `file:`, `field:` and `by:`
/// (a field's manager) ask for a text there, `state:` and `kind:` for its beginning; any other word for a text anywhere.
pub(super) fn admits(filter: &str, view: &DriftView, row: &DriftRow) -> bool {
    words(filter).all(|word| passes(&word, view, row))
}

/// The same for a finding, which has a fabric, a file and its words, and no state.
pub(super) fn admits_finding(filter: &str, view: &DriftView, finding: &Finding) -> bool {
    words(filter).all(|word| {
        let file = finding.file.to_string_lossy();
        match word.split_once(':') {
            Some(("fabric", wanted)) => contains(&view.fabric, wanted),
            Some(("file", wanted)) => contains(&file, wanted),
            Some(("state" | "kind" | "name" | "ns" | "field" | "by", _)) => false,
            _ => [&*view.fabric, finding.code, &file, &finding.message].iter().any(|text| contains(text, &word)),
        }
    })
}

fn words(filter: &str) -> impl Iterator<Item = String> {
    filter.split_whitespace().map(str::to_lowercase)
}

/// `wanted` is in lower case.
fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}

fn passes(word: &str, view: &DriftView, row: &DriftRow) -> bool {
    let file = row.file.as_ref().map(|file| file.to_string_lossy()).unwrap_or_default();
    let paths = || row.fields.iter().map(|field| field.path.as_str());
    let managers = || row.fields.iter().filter_map(|field| field.manager.as_deref());
    match word.split_once(':') {
        Some(("state", wanted)) => row.state.name().starts_with(wanted),
        Some(("kind", wanted)) => row.key.kind.to_lowercase().starts_with(wanted),
        Some(("name", wanted)) => contains(&row.key.name, wanted),
        Some(("ns", wanted)) => contains(&row.key.namespace, wanted),
        Some(("fabric", wanted)) => contains(&view.fabric, wanted),
        Some(("file", wanted)) => contains(&file, wanted),
        Some(("field", wanted)) => paths().any(|path| contains(path, wanted)),
        Some(("by", wanted)) => managers().any(|manager| contains(manager, wanted)),
        _ => {
            let texts =
                [&*view.fabric, &row.key.kind, &row.key.namespace, &row.key.name, row.state.name(), &row.reason];
            texts.into_iter().chain([&*file]).chain(paths()).chain(managers()).any(|text| contains(text, word))
        }
    }
}
