//! Which links a board, a history and a few agents give, and which they do not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::{BriefNote, End, Facts, Links, Mention, Names, Reason};
use crate::domain::agent::{Agent, AgentId};
use crate::domain::commit::{Commit, CommitRow, Ref, RefKind, RepoLog, Worktree};
use crate::domain::gate::{Asks, Gate, GateId, GateState};
use crate::domain::task::{Task, parse, shared};
use crate::domain::transcript::format::FORMATS;
use jiff::Timestamp;

const BOARD: &str = "- 🔄 **T-1** Retry *(sync-engineer)*\n- 🔲 **T-12** Fields\n- 🔲 HNP-3.1 Peering\n\
                     - 🔲 Read the fabric again\n- 🔲 Docs\n- 🔲 **UTF-8** everywhere\n";

fn board() -> Vec<Arc<Task>> {
    read("TASKS.md", BOARD)
}

fn master() -> Vec<Arc<Task>> {
    let text = r#"{"master": {"tasks": [{"id": 1, "title": "a"}, {"id": 12, "title": "b",
        "subtasks": [{"id": 1, "title": "c"}]}]}, "drift": {"tasks": [{"id": 2, "title": "d"}]}}"#;
    read("tasks.json", text)
}

fn read(file: &str, text: &str) -> Vec<Arc<Task>> {
    shared(parse(Path::new(file), text).tasks)
}

fn named(tasks: &[Arc<Task>], text: &str) -> Vec<String> {
    Names::of(tasks).in_text(text).into_iter().map(|at| tasks[at].id.clone()).collect()
}

fn branch(tasks: &[Arc<Task>], text: &str) -> Vec<String> {
    Names::of(tasks).in_branch(text).into_iter().map(|at| tasks[at].id.clone()).collect()
}

