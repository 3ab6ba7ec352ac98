//! Actions: what each one does to the state, and what it asks of the world.

use crate::action::{Action, applies, spec};
use crate::config::layout::{Layout, PaneKind};
use crate::domain::attention::Subject;
use crate::domain::gate::GateState;
use crate::domain::signal::correct::Correction;
use crate::domain::text;
use crate::domain::transcript::Tone;
use crate::domain::transcript::landmark::Landmark;
use crate::domain::transcript::passage::Form;
use crate::effect::{Effect, Effects};
use crate::state::cluster::browse::Browse;
use crate::state::cluster::live::Page;
use crate::state::input::LineInput;
use crate::state::palette::{Choice, choices};
use crate::state::popup::{Popup, Question, Scroll};
use crate::state::{State, describe};

use super::cursor::{self, Motion};
use super::{
    attention, board, checks, cluster, compose, decide, deliver, drift, guard, handoff, review, search, signals, task,
    transcript,
};

/// Carries out an action.
pub fn act(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Down => return travel(state, Motion::Rows(1)),
        Action::Up => return travel(state, Motion::Rows(-1)),
        Action::PageDown => return travel(state, Motion::Pages(1)),
        Action::PageUp => return travel(state, Motion::Pages(-1)),
        Action::Top => return travel(state, Motion::Top),
        Action::Bottom => return travel(state, Motion::Bottom),
        Action::NextTurn => return transcript::jump(state, Landmark::Turn, true),
        Action::PreviousTurn => return transcript::jump(state, Landmark::Turn, false),
        Action::Next(landmark) => return transcript::jump(state, landmark, true),
        Action::Previous(landmark) => return transcript::jump(state, landmark, false),
        Action::Select => transcript::select(state),
        Action::Quote => return transcript::copy_passage(state, Form::Quote),
        Action::Record => return transcript::record(state),
        Action::CopyRecord => return transcript::copy_record(state),
        Action::Reveal => return transcript::reveal(state),
        Action::Fold if state.screen.focus == PaneKind::Agents => {
            if !state.agents.fold() {
                state.say(Tone::Info, "it has no sub-agents");
            }
            return cursor::follow_agent(state);
        }
        Action::Fold if state.screen.focus == PaneKind::Board => state.board.fold(),
        Action::FoldAll if state.screen.focus == PaneKind::Board => state.board.fold_all(),
        Action::Fold if state.screen.focus == PaneKind::Drift => drift::fold(state),
        Action::FoldAll if state.screen.focus == PaneKind::Drift => state.drift.fold_all(),
        Action::FaultsOnly if state.screen.focus == PaneKind::Cluster => cluster::faults_only(state),
        Action::FaultsOnly => drift::faults_only(state),
        Action::NextPage => drift::turn(state, true),
        Action::PreviousPage => drift::turn(state, false),
        Action::Follow => return drift::follow(state),
        Action::ShowCommit => return drift::show_commit(state),
        Action::ShowLive => drift::show_live(state),
        Action::ShowApplication => drift::show_application(state),
        Action::DriftCheck => return drift::check(state),
        Action::CopyPlace => return drift::copy(state),
        Action::DriftBrief => return drift::brief(state),
        Action::HideFinished => {
            state.agents.without_finished = !state.agents.without_finished;
            cursor::arrange(state, PaneKind::Agents);
            return cursor::follow_agent(state);
        }
        Action::Fold => {
            let (width, height) = state.viewport(PaneKind::Transcript);
            state.transcript.fold(width, height);
        }
        Action::FoldAll => {
            state.transcript.unfolded = !state.transcript.unfolded;
            state.transcript.toggled.clear();
        }
        Action::Filter => {
            state.screen.filter = Some(LineInput::with_text(state.filter(state.screen.focus)));
        }
        Action::Search => return search::in_open(state),
        Action::SearchAll => return search::in_all(state),
        Action::NextHit => return search::step(state, true),
        Action::PreviousHit => return search::step(state, false),
        Action::FocusNext => focus_step(state, 1),
        Action::FocusPrevious => focus_step(state, -1),
        Action::Focus(pane) => state.screen.focus_on(pane),
        Action::Zoom => state.screen.zoomed = !state.screen.zoomed,
        Action::NextLayout => {
            state.screen.by_size = None;
            state.screen.layout = (state.screen.layout + 1) % state.screen.layouts.len().max(1);
            let name = state.screen.layouts.get(state.screen.layout).map(|layout| layout.name.clone());
            state.say(Tone::Info, format!("layout {}", name.unwrap_or_default()));
        }
        Action::NextTheme => {
            state.screen.theme = (state.screen.theme + 1) % state.screen.themes.len().max(1);
            let name = state.screen.themes.get(state.screen.theme).map(|theme| theme.name.clone());
            state.say(Tone::Info, format!("theme {}", name.unwrap_or_default()));
        }
        Action::NextNeed => return next_need(state),
        Action::Approve => return guard::approve(state),
        Action::Reject => decide::begin(state, |gate| Popup::Reason { gate, input: LineInput::default() }),
        Action::Acknowledge => return attention::acknowledge(state),
        Action::Snooze => return attention::snooze(state),
        Action::Mute => return attention::mute(state, false),
        Action::MuteAll => return attention::mute(state, true),
        Action::ShowHidden => attention::show_hidden(state),
        Action::Signals => signals::open(state),
        Action::Correct => signals::correct(state),
        Action::Confirm => return decide::confirm(state),
        Action::Brief => return compose::begin(state),
        Action::SaveBrief
        | Action::SendBrief
        | Action::TurnPage
        | Action::NextFinding
        | Action::PreviousFinding
        | Action::FixFinding
        | Action::NextPart
        | Action::PreviousPart
        | Action::AddContext
        | Action::ChooseAgent
        | Action::EditOutside
        | Action::UndoEdit
        | Action::RedoEdit
        | Action::SelectAll
        | Action::DropDraft => return compose::act(state, action),
        Action::HandOff => return handoff::hand_off(state),
        Action::Relay => handoff::relay(state),
        Action::PassOn => return handoff::pass_on(state),
        Action::Briefs => deliver::list(state),
        Action::DeliverBrief => return deliver::deliver(state),
        Action::ResendBrief => return deliver::resend(state),
        Action::CopyPointer => return deliver::copy(state),
        Action::ShowBrief => return deliver::show(state),
        Action::EditBrief => return deliver::edit(state),
        Action::CompareBrief => return deliver::compare(state),
        Action::SendPrompt => return deliver::send(state),
        Action::NextReceiver => return deliver::choose(state, true),
        Action::PreviousReceiver => return deliver::choose(state, false),
        Action::LookAgain => return deliver::look_again(state),
        Action::MoveTask => task::menu(state),
        Action::UndoTask => return task::undo(state),
        Action::SignOff => review::sign_off(state),
        Action::Retry => return review::retry(state),
        Action::ShowClaim => return review::claim(state),
        Action::SortTasks => board::sort(state),
        Action::ReverseTasks => board::reverse(state),
        Action::Lanes => board::lanes(state),
        Action::ColumnLeft => board::aside(state, false),
        Action::ColumnRight => board::aside(state, true),
        Action::NextLink => board::next_link(state, true),
        Action::PreviousLink => board::next_link(state, false),
        Action::FollowLink => return board::follow(state),
        Action::Checks => checks::open(state),
        Action::RunCheck => return checks::run(state),
        Action::StopCheck => return checks::stop(state),
        Action::ReadCheck => return checks::output(state),
        Action::Copy => return copy(state),
        Action::Open => return open(state),
        Action::Details if state.screen.focus == PaneKind::Drift => return drift::open(state),
        Action::Details if state.screen.focus == PaneKind::Board => board::open(state),
        Action::Details => details(state),
        Action::Journal => {
            state.screen.popup =
                Some(Popup::Journal { lines: None, scroll: Scroll::default(), filter: String::new(), typing: None });
            return vec![Effect::ReadJournal];
        }
        Action::FilterJournal => {
            if let Some(Popup::Journal { filter, typing, .. }) = &mut state.screen.popup {
                *typing = Some(LineInput::with_text(filter));
            }
        }
        Action::Kinds => return cluster::kinds(state),
        Action::Describe => return cluster::show(state, Page::Description),
        Action::Yaml => return cluster::show(state, Page::Yaml),
        Action::Sort => cluster::change(state, Browse::sort_next),
        Action::Reverse => cluster::change(state, |browse| browse.reversed = !browse.reversed),
        Action::Wide => cluster::change(state, |browse| browse.wide = !browse.wide),
        Action::Owner => cluster::owner(state),
        Action::ShowDrift => cluster::drift(state),
        Action::CopyLive => return cluster::copy(state),
        Action::Palette => {
            state.screen.popup = Some(Popup::Palette { input: LineInput::default(), selected: 0, kinds: false });
        }
        Action::Help => state.screen.popup = Some(Popup::Help(Scroll::default())),
        Action::Refresh => return vec![Effect::Refresh],
        Action::Reconnect => return cluster::reconnect(state),
        Action::Back => return back(state),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Quit => return quit(state),
    }
    Effects::new()
}

