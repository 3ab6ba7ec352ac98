//! Plain scalars that kubectl reads as something else than text, as YAML 1.1 has it (`yes`, `off`, `0755`, `1e3`): where text
//! is wanted, the server refuses them, or what arrives is another text than the one in the file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use super::document::{Document, options};

/// Maps whose values are text in every kind of Kubernetes.
const TEXTS: [&str; 4] = ["labels", "annotations", "matchLabels", "nodeSelector"];

/// A scalar that is read as a boolean or a number and does not look it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// Names of fields from the object's root; an index of a list is `[0]`.
    pub path: Vec<String>,
    /// Its line in the file, from one.
    pub line: u32,
    /// As it is written.
    pub written: String,
}

impl Ambiguous {
    /// True where Kubernetes wants text, whatever a schema says.
    pub(super) fn is_text_of(&self, group: &str, kind: &str) -> bool {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["data", _] => (group, kind) == ("", "ConfigMap"),
            ["stringData", _] => (group, kind) == ("", "Secret"),
            ["metadata", of, _] => TEXTS.contains(of),
            [.., "env", _, "value"] => super::is_builtin_group(group),
            [.., of, _] => super::is_builtin_group(group) && TEXTS.contains(of),
            _ => false,
        }
    }

    /// What is wrong with it, where text is wanted.
    pub fn message(&self, name: &str) -> String {
        let path = self.path.join(".").replace(".[", "[");
        format!("{name}: {path} wants text, and {} without quotes is none in YAML 1.1; quote it", self.written)
    }
}

/// The scalars of a document that are no text and may have been meant as such, in the order of the document.
pub(super) fn ambiguous(document: &Document<'_>) -> Vec<Ambiguous> {
    // Nearly every document has none, and places of values are known only to another, slower reading.
    if !document.text.lines().any(may_hold) {
        return Vec::new();
    }
    let read = serde_saphyr::from_str_with_options(document.text, options(DuplicateKeyPolicy::LastWins));
    let mut found = Vec::new();
    if let Ok(root) = read {
        collect(document, &root, &mut Vec::new(), &mut found);
    }
    found
}

fn may_hold(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or_default();
    if line.contains(['{', '[']) {
        return line.split([' ', ',', '[', ']', '{', '}']).any(is_ambiguous);
    }
    let value = line.rsplit_once(": ").map(|(_, value)| value).or_else(|| line.trim_start().strip_prefix("- "));
    value.is_some_and(|value| is_ambiguous(value.trim()))
}

/// True for what the types of YAML 1.1 (yaml.org/type: bool, int, float) make no text, and a reader may take for some.
fn is_ambiguous(written: &str) -> bool {
    let number = written.trim_start_matches(['-', '+']);
    let digits = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let is_octal = number.len() > 1 && number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_power = digits(number) && !number.starts_with("0x") && number.contains(['e', 'E']);
    let is_spaced = digits(number) && number.contains('_');
    is_octal
        || number.starts_with("0o")
        || (is_power && number.parse::<f64>().is_ok())
        || is_spaced
        || ["yes", "no", "on", "off", "y", "n"].iter().any(|word| written.eq_ignore_ascii_case(word))
}

/// The scalar that begins at a place of a document's text, both from one, as it is written.
fn written_at<'a>(document: &Document<'a>, line: u64, column: u64) -> Option<&'a str> {
    let line = document.text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let (start, _) = line.char_indices().nth(usize::try_from(column).ok()?.checked_sub(1)?)?;
    let end = |text: &'a str| text.find([',', ']', '}']).map_or(text, |end| &text[..end]);
    let text = &line[start..];
    Some(end(text.split(" #").next().unwrap_or(text)).trim())
}

fn collect(document: &Document<'_>, node: &Spanned<Node>, path: &mut Vec<String>, found: &mut Vec<Ambiguous>) {
    match &node.value {
        Node::Text => {}
        Node::Other => {
            let place = &node.defined;
            let written = written_at(document, place.line(), place.column()).filter(|written| is_ambiguous(written));
            found.extend(written.map(|written| Ambiguous {
                path: path.clone(),
                line: document.line_at(place.line()),
                written: written.to_owned(),
            }));
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(format!("[{index}]"));
                collect(document, item, path, found);
                path.pop();
            }
        }
        Node::Map(fields) => {
            for (name, field) in fields {
                path.push(name.clone());
                collect(document, field, path, found);
                path.pop();
            }
        }
    }
}

/// A value of which only its form is kept, with the places of its parts.
#[derive(Debug)]
enum Node {
    Text,
    /// A boolean, a number or nothing.
    Other,
    List(Vec<Spanned<Node>>),
    Map(Vec<(String, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Text)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Node::Map(map))
    }
}
