//! Chats of Gemini CLI, `~/.gemini/tmp/PROJECT/chats/session-*`: one JSON document that is written anew, or (since 0.40)
//! lines of which a later one replaces an earlier one of the same message.
//!
//! Neither can be read a line at a time, so both are first made into lines that only ever grow: one for each piece of a
//! message when it is first there. Source of the shapes: Gemini CLI's own recording types.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use serde_json::value::RawValue;

use super::body::{entries_of, take_line};
use super::digest::{LABEL, Origin, Title};
use super::format::{Format, Named, Place, Storage};
use super::json::node::Node;
use super::usage::{Said, Usage};
use super::{Body, Digest, Entry, Step, Tone, call, text};
use crate::domain::agent::{AgentKind, Tokens};

/// Sessions of Gemini CLI.
#[derive(Debug)]
pub struct Gemini;

impl Format for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Log
    }

    fn places(&self) -> &'static [Place] {
        &[Place::Home { variable: "", default: ".gemini", below: "tmp" }]
    }

    /// `chats/session-…`, and `chats/PARENT/SESSION.jsonl` for sub-agents.
    fn owns(&self, path: &Path) -> bool {
        let is_json = path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl");
        let mut folders = path.iter().rev().skip(1);
        let (folder, above) = (folders.next(), folders.next());
        let is_session = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("session-"));
        let chats = Some(OsStr::new("chats"));
        is_json && (folder == chats && is_session || above == chats)
    }

    fn begins(&self, head: &[u8]) -> bool {
        let head = String::from_utf8_lossy(head);
        head.trim_start().starts_with('{') && head.contains("\"projectHash\"")
    }

    fn storage(&self, _path: &Path) -> Storage {
        Storage::Document(lines)
    }

    fn identify(&self, path: &Path) -> Named {
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let parent = folder.filter(|name| name != "chats");
        Named { sub_agent: parent.is_some(), parent, ..Named::of(path.display().to_string()) }
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        entries_of(offset, line, |node| {
            let piece = Piece::of(node);
            (piece.at, bodies(&piece, line.len()).into_iter().collect())
        })
    }

    fn read(&self, digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
        take_line(digest, line, |digest, node| read(digest, &Piece::of(node), usage));
    }
}

/// Makes lines of a chat: `{"piece": …, "at": …, "id": …, "of": …}`, where `of` is what the chat itself says.
fn lines(document: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(document);
    let mut out = Lines::default();
    if let Some(chat) = Node::object(&text).filter(|chat| chat.at("messages").is_there()) {
        out.session(chat);
        for message in chat.at("messages").elements() {
            out.message(message);
        }
        return out.written;
    }
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some(record) = Node::object(line) else {
            out.push("malformed", Node::default(), &Cow::Borrowed(""), &json!(line.len()).to_string());
            continue;
        };
        if record.at("$set").is_object() {
            out.session(record.at("$set"));
        } else if record.at("$rewindTo").is_there() {
            out.push("rewind", Node::default(), &Cow::Borrowed(""), "{}");
        } else if record.at("id").is_there() {
            out.message(record);
        } else {
            out.session(record);
        }
    }
    out.written
}

/// Lines, and what of each message is in them.
#[derive(Default)]
struct Lines<'a> {
    written: Vec<u8>,
    /// By message: whether its content is there, how many thoughts are, and its calls with whether they have a result.
    known: HashMap<Cow<'a, str>, Known>,
}

#[derive(Default)]
struct Known {
    content: bool,
    thoughts: usize,
    calls: HashMap<String, bool>,
    tokens: String,
}

impl<'a> Lines<'a> {
    fn push(&mut self, piece: &str, at: Node<'_>, id: &str, of: &str) {
        let at = at.raw().map_or("null", RawValue::get);
        let line = format!("{{\"piece\":\"{piece}\",\"at\":{at},\"id\":{},\"of\":{of}}}", json!(id));
        // A document may be written over many lines; between its strings a newline means nothing.
        self.written.extend(line.bytes().map(|byte| if byte == b'\n' || byte == b'\r' { b' ' } else { byte }));
        self.written.push(b'\n');
    }