/// Moves the popup's text, or the cursor of the focused pane.
fn travel(state: &mut State, motion: Motion) -> Effects {
    let height = isize::try_from(state.screen.popup_size.1).unwrap_or(1).max(1);
    let scroll = match &mut state.screen.popup {
        None => return cursor::go(state, state.screen.focus, motion),
        Some(
            Popup::Help(scroll)
            | Popup::Confirm { scroll, .. }
            | Popup::Journal { scroll, .. }
            | Popup::Detail { scroll, .. },
        ) => scroll,
        Some(Popup::Search) => {
            search::travel(state, motion);
            return Effects::new();
        }
        Some(Popup::Relay(view)) => {
            handoff::travel(view, motion, height);
            return Effects::new();
        }
        Some(Popup::Task(menu)) => {
            task::travel(menu, motion, height);
            return Effects::new();
        }
        Some(Popup::Signals(_)) => {
            signals::travel(state, motion);
            return Effects::new();
        }
        Some(Popup::Correct(menu)) => {
            menu.selected = motion.within(menu.selected, Correction::ALL.len().saturating_sub(1), height);
            return Effects::new();
        }
        Some(Popup::Brief(menu)) => {
            compose::travel_menu(menu, motion, height);
            return Effects::new();
        }
        Some(Popup::Agent(pick)) => {
            compose::agents_travel(pick, motion, height);
            return Effects::new();
        }
        Some(Popup::Record(view)) => {
            // The view is long: a key that went beyond its end would have to be taken back first.
            let rows = transcript::record_rows(view, state.screen.popup_size.0);
            move_by(&mut view.scroll, motion, height);
            view.scroll.0 = view.scroll.0.min(rows.saturating_sub(usize::try_from(height).unwrap_or(1)));
            return Effects::new();
        }
        Some(Popup::Checks { .. }) => {
            checks::travel(state, motion);
            return Effects::new();
        }
        Some(Popup::TaskDetail(_)) => {
            board::travel(state, motion);
            return Effects::new();
        }
        Some(Popup::Briefs(_)) => {
            deliver::travel(state, motion);
            return Effects::new();
        }
        Some(Popup::Sending(view)) => &mut view.scroll,
        Some(Popup::Drift(_)) => {
            drift::travel(state, motion);
            return Effects::new();
        }
        Some(Popup::Live(view)) => {
            let mut view = view.clone();
            let rows = cluster::rows(state, &view);
            move_by(&mut view.scroll, motion, height);
            view.scroll.0 = view.scroll.0.min(rows.saturating_sub(usize::try_from(height).unwrap_or(1)));
            state.screen.popup = Some(Popup::Live(view));
            return Effects::new();
        }
        Some(Popup::Answer(view)) => {
            if let Motion::Rows(rows) = motion {
                view.step(rows);
            }
            return Effects::new();
        }
        Some(
            Popup::Palette { .. }
            | Popup::Reason { .. }
            | Popup::Word(_)
            | Popup::Library(_)
            | Popup::SignOffReason { .. },
        ) => return Effects::new(),
    };
    move_by(scroll, motion, height);
    Effects::new()
}

