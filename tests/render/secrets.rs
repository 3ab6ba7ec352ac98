//! Secrets in every field that comes from outside: none is drawn, in no pane and in no popup but the one that decides a gate.

use std::sync::Arc;

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use hnpwb::domain::drift::ObjectKey;
use hnpwb::domain::redact::{Pattern, Redactor};
use hnpwb::domain::transcript::Body;
use hnpwb::event::{Done, Event, GateNews, SourceId};
use hnpwb::state::State;

use crate::evidence;
use crate::fixture::{self, draw, fault, focus, keys, press, tell};
use crate::{SIZES, text};

#[path = "../../src/domain/redact/tests/kinds.rs"]
#[expect(dead_code, reason = "the library's own tests use more of it")]
mod kinds;

/// What the built-in rules know, and what only the user does. Put together here, so that no scanner finds it in the tree.
fn leaky(text: &str) -> String {
    format!("{text} {} ACME-{}", ["gh", "p_", &"a1B2".repeat(9)].concat(), "0192837465")
}

fn redactor() -> Redactor {
    Redactor::new(vec![Pattern::new(Some("badge"), "ACME-[0-9]{10}").unwrap()])
}

/// As the source of the evidence has it: it hides secrets in what it reads.
fn redacted(text: &str) -> String {
    redactor().redact(text).into_owned()
}

/// Everything there is to see, as the sources and the mailbox send it.
fn world() -> State {
    let redactor = redactor();
    let mut state = fixture::state(Theme::default(), str::to_owned);
    state.session.redactor = redactor.clone();
    let mut send = |event: Event| tell(&mut state, event.redacted(&redactor));
    let mut board = fixture::board(leaky);
    board.tasks = board.tasks.iter().map(|task| Arc::new(task.as_ref().clone().redacted(&redactor))).collect();
    send(Event::Board(board));
    let mut agents = fixture::agents(leaky);
    for agent in &mut agents.agents {
        (agent.branch, agent.cwd) = (Some(leaky("main")), Some(leaky("/repo").into()));
        agent.transcript = leaky("/home/me/a").into();
    }
    agents.agents = agents.agents.into_iter().map(|agent| agent.redacted(&redactor)).collect();
    send(Event::Agents(agents));
    let entries = fixture::entries(leaky).into_iter().map(|entry| entry.redacted(&redactor)).collect();
    send(fixture::transcript(1, entries));
    let mut git = fixture::git(leaky);
    git.repos = git.repos.into_iter().map(|repo| repo.redacted(&redactor)).collect();
    send(Event::Git(git));
    for (mut view, context) in fixture::clusters(leaky).into_iter().zip(["live", "lost"]) {
        // The kubeconfig's own names, and those of kinds, are what things are found by.
        context.clone_into(&mut view.context);
        for kind in view.kinds.iter_mut().map(|count| &mut count.kind) {
            (kind.group, kind.kind) = ("group".to_owned(), "Kind".to_owned());
        }
        for object in Arc::make_mut(&mut view.objects) {
            *object = object.as_ref().clone().redacted(&redactor).into();
            let object = Arc::make_mut(object);
            (object.kind.group, object.kind.kind) = ("group".to_owned(), "Kind".to_owned());
        }
        send(Event::Cluster(view));
    }
    for (mut view, fabric) in fixture::drift(leaky).into_iter().zip(["fabric-1", "fabric-2"]) {
        fabric.clone_into(&mut view.fabric);
        for row in Arc::make_mut(&mut view.rows) {
            *row = row.as_ref().clone().redacted(&redactor).into();
            let row = Arc::make_mut(row);
            row.key = ObjectKey::new("group", "Kind", &*row.key.namespace, &*row.key.name);
        }
        view.findings = Arc::new(view.findings.iter().cloned().map(|finding| finding.redacted(&redactor)).collect());
        send(Event::Drift(view));
    }
    for gate in fixture::gates(leaky) {
        send(Event::Gate(GateNews::Requested(Box::new(gate))));
    }
    let found = evidence::found(&state, |text| redacted(&leaky(text)));
    tell(&mut state, found);
    state
}

/// Eight characters of either secret: fewer are left where a pane is narrow, and say little.
fn assert_hidden(state: &mut State, (width, height): (u16, u16), case: &str) {
    let shown = text(&draw(state, width, height));
    for part in ["a1B2a1B2", "01928374", "19283746"] {
        assert!(!shown.contains(part), "{case} {width}x{height}: {part}\n{shown}");
    }
    assert!(shown.contains("‹redacted") || shown.contains("‹r"), "{case} {width}x{height}: nothing is hidden\n{shown}");
}

