//! Templates: Markdown files with variables, from which a brief begins.
//!
//! A variable that nothing fills stands in the text by its name between brackets of its own, false in a condition and empty
//! in a loop, so that whoever reads the brief sees what is missing.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as Filling};
use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;
use serde_json::Value;

use super::part::Fence;
use super::{CLOSE, OPEN, clean, front_matter, one_line};

/// Steps that a template may take: one that never ends is none.
const FUEL: u64 = 200_000;
/// No template is longer, in bytes.
pub const LONGEST: usize = 256 << 10;

/// Name of the shape that the others build upon.
const SHAPE: &str = "shape";

/// Templates that are part of the program: name and text.
const BUILT_IN: [(&str, &str); 9] = [
    ("specialist", include_str!("../../../briefs/specialist.md")),
    ("orchestrator", include_str!("../../../briefs/orchestrator.md")),
    ("manager", include_str!("../../../briefs/manager.md")),
    ("handoff", include_str!("../../../briefs/handoff.md")),
    ("retry", include_str!("../../../briefs/retry.md")),
    ("review", include_str!("../../../briefs/review.md")),
    ("escalation", include_str!("../../../briefs/escalation.md")),
    ("research", include_str!("../../../briefs/research.md")),
    ("drift", include_str!("../../../briefs/drift.md")),
];

/// What a template is made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum For {
    /// A task of a board.
    Task,
    /// An object of a fabric.
    Object,
    /// An agent.
    Agent,
    /// Any of them, or none.
    #[default]
    Any,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// What it is, in one line.
    pub about: String,
    /// What it is made for.
    pub made_for: For,
    /// Tokens that a brief made from it should take at most.
    pub target: Option<usize>,
    /// Its text, as minijinja reads it.
    pub text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    #[serde(default)]
    about: String,
    #[serde(default, rename = "for")]
    made_for: For,
    #[serde(default)]
    target: Option<usize>,
}

impl Template {
    /// Reads the file of a template.
    ///
    /// # Errors
    /// What is wrong with its front matter, or with its text as a template.
    pub fn read(name: &str, file: &str) -> Result<Self, String> {
        if file.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let (front, text) = front_matter(file).unwrap_or(("", file));
        let front: Front = match front.trim() {
            "" => Front::default(),
            front => serde_saphyr::from_str(front).map_err(|error| error.without_snippet().to_string())?,
        };
        let Front { about, made_for, target } = front;
        let mut environment = Environment::new();
        environment.add_template_owned(name.to_owned(), text.to_owned()).map_err(|error| said(&error))?;
        Ok(Self { name: name.to_owned(), about: one_line(&about), made_for, target, text: text.to_owned() })
    }

    /// The text of a brief, with these values: an object of objects, `{"task": {"id": …}}`. Nothing in a value is read as
    /// a template.
    ///
    /// # Errors
    /// The template's own words, should it not render.
    pub fn render(&self, others: &[Self], values: &Value) -> Result<String, String> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_fuel(Some(FUEL));
        let shape = include_str!("../../../briefs/shape.md");
        environment.add_template(SHAPE, shape).map_err(|error| said(&error))?;
        for template in others.iter().chain([self]) {
            environment.add_template(&template.name, &template.text).map_err(|error| said(&error))?;
        }
        let context = Filling::from_object(Values { prefix: String::new(), values: values.clone() });
        let rendered = environment.get_template(&self.name).and_then(|template| template.render(context));
        let rendered = rendered.map_err(|error| said(&error))?;
        Ok(tidied(&rendered))
    }
}

/// The templates that are part of the program, in the order in which they are offered.
pub fn built_in() -> Vec<Template> {
    BUILT_IN.iter().filter_map(|(name, text)| Template::read(name, text).ok()).collect()
}

/// What is wrong with a template, with its line.
fn said(error: &minijinja::Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    error.line().map_or_else(|| detail.clone(), |line| format!("line {line}: {detail}"))
}

/// Without the blank lines that blocks leave: one between paragraphs and behind a heading. Blocks of code stay as they are.
fn tidied(text: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut fence = Fence::default();
    let mut in_code = false;
    for line in text.lines() {
        let was_code = std::mem::replace(&mut in_code, fence.take(line));
        if in_code && was_code {
            out.push(line);
            continue;
        }
        let line = line.trim_end();
        let blank = out.last().is_none_or(|last| last.is_empty());
        if !(line.is_empty() && blank) {
            let heading = !was_code && out.last().is_some_and(|last| last.starts_with('#'));
            if heading && !line.is_empty() && !line.starts_with('#') {
                out.push("");
            }
            out.push(line);
        }
    }
    while out.last().is_some_and(|last| last.is_empty()) {
        out.pop();
    }
    format!("{}\n", out.join("\n"))
}

