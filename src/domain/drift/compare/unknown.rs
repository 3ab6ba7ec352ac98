//! Fields that the schema of a kind does not know: the server takes the object and drops them.

use serde_json::Value;

use super::path::Place;
use super::rule::{Rule, is_zero};
use crate::domain::cluster::Schema;

/// Paths of an object that its schema does not know, in their order. Metadata and status are not looked at.
pub fn unknown_fields(object: &Value, schema: &Schema) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status") {
            look(&Place::top(name), Rule::Node(&schema.root).field(name), value, &mut paths);
        }
    }
    paths
}

fn look(place: &Place<'_>, rule: Rule<'_>, value: &Value, paths: &mut Vec<String>) {
    match (rule, value) {
        (Rule::Pruned, value) if !is_zero(value) => paths.push(place.path()),
        (Rule::Node(_), Value::Object(fields)) => {
            for (name, value) in fields {
                look(&place.field(name), rule.field(name), value, paths);
            }
        }
        (Rule::Node(_), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                look(&place.index(index), rule.items(), item, paths);
            }
        }
        _ => {}
    }
}
