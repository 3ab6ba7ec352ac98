//! An object of a cluster in rows: its description, or its YAML.

use jiff::Timestamp;

use crate::domain::cluster::{Kind, LiveDetail, ObjectEvent, ObjectPlace};
use crate::domain::drift::{DriftRow, DriftState, DriftView};
use crate::domain::fault::Fault;
use crate::domain::health::{Health, HealthState};
use crate::domain::text;
use crate::domain::time::age;
use crate::state::State;
use crate::state::cluster::live::{LiveView, Page};

/// Columns of the labels.
const LABEL: usize = 12;
/// Columns of a condition's type and of an event's reason at most; longer ones push aside what follows.
const WORD: usize = 24;

/// One row, no wider than it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What stands at the left of it in the colour of labels.
    pub label: String,
    /// The rest.
    pub text: String,
    /// How the rest looks.
    pub shade: Shade,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// As any.
    Plain,
    /// As the head of a part.
    Head,
    /// Less important.
    Dim,
    /// Something is wrong.
    Bad,
    /// Something may be wrong.
    Warn,
    /// A health.
    Health(HealthState),
    /// A state of drift.
    Drift(DriftState),
}

/// What is known of an object without reading it.
#[derive(Debug, Clone)]
pub struct Known {
    /// Health, as it was derived.
    pub health: Health,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
}

/// What the watch of an object, or the table that it was chosen from, says of it.
pub fn known(state: &State, place: &ObjectPlace) -> Option<Known> {
    let view = state.clusters.clusters.iter().find(|view| view.context == place.context);
    let watched = view.and_then(|view| {
        view.objects.iter().find(|object| {
            (&object.kind.group, &object.kind.kind, &object.namespace, &object.name)
                == (&place.kind.group, &place.kind.kind, &place.namespace, &place.name)
        })
    });
    if let Some(object) = watched {
        let health = object.health.clone();
        return Some(Known { health, created: object.created, generation: object.generation });
    }
    let browse = state.clusters.browse.as_ref().filter(|browse| browse.of.kind == place.kind)?;
    let row = browse.table.rows.iter().find(|row| (&row.namespace, &row.name) == (&place.namespace, &place.name))?;
    Some(Known { health: row.health.clone(), created: row.created, generation: row.generation })
}

/// `VPC vpc.githedgehog.com/v1beta1`.
pub fn kind_text(kind: &Kind) -> String {
    match kind.group.as_str() {
        "" => format!("{} {}", kind.kind, kind.version),
        group => format!("{} {group}/{}", kind.kind, kind.version),
    }
}

/// The drift of an object in every fabric that tells of it.
pub fn drift_of<'a>(
    state: &'a State,
    place: &ObjectPlace,
) -> impl Iterator<Item = (&'a DriftView, &'a DriftRow)> + use<'a> {
    let key = place.key();
    state.drift.fabrics.iter().filter_map(move |view| {
        let row = view.rows.iter().find(|row| row.key == key)?;
        Some((view, &**row))
    })
}

/// What is shown of an object, in rows of so many columns.
pub fn rows(state: &State, view: &LiveView, columns: usize) -> Vec<Row> {
    let mut page = Written { columns, rows: Vec::new() };
    match (view.page, &view.read) {
        (Page::Yaml, Some(Ok(detail))) => page.yaml(&detail.yaml),
        (Page::Yaml, None) => page.line("Reading the object…", Shade::Dim),
        (_, Some(Err(fault))) => {
            page.line(&fault.to_string(), Shade::Bad);
            page.line("", Shade::Plain);
            page.identity(state, view, None);
        }
        (Page::Description, read) => {
            let detail = read.as_ref().and_then(|read| read.as_deref().ok());
            page.identity(state, view, detail);
            match detail {
                None => {
                    page.line("", Shade::Plain);
                    page.line("Reading the object…", Shade::Dim);
                }
                Some(detail) => {
                    page.conditions(detail, state.now);
                    page.events(detail.events.as_ref(), state.now);
                }
            }
        }
    }
    page.rows
}

/// Rows as far as they are written.
struct Written {
    columns: usize,
    rows: Vec<Row>,
}

impl Written {
    fn line(&mut self, words: &str, shade: Shade) {
        let mut parts = text::wrap(words, self.columns);
        if parts.is_empty() {
            parts.push("".into());
        }
        for part in parts {
            self.rows.push(Row { label: String::new(), text: part.into_owned(), shade });
        }
    }

    fn pair(&mut self, label: &str, value: &str, shade: Shade) {
        self.labelled(&pad(label, LABEL), value, shade);
    }

    /// A value beside a label, its further rows below itself.
    fn labelled(&mut self, label: &str, value: &str, shade: Shade) {
        let width = text::width(label) + 1;
        for (row, part) in text::wrap(value, self.columns.saturating_sub(width).max(8)).into_iter().enumerate() {
            let label = if row == 0 { format!("{label} ") } else { " ".repeat(width) };
            self.rows.push(Row { label, text: part.into_owned(), shade });
        }
    }

    fn head(&mut self, words: &str) {
        self.line("", Shade::Plain);
        self.line(words, Shade::Head);
    }