#[test]
fn a_code_is_a_word_of_its_own() {
    let tasks = board();
    for text in
        ["T-1", "fix(sync): T-1.", "see T-1, please", "(T-1)", "T-1-retry is it", "docs/T-1.md", "T-1\n", "ü T-1"]
    {
        assert_eq!(named(&tasks, text), ["T-1"], "{text}");
    }
    for text in ["T-10", "T-1.2", "PT-1", "T-1a", "T-1-2", "t-1", "at T - 1", "üT-1", "T-1ü", "X-T-1", "T1", "T-", "-1"]
    {
        assert_eq!(named(&tasks, text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(named(&tasks, "T-12 after T-1"), ["T-1", "T-12"]);
    assert_eq!(named(&tasks, "hnp-3.1 and HNP-3"), ["HNP-3.1"]);
}

#[test]
fn words_that_everybody_uses_are_no_tasks() {
    let tasks = board();
    for text in ["docs", "update the docs", "UTF-8 text", "utf-8", "read the fabric again", "task docs"] {
        assert_eq!(named(&tasks, text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(named(&tasks, "work on read-the-fabric-again today"), ["read-the-fabric-again"]);
}

#[test]
fn a_number_needs_the_word_task_before_it() {
    let tasks = master();
    for (text, ids) in [
        ("task 12 is done", &["12"][..]),
        ("Tasks #1 and others", &["1"]),
        ("feat: task-12.1", &["12.1"]),
        ("subtask 12.1.", &["12.1"]),
        ("12 files, 1 line", &[]),
        ("task 3", &[]),
        ("12 of task 1 %", &["1"]),
        ("task 12x", &[]),
        ("multitask 12", &[]),
        ("#12", &[]),
    ] {
        assert_eq!(named(&tasks, text), ids, "{text}");
    }
}

#[test]
fn a_branch_is_called_after_a_task() {
    let tasks = board();
    for (name, ids) in [
        ("feature/T-12-fields", &["T-12"][..]),
        ("t-12", &["T-12"]),
        ("fix-T-1", &["T-1"]),
        ("me/read-the-fabric-again", &["read-the-fabric-again"]),
        ("T-120", &[]),
        ("main", &[]),
        ("docs", &[]),
        ("utf-8", &[]),
    ] {
        assert_eq!(branch(&tasks, name), ids, "{name}");
    }
}

fn agent(name: &str) -> Agent {
    Agent { name: name.to_owned(), ..Agent::bare(AgentId(format!("id of {name}")), FORMATS[0], PathBuf::new()) }
}

fn commit(id: &str, parents: &[&str], message: &str, refs: &[(RefKind, &str)]) -> CommitRow {
    let (summary, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let commit = Commit {
        id: id.to_owned(),
        parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        summary: summary.to_owned(),
        body: body.to_owned(),
        author: "A".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        refs: refs.iter().map(|(kind, name)| Ref { kind: *kind, name: (*name).to_owned() }).collect(),
    };
    CommitRow { commit, graph: Vec::new() }
}

fn gate(id: &str, title: &str, agent: Option<&str>, task: Option<&str>) -> Gate {
    Gate {
        id: GateId(id.to_owned()),
        title: title.to_owned(),
        detail: String::new(),
        subject: task.into_iter().map(|task| ("task".to_owned(), task.to_owned())).collect(),
        agent: agent.map(str::to_owned),
        tool: None,
        rule: None,
        requested_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        state: GateState::Pending,
        asks: Asks::default(),
        reason: None,
        decided_at: None,
    }
}

/// What a task is linked to, with reason and source.
fn of<'a>(links: &'a Links, task: &str) -> Vec<(&'a End, Reason, &'a str)> {
    links.of_task(task).iter().map(|link| (&link.to, link.reason, link.source.as_str())).collect()
}

#[test]
fn agents_are_linked_by_file_brief_branch_folder_and_prompt() {
    let tasks = board();
    let mut by_branch = agent("one");
    by_branch.branch = Some("feature/T-12".to_owned());
    let mut by_folder = agent("two");
    by_folder.cwd = Some(PathBuf::from("/w/T-12/src"));
    let agents = [agent("sync-engineer"), by_branch, by_folder, agent("three"), agent("four")];
    let repo = RepoLog {
        path: "/w/main".into(),
        worktrees: vec![
            Worktree { path: "/w/main".into(), branch: Some("main".to_owned()) },
            Worktree { path: "/w/T-12".into(), branch: None },
        ],
        ..RepoLog::default()
    };
    let briefs = [BriefNote {
        file: "/w/.hnpwb/briefs/0003-fields.md".into(),
        task: Some("t-12".to_owned()),
        agent: Some("three".to_owned()),
    }];
    let mentions = [Mention {
        agent: agents[4].id.clone(),
        text: "go on with T-12".to_owned(),
        source: "four.jsonl:9".to_owned(),
    }];
    let facts = Facts {
        tasks: &tasks,
        agents: &agents,
        repos: &[repo],
        briefs: &briefs,
        mentions: &mentions,
        ..Facts::default()
    };
    let links = Links::of(&facts);
    let end = |name: &str| End::Agent(AgentId(format!("id of {name}")));
    assert_eq!(of(&links, "T-1"), [(&end("sync-engineer"), Reason::Assigned, "TASKS.md:1")]);
    assert_eq!(
        of(&links, "T-12"),
        [
            (&end("four"), Reason::Prompt, "four.jsonl:9"),
            (&end("one"), Reason::Branch, "feature/T-12"),
            (&end("three"), Reason::Brief, "0003-fields.md"),
            (&end("two"), Reason::Folder, "/w/T-12/src"),
            (&End::Brief(briefs[0].file.clone()), Reason::Brief, "0003-fields.md"),
        ]
    );
    assert_eq!(links.agent_of("T-12"), Some(&agents[3].id));
    assert_eq!(links.tasks_of(&end("one")).collect::<Vec<_>>(), ["T-12"]);
    assert_eq!(links.agent_of("HNP-3.1"), None);
}

#[test]
fn what_is_kept_of_a_text_names_the_same_tasks_as_the_text() {
    for tasks in [board(), master()] {
        for text in [
            "Do T-1, then HNP-3.1.",
            "hnp-3.1 and t-1 and T-12",
            "Tasks #1.1 and task 12: go on; subtask 1",
            "task 1 %, task 12x, UTF-8",
            "see read-the-fabric-again/now, and read-the-fabric-again-and-again",
            "(T-1)\n-T-1-2 T-1-retry PT-1",
            "",
        ] {
            let kept = super::candidates(text, 16).join(", ");
            assert_eq!(named(&tasks, &kept), named(&tasks, text), "{text}: {kept}");
        }
    }
    assert_eq!(super::candidates("T-1 T-2 T-1 T-3", 2), ["T-1", "T-2"]);
    assert!(super::candidates(&format!("{}-1", "a".repeat(200)), 16).is_empty());
}

#[test]
fn a_role_means_its_agent_only_if_there_is_one() {
    let tasks = read("TASKS.md", "- 🔄 **T-1** Retry *(specialist)*\n");
    let specialist = |name: &str| Agent { role: Some("specialist".to_owned()), ..agent(name) };
    let link = |agents: &[Agent]| Links::of(&Facts { tasks: &tasks, agents, ..Facts::default() });
    assert_eq!(link(&[specialist("one"), agent("two")]).of_task("T-1").len(), 1);
    assert_eq!(link(&[specialist("one"), specialist("two")]).of_task("T-1"), []);
}

#[test]
fn commits_are_linked_by_trailer_message_and_branch() {
    let tasks = board();
    let mut one = agent("one");
    one.branch = Some("feature/T-12".to_owned());
    let mut trunk = agent("trunk");
    trunk.branch = Some("main".to_owned());
    let repo = RepoLog {
        rows: vec![
            commit("d4", &["c3"], "polish", &[(RefKind::Branch, "feature/T-12")]),
            commit("c3", &["b2"], "fields\n\nWhy.\n\nTask: T-12, HNP-3.1\nRefs: #12, T-1", &[]),
            commit("b2", &["a1"], "retry (T-1)\n\nIt says T-12 is next.", &[(RefKind::Branch, "main")]),
            commit("a1", &[], "begin", &[]),
        ],
        ..RepoLog::default()
    };
    let agents = [one, trunk];
    let links = Links::of(&Facts { tasks: &tasks, agents: &agents, repos: &[repo], ..Facts::default() });
    let (one, d4, c3, b2) = (
        End::Agent(agents[0].id.clone()),
        End::Commit("d4".to_owned()),
        End::Commit("c3".to_owned()),
        End::Commit("b2".to_owned()),
    );
    assert_eq!(
        of(&links, "T-12"),
        [
            (&one, Reason::Branch, "feature/T-12"),
            (&one, Reason::OwnCommit, "c3"),
            (&b2, Reason::Message, "b2 retry (T-1)"),
            (&c3, Reason::Trailer, "c3 Task: T-12, HNP-3.1"),
            (&c3, Reason::Branch, "feature/T-12"),
            (&d4, Reason::Branch, "feature/T-12"),
        ]
    );
    assert_eq!(links.commits_of("T-12").collect::<Vec<_>>(), ["b2", "c3", "d4"]);
    assert_eq!(of(&links, "HNP-3.1")[1], (&c3, Reason::Trailer, "c3 Task: T-12, HNP-3.1"));
    assert_eq!(
        of(&links, "T-1"),
        [
            (&one, Reason::OwnCommit, "c3"),
            (&b2, Reason::Message, "b2 retry (T-1)"),
            (&c3, Reason::Trailer, "c3 Refs: #12, T-1"),
        ],
        "what lies on a trunk says nothing of who made it"
    );
}

#[test]
fn gates_are_linked_by_subject_text_and_whoever_asks() {
    let tasks = board();
    let asks = Agent { session_id: Some("s".to_owned()), ..agent("sync-engineer") };
    let gates = [
        gate("g1", "push", None, Some("T-12")),
        gate("g2", "apply T-12", Some("s"), None),
        gate("g3", "apply", Some("other"), None),
    ];
    let links = Links::of(&Facts { tasks: &tasks, agents: &[asks], gates: &gates, ..Facts::default() });
    let end = |id: &str| End::Gate(GateId(id.to_owned()));
    assert_eq!(
        of(&links, "T-12"),
        [(&end("g1"), Reason::Subject, "task=T-12"), (&end("g2"), Reason::Text, "apply T-12")]
    );
    assert_eq!(of(&links, "T-1")[1], (&end("g2"), Reason::Asker, "sync-engineer"));
    assert_eq!(links.tasks_of(&end("g3")).count(), 0);
}

#[test]
fn the_number_of_a_task_is_enough_where_tasks_are_listed() {
    let tasks = master();
    let repo = RepoLog {
        rows: vec![commit("a1", &[], "x\n\nTask: #12, drift/2\nCloses: 1", &[(RefKind::Branch, "main")])],
        ..RepoLog::default()
    };
    let links = Links::of(&Facts { tasks: &tasks, repos: &[repo], ..Facts::default() });
    let linked: Vec<&str> = links.tasks_of(&End::Commit("a1".to_owned())).collect();
    assert_eq!(linked, ["12", "drift/2"], "Closes: 1 is an issue");
}

#[test]
fn an_id_that_stands_in_two_files_means_both() {
    let mut tasks = [read("A.md", "- 🔲 **T-7** a\n"), read("B.md", "- 🔲 **T-7** b\n")].concat();
    crate::domain::task::distinguish(&mut tasks);
    assert_eq!(named(&tasks, "T-7"), ["T-7", "B/T-7"]);
}

proptest! {
    /// Every mention that is found stands in the text, with no letter or digit beside it.
    #[test]
    fn what_is_found_stands_there_as_a_word(
        text in proptest::collection::vec(
            prop_oneof![
                3 => proptest::sample::select(vec!["T-1", "T-12", "hnp-3.1", "-", ".", " ", "task ", "1", "a", "ü", "#", "/"])
                    .prop_map(str::to_owned),
                1 => any::<String>(),
            ],
            0..12,
        ).prop_map(|parts| parts.concat())
    ) {
        for id in named(&board(), &text) {
            let (text, id) = (text.to_lowercase(), id.to_lowercase());
            let alone = text.match_indices(&id).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + id.len()..].chars().next();
                !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
            });
            prop_assert!(alone, "{} in {:?}", id, text);
        }
        branch(&board(), &text);
    }
}
