//! The composer: a brief that is being written, with what is known of it.

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::style::{Modifier, Style};
use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use serde_json::Value;

use crate::domain::agent::AgentId;
use crate::domain::brief::check::Checked;
use crate::domain::brief::facts::World;
use crate::domain::brief::lint::Finding;
use crate::domain::brief::part::{Section, outline};
use crate::domain::brief::template::{For, Template};
use crate::domain::brief::{Draft, OPEN};
use crate::domain::library::{Item, pick};
use crate::event::KeptDraft;

use super::input::LineInput;

/// Steps that can be taken back.
const STEPS: usize = 500;

/// What a small screen shows of a brief.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Page {
    /// The text, being written.
    #[default]
    Text,
    /// The text as Markdown is laid out.
    Preview,
    /// What the lint has found.
    Findings,
}

impl Page {
    /// The page after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Text => Self::Preview,
            Self::Preview => Self::Findings,
            Self::Findings => Self::Text,
        }
    }
}

/// A brief that is being written.
#[derive(Debug)]
pub struct Composer {
    /// Name under which the draft is kept.
    pub kept: String,
    /// Name of the template.
    pub template: String,
    /// Tokens that the template says it should take at most.
    pub target: Option<usize>,
    /// Id of the task.
    pub task: Option<String>,
    /// The agent it is for, if it is one that is known.
    pub agent: Option<AgentId>,
    /// Name of the agent.
    pub agent_name: Option<String>,
    /// Number of the saved brief that it began as.
    pub from: Option<String>,
    /// What was short of the task, where the brief sends it back.
    pub sent_back: Vec<String>,
    /// The text.
    pub area: TextArea<'static>,
    /// The text as the template gave it: what was not changed need not be kept.
    pub begun: String,
    /// The headings of the text.
    pub outline: Vec<Section>,
    /// Generation of the text that was last sent to be looked at.
    pub generation: u64,
    /// What was found, and in the text of which generation.
    pub checked: Option<(u64, Checked)>,
    /// The finding at the cursor of the findings.
    pub selected: usize,
    /// What a small screen shows.
    pub page: Page,
    /// What clusters and board have; none after news of them.
    pub world: Option<Arc<World>>,
    /// It is to be saved as soon as the text as it stands was looked at; true when it is to be sent then.
    pub wanted: Option<bool>,
    /// It is being written into its file.
    pub saving: bool,
}

impl Composer {
    /// A brief that begins with this draft.
    pub fn new(kept: String, draft: Draft, target: Option<usize>, agent: Option<AgentId>) -> Self {
        let mut composer = Self {
            kept,
            template: draft.template,
            target,
            task: draft.task,
            agent,
            agent_name: draft.agent,
            from: draft.from,
            sent_back: draft.sent_back,
            area: area(&draft.text),
            begun: String::new(),
            outline: Vec::new(),
            generation: 0,
            checked: None,
            selected: 0,
            page: Page::Text,
            world: None,
            wanted: None,
            saving: false,
        };
        composer.outline = outline(composer.area.lines().iter().map(String::as_str));
        composer
    }

    /// The text as it stands.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The same as a draft.
    pub fn draft(&self) -> Draft {
        Draft {
            template: self.template.clone(),
            task: self.task.clone(),
            agent: self.agent_name.clone(),
            from: self.from.clone(),
            sent_back: self.sent_back.clone(),
            text: self.text(),
        }
    }

    /// The draft with the name under which it is kept.
    pub fn keep(&self) -> KeptDraft {
        KeptDraft { name: self.kept.clone(), draft: self.draft() }
    }

    /// What was found last; of an older text while the latest is still being looked at.
    pub fn findings(&self) -> &[Finding] {
        self.checked.as_ref().map_or(&[], |(_, checked)| checked.findings.as_slice())
    }

    /// True while what was found is about the text as it stands.
    pub fn is_current(&self) -> bool {
        self.checked.as_ref().is_some_and(|(generation, _)| *generation == self.generation)
    }

    /// Puts another text in the place of all of it, as one step that can be taken back.
    pub fn replace(&mut self, text: &str, line: usize) {
        self.area.select_all();
        self.area.insert_str(text);
        self.go(line, 0);
    }

    /// Puts the cursor into a line.
    pub fn go(&mut self, line: usize, column: usize) {
        let place = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Jump(place(line), place(column)));
    }

    /// Puts the cursor before the first gap; false when there is none.
    pub fn go_to_gap(&mut self) -> bool {
        let place = self.area.lines().iter().enumerate().find_map(|(line, text)| {
            let at = text.find(OPEN)?;
            Some((line, text[..at].chars().count()))
        });
        if let Some((line, column)) = place {
            self.go(line, column);
        }
        place.is_some()
    }

    /// Line of the cursor, from zero.
    pub fn line(&self) -> usize {
        self.area.cursor().0
    }
}

fn area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect());
    area.set_max_histories(STEPS);
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(Style::new());
    area.set_cursor_style(Style::new().add_modifier(Modifier::REVERSED));
    area.set_selection_style(Style::new().add_modifier(Modifier::REVERSED));
    area
}

/// What a brief is to be about, held until a template is chosen.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// What it is, in a few words: the menu's title.
    pub what: String,
    /// What kind of thing it is.
    pub made_for: For,
    /// Id of the task, for the front matter.
    pub task: Option<String>,
    /// The agent that it is for.
    pub agent: Option<AgentId>,
    /// Name of the agent.
    pub agent_name: Option<String>,
    /// What the template is filled with.
    pub values: Value,
}

