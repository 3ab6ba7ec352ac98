//! Paths into an object: `.status.conditions[type=Ready].status`, a small part of JSONPath.

use serde_json::Value;

/// A path that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// `.name` or `["name"]`.
    Field(String),
    /// `[2]`.
    Index(usize),
    /// `[*]`: every element of a list, every value of an object.
    Every,
    /// `[key=value]`: the elements that have this value there.
    With(String, String),
}

impl Path {
    /// Reads a path. The error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            rest = match first {
                '.' => {
                    let after = &rest[1..];
                    let end = after.find(['.', '[']).unwrap_or(after.len());
                    let (name, after) = after.split_at(end);
                    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
                    if name.is_empty() || !name.chars().all(is_name) {
                        return Err(format!("{name:?} is no name of a field in {text:?}; write others as [\"…\"]"));
                    }
                    steps.push(Step::Field(name.to_owned()));
                    after
                }
                '[' => {
                    let (step, after) = bracket(&rest[1..]).ok_or_else(|| {
                        format!("{text:?} has a [ that is none of [0], [*], [\"name\"] and [key=value]")
                    })?;
                    steps.push(step);
                    after
                }
                _ => return Err(format!("{text:?} is no path: it begins with a dot, as .status.phase does")),
            };
        }
        if steps.is_empty() { Err("a path must not be empty".to_owned()) } else { Ok(Self(steps)) }
    }

    /// Every value it leads to, with the place of each.
    pub(super) fn select<'v>(&self, object: &'v Value) -> Vec<(String, &'v Value)> {
        let mut found = vec![(String::new(), object)];
        for step in &self.0 {
            found = found.into_iter().flat_map(|(place, value)| step.take(&place, value)).collect();
        }
        found
    }

    /// The same path with its first `[*]` bound to the element that was met at `place`.
    pub(super) fn bound_to(&self, place: &Self) -> Self {
        let Some(every) = self.0.iter().position(|step| *step == Step::Every) else { return self.clone() };
        let mut steps = self.0.clone();
        if place.0.get(..every) == Some(&steps[..every])
            && let Some(met) = place.0.get(every)
        {
            steps[every] = met.clone();
        }
        Self(steps)
    }
}

/// What stands in brackets, and what follows them.
fn bracket(text: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once("\"]")?;
        return Some((Step::Field(name.to_owned()), rest));
    }
    let (inner, rest) = text.split_once(']')?;
    let step = match inner.split_once('=') {
        _ if inner == "*" => Step::Every,
        Some((key, value)) if !key.is_empty() => Step::With(key.to_owned(), value.to_owned()),
        _ => Step::Index(inner.parse().ok()?),
    };
    Some((step, rest))
}

impl Step {
    fn take<'v>(&self, place: &str, value: &'v Value) -> Vec<(String, &'v Value)> {
        match self {
            Self::Field(name) => {
                let is_plain = !name.contains(['.', '[', '/', '"']);
                let inner = if is_plain { format!("{place}.{name}") } else { format!("{place}[{name:?}]") };
                value.get(name).map(|value| (inner, value)).into_iter().collect()
            }
            Self::Index(index) => {
                value.get(index).map(|value| (format!("{place}[{index}]"), value)).into_iter().collect()
            }
            Self::Every => match value {
                Value::Array(items) => {
                    items.iter().enumerate().map(|(index, item)| (format!("{place}[{index}]"), item)).collect()
                }
                Value::Object(fields) => {
                    fields.iter().map(|(name, value)| (format!("{place}[{name:?}]"), value)).collect()
                }
                _ => Vec::new(),
            },
            Self::With(key, wanted) => value
                .as_array()
                .into_iter()
                .flatten()
                .filter(|item| item.get(key).and_then(Value::as_str) == Some(wanted))
                .map(|item| (format!("{place}[{wanted}]"), item))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use serde_json::json;

    #[test]
    fn a_path_leads_to_values_and_their_places() {
        let object = json!({ "a": { "b.c/d": [{ "type": "X", "v": 1 }, { "type": "Y", "v": 2 }] } });
        let found = |path: &str| {
            let values = Path::parse(path).unwrap();
            values.select(&object).into_iter().map(|(place, value)| format!("{place} {value}")).collect::<Vec<_>>()
        };
        assert_eq!(found(".a[\"b.c/d\"][*].v"), [".a[\"b.c/d\"][0].v 1", ".a[\"b.c/d\"][1].v 2"]);
        assert_eq!(found(".a[\"b.c/d\"][type=Y].v"), [".a[\"b.c/d\"][Y].v 2"]);
        assert_eq!(found(".a[\"b.c/d\"][1].type"), [".a[\"b.c/d\"][1].type \"Y\""]);
        assert_eq!(found(".a.none.v"), [""; 0]);
        assert_eq!(found(".a[*][0].v"), [".a[\"b.c/d\"][0].v 1"]);
    }

    #[test]
    fn an_element_that_was_met_can_be_met_again() {
        let (message, met) = (Path::parse(".a[*].message").unwrap(), Path::parse(".a[3].type").unwrap());
        assert_eq!(message.bound_to(&met), Path::parse(".a[3].message").unwrap());
        let elsewhere = Path::parse(".b[3].type").unwrap();
        assert_eq!(message.bound_to(&elsewhere), message);
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, why) in [
            ("", "empty"),
            ("status", "begins with a dot"),
            (".a.", "no name"),
            (".a[x]", "none of"),
            (".a[", "none of"),
        ] {
            let error = Path::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
