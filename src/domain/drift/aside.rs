//! Git and live side by side: both objects as YAML, line beside line by the field that it is about.

use serde_json::{Map, Value};

use super::normal::normal;

/// Lines of a pair of objects that are kept.
const LINES: usize = 2_000;

/// Metadata that somebody writes; the rest is the server's.
const METADATA: [&str; 5] = ["name", "generateName", "namespace", "labels", "annotations"];

/// Annotation in which client-side apply repeats the whole object.
const LAST_APPLIED: &str = crate::domain::cluster::LAST_APPLIED;

/// What stands in the place of secret values, alike on both sides or not.
const HIDDEN: &str = "(hidden)";
const HIDDEN_OTHER: &str = "(hidden, another value)";

/// One line of either side; empty where a side has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// As git has it.
    pub git: String,
    /// As it is live.
    pub live: String,
    /// How they compare.
    pub kind: PairKind,
}

/// How the lines of a pair compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKind {
    /// Both say the same.
    Same,
    /// They differ.
    Changed,
    /// Only git says it.
    OnlyGit,
    /// Only the cluster says it: most often a default.
    OnlyLive,
}

/// Two objects beside each other, without what the server writes and with the values of Secrets hidden. A side that is
/// missing leaves its half empty.
pub fn side_by_side(git: Option<&Value>, live: Option<&Value>) -> Vec<Pair> {
    let (mut git, mut live) = (git.map(shown), live.map(shown));
    hide(git.as_mut(), live.as_mut());
    let mut sides = Sides { pairs: Vec::new() };
    sides.walk(0, false, None, git.as_ref(), live.as_ref());
    if sides.pairs.len() > LINES {
        sides.pairs.truncate(LINES);
        let words = format!("… more than {LINES} lines: the rest is left out");
        sides.pairs.push(Pair { git: words.clone(), live: words, kind: PairKind::Same });
    }
    sides.pairs
}

/// A value as lines of YAML.
pub fn yaml(value: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    block(0, false, None, value, &mut lines);
    lines
}

/// The part of an object that somebody wrote.
fn shown(object: &Value) -> Value {
    let mut object = object.clone();
    let data = is_secret(&object).then(|| normal("", "Secret", &object).get("data").cloned()).flatten();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| METADATA.contains(&key.as_str()));
            let annotations = metadata.get_mut("annotations").and_then(Value::as_object_mut);
            let emptied = annotations.is_some_and(|annotations| {
                annotations.remove(LAST_APPLIED);
                annotations.is_empty()
            });
            if emptied {
                metadata.remove("annotations");
            }
        }
        // Text and its encoded form are one field.
        if let Some(data) = data {
            fields.remove("stringData");
            fields.insert("data".to_owned(), data);
        }
    }
    object
}

fn is_secret(object: &Value) -> bool {
    object.get("kind").is_some_and(|kind| kind == "Secret") && object.get("apiVersion").is_some_and(|api| api == "v1")
}

/// Hides the values of Secrets, and tells whether they are alike.
fn hide(git: Option<&mut Value>, live: Option<&mut Value>) {
    let data = |object: Option<&Value>| -> Map<String, Value> {
        let object = object.filter(|object| is_secret(object));
        object.and_then(|object| object.get("data")?.as_object().cloned()).unwrap_or_default()
    };
    let of_git = data(git.as_deref());
    for (object, other) in [(git, None), (live, Some(of_git))] {
        let Some(object) = object.filter(|object| is_secret(object)) else { continue };
        for part in ["data", "stringData"] {
            let Some(fields) = object.get_mut(part).and_then(Value::as_object_mut) else { continue };
            for (key, value) in fields {
                let other = other.as_ref().and_then(|other| other.get(key));
                *value = if other.is_some_and(|other| other != value) { HIDDEN_OTHER } else { HIDDEN }.into();
            }
        }
    }
}

struct Sides {
    pairs: Vec<Pair>,
}