pub fn move_by(scroll: &mut Scroll, motion: Motion, height: isize) {
    match motion {
        Motion::Rows(rows) => scroll.step(rows),
        Motion::Pages(pages) => scroll.step(pages.saturating_mul(height)),
        Motion::Top => scroll.0 = 0,
        // The view stops at the last line.
        Motion::Bottom => scroll.0 = usize::MAX / 2,
        Motion::Row(row) => scroll.0 = row,
    }
}

/// Panes of the layout in reading order, the focus moving round.
fn focus_step(state: &mut State, step: isize) {
    let panes = state.screen.layouts.get(state.screen.layout).map(Layout::panes).unwrap_or_default();
    let len = isize::try_from(panes.len()).unwrap_or(1).max(1);
    let at = panes.iter().position(|pane| *pane == state.screen.focus).and_then(|at| isize::try_from(at).ok());
    let next = at.map_or(0, |at| (at + step).rem_euclid(len));
    if let Some(pane) = usize::try_from(next).ok().and_then(|next| panes.get(next)) {
        state.screen.focus_on(*pane);
    }
}

/// Selects the next need after the one that is selected; from elsewhere, the most urgent one.
fn next_need(state: &mut State) -> Effects {
    let (_, height) = state.viewport(PaneKind::Attention);
    let list = &mut state.attention.list;
    if list.rows.is_empty() {
        let hidden = state.attention.hidden;
        let words =
            if hidden > 0 { format!("nothing needs you; {hidden} hidden") } else { "nothing needs you".to_owned() };
        state.say(Tone::Info, words);
        return Effects::new();
    }
    let next = if state.screen.focus == PaneKind::Attention { (list.selected + 1) % list.rows.len() } else { 0 };
    list.select(next, usize::from(height));
    state.screen.focus_on(PaneKind::Attention);
    guard::chosen(state);
    Effects::new()
}

