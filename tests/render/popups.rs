//! What stands in front of the panes.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use hnpwb::config::layout::PaneKind;
use hnpwb::domain::agent::status_line::StatusLine;
use hnpwb::domain::agent::{AgentId, Figures};
use hnpwb::domain::drift::{CheckOutcome, DriftCheck, DriftDetail, FieldClass, FieldDiff, side_by_side};
use hnpwb::domain::fault::Fault;
use hnpwb::domain::journal::{append_line, describe};
use hnpwb::domain::model::Cost;
use hnpwb::domain::search::{Excerpt, Hit, HitKind, Progress, SearchNews, Stage};
use hnpwb::domain::signal::{Evidence, Severity, Signal};
use hnpwb::domain::transcript::Tone;
use hnpwb::event::{AgentsNews, DetailNews, Done, Event, Input, RawRecord, RecordPlace, Revealed};
use hnpwb::state::State;
use hnpwb::state::popup::{Popup, RecordView};
use hnpwb::state::signals::SignalsView;
use serde_json::json;

use crate::detail;
use crate::fixture::{self, ago, focus, keys, press, tell, tell_all};

const SAY: fixture::Say = str::to_owned;

#[test]
fn help() {
    check!("popup-help", |state| keys(state, "?"));
}

#[test]
fn palette() {
    check!("popup-palette", |state| keys(state, ":"));
    check!("popup-palette-typed", |state| keys(state, ":go to"));
    check!("popup-palette-nothing", |state| keys(state, ":xyzzy"));
}

#[test]
fn decisions() {
    check!("popup-reason-empty", |state| keys(state, "nx"));
    check!("popup-reason", |state| keys(state, "nxnot before the review"));
    check!("popup-approve", |state| keys(state, "na"));
    check!("popup-approve-long", |state| keys(state, "nna"));
    check!("popup-reject", |state| {
        keys(state, "nxnot before the review");
        press(state, KeyCode::Enter);
    });
    check!("popup-quit", |state| keys(state, "q"));
}

#[test]
fn what_can_be_changed_of_a_task() {
    check!("popup-task", |state| keys(state, "1gjmj"));
}

#[test]
fn journal() {
    check!("popup-journal-loading", |state| keys(state, "@"));
    check!("popup-journal-empty", |state| {
        keys(state, "@");
        tell(state, Event::Done(Done::Journal(Ok(Vec::new()))));
    });
    check!("popup-journal", |state| {
        keys(state, "@");
        let line = |n: i64| {
            let body = json!({
                "gate": format!("{n:012x}"), "decision": "approved", "title": format!("Bash: git push origin branch-{n}"),
                "reason": "approved by the operator", "rule": "push", "answers": {}, "danger": false,
            });
            describe(append_line(None, ago(40 - n), "gate", body).0.trim_end().as_bytes())
        };
        tell(state, Event::Done(Done::Journal(Ok((1..=40).map(line).collect()))));
    });
}

#[test]
fn details() {
    let places = [
        (PaneKind::Board, "j"),
        (PaneKind::Git, "jj"),
        (PaneKind::Cluster, "jj"),
        (PaneKind::Drift, "j"),
        (PaneKind::Attention, "g"),
    ];
    for (pane, way) in places {
        check!(format!("popup-detail-{}", pane.name()), |state| {
            focus(state, pane);
            keys(state, way);
            keys(state, "i");
        });
    }
}

/// Opens the first object of the first fabric, of which so much was found.
fn open_object(state: &mut State, detail: Option<Result<DriftDetail, Fault>>) {
    focus(state, PaneKind::Drift);
    keys(state, "j");
    press(state, KeyCode::Enter);
    if let Some(detail) = detail {
        let (view, row) = state.drift.current().unwrap();
        let news = DetailNews { fabric: view.fabric.clone(), key: row.key.clone(), detail };
        tell(state, Event::Done(Done::DriftDetail(Box::new(news))));
    }
}

