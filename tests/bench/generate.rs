//! Writes a tree of Claude Code transcripts like those of real projects: kinds, sizes and repetitions as measured on 736
//! sessions (lines of 1.1 kB in the middle, 51 kB at the 99th percentile, 1 MB at most; 2.1 records per API message), with
//! all that makes counting hard: answers that grow from record to record, history copied by forks, sub-agents in their old
//! and their new place and inside of progress records, compactions, API errors, synthetic answers, kinds of records that
//! nobody knows, lines that are no JSON, and last lines that are cut off.

#![allow(dead_code, reason = "each program that includes this file uses a part of it")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Folder that every session was started in: a session's root.
    pub root: PathBuf,
    /// Transcripts, those of sub-agents included.
    pub files: usize,
    /// Transcripts of sub-agents.
    pub sub_agents: usize,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Records: complete lines that are not blank.
    pub lines: u64,
    /// API messages, each of which is one or more lines. Those in a copied history are not counted again; nor are their tokens.
    pub messages: u64,
    /// Their records, without those in a copied history.
    pub message_lines: u64,
    /// Input tokens of the messages: uncached, written to the cache, read from the cache.
    pub input: [u64; 3],
    /// Output tokens of the messages.
    pub output: u64,
    /// Prompts typed.
    pub prompts: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Failed tools and answers that the API failed to give.
    pub errors: u64,
    /// Compactions.
    pub compactions: u64,
    /// Records of unknown kinds.
    pub unknown: u64,
    /// Lines that are no JSON.
    pub malformed: u64,
    /// Transcripts that begin with the history of another.
    pub forks: usize,
    /// The largest transcript.
    pub largest: PathBuf,
}

impl Counts {
    /// Adds what is counted again where it is copied.
    fn add(&mut self, more: &Self) {
        self.lines += more.lines;
        self.prompts += more.prompts;
        self.tool_calls += more.tool_calls;
        self.errors += more.errors;
        self.compactions += more.compactions;
        self.unknown += more.unknown;
        self.malformed += more.malformed;
    }

    /// Adds what counts once.
    fn add_messages(&mut self, more: &Self) {
        self.messages += more.messages;
        self.message_lines += more.message_lines;
        for (sum, more) in self.input.iter_mut().zip(more.input) {
            *sum += more;
        }
        self.output += more.output;
    }

    /// The counts as `hnpwb status -o json` names them.
    pub fn json(&self) -> String {
        let Self {
            files, sub_agents, lines, prompts, tool_calls, errors, compactions, unknown, malformed, output, ..
        } = self;
        let [input, cache_creation, cache_read] = self.input;
        format!(
            r#"{{"files":{files},"sub_agents":{sub_agents},"records":{lines},"unknown_records":{unknown},"malformed_records":{malformed},"prompts":{prompts},"tool_calls":{tool_calls},"errors":{errors},"compactions":{compactions},"tokens":{{"input":{input},"cache_creation":{cache_creation},"cache_read":{cache_read},"output":{output}}}}}"#
        )
    }
}

/// Writes about `bytes` bytes in `files` transcripts below `dir`, which takes the place of `~/.claude`. The same seed writes
/// the same files. Panics when the disk refuses.
pub fn tree(dir: &Path, files: usize, bytes: u64, seed: u64) -> Counts {
    tree_of(dir, &dir.join("work"), files, bytes, seed)
}

/// The same, of sessions that were started in `root`.
pub fn tree_of(dir: &Path, root: &Path, files: usize, bytes: u64, seed: u64) -> Counts {
    write_tree(dir, root, files, bytes, seed).expect("a folder that can be written")
}

/// Marsaglia's xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n.max(1)
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low)
    }

    /// Length of a result, so that lines of all kinds together are as long as real ones.
    fn length(&mut self) -> u64 {
        match self.below(10_000) {
            0..4_000 => self.between(300, 1_500),
            4_000..7_000 => self.between(1_500, 7_000),
            7_000..9_000 => self.between(7_000, 20_000),
            9_000..9_700 => self.between(20_000, 51_000),
            9_700..9_990 => self.between(51_000, 112_000),
            _ => self.between(112_000, 1_000_000),
        }
    }
}

const WORDS: [&str; 16] = [
    "fabric",
    "the",
    "spec",
    "of",
    "vpc",
    "reconcile",
    "a",
    "status",
    "test",
    "drift",
    "apply",
    "in",
    "switch",
    "plan",
    "git",
    "to",
];
const TOOLS: [(&str, &str); 5] =
    [("Bash", "command"), ("Read", "file_path"), ("Edit", "file_path"), ("Grep", "pattern"), ("Bash", "command")];

