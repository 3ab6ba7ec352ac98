//! Writing in the composer: keys, parts, findings with their repairs, files of the library, the operator's editor.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::action::Action;
use crate::domain::brief::clean;
use crate::domain::brief::part::outline;
use crate::domain::fault::Fault;
use crate::domain::library::quote;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::LibraryNews;
use crate::state::State;
use crate::state::composer::{AgentPick, Composer, LibraryPick, Page};
use crate::state::popup::Popup;
use crate::update::cursor::Motion;

/// Lines of a file that are quoted at most.
const QUOTED: usize = 120;
/// Bytes that are pasted at most.
const PASTED: usize = 256 << 10;

/// The text has changed: it is looked at, and kept.
pub fn changed(state: &mut State) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    composer.wanted = None;
    composer.outline = outline(composer.area.lines().iter().map(String::as_str));
    let keep = Effect::KeepDraft(Box::new(composer.keep()));
    let mut effects = super::look(state);
    effects.push(keep);
    effects
}

/// Takes a key that is no action.
pub fn press(state: &mut State, key: KeyEvent) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    if composer.page == Page::Findings && composer.narrow_list(key) {
        return Effects::new();
    }
    composer.page = Page::Text;
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    // As a shell has it; the library's own key for it takes a step back.
    let edited = if control && key.code == KeyCode::Char('u') {
        composer.area.delete_line_by_head()
    } else {
        composer.area.input(key)
    };
    if edited { changed(state) } else { Effects::new() }
}

impl Composer {
    /// Moves among the findings where they have the screen; false for any other key.
    fn narrow_list(&mut self, key: KeyEvent) -> bool {
        let step = match key.code {
            KeyCode::Up => -1,
            KeyCode::Down => 1,
            KeyCode::Enter => {
                self.page = Page::Text;
                self.jump();
                return true;
            }
            _ => return false,
        };
        self.selected = Motion::Rows(step).within(self.selected, self.findings().len().saturating_sub(1), 1);
        true
    }

    /// Puts the cursor where the selected finding is.
    fn jump(&mut self) {
        if let Some(line) = self.findings().get(self.selected).map(|finding| finding.line) {
            self.go(line, 0);
        }
    }
}

/// Takes pasted text, as text alone.
pub fn paste(state: &mut State, text: &str) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = clean(crate::domain::text::prefix(&text, PASTED));
    composer.page = Page::Text;
    composer.area.insert_str(text);
    changed(state)
}

/// Carries out an action that is about the text.
pub fn act(state: &mut State, action: Action) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    match action {
        Action::TurnPage => composer.page = composer.page.next(),
        Action::NextFinding => step(state, 1),
        Action::PreviousFinding => step(state, -1),
        Action::FixFinding => return fix(state),
        Action::NextPart | Action::PreviousPart => part(composer, action == Action::NextPart),
        Action::UndoEdit => return if composer.area.undo() { changed(state) } else { Effects::new() },
        Action::RedoEdit => return if composer.area.redo() { changed(state) } else { Effects::new() },
        Action::SelectAll => composer.area.select_all(),
        Action::AddContext => {
            let mut pick = LibraryPick::default();
            pick.look(&state.library.items);
            state.screen.popup = Some(Popup::Library(Box::new(pick)));
            return vec![Effect::ReadLibrary];
        }
        Action::ChooseAgent => {
            let chosen = composer.agent.clone();
            let nobody = std::iter::once((None, "nobody in particular".to_owned()));
            let agents = state.agents.agents.iter().map(|agent| (Some(agent.id.clone()), agent.name.clone()));
            let rows: Vec<_> = nobody.chain(agents).collect();
            let selected = rows.iter().position(|(id, _)| *id == chosen).unwrap_or(0);
            state.screen.popup = Some(Popup::Agent(AgentPick { rows, selected }));
        }
        Action::EditOutside => return vec![Effect::EditOutside(composer.text())],
        _ => {}
    }
    Effects::new()
}

/// Goes to the next finding behind the cursor, or the one before it, round the end.
fn step(state: &mut State, by: isize) {
    let Some(composer) = &mut state.screen.composer else { return };
    let count = composer.findings().len();
    if count == 0 {
        let words = if composer.checked.is_some() { "nothing was found" } else { "it is still being looked at" };
        return state.say(Tone::Info, words);
    }
    let line = composer.line();
    let on = composer.findings().get(composer.selected).is_some_and(|finding| finding.line == line);
    composer.selected = if on {
        let at = isize::try_from(composer.selected).unwrap_or(0) + by;
        usize::try_from(at.rem_euclid(isize::try_from(count).unwrap_or(1))).unwrap_or(0)
    } else if by > 0 {
        composer.findings().iter().position(|finding| finding.line >= line).unwrap_or(0)
    } else {
        composer.findings().iter().rposition(|finding| finding.line <= line).unwrap_or(count - 1)
    };
    composer.jump();
}

