//! Agents from folders as Claude Code leaves them.

mod cost;
mod figures;
#[path = "../../../tests/bench/generate.rs"]
mod generate;
mod states;
mod watched;
mod world;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::roster::{Roster, Scope};
use super::{snapshot, spawn};
use crate::config::session::{AgentSpec, Session};
use crate::domain::agent::{Agent, AgentKind, AgentState, StateSource};
use crate::domain::fault::Fault;
use crate::domain::transcript::Digest;
use crate::event::{AgentsNews, Event};
use crate::source::hooks::HookDesk;
use crate::source::mailbox::{Inbox, mailbox};

/// A user's home with Claude's folder and a project in it.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("claude/projects")).unwrap();
        fs::create_dir_all(folder.path().join("work")).unwrap();
        Self { folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn claude(&self) -> PathBuf {
        self.folder.path().join("claude")
    }

    fn session(&self) -> Session {
        Session { claude_dirs: vec![self.claude()], ..Session::bare("test", self.root()) }
    }

    fn transcript(&self, name: &str) -> PathBuf {
        let path = self.claude().join("projects").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

fn prompt(cwd: &Path, text: &str) -> String {
    let now = jiff::Timestamp::now();
    format!(
        "{{\"type\":\"user\",\"cwd\":\"{}\",\"sessionId\":\"s1\",\"timestamp\":\"{now}\",\"message\":{{\"content\":\"{text}\"}}}}\n",
        cwd.display()
    )
}

/// Process id and start of this very process, as the registry has them.
fn this_process() -> (u32, String) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let start = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap();
    (std::process::id(), start.to_owned())
}

fn append(path: &Path, text: impl AsRef<[u8]>) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_ref()).unwrap();
}

fn once(session: Session, roots: Vec<PathBuf>, all: bool) -> Vec<Agent> {
    snapshot(Arc::new(session), roots, all).0.agents
}

fn ids(agents: &[Agent]) -> Vec<&str> {
    agents.iter().map(|agent| agent.id.0.as_str()).collect()
}

/// The source at work.
struct Live {
    inbox: Inbox,
    hooks: HookDesk,
    _cancel: DropGuard,
    _refresh: watch::Sender<u64>,
}

fn live(session: Session) -> Live {
    let (outbox, inbox) = mailbox();
    let cancel = CancellationToken::new();
    let (sender, refresh) = watch::channel(0);
    let hooks = HookDesk::default();
    spawn(Arc::new(session), Vec::new(), false, hooks.clone(), outbox, cancel.clone(), refresh);
    Live { inbox, hooks, _cancel: cancel.drop_guard(), _refresh: sender }
}

impl Live {
    /// Waits for news of which something is true.
    async fn until(&mut self, what: &str, is_so: impl Fn(&AgentsNews) -> bool) -> AgentsNews {
        let mut last = None;
        loop {
            match tokio::time::timeout(Duration::from_secs(60), self.inbox.next()).await {
                Ok(Some(Event::Agents(news))) if is_so(&news) => return news,
                Ok(Some(event)) => last = Some(event),
                Ok(None) | Err(_) => panic!("not seen: {what}; last: {last:?}"),
            }
        }
    }
}

#[test]
fn agents_of_the_root_and_its_worktrees_are_found_by_what_they_recorded() {
    let home = Home::new();
    let worktree = home.folder.path().join("worktree");
    append(&home.transcript("-odd-name/s1.jsonl"), prompt(&home.root().join("deep"), "one"));
    append(&home.transcript("-x/s2.jsonl"), prompt(&worktree, "two"));
    append(&home.transcript("-y/s3.jsonl"), prompt(Path::new("/else/where"), "three"));
    append(&home.transcript("-y/s4.jsonl"), prompt(&home.folder.path().join("workshop"), "four"));
    assert_eq!(ids(&once(home.session(), Vec::new(), false)), ["s1"]);
    assert_eq!(ids(&once(home.session(), vec![worktree], false)), ["s1", "s2"]);
    assert_eq!(ids(&once(home.session(), Vec::new(), true)), ["s1", "s2", "s3", "s4"]);
}

