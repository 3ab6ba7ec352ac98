//! A small world to draw: agents, tasks, commits, objects and gates of a made-up project, told to `update` as events.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use hnpwb::action::keymap::Keymap;
use hnpwb::config::layout::{BUILT_IN, Layout, PaneKind};
use hnpwb::config::theme::Theme;
use hnpwb::domain::agent::{
    Agent, AgentId, AgentState, ContextGauge, Figures, Opinion, StateSource, StateVerdict, Tokens,
};
use hnpwb::domain::cluster::{ClusterView, Connection, Kind, KindCount, ObjectRow};
use hnpwb::domain::commit::{Commit, Dirty, Ref, RefKind, RepoLog, Upstream, Worktree, graph};
use hnpwb::domain::drift::{DriftRow, DriftState, DriftView, FieldClass, FieldDiff, Finding, ObjectKey, Severity};
use hnpwb::domain::fault::Fault;
use hnpwb::domain::gate::{Asks, Gate, GateId, GateState};
use hnpwb::domain::health::{Health, HealthState};
use hnpwb::domain::model::Cost;
use hnpwb::domain::task::{Criteria, Criterion, Origin, Task, TaskStatus};
use hnpwb::domain::transcript::claude::Claude;
use hnpwb::domain::transcript::{Body, Counts, Entry, Text, Tone};
use hnpwb::event::{
    AgentsNews, BoardNews, Event, GateNews, GitNews, Input, Page, PageRequest, TranscriptChange, TranscriptNews,
};
use hnpwb::state::{Screen, SessionView, State};
use hnpwb::ui::view;
use hnpwb::update::update;
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// What every text of the world goes through: as it is, or made hostile.
pub type Say = fn(&str) -> String;

/// The time at which everything is drawn: 2026-03-02T14:00:00Z.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_772_460_000).unwrap()
}

pub fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// Nothing heard of yet, in the built-in layouts, with one theme.
pub fn state(theme: Theme, say: Say) -> State {
    let layouts = BUILT_IN.iter().map(|(name, _)| Layout::built_in(name).unwrap()).collect();
    let session = SessionView { name: say("hnp"), root: say("~/code/hnp"), gate_rules: 3, ..SessionView::default() };
    State::new(now(), session, Screen::new(layouts, vec![theme], Keymap::new(&[])))
}

pub fn tell(state: &mut State, event: Event) {
    update(state, now(), event);
}

pub fn press(state: &mut State, code: KeyCode) {
    tell(state, Event::Input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE))));
}

pub fn keys(state: &mut State, text: &str) {
    text.chars().for_each(|c| press(state, KeyCode::Char(c)));
}

/// Draws as the loop does: a first frame tells the sizes, the second one is looked at.
pub fn draw(state: &mut State, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut viewports = None;
    terminal.draw(|frame| viewports = Some(view(state, frame).viewports)).unwrap();
    tell(state, Event::Drawn(viewports.unwrap()));
    terminal.draw(|frame| drop(view(state, frame))).unwrap();
    terminal.backend().buffer().clone()
}

/// Everything there is to see.
pub fn tell_all(state: &mut State, say: Say) {
    tell(state, Event::Board(board(say)));
    tell(state, Event::Agents(agents(say)));
    tell(state, transcript(state.transcript.generation, entries(say)));
    tell(state, Event::Git(git(say)));
    for view in clusters(say) {
        tell(state, Event::Cluster(view));
    }
    for view in drift(say) {
        tell(state, Event::Drift(view));
    }
    for gate in gates(say) {
        tell(state, Event::Gate(GateNews::Requested(Box::new(gate))));
    }
}

pub fn focus(state: &mut State, pane: PaneKind) {
    let number = PaneKind::ALL.iter().position(|other| *other == pane).unwrap() + 1;
    keys(state, &number.to_string());
}

pub fn fault(say: Say, doing: &str, on: &str, why: &str, remedy: &str) -> Fault {
    Fault::new(say(doing), say(on), say(why), say(remedy))
}