/// Puts the selected finding right.
fn fix(state: &mut State) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    // A repair is about the lines of the text that was looked at.
    if !composer.is_current() {
        state.say(Tone::Info, "it is still being looked at");
        return Effects::new();
    }
    let Some(finding) = composer.findings().get(composer.selected).cloned() else {
        state.say(Tone::Info, "nothing was found");
        return Effects::new();
    };
    let Some(fix) = finding.fix else {
        state.say(Tone::Info, format!("{}: only you can put this right", finding.rule.name()));
        return Effects::new();
    };
    let mut lines: Vec<String> = composer.area.lines().to_vec();
    let (from, to) = (fix.lines.start.min(lines.len()), fix.lines.end.min(lines.len()));
    let line = from + fix.with.iter().position(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or(0);
    lines.splice(from..to, fix.with);
    composer.replace(&lines.join("\n"), line);
    composer.area.move_cursor(ratatui_textarea::CursorMove::End);
    composer.page = Page::Text;
    state.say(Tone::Info, format!("done: {}; alt-z takes it back", fix.what));
    changed(state)
}

/// Goes to the next heading, or the one before.
fn part(composer: &mut Composer, forward: bool) {
    let line = composer.line();
    let mut sections = composer.outline.iter().map(|section| section.line);
    let found = if forward { sections.find(|other| *other > line) } else { sections.rfind(|other| *other < line) };
    if let Some(found) = found {
        composer.page = Page::Text;
        composer.go(found, 0);
    }
}

/// The context library was read.
pub fn library(state: &mut State, news: LibraryNews) {
    if let Some(fault) = news.faults.first() {
        state.complain(fault);
    }
    state.library = news;
    if let Some(Popup::Library(pick)) = &mut state.screen.popup {
        let chosen = pick.found.get(pick.selected).copied();
        pick.look(&state.library.items);
        pick.selected = chosen.and_then(|at| pick.found.iter().position(|found| *found == at)).unwrap_or(pick.selected);
    }
}

/// What is looked for in the library has changed.
pub fn library_typed(state: &mut State) {
    if let Some(Popup::Library(pick)) = &mut state.screen.popup {
        pick.selected = 0;
        pick.look(&state.library.items);
    }
}

/// Moves among the files of the library.
pub fn travel_library(state: &mut State, motion: Motion) {
    let height = isize::try_from(state.screen.popup_size.1).unwrap_or(1).max(1);
    if let Some(Popup::Library(pick)) = &mut state.screen.popup {
        pick.selected = motion.within(pick.selected, pick.found.len().saturating_sub(1), height);
    }
}

/// Takes the chosen file into the brief: by reference, or with `quoted` by content.
pub fn library_key(state: &mut State, quoted: bool) -> Effects {
    let Some(Popup::Library(pick)) = &state.screen.popup else { return Effects::new() };
    let Some(item) = pick.found.get(pick.selected).and_then(|at| state.library.items.get(*at)) else {
        return Effects::new();
    };
    let (path, reference) = (item.path.clone(), item.reference());
    state.screen.popup = None;
    if quoted {
        state.say(Tone::Info, format!("reading {path}"));
        return vec![Effect::ReadExcerpt(path)];
    }
    insert(state, &reference)
}

/// A file of the library was read.
pub fn excerpt(state: &mut State, path: &str, read: Result<String, Fault>) -> Effects {
    match read {
        Ok(content) => {
            state.screen.message = None;
            let quoted = quote(std::path::Path::new(path), &content, QUOTED);
            insert(state, quoted.trim_end())
        }
        Err(fault) => {
            state.complain(&fault);
            Effects::new()
        }
    }
}

/// Puts lines of their own below the line of the cursor.
fn insert(state: &mut State, lines: &str) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    composer.area.cancel_selection();
    composer.area.move_cursor(ratatui_textarea::CursorMove::End);
    let here = composer.area.lines().get(composer.line()).is_some_and(|line| line.trim().is_empty());
    let break_before = if here { "" } else { "\n" };
    composer.area.insert_str(format!("{break_before}{lines}"));
    composer.page = Page::Text;
    changed(state)
}

/// Moves among the agents.
pub fn agents_travel(pick: &mut AgentPick, motion: Motion, height: isize) {
    pick.selected = motion.within(pick.selected, pick.rows.len().saturating_sub(1), height);
}

/// Gives the brief to the agent at the cursor.
pub fn choose_agent(state: &mut State) -> Effects {
    let Some(Popup::Agent(pick)) = state.screen.popup.take() else { return Effects::new() };
    let Some((agent, name)) = pick.rows.into_iter().nth(pick.selected) else { return Effects::new() };
    state.say(Tone::Info, format!("the brief is for {}", crate::domain::text::line(&name)));
    super::assign(state, agent)
}

/// Scrolls with the wheel.
pub fn travel(state: &mut State, rows: i16) {
    if let Some(composer) = &mut state.screen.composer {
        composer.area.scroll((rows, 0));
    }
}

/// The operator's editor has ended.
pub fn edited(state: &mut State, edited: Result<String, Fault>) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    match edited {
        Ok(text) if text.trim_end_matches('\n') != composer.text().trim_end_matches('\n') => {
            let line = composer.line();
            composer.replace(&text, line);
            changed(state)
        }
        Ok(_) => Effects::new(),
        Err(fault) => {
            state.complain(&fault);
            Effects::new()
        }
    }
}
