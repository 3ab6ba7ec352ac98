//! The queue: seen, hidden, told, and answered with a corrective brief.

use jiff::SignedDuration;

use super::{agent, at, gate, key, keys, request, state};
use crate::action::Action;
use crate::config::layout::PaneKind;
use crate::domain::agent::AgentState;
use crate::domain::attention::hush::SNOOZE;
use crate::domain::notify::Notify;
use crate::domain::signal::{Evidence, Severity, Signal};
use crate::effect::{Effect, Effects};
use crate::event::{AgentsNews, Event, GateNews, Input};
use crate::state::State;
use crate::state::popup::Popup;
use crate::update::act::act;
use crate::update::update;
use crossterm::event::KeyCode;

fn signal(kind: &'static str, cause: &str, severity: Severity) -> Signal {
    Signal {
        kind,
        cause: cause.to_owned(),
        severity,
        since: Some(at(40)),
        detail: format!("{kind} {cause}"),
        evidence: vec![
            Evidence { file: "a.jsonl".into(), line: Some(3), offset: 30, quote: "Bash make".to_owned() },
            Evidence { file: "a.jsonl".into(), line: Some(5), offset: 70, quote: "Bash make".to_owned() },
        ],
    }
}

/// The agent `a` with these signals, told at this second.
fn found(state: &mut State, second: i64, signals: &[Signal]) -> Effects {
    let one = crate::domain::agent::Agent { signals: signals.to_vec(), ..agent("a", AgentState::Working) };
    update(
        state,
        at(second),
        Event::Agents(AgentsNews { agents: vec![one], as_of: at(second), ..AgentsNews::default() }),
    )
}