pub fn board(say: Say) -> BoardNews {
    use TaskStatus::{Blocked, Done, InProgress, Other, Review, Todo};
    let rows = [
        ("Validate VLAN ranges before a VPC is created", InProgress, "🔄", Some("specialist-vpc"), (2, 5)),
        ("Sync fabric status every minute", InProgress, "🔄", Some("orchestrator"), (0, 0)),
        ("Show drift in the device table", Review, "🔍", Some("specialist-ui"), (4, 4)),
        (
            "Migrate ArgoCD application templates to the new API version, one fabric at a time",
            Blocked,
            "⏸️",
            None,
            (1, 3),
        ),
        ("Write the operator manual", Todo, "🔲", None, (0, 7)),
        ("Rotate the cluster credentials", Todo, "🔲", None, (0, 0)),
        ("Ask about peering limits", Other, "❓", None, (0, 0)),
        ("Import twelve CRDs", Done, "✅", Some("specialist-crd"), (12, 12)),
        ("Set up the kind cluster", Done, "✅", None, (0, 0)),
    ];
    let tasks = rows.iter().zip(1..).map(|((title, status, raw, assignee, (done, total)), number)| Task {
        id: say(&format!("T-{number}")),
        title: say(title),
        status: *status,
        raw_status: say(raw),
        origin: Origin { file: say("project_management/TASK_TRACKING.md").into(), line: 10 + 4 * number },
        format: "emoji",
        section: Some(say("Phase 2: fabrics")),
        assignee: assignee.map(say),
        depends_on: if number > 2 { vec![say("T-1")] } else { Vec::new() },
        criteria: Criteria { done: *done, total: *total },
        boxes: if number == 1 { boxes(say) } else { Vec::new() },
        body: say(
            "The form accepts VLAN 0 and 4095.\n\n- [x] reject what the switch reserves\n- [ ] say which range is free",
        ),
        project: None,
    });
    let files = vec![say("project_management/TASK_TRACKING.md").into()];
    let digests = files.iter().map(|file: &PathBuf| (file.clone(), "digest".to_owned())).collect();
    BoardNews { tasks: tasks.map(Arc::new).collect(), files, digests, as_of: ago(0), ..BoardNews::default() }
}

fn boxes(say: Say) -> Vec<Criterion> {
    let texts = [("Reject what the switch reserves", true), ("Say which range is free", false)];
    let boxes = texts.iter().zip(16..);
    boxes.map(|((text, done), line)| Criterion { line, text: say(text), done: *done }).collect()
}

fn gauge(used: u64, percent: u8) -> ContextGauge {
    let (used, percent) = (Some(used), Some(percent));
    ContextGauge { used, window: Some(200_000), percent, source: "model table", as_of: None }
}

pub fn agent(say: Say, name: &str, state: AgentState, minutes: i64) -> Agent {
    let transcript = format!("/home/me/.claude/projects/-work-hnp/{name}.jsonl").into();
    Agent {
        name: say(name),
        session_id: Some(name.to_owned()),
        cwd: Some("/home/me/code/hnp".into()),
        branch: Some("main".to_owned()),
        pane: Some("%3".to_owned()),
        pid: Some(4711),
        verdict: StateVerdict {
            state,
            since: Some(ago(minutes)),
            source: StateSource::Registry,
            reason: say("sessions/4711.json says so"),
            ..StateVerdict::default()
        },
        model: Some(say("claude-opus-4-6-20260205")),
        version: Some("2.1.329".to_owned()),
        context: gauge(84_000, 42),
        last_activity: Some(ago(minutes)),
        last_action: Some(say("Bash cargo test --workspace")),
        size: 1_480_000,
        figures: Some(figures(310, 2)),
        ..Agent::bare(AgentId(name.to_owned()), &Claude, transcript)
    }
}

/// Figures of so many records with so many errors, a dollar for every hundred records.
pub fn figures(records: u64, errors: u64) -> Figures {
    let tokens =
        Tokens { input: records, cache_creation: 9 * records, cache_read: 700 * records, output: 40 * records };
    let counts = Counts { records, errors, prompts: records / 40, tool_calls: records / 3, ..Counts::default() };
    Figures { tokens, counts, cost: Some(Cost { known_usd: records as f64 / 100.0, unpriced: Vec::new() }) }
}

/// What the sources say of an agent that waits.
fn opinions(say: Say) -> Vec<Opinion> {
    use StateSource::{Hook, Process, Registry, Transcript};
    let rows = [
        (Registry, Some(AgentState::Waiting), 4, "sessions/4711.json says waiting", None),
        (Hook, Some(AgentState::Working), 6, "PreToolUse: it calls Bash", None),
        (Process, None, 0, "process 4711 runs", None),
        (Transcript, Some(AgentState::Idle), 55, "the last turn ended", Some("the file is gone")),
    ];
    rows.map(|(source, state, minutes, reason, set_aside)| Opinion {
        source,
        state,
        since: Some(ago(minutes)),
        as_of: Some(ago(minutes)),
        reason: say(reason),
        waiting_for: None,
        set_aside: set_aside.map(say),
    })
    .to_vec()
}

