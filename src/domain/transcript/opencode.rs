//! Sessions of OpenCode, rows of its SQLite database; those of older versions, a file for every message and every part.
//!
//! Messages and their parts change in place: a tool's part is its call and later its result. The query makes of them lines
//! in the order in which things were complete, so that a session that goes on only adds lines. Source of the tables:
//! OpenCode's own schema.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use jiff::Timestamp;

use super::body::{entries_of, take_line};
use super::digest::{LABEL, Origin, Title};
use super::format::{Database, Format, Named, Pieces, Place, Storage};
use super::json::node::Node;
use super::usage::{Said, Usage};
use super::{Body, Digest, Entry, Step, Tone, call, json, text};
use crate::domain::agent::{AgentKind, Tokens};

const FILE: &str = "opencode.db";

/// Sessions of OpenCode.
#[derive(Debug)]
pub struct OpenCode;

/// Every session, and when it was last written.
const SESSIONS: &str = "SELECT id, time_updated FROM session ORDER BY time_updated DESC LIMIT 2000";

/// A session's lines: `{"kind", "at", "id", "role", "of"}`, of which the last is what the database says itself.
const LINES: &str = "\
SELECT line FROM (
  SELECT s.time_created AS at, 0 AS rank, s.id AS id, json_object(
    'kind', 'session', 'at', s.time_created, 'id', s.id, 'of', json_object(
      'parent', s.parent_id, 'directory', s.directory, 'title', s.title, 'version', s.version)) AS line
  FROM session s WHERE s.id = ?1
  UNION ALL
  SELECT coalesce(json_extract(m.data, '$.time.completed'), m.time_created), 3, m.id, json_object(
    'kind', 'message', 'at', coalesce(json_extract(m.data, '$.time.completed'), m.time_created), 'id', m.id,
    'role', json_extract(m.data, '$.role'), 'of', json(m.data))
  FROM message m WHERE m.session_id = ?1 AND json_valid(m.data)
    AND (json_extract(m.data, '$.role') = 'user' OR json_extract(m.data, '$.time.completed') IS NOT NULL)
  UNION ALL
  SELECT coalesce(json_extract(p.data, '$.time.end'), p.time_created), 1, p.id, json_object(
    'kind', json_extract(p.data, '$.type'), 'at', coalesce(json_extract(p.data, '$.time.end'), p.time_created),
    'id', p.id, 'role', json_extract(m.data, '$.role'), 'of', json(p.data))
  FROM part p JOIN message m ON m.id = p.message_id
  WHERE p.session_id = ?1 AND json_valid(p.data) AND json_valid(m.data) AND json_extract(p.data, '$.type') <> 'tool'
    AND (json_extract(m.data, '$.role') = 'user' OR json_extract(p.data, '$.time.start') IS NULL
      OR json_extract(p.data, '$.time.end') IS NOT NULL OR json_extract(m.data, '$.time.completed') IS NOT NULL)
  UNION ALL
  SELECT coalesce(json_extract(p.data, '$.state.time.start'), p.time_created), 1, p.id, json_object(
    'kind', 'call', 'at', coalesce(json_extract(p.data, '$.state.time.start'), p.time_created), 'id', p.id,
    'of', json_object('tool', json_extract(p.data, '$.tool'), 'callID', json_extract(p.data, '$.callID'),
      'input', json(json_extract(p.data, '$.state.input'))))
  FROM part p WHERE p.session_id = ?1 AND json_valid(p.data) AND json_extract(p.data, '$.type') = 'tool'
    AND json_extract(p.data, '$.state.status') <> 'pending'
  UNION ALL
  SELECT coalesce(json_extract(p.data, '$.state.time.end'), p.time_updated), 2, p.id, json_object(
    'kind', 'result', 'at', coalesce(json_extract(p.data, '$.state.time.end'), p.time_updated), 'id', p.id,
    'of', json(p.data))
  FROM part p WHERE p.session_id = ?1 AND json_valid(p.data) AND json_extract(p.data, '$.type') = 'tool'
    AND json_extract(p.data, '$.state.status') IN ('completed', 'error')
) ORDER BY at, rank, id";