impl Sides {
    fn walk(&mut self, depth: usize, dash: bool, key: Option<&str>, git: Option<&Value>, live: Option<&Value>) {
        if self.pairs.len() > LINES {
            return;
        }
        match (git, live) {
            (Some(Value::Object(git)), Some(Value::Object(live))) if !git.is_empty() && !live.is_empty() => {
                let inner = self.heading(depth, dash, key);
                let added = live.keys().filter(|key| !git.contains_key(*key));
                for (number, name) in git.keys().chain(added).enumerate() {
                    let dash = dash && key.is_none() && number == 0;
                    self.walk(inner, dash, Some(name), git.get(name), live.get(name));
                }
            }
            (Some(Value::Array(git)), Some(Value::Array(live))) if !git.is_empty() && !live.is_empty() => {
                let inner = self.heading(depth, dash, key);
                for (git, live) in matched(git, live) {
                    self.walk(inner.max(1), true, None, git, live);
                }
            }
            (Some(git), Some(live)) => {
                let kind = if git == live { PairKind::Same } else { PairKind::Changed };
                self.put(&lines(depth, dash, key, git), &lines(depth, dash, key, live), kind);
            }
            (Some(git), None) => self.put(&lines(depth, dash, key, git), &[], PairKind::OnlyGit),
            (None, Some(live)) => self.put(&[], &lines(depth, dash, key, live), PairKind::OnlyLive),
            (None, None) => {}
        }
    }

    /// The line of a key that both sides have; the depth of what stands below it.
    fn heading(&mut self, depth: usize, dash: bool, key: Option<&str>) -> usize {
        let Some(key) = key else { return depth };
        let line = format!("{}{}:", lead(depth, dash), name(key));
        self.pairs.push(Pair { git: line.clone(), live: line, kind: PairKind::Same });
        depth + 1
    }

    fn put(&mut self, git: &[String], live: &[String], kind: PairKind) {
        for row in 0..git.len().max(live.len()) {
            let line = |side: &[String]| side.get(row).cloned().unwrap_or_default();
            self.pairs.push(Pair { git: line(git), live: line(live), kind });
        }
    }
}

/// Elements of two lists side by side: by name where all of them have one, else by place.
fn matched<'a>(git: &'a [Value], live: &'a [Value]) -> Vec<(Option<&'a Value>, Option<&'a Value>)> {
    let named = |list: &[Value]| {
        let mut names: Vec<&str> = list.iter().filter_map(|item| item.get("name")?.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.len() == list.len()
    };
    if !named(git) || !named(live) {
        return (0..git.len().max(live.len())).map(|index| (git.get(index), live.get(index))).collect();
    }
    let find = |list: &'a [Value], item: &Value| list.iter().find(|other| other["name"] == item["name"]);
    let both = git.iter().map(|item| (Some(item), find(live, item)));
    let added = live.iter().filter(|item| find(git, item).is_none()).map(|item| (None, Some(item)));
    both.chain(added).collect()
}

fn lines(depth: usize, dash: bool, key: Option<&str>, value: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    block(depth, dash, key, value, &mut lines);
    lines
}

/// What a line begins with. The dash of a list's element stands in the last of its levels.
fn lead(depth: usize, dash: bool) -> String {
    if dash { format!("{}- ", "  ".repeat(depth.saturating_sub(1))) } else { "  ".repeat(depth) }
}

fn block(depth: usize, dash: bool, key: Option<&str>, value: &Value, out: &mut Vec<String>) {
    let lead = lead(depth, dash);
    let head = key.map(|key| format!("{lead}{}:", name(key)));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let inner = depth + usize::from(head.is_some());
            let dash = dash && head.is_none();
            out.extend(head);
            for (number, (key, value)) in fields.iter().enumerate() {
                block(inner, dash && number == 0, Some(key), value, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            if head.is_some() || dash {
                out.push(head.unwrap_or_else(|| lead.trim_end().to_owned()));
            }
            for item in items {
                block(depth + 1, true, None, item, out);
            }
        }
        Value::String(text) if is_block(text) => {
            let mark = if text.ends_with('\n') { "|" } else { "|-" };
            out.push(head.map_or_else(|| format!("{lead}{mark}"), |head| format!("{head} {mark}")));
            out.extend(text.lines().map(|line| format!("{}{line}", "  ".repeat(depth + 1)).trim_end().to_owned()));
        }
        value => out
            .push(head.map_or_else(|| format!("{lead}{}", scalar(value)), |head| format!("{head} {}", scalar(value)))),
    }
}

/// True for texts of several lines that a block can hold as they are.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n') && !text.starts_with([' ', '\t', '\n']) && !text.ends_with("\n\n")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // JSON's strings are YAML's double-quoted ones, and its empty containers YAML's.
        other => other.to_string(),
    }
}

fn name(key: &str) -> String {
    if is_plain(key) { key.to_owned() } else { Value::from(key).to_string() }
}