pub fn agents(say: Say) -> AgentsNews {
    let mut agents = vec![
        agent(say, "orchestrator", AgentState::Waiting, 4),
        agent(say, "specialist-vpc", AgentState::Working, 0),
        agent(say, "explore-peering", AgentState::Working, 1),
        agent(say, "specialist-ui", AgentState::Crashed, 17),
        agent(say, "reviewer", AgentState::Idle, 55),
        agent(say, "specialist-crd", AgentState::Finished, 60 * 26),
        agent(say, "b0c3a9d2", AgentState::Unknown, 60 * 24 * 20),
        agent(say, "explore-crd", AgentState::Finished, 3),
        agent(say, "specialist-sync", AgentState::Working, 2),
    ];
    agents[0].verdict.waiting_for = Some(say("permission prompt"));
    agents[0].verdict.opinions = opinions(say);
    agents[0].verdict.disagreement = Some(say("hook says working"));
    agents[1].context.percent = Some(78);
    agents[2].parent = Some(AgentId("specialist-vpc".to_owned()));
    agents[2].model = Some(say("claude-haiku-4-5-20251001"));
    agents[2].last_action = Some(say("Grep VPCPeering in gitops/hedgehog/fabric-1"));
    agents[3].verdict.reason = say("its process is gone while a tool was at work");
    agents[3].context = gauge(191_000, 96);
    agents[4].last_action = Some(say("said: Two findings, both minor. The sync job retries without a limit."));
    agents[5].model = Some(say("gpt-5.5-codex"));
    agents[5].context = ContextGauge { used: Some(61_500), ..ContextGauge::default() };
    agents[6].context = ContextGauge::default();
    agents[6].model = None;
    agents[6].last_action = None;
    // A sub-agent of a sub-agent, and one that the API refuses.
    agents[7].parent = Some(AgentId("explore-peering".to_owned()));
    agents[8].failing = true;
    agents[8].last_action = Some(say("API Error: 529 Overloaded"));
    for (agent, (records, errors)) in agents.iter_mut().zip([(4_210, 0), (310, 2), (40, 0), (1_200, 17)]) {
        agent.figures = Some(figures(records, errors));
    }
    agents[5].figures = None;
    agents[6].figures = None;
    // Its model has no price.
    let unpriced = Cost { known_usd: 0.0, unpriced: vec!["opus-next".to_owned()] };
    agents[4].figures = Some(Figures { cost: Some(unpriced), ..figures(88, 1) });
    AgentsNews { agents, figures: Some((6, 9)), as_of: ago(0), ..AgentsNews::default() }
}

pub fn text(kept: &str) -> Text {
    Text { kept: kept.to_owned(), bytes: kept.len() as u64, lines: kept.lines().count() as u64 }
}