/// The folders of older versions have the same JSON; what stands beside it in the database is taken out of it.
const PIECES: Pieces = Pieces {
    messages: "message",
    parts: "part",
    tables: "\
CREATE TABLE session (id, parent_id, directory, title, version, time_created, time_updated);
CREATE TABLE message (id, session_id, time_created, time_updated, data);
CREATE TABLE part (id, message_id, session_id, time_created, time_updated, data);",
    session: "\
INSERT INTO session SELECT json_extract(?1, '$.id'), json_extract(?1, '$.parentID'), json_extract(?1, '$.directory'),
  json_extract(?1, '$.title'), json_extract(?1, '$.version'), json_extract(?1, '$.time.created'),
  json_extract(?1, '$.time.updated') WHERE json_valid(?1)",
    message: "\
INSERT INTO message SELECT json_extract(?1, '$.id'), json_extract(?1, '$.sessionID'), json_extract(?1, '$.time.created'),
  json_extract(?1, '$.time.created'), ?1 WHERE json_valid(?1)",
    // A part without a time of its own is as old as its message.
    part: "\
INSERT INTO part SELECT json_extract(?1, '$.id'), json_extract(?1, '$.messageID'), json_extract(?1, '$.sessionID'),
  coalesce(json_extract(?1, '$.time.start'), json_extract(?1, '$.state.time.start'), m.time_created),
  coalesce(json_extract(?1, '$.time.end'), json_extract(?1, '$.state.time.end'), m.time_created), ?1
  FROM (SELECT max(time_created) AS time_created FROM message WHERE json_valid(?1) AND id = json_extract(?1, '$.messageID')) m
  WHERE json_valid(?1)",
    lines: LINES,
};

/// True for the file that describes a session of an older version: `storage/session/PROJECT/SESSION.json`.
fn is_described_by(path: &Path) -> bool {
    let mut folders = path.ancestors().skip(2).filter_map(Path::file_name);
    path.extension() == Some(OsStr::new("json"))
        && folders.next() == Some(OsStr::new("session"))
        && folders.next() == Some(OsStr::new("storage"))
}

impl Format for OpenCode {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Log
    }

    fn places(&self) -> &'static [Place] {
        const VARIABLE: &str = "OPENCODE_DATA_DIR";
        const DEFAULT: &str = ".local/share/opencode";
        &[
            Place::Home { variable: VARIABLE, default: DEFAULT, below: FILE },
            Place::Home { variable: VARIABLE, default: DEFAULT, below: "storage/session" },
        ]
    }

    /// The database with its sessions as paths below it, and the files that describe older ones.
    fn owns(&self, path: &Path) -> bool {
        let is_database = |path: &Path| path.file_name() == Some(OsStr::new(FILE));
        is_database(path) || path.parent().is_some_and(is_database) || is_described_by(path)
    }

    fn begins(&self, _head: &[u8]) -> bool {
        false
    }

    fn storage(&self, path: &Path) -> Storage {
        if is_described_by(path) {
            return Storage::Pieces(PIECES);
        }
        Storage::Database(Database { sessions: SESSIONS, lines: LINES })
    }

    fn identify(&self, path: &Path) -> Named {
        let name = if is_described_by(path) { path.file_stem() } else { path.file_name() };
        Named::of(name.unwrap_or_default().to_string_lossy().into_owned())
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        entries_of(offset, line, |node| {
            let row = Row::of(node);
            (row.at, bodies(&row, line.len()).into_iter().collect())
        })
    }

    fn read(&self, digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
        take_line(digest, line, |digest, node| read(digest, &Row::of(node), usage));
    }
}

/// One line.
struct Row<'a> {
    kind: Cow<'a, str>,
    at: Option<Timestamp>,
    id: Cow<'a, str>,
    by_user: bool,
    of: Node<'a>,
}

impl<'a> Row<'a> {
    fn of(node: Node<'a>) -> Self {
        let string = |name| node.at(name).string().unwrap_or_default();
        let by_user = string("role") == "user";
        Self { kind: string("kind"), at: node.at("at").moment(), id: string("id"), by_user, of: node.at("of") }
    }
}

/// Parts that there is nothing to show of.
const SILENT: &[&str] = &["session", "step-start", "step-finish", "snapshot"];

