//! The operator's checks: opening their list, running, stopping, and what they came to.

use crate::domain::transcript::Tone;
use crate::effect::{CheckRequest, Effect, Effects};
use crate::event::{CheckChange, CheckNews};
use crate::state::State;
use crate::state::checks::Running;
use crate::state::popup::{Popup, Scroll};

use super::cursor::Motion;

/// Opens the list of the checks.
pub fn open(state: &mut State) {
    if state.checks.specs.is_empty() {
        state.say(Tone::Info, "the session names no check: add [[check]] with name and run to hnpwb.toml");
        return;
    }
    state.screen.popup = Some(Popup::Checks { selected: 0 });
}

/// Moves in the list.
pub fn travel(state: &mut State, motion: Motion) {
    let last = state.checks.specs.len().saturating_sub(1);
    let Some(Popup::Checks { selected }) = &mut state.screen.popup else { return };
    let page = isize::try_from(state.screen.popup_size.1).unwrap_or(1).max(1);
    let step = |rows: isize| selected.saturating_add_signed(rows).min(last);
    *selected = match motion {
        Motion::Rows(rows) => step(rows),
        Motion::Pages(pages) => step(pages.saturating_mul(page)),
        Motion::Top => 0,
        Motion::Bottom => last,
        Motion::Row(row) => row.min(last),
    };
}

/// Runs the selected check, unless it runs.
pub fn run(state: &mut State) -> Effects {
    let Some(spec) = selected(state).and_then(|row| state.checks.at(row)).cloned() else { return Effects::new() };
    if state.checks.running.contains_key(&spec.name) {
        state.say(Tone::Info, format!("{} runs already", spec.name));
        return Effects::new();
    }
    let repo = state.git.repos.first();
    let dirty = repo.is_some_and(|repo| repo.dirty.is_dirty());
    let request = CheckRequest {
        name: spec.name.clone(),
        run: spec.run,
        head: repo.and_then(|repo| repo.head.clone()),
        dirty,
        at: state.now,
    };
    let running = Running { since: state.now, line: String::new(), bytes: 0, stopping: false };
    state.checks.running.insert(spec.name, running);
    vec![Effect::RunCheck(Box::new(request))]
}

/// Stops the selected check.
pub fn stop(state: &mut State) -> Effects {
    let Some(name) = selected(state).and_then(|row| state.checks.at(row)).map(|spec| spec.name.clone()) else {
        return Effects::new();
    };
    match state.checks.running.get_mut(&name) {
        Some(running) => {
            running.stopping = true;
            vec![Effect::StopCheck(name)]
        }
        None => {
            state.say(Tone::Info, format!("{name} does not run"));
            Effects::new()
        }
    }
}

/// Shows what the latest run of the selected check wrote.
pub fn output(state: &mut State) -> Effects {
    let run = selected(state).and_then(|row| state.checks.of(state.checks.at(row)?));
    match run {
        Some(run) => vec![Effect::ReadCheck { title: title(run), file: run.file.clone() }],
        None => {
            state.say(Tone::Info, "it was not run yet");
            Effects::new()
        }
    }
}

fn title(run: &crate::domain::check::CheckRun) -> String {
    format!("{} · {} · {}", run.name, run.outcome(), run.at.strftime("%Y-%m-%d %H:%M:%SZ"))
}

/// A check goes on, or has ended.
pub fn news(state: &mut State, news: CheckNews) {
    let CheckNews { name, change } = news;
    match change {
        CheckChange::Running { line, bytes } => {
            if let Some(running) = state.checks.running.get_mut(&name) {
                (running.line, running.bytes) = (line, bytes);
            }
        }
        CheckChange::Ended(run) => {
            state.checks.running.remove(&name);
            let tone = if run.passed() { Tone::Info } else { Tone::Warning };
            let seconds = run.took.as_secs();
            state.say(tone, format!("check {name}: {} after {seconds} s", run.outcome()));
            state.checks.latest.insert(name, *run);
        }
        CheckChange::Failed(fault) => {
            state.checks.running.remove(&name);
            state.complain(&fault);
        }
    }
}

/// The output of a check was read.
pub fn read(state: &mut State, title: String, text: Result<String, crate::domain::fault::Fault>) {
    match text {
        Ok(text) => {
            let text = if text.trim().is_empty() { "it wrote nothing".to_owned() } else { text };
            let lines: Vec<(String, String)> = text.lines().map(|line| (String::new(), line.to_owned())).collect();
            // What went wrong stands at the end.
            let scroll = Scroll(lines.len().saturating_sub(usize::from(state.screen.popup_size.1)));
            state.screen.popup = Some(Popup::Detail { title, lines, scroll });
        }
        Err(fault) => state.complain(&fault),
    }
}

fn selected(state: &State) -> Option<usize> {
    match state.screen.popup {
        Some(Popup::Checks { selected }) => Some(selected),
        _ => None,
    }
}