pub fn entries(say: Say) -> Vec<Entry> {
    let said = |words: &str| text(&say(words));
    let call = |id: &str, name: &str, summary: &str, input: &str| Body::Call {
        id: id.to_owned(),
        name: say(name),
        summary: say(summary),
        input: said(input),
        detail: None,
    };
    let result = |id: &str, is_error, output: &str| Body::Result {
        id: id.to_owned(),
        is_error,
        output: said(output),
        patch: None,
    };
    let bodies = vec![
        Body::Note { tone: Tone::Info, text: say("session began: claude-opus-4-6, 2.1.329") },
        Body::Prompt(said("Read briefs/T-1.md and do what it says. Stop before you push.")),
        Body::Thinking(said("The brief asks for a check of VLAN ranges.\nI should read the form first.")),
        Body::Said(said("I will read the form and the switch profile, then write the check.")),
        call("1", "Read", "netbox_hedgehog/forms/vpc.py", "file_path: netbox_hedgehog/forms/vpc.py"),
        result(
            "1",
            false,
            "class VPCForm(NetBoxModelForm):\n    vlan = forms.IntegerField()\n    subnet = IPNetworkField()",
        ),
        call("2", "Bash", "python manage.py test netbox_hedgehog.tests.test_vpc", "command: python manage.py test"),
        result(
            "2",
            true,
            "FAILED (failures=2)\ntest_vlan_zero: AssertionError: 0 was accepted\ntest_vlan_top: 4095 was accepted",
        ),
        Body::Said(said(
            "Two tests fail, as they should:\n\n1. VLAN 0 is accepted although the switch reserves it.\n2. VLAN 4095 is \
             accepted; 802.1Q reserves that as well. The profile of the leaf switches names the range 1 to 3966, so I take it from there.",
        )),
        call("3", "Edit", "netbox_hedgehog/forms/vpc.py", "old_string:\nvlan = forms.IntegerField()"),
        result("3", false, "The file was updated."),
        call("4", "Bash", "python manage.py test netbox_hedgehog.tests.test_vpc", "command: python manage.py test"),
        result("4", false, "OK"),
        Body::Note { tone: Tone::Warning, text: say("the context was compacted: 180k tokens became 21k") },
        Body::Unread { why: say("unknown kind \"telemetry\""), bytes: 1_240 },
        Body::Said(said("Both tests pass now. Next I would push the branch.")),
        call("5", "Bash", "git push origin feature/vlan-ranges", "command: git push origin feature/vlan-ranges"),
    ];
    let entry = |(body, number): (Body, u64)| Entry { offset: number * 400, at: Some(ago(9)), sidechain: false, body };
    bodies.into_iter().zip(0..).map(entry).collect()
}

/// The last page of a transcript with these entries.
pub fn transcript(generation: u64, entries: Vec<Entry>) -> Event {
    let end = entries.last().map_or(0, |entry| entry.offset + 400);
    let page = Page { request: PageRequest::End, entries, start: 0, end, size: end };
    Event::Transcript(TranscriptNews { generation, what: TranscriptChange::Page(page) })
}

pub fn git(say: Say) -> GitNews {
    let id = |number: usize| format!("{:07x}{number:033x}", 0x00a1_b2c3 + number * 0x01_1357);
    let name = |kind, name: &str| Ref { kind, name: say(name) };
    let rows: [(&str, &str, &[usize], i64); 9] = [
        ("feat(vpc): check VLAN ranges against the switch profile", "specialist-vpc", &[2], 3),
        ("docs: how a fabric is added", "Robin Example", &[3], 25),
        ("test(vpc): VLAN 0 and 4095 are refused", "specialist-vpc", &[3], 31),
        ("Merge branch 'crd-import'", "Robin Example", &[5, 4], 60 * 3),
        (
            "feat(crd)!: import twelve kinds of the fabric in one transaction and keep the order of their owners",
            "specialist-crd",
            &[6],
            60 * 5,
        ),
        ("fix(sync): stop after three retries", "reviewer", &[6], 60 * 8),
        ("chore: release 0.4.0", "Robin Example", &[7], 60 * 24 * 2),
        ("refactor(ui): one table for all devices", "specialist-ui", &[8], 60 * 24 * 9),
        ("Initial commit", "Robin Example", &[], 60 * 24 * 400),
    ];
    let commits = rows.iter().zip(0..).map(|((summary, author, parents, minutes), number)| Commit {
        id: id(number),
        parents: parents.iter().map(|parent| id(*parent)).collect(),
        summary: say(summary),
        body: String::new(),
        author: say(author),
        at: ago(*minutes),
        refs: match number {
            0 => vec![name(RefKind::Head, "HEAD"), name(RefKind::Branch, "feature/vlan-ranges")],
            1 => vec![name(RefKind::Branch, "main"), name(RefKind::Remote, "origin/main")],
            6 => vec![name(RefKind::Tag, "v0.4.0")],
            _ => Vec::new(),
        },
    });
    let worktree = |path: &str, branch: &str| Worktree { path: say(path).into(), branch: Some(say(branch)) };
    let repo = RepoLog {
        path: say("/home/me/code/hnp").into(),
        branch: Some(say("feature/vlan-ranges")),
        head: Some(id(0)),
        upstream: Some(Upstream { name: say("origin/feature/vlan-ranges"), ahead: 2, behind: 0 }),
        dirty: Dirty { staged: 1, unstaged: 3, untracked: 2, conflicted: 0 },
        worktrees: vec![worktree("/home/me/code/hnp", "feature/vlan-ranges"), worktree("/home/me/code/hnp-ui", "ui")],
        rows: graph::rows(commits.collect()),
        more: false,
    };
    let gitops =
        RepoLog { path: say("/home/me/code/gitops-test-1").into(), branch: Some(say("main")), ..RepoLog::default() };
    GitNews { repos: vec![repo, gitops], faults: Vec::new(), as_of: ago(0) }
}

