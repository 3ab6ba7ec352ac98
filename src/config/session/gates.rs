//! Gate rules of a session file, and the sets of rules that are part of the program.

use std::collections::HashSet;
use std::path::Path;

use toml::de::DeTable;

use super::file::{no_duration, parse_duration};
use crate::config::document::{Checker, Placed, Section};
use crate::config::problem::{Problem, unknown};
use crate::domain::gate::pattern::Pattern;
use crate::domain::gate::require::{NAMES, Requirement};
use crate::domain::gate::rule::{GateRule, OnFailure, Origin, RuleEvent};

/// A set of rules that is part of the program.
#[derive(Debug, Clone, Copy)]
pub struct RuleSet {
    /// Its name in `[gates] sets`.
    pub name: &'static str,
    /// In force unless a session file says which sets are.
    pub on: bool,
    /// Its rules, as a session file has them.
    pub text: &'static str,
}

const fn set(name: &'static str, on: bool, text: &'static str) -> RuleSet {
    RuleSet { name, on, text }
}

/// Every set: `gates/` of the repository.
pub const SETS: [RuleSet; 7] = [
    set("destructive", false, include_str!("../../../gates/destructive.toml")),
    set("pushes", false, include_str!("../../../gates/pushes.toml")),
    set("cluster-writes", false, include_str!("../../../gates/cluster-writes.toml")),
    set("questions", false, include_str!("../../../gates/questions.toml")),
    set("secrets", true, include_str!("../../../gates/secrets.toml")),
    set("settings", true, include_str!("../../../gates/settings.toml")),
    set("outside", true, include_str!("../../../gates/outside.toml")),
];

const KEYS: [&str; 13] = [
    "name", "tool", "matches", "fail", "deadline", "event", "paths", "domains", "outside", "agent", "danger",
    "message", "require",
];

/// The names of the sets that are in force when a session file does not say.
pub fn default_sets() -> Vec<String> {
    SETS.iter().filter(|set| set.on).map(|set| set.name.to_owned()).collect()
}

/// The rules of these sets, in the order of [`SETS`].
pub fn rules_of(sets: &[String]) -> Vec<GateRule> {
    let wanted = SETS.iter().filter(|set| sets.iter().any(|name| name == set.name));
    wanted
        .flat_map(|set| {
            let source = format!("set {}", set.name);
            let (mut checker, document) = Checker::open(set.text, Path::new(set.name));
            rules(&mut checker, &document, set.text, &source)
        })
        .collect()
}

/// What is wrong with the built-in sets: nothing, or a test fails.
pub fn problems_of(set: &RuleSet) -> Vec<Problem> {
    let (mut checker, document) = Checker::open(set.text, Path::new(set.name));
    checker.only(&document, "a set", &["gate"]);
    rules(&mut checker, &document, set.text, set.name);
    checker.finish()
}

/// `[gates] sets`; `None` when the file does not say.
pub(super) fn sets(checker: &mut Checker<'_>, document: &DeTable) -> Option<Vec<String>> {
    let section = checker.section(document, "gates")?;
    checker.only(section.table, "[gates]", &["sets"]);
    let named = checker.strings(section.table, "sets")?;
    let known = SETS.map(|set| set.name);
    for name in &named {
        if !known.contains(&name.value.as_str()) {
            checker.complain(&name.span, unknown("set of rules", &name.value, &known));
        }
    }
    Some(named.into_iter().map(|name| name.value).collect())
}

/// `[[gate]]`: the rules of a file whose name is `source`.
pub(super) fn rules(checker: &mut Checker<'_>, document: &DeTable, text: &str, source: &str) -> Vec<GateRule> {
    let mut names = HashSet::new();
    let mut found = Vec::new();
    // Sections come in the order of the file, so each line is counted once.
    let (mut line, mut counted) = (1, 0);
    for section in checker.sections(document, "gate") {
        let start = section.span.start.clamp(counted, text.len());
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..start]).count();
        counted = start;
        let Some(mut rule) = rule(checker, &section) else { continue };
        if !names.insert(rule.name.clone()) {
            let span = section.table.get("name").map_or(section.span.clone(), toml::Spanned::span);
            checker.complain(&span, format!("there is a [[gate]] named {:?} already", rule.name));
            continue;
        }
        rule.origin = Origin { source: source.to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX) };
        found.push(rule);
    }
    found
}