#[test]
fn an_object_of_a_fabric() {
    let found = || Some(Ok(detail::object_detail(SAY)));
    let turn = |state: &mut State, pages: usize| (0..pages).for_each(|_| press(state, KeyCode::Tab));
    check!("popup-object-fields", |state| {
        let mut view = fixture::drift(SAY).remove(0);
        let field =
            |path: &str, desired, live, class| FieldDiff { path: path.to_owned(), desired, live, class, manager: None };
        let range = serde_json::json!({ "start": "10.0.1.10", "end": "10.0.1.99" });
        Arc::make_mut(&mut Arc::make_mut(&mut view.rows)[0]).fields.extend([
            field("spec.permit[0]", serde_json::Value::Null, serde_json::json!(["a", "b"]), FieldClass::ExtraLive),
            field("spec.subnets.default.dhcp.range", range, serde_json::Value::Null, FieldClass::Ineffective),
        ]);
        tell(state, Event::Drift(view));
        open_object(state, found());
    });
    check!("popup-object-versions", |state| {
        open_object(state, found());
        turn(state, 1);
        keys(state, "j");
    });
    check!("popup-object-yaml", |state| {
        open_object(state, found());
        turn(state, 2);
    });
    check!("popup-object-yaml-orphan", |state| {
        let live = serde_json::json!({ "kind": "VPC", "spec": { "vlan": 7, "text": "two\nlines\n" } });
        let pairs = side_by_side(None, Some(&live));
        open_object(state, Some(Ok(DriftDetail { git: None, file: None, pairs, ..detail::object_detail(SAY) })));
        turn(state, 2);
    });
    check!("popup-object-file", |state| {
        open_object(state, found());
        turn(state, 3);
    });
    check!("popup-object-checked", |state| {
        open_object(state, found());
        let (view, row) = state.drift.current().unwrap();
        let (path, class) = ("spec.subnets.default.gateway".to_owned(), FieldClass::Changed);
        let (desired, live) = ("10.0.1.1".into(), "10.0.1.2".into());
        let check = DriftCheck {
            fabric: view.fabric.clone(),
            key: row.key.clone(),
            at: ago(3),
            manager: "argocd-controller".to_owned(),
            commit: Some("0a1b".repeat(10)),
            outcome: CheckOutcome::Changes(vec![FieldDiff { path, desired, live, class, manager: None }]),
        };
        tell(state, Event::Done(Done::Checked(Box::new(check))));
    });
    check!("popup-object-trouble", |state| {
        let fault = fixture::fault(SAY, "looking at", "VPC vpc-1", "neither git nor the cluster has it any more", "");
        open_object(state, Some(Err(fault)));
    });
}

#[test]
fn the_reasoning_about_a_state() {
    check!("popup-detail-agents", |state| {
        let mut news = fixture::agents(SAY);
        let waits = &mut news.agents[0];
        waits.verdict.disagreement = Some("hook says working for 6m: PreToolUse: it calls Bash".to_owned());
        waits.continues = Some("b0c3a9d2".to_owned());
        tell(state, Event::Agents(news));
        focus(state, PaneKind::Agents);
        keys(state, "gi");
    });
}

#[test]
fn what_an_agent_costs_and_what_its_status_line_was_told() {
    check!("popup-detail-cost", |state| {
        let told = r#"{"session_id":"s","cost":{"total_cost_usd":4.2},"context_window":{"context_window_size":1000000},
            "rate_limits":{"five_hour":{"used_percentage":31,"resets_at":1},"seven_day":{"used_percentage":80}}}"#;
        let parent = &mut state.agents.agents[1];
        let cost = Some(Cost { known_usd: 3.91, unpriced: vec!["gpt-5.5".to_owned()] });
        parent.figures = Some(Figures { cost, ..fixture::figures(310, 2) });
        parent.status_line = StatusLine::read(told.as_bytes(), state.now).map(Box::new);
        (parent.context.source, parent.context.as_of) = ("status line", Some(state.now));
        let cost = Some(Cost { known_usd: 0.25, unpriced: Vec::new() });
        state.agents.agents[2].figures = Some(Figures { cost, ..Figures::default() });
        focus(state, PaneKind::Agents);
        keys(state, "gjjji");
    });
}

fn found() -> Vec<Signal> {
    let evidence = |line: u64, quote: &str| Evidence {
        file: "/home/me/.claude/projects/p/s1.jsonl".into(),
        line: Some(line),
        offset: line * 100,
        quote: quote.to_owned(),
    };
    vec![
        Signal {
            kind: "loop",
            cause: "1".to_owned(),
            severity: Severity::Alarm,
            since: Some(ago(14)),
            detail: "the same call 6 times in a row: Bash python -m pytest tests/test_sync.py".to_owned(),
            evidence: [41, 57, 61].map(|line| evidence(line, "Bash python -m pytest tests/test_sync.py")).to_vec(),
        },
        Signal {
            kind: "context",
            cause: "2".to_owned(),
            severity: Severity::Notice,
            since: None,
            detail: "the context is full to 77 percent: 154000 of 200000 tokens".to_owned(),
            evidence: vec![evidence(63, "The database was not reachable.")],
        },
    ]
}

/// The first agent with signals.
fn with_signals(state: &mut State) {
    let mut agents = state.agents.agents.clone();
    agents[0].signals = found();
    tell(state, Event::Agents(AgentsNews { agents, as_of: ago(0), ..AgentsNews::default() }));
}

fn open_signals(state: &mut State) {
    with_signals(state);
    let agent = state.agents.agents[0].clone();
    state.screen.popup = Some(Popup::Signals(SignalsView::new(&agent, None)));
    keys(state, "j");
}

#[test]
fn signals() {
    check!("popup-signals", open_signals);
    check!("popup-signals-correct", |state| {
        open_signals(state);
        keys(state, "bj");
    });
    check!("popup-signals-gone", |state| {
        open_signals(state);
        tell_all(state, SAY);
    });
    check!("popup-attention-hidden", |state| {
        with_signals(state);
        focus(state, PaneKind::Attention);
        keys(state, "zgjsj h");
    });
}