#[test]
fn no_pane_draws_a_secret() {
    for pane in PaneKind::ALL {
        for size in SIZES {
            for typed in ["z", "zZ", "zG"] {
                let mut state = world();
                focus(&mut state, pane);
                keys(&mut state, typed);
                // Folded, the board has nothing but counts, and in the columns of a wide one titles are cut before the secret.
                if pane == PaneKind::Board && (typed == "zZ" || size.0 > 80) {
                    let shown = text(&draw(&mut state, size.0, size.1));
                    assert!(!shown.contains("a1B2a1B2") && !shown.contains("01928374"), "{typed}\n{shown}");
                } else {
                    assert_hidden(&mut state, size, &format!("{} {typed}", pane.name()));
                }
            }
        }
    }
}

#[test]
fn no_details_and_no_journal_show_a_secret() {
    for size in SIZES {
        for pane in PaneKind::ALL {
            for down in ["", "j", "jj", "jjj", "G"] {
                let mut state = world();
                focus(&mut state, pane);
                keys(&mut state, down);
                press(&mut state, KeyCode::Enter);
                assert_hidden(&mut state, size, &format!("details of {} {down}", pane.name()));
            }
        }
        let mut state = world();
        keys(&mut state, "@");
        let journal = Event::Done(Done::Journal(Ok(vec![leaky("approved")])));
        tell(&mut state, journal.redacted(&redactor()));
        assert_hidden(&mut state, size, "journal");
    }
}

#[test]
fn no_fault_shows_a_secret() {
    for pane in PaneKind::ALL {
        let mut state = world();
        for source in [SourceId::Agents, SourceId::Transcript, SourceId::Board, SourceId::Git, SourceId::Gates] {
            let event = Event::SourceFault(source, fault(leaky, "reading", "it", "broken", "mend it"));
            tell(&mut state, event.redacted(&redactor()));
        }
        focus(&mut state, pane);
        keys(&mut state, "z");
        assert_hidden(&mut state, (200, 60), pane.name());
    }
}

#[test]
fn a_decision_shows_exactly_what_will_run_and_says_that_secrets_are_in_it() {
    for typed in ["na", "nx"] {
        let mut state = world();
        keys(&mut state, typed);
        let shown = text(&draw(&mut state, 200, 60));
        assert!(shown.contains("a1B2a1B2") && shown.contains("this is what will run"), "{shown}");
        press(&mut state, KeyCode::Esc);
        assert_hidden(&mut state, (200, 60), "after the decision");
    }
}

#[test]
fn no_secret_of_any_kind_is_drawn_in_a_transcript() {
    let redactor = redactor();
    let cases = kinds::cases(&mut kinds::Seed(0x005E_C2E7));
    assert!(cases.len() >= 90);
    for case in cases {
        let piece = case.piece();
        let mut state = fixture::state(Theme::default(), str::to_owned);
        tell(&mut state, Event::Agents(fixture::agents(str::to_owned)));
        let entries = fixture::entries(|_| "@".to_owned());
        let entries = entries.into_iter().map(|mut entry| {
            fill(&mut entry.body, &piece);
            entry.redacted(&redactor)
        });
        let event = fixture::transcript(state.transcript.generation, entries.collect());
        tell(&mut state, event.redacted(&redactor));
        focus(&mut state, PaneKind::Transcript);
        keys(&mut state, "zZ");
        let shown = text(&draw(&mut state, 200, 60));
        let shown: String = shown.split(['\n', '│']).map(str::trim).collect();
        assert!(shown.contains("redacted"), "{}: {shown}", case.what);
        assert_eq!(kinds::survivor(&case.value, &shown), None, "{}: {shown}", case.what);
    }
}

/// Puts these words wherever a body has any.
pub fn fill(body: &mut Body, said: &str) {
    match body {
        Body::Prompt(text)
        | Body::Said(text)
        | Body::Plain(text)
        | Body::Summary(text)
        | Body::Thinking(text)
        | Body::Result { output: text, .. } => *text = fixture::text(said),
        Body::Call { name, summary, input, .. } => {
            said.clone_into(name);
            said.clone_into(summary);
            *input = fixture::text(&format!("command: {said}"));
        }
        Body::Note { text, .. } | Body::Unread { why: text, .. } => said.clone_into(text),
    }
}
