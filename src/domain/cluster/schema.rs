//! What the definition of a custom kind says of its fields: which there are, and how its lists merge.
//!
//! Read from `CustomResourceDefinition` objects (apiextensions.k8s.io/v1). Such schemas are structural: every field has its
//! type beside its own name, so that validation junctors (`anyOf`, `not`…) can be left out.
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// Group, version and kind.
pub type SchemaKey = (String, String, String);

/// Schemas by what they describe.
pub type Schemas = BTreeMap<SchemaKey, Arc<Schema>>;

/// The schema of one version of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The status is a subresource, so that writing it does not count as a new generation.
    pub status_subresource: bool,
    /// The status has fields. A kind without any never says how it is.
    pub has_status: bool,
    /// The object without its status; `apiVersion`, `kind` and `metadata` are known to the server and are left out too.
    pub root: Node,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What the value is made of.
    pub shape: Shape,
    /// What the server fills in where the field is left out.
    pub default: Option<Value>,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Anything: nothing is said, or the server is told to keep what it does not know.
    Any,
    /// One value without parts.
    Scalar {
        /// A number and its text are the same.
        int_or_string: bool,
        /// It is text.
        text: bool,
    },
    /// Named fields.
    Object {
        /// Those that are named.
        fields: BTreeMap<String, Node>,
        /// All others.
        others: Others,
        /// Appliers replace it as a whole (`x-kubernetes-map-type: atomic`).
        atomic: bool,
    },
    /// A list.
    List {
        /// Each of its elements.
        items: Box<Node>,
        /// How two of them become one.
        merge: Merge,
    },
}

/// Fields of an object that its schema does not name.
#[derive(Debug, Clone, PartialEq)]
pub enum Others {
    /// They are dropped by the server.
    Pruned,
    /// They are kept as they are.
    Kept,
    /// They all look like this: the object is a map.
    Like(Box<Node>),
}

/// How a list merges (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// As a whole; elements are told apart by their place.
    Atomic,
    /// Elements are scalars, without order, each once.
    Set,
    /// Elements are objects, told apart by these fields.
    Map(Vec<String>),
}

/// What a schema says of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known<'a> {
    /// It is described.
    As(&'a Node),
    /// It is kept, whatever it is.
    Kept,
    /// The server drops it.
    Pruned,
}

impl Node {
    /// What it says of one of its fields.
    pub fn field(&self, name: &str) -> Known<'_> {
        let Shape::Object { fields, others, .. } = &self.shape else { return Known::Kept };
        match (fields.get(name), others) {
            (Some(node), _) => Known::As(node),
            (None, Others::Like(node)) => Known::As(node),
            (None, Others::Kept) => Known::Kept,
            (None, Others::Pruned) => Known::Pruned,
        }
    }

    /// What it says of a field inside of it; an index of a list begins with a bracket. `None` where it does not say.
    pub fn inside(&self, path: &[String]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let part = match (&self.shape, self.field(first)) {
            (Shape::List { items, .. }, _) => items,
            (Shape::Object { .. }, Known::As(node)) => node,
            _ => return None,
        };
        part.inside(rest)
    }

    fn new(schema: &Value) -> Self {
        Self { shape: Shape::new(schema), default: schema.get("default").cloned() }
    }
}

impl Shape {
    fn new(schema: &Value) -> Self {
        let text = |field: &str| schema.get(field).and_then(Value::as_str).unwrap_or_default();
        let is = |field: &str| schema.get(field).and_then(Value::as_bool).unwrap_or_default();
        if is("x-kubernetes-int-or-string") {
            return Self::Scalar { int_or_string: true, text: false };
        }
        match text("type") {
            "object" => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let fields: BTreeMap<_, _> =
                    properties.into_iter().flatten().map(|(name, schema)| (name.clone(), Node::new(schema))).collect();
                let others = match schema.get("additionalProperties") {
                    _ if is("x-kubernetes-preserve-unknown-fields") => Others::Kept,
                    // An object of a kind of its own: its type and metadata are kept without being named.
                    _ if is("x-kubernetes-embedded-resource") => Others::Kept,
                    Some(like @ Value::Object(_)) => Others::Like(Box::new(Node::new(like))),
                    Some(Value::Bool(true)) => Others::Kept,
                    _ => Others::Pruned,
                };
                Self::Object { fields, others, atomic: text("x-kubernetes-map-type") == "atomic" }
            }
            "array" => {
                let items = schema.get("items").map_or(Node { shape: Self::Any, default: None }, Node::new);
                let merge = match text("x-kubernetes-list-type") {
                    "set" => Merge::Set,
                    "map" => {
                        let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
                        let keys = keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                        Merge::Map(keys.collect())
                    }
                    _ => Merge::Atomic,
                };
                Self::List { items: Box::new(items), merge }
            }
            "" => Self::Any,
            name => Self::Scalar { int_or_string: false, text: name == "string" },
        }
    }
}