#[test]
fn records() {
    let place = RecordPlace { file: "/home/me/.claude/projects/p/api.jsonl".into(), offset: 4_711 };
    let text = "{\n  \"type\": \"user\",\n  \"token\": \"‹redacted: GitHub token›\",\n  \"text\": \"␛[31mred\"\n}";
    let read = RawRecord { text: text.to_owned(), hidden: 1, bytes: 1_234, digest: String::new() };
    let show = |state: &mut State, record: Option<RawRecord>, revealed: Option<&str>| {
        let revealed = revealed.map(|text| Revealed::new(text.to_owned()));
        state.screen.popup = Some(Popup::Record(RecordView { record, revealed, ..RecordView::new(place.clone()) }));
    };
    check!("popup-record-loading", |state| show(state, None, None));
    check!("popup-record", |state| show(state, Some(read.clone()), None));
    check!("popup-record-revealed", |state| show(
        state,
        Some(read.clone()),
        Some("{\n  \"token\": \"open sesame\"\n}")
    ));
    check!("popup-reveal", |state| {
        show(state, Some(read.clone()), None);
        tell(state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL))));
    });
}

#[test]
fn the_bottom_line() {
    check!("popup-message", |state| state.say(Tone::Error, "writing .hnpwb/briefs/T-1.md: no space left on device"));
    check!("popup-filter", |state| keys(state, "2/orch"));
}

/// News of the search that was begun last.
fn searched(state: &mut State, hits: Vec<Hit>, stage: Stage) {
    let running = stage != Stage::Done;
    let progress = Progress {
        files_done: if running { 3 } else { 7 },
        files: 7,
        bytes_done: if running { 412_000_000 } else { 1_050_000_000 },
        bytes: 1_050_000_000,
        ..Progress::default()
    };
    let generation = state.search.generation;
    tell(state, Event::Search(SearchNews { generation, hits, progress, faults: Vec::new(), stage }));
}

fn hits() -> Vec<Hit> {
    let rows = [
        ("orchestrator", 4, HitKind::Prompt, "The form accepts ", "VLAN 0", " and 4095. Refuse both.", 1),
        (
            "specialist-vpc",
            12,
            HitKind::Error,
            "  File \"netbox_hedgehog/tests/test_vpc.py\", line 41, in test_vlan_zero: AssertionError: ",
            "vlan 0",
            " was accepted although the profile of the leaf switches reserves it and every VLAN above 3966",
            1_204,
        ),
        ("b0c3a9d2", 60 * 24 * 20, HitKind::Call, "", "VLAN 1", "", 2),
    ];
    let hit = |(agent, minutes, kind, before, found, behind, lines): (&str, i64, _, &str, &str, &str, usize)| Hit {
        agent: AgentId(agent.to_owned()),
        offset: 0,
        nth: 0,
        at: Some(ago(minutes)),
        kind,
        excerpt: Excerpt { before: before.to_owned(), found: found.to_owned(), behind: behind.to_owned() },
        lines,
    };
    rows.into_iter().map(hit).collect()
}

#[test]
fn search() {
    check!("popup-search-typing", |state| keys(state, "S"));
    check!("popup-search-bad", |state| {
        keys(state, "Svlan (\\d+");
        searched(state, Vec::new(), Stage::Running);
    });
    check!("popup-search-bad-at-the-end", |state| {
        let early =
            "a pattern that is so long that what is wrong with it stands at the right border of a narrow popup ";
        keys(state, &format!("S{early}[z-a]"));
    });
    check!("popup-search-running", |state| {
        keys(state, "Svlan \\d");
        searched(state, hits(), Stage::Running);
        press(state, KeyCode::Down);
    });
    check!("popup-search-done", |state| {
        keys(state, "Svlan \\d");
        searched(state, hits(), Stage::Running);
        searched(state, Vec::new(), Stage::Done);
    });
    check!("popup-search-none", |state| {
        keys(state, "Svlan \\d");
        searched(state, Vec::new(), Stage::Done);
    });
    check!("popup-search-one", |state| {
        keys(state, "3svlan \\d");
        searched(state, hits()[..1].to_vec(), Stage::Done);
    });
    check!("popup-search-full", |state| {
        keys(state, "Svlan");
        let many = hits().into_iter().cycle().take(2_000).collect();
        let news = SearchNews {
            generation: state.search.generation,
            hits: many,
            progress: Progress { files_done: 2, files: 7, bytes_done: 9_000, bytes: 80_000, skipped: 3, unread: 2 },
            faults: vec![fixture::fault(
                SAY,
                "searching",
                "~/.claude/projects/p/1.jsonl",
                "permission denied",
                "chmod u+r",
            )],
            stage: Stage::Full,
        };
        tell(state, Event::Search(news));
    });
    check!("popup-search-stopped", |state| {
        keys(state, "Svlan \\d");
        searched(state, hits(), Stage::Running);
        press(state, KeyCode::Esc);
        state.screen.popup = Some(hnpwb::state::popup::Popup::Search);
    });
}
