//! Rows on objects: what is named, or whose manifest was changed, is live as desired and well.

use std::path::{Path, PathBuf};

use super::claimed::Claims;
use super::edits::Edit;
use super::{Facts, Row, RowKind, Source, Verdict};
use crate::domain::claim::ClaimKind;
use crate::domain::drift::{DriftRow, DriftState, DriftView};
use crate::domain::health::HealthState;

/// Objects that are looked at.
const MOST: usize = 12;
/// A name must be as long as this to be looked for in a text: shorter ones are words.
const SHORTEST: usize = 5;

/// Objects that belong to the work: those whose manifest was changed, and those that claims name.
pub fn of_work<'a>(facts: &Facts<'a>, claims: &Claims, edits: &[Edit]) -> Vec<(&'a DriftView, &'a DriftRow)> {
    let mut found: Vec<(&DriftView, &DriftRow)> = Vec::new();
    for view in facts.fabrics {
        for row in view.rows.iter() {
            let changed = row.file.as_deref().is_some_and(|file| was_edited(file, facts.manifests_below, edits));
            let said = claims.found.iter().any(|claim| is_name(&row.key.name) && claim.names.has(&row.key.name));
            if (changed || said) && found.len() < MOST {
                found.push((view, row));
            }
        }
    }
    found
}

/// Names that are no words of a language: long enough, with a hyphen or a digit in them.
fn is_name(name: &str) -> bool {
    name.len() >= SHORTEST && name.contains(|c: char| c == '-' || c.is_ascii_digit())
}

fn was_edited(file: &Path, below: &[PathBuf], edits: &[Edit]) -> bool {
    edits.iter().any(|edit| below.iter().any(|root| edit.path == root.join(file)))
}

/// Two rows for each object: whether it is live as desired, and how it is.
pub fn rows(objects: &[(&DriftView, &DriftRow)], claims: &Claims) -> Vec<Row> {
    let claim = claims.first(&[ClaimKind::Deployed]).or_else(|| claims.first(&[ClaimKind::Done]));
    let says_so = claims.first(&[ClaimKind::Deployed]).is_some();
    let mut rows = Vec::new();
    for (view, object) in objects {
        let named = format!("{} {}", object.key.kind, object.key.name);
        let source = Some(Source::Object(view.fabric.clone(), object.key.clone()));
        let verdict = match object.state {
            DriftState::Synced => Verdict::Holds,
            DriftState::Unknown => Verdict::Unknown,
            _ if says_so => Verdict::Contradicted,
            _ => Verdict::Missing,
        };
        let shown = format!("{named} is {}: {}", object.state.name(), object.reason);
        rows.push(Row::new(RowKind::Synced, claim, shown, verdict, source.clone()));
        let Some(health) = &object.health else { continue };
        let verdict = match health.state {
            HealthState::Healthy => Verdict::Holds,
            HealthState::NoSignal | HealthState::Unknown => Verdict::Unknown,
            HealthState::Progressing
            | HealthState::Degraded
            | HealthState::Suspended
            | HealthState::Terminating
            | HealthState::NotPlaced => Verdict::Missing,
        };
        let shown = format!("{named}: {}, {}", health.state.name(), health.reason);
        rows.push(Row::new(RowKind::Healthy, None, shown, verdict, source));
    }
    rows
}