#[test]
fn what_prompts_name_is_told_of_transcripts_that_nobody_opened() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    let secret = ["xox", "b-123456789012-", &"aB3d".repeat(6)].concat();
    append(&path, prompt(&home.root(), &format!("Do T-12 with {secret}, see task 7")));
    for _ in 0..400 {
        append(&path, prompt(&home.root(), &"go on ".repeat(60)));
    }
    let answer = r#"{"type":"assistant","message":{"id":"m","model":"claude-sonnet-5","stop_reason":"end_turn","content":[],"usage":{"input_tokens":9,"output_tokens":5}}}"#;
    append(&path, format!("{answer}\n"));
    append(&path, prompt(&home.root(), "T-12 again, then HNP-3.1"));
    let side = prompt(&home.root(), "read T-3").replace("{\"type\"", "{\"isSidechain\":true,\"type\"");
    append(&home.transcript("-p/s1/subagents/agent-a.jsonl"), &side);
    let news = snapshot(Arc::new(home.session()), Vec::new(), false).0;
    let told: Vec<_> = news.mentions.iter().map(|one| (one.agent.0.as_str(), one.text.as_str())).collect();
    assert_eq!(told, [("s1", "T-12, task 7"), ("s1", "HNP-3.1"), ("s1/agent-a", "T-3")]);
    assert!(news.mentions[0].source.starts_with("s1.jsonl, prompt of 20"), "{:?}", news.mentions[0]);
    // What is read at first, the ends, tells of those in the ends.
    let ends = super::summary::summarise(&path, &crate::domain::transcript::claude::Claude, false).unwrap();
    assert!(ends.digest.counts.records < 400 && ends.digest.named().len() == 2, "{:?}", ends.digest.named());
}

#[test]
fn sub_agents_hang_under_their_parents_in_either_place() {
    let home = Home::new();
    let side = prompt(&home.root(), "look").replace("{\"type\"", "{\"isSidechain\":true,\"type\"");
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    append(&home.transcript("-p/s1/subagents/agent-a.jsonl"), &side);
    append(&home.transcript("-p/agent-old.jsonl"), &side);
    let agents = once(home.session(), Vec::new(), false);
    let parents: Vec<_> =
        agents.iter().map(|agent| (agent.id.0.as_str(), agent.parent.as_ref().map(|id| id.0.as_str()))).collect();
    assert_eq!(parents, [("agent-old", Some("s1")), ("s1", None), ("s1/agent-a", Some("s1"))]);
    assert_eq!(agents[2].name, "look");
}

#[test]
fn rollouts_of_codex_are_found_compressed_too_and_their_sub_agents_hang_below_them() {
    let home = Home::new();
    let sessions = home.folder.path().join("codex/sessions");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transcripts/codex");
    let (own, child) = ("0199a000-0000-7000-8000-00000000000a", "0199a000-0000-7000-8000-00000000000b");
    fs::create_dir_all(sessions.join("2026/11/20")).unwrap();
    let session = fs::read(fixtures.join("session.jsonl")).unwrap();
    let packed = sessions.join(format!("2026/11/20/rollout-2026-11-20T10-00-00-{own}.jsonl.zst"));
    fs::write(packed, zstd::encode_all(session.as_slice(), 1).unwrap()).unwrap();
    let plain = sessions.join(format!("2026/11/20/rollout-2026-11-20T10-00-20-{child}.jsonl"));
    fs::copy(fixtures.join("sub-agent.jsonl"), plain).unwrap();
    let session = Session { transcript_places: vec![sessions], ..home.session() };
    let (news, tallies) = snapshot(Arc::new(session), Vec::new(), true);
    let shown: Vec<_> = news
        .agents
        .iter()
        .map(|agent| {
            (agent.id.0.as_str(), agent.kind, agent.parent.as_ref().map(|id| id.0.as_str()), agent.name.as_str())
        })
        .collect();
    assert_eq!(
        shown,
        [(own, AgentKind::Codex, None, "Make hello.txt and test it"), (child, AgentKind::Codex, Some(own), "Averroes")]
    );
    assert_eq!(news.agents[1].verdict.state, AgentState::Finished);
    let tokens: Vec<_> = tallies.iter().map(|tally| (tally.tokens.input, tally.tokens.output)).collect();
    assert_eq!(tokens, [(55_300, 600), (9_200, 120)]);
}

