//! The rules in force are those that the workbench accepted, whoever writes into the session file meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use hnpwb::config::paths::Paths;
use hnpwb::config::session::SourceText;
use hnpwb::config::session::rules::gate_rules;
use hnpwb::domain::gate::change::RuleChange;
use hnpwb::event::{Done, Event};
use hnpwb::exec::{journal, rules as accepting};
use hnpwb::source::mailbox::mailbox;
use hnpwb::source::rules::{Guard, RuleDesk, spawn};
use hnpwb::source::{Inbox, Outbox};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

const PUSH: &str = "[gates]\nsets = []\n[[gate]]\nname = \"push\"\nmatches = \"git push\"\n";
const NONE: &str = "[gates]\nsets = []\n";

struct World {
    dir: tempfile::TempDir,
    paths: Paths,
    root: PathBuf,
    inbox: Inbox,
    outbox: Outbox,
    cancel: CancellationToken,
}

impl World {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path().canonicalize().expect("the folder");
        let paths = Paths::from_vars(|name| match name {
            "HOME" => Some(home.clone().into()),
            "XDG_RUNTIME_DIR" => Some(home.join("run").into()),
            _ => None,
        });
        let root = home.join("project");
        std::fs::create_dir_all(root.join("sub")).expect("a folder");
        std::fs::create_dir_all(&paths.runtime).expect("a folder");
        std::fs::write(root.join("hnpwb.toml"), text).expect("a file");
        let (outbox, inbox) = mailbox();
        Self { dir, paths, root, inbox, outbox, cancel: CancellationToken::new() }
    }

    fn file(&self) -> PathBuf {
        self.root.join("hnpwb.toml")
    }

    fn open(&self) -> RuleDesk {
        let text = std::fs::read_to_string(self.file()).expect("the file");
        let source = SourceText { file: Some(self.file()), text, base: Some(self.root.clone()) };
        let guard = Guard::new(&self.paths, &self.root, source);
        spawn(guard, self.outbox.clone(), self.cancel.clone()).expect("the rules")
    }

    /// Names of the rules that govern a folder below the root.
    fn names(&self, below: &str) -> Vec<String> {
        let found = gate_rules(&self.root.join(below), &self.paths).expect("rules");
        found.into_iter().flat_map(|ruled| ruled.rules).map(|rule| rule.name).collect()
    }

    /// The next changes that are told.
    async fn changes(&mut self) -> Vec<RuleChange> {
        let next = tokio::time::timeout(Duration::from_secs(60), self.inbox.next()).await;
        match next.expect("no news came") {
            Some(Event::Rules(news)) => news.changes,
            other => panic!("not about rules: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_taken_out_of_the_file_stays_in_force_until_it_is_accepted() {
    let mut world = World::new(PUSH);
    let desk = world.open();
    std::fs::write(world.file(), NONE).expect("a file");
    assert_eq!(world.names(""), ["push"], "nobody has accepted that");
    let change = world.changes().await.remove(0);
    assert_eq!((change.file.clone(), change.counts()), (world.file(), (0, 3)));

    let state_dir = world.dir.path().join(".hnpwb");
    let done = accepting::accept(&state_dir, &desk, change.clone(), Timestamp::now()).await;
    assert!(matches!(done, Done::RulesAccepted(Ok(_))), "{done:?}");
    assert!(world.names("").is_empty());
    assert!(world.changes().await.is_empty(), "and it is no difference any more");
    let journal = std::fs::read_to_string(journal::file(&state_dir)).expect("a journal");
    assert!(journal.contains("gate-rules") && journal.contains(&change.after), "{journal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_again_since_it_was_shown_is_not_accepted() {
    let mut world = World::new(PUSH);
    let desk = world.open();
    std::fs::write(world.file(), NONE).expect("a file");
    let shown = world.changes().await.remove(0);
    std::fs::write(world.file(), "[gates]\nsets = []\n# more\n").expect("a file");
    let done = accepting::accept(&world.dir.path().join(".hnpwb"), &desk, shown, Timestamp::now()).await;
    assert!(matches!(&done, Done::RulesAccepted(Err(fault)) if fault.why.contains("changed again")), "{done:?}");
    assert_eq!(world.names(""), ["push"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_broken_meanwhile_holds_nothing_up_and_cannot_be_accepted() {
    let mut world = World::new(PUSH);
    let desk = world.open();
    std::fs::write(world.file(), "[[gat]]\n").expect("a file");
    assert_eq!(world.names("sub"), ["push"]);
    let change = world.changes().await.remove(0);
    assert!(change.problems[0].contains("hnpwb.toml:1:3"), "{:?}", change.problems);
    let done = accepting::accept(&world.dir.path().join(".hnpwb"), &desk, change, Timestamp::now()).await;
    assert!(matches!(done, Done::RulesAccepted(Err(_))), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_file_further_down_adds_rules_and_takes_none_away() {
    let world = World::new(PUSH);
    let _desk = world.open();
    std::fs::write(world.root.join("sub/hnpwb.toml"), NONE).expect("a file");
    assert_eq!(world.names("sub"), ["push"]);
    let more = "[gates]\nsets = []\n[[gate]]\nname = \"more\"\ntool = \"Bash\"\n";
    std::fs::write(world.root.join("sub/hnpwb.toml"), more).expect("a file");
    assert_eq!(world.names("sub"), ["push", "more"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_a_dead_workbench_left_behind_count_for_nothing() {
    let world = World::new(PUSH);
    let _desk = world.open();
    let accepted = world.paths.accepted(&world.root);
    let text = std::fs::read_to_string(&accepted).expect("the accepted rules");
    let mut left: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    left["started"] = "1".into();
    std::fs::write(&accepted, left.to_string()).expect("a file");
    std::fs::write(world.file(), NONE).expect("a file");
    assert!(world.names("").is_empty(), "another process has the id now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_registration_of_the_hook_is_told() {
    let mut world = World::new(PUSH);
    let _desk = world.open();
    let folder = world.root.join(".claude");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("settings.json"), "{\"disableAllHooks\": true}\n").expect("a file");
    let changes = world.changes().await;
    assert_eq!(changes[0].file, folder.join("settings.json"));
    assert!(changes[0].lines.iter().any(|line| line.sign == '+' && line.text.contains("disableAllHooks")));
}