/// True for texts that YAML, in any of its versions, reads as the text they are without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "y"];
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || c == '_');
    let harmless = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./ ".contains(c));
    let number = text.starts_with(|c: char| c.is_ascii_digit())
        && (text.parse::<f64>().is_ok() || text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let word = WORDS.contains(&text.to_ascii_lowercase().as_str()) || text.eq_ignore_ascii_case("n");
    begins && harmless && !text.ends_with(' ') && !number && !word
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::PairKind::{Changed, OnlyGit, OnlyLive, Same};
    use super::{Pair, PairKind, side_by_side, yaml};

    fn pairs(git: Option<&Value>, live: Option<&Value>) -> Vec<(PairKind, String, String)> {
        side_by_side(git, live).into_iter().map(|Pair { git, live, kind }| (kind, git, live)).collect()
    }

    fn row(kind: PairKind, git: &str, live: &str) -> (PairKind, String, String) {
        (kind, git.to_owned(), live.to_owned())
    }

    #[test]
    fn each_line_stands_beside_what_the_other_side_says_of_the_same_field() {
        let git = json!({ "kind": "VPC", "spec": { "subnets": [{ "name": "a", "vlan": 1 }, { "name": "b" }], "mode": "l2" } });
        let live = json!({ "kind": "VPC", "spec": { "subnets": [{ "name": "b", "dhcp": {} }, { "name": "a", "vlan": 2 }] },
            "status": { "ok": true }, "metadata": { "uid": "7", "name": "x" } });
        let expected = [
            row(Same, "kind: VPC", "kind: VPC"),
            row(Same, "spec:", "spec:"),
            row(OnlyGit, "  mode: l2", ""),
            row(Same, "  subnets:", "  subnets:"),
            row(Same, "  - name: a", "  - name: a"),
            row(Changed, "    vlan: 1", "    vlan: 2"),
            row(Same, "  - name: b", "  - name: b"),
            row(OnlyLive, "", "    dhcp: {}"),
            row(OnlyLive, "", "metadata:"),
            row(OnlyLive, "", "  name: x"),
        ];
        assert_eq!(pairs(Some(&git), Some(&live)), expected);
    }

    #[test]
    fn a_side_that_is_missing_leaves_its_half_empty() {
        let only = json!({ "a": [1, [2]], "b": {} });
        let expected = [
            row(OnlyGit, "a:", ""),
            row(OnlyGit, "- 1", ""),
            row(OnlyGit, "-", ""),
            row(OnlyGit, "  - 2", ""),
            row(OnlyGit, "b: {}", ""),
        ];
        assert_eq!(pairs(Some(&only), None), expected);
        assert!(pairs(None, Some(&only)).iter().all(|(kind, git, _)| *kind == OnlyLive && git.is_empty()));
        assert_eq!(pairs(None, None), []);
    }

    #[test]
    fn what_is_written_is_read_back_as_the_same_value() {
        let tricky = json!({
            "words": ["yes", "null", "0755", "1e3", "10.0.0.0/24", "12:30", " x", "", "a: b", "# c", "0x1f", "n", "1_000", "é"],
            "true": false, "numbers": [0, -1, 1.5, u64::MAX], "text": "first\n  second\nthird\n", "kept": "a\nb",
            "odd": ["\n a", "a\n\n", "tab\tend"], "deep": [[{ "a": [] }], { "b": { "c": null } }], "a.b/c": "d",
        });
        let text = yaml(&tricky).join("\n");
        let read: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read, tricky, "{text}");
    }

    #[test]
    fn the_values_of_a_secret_are_hidden_and_whether_they_are_alike_is_not() {
        let secret = |data: Value, part: &str| json!({ "apiVersion": "v1", "kind": "Secret", part: data });
        let git = secret(json!({ "a": "same", "b": "mine" }), "stringData");
        let live = secret(json!({ "a": "c2FtZQ==", "b": "eW91cnM=", "c": "dG9v" }), "data");
        let text = format!("{:?}", pairs(Some(&git), Some(&live)));
        for value in ["same", "c2FtZQ", "mine", "eW91cnM", "dG9v"] {
            assert!(!text.contains(value), "{text}");
        }
        let lines = pairs(Some(&git), Some(&live));
        assert!(lines.contains(&row(Same, "  a: \"(hidden)\"", "  a: \"(hidden)\"")), "{lines:?}");
        assert!(lines.iter().any(|(kind, ..)| *kind == Changed), "{lines:?}");
        assert!(!format!("{:?}", pairs(None, Some(&live))).contains("eW91cnM"));
    }

    #[test]
    fn what_is_too_long_says_so() {
        let long = json!((0..5_000).collect::<Vec<u32>>());
        let pairs = side_by_side(Some(&long), None);
        assert_eq!(pairs.len(), super::LINES + 1);
        assert!(pairs[super::LINES].git.contains("left out"));
    }
}