#[test]
fn names_and_roles_come_from_the_session_file() {
    let home = Home::new();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    let far = home.folder.path().join("far");
    fs::create_dir(&far).unwrap();
    append(&far.join("s9.jsonl"), prompt(Path::new("/else"), "nine"));
    append(&far.join("worker.log"), "plain text\n");
    let spec = |name: &str, pattern: &str| AgentSpec {
        name: name.to_owned(),
        role: Some("specialist".to_owned()),
        transcripts: Some(pattern.to_owned()),
    };
    let mut session = home.session();
    session.agents = vec![
        spec("far", &far.join("*.jsonl").display().to_string()),
        spec("log", &far.join("*.log").display().to_string()),
    ];
    let agents = once(session, Vec::new(), false);
    let named: Vec<_> = agents.iter().map(|agent| (agent.name.as_str(), agent.role.as_deref())).collect();
    assert_eq!(named, [("log", Some("specialist")), ("one", None), ("far", Some("specialist"))]);
    assert_eq!(agents[0].verdict.state, AgentState::Unknown);
}

#[test]
fn a_history_copied_into_a_second_file_is_counted_once() {
    let home = Home::new();
    let answer = |id: &str, at: &str| {
        format!(
            "{{\"type\":\"assistant\",\"cwd\":\"{}\",\"timestamp\":\"{at}\",\"requestId\":\"r{id}\",\"message\":{{\"id\":\"{id}\",\"model\":\"claude-sonnet-5\",\"content\":[],\"usage\":{{\"input_tokens\":10,\"output_tokens\":1}}}}}}\n",
            home.root().display()
        )
    };
    append(
        &home.transcript("-p/s1.jsonl"),
        answer("m1", "2026-11-01T00:00:00Z") + &answer("m1", "2026-11-01T00:00:00Z"),
    );
    append(
        &home.transcript("-p/s2.jsonl"),
        answer("m1", "2026-11-01T00:00:01Z") + &answer("m2", "2026-11-02T00:00:00Z"),
    );
    let (_, tallies) = snapshot(Arc::new(home.session()), Vec::new(), false);
    let input: Vec<_> =
        tallies.iter().map(|tally| (tally.id.0.as_str(), tally.tokens.input, tally.counts.records)).collect();
    assert_eq!(input, [("s1", 10, 2), ("s2", 10, 2)]);
}

#[test]
fn a_registered_session_that_wrote_nothing_yet_is_there_and_a_dead_one_in_a_turn_crashed() {
    let home = Home::new();
    fs::create_dir(home.claude().join("sessions")).unwrap();
    let (pid, start) = this_process();
    let entry = |pid: u32, start: &str, session: &str| {
        format!(
            "{{\"pid\":{pid},\"procStart\":\"{start}\",\"sessionId\":\"{session}\",\"cwd\":\"{}\",\"status\":\"busy\",\"tmux\":\"m:@1.%7\"}}",
            home.root().display()
        )
    };
    fs::write(home.claude().join(format!("sessions/{pid}.json")), entry(pid, &start, "new")).unwrap();
    fs::write(home.claude().join("sessions/1.json"), entry(1, "never", "s1")).unwrap();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(ids(&agents), ["new", "s1"]);
    assert_eq!((agents[0].verdict.state, agents[0].verdict.source), (AgentState::Working, StateSource::Registry));
    assert_eq!((agents[0].pid, agents[0].pane.as_deref()), (Some(pid), Some("%7")));
    assert_eq!((agents[1].verdict.state, agents[1].verdict.source), (AgentState::Crashed, StateSource::Process));
    assert_eq!(agents[1].pid, None);
}

#[test]
fn an_unreadable_folder_or_file_costs_nothing_else() {
    let home = Home::new();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    append(&home.transcript("-p/s2.jsonl"), [0xff, 0xfe, b'\n', b'{', b'\n']);
    let mut session = home.session();
    session.claude_dirs.push(PathBuf::from("/nowhere/at/all"));
    assert_eq!(ids(&once(session, Vec::new(), true)), ["s1", "s2"]);
}

