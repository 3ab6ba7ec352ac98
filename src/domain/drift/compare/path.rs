//! Paths of fields: `spec.subnets.default.vlan`, `spec.ports[name=http].port`, `spec.links[0]`, `data["a.b"]`.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::cluster::join;
use crate::domain::drift::normal::Normal;

/// The value at a path of an object.
pub(in crate::domain::drift) fn lookup<'a>(object: &'a Normal<'_>, path: &str) -> Option<&'a Value> {
    let mut steps = steps(path);
    let Some(Step::Field(first)) = steps.next() else { return None };
    steps.try_fold(object.get(&first)?, |value, step| step.enter(value))
}

/// The steps of a path; they end where it is none.
pub(super) fn steps(path: &str) -> Steps<'_> {
    Steps { rest: path }
}

/// The path of a list's element that is told apart by these fields, with their values.
pub(super) fn item_path<'a>(path: &str, keys: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let mut item = format!("{path}[");
    for (key, value) in keys {
        if !item.ends_with('[') {
            item.push(',');
        }
        item.push_str(key);
        item.push('=');
        match value {
            Value::String(text) => item.push_str(text),
            other => item.push_str(&other.to_string()),
        }
    }
    item.push(']');
    item
}

/// Where a walk is. Most places are passed without a word, so that their paths are written only where they are asked for.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    outer: Option<&'p Place<'p>>,
    step: Within<'p>,
}

/// The step from a place to one in it.
#[derive(Clone, Copy)]
enum Within<'p> {
    Field(&'p str),
    Index(usize),
    /// An element of a list that is told apart by its fields: how its path is written after that of the list.
    Item(&'p dyn Fn(&str) -> String),
    /// All of a path at once.
    Path(&'p str),
}

impl<'p> Place<'p> {
    /// The place of a path.
    pub(super) fn at(path: &'p str) -> Self {
        Self { outer: None, step: Within::Path(path) }
    }

    /// A field of an object's own.
    pub(super) fn top(name: &'p str) -> Self {
        Self { outer: None, step: Within::Field(name) }
    }

    /// A field of what is here.
    pub(super) fn field(&'p self, name: &'p str) -> Self {
        Self { outer: Some(self), step: Within::Field(name) }
    }

    /// An element of the list that is here.
    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { outer: Some(self), step: Within::Index(index) }
    }

    /// An element of the list that is here, with what writes its path after that of the list.
    pub(super) fn item(&'p self, path: &'p dyn Fn(&str) -> String) -> Self {
        Self { outer: Some(self), step: Within::Item(path) }
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        let outer = self.outer.map(Self::path).unwrap_or_default();
        match self.step {
            Within::Field(name) => join(&outer, name),
            Within::Index(index) => format!("{outer}[{index}]"),
            Within::Item(path) => path(&outer),
            Within::Path(path) => path.to_owned(),
        }
    }
}

/// Steps of a path.
pub(super) struct Steps<'a> {
    rest: &'a str,
}

/// One step of a path.
pub(super) enum Step<'a> {
    Field(Cow<'a, str>),
    Index(usize),
    /// An element by one of its fields, or by several: what stands in the brackets.
    Item(&'a str),
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let path = self.rest.strip_prefix('.').unwrap_or(self.rest);
        if path.is_empty() {
            return None;
        }
        let (step, rest) = match path.strip_prefix('[') {
            Some(inner) if inner.starts_with('"') => {
                let end = inner.find("\"]")?;
                (Step::Field(serde_json::from_str::<String>(&inner[..=end]).ok()?.into()), &inner[end + 2..])
            }
            Some(inner) => {
                let end = inner.find(']')?;
                let name = &inner[..end];
                let step = if name.contains('=') { Step::Item(name) } else { Step::Index(name.parse().ok()?) };
                (step, &inner[end + 1..])
            }
            None => {
                let end = path.find(['.', '[']).unwrap_or(path.len());
                (Step::Field(path[..end].into()), &path[end..])
            }
        };
        self.rest = rest;
        Some(step)
    }
}

impl Step<'_> {
    fn enter<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Step::Field(name) => value.as_object()?.get(name.as_ref()),
            Step::Index(index) => value.get(index),
            Step::Item(name) => {
                let items = value.as_array()?;
                // A value may hold a comma, so that one field alone is tried first.
                items.iter().find(|item| has(item, name)).or_else(|| {
                    items.iter().find(|item| name.contains(',') && name.split(',').all(|part| has(item, part)))
                })
            }
        }
    }
}

/// True for an element with this field: `name=http`.
fn has(item: &Value, name: &str) -> bool {
    let Some((key, wanted)) = name.split_once('=') else { return false };
    match item.get(key) {
        Some(Value::String(text)) => text == wanted,
        Some(other) => serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| *other == wanted),
        None => false,
    }
}
