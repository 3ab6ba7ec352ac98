//! The composer: its menu, the text with what was found, the preview, the library, and what it asks.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use hnpwb::domain::brief::Draft;
use hnpwb::domain::brief::check::check;
use hnpwb::domain::brief::facts::{Facts, Files, Ground, World};
use hnpwb::domain::brief::lint::Aim;
use hnpwb::domain::brief::template::built_in;
use hnpwb::domain::library::{Item, LastCommit, Shelf};
use hnpwb::domain::redact::Redactor;
use hnpwb::event::{BriefChecked, BriefOffer, Done, Event, Input, KeptDraft, LibraryNews};
use hnpwb::state::State;

use crate::fixture::{ago, keys, press, tell};

fn alt(state: &mut State, c: char) {
    tell(state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT))));
}

fn offer(state: &mut State) {
    keys(state, "1gjb");
    let draft = Draft {
        template: "review".to_owned(),
        task: Some("T-5".to_owned()),
        text: "# Review the operator manual\n".to_owned(),
        ..Draft::default()
    };
    let drafts = vec![(KeptDraft { name: "d".to_owned(), draft }, ago(95))];
    let offer = BriefOffer { templates: built_in(), drafts, faults: Vec::new() };
    tell(state, Event::Done(Done::BriefOffer(Box::new(offer))));
}

fn compose(state: &mut State) {
    offer(state);
    press(state, KeyCode::Enter);
}

/// What the desk would answer about the text as it stands.
fn answer(state: &mut State) {
    let composer = state.screen.composer.as_ref().unwrap();
    let files = ["docs/vlan.md", "src/vlan.rs", "project_management/TASK_TRACKING.md"].map(str::to_owned);
    let ground = Ground { files: Some(Files::new(files)), ..Ground::default() };
    let sizes = [("docs/vlan.md".to_owned(), 1_240)].into();
    let world = World::new(&state.board.tasks, &[], &[]);
    let facts = Facts { ground: Arc::new(ground), world: Arc::new(world), sizes };
    let aim = Aim {
        task: composer.task.clone(),
        template: composer.template.clone(),
        left: Some(61_000),
        agent: composer.agent_name.clone(),
        target: composer.target,
    };
    let checked = check(&composer.text(), &aim, &facts, &Redactor::default());
    let news = BriefChecked { generation: composer.generation, checked };
    tell(state, Event::Done(Done::BriefChecked(Box::new(news))));
}

fn with_findings(state: &mut State) {
    compose(state);
    tell(state, Event::Input(Input::Paste("Read `docs/vlan.md` and `docs/ranges.md`; keep checking it.\n".to_owned())));
    answer(state);
    alt(state, '.');
}

#[test]
fn the_menu() {
    check!("composer-menu", offer);
}

#[test]
fn the_text() {
    check!("composer-text-loading", compose);
    check!("composer-text", |state| {
        compose(state);
        answer(state);
    });
    check!("composer-text-findings", with_findings);
}

#[test]
fn the_pages() {
    check!("composer-preview", |state| {
        with_findings(state);
        press(state, KeyCode::Tab);
    });
    check!("composer-findings", |state| {
        with_findings(state);
        press(state, KeyCode::Tab);
        press(state, KeyCode::Tab);
    });
}

#[test]
fn what_stands_before_it() {
    check!("composer-library", |state| {
        compose(state);
        alt(state, 'i');
        let item = |path: &str, shelf, head: &str, bytes| {
            let mut item = Item::new(path.to_owned(), shelf, head, bytes, Some(ago(3_000)));
            item.commit = Some(LastCommit { id: "1a2b3c4d".to_owned(), at: ago(2_900) });
            item
        };
        let items = vec![
            item(
                ".claude/context/vlan.md",
                Shelf::Context,
                "# VLAN ranges\n\nWhen to load: you touch a VLAN check.\n",
                4_960,
            ),
            item("CLAUDE.md", Shelf::Instructions, "# hnp\n", 8_000),
            item("docs/adr/0007-ranges.md", Shelf::Decision, "# 7. Ranges come from the switch\n", 2_400),
            item("repomix-output.xml", Shelf::CodeMap, "", 1_480_000),
        ];
        tell(state, Event::Done(Done::Library(Box::new(LibraryNews { items, faults: Vec::new() }))));
    });
    check!("composer-agents", |state| {
        compose(state);
        alt(state, 'a');
    });
    check!("composer-save-with-errors", |state| {
        with_findings(state);
        tell(state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL))));
    });
}