fn copy(state: &mut State) -> Effects {
    if state.screen.focus == PaneKind::Transcript && state.transcript.is_selecting() {
        return transcript::copy_passage(state, Form::Copy);
    }
    match describe::copyable(state) {
        Some((what, text)) => vec![Effect::Copy { text, what }],
        None => {
            state.say(Tone::Info, "nothing is selected to copy");
            Effects::new()
        }
    }
}

/// Opens what is selected: the pane it belongs to, or all that is known of it.
fn open(state: &mut State) -> Effects {
    match state.screen.focus {
        PaneKind::Attention => open_need(state),
        PaneKind::Review => review::open(state),
        PaneKind::Agents => {
            state.screen.focus_on(PaneKind::Transcript);
            cursor::follow_agent(state)
        }
        PaneKind::Transcript => act(state, Action::Fold),
        PaneKind::Drift => drift::open(state),

        PaneKind::Cluster => cluster::open(state).unwrap_or_else(|| {
            details(state);
            Effects::new()
        }),
        PaneKind::Board => {
            board::open(state);
            Effects::new()
        }
        PaneKind::Git => {
            details(state);
            Effects::new()
        }
    }
}

/// Shows all that is known of what is selected.
pub fn details(state: &mut State) {
    match describe::selected(state) {
        Some((title, lines)) => state.screen.popup = Some(Popup::Detail { title, lines, scroll: Scroll::default() }),
        None => state.say(Tone::Info, "nothing is selected"),
    }
}