    /// What is said of the session, without its messages.
    fn session(&mut self, of: Node<'a>) {
        let kept = of.members().into_iter().filter(|(key, _)| key != "messages" && key != "memoryScratchpad");
        let members: Vec<String> =
            kept.filter_map(|(key, value)| Some(format!("{}:{}", json!(key), value.raw()?.get()))).collect();
        self.push("session", of.at("startTime"), "", &format!("{{{}}}", members.join(",")));
    }

    fn message(&mut self, of: Node<'a>) {
        let id = of.at("id").string().unwrap_or_default();
        let at = of.at("timestamp");
        let mut known = self.known.remove(&id).unwrap_or_default();
        let kind = of.at("type").head(LABEL);
        for thought in of.at("thoughts").elements().into_iter().skip(known.thoughts) {
            known.thoughts += 1;
            let when = if thought.at("timestamp").is_there() { thought.at("timestamp") } else { at };
            self.push("thought", when, &id, thought.raw().map_or("{}", RawValue::get));
        }
        let content = of.at("content");
        if !known.content && !content.text().kept.trim().is_empty() {
            known.content = true;
            let raw = content.raw().map_or("null", RawValue::get);
            self.push("content", at, &id, &format!("{{\"type\":{},\"content\":{raw}}}", json!(kind)));
        }
        for called in of.at("toolCalls").elements() {
            let call_id = called.at("id").head(LABEL);
            let when = if called.at("timestamp").is_there() { called.at("timestamp") } else { at };
            let raw = called.raw().map_or("{}", RawValue::get);
            if !known.calls.contains_key(&call_id) {
                // What stays the same while it runs.
                let of = |name| called.at(name).raw().map_or("null", RawValue::get);
                let call = format!("{{\"id\":{},\"name\":{},\"args\":{}}}", of("id"), of("name"), of("args"));
                self.push("call", when, &id, &call);
            }
            let ended = is_over(called);
            if ended && known.calls.get(&call_id) != Some(&true) {
                self.push("result", when, &id, raw);
            }
            known.calls.insert(call_id, ended);
        }
        let tokens = of.at("tokens").raw().map_or("null", RawValue::get);
        if of.at("tokens").is_object() && known.tokens != tokens {
            tokens.clone_into(&mut known.tokens);
            let model = of.at("model").raw().map_or("null", RawValue::get);
            self.push("tokens", at, &id, &format!("{{\"model\":{model},\"tokens\":{tokens}}}"));
        }
        self.known.insert(id, known);
    }
}

fn is_over(call: Node<'_>) -> bool {
    matches!(call.at("status").string().as_deref(), Some("success" | "error" | "cancelled"))
}

/// One line as [`lines`] makes it.
struct Piece<'a> {
    kind: Cow<'a, str>,
    at: Option<Timestamp>,
    id: Cow<'a, str>,
    of: Node<'a>,
}

impl<'a> Piece<'a> {
    fn of(node: Node<'a>) -> Self {
        let of = node.at("of");
        let (at, id) = (node.at("at").moment(), node.at("id").string().unwrap_or_default());
        Self { kind: node.at("piece").string().unwrap_or_default(), at, id, of }
    }
}

