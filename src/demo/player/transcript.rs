//! One transcript being written: keeps the chain of records, the open call and the size of the context.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::record::{self, Envelope, Message, Place};

/// A transcript that is being written. Every record is one `write`, as the real program does it.
#[derive(Debug)]
pub struct Transcript {
    /// The file.
    pub path: PathBuf,
    /// What its records carry.
    pub envelope: Envelope,
    file: File,
    model: String,
    title: String,
    /// Records written so far, from which every id is made.
    written: u64,
    last: Option<String>,
    prompt: Option<Prompt>,
    message: Option<(Message, usize)>,
    call: Option<OpenCall>,
    context: u64,
    grown: u64,
}

#[derive(Debug)]
struct Prompt {
    id: String,
    text: String,
    at: Timestamp,
    records: u64,
}

#[derive(Debug)]
struct OpenCall {
    id: String,
    record: String,
    tool: String,
}

impl Transcript {
    /// Begins a transcript; folders are made as needed.
    pub fn create(path: &Path, envelope: Envelope, model: &str, title: &str, context: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            envelope,
            file,
            model: model.to_owned(),
            title: title.to_owned(),
            written: 0,
            last: None,
            prompt: None,
            message: None,
            call: None,
            context,
            grown: 0,
        })
    }

    /// A person types: a turn begins.
    pub fn prompt(&mut self, at: Timestamp, text: &str) -> io::Result<()> {
        self.close_message();
        let first = self.prompt.is_none();
        let place = self.next(at);
        let id = record::uuid(&format!("prompt {}", place.uuid));
        let value = record::prompt(&self.envelope, &place, &id, text);
        self.grow(text);
        if !first {
            self.append(&record::permission_mode(&self.envelope.session))?;
        }
        self.append(&value)?;
        if first && self.envelope.agent.is_none() {
            self.append(&record::title(&self.envelope.session, &self.title))?;
        }
        self.prompt = Some(Prompt { id, text: text.to_owned(), at, records: self.written });
        Ok(())
    }

    /// The model thinks.
    pub fn think(&mut self, at: Timestamp, text: &str) -> io::Result<()> {
        let block = json!({"type": "thinking", "thinking": text, "signature": record::api_id("sig", text)});
        self.block(at, &block, text, false).map(|_| ())
    }

    /// The model says something; with `ends_turn` it has nothing more to do.
    pub fn say(&mut self, at: Timestamp, text: &str, ends_turn: bool) -> io::Result<()> {
        let block = json!({"type": "text", "text": text});
        self.block(at, &block, text, ends_turn).map(|_| ())
    }

    /// The model calls a tool. Returns the id of the call.
    pub fn call(&mut self, at: Timestamp, tool: &str, input: &Value) -> io::Result<String> {
        let id = record::api_id("toolu", &format!("{} {}", self.envelope.session, self.written));
        let block = record::tool_use(&id, tool, input);
        let record = self.block(at, &block, &input.to_string(), false)?;
        self.call = Some(OpenCall { id: id.clone(), record, tool: tool.to_owned() });
        Ok(id)
    }

    /// The open call answers. Without an open call nothing is written.
    pub fn result(&mut self, at: Timestamp, text: &str, is_error: bool) -> io::Result<()> {
        let structured = match self.call.as_ref().map(|call| call.tool.as_str()) {
            Some("Bash") => record::command_output(text, is_error),
            Some("Agent") if !is_error => {
                json!({"status": "completed", "content": [{"type": "text", "text": text}]})
            }
            _ => json!(text),
        };
        self.structured_result(at, text, is_error, &structured)
    }

    /// The open call answers, with this structured copy.
    pub fn structured_result(
        &mut self,
        at: Timestamp,
        text: &str,
        is_error: bool,
        structured: &Value,
    ) -> io::Result<()> {
        let Some(call) = self.call.take() else { return Ok(()) };
        self.close_message();
        let place = self.next(at);
        let prompt_id = self.prompt.as_ref().map_or("", |prompt| prompt.id.as_str());
        let answered = (call.id.as_str(), call.record.as_str());
        let value = record::tool_result(&self.envelope, &place, prompt_id, answered, text, is_error, structured);
        self.grow(text);
        self.append(&value)
    }

    /// The turn is over.
    pub fn rest(&mut self, at: Timestamp) -> io::Result<()> {
        self.close_message();
        let Some(prompt) = &self.prompt else { return Ok(()) };
        let elapsed = u64::try_from(at.as_millisecond() - prompt.at.as_millisecond()).unwrap_or(0);
        let (messages, text) = (self.written - prompt.records, prompt.text.clone());
        let place = self.next(at);
        let value = record::turn_duration(&self.envelope, &place, elapsed, messages);
        self.append(&value)?;
        self.append(&record::last_prompt(&self.envelope.session, &text, &place.uuid))
    }

    fn block(&mut self, at: Timestamp, block: &Value, text: &str, ends_turn: bool) -> io::Result<String> {
        let place = self.next(at);
        let (message, index) = match self.message.take() {
            Some((message, index)) => (message, index + 1),
            None => (self.message_for(&place, text), 0),
        };
        let message = Message { stop_reason: if ends_turn { "end_turn" } else { "tool_use" }, ..message };
        let value = record::assistant(&self.envelope, &place, &message, index, block);
        self.message = Some((message, index));
        self.grow(text);
        self.append(&value)?;
        Ok(place.uuid)
    }

    fn message_for(&mut self, place: &Place, text: &str) -> Message {
        let fresh = std::mem::take(&mut self.grown);
        let message = Message {
            id: record::api_id("msg", &place.uuid),
            request: record::api_id("req", &place.uuid),
            model: self.model.clone(),
            stop_reason: "tool_use",
            cache_read: self.context,
            cache_creation: fresh,
            output: tokens(text) + 40,
        };
        self.context += fresh;
        message
    }

    fn close_message(&mut self) {
        self.message = None;
    }

    fn grow(&mut self, text: &str) {
        self.grown += tokens(text);
    }

    fn next(&mut self, at: Timestamp) -> Place {
        self.written += 1;
        let seed = format!("{} {:?} {}", self.envelope.session, self.envelope.agent, self.written);
        let uuid = record::uuid(&seed);
        Place { parent: self.last.replace(uuid.clone()), uuid, at }
    }

    fn append(&mut self, record: &Value) -> io::Result<()> {
        let mut line = record.to_string();
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
}

/// Roughly how many tokens a text is: four bytes each.
fn tokens(text: &str) -> u64 {
    text.len() as u64 / 4 + 1
}
