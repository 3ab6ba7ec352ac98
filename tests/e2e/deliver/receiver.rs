//! A program that receives prompts as an agent's does: it draws an input line as Claude Code 2.1.329 draws one, notes what its
//! terminal sends it byte for byte, writes prompts into a transcript, and tells of itself in the registry.
//!
//! It is this very test binary, started in a pane with [`FOLDER`] set.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Tmux;
use crate::stage::{Project, append};

/// Names the folder in which a receiver finds how it is to behave, and writes what it got.
const FOLDER: &str = "HNPWB_TEST_RECEIVER";
const SESSION: &str = "0a0b0c0d-0000-4000-8000-000000000001";
const PATIENCE: Duration = Duration::from_secs(60);
/// Columns of its input line.
const COLUMNS: usize = 60;
/// A paste with more bytes is drawn as a placeholder.
const DRAWN: usize = 600;

/// How a receiver behaves.
pub struct Manner {
    /// It asks for bracketed pastes.
    pub bracketed: bool,
    /// It does nothing when Enter is pressed.
    pub swallows_enter: bool,
    /// It shows nothing of what it gets.
    pub is_blind: bool,
    /// What its registry says.
    pub status: &'static str,
    /// What stands in its input line at first, with its escape sequences.
    pub draft: &'static str,
}

impl Default for Manner {
    fn default() -> Self {
        Self { bracketed: true, swallows_enter: false, is_blind: false, status: "idle", draft: "" }
    }
}

/// The command that starts a receiver in a pane.
pub fn command(project: &Project, manner: &Manner) -> String {
    let folder = project.path("receiver");
    fs::create_dir_all(&folder).expect("a folder");
    fs::create_dir_all(project.home().join(".claude/sessions")).expect("a registry");
    let root = fs::canonicalize(project.root()).expect("the project");
    let plan = json!({
        "bracketed": manner.bracketed, "swallows_enter": manner.swallows_enter, "is_blind": manner.is_blind,
        "status": manner.status, "draft": manner.draft, "cwd": root, "registry": project.home().join(".claude/sessions"),
        "transcript": project.transcript(),
    });
    fs::write(folder.join("plan.json"), plan.to_string()).expect("a plan");
    let this = std::env::current_exe().expect("this test");
    format!("{FOLDER}={} exec {} --exact deliver::receiver::receiver --nocapture", folder.display(), this.display())
}

/// Waits until a receiver is at its prompt.
pub fn ready(tmux: &Tmux, project: &Project) {
    let registry = project.home().join(".claude/sessions");
    tmux.wait("a receiver", |_| fs::read_dir(&registry).is_ok_and(|mut files| files.next().is_some()));
    tmux.see("❯");
}

/// What its terminal has sent it.
pub fn got(project: &Project) -> String {
    String::from_utf8_lossy(&fs::read(project.path("receiver/got")).unwrap_or_default()).into_owned()
}