fn told(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Notify(notice) => Some(notice.title.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_alarm_is_in_the_queue_and_told_once_and_a_notice_is_neither() {
    let mut state = state();
    assert!(told(&found(&mut state, 100, &[signal("loop", "1", Severity::Notice)])).is_empty());
    assert!(state.attention.needs.is_empty());
    let alarm = [signal("loop", "1", Severity::Alarm)];
    assert_eq!(told(&found(&mut state, 110, &alarm)), ["loop: a"]);
    assert_eq!(state.attention.open, 1);
    assert!(told(&found(&mut state, 120, &alarm)).is_empty());
    assert!(told(&found(&mut state, 130, &[])).is_empty());
    assert!(state.attention.needs.is_empty(), "done by itself when its cause is gone");
    assert_eq!(told(&found(&mut state, 140, &alarm)), ["loop: a"], "the same thing happened again");
}

#[test]
fn what_is_acknowledged_stays_quiet_and_is_counted() {
    let mut state = state();
    let alarm = [signal("loop", "1", Severity::Alarm)];
    found(&mut state, 100, &alarm);
    let effects = keys(&mut state, "n ");
    let [Effect::KeepHushes { note: Some(note), .. }, Effect::StatusLine(line)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((line.as_str(), note.what, note.kind.as_str()), ("", "acknowledged", "loop"));
    assert_eq!((state.attention.open, state.attention.hidden, state.attention.needs.len()), (0, 1, 0));
    assert!(told(&found(&mut state, 130, &alarm)).is_empty());
    assert_eq!(state.attention.hidden, 1);
    keys(&mut state, "h");
    assert_eq!((state.attention.open, state.attention.needs.len()), (0, 1));
    let again = keys(&mut state, " ");
    assert!(
        matches!(&again[..], [Effect::KeepHushes { note: Some(note), .. }, ..] if note.what == "shown again"),
        "{again:?}"
    );
    assert_eq!((state.attention.open, state.attention.hidden), (1, 0));
    // Another cause of the same kind is another need.
    keys(&mut state, " ");
    found(&mut state, 140, &[signal("loop", "1", Severity::Alarm), signal("loop", "2", Severity::Alarm)]);
    assert_eq!((state.attention.open, state.attention.hidden), (1, 1));
    // Once the cause is gone, what hid it goes, too, and is kept so.
    let effects = found(&mut state, 150, &[]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::KeepHushes { note: None, .. })), "{effects:?}");
}

#[test]
fn a_snooze_ends_by_itself_within_a_minute_of_its_time() {
    let mut state = state();
    let alarm = [signal("stall", "1", Severity::Alarm)];
    found(&mut state, 60, &alarm);
    keys(&mut state, "ns");
    assert_eq!((state.attention.open, state.attention.hidden), (0, 1));
    update(&mut state, at(60) + SNOOZE - SignedDuration::from_secs(1), Event::Wake);
    assert_eq!(state.attention.open, 0);
    let effects = update(&mut state, at(61) + SNOOZE, Event::Wake);
    assert_eq!((state.attention.open, told(&effects)), (1, vec!["stall: a".to_owned()]));
}

#[test]
fn a_kind_is_muted_and_a_gate_is_not() {
    let mut state = state();
    found(&mut state, 100, &[signal("loop", "1", Severity::Alarm)]);
    keys(&mut state, "nm");
    found(&mut state, 110, &[signal("loop", "2", Severity::Alarm)]);
    assert_eq!((state.attention.open, state.attention.hidden), (0, 1));
    request(&mut state, "1");
    assert!(keys(&mut state, "nm").is_empty());
    assert!(state.screen.message.as_ref().is_some_and(|message| message.text.contains("a gate holds")));
    assert_eq!(state.attention.open, 1);
}

#[test]
fn nothing_is_told_while_somebody_looks_or_in_quiet_hours_or_when_it_is_off() {
    let alarm = [signal("loop", "1", Severity::Alarm)];
    let mut focused = state();
    update(&mut focused, at(90), Event::Input(Input::Focus(true)));
    assert!(told(&found(&mut focused, 100, &alarm)).is_empty());
    update(&mut focused, at(110), Event::Input(Input::Focus(false)));
    assert!(told(&found(&mut focused, 120, &alarm)).is_empty(), "it was seen");
    assert_eq!(told(&found(&mut focused, 130, &[signal("loop", "2", Severity::Alarm)])), ["loop: a"]);
    // Where the terminal does not tell of its focus, a key tells.
    let mut typing = state();
    key(&mut typing, KeyCode::Char('2'));
    assert!(told(&found(&mut typing, 100, &alarm)).is_empty());
    assert_eq!(told(&found(&mut typing, 200, &[signal("loop", "2", Severity::Alarm)])), ["loop: a"]);
    let time = |hour| jiff::civil::Time::new(hour, 0, 0, 0).unwrap();
    for (notify, is_told) in [
        (Notify { tell: None, ..Notify::default() }, false),
        (Notify { tell: Some(crate::domain::attention::Urgency::Held), ..Notify::default() }, false),
        (Notify { quiet: vec![(time(0), time(1))], ..Notify::default() }, false),
        (Notify { quiet: vec![(time(1), time(2))], ..Notify::default() }, true),
    ] {
        let mut state = state();
        state.session.notify = notify;
        assert_eq!(!told(&found(&mut state, 100, &alarm)).is_empty(), is_told, "{:?}", state.session.notify);
    }
}

#[test]
fn what_is_there_at_the_start_is_on_the_screen_and_only_a_gate_rings() {
    let mut state = state();
    assert!(told(&found(&mut state, 2, &[signal("loop", "1", Severity::Alarm)])).is_empty());
    let effects = update(&mut state, at(3), Event::Gate(GateNews::Requested(Box::new(gate("1")))));
    assert_eq!(told(&effects), ["gate: push 1"]);
}

#[test]
fn a_signal_leads_to_its_line_and_to_a_corrective_brief() {
    let mut state = state();
    found(&mut state, 100, &[signal("loop", "1", Severity::Alarm), signal("context", "2", Severity::Warn)]);
    keys(&mut state, "n");
    key(&mut state, KeyCode::Enter);
    let Some(Popup::Signals(view)) = &state.screen.popup else { panic!("{:?}", state.screen.popup) };
    assert_eq!(view.selected, 0);
    keys(&mut state, "j");
    key(&mut state, KeyCode::Enter);
    assert!(state.screen.popup.is_none() && state.screen.focus == PaneKind::Transcript);
    assert_eq!(state.search.goal, Some((30, 0)));
    keys(&mut state, "!");
    assert!(matches!(state.screen.popup, Some(Popup::Signals(_))));
    keys(&mut state, "bj");
    key(&mut state, KeyCode::Enter);
    let composer = state.screen.composer.as_ref().unwrap();
    let text = composer.text();
    assert_eq!(composer.agent_name.as_deref(), Some("a"));
    assert!(text.starts_with("# Correction for a: redirect\n"), "{text}");
    assert!(text.contains("> `a.jsonl:3` Bash make") && text.contains("## Instead"), "{text}");
    assert!(state.screen.popup.is_none());
}

#[test]
fn an_agent_that_is_idle_after_a_claim_wants_to_be_looked_at() {
    let mut state = state();
    let claimed = Evidence { file: "a.jsonl".into(), line: Some(9), offset: 90, quote: "All done.".to_owned() };
    let idle = crate::domain::agent::Agent { claimed: Some(claimed), ..agent("a", AgentState::Idle) };
    let news = AgentsNews { agents: vec![idle], as_of: at(50), ..AgentsNews::default() };
    update(&mut state, at(100), Event::Agents(news));
    let need = &state.attention.needs[0];
    assert_eq!((need.kind, need.reason.as_str()), ("claims", "All done."));
}

#[test]
fn without_signals_there_is_nothing_to_open_or_to_correct() {
    let mut state = state();
    found(&mut state, 100, &[]);
    for action in [Action::Signals, Action::Correct, Action::Acknowledge, Action::Snooze, Action::Mute] {
        assert!(act(&mut state, action).is_empty() && state.screen.popup.is_none(), "{action:?}");
        assert!(state.screen.message.is_some(), "{action:?}");
    }
}