fn rule(checker: &mut Checker<'_>, section: &Section) -> Option<GateRule> {
    let table = section.table;
    checker.only(table, "[[gate]]", &KEYS);
    checker.require(section, "[[gate]]", "name");
    let plain = GateRule::default();
    let event = choice(checker, table, "event", "event", &RuleEvent::ALL).unwrap_or_default();
    let answer = choice(checker, table, "fail", "answer", &OnFailure::ALL);
    // Behind a prompt for a permission stands the agent's own terminal.
    let fail = answer.unwrap_or(if event == RuleEvent::Permission { OnFailure::Ask } else { OnFailure::Deny });
    let deadline = checker.string(table, "deadline").and_then(|written| {
        let duration = parse_duration(&written.value);
        if duration.is_none() {
            checker.complain(&written.span, no_duration(&written.value));
        }
        duration
    });
    let conditions = ["tool", "matches", "paths", "domains", "outside"];
    let given = conditions.iter().any(|key| table.get(*key).is_some());
    match event {
        RuleEvent::ToolCall if !given => {
            checker
                .complain(&section.span, "[[gate]] needs a \"matches\", or another of tool, paths, domains, outside");
        }
        RuleEvent::Stop | RuleEvent::SubagentStop if given => {
            let message =
                format!("{:?} holds no tool call: {} mean nothing to it", event.name(), conditions.join(", "));
            checker.complain(&section.span, message);
        }
        RuleEvent::ToolCall | RuleEvent::Permission | RuleEvent::Stop | RuleEvent::SubagentStop => {}
    }
    let amiss = match event {
        RuleEvent::ToolCall => None,
        RuleEvent::Permission => (fail == OnFailure::Deny).then_some(("deny", "\"ask\" or \"wait\"")),
        RuleEvent::Stop | RuleEvent::SubagentStop => {
            (fail == OnFailure::Ask).then_some(("ask", "\"deny\" or \"wait\""))
        }
    };
    if let Some((answer, better)) = amiss {
        checker.complain(&section.span, format!("{answer:?} is no answer to {:?}: write {better}", event.name()));
    }
    let matches = checker.text(table, "matches");
    let matches_given = table.get("matches").is_some();
    let matches = matches.and_then(|written| pattern(checker, &written));
    let list = |checker: &mut Checker<'_>, key: &str| -> Vec<String> {
        let found = checker.strings(table, key).unwrap_or_default();
        found.into_iter().map(|text| text.value).collect()
    };
    let rule = GateRule {
        name: String::new(),
        event,
        tools: alternatives(checker, table, "tool"),
        paths: list(checker, "paths"),
        domains: list(checker, "domains"),
        outside: checker.flag(table, "outside").unwrap_or_default(),
        agents: alternatives(checker, table, "agent"),
        fail,
        deadline: deadline.unwrap_or(plain.deadline),
        danger: checker.flag(table, "danger").unwrap_or_default(),
        message: checker.text(table, "message").map(|message| message.value),
        require: requirements(checker, table),
        matches,
        origin: Origin::default(),
    };
    let name = checker.text(table, "name")?.value;
    // A rule whose pattern is wrong would hold too much; the file is refused anyway.
    (rule.matches.is_some() || !matches_given).then_some(GateRule { name, ..rule })
}

/// `a|b` as a list.
fn alternatives(checker: &mut Checker<'_>, table: &DeTable, key: &str) -> Vec<String> {
    let Some(written) = checker.text(table, key) else { return Vec::new() };
    let parts: Vec<String> = written.value.split('|').map(|part| part.trim().to_owned()).collect();
    if parts.iter().any(String::is_empty) {
        checker.complain(&written.span, format!("{key:?} has nothing on one side of a \"|\""));
    }
    parts
}

