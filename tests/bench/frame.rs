//! What a frame costs at 200×60. Budget: 1 ms for a frame, and for an event with the frame after it, whatever stands behind it.

#![expect(clippy::unwrap_used, reason = "what cannot be set up has failed")]

#[path = "../render/fixture.rs"]
mod fixture;

use std::sync::Arc;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use hnpwb::domain::agent::AgentState;
use hnpwb::domain::brief::template::built_in;
use hnpwb::domain::cluster::{ClusterView, KindCount};
use hnpwb::domain::health::HealthState;
use hnpwb::domain::transcript::{Body, Entry, Text, parse_line};
use hnpwb::event::{AgentsNews, BriefOffer, Done, Event, TranscriptChange, TranscriptNews};
use hnpwb::state::State;
use hnpwb::ui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use fixture::{draw, focus, keys, press, tell, tell_all};

const SAY: fixture::Say = str::to_owned;

/// Everything there is to see, in the layout for wide screens.
fn world() -> State {
    let mut state = fixture::state(Theme::default(), SAY);
    tell_all(&mut state, SAY);
    draw(&mut state, 200, 60);
    state
}

fn frame(state: &State, terminal: &mut Terminal<TestBackend>) {
    let drawn = terminal.draw(|frame| {
        black_box(view(state, frame));
    });
    black_box(drawn.is_ok());
}

fn terminal() -> Terminal<TestBackend> {
    Terminal::new(TestBackend::new(200, 60)).unwrap()
}

/// A window of so many entries.
fn entries(count: u64) -> Vec<Entry> {
    let pattern = fixture::entries(SAY);
    (0..count)
        .zip(pattern.iter().cycle())
        .map(|(number, entry)| Entry { offset: number * 400, ..entry.clone() })
        .collect()
}

fn transcripts(c: &mut Criterion) {
    let mut state = world();
    let page = fixture::transcript(state.transcript.generation, entries(100_000));
    tell(&mut state, page);
    let mut terminal = terminal();
    c.bench_function("frame/transcript of 100,000 entries, followed", |b| b.iter(|| frame(&state, &mut terminal)));

    focus(&mut state, PaneKind::Transcript);
    state.transcript.follow = false;
    state.transcript.cursor.entry = 50_000;
    state.transcript.top.entry = 50_000;
    c.bench_function("frame/transcript of 100,000 entries, in the middle", |b| b.iter(|| frame(&state, &mut terminal)));

    keys(&mut state, "/session began");
    press(&mut state, KeyCode::Enter);
    c.bench_function("frame/transcript of 100,000 entries, filtered", |b| b.iter(|| frame(&state, &mut terminal)));
    press(&mut state, KeyCode::Esc);
    keys(&mut state, "/what nobody said");
    press(&mut state, KeyCode::Enter);
    c.bench_function("frame/transcript of 100,000 entries, none passes the filter", |b| {
        b.iter(|| frame(&state, &mut terminal));
    });
}

/// Entries as long as they can be, all of them unfolded.
fn long_entries(c: &mut Criterion) {
    let mut state = world();
    let long = "A line of output as a compiler writes it, with a path and a number.\n".repeat(Text::CAP / 70);
    let body = Body::Said(fixture::text(&long));
    let entry = |number: u64| Entry { offset: number * 400, at: None, sidechain: false, body: body.clone() };
    let page = fixture::transcript(state.transcript.generation, (0..100).map(entry).collect());
    tell(&mut state, page);
    let mut terminal = terminal();
    c.bench_function("frame/entries of 64 KiB, followed", |b| b.iter(|| frame(&state, &mut terminal)));
    focus(&mut state, PaneKind::Transcript);
    keys(&mut state, "kkk");
    c.bench_function("frame/entries of 64 KiB, scrolled", |b| b.iter(|| frame(&state, &mut terminal)));
}