#[tokio::test]
async fn appended_new_truncated_and_deleted_files_are_seen() {
    let home = Home::new();
    let first = home.transcript("-p/s1.jsonl");
    append(&first, prompt(&home.root(), "one"));
    let mut live = live(home.session());
    let news = live.until("the first agent", |news| news.agents.len() == 1).await;
    assert_eq!(news.agents[0].verdict.state, AgentState::Working);
    assert!(!news.polling && news.faults.is_empty());
    let action = |news: &AgentsNews| news.agents[0].last_action.clone().unwrap_or_default();
    // Half of a line says nothing; the whole of it does.
    append(&first, "{\"type\":\"assistant\",\"message\":{\"stop_reason\":\"end_turn\",\"content\":[{\"type\":");
    append(&first, "\"text\",\"text\":\"all done\"}]}}\n");
    live.until("the answer", |news| action(news) == "said: all done").await;
    append(&home.transcript("-q/s2.jsonl"), prompt(&home.root(), "two"));
    live.until("a second agent", |news| news.agents.len() == 2).await;
    append(&home.transcript("-q/s2/subagents/agent-x.jsonl"), prompt(&home.root(), "sub"));
    live.until("its sub-agent", |news| news.agents.len() == 3).await;
    fs::write(&first, prompt(&home.root(), "anew")).unwrap();
    live.until("the rewritten file", |news| action(news) == "prompt: anew").await;
    fs::remove_file(&first).unwrap();
    let news = live.until("the first file gone", |news| news.agents[0].file_gone).await;
    assert_eq!(ids(&news.agents), ["s1", "s2", "s2/agent-x"]);
    assert!(news.agents[0].verdict.reason.contains("its file is gone"), "{:?}", news.agents[0].verdict);
    append(&first, prompt(&home.root(), "back"));
    live.until("the file back", |news| !news.agents[0].file_gone && action(news) == "prompt: back").await;
    fs::create_dir_all(home.claude().join("projects/-moved")).unwrap();
    fs::rename(&first, home.claude().join("projects/-moved/s1.jsonl")).unwrap();
    let news = live.until("the file moved", |news| news.agents[0].transcript.ends_with("-moved/s1.jsonl")).await;
    assert_eq!(ids(&news.agents), ["s1", "s2", "s2/agent-x"]);
}

#[test]
fn an_agent_whose_shell_went_elsewhere_is_still_one() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    append(&path, prompt(&home.root(), "one") + &prompt(Path::new("/else/where"), "two"));
    assert_eq!(ids(&once(home.session(), Vec::new(), false)), ["s1"]);
}

#[tokio::test]
async fn a_session_that_takes_itself_out_of_the_registry_is_finished() {
    let home = Home::new();
    fs::create_dir(home.claude().join("sessions")).unwrap();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    let file = home.claude().join("sessions/1.json");
    let entry = |status: &str| {
        let (pid, start) = this_process();
        format!("{{\"pid\":{pid},\"procStart\":\"{start}\",\"sessionId\":\"s1\",\"status\":\"{status}\"}}")
    };
    fs::write(&file, entry("busy")).unwrap();
    let mut live = live(home.session());
    let is = |state| move |news: &AgentsNews| news.agents[0].verdict.state == state;
    live.until("at work", is(AgentState::Working)).await;
    fs::write(&file, entry("waiting")).unwrap();
    live.until("waiting", is(AgentState::Waiting)).await;
    fs::remove_file(&file).unwrap();
    let news = live.until("finished", is(AgentState::Finished)).await;
    assert_eq!(news.agents[0].verdict.source, StateSource::Registry);
}

#[tokio::test]
async fn a_session_that_moves_into_the_project_appears() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    append(&path, prompt(Path::new("/else/where"), "one"));
    let mut live = live(home.session());
    live.until("nobody", |news| news.agents.is_empty()).await;
    append(&path, prompt(&home.root(), "here now"));
    live.until("the agent", |news| news.agents.len() == 1).await;
}

#[test]
fn a_glance_reads_what_runs_and_what_was_written_last() {
    let home = Home::new();
    let written = |n: u64| std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + n);
    for n in 0..200 {
        let path = home.transcript(&format!("-p/s{n:03}.jsonl"));
        append(&path, prompt(&home.root(), "Begin"));
        fs::File::options().write(true).open(&path).unwrap().set_modified(written(n)).unwrap();
    }
    let (pid, start) = this_process();
    fs::create_dir_all(home.claude().join("sessions")).unwrap();
    let entry = format!(r#"{{"pid":{pid},"procStart":"{start}","sessionId":"s007","status":"busy"}}"#);
    fs::write(home.claude().join("sessions/1.json"), entry).unwrap();
    let mut roster = Roster::new(Scope::new(Arc::new(home.session()), Vec::new(), false));
    assert!(roster.glance());
    let mut seen: Vec<&str> = roster.shown().map(|one| one.id.0.as_str()).collect();
    seen.sort_unstable();
    assert_eq!((seen[0], seen[1], seen[seen.len() - 1]), ("s007", "s105", "s199"));
    roster.read_left();
    assert_eq!(roster.shown().count(), 200);
    assert!(!roster.rescan(), "nothing is left");
}