/// Values by name, and a mark for every name that has none.
#[derive(Debug)]
struct Values {
    prefix: String,
    values: Value,
}

/// A variable that nothing fills.
#[derive(Debug)]
struct Unfilled(String);

/// Names that minijinja itself gives a meaning.
const OURS: [&str; 6] = ["range", "dict", "debug", "namespace", "loop", "super"];

impl Object for Values {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Filling) -> Option<Filling> {
        let name = key.as_str()?;
        if self.prefix.is_empty() && OURS.contains(&name) {
            return None;
        }
        let path = if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) };
        Some(filling(self.values.get(name).unwrap_or(&Value::Null), path))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.values.as_object().map(|values| values.keys().map(Filling::from).collect());
        Enumerator::Values(names.unwrap_or_default())
    }
}

impl Object for Unfilled {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Filling) -> Option<Filling> {
        Some(Filling::from_object(Self(format!("{}.{}", self.0, key.as_str()?))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{}{CLOSE}", self.0)
    }
}

fn filling(value: &Value, path: String) -> Filling {
    match value {
        Value::Null => Filling::from_object(Unfilled(path)),
        Value::String(text) if text.trim().is_empty() => Filling::from_object(Unfilled(path)),
        Value::Array(items) if items.is_empty() => Filling::from_object(Unfilled(path)),
        // What a value has of the marks is its own, and means nothing.
        Value::String(text) => Filling::from(clean(text).replace([OPEN, CLOSE], "|")),
        Value::Array(items) => items.iter().map(|item| filling(item, path.clone())).collect(),
        Value::Object(_) => Filling::from_object(Values { prefix: path, values: value.clone() }),
        Value::Bool(_) | Value::Number(_) => Filling::from_serialize(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Template, built_in};
    use crate::domain::brief::part::{Part, outline};
    use crate::domain::brief::{tokens, unfilled};
    use serde_json::json;

    fn render(text: &str, values: &serde_json::Value) -> Result<String, String> {
        Template::read("t", text).and_then(|template| template.render(&[], values))
    }

    #[test]
    fn every_template_that_is_built_in_reads_has_all_parts_and_keeps_to_its_target() {
        let templates = built_in();
        assert_eq!(templates.len(), BUILT_IN.len());
        for template in &templates {
            let text = template.render(&templates, &json!({})).unwrap();
            let sections = outline(text.lines());
            for part in Part::ALL {
                assert!(
                    sections.iter().any(|section| section.part == Some(part)),
                    "{} lacks {part:?}\n{text}",
                    template.name
                );
            }
            let target = template.target.unwrap();
            assert!(
                !template.about.is_empty() && tokens::count(&text) < target,
                "{}: {}",
                template.name,
                tokens::count(&text)
            );
            assert!(!text.contains("\n\n\n") && !text.contains("{%") && !text.contains("{{"), "{text}");
            assert!(!unfilled(&text).is_empty(), "{}", template.name);
        }
    }

    #[test]
    fn what_nothing_fills_is_marked_false_and_empty() {
        let text = "{{ task.id }} {{ a.b.c }} {% if a %}x{% endif %}{% for y in z %}{{ y }}{% else %}-{% endfor %} {{ e or 1 }}";
        let out = render(text, &json!({"task": {"id": null}, "e": ""})).unwrap();
        assert_eq!(out, "⟦task.id⟧ ⟦a.b.c⟧ - 1\n");
    }

    #[test]
    fn values_are_text_and_never_a_template_or_a_mark() {
        let values = json!({"a": {"b": "{{ c }} \u{1b}[31m ⟦x⟧"}, "c": 3, "list": [{"d": "e"}, {"d": null}]});
        let out = render("{{ a.b }} {{ c }} {% for item in list %}{{ item.d }}{{ loop.index }} {% endfor %}", &values);
        assert_eq!(out.unwrap(), "{{ c }} [31m |x| 3 e1 ⟦list.d⟧2\n");
    }

    #[test]
    fn a_mistake_in_a_template_is_said_with_its_line() {
        assert!(render("a\n{% if %}", &json!({})).unwrap_err().starts_with("line 2: "));
        assert!(render("---\ntargets: 3\n---\n", &json!({})).unwrap_err().contains("targets"));
        assert!(
            render("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}", &json!({}))
                .is_err()
        );
    }

    #[test]
    fn blocks_leave_no_holes() {
        let out = render("# T\n\n\n## H\ntext\n{% if a %}\nno\n{% endif %}\n\n\n- x\n", &json!({})).unwrap();
        assert_eq!(out, "# T\n\n## H\n\ntext\n\n- x\n");
        let code = "```yaml\n# a\nb:\n\n\n  c\n```\n";
        assert_eq!(render(code, &json!({})).unwrap(), code);
    }
}
