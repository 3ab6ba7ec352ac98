//! LIST as a table: the printer columns of the kinds that have some here, and name and age for all.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{Printed, printed};
use crate::domain::cluster::Kind;

/// True if a client asks for a table before anything else.
pub(super) fn is_wanted(accept: &str) -> bool {
    accept.split(',').next().is_some_and(|first| first.split(';').any(|part| part.trim() == "as=Table"))
}

/// The table of a list; `include` is what its rows hold: `Object`, `None`, or metadata alone.
pub(super) fn table(kind: &Kind, list: &Value, include: Option<&str>) -> Value {
    let own = printed(kind);
    let mut columns = vec![json!({ "name": "Name", "type": "string", "format": "name", "priority": 0 })];
    columns.extend(
        own.iter().map(|column| json!({ "name": column.name, "type": column.holds, "priority": column.priority })),
    );
    columns.push(json!({ "name": "Age", "type": "date", "priority": 0 }));
    let items = list["items"].as_array().into_iter().flatten();
    let rows: Vec<Value> = items.map(|object| row(object, own, include)).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": list["metadata"],
        "columnDefinitions": columns, "rows": rows,
    })
}

fn row(object: &Value, columns: &[Printed], include: Option<&str>) -> Value {
    let mut cells = vec![object["metadata"]["name"].clone()];
    cells.extend(columns.iter().map(|column| match object.pointer(column.pointer) {
        Some(time) if column.holds == "date" => age(time),
        value => value.cloned().unwrap_or_default(),
    }));
    cells.push(age(&object["metadata"]["creationTimestamp"]));
    let shown = match include {
        Some("Object") => object.clone(),
        Some("None") => Value::Null,
        _ => metadata(object),
    };
    json!({ "cells": cells, "object": shown })
}

/// The metadata of an object, as an object of its own.
pub(super) fn metadata(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

fn age(created: &Value) -> Value {
    let created: Option<Timestamp> = created.as_str().and_then(|text| text.parse().ok());
    let Some(created) = created else { return "<unknown>".into() };
    let seconds = Timestamp::now().as_second().saturating_sub(created.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
    .into()
}
