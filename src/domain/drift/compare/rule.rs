//! What decides how two values are compared: the schema of a custom kind, or what holds for the kinds of Kubernetes itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::path::{Place, Step, steps};
use crate::domain::cluster::{Known, LiveObject, Merge, Node, Schemas, Shape};
use crate::domain::drift::normal::is_set;
use crate::domain::drift::quantity::{same_amount, same_duration};
use crate::domain::manifest::is_builtin_group;

/// Fields by which the elements of a list may be told apart where no schema says, the usual one first.
const LIST_KEYS: [&str; 6] = ["name", "key", "port", "containerPort", "mountPath", "uid"];

/// Fields of Kubernetes' own kinds whose values are quantities (`resource.Quantity` in k8s.io/api), or maps of such.
const QUANTITIES: [&str; 14] = [
    "averageValue",
    "allocatable",
    "capacity",
    "default",
    "defaultRequest",
    "divisor",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "requests",
    "sizeLimit",
];

/// The kind of an object, which some rules are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) group: &'a str,
    pub(super) kind: &'a str,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<'a> {
    /// It is described.
    Node(&'a Node),
    /// The server keeps it exactly as it is.
    Kept,
    /// The server drops it.
    Pruned,
    /// It belongs to a kind of Kubernetes itself.
    BuiltIn,
    /// It belongs to a custom kind without a schema.
    Unknown,
}

/// How the elements of two lists find each other.
#[derive(Debug)]
pub(super) enum Align<'a> {
    /// They have no order.
    Set,
    /// By these fields. Whether others may put elements of their own beside them.
    Keys(Vec<&'a str>, bool),
    /// By their places.
    Places,
}

impl<'a> Rule<'a> {
    /// What is known of a live object: its schema, in the version it was read in.
    pub(super) fn of(live: &LiveObject, schemas: &'a Schemas) -> Self {
        let kind = &live.kind;
        match schemas.get(&(kind.group.clone(), kind.version.clone(), kind.kind.clone())) {
            Some(schema) => Self::Node(&schema.root),
            None if is_builtin_group(&kind.group) => Self::BuiltIn,
            None => Self::Unknown,
        }
    }

    /// What is known of a field of an object's own.
    pub(super) fn top(self, name: &str) -> Self {
        // Labels and annotations; schemas say nothing of them.
        if name == "metadata" { Self::Kept } else { self.field(name) }
    }

    /// What is known of a field.
    pub(super) fn field(self, name: &str) -> Self {
        match self {
            Self::Node(node) => match node.field(name) {
                Known::As(node) => Self::Node(node),
                Known::Kept => Self::Kept,
                Known::Pruned => Self::Pruned,
            },
            // Once it was found to be live, it is compared like any other.
            Self::Pruned => Self::Kept,
            same => same,
        }
    }

    /// What is known of the elements of a list.
    pub(super) fn items(self) -> Self {
        match self {
            Self::Node(Node { shape: Shape::List { items, .. }, .. }) => Self::Node(items),
            Self::Node(_) | Self::Pruned => Self::Kept,
            same => same,
        }
    }

    /// What is known of the value at a path.
    pub(super) fn at(self, path: &str) -> Self {
        let mut steps = steps(path);
        let Some(Step::Field(first)) = steps.next() else { return self };
        steps.fold(self.top(&first), |rule, step| match step {
            Step::Field(name) => rule.field(&name),
            Step::Index(_) | Step::Item(_) => rule.items(),
        })
    }

    /// True when appliers replace the value as a whole, by its schema.
    pub(super) fn is_atomic(self) -> bool {
        match self {
            Self::Node(node) => match &node.shape {
                Shape::Object { atomic, .. } => *atomic,
                Shape::List { merge, .. } => *merge == Merge::Atomic,
                Shape::Any | Shape::Scalar { .. } => false,
            },
            Self::Kept | Self::Pruned | Self::BuiltIn | Self::Unknown => false,
        }
    }

    /// What the server fills in where a field is left out.
    pub(super) fn default(self) -> Option<&'a Value> {
        if let Self::Node(node) = self { node.default.as_ref() } else { None }
    }

    /// How the elements of two lists find each other.
    pub(super) fn align(self, of: Of<'_>, place: &Place<'_>, desired: &[Value], live: &[Value]) -> Align<'a> {
        if is_set(of.kind, || place.path()) {
            return Align::Set;
        }
        let by_name = |open: bool| list_key(desired, live).map_or(Align::Places, |key| Align::Keys(vec![key], open));
        match self {
            Self::Node(Node { shape: Shape::List { merge, .. }, .. }) => match merge {
                Merge::Set => Align::Set,
                Merge::Map(keys) if !keys.is_empty() => Align::Keys(keys.iter().map(String::as_str).collect(), true),
                Merge::Map(_) => Align::Places,
                Merge::Atomic => by_name(false),
            },
            Self::Node(_) | Self::Kept | Self::Pruned => by_name(false),
            Self::BuiltIn | Self::Unknown => by_name(true),
        }
    }

    /// True for the same value, in whatever notation its type allows.
    pub(super) fn same(self, place: &Place<'_>, a: &Value, b: &Value) -> bool {
        let amounts = || match self {
            Self::Unknown => true,
            Self::BuiltIn => is_quantity(&place.path()),
            Self::Node(node) => matches!(node.shape, Shape::Scalar { int_or_string: true, .. }),
            Self::Kept | Self::Pruned => false,
        };
        match (a, b) {
            (Value::Number(x), Value::Number(y)) => {
                let whole = |number: &serde_json::Number| number.is_i64() || number.is_u64();
                x == y || (!(whole(x) && whole(y)) && x.as_f64() == y.as_f64())
            }
            // A typed controller writes durations anew, though to the schema they are text like any other.
            (Value::String(x), Value::String(y)) => {
                let typed = matches!(self, Self::Node(Node { shape: Shape::Scalar { .. }, .. }) | Self::Unknown);
                x == y || (amounts() && same_amount(x, y)) || (typed && same_duration(x, y))
            }
            // A port or a quantity may be a number on one side and text on the other.
            (Value::String(x), Value::Number(y)) | (Value::Number(y), Value::String(x)) => {
                amounts() && same_amount(x, &y.to_string())
            }
            _ => a == b,
        }
    }
}

/// True for values that Go leaves out when it writes an object: zeros, empty text, and containers of such values.
pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_zero),
        Value::Object(fields) => fields.values().all(is_zero),
    }
}

/// The field by which the elements of both lists are told apart, if there is one.
fn list_key(desired: &[Value], live: &[Value]) -> Option<&'static str> {
    LIST_KEYS.into_iter().find(|key| !desired.is_empty() && is_unique(desired, key) && is_unique(live, key))
}

/// True when every element has the field, each with a value of its own.
pub(super) fn is_unique(list: &[Value], key: &str) -> bool {
    let mut seen = BTreeSet::new();
    list.iter().all(|item| item.get(key).is_some_and(|value| !value.is_object() && seen.insert(value.to_string())))
}

/// True for a path of a built-in kind that leads to a quantity.
fn is_quantity(path: &str) -> bool {
    path.strip_prefix("spec.").is_some_and(|path| {
        path.split(['.', '[']).rev().take(3).any(|step| QUANTITIES.contains(&step) || step == "storage")
    })
}