struct Session {
    path: PathBuf,
    out: BufWriter<File>,
    random: Random,
    /// What stands in every conversation record.
    envelope: String,
    id: String,
    /// Milliseconds since midnight.
    clock: u64,
    number: u64,
    written: u64,
    counts: Counts,
    /// Of a version whose first records of an answer tell neither how long it will be nor why it stopped.
    old: bool,
    sub_agent: bool,
    /// Ends of the first turns, what there was up to there, and the clock.
    turns: Vec<(u64, Counts, u64)>,
    /// An answer of a sub-agent that has a transcript of its own, for progress records to repeat.
    embedded: Option<String>,
}

/// Writes one session of about `bytes` bytes, which was started in `root`.
pub fn long(path: &Path, root: &Path, bytes: u64, seed: u64) -> Counts {
    let envelope = envelope(root, "long", false);
    let mut session =
        Session::new(path, envelope, "long".to_owned(), Random(seed | 1)).expect("a file that can be written");
    session.fill(bytes, false).expect("a file that can be written");
    session.out.flush().expect("a file that can be written");
    Counts { files: 1, bytes: session.written, largest: path.to_owned(), ..session.counts }
}

fn envelope(root: &Path, session: &str, sub_agent: bool) -> String {
    format!(
        r#""isSidechain":{sub_agent},"userType":"external","cwd":"{}","sessionId":"{session}","version":"2.1.329","gitBranch":"main""#,
        root.display()
    )
}