fn bodies(piece: &Piece<'_>, bytes: usize) -> Option<Body> {
    let of = piece.of;
    Some(match piece.kind.as_ref() {
        "session" | "tokens" => return None,
        "thought" => {
            let said = [of.at("subject").head(LABEL), of.at("description").text().kept];
            Body::Thinking(super::Text::of(said.join("\n").trim()))
        }
        "content" => {
            let said = of.at("content").text();
            match of.at("type").string().as_deref() {
                Some("user") => Body::Prompt(said),
                Some("gemini") => Body::Said(said),
                Some("error") => Body::note(Tone::Error, "", &said.kept),
                Some("warning") => Body::note(Tone::Warning, "", &said.kept),
                Some("info") => Body::note(Tone::Info, "", &said.kept),
                other => Body::unknown(other.unwrap_or_default(), bytes),
            }
        }
        "call" => Body::call(of.at("id").head(LABEL), &of.at("name").head(LABEL), summary(of), of.at("args").raw()),
        "result" => Body::answer(of.at("id").head(LABEL), has_failed(of), output(of)),
        "rewind" => Body::note(Tone::Warning, "rewound: what stands above was taken back", ""),
        "malformed" => Body::malformed(bytes),
        other => Body::unknown(other, bytes),
    })
}

fn read(digest: &mut Digest, piece: &Piece<'_>, usage: Option<&mut Usage>) {
    let (at, of) = (piece.at, piece.of);
    digest.seen_at(at);
    match piece.kind.as_ref() {
        "session" => {
            digest.learn(Origin { session: of.at("sessionId").string(), ..Origin::default() });
            digest.seen_at(of.at("lastUpdated").moment());
            digest.call_it(Title::Summary, &of.at("summary").head(LABEL));
            if let Some(hash) = of.at("projectHash").string() {
                digest.project = Some(hash.into_owned());
            }
        }
        "content" => {
            let said = of.at("content").text().kept;
            match of.at("type").string().as_deref() {
                Some("user") => digest.prompted(&said, at),
                Some("gemini") => {
                    digest.said(&said);
                    digest.step_to(digest.step_of_open_calls().unwrap_or(Step::Answered), at);
                }
                Some("error") => digest.failed(&said, at),
                Some("info" | "warning") => {}
                _ => digest.unknown(),
            }
        }
        "call" => {
            digest.called(&of.at("name").head(LABEL), &summary(of), Some(of.at("id").head(LABEL)));
            digest.step_to(digest.step_of_open_calls().unwrap_or(Step::Asked), at);
        }
        "result" => {
            digest.answered(&of.at("id").head(LABEL), has_failed(of));
            digest.step_to(digest.step_of_open_calls().unwrap_or(Step::Asked), at);
        }
        "tokens" => {
            let count = |name| of.at("tokens").at(name).number().unwrap_or(0);
            let (input, cached) = (count("input"), count("cached"));
            digest.answered_by(&of.at("model").head(LABEL));
            digest.gauge(input);
            if let Some(usage) = usage {
                let tokens = Tokens {
                    input: input.saturating_sub(cached) + count("tool"),
                    cache_creation: 0,
                    cache_read: cached,
                    output: count("output") + count("thoughts"),
                };
                let model = digest.model.as_deref().unwrap_or_default();
                usage.note(&Said { message: Some(&piece.id), model, spent: tokens.into(), ..Said::default() });
            }
        }
        "thought" | "rewind" => {}
        "malformed" => digest.malformed(),
        _ => digest.unknown(),
    }
}

fn summary(of: Node<'_>) -> String {
    let args = of.at("args");
    let telling = args.any(&["command", "file_path", "absolute_path", "path", "pattern", "query", "url"]);
    match telling.string() {
        Some(value) => text::line(text::prefix(value.lines().next().unwrap_or_default(), LABEL)).into_owned(),
        None => call::summary("", args.raw(), None),
    }
}

fn has_failed(of: Node<'_>) -> bool {
    matches!(of.at("status").string().as_deref(), Some("error" | "cancelled"))
}

/// What is shown of a result: what the program showed, else the function's answer.
fn output(of: Node<'_>) -> super::Text {
    let shown = of.at("resultDisplay");
    if shown.string().is_some_and(|shown| !shown.is_empty()) {
        return shown.text();
    }
    let parts = of.at("result").elements();
    let answer = parts.first().map_or(of.at("result"), |part| part.at("functionResponse").at("response"));
    let said = answer.any(&["output", "error"]);
    if said.is_there() { said.text() } else { answer.text() }
}

#[cfg(test)]
mod tests;