/// The prompts in its transcript that were sent to it, in order.
pub fn prompts(project: &Project) -> Vec<String> {
    let text = fs::read_to_string(project.transcript()).expect("a transcript");
    let records = text.lines().skip(1).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.map(|record| record["message"]["content"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Not a test by itself: the receiver, when a pane has started it.
#[test]
fn receiver() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let plan: Value = serde_json::from_slice(&fs::read(folder.join("plan.json")).expect("a plan")).expect("a plan");
    crossterm::terminal::enable_raw_mode().expect("a terminal");
    let mut line = InputLine { plan, folder, typed: String::new(), fresh: true };
    if line.plan["bracketed"] == true {
        std::io::stdout().write_all(b"\x1b[?2004h").expect("a terminal");
    }
    line.draw();
    line.register();
    let mut pending = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = std::io::stdin().read(&mut buffer).unwrap_or(0);
        if read == 0 {
            return;
        }
        append(&line.folder.join("got"), &buffer[..read]);
        pending.extend_from_slice(&buffer[..read]);
        line.take(&mut pending);
        line.draw();
    }
}

struct InputLine {
    plan: Value,
    folder: PathBuf,
    typed: String,
    /// Nothing was typed yet: what the plan says stands there.
    fresh: bool,
}

impl InputLine {
    /// Takes what is complete: a paste only with its end.
    fn take(&mut self, pending: &mut Vec<u8>) {
        const BEGIN: &[u8] = b"\x1b[200~";
        const END: &[u8] = b"\x1b[201~";
        while !pending.is_empty() {
            self.fresh = false;
            if pending.starts_with(BEGIN) {
                let Some(end) = memchr::memmem::find(pending, END) else { return };
                let text = String::from_utf8_lossy(&pending[BEGIN.len()..end]).into_owned();
                self.typed.push_str(&text);
                pending.drain(..end + END.len());
                continue;
            }
            match pending[0] {
                0x1b if BEGIN.starts_with(pending) => return,
                b'\r' => {
                    pending.remove(0);
                    self.enter();
                }
                _ => {
                    let valid = match std::str::from_utf8(pending) {
                        Ok(text) => text.len(),
                        Err(error) => error.valid_up_to(),
                    };
                    let stop = pending.iter().position(|byte| matches!(byte, b'\r' | 0x1b)).unwrap_or(valid);
                    let end = stop.min(valid).max(usize::from(pending[0] == 0x1b));
                    if end == 0 {
                        return;
                    }
                    self.typed.push_str(&String::from_utf8_lossy(&pending[..end]));
                    pending.drain(..end);
                }
            }
        }
    }

    fn enter(&mut self) {
        if self.plan["swallows_enter"] == true || self.typed.is_empty() {
            return;
        }
        let record = json!({
            "parentUuid": null, "isSidechain": false, "userType": "external", "cwd": self.plan["cwd"], "sessionId": SESSION,
            "version": "2.1.329", "gitBranch": "main", "type": "user", "promptSource": "typed",
            "message": {"role": "user", "content": self.typed}, "uuid": "5e9c1c1e-0000-4000-8000-000000000003",
            "timestamp": "2026-01-02T03:05:05.678Z",
        });
        let transcript = Path::new(self.plan["transcript"].as_str().expect("a path"));
        append(transcript, format!("{record}\n").as_bytes());
        self.typed.clear();
    }

    fn draw(&self) {
        let rule = "─".repeat(60);
        let shown = match self.typed.as_str() {
            _ if self.plan["is_blind"] == true => String::new(),
            _ if self.fresh => self.plan["draft"].as_str().unwrap_or_default().to_owned(),
            typed if typed.len() > DRAWN => format!("[Pasted text #1 +{} lines]", typed.lines().count()),
            typed => wrapped(typed),
        };
        let mut out = std::io::stdout();
        let drawn = write!(
            out,
            "\u{1b}[0m\u{1b}[2J\u{1b}[H ● ready\r\n\r\n{rule}\r\n❯ {shown}\u{1b}[7m \u{1b}[0m\r\n{rule}\r\n  manual mode"
        );
        drawn.and_then(|()| out.flush()).expect("a terminal");
    }

    fn register(&self) {
        let pid = std::process::id();
        let stat = fs::read_to_string("/proc/self/stat").expect("a process");
        let start = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(19)).expect("a start");
        let pane = std::env::var("TMUX_PANE").unwrap_or_default();
        let entry = json!({
            "pid": pid, "procStart": start, "sessionId": SESSION, "cwd": self.plan["cwd"], "version": "2.1.329",
            "kind": "interactive", "name": "receiver", "tmux": format!("0:@0.{pane}"), "status": self.plan["status"],
            "waitingFor": (self.plan["status"] == "waiting").then_some("permission prompt"),
        });
        let registry = Path::new(self.plan["registry"].as_str().expect("a path"));
        fs::write(registry.join(format!("{pid}.json")), entry.to_string()).expect("a registry");
    }
}

/// A text as it stands in an input line: broken where the line ends, and indented behind the mark.
fn wrapped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let lines = letters.split(|c| *c == '\n');
    let rows = lines.flat_map(|line| if line.is_empty() { vec![line] } else { line.chunks(COLUMNS).collect() });
    rows.map(|row| row.iter().collect::<String>()).collect::<Vec<_>>().join("\r\n  ")
}

/// Waits until a file of the project holds this.
pub fn holds(tmux: &Tmux, file: &Path, text: &str) {
    let until = Instant::now() + PATIENCE;
    tmux.wait(text, |_| {
        assert!(Instant::now() < until, "no {text} in {}", file.display());
        fs::read_to_string(file).is_ok_and(|held| held.contains(text))
    });
}