/// What a brief can begin from.
#[derive(Debug, Clone, PartialEq)]
pub enum Beginning {
    /// A draft that was kept, with the time it was last written.
    Kept(KeptDraft, Timestamp),
    /// A template.
    Template(Template),
}

/// The menu in front of the composer.
#[derive(Debug, Clone)]
pub struct BriefMenu {
    /// What the brief is to be about.
    pub subject: Subject,
    /// What it can begin from.
    pub rows: Vec<Beginning>,
    /// The row at the cursor.
    pub selected: usize,
    /// Every template: one may build upon another.
    pub templates: Vec<Template>,
}

impl BriefMenu {
    /// A menu of these templates alone.
    pub fn new(subject: Subject, templates: Vec<Template>) -> Self {
        let mut menu = Self { subject, rows: Vec::new(), selected: 0, templates: Vec::new() };
        menu.fill(templates, Vec::new());
        menu
    }

    /// Takes what was read. The cursor stays on its row unless a draft of the same subject is there.
    pub fn fill(&mut self, templates: Vec<Template>, drafts: Vec<(KeptDraft, Timestamp)>) {
        let before = self.rows.get(self.selected).cloned();
        let about_this = |draft: &Draft| {
            (self.subject.task.is_some() && draft.task == self.subject.task)
                || (self.subject.task.is_none() && draft.task.is_none() && draft.agent == self.subject.agent_name)
        };
        let rank = |template: &Template| match template.made_for {
            made_for if made_for == self.subject.made_for => 0,
            For::Any => 1,
            _ => 2,
        };
        let mut offered: Vec<&Template> = templates.iter().collect();
        offered.sort_by_key(|template| rank(template));
        let (own, others): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|(kept, _)| about_this(&kept.draft));
        let has_own = !own.is_empty();
        let kept = |(kept, at)| Beginning::Kept(kept, at);
        let mut rows: Vec<Beginning> = own.into_iter().map(kept).collect();
        rows.extend(offered.into_iter().cloned().map(Beginning::Template));
        rows.extend(others.into_iter().map(kept));
        let same = |row: &Beginning| match (row, &before) {
            (Beginning::Template(new), Some(Beginning::Template(old))) => new.name == old.name,
            _ => false,
        };
        let moved = self.selected > 0;
        let place = rows.iter().position(same);
        self.selected = if has_own && !moved { 0 } else { place.unwrap_or(0) };
        self.rows = rows;
        self.templates = templates;
    }
}

/// The context library while one of its files is picked.
#[derive(Debug, Clone, Default)]
pub struct LibraryPick {
    /// What was typed.
    pub input: LineInput,
    /// The row at the cursor.
    pub selected: usize,
    /// The files that fit, the best first.
    pub found: Vec<usize>,
}

impl LibraryPick {
    /// Looks again for what fits.
    pub fn look(&mut self, items: &[Item]) {
        self.found = pick(items, self.input.text());
        self.selected = self.selected.min(self.found.len().saturating_sub(1));
    }
}

/// The agents while one of them is chosen.
#[derive(Debug, Clone, Default)]
pub struct AgentPick {
    /// Ids and names; the first row is nobody.
    pub rows: Vec<(Option<AgentId>, String)>,
    /// The row at the cursor.
    pub selected: usize,
}

#[cfg(test)]
mod tests {
    use super::{Beginning, BriefMenu, Composer, Subject};
    use crate::domain::brief::Draft;
    use crate::domain::brief::template::{For, built_in};
    use crate::event::KeptDraft;
    use jiff::Timestamp;

    fn draft(task: &str, text: &str) -> Draft {
        Draft { task: Some(task.to_owned()), text: text.to_owned(), ..Draft::default() }
    }

    #[test]
    fn another_text_is_one_step_that_can_be_taken_back() {
        let mut composer = Composer::new("a".into(), draft("1", "# A\n\none ⟦x.y⟧\n"), None, None);
        assert!(composer.go_to_gap());
        assert_eq!((composer.line(), composer.area.cursor().1), (2, 4));
        composer.replace("# B\n", 0);
        assert_eq!(composer.text(), "# B\n");
        assert!(!composer.go_to_gap());
        while composer.area.undo() {}
        assert_eq!(composer.text(), "# A\n\none ⟦x.y⟧\n");
    }

    #[test]
    fn what_suits_is_offered_first_and_a_draft_of_the_same_before_it() {
        let subject = Subject { made_for: For::Task, task: Some("1".to_owned()), ..Subject::default() };
        let mut menu = BriefMenu::new(subject, built_in());
        let name = |menu: &BriefMenu| match &menu.rows[menu.selected] {
            Beginning::Template(template) => template.name.clone(),
            Beginning::Kept(kept, _) => kept.name.clone(),
        };
        assert_eq!(name(&menu), "specialist");
        let kept =
            |name: &str, task| (KeptDraft { name: name.to_owned(), draft: draft(task, "") }, Timestamp::UNIX_EPOCH);
        menu.fill(built_in(), vec![kept("other", "2"), kept("own", "1")]);
        assert_eq!((name(&menu).as_str(), menu.rows.len()), ("own", 11));
        assert!(matches!(menu.rows.last(), Some(Beginning::Kept(kept, _)) if kept.name == "other"));
        // Whoever has moved keeps the place.
        let mut menu = BriefMenu::new(menu.subject, built_in());
        menu.selected = 1;
        let before = name(&menu);
        menu.fill(built_in(), vec![kept("own", "1")]);
        assert_eq!(name(&menu), before);
    }
}