/// Markdown, patches and results of parallel calls, all of it unfolded.
fn rich_entries(c: &mut Criterion) {
    let said = "## Found\n\nThe form takes **VLAN 0**, see `forms/vpc.py`:\n\n1. one\n   - [x] two\n\n| leaf | range |\n|---|---|\n| a | 1-3966 |\n\n```python\nvlan = 1\n```\n\n> quoted [link](https://example.org)\n";
    let edit = serde_json::json!({"file_path": "a.py", "old_string": "a\nb\nc\n".repeat(20), "new_string": "a\nB\nc\n".repeat(20)});
    let record = |number: u64| {
        let call = |id: &str| serde_json::json!({"type": "tool_use", "id": format!("{id}{number}"), "name": "Edit", "input": edit});
        let result = |id: &str| serde_json::json!({"type": "tool_result", "tool_use_id": format!("{id}{number}"), "content": "done\n".repeat(30)});
        let text = serde_json::json!({"type": "text", "text": said});
        let lines = [
            serde_json::json!({"type": "assistant", "message": {"content": [text, call("a"), call("b")]}}),
            serde_json::json!({"type": "user", "message": {"content": [result("b"), result("a")]}}),
        ];
        lines.map(|line| parse_line(number * 400, line.to_string().as_bytes())).concat()
    };
    let mut state = world();
    let page = fixture::transcript(state.transcript.generation, (0..800).flat_map(record).collect());
    tell(&mut state, page);
    let mut terminal = terminal();
    c.bench_function("frame/4,000 entries of Markdown and patches, followed", |b| {
        b.iter(|| frame(&state, &mut terminal));
    });
    focus(&mut state, PaneKind::Transcript);
    keys(&mut state, "Zkkk");
    c.bench_function("frame/4,000 entries of Markdown and patches, unfolded", |b| {
        b.iter(|| frame(&state, &mut terminal));
    });
    c.bench_function("event to frame/a page of Markdown and patches that was not seen yet", |b| {
        b.iter(|| {
            press(&mut state, KeyCode::PageUp);
            if state.transcript.cursor.entry < 100 {
                keys(&mut state, "G");
            }
            frame(&state, &mut terminal);
        });
    });
}

fn events(c: &mut Criterion) {
    let mut state = world();
    let page = fixture::transcript(state.transcript.generation, entries(4_000));
    tell(&mut state, page);
    let mut terminal = terminal();
    let mut end = 4_000 * 400;
    c.bench_function("event to frame/one record is appended", |b| {
        b.iter(|| {
            let mut entry = fixture::entries(SAY).swap_remove(3);
            (entry.offset, end) = (end, end + 400);
            let what = TranscriptChange::Appended { entries: vec![entry], end };
            let generation = state.transcript.generation;
            tell(&mut state, Event::Transcript(TranscriptNews { generation, what }));
            frame(&state, &mut terminal);
        });
    });
    c.bench_function("event to frame/one key", |b| {
        focus(&mut state, PaneKind::Transcript);
        let mut up = true;
        b.iter(|| {
            keys(&mut state, if up { "k" } else { "j" });
            up = !up;
            frame(&state, &mut terminal);
        });
    });
}

fn many_agents(c: &mut Criterion) {
    let mut state = world();
    let states = [AgentState::Idle, AgentState::Working, AgentState::Finished, AgentState::Waiting];
    let agent =
        |number: u16| fixture::agent(SAY, &format!("agent-{number}"), states[usize::from(number % 4)], number.into());
    let news = || AgentsNews { agents: (0..900).map(agent).collect(), as_of: fixture::now(), ..AgentsNews::default() };
    tell(&mut state, Event::Agents(news()));
    let mut terminal = terminal();
    c.bench_function("frame/900 agents", |b| b.iter(|| frame(&state, &mut terminal)));
    c.bench_function("event to frame/900 agents", |b| {
        b.iter_batched(
            news,
            |news| {
                tell(&mut state, Event::Agents(news));
                frame(&state, &mut terminal);
            },
            BatchSize::SmallInput,
        );
    });
}

fn many_objects(c: &mut Criterion) {
    let mut state = world();
    let few = fixture::clusters(SAY).swap_remove(0);
    let kind = few.kinds[2].kind.clone();
    let object =
        |number: usize| fixture::object(SAY, &kind, &format!("vpc-{number:05}"), HealthState::Healthy, "Ready=True");
    let many = ClusterView {
        kinds: vec![KindCount { kind: kind.clone(), count: 10_000, fault: None }],
        objects: Arc::new((0..10_000).map(object).map(Arc::new).collect()),
        ..few
    };
    tell(&mut state, Event::Cluster(many.clone()));
    let mut terminal = terminal();
    c.bench_function("frame/10,000 objects", |b| b.iter(|| frame(&state, &mut terminal)));
    c.bench_function("event to frame/10,000 objects", |b| {
        b.iter_batched(
            || many.clone(),
            |many| {
                tell(&mut state, Event::Cluster(many));
                frame(&state, &mut terminal);
            },
            BatchSize::LargeInput,
        );
    });
}

fn composer(c: &mut Criterion) {
    let mut state = world();
    focus(&mut state, PaneKind::Agents);
    let mut terminal = terminal();
    c.bench_function("event to frame/the composer opens", |b| {
        b.iter(|| {
            // The key, the templates that there are, the first of them.
            keys(&mut state, "b");
            let offer = BriefOffer { templates: built_in(), drafts: Vec::new(), faults: Vec::new() };
            tell(&mut state, Event::Done(Done::BriefOffer(Box::new(offer))));
            press(&mut state, KeyCode::Enter);
            frame(&state, &mut terminal);
            assert!(state.screen.composer.take().is_some(), "no composer");
        });
    });
}

criterion_group!(frames, composer, transcripts, long_entries, rich_entries, events, many_agents, many_objects);
criterion_main!(frames);