    fn yaml(&mut self, yaml: &str) {
        for line in yaml.lines() {
            let (key, value) = line.split_at(key_end(line));
            // What is shown of a line has no blanks around it, and here they mean something.
            let indent = key.len() - key.trim_start_matches(' ').len();
            let key = format!("{}{}", " ".repeat(indent), text::line(key));
            let width = text::width(&key);
            let room = self.columns.saturating_sub(width).max(8);
            let mut parts = text::wrap(value, room);
            if parts.is_empty() {
                parts.push("".into());
            }
            for (row, part) in parts.into_iter().enumerate() {
                let label = if row == 0 { key.clone() } else { " ".repeat(width) };
                self.rows.push(Row { label, text: part.into_owned(), shade: Shade::Plain });
            }
        }
    }

    fn identity(&mut self, state: &State, view: &LiveView, detail: Option<&LiveDetail>) {
        let place = &view.place;
        let now = state.now;
        self.pair("kind", &kind_text(&place.kind), Shade::Plain);
        if !place.namespace.is_empty() {
            self.pair("namespace", &place.namespace, Shade::Plain);
        }
        self.pair("context", &place.context, Shade::Plain);
        let known = known(state, place);
        let health = known.as_ref().map(|known| &known.health).or(detail.map(|detail| &detail.health));
        if let Some(health) = health {
            self.pair("health", &format!("{}: {}", health.state.name(), health.reason), Shade::Health(health.state));
            self.pair("decided by", &health.source, Shade::Plain);
        }
        for (fabric, row) in drift_of(state, place) {
            let words = format!("{} in {}: {}", row.state.name(), fabric.fabric, row.reason);
            self.pair("drift", &words, Shade::Drift(row.state));
        }
        let created = detail.and_then(|detail| detail.created).or(known.as_ref().and_then(|known| known.created));
        if let Some(created) = created {
            self.pair("created", &format!("{created} ({} ago)", age(created, now)), Shade::Plain);
        }
        let generation = detail.and_then(|detail| detail.generation).or(known.and_then(|known| known.generation));
        if let Some(generation) = generation {
            self.pair("generation", &generation.to_string(), Shade::Plain);
        }
        let Some(detail) = detail else { return };
        if let Some(deleting) = detail.deleting {
            self.pair("deleting", &format!("asked to go {} ago", age(deleting, now)), Shade::Warn);
        }
        if !detail.finalizers.is_empty() {
            self.pair("finalizers", &detail.finalizers.join(", "), Shade::Plain);
        }
        for owner in &detail.owners {
            let words = format!("{} {} {}", owner.kind, owner.name, owner.group);
            self.pair("owner", words.trim_end(), Shade::Plain);
        }
        for (row, (key, value)) in detail.labels.iter().enumerate() {
            self.pair(if row == 0 { "labels" } else { "" }, &format!("{key}={value}"), Shade::Dim);
        }
    }

    fn conditions(&mut self, detail: &LiveDetail, now: Timestamp) {
        if detail.conditions.is_empty() {
            return;
        }
        self.head("Conditions");
        let names = detail.conditions.iter().map(|condition| text::width(&text::line(&condition.name)));
        let names = names.max().unwrap_or(0).min(WORD);
        for condition in &detail.conditions {
            let since = condition.since.map(|since| age(since, now)).unwrap_or_default();
            let (name, status) = (text::line(&condition.name), text::line(&condition.status));
            let label = format!("  {} {} {since:>4} ", pad(&name, names), pad(&status, 7));
            let why = [condition.reason.as_str(), condition.message.as_str()];
            let why: Vec<&str> = why.into_iter().filter(|why| !why.is_empty()).collect();
            let why = if why.is_empty() { "-".to_owned() } else { why.join(": ") };
            self.labelled(&label, &why, Shade::Plain);
        }
    }

    fn events(&mut self, events: Option<&Result<Vec<ObjectEvent>, Fault>>, now: Timestamp) {
        let Some(events) = events else { return };
        self.head("Events");
        let events = match events {
            Err(fault) => return self.line(&format!("  {fault}"), Shade::Bad),
            Ok(events) if events.is_empty() => return self.line("  none, or none that is still kept", Shade::Dim),
            Ok(events) => events,
        };
        let reasons = events.iter().map(|event| text::width(&text::line(&event.reason)));
        let reasons = reasons.max().unwrap_or(0).min(WORD);
        for event in events {
            let last = event.last.map(|last| age(last, now)).unwrap_or_default();
            let times = if event.count > 1 { format!("×{}", event.count) } else { String::new() };
            let label = format!("  {last:>4} {} {} ", pad(&times, 5), pad(&text::line(&event.reason), reasons));
            let by = if event.by.is_empty() { String::new() } else { format!(" ({})", event.by) };
            let shade = if event.kind == "Warning" { Shade::Warn } else { Shade::Plain };
            self.labelled(&label, &format!("{}{by}", event.message), shade);
        }
    }
}

/// Where the key of a line of YAML ends, behind its colon; zero when it has none.
fn key_end(line: &str) -> usize {
    let Some(end) = line.find(':').map(|at| at + 1) else { return 0 };
    let is_key = !line[..end].trim_start_matches([' ', '-']).contains([' ', '"', '\'', '|', '>']);
    if is_key && matches!(line.as_bytes().get(end), None | Some(b' ')) { end } else { 0 }
}

fn pad(words: &str, columns: usize) -> String {
    format!("{words}{}", " ".repeat(columns.saturating_sub(text::width(words))))
}