fn write_tree(dir: &Path, root: &Path, files: usize, bytes: u64, seed: u64) -> io::Result<Counts> {
    let mut random = Random(seed | 1);
    fs::create_dir_all(root)?;
    let mut total = Counts { root: root.to_owned(), ..Counts::default() };
    // A few sessions hold most of the bytes.
    let weights: Vec<u64> = (0..files).map(|_| random.between(1, 100).pow(2)).collect();
    let sum: u64 = weights.iter().sum::<u64>().max(1);
    let mut largest = 0;
    let mut parent = String::new();
    // The last session, for the next fork to copy; and an answer of the last sub-agent.
    let mut origin: Option<(PathBuf, String, u64, Counts, u64)> = None;
    let mut embedded = None;
    for (n, weight) in weights.iter().enumerate() {
        let uuid = format!("{:08x}-{:04x}-4000-8000-{:012x}", random.next() >> 32, n, random.next() >> 16);
        let project = dir.join(format!("projects/-work-{}", n % 12));
        let sub_agent = n % 10 == 9 || n % 20 == 4;
        let path = if sub_agent {
            let previous = dir.join(format!("projects/-work-{}", (n - 1) % 12));
            let name = format!("agent-{:07x}{n:03x}.jsonl", random.next() >> 36);
            // Before 2.1 they lay beside their parents.
            if n % 20 == 4 { previous.join(name) } else { previous.join(format!("{parent}/subagents/{name}")) }
        } else {
            parent.clone_from(&uuid);
            project.join(format!("{uuid}.jsonl"))
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let session = if sub_agent { parent.clone() } else { uuid };
        let mut writer =
            Session::new(&path, envelope(root, &session, sub_agent), session.clone(), Random(random.next() | 1))?;
        (writer.old, writer.sub_agent) = (n % 5 == 0, sub_agent);
        writer.embedded.clone_from(&embedded);
        if n % 13 == 7
            && !sub_agent
            && let Some((from, id, bytes, counts, clock)) = &origin
        {
            writer.copy(from, id, *bytes, counts)?;
            writer.clock = *clock;
            total.forks += 1;
        }
        writer.fill((u128::from(bytes) * u128::from(*weight) / u128::from(sum)) as u64, sub_agent)?;
        match n % 50 {
            // What a session that was killed leaves behind: a line that was cut off, and a whole one without its end.
            9 => writer.raw(r#"{"type":"assistant","message":{"id":"msg_cut","usage":{"input_tokens":99999"#)?,
            19 => {
                writer.raw(r#"{"type":"last-prompt","value":"no newline"}"#)?;
                writer.counts.lines += 1;
            }
            _ => {}
        }
        writer.out.flush()?;
        total.files += 1;
        total.sub_agents += usize::from(sub_agent);
        total.bytes += writer.written;
        total.add(&writer.counts);
        total.add_messages(&writer.counts);
        if sub_agent {
            embedded = writer.embedded.take();
        } else if let Some((bytes, counts, clock)) = writer.turns.pop() {
            origin = Some((path.clone(), session, bytes, counts, clock));
        }
        if writer.written > largest {
            largest = writer.written;
            total.largest = path;
        }
    }
    Ok(total)
}

impl Session {
    fn new(path: &Path, envelope: String, id: String, mut random: Random) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            out: BufWriter::new(File::create(path)?),
            envelope,
            id,
            clock: random.below(36_000_000),
            number: random.next() >> 24,
            random,
            written: 0,
            counts: Counts::default(),
            old: false,
            sub_agent: false,
            turns: Vec::new(),
            embedded: None,
        })
    }

    /// Begins with the history of another session.
    fn copy(&mut self, from: &Path, id: &str, bytes: u64, counts: &Counts) -> io::Result<()> {
        let mut history = String::new();
        io::Read::take(File::open(from)?, bytes).read_to_string(&mut history)?;
        self.raw(&history.replace(id, &self.id))?;
        self.counts.add(counts);
        Ok(())
    }

    /// Turns until the file is as long as wanted; at least one.
    fn fill(&mut self, bytes: u64, sub_agent: bool) -> io::Result<()> {
        self.turn()?;
        while self.written < bytes {
            if self.turns.len() < 3 {
                self.turns.push((self.written, self.counts.clone(), self.clock));
            }
            self.odds()?;
            self.turn()?;
        }
        if sub_agent {
            return Ok(());
        }
        let title = format!(r#"{{"type":"ai-title","aiTitle":"Session {}","sessionId":"{}"}}"#, self.number, self.id);
        self.line(&title)
    }

    /// What stands between turns now and then.
    fn odds(&mut self) -> io::Result<()> {
        let (at, envelope) = (self.tick(1_000), self.envelope.clone());
        match self.random.below(60) {
            0 => {
                self.counts.compactions += 1;
                self.line(&format!(
                    r#"{{"parentUuid":null,{envelope},"type":"system","subtype":"compact_boundary","compactMetadata":{{"trigger":"auto","preTokens":160000}},"timestamp":"{at}"}}"#
                ))?;
                let summary = self.words(2_000);
                self.line(&format!(
                    r#"{{"parentUuid":null,{envelope},"type":"user","message":{{"role":"user","content":"{summary}"}},"isCompactSummary":true,"isVisibleInTranscriptOnly":true,"timestamp":"{at}"}}"#
                ))
            }
            1 => {
                for attempt in 1..=3 {
                    self.line(&format!(
                        r#"{{"parentUuid":null,{envelope},"type":"system","subtype":"api_error","error":{{"status":529}},"retryAttempt":{attempt},"maxRetries":10,"timestamp":"{at}"}}"#
                    ))?;
                }
                self.counts.errors += 1;
                self.synthetic("API Error: Overloaded", r#""isApiErrorMessage":true,"#)
            }
            2 => self.synthetic("No response requested.", ""),
            3 => {
                self.counts.unknown += 1;
                self.line(&format!(r#"{{"type":"quantum-latch","value":{{"of":["1",2,{{}}]}},"sessionId":"{}"}}"#, self.id))
            }
            4 => {
                self.counts.malformed += 1;
                self.counts.lines += 1;
                let cut = self.words(300);
                self.raw(&format!("{{\"parentUuid\":null,{envelope},\"type\":\"user\",\"toolUseResult\":{{\"stdout\":\"{cut}\n"))
            }
            // A blank line, and what a crash leaves on some file systems.
            5 => self.raw("\r\n\0\0\0\0\n"),
            6 | 7 => match self.embedded.clone() {
                Some(message) => self.line(&format!(
                    r#"{{"parentUuid":"p",{envelope},"type":"progress","data":{{"type":"agent_progress","message":{message},"agentId":"a"}},"toolUseID":"toolu_p","timestamp":"{at}"}}"#
                )),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// What the program itself says in the model's name.
    fn synthetic(&mut self, text: &str, mark: &str) -> io::Result<()> {
        let (at, envelope, id) = (self.tick(1_000), self.envelope.clone(), self.random.next());
        self.line(&format!(
            r#"{{"parentUuid":"p",{envelope},{mark}"type":"assistant","message":{{"id":"{id:x}","type":"message","role":"assistant","model":"<synthetic>","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"stop_sequence","usage":{{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}},"timestamp":"{at}"}}"#
        ))
    }

    fn turn(&mut self) -> io::Result<()> {
        let prompt = self.words(80);
        let at = self.tick(60_000);
        self.counts.prompts += 1;
        let envelope = self.envelope.clone();
        self.line(&format!(
            r#"{{"parentUuid":null,{envelope},"type":"user","message":{{"role":"user","content":"{prompt}"}},"timestamp":"{at}"}}"#
        ))?;
        for _ in 0..self.random.between(1, 12) {
            self.message(true)?;
        }
        self.message(false)?;
        let at = self.tick(100);
        self.line(&format!(
            r#"{{"parentUuid":null,{envelope},"type":"system","subtype":"turn_duration","durationMs":42000,"timestamp":"{at}"}}"#
        ))?;
        for latch in ["last-prompt", "mode", "permission-mode"] {
            self.line(&format!(r#"{{"type":"{latch}","value":"{prompt}","sessionId":"{}"}}"#, self.id))?;
        }
        Ok(())
    }

    /// One answer of the API, one record for each of its blocks, and the results of its calls.
    fn message(&mut self, calls: bool) -> io::Result<()> {
        self.counts.messages += 1;
        self.number += 1;
        let id = self.number;
        let thought = self.words(500);
        let said = self.words(400);
        let mut blocks = vec![format!(r#"{{"type":"text","text":"{said}"}}"#)];
        if self.random.below(10) < 2 {
            blocks.insert(0, format!(r#"{{"type":"thinking","thinking":"{thought}","signature":"{id:x}"}}"#));
        }
        let mut open = Vec::new();
        if calls {
            for n in 0..=u64::from(self.random.below(10) == 0) {
                let (tool, field) = TOOLS[self.random.below(TOOLS.len() as u64) as usize];
                let value = self.words(60);
                blocks.push(format!(
                    r#"{{"type":"tool_use","id":"toolu_{id:x}_{n}","name":"{tool}","input":{{"{field}":"{value}"}}}}"#
                ));
                open.push(format!("toolu_{id:x}_{n}"));
                self.counts.tool_calls += 1;
            }
        }
        let stop = match (self.old, calls) {
            (true, _) => "null",
            (false, true) => r#""tool_use""#,
            (false, false) => r#""end_turn""#,
        };
        let input = [self.random.between(1, 40), self.random.between(0, 3_000), 20_000 + self.written / 40 % 120_000];
        let output = self.random.between(20, 900);
        self.counts.output += output;
        for (sum, more) in self.counts.input.iter_mut().zip(input) {
            *sum += more;
        }
        let [uncached, creation, read] = input;
        let envelope = self.envelope.clone();
        let at = self.tick(9_000);
        let last = blocks.len() - 1;
        for (n, block) in blocks.into_iter().enumerate() {
            let output = if self.old && n < last { 3 } else { output };
            let message = format!(
                r#"{{"id":"msg_{id:x}","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{block}],"stop_reason":{stop},"usage":{{"input_tokens":{uncached},"cache_creation_input_tokens":{creation},"cache_read_input_tokens":{read},"output_tokens":{output}}}}}"#
            );
            self.line(&format!(
                r#"{{"parentUuid":"p",{envelope},"message":{message},"requestId":"req_{id:x}","type":"assistant","timestamp":"{at}"}}"#
            ))?;
            self.counts.message_lines += 1;
            if n == last && self.sub_agent {
                self.embedded = Some(format!(
                    r#"{{"type":"assistant","message":{message},"requestId":"req_{id:x}","timestamp":"{at}"}}"#
                ));
            }
        }
        for call in open {
            // Every result stands in its record twice.
            let length = self.random.length();
            let output = self.words(length / 2);
            let at = self.tick(4_000);
            let failed = self.random.below(15) == 0;
            self.counts.errors += u64::from(failed);
            self.line(&format!(
                r#"{{"parentUuid":"p",{envelope},"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"{call}","type":"tool_result","content":"{output}","is_error":{failed}}}]}},"toolUseResult":{{"stdout":"{output}","stderr":""}},"timestamp":"{at}"}}"#
            ))?;
        }
        Ok(())
    }

    fn words(&mut self, bytes: u64) -> String {
        let mut text = String::with_capacity(bytes as usize + 16);
        while (text.len() as u64) < bytes {
            let mut bits = self.random.next();
            for _ in 0..14 {
                text.push_str(WORDS[(bits & 15) as usize]);
                text.push(' ');
                bits >>= 4;
            }
            text.push_str("\\n");
        }
        text
    }

    fn tick(&mut self, most: u64) -> String {
        self.clock = (self.clock + self.random.below(most)) % 86_400_000;
        let (seconds, ms) = (self.clock / 1_000, self.clock % 1_000);
        format!("2026-11-19T{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }

    fn line(&mut self, record: &str) -> io::Result<()> {
        let mut uuid = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(uuid, ",\"uuid\":\"{:016x}\"}}", self.random.next());
        self.raw(record.strip_suffix('}').unwrap_or(record))?;
        self.raw(&uuid)?;
        self.counts.lines += 1;
        Ok(())
    }

    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.written += text.len() as u64;
        self.out.write_all(text.as_bytes())
    }
}