/// Goes to where a need has its cause.
fn open_need(state: &mut State) -> Effects {
    let Some(subject) = state.attention.current().map(|need| need.subject.clone()) else {
        state.say(Tone::Info, "nothing needs you");
        return Effects::new();
    };
    match subject {
        Subject::Gate(id) => {
            if let Some(gate) = state.gates.iter().find(|gate| gate.id == id) {
                let (title, lines) = describe::gate(state, gate);
                state.screen.popup = Some(Popup::Detail { title, lines, scroll: Scroll::default() });
            }
        }
        Subject::Agent(id) => {
            if !state.agents.reveal(&id) {
                state.say(Tone::Info, "the filter of the agents hides it");
                return Effects::new();
            }
            state.screen.focus_on(PaneKind::Transcript);
            return cursor::go(state, PaneKind::Agents, Motion::Row(state.agents.list.selected));
        }
        Subject::Drift { fabric, state: drift, .. } => {
            let (_, height) = state.viewport(PaneKind::Drift);
            state.drift.select(&fabric, drift, usize::from(height));
            state.screen.focus_on(PaneKind::Drift);
        }
        Subject::Cluster(_) => state.screen.focus_on(PaneKind::Cluster),
        Subject::Signal { .. } => signals::open(state),
        Subject::Task(id) => review::go_to_task(state, &id),
        Subject::Rules(_) => return guard::approve(state),
        Subject::Sending(brief) => deliver::list_at(state, brief),
    }
    Effects::new()
}

/// Leaves the innermost thing there is to leave. Safe everywhere: nothing is decided by it.
fn back(state: &mut State) -> Effects {
    if matches!(state.screen.popup, Some(Popup::Search)) {
        return search::leave(state);
    }
    if let Some(Popup::Journal { typing, filter, .. }) = &mut state.screen.popup
        && typing.take().is_some()
    {
        filter.clear();
        return Effects::new();
    }
    if deliver::leave_page(state) || state.screen.popup.take().is_some() {
        return Effects::new();
    }
    if state.screen.composer.is_some() && state.screen.filter.is_none() {
        return compose::back(state);
    }
    if state.search.marked && state.screen.focus == PaneKind::Transcript && state.screen.filter.is_none() {
        state.search.marked = false;
        return Effects::new();
    }
    if state.screen.focus == PaneKind::Transcript && state.screen.filter.is_none() && state.transcript.unselect() {
        return Effects::new();
    }
    if state.screen.filter.take().is_some() || !state.filter(state.screen.focus).is_empty() {
        cursor::filter(state, String::new());
        return Effects::new();
    }
    if state.screen.focus == PaneKind::Cluster && cluster::leave(state) {
        return Effects::new();
    }
    state.screen.zoomed = false;
    Effects::new()
}

/// Quits; in front of a popup it is the popup that goes.
fn quit(state: &mut State) -> Effects {
    if state.screen.popup.take().is_some() {
        return Effects::new();
    }
    let waiting = state.gates.iter().filter(|gate| gate.state == GateState::Pending).count();
    // Those that another workbench decides about go on waiting there.
    if waiting == 0 || state.guard.elsewhere.is_some() {
        return vec![Effect::Quit];
    }
    decide::ask(state, Question::Quit(waiting));
    Effects::new()
}

/// Carries out what is selected in the palette.
pub fn run_palette(state: &mut State) -> Effects {
    let Some(Popup::Palette { input, selected, kinds }) = state.screen.popup.take() else { return Effects::new() };
    let mut found = choices(state, input.text(), kinds);
    if found.is_empty() {
        let what = if kinds { "kind" } else { "action or kind" };
        state.say(Tone::Warning, format!("no {what} is called {}", text::line(input.text())));
        return Effects::new();
    }
    let choice = found.swap_remove(selected.min(found.len() - 1));
    if let Some(of) = choice.browsed() {
        cluster::browse(state, of);
        return Effects::new();
    }
    let Choice::Action(action) = choice else { return Effects::new() };
    if applies(action, state.screen.place()) {
        return act(state, action);
    }
    let place = spec(action).map(|spec| spec.name).unwrap_or_default();
    state.say(Tone::Warning, format!("{place} needs another pane to have the keys"));
    Effects::new()
}
