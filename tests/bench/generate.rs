//! Writes a tree of Claude Code transcripts like those of real projects: kinds, sizes and repetitions as measured on 736
//! sessions (lines of 1.1 kB in the middle, 51 kB at the 99th percentile, 1 MB at most; 2.1 records per API message).

#![allow(dead_code, reason = "each program that includes this file uses a part of it")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
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
    /// Lines.
    pub lines: u64,
    /// API messages, each of which is one or more lines.
    pub messages: u64,
    /// Prompts typed.
    pub prompts: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// The largest transcript.
    pub largest: PathBuf,
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

    /// Length of a text, distributed like those of real lines.
    fn length(&mut self) -> u64 {
        match self.below(10_000) {
            0..5_000 => self.between(40, 600),
            5_000..9_000 => self.between(600, 6_500),
            9_000..9_890 => self.between(6_500, 50_000),
            9_890..9_995 => self.between(50_000, 112_000),
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
    for (n, weight) in weights.iter().enumerate() {
        let uuid = format!("{:08x}-{:04x}-4000-8000-{:012x}", random.next() >> 32, n, random.next() >> 16);
        let project = dir.join(format!("projects/-work-{}", n % 12));
        let sub_agent = n % 10 == 9;
        let path = if sub_agent {
            let previous = dir.join(format!("projects/-work-{}", (n - 1) % 12));
            previous.join(format!("{parent}/subagents/agent-{:07x}.jsonl", random.next() >> 36))
        } else {
            parent.clone_from(&uuid);
            project.join(format!("{uuid}.jsonl"))
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let session = if sub_agent { parent.clone() } else { uuid };
        let envelope = format!(
            r#""isSidechain":{sub_agent},"userType":"external","cwd":"{}","sessionId":"{session}","version":"2.1.329","gitBranch":"main""#,
            root.display()
        );
        let mut writer = Session {
            out: BufWriter::new(File::create(&path)?),
            random: Random(random.next() | 1),
            envelope,
            id: session,
            clock: random.below(36_000_000),
            number: random.next() >> 24,
            written: 0,
            counts: Counts::default(),
        };
        writer.fill((u128::from(bytes) * u128::from(*weight) / u128::from(sum)) as u64, sub_agent)?;
        writer.out.flush()?;
        total.files += 1;
        total.sub_agents += usize::from(sub_agent);
        total.bytes += writer.written;
        total.lines += writer.counts.lines;
        total.messages += writer.counts.messages;
        total.prompts += writer.counts.prompts;
        total.tool_calls += writer.counts.tool_calls;
        if writer.written > largest {
            largest = writer.written;
            total.largest = path;
        }
    }
    Ok(total)
}

impl Session {
    /// Turns until the file is as long as wanted; at least one.
    fn fill(&mut self, bytes: u64, sub_agent: bool) -> io::Result<()> {
        self.turn()?;
        while self.written < bytes {
            self.turn()?;
        }
        if sub_agent {
            return Ok(());
        }
        let title = format!(r#"{{"type":"ai-title","aiTitle":"Session {}","sessionId":"{}"}}"#, self.number, self.id);
        self.line(&title)
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
        let thought = self.words(300);
        let said = self.words(200);
        let mut blocks = vec![format!(r#"{{"type":"text","text":"{said}"}}"#)];
        if self.random.below(10) < 4 {
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
        let stop = if calls { "tool_use" } else { "end_turn" };
        let cached = 20_000 + self.written / 40 % 120_000;
        let envelope = self.envelope.clone();
        let at = self.tick(9_000);
        for block in blocks {
            self.line(&format!(
                r#"{{"parentUuid":"p",{envelope},"message":{{"id":"msg_{id:x}","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{block}],"stop_reason":"{stop}","usage":{{"input_tokens":4,"cache_creation_input_tokens":900,"cache_read_input_tokens":{cached},"output_tokens":321}}}},"requestId":"req_{id:x}","type":"assistant","timestamp":"{at}"}}"#
            ))?;
        }
        for call in open {
            // Every result stands in its record twice.
            let length = self.random.length();
            let output = self.words(length / 2);
            let at = self.tick(4_000);
            self.line(&format!(
                r#"{{"parentUuid":"p",{envelope},"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"{call}","type":"tool_result","content":"{output}","is_error":false}}]}},"toolUseResult":{{"stdout":"{output}","stderr":""}},"timestamp":"{at}"}}"#
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
        let body = record.strip_suffix('}').unwrap_or(record);
        self.out.write_all(body.as_bytes())?;
        self.out.write_all(uuid.as_bytes())?;
        self.written += (body.len() + uuid.len()) as u64;
        self.counts.lines += 1;
        Ok(())
    }
}
