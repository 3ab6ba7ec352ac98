//! The saved briefs, and a prompt that is about to be sent.

use std::path::Path;

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::domain::agent::AgentId;
use hnpwb::domain::agent::registry::RegistryStatus;
use hnpwb::domain::deliver::history::Sending;
use hnpwb::domain::deliver::input::InputLine;
use hnpwb::domain::deliver::pane::Pane;
use hnpwb::domain::deliver::{BriefRef, Process, Sight, Target};
use hnpwb::domain::fault::Fault;
use hnpwb::event::{BriefPage, BriefsRead, Done, Event, PageLine};
use hnpwb::state::State;
use hnpwb::state::popup::Popup;

use crate::fixture::{ago, focus, keys, press, tell};

fn brief(number: u32, title: &str, agent: &str, minutes: i64) -> BriefRef {
    let text = format!(
        "---\ntask: \"2.{number}\"\nagent: {agent}\ntokens: {}\ncreated: {}\n---\n\n# {title}\n",
        number * 610,
        ago(minutes)
    );
    let file = format!("/home/me/hnp/.hnpwb/briefs/{number:04}-brief.md");
    BriefRef::read(Path::new(&file), &text, Path::new("/home/me/hnp")).expect("a brief")
}

fn sending(brief: u32, agent: &AgentId, outcome: &str, reason: &str, minutes: i64) -> Sending {
    Sending {
        id: format!("{brief}-{minutes}"),
        at: ago(minutes),
        brief: Some(brief),
        task: Some(format!("2.{brief}")),
        agent: "docs-writer".to_owned(),
        agent_id: agent.clone(),
        brief_digest: None,
        outcome: outcome.to_owned(),
        ended: true,
        reason: reason.to_owned(),
        proof: None,
    }
}

fn read(state: &mut State) {
    let agent = state.agents.current().expect("an agent").id.clone();
    let name = state.agents.current().expect("an agent").name.clone();
    let briefs = vec![
        brief(1, "Write the glossary", &name, 300),
        brief(2, "Fix the VLAN check of the fabric and everything that hangs on it", &name, 90),
        brief(3, "Handoff: Show drift", &name, 5),
    ];
    let sends = vec![
        sending(1, &agent, "delivered", "line 12 of 0a0b.jsonl", 290),
        sending(
            2,
            &agent,
            "not-delivered",
            "a draft stands in its input: half typed; send it or clear it there first",
            80,
        ),
        sending(2, &agent, "indeterminate", "hnpwb ended while it was being sent", 70),
    ];
    tell(state, Event::Done(Done::Briefs(Ok(BriefsRead { briefs, sends }))));
}

fn list(state: &mut State) {
    focus(state, PaneKind::Agents);
    keys(state, "B");
}

fn listed(state: &mut State) {
    list(state);
    read(state);
}

fn see(state: &mut State, status: RegistryStatus, input: InputLine) {
    let Some(Popup::Sending(view)) = &state.screen.popup else { panic!("nothing is about to be sent") };
    let id = view.receiver.id.clone();
    let line = "%3\t42\t/dev/pts/4\t0\t1\t0\t0\t\t1\thnp:1.0\tclaude";
    let target = Target {
        server: "/tmp/tmux-1000/default".into(),
        pane: Pane::parse(line).expect("a pane"),
        process: Process { pid: 43, start: "99".to_owned() },
        found_by: "its registry names it, and the terminal of its process is this pane's".to_owned(),
    };
    let sight = Sight { target, status: Some((status, None)), input, in_front: true };
    tell(state, Event::Done(Done::PaneSeen(id, Ok(Box::new(sight)))));
}

#[test]
fn the_list() {
    check!("popup-briefs-reading", list);
    check!("popup-briefs-none", |state| {
        list(state);
        tell(state, Event::Done(Done::Briefs(Ok(BriefsRead::default()))));
    });
    check!("popup-briefs", listed);
    check!("popup-briefs-compared", |state| {
        listed(state);
        let line = |tone, text: &str| PageLine { tone, text: text.to_owned() };
        let lines = vec![line(None, "  # Fix it"), line(Some(false), "- by hand"), line(Some(true), "+ with a test")];
        let page = BriefPage { title: "Brief 0003 beside 0002, the last one sent".to_owned(), lines };
        tell(state, Event::Done(Done::BriefPage(Ok(page))));
    });
}

#[test]
fn before_a_prompt_is_sent() {
    check!("popup-sending-looking", |state| {
        listed(state);
        press(state, KeyCode::Enter);
    });
    check!("popup-sending", |state| {
        listed(state);
        press(state, KeyCode::Enter);
        see(state, RegistryStatus::Idle, InputLine::Empty);
    });
    check!("popup-sending-barred", |state| {
        listed(state);
        press(state, KeyCode::Enter);
        see(state, RegistryStatus::Busy, InputLine::Draft("half typed".to_owned()));
    });
    check!("popup-sending-lost", |state| {
        listed(state);
        press(state, KeyCode::Enter);
        let Some(Popup::Sending(view)) = &state.screen.popup else { panic!("nothing is about to be sent") };
        let fault = Fault::new(
            "looking for the pane of",
            "x",
            "its terminal is in no pane of tmux",
            "copy the prompt (y) and paste it yourself",
        );
        let id = view.receiver.id.clone();
        tell(state, Event::Done(Done::PaneSeen(id, Err(fault))));
    });
    check!("popup-sending-asked", |state| {
        listed(state);
        keys(state, "j");
        press(state, KeyCode::Enter);
        see(state, RegistryStatus::Busy, InputLine::Empty);
        press(state, KeyCode::Enter);
    });
}

#[test]
fn what_was_sent_is_told_with_the_agent() {
    check!("popup-detail-agent-sent", |state| {
        focus(state, PaneKind::Agents);
        read(state);
        keys(state, "i");
        keys(state, "G");
    });
}