#[test]
fn agents_of_every_program_are_found_where_they_work() {
    let home = Home::new();
    let root = home.root().canonicalize().unwrap();
    let place = |name: &str| home.folder.path().join(name);
    let write = |path: PathBuf, text: String| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let start =
        |cwd: &Path| format!(r#"{{"type":"session.start","data":{{"context":{{"cwd":"{}"}}}}}}"#, cwd.display());
    write(place("copilot/session-state/c1/events.jsonl"), start(&root));
    write(place("copilot/session-state/c2/events.jsonl"), start(Path::new("/elsewhere")));
    let hash = crate::domain::digest::sha256(root.to_str().unwrap().as_bytes());
    let chat = |hash: &str| format!(r#"{{"sessionId":"g","projectHash":"{hash}","messages":[]}}"#);
    write(place("gemini/tmp/x/chats/session-1.json"), chat(&hash));
    write(place("gemini/tmp/y/chats/session-2.json"), chat("0"));
    write(root.join(".aider.chat.history.md"), "#### hello\n".to_owned());
    let database = rusqlite::Connection::open(place("opencode.db")).unwrap();
    let tables = "CREATE TABLE session (id, parent_id, directory, title, version, time_created, time_updated);
        CREATE TABLE message (id, session_id, time_created, time_updated, data);
        CREATE TABLE part (id, message_id, session_id, time_created, time_updated, data);";
    database.execute_batch(tables).unwrap();
    let insert = "INSERT INTO session VALUES (?1, ?2, ?3, 'title', '1', 1000, 2000)";
    database.execute(insert, (("ses_1"), None::<&str>, root.to_str().unwrap())).unwrap();
    database.execute(insert, (("ses_2"), Some("ses_1"), root.to_str().unwrap())).unwrap();
    database.execute(insert, (("ses_3"), None::<&str>, "/elsewhere")).unwrap();
    let transcript_places = vec![
        place("copilot/session-state"),
        place("gemini/tmp"),
        place("opencode.db"),
        root.join(".aider.chat.history.md"),
    ];
    let agents = once(Session { transcript_places, ..Session::bare("test", root) }, Vec::new(), false);
    let mut formats: Vec<_> = agents.iter().map(|agent| agent.format.name()).collect();
    formats.sort_unstable();
    assert_eq!(formats, ["aider", "copilot", "gemini", "opencode", "opencode"]);
    let sub = agents.iter().find(|agent| agent.id.0 == "ses_2").unwrap();
    assert_eq!(sub.parent.as_ref().map(|id| id.0.as_str()), Some("ses_1"));
    assert!(
        agents.iter().all(|agent| agent.parent.is_some() || agent.cwd.is_some() || agent.format.name() == "gemini")
    );
}

#[test]
fn heads_and_tails_tell_the_same_as_every_line() {
    let home = Home::new();
    generate::tree(&home.claude(), 20, 6_000_000, 3);
    for candidate in super::discover::discover(&[home.claude()], &[]) {
        let quick = super::summary::summarise(&candidate.path, candidate.format, candidate.sub_agent).unwrap().digest;
        let whole = super::summary::read_whole(&candidate.path, candidate.format, candidate.sub_agent).unwrap();
        let of = |digest: &Digest| {
            let Digest { step, step_at, model, last_action, last_activity, cwd, .. } = digest.clone();
            (
                step,
                step_at,
                model,
                last_action,
                last_activity,
                cwd,
                digest.title().map(str::to_owned),
                digest.context(&crate::config::models::built_in(), None),
            )
        };
        assert_eq!(of(&quick), of(&whole.digest), "{}", candidate.path.display());
    }
}

#[test]
fn polling_is_told_with_its_reason() {
    let home = Home::new();
    let mut roster = Roster::new(Scope::new(Arc::new(home.session()), Vec::new(), false));
    let fault = Fault::new("watching", "/a", "too many", "raise the limit");
    let news = roster.news(jiff::Timestamp::UNIX_EPOCH, Some(&fault));
    assert!(news.polling);
    assert_eq!(news.faults, [fault]);
}