fn kind(say: Say, group: &str, name: &str) -> Kind {
    Kind {
        group: say(group),
        version: "v1beta1".to_owned(),
        kind: say(name),
        plural: format!("{}s", name.to_lowercase()),
        namespaced: true,
    }
}

pub fn object(say: Say, kind: &Kind, name: &str, state: HealthState, reason: &str) -> ObjectRow {
    let source = say(".status.conditions[Ready]");
    ObjectRow {
        kind: kind.clone(),
        namespace: say("default"),
        name: say(name),
        health: Health { state, reason: say(reason), source },
        created: Some(ago(60 * 30)),
        generation: Some(3),
    }
}

/// One context that answers, and one that no longer does.
pub fn clusters(say: Say) -> Vec<ClusterView> {
    use HealthState::{Degraded, Healthy, NoSignal, NotPlaced, Progressing, Terminating, Unknown};
    let connection = kind(say, "wiring.githedgehog.com", "Connection");
    let switch = kind(say, "wiring.githedgehog.com", "Switch");
    let vpc = kind(say, "vpc.githedgehog.com", "VPC");
    let mut objects = vec![
        object(say, &connection, "server-01--mclag--leaf-01--leaf-02", NoSignal, "no status"),
        object(say, &connection, "spine-01--fabric--leaf-01", NoSignal, "no status"),
        object(say, &switch, "leaf-01", Healthy, "applied generation 3 of 3"),
        object(say, &switch, "leaf-02", Degraded, "stuck: generation 3 is not applied since 14m"),
        object(say, &switch, "spine-01", Progressing, "applied generation 2 of 3"),
        object(say, &vpc, "vpc-1", Healthy, "Ready=True"),
        object(say, &vpc, "vpc-2-with-a-rather-long-name-for-tenant-seven", Unknown, "the status says nothing known"),
        object(say, &vpc, "vpc-3", NotPlaced, "no attachment refers to it"),
        object(say, &vpc, "vpc-4", Terminating, "waits for finalizer vpc.githedgehog.com"),
    ];
    objects[7].namespace = say("tenant-b");
    let count = |kind: &Kind, count| KindCount { kind: kind.clone(), count, fault: None };
    let mut kinds = vec![count(&connection, 2), count(&switch, 3), count(&vpc, 4), count(&kind(say, "", "Secret"), 0)];
    kinds[3].fault = Some(fault(say, "listing", "secrets", "403: secrets is forbidden for user viewer", ""));
    let live = ClusterView {
        context: say("kind-fabric-1"),
        connection: Connection::Connected,
        fault: None,
        server: Some(say("v1.31.2")),
        kinds,
        objects: Arc::new(objects.into_iter().map(Arc::new).collect()),
        as_of: Some(ago(0)),
    };
    vec![live, lost_cluster(say)]
}

/// A context that does not answer any more, with what it said before.
pub fn lost_cluster(say: Say) -> ClusterView {
    let vpc = kind(say, "vpc.githedgehog.com", "VPC");
    let objects = vec![
        object(say, &vpc, "vpc-old-green", HealthState::Healthy, "Ready=True"),
        object(say, &vpc, "vpc-old-red", HealthState::Degraded, "Ready=False: NoVLAN"),
    ];
    ClusterView {
        context: say("lab-fabric-2"),
        connection: Connection::Unreachable,
        fault: Some(fault(say, "connecting to", "lab-fabric-2", "no answer within 5 s", "is the VPN up?")),
        server: Some(say("v1.30.0")),
        kinds: vec![KindCount { kind: vpc, count: 2, fault: None }],
        objects: Arc::new(objects.into_iter().map(Arc::new).collect()),
        as_of: Some(ago(44)),
    }
}

pub fn drift_row(say: Say, kind: &str, name: &str, state: DriftState, reason: &str) -> DriftRow {
    let namespace = say("default");
    DriftRow {
        key: ObjectKey::new("vpc.githedgehog.com", kind, namespace, name),
        version: "v1beta1".to_owned(),
        state,
        reason: say(reason),
        file: Some(say("gitops/hedgehog/fabric-1/vpcs.yaml").into()),
        line: Some(12),
        since: Some(ago(22)),
        health: Some(Health { state: HealthState::Healthy, reason: say("Ready=True"), source: say(".status") }),
        generation: None,
        fields: Vec::new(),
        application: None,
    }
}