fn bodies(row: &Row<'_>, bytes: usize) -> Option<Body> {
    let of = row.of;
    Some(match row.kind.as_ref() {
        "message" => Body::note(Tone::Error, "", &failure(of)?),
        "text" if of.at("synthetic").truth() => Body::note(Tone::Info, "injected", &of.at("text").text().kept),
        "text" if row.by_user => Body::Prompt(of.at("text").text()),
        "text" => Body::Said(of.at("text").text()),
        "reasoning" => Body::Thinking(of.at("text").text()),
        "call" => {
            Body::call(of.at("callID").head(LABEL), &of.at("tool").head(LABEL), summary(of), of.at("input").raw())
        }
        "result" => {
            let state = of.at("state");
            let output = state.any(&["output", "error"]).text();
            Body::answer(of.at("callID").head(LABEL), has_failed(of), output)
        }
        "file" => {
            let name = of.any(&["filename", "url"]).head(LABEL);
            Body::note(Tone::Info, "file attached", &name)
        }
        "patch" => {
            let files: Vec<String> = of.at("files").elements().iter().map(|file| file.head(LABEL)).collect();
            Body::note(Tone::Info, "changed", &files.join(", "))
        }
        "agent" | "subtask" => {
            Body::note(Tone::Info, "sub-agent", &of.any(&["name", "agent", "description"]).head(LABEL))
        }
        "retry" => Body::note(Tone::Warning, "API error", &failure(of).unwrap_or_default()),
        "compaction" => Body::note(Tone::Warning, "context compacted", ""),
        known if SILENT.contains(&known) => return None,
        other => Body::unknown(other, bytes),
    })
}

fn read(digest: &mut Digest, row: &Row<'_>, usage: Option<&mut Usage>) {
    let (at, of) = (row.at, row.of);
    digest.seen_at(at);
    match row.kind.as_ref() {
        "session" => {
            let (cwd, version) = (of.at("directory").string(), of.at("version").string());
            digest.learn(Origin { session: Some(row.id.clone()), cwd, version, ..Origin::default() });
            digest.call_it(Title::Generated, &of.at("title").head(LABEL));
            digest.parent = of.at("parent").string().map(Cow::into_owned);
        }
        "message" if row.by_user => {}
        "message" => answered(digest, row, usage),
        "text" if of.at("synthetic").truth() => {}
        "text" if row.by_user => digest.prompted(&of.at("text").head(LABEL * 2), at),
        "text" => digest.said(&of.at("text").head(LABEL)),
        "call" => {
            digest.called(&of.at("tool").head(LABEL), &summary(of), Some(of.at("callID").head(LABEL)));
            digest.step_to(digest.step_of_open_calls().unwrap_or(Step::Asked), at);
        }
        "result" => {
            digest.answered(&of.at("callID").head(LABEL), has_failed(of));
            digest.step_to(digest.step_of_open_calls().unwrap_or(Step::Asked), at);
        }
        "compaction" => digest.compacted(None),
        "reasoning" | "file" | "patch" | "agent" | "subtask" | "retry" => {}
        known if SILENT.contains(&known) => {}
        _ => digest.unknown(),
    }
}

/// A message of the model's is complete: its figures, and whether the turn is over.
fn answered(digest: &mut Digest, row: &Row<'_>, usage: Option<&mut Usage>) {
    let (at, of) = (row.at, row.of);
    let tokens = of.at("tokens");
    let count = |node: Node<'_>| node.number().unwrap_or(0);
    let tokens = Tokens {
        input: count(tokens.at("input")),
        cache_creation: count(tokens.at("cache").at("write")),
        cache_read: count(tokens.at("cache").at("read")),
        output: count(tokens.at("output")) + count(tokens.at("reasoning")),
    };
    digest.answered_by(&of.at("modelID").head(LABEL));
    digest.gauge(tokens.in_context());
    if let Some(usage) = usage {
        let (model, billed) = (digest.model.as_deref().unwrap_or_default(), json::dollars(of.at("cost").raw()));
        usage.note(&Said { message: Some(&row.id), model, spent: tokens.into(), billed, ..Said::default() });
    }
    if let Some(failure) = failure(of) {
        if of.at("error").at("name").string().as_deref() == Some("MessageAbortedError") {
            return digest.interrupted(at);
        }
        return digest.failed(&failure, at);
    }
    let over = of.at("finish").string().is_none_or(|finish| finish != "tool-calls");
    let step = digest.step_of_open_calls().unwrap_or(if over { Step::Ended } else { Step::Asked });
    digest.step_to(step, at);
}

fn failure(of: Node<'_>) -> Option<String> {
    let error = of.at("error");
    let said =
        error.at("data").at("message").string().or(error.at("message").string()).or(error.at("name").string())?;
    Some(text::prefix(&said, LABEL * 2).to_owned())
}

fn has_failed(of: Node<'_>) -> bool {
    of.at("state").at("status").string().as_deref() == Some("error")
}

fn summary(of: Node<'_>) -> String {
    let input = of.at("input");
    let telling = input.any(&["command", "filePath", "path", "pattern", "query", "url", "description"]);
    match telling.string() {
        Some(value) => text::line(text::prefix(value.lines().next().unwrap_or_default(), LABEL)).into_owned(),
        None => call::summary("", input.raw(), None),
    }
}

#[cfg(test)]
mod tests;