/// The schemas of a `CustomResourceDefinition`, one for each version that is served. Anything else has none.
pub fn schemas(definition: &Value) -> Schemas {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else { return Schemas::new() };
    let prunes = definition.pointer("/spec/preserveUnknownFields") != Some(&Value::Bool(true));
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let served = versions.into_iter().flatten().filter(|version| version.get("served") == Some(&Value::Bool(true)));
    served
        .filter_map(|version| {
            let name = version.get("name")?.as_str()?.to_owned();
            let schema = version.pointer("/schema/openAPIV3Schema").unwrap_or(&Value::Null);
            let status = schema.pointer("/properties/status").unwrap_or(&Value::Null);
            let has_status = match Shape::new(status) {
                Shape::Object { fields, others, .. } => !fields.is_empty() || others != Others::Pruned,
                Shape::Any => !status.is_null(),
                Shape::Scalar { .. } | Shape::List { .. } => true,
            };
            let mut root = Node::new(schema);
            if let Shape::Object { fields, others, .. } = &mut root.shape {
                for field in ["apiVersion", "kind", "metadata", "status"] {
                    fields.remove(field);
                }
                if !prunes {
                    *others = Others::Kept;
                }
            }
            let status_subresource = version.pointer("/subresources/status").is_some();
            let schema = Schema { status_subresource, has_status, root };
            Some(((group.clone(), name, kind.clone()), Arc::new(schema)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Known, Merge, Schema, Shape, schemas};
    use serde_json::{Value, json};

    fn schema(spec: &Value, status: &Value) -> Schema {
        let definition = json!({ "spec": {
            "group": "lab.example", "names": { "kind": "Rack" },
            "versions": [
                { "name": "v1", "served": true, "subresources": { "status": {} }, "schema": { "openAPIV3Schema": {
                    "type": "object", "properties": { "metadata": { "type": "object" }, "spec": spec, "status": status } } } },
                { "name": "v0", "served": false, "schema": {} },
            ],
        } });
        let found = schemas(&definition);
        assert_eq!(found.len(), 1, "a version that is not served has no schema");
        let key = ("lab.example".to_owned(), "v1".to_owned(), "Rack".to_owned());
        (*found[&key]).clone()
    }

    fn spec(of: &Schema) -> &super::Node {
        let Known::As(spec) = of.root.field("spec") else { panic!("the spec is described") };
        spec
    }

    #[test]
    fn what_is_not_named_is_pruned_unless_it_is_kept() {
        let schema = schema(
            &json!({ "type": "object", "properties": {
                "size": { "type": "integer", "default": 3 },
                "ports": { "type": "object", "additionalProperties": { "type": "object", "properties": { "up": { "type": "boolean" } } } },
                "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            } }),
            &Value::Null,
        );
        let spec = spec(&schema);
        assert_eq!(spec.field("sise"), Known::Pruned);
        let Known::As(size) = spec.field("size") else { panic!("it is described") };
        assert_eq!(
            (size.default.as_ref(), &size.shape),
            (Some(&json!(3)), &Shape::Scalar { int_or_string: false, text: false })
        );
        let Known::As(ports) = spec.field("ports") else { panic!("it is described") };
        let Known::As(port) = ports.field("anything") else { panic!("a map has every field") };
        assert_eq!(port.field("down"), Known::Pruned);
        let Known::As(free) = spec.field("free") else { panic!("it is described") };
        assert_eq!(free.field("anything"), Known::Kept);
        assert_eq!(schema.root.field("metadata"), Known::Pruned, "the server's own fields are not the schema's");
    }

    #[test]
    fn lists_say_how_they_merge() {
        let list = |kind: Value| {
            let mut list = json!({ "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" } } } });
            list.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
            let schema = schema(&json!({ "type": "object", "properties": { "list": list } }), &Value::Null);
            let Known::As(list) = spec(&schema).field("list") else { panic!("it is described") };
            let Shape::List { merge, .. } = &list.shape else { panic!("it is a list") };
            merge.clone()
        };
        assert_eq!(list(json!({})), Merge::Atomic);
        assert_eq!(list(json!({ "x-kubernetes-list-type": "set" })), Merge::Set);
        let map = json!({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "port"] });
        assert_eq!(list(map), Merge::Map(vec!["name".to_owned(), "port".to_owned()]));
    }

    #[test]
    fn a_status_without_fields_is_none() {
        let has = |status: Value| schema(&json!({ "type": "object" }), &status).has_status;
        assert!(!has(Value::Null) && !has(json!({ "type": "object" })));
        assert!(has(json!({ "type": "object", "properties": { "phase": { "type": "string" } } })));
        assert!(has(json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })));
    }

    #[test]
    fn what_is_no_definition_has_no_schema() {
        assert!(schemas(&json!({ "spec": { "group": "a" } })).is_empty());
        assert!(schemas(&json!(5)).is_empty());
        let bare = json!({ "spec": { "group": "a", "names": { "kind": "B" }, "versions": [{ "name": "v1", "served": true }] } });
        let found = schemas(&bare);
        let schema = found.values().next().unwrap();
        assert_eq!((schema.has_status, &schema.root.shape), (false, &Shape::Any));
    }
}