pub fn drift(say: Say) -> Vec<DriftView> {
    use DriftState::{Behind, Blocked, Draft, Drifted, Orphaned, Overdue, Pending, Synced, Unknown, Unpushed};
    let field = |path: &str, desired: &str, live: &str, class, manager: Option<&str>| FieldDiff {
        path: say(path),
        desired: serde_json::from_str(desired).unwrap_or_else(|_| say(desired).into()),
        live: serde_json::from_str(live).unwrap_or_else(|_| say(live).into()),
        class,
        manager: manager.map(say),
    };
    let mut rows = vec![
        drift_row(say, "VPC", "vpc-1", Drifted, "2 fields differ from every commit"),
        drift_row(say, "VPCAttachment", "vpc-1--server-01", Behind, "live equals 4f3a211, 2 commits ago"),
        drift_row(say, "VPC", "vpc-7", Overdue, "committed, not live after 22m"),
        drift_row(say, "GatewayPeering", "edge", Blocked, "gateway.githedgehog.com/v1alpha1 is not served"),
        drift_row(say, "VPC", "vpc-by-hand", Orphaned, "live, in no file"),
        drift_row(say, "VPC", "vpc-8", Pending, "committed 2m ago, grace 5m"),
        drift_row(say, "VPC", "vpc-9", Draft, "changed in the working tree"),
        drift_row(say, "VPC", "vpc-10", Unpushed, "committed, 1 commit not pushed"),
        drift_row(say, "VPC", "vpc-2", Synced, "live as desired"),
        drift_row(say, "VPC", "vpc-3", Synced, "live as desired"),
    ];
    rows[0].fields = vec![
        field("spec.subnets.default.vlan", "1001", "1002", FieldClass::Changed, Some("kubectl-edit")),
        field("spec.ipv4Namespace", "\"default\"", "null", FieldClass::MissingLive, None),
    ];
    let finding = |severity, code, line, message: &str| Finding {
        severity,
        code,
        file: say("gitops/hedgehog/fabric-1/broken.yaml").into(),
        line,
        message: say(message),
    };
    let findings = vec![
        finding(Severity::Error, "not-yaml", Some(3), "mapping values are not allowed here"),
        finding(Severity::Note, "empty-document", None, "nothing but comments"),
    ];
    let first = DriftView {
        fabric: say("fabric-1"),
        connection: Connection::Connected,
        head: Some("a1b2c3d".to_owned()),
        branch: Some("main".to_owned()),
        rows: Arc::new(rows.into_iter().map(Into::into).collect()),
        findings: findings.into(),
        as_of: Some(ago(0)),
    };
    let second = DriftView {
        fabric: say("fabric-2"),
        connection: Connection::Unreachable,
        head: None,
        branch: None,
        rows: vec![drift_row(say, "VPC", "vpc-far", Unknown, "the cluster cannot be asked").into()].into(),
        findings: Arc::default(),
        as_of: Some(ago(44)),
    };
    vec![first, second]
}

pub fn gates(say: Say) -> Vec<Gate> {
    let gate = |id: &str, title: &str, detail: &str, minutes| Gate {
        id: GateId(id.to_owned()),
        title: say(title),
        detail: say(detail),
        subject: BTreeMap::from([
            ("session".to_owned(), say("specialist-vpc")),
            ("tool_use_id".to_owned(), say("toolu_01")),
            ("input_sha256".to_owned(), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
        ]),
        agent: Some(say("specialist-vpc")),
        tool: Some(say("Bash")),
        rule: Some(say("push")),
        asks: Asks::default(),
        requested_at: ago(minutes),
        expires_at: Some(now() + SignedDuration::from_mins(26)),
        state: GateState::Pending,
        reason: None,
        decided_at: None,
    };
    vec![
        gate("1", "git push origin feature/vlan-ranges", "git push origin feature/vlan-ranges", 4),
        gate(
            "2",
            "kubectl delete vpc vpc-by-hand",
            "kubectl --context kind-fabric-1 delete vpc vpc-by-hand \\\n  --wait=false\nkubectl get vpc",
            1,
        ),
    ]
}