fn choice<T: Copy>(
    checker: &mut Checker<'_>,
    table: &DeTable,
    key: &str,
    what: &str,
    known: &[(&'static str, T)],
) -> Option<T> {
    let written = checker.text(table, key)?;
    let found = known.iter().find(|(name, _)| *name == written.value).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        checker.complain(&written.span, unknown(what, &written.value, &names));
    }
    found
}

fn pattern(checker: &mut Checker<'_>, written: &Placed<String>) -> Option<Pattern> {
    Pattern::new(&written.value)
        .map_err(|why| {
            checker.complain(&written.span, format!("\"matches\" is no regular expression: {why}"));
        })
        .ok()
}

fn requirements(checker: &mut Checker<'_>, table: &DeTable) -> Vec<Requirement> {
    let mut found = Vec::new();
    for written in checker.strings(table, "require").unwrap_or_default() {
        match Requirement::parse(&written.value) {
            Some(requirement) => found.push(requirement),
            None => checker.complain(&written.span, unknown("condition", &written.value, &NAMES)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{SETS, default_sets, problems_of, rules_of};
    use crate::domain::gate::ToolCall;
    use crate::domain::gate::place::example;
    use serde_json::{Value, json};

    /// The rules of a set that hold a call.
    fn holding(set: &str, tool: &str, input: &Value) -> Vec<String> {
        let (ground, rules) = (example(), rules_of(&[set.to_owned()]));
        let call = ToolCall::on(tool, input, &ground, |_| None);
        rules.iter().filter(|rule| rule.holds(&call).is_some()).map(|rule| rule.name.clone()).collect()
    }

    fn bash(set: &str, line: &str) -> bool {
        !holding(set, "Bash", &json!({"command": line})).is_empty()
    }

    #[test]
    fn every_set_reads_cleanly_and_the_last_three_are_on() {
        for set in &SETS {
            assert_eq!(problems_of(set), [], "{}", set.name);
            assert!(!rules_of(&[set.name.to_owned()]).is_empty(), "{}", set.name);
        }
        assert_eq!(default_sets(), ["secrets", "settings", "outside"]);
        assert_eq!(rules_of(&["pushes".to_owned()])[0].origin.source, "set pushes");
    }

    #[test]
    fn destructive_commands_are_held_and_ordinary_ones_are_not() {
        for line in [
            "rm -rf build",
            "sudo rm -r -f /x",
            "git reset --hard HEAD~1",
            "git -C x clean -fdx",
            "git checkout -- .",
            "dd if=/dev/zero of=/dev/sda",
            "mkfs.ext4 /dev/sda1",
            "find . -name '*.rs' -delete",
            "shred x",
            "git branch -D x",
            "git stash drop",
            "docker system prune -af",
            "cd x && rm -fr y",
            "sh -c 'rm -rf y'",
        ] {
            assert!(bash("destructive", line), "{line}");
        }
        for line in ["rm notes.txt", "git status", "cargo clean", "git checkout main", "echo rm", "ls -rf"] {
            assert!(!bash("destructive", line), "{line}");
        }
    }

    #[test]
    fn pushes_are_held() {
        for line in
            ["git push", "git -C x push --tags", "gh pr merge 3", "cargo publish", "npm publish", "docker push x/y"]
        {
            assert!(bash("pushes", line), "{line}");
        }
        for line in ["git pull", "git stash push", "gh pr view 3", "cargo package"] {
            assert!(!bash("pushes", line), "{line}");
        }
    }

    #[test]
    fn writes_to_a_cluster_are_held() {
        for line in [
            "kubectl apply -f x.yaml",
            "kubectl -n a delete pod b",
            "KUBECONFIG=x kubectl scale deploy a --replicas=0",
            "helm upgrade a b",
            "argocd app sync a",
            "flux reconcile kustomization a",
            "oc patch x",
            "kubectl --context c drain n",
        ] {
            assert!(bash("cluster-writes", line), "{line}");
        }
        for line in
            ["kubectl get pods", "kubectl describe pod delete-me", "helm list", "argocd app get a", "kubectl logs x"]
        {
            assert!(!bash("cluster-writes", line), "{line}");
        }
    }

    #[test]
    fn secrets_are_held_for_reading_and_writing() {
        let read = |file: &str| !holding("secrets", "Read", &json!({"file_path": file})).is_empty();
        for file in
            ["/home/me/.ssh/id_ed25519", "/repo/app/.env", ".env.production", "/home/me/.kube/config", "certs/tls.key"]
        {
            assert!(read(file), "{file}");
        }
        for file in ["/repo/app/src/env.rs", ".env.example", "docs/keys.md", "/home/me/.ssh/known_hosts"] {
            assert!(!read(file), "{file}");
        }
        assert!(bash("secrets", "cat ~/.ssh/id_rsa") && bash("secrets", "kubectl get secret x -o yaml"));
        assert!(!bash("secrets", "cat README.md") && !bash("secrets", "cp .env.example x"));
    }

    #[test]
    fn what_decides_about_gates_is_held() {
        let edit = |file: &str| !holding("settings", "Edit", &json!({"file_path": file})).is_empty();
        for file in [
            "hnpwb.toml",
            "sub/hnpwb.toml",
            ".claude/settings.json",
            "/home/me/.claude/settings.local.json",
            "/home/me/.codex/hooks.json",
            ".hnpwb/journal.jsonl",
            "/home/me/.config/hnpwb/sessions/a.toml",
        ] {
            assert!(edit(file), "{file}");
        }
        assert!(!edit("src/settings.json") && !edit(".claude/agents/a.md"));
        assert!(holding("settings", "Read", &json!({"file_path": "hnpwb.toml"})).is_empty());
        for line in [
            "echo '{}' > .claude/settings.json",
            "sed -i s/deny/ask/ hnpwb.toml",
            "rm -f ~/.codex/hooks.json",
            "cp x .claude/settings.local.json",
            "hnpwb hooks remove",
            "tee hnpwb.toml < x",
            "pkill hnpwb",
            "tmux -L a send-keys -t 0 a y",
            "git checkout HEAD~3 -- hnpwb.toml",
        ] {
            assert!(bash("settings", line), "{line}");
        }
        assert!(!bash("settings", "cat hnpwb.toml") && !bash("settings", "hnpwb status"));
    }

    #[test]
    fn files_outside_of_the_project_are_held_for_changes() {
        let held = |tool: &str, file: &str| !holding("outside", tool, &json!({"file_path": file})).is_empty();
        assert!(held("Write", "/etc/hosts") && held("Edit", "../other/x") && held("MultiEdit", "/home/me/.bashrc"));
        assert!(!held("Write", "src/x") && !held("Write", "/tmp/x") && !held("Read", "/etc/hosts"));
        assert!(!held("Write", "/home/me/.claude/plans/p.md"));
    }
}
