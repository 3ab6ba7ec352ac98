//! The lint against briefs with planted faults, and its repairs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Aim, Finding, Fix, Rule, Severity};
use crate::domain::brief::Read;
use crate::domain::brief::check::{check, named};
use crate::domain::brief::facts::{Facts, Files, Ground, KindFacts, TaskFacts, World};
use crate::domain::redact::Redactor;
use crate::domain::task::TaskStatus;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The world that the fixtures are about.
fn facts() -> Facts {
    let files = [
        "README.md",
        "CLAUDE.md",
        "src/vlan.rs",
        "src/form.rs",
        "src/sync/controller.rs",
        "tests/vlan.rs",
        "docs/adr/0001-one-crate.md",
        "docs/vlan.md",
        "docs/archive.md",
        "gitops/hedgehog/fabric-1/vpcs.yaml",
        "project_management/TASK_TRACKING.md",
        "scripts/check.sh",
    ];
    let ground = Ground {
        root: "/home/me/project".to_owned(),
        files: Some(Files::new(files.map(str::to_owned))),
        branches: Some(set(&["main", "feature/vlan-range", "release-1.2"])),
        commands: Some(["cargo", "git", "kubectl", "make", "python3", "docker", "helm"].map(str::to_owned).into()),
        contexts: Some(set(&["lab", "hckc"])),
    };
    let kind = |kind: &str, plural: &str, names: &[&str]| {
        let facts = KindFacts {
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            desired: set(names),
            live: set(names),
            count: Some(names.len()),
        };
        (kind.to_lowercase(), facts)
    };
    let kinds = BTreeMap::from([
        kind("VPC", "vpcs", &["vpc-1", "vpc-2"]),
        kind("Switch", "switches", &["leaf-1", "leaf-2", "spine-1"]),
        kind("Server", "servers", &["server-1", "server-2", "server-3"]),
    ]);
    let task = |id: &str, status, depends_on: &[&str]| {
        (id.to_owned(), TaskFacts { status, depends_on: set(depends_on).into_iter().collect() })
    };
    let tasks = BTreeMap::from([
        task("HNP-1", TaskStatus::Done, &[]),
        task("HNP-2", TaskStatus::InProgress, &["HNP-1"]),
        task("HNP-3", TaskStatus::Todo, &["HNP-1", "HNP-2"]),
        task("HNP-4", TaskStatus::Todo, &["HNP-5"]),
        task("HNP-5", TaskStatus::Done, &[]),
    ]);
    let sizes = [("docs/vlan.md", 1_500), ("docs/archive.md", 150_000), ("CLAUDE.md", 900), ("src/vlan.rs", 400)];
    Facts {
        ground: Arc::new(ground),
        world: Arc::new(World { kinds, live_is_whole: true, tasks }),
        sizes: sizes.into_iter().map(|(path, tokens)| (path.to_owned(), tokens)).collect(),
    }
}

fn aim(read: &Read) -> Aim {
    let agent = read.front.agent.clone();
    let left = if agent.as_deref() == Some("nearly-full") { 4_000 } else { 180_000 };
    Aim {
        task: read.front.task.clone(),
        template: read.front.template.clone().unwrap_or_default(),
        left: Some(left),
        agent,
        target: Some(900),
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/briefs");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "md"));
    files.sort();
    files
}

/// A fixture's brief. The token is put together here, so that none stands in the repository.
fn brief(file: &Path) -> Read {
    let text = std::fs::read_to_string(file).unwrap();
    Read::new(&text.replace("SECRET-PLACEHOLDER", &format!("ghp_{}", "0aB3dE6gH9".repeat(4).split_at(36).0)))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[test]
fn every_planted_fault_is_found_and_nothing_else() {
    let (files, facts) = (fixtures(), facts());
    assert_eq!(files.len(), 20);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let read = brief(&file);
        let found = check(&read.text, &aim(&read), &facts, &Redactor::default()).findings;
        seen.extend(found.iter().map(|finding| finding.rule));
        let line = |finding: &Finding| {
            let line = finding.line + read.above as usize + 1;
            format!("{line} {} {}", severity(finding.severity), finding.rule.name())
        };
        let mut found: Vec<String> = found.iter().map(line).collect();
        let expected = std::fs::read_to_string(file.with_extension("expected")).unwrap();
        let mut expected: Vec<String> = expected.lines().map(str::to_owned).collect();
        found.sort();
        expected.sort();
        if found != expected {
            wrong.push(format!("{}:\n  found    {found:?}\n  expected {expected:?}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), Rule::ALL, "each rule has a fault planted for it");
}

fn mended(text: &str, fix: &Fix) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.splice(fix.lines.clone(), fix.with.iter().map(String::as_str));
    lines.join("\n")
}

#[test]
fn every_repair_takes_its_finding_away() {
    let facts = facts();
    let mut mendable = BTreeSet::new();
    for file in fixtures() {
        let read = brief(&file);
        let look = |text: &str| check(text, &aim(&read), &facts, &Redactor::default()).findings;
        for finding in look(&read.text) {
            let Some(fix) = &finding.fix else { continue };
            mendable.insert(finding.rule);
            let after = look(&mended(&read.text, fix));
            // A list of criteria is begun by the repair; what is in it only a person knows.
            let gone = finding.rule == Rule::NoCriteria || !after.iter().any(|other| other.message == finding.message);
            assert!(gone, "{}: {finding:?}\n{}", file.display(), mended(&read.text, fix));
        }
    }
    let all = [
        Rule::Secret,
        Rule::ControlCharacter,
        Rule::NoCriteria,
        Rule::NoEvidence,
        Rule::NoAsk,
        Rule::StaleCommand,
        Rule::MissingFile,
        Rule::TaskDependency,
    ];
    assert_eq!(mendable.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn what_is_over_budget_names_the_largest_parts_and_only_what_is_to_be_read_counts() {
    let text = "Read `docs/archive.md` and `docs/vlan.md`.\nThe check stands in `src/vlan.rs`.\n";
    let facts = facts();
    assert_eq!(named(text, &facts), ["docs/archive.md", "docs/vlan.md"]);
    let aim = Aim { left: Some(100_000), agent: Some("vpc-specialist".to_owned()), ..Aim::default() };
    let checked = check(text, &aim, &facts, &Redactor::default());
    let over = checked.findings.iter().find(|finding| finding.rule == Rule::OverBudget).unwrap();
    assert!(over.message.contains("the largest: docs/archive.md ~150k, docs/vlan.md ~1.5k"), "{}", over.message);
    assert!(checked.budget.total() > 151_500 && checked.errors() >= 2);
}

#[test]
fn what_is_not_known_is_not_held_against_a_brief() {
    let text = "Read `docs/no.md` on branch `no`, run `nothing` with --context no on VPC `no`: 12 VPCs.\n";
    let found = check(text, &Aim::default(), &Facts::default(), &Redactor::default()).findings;
    let rules: BTreeSet<Rule> = found.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, BTreeSet::from([Rule::NoCriteria, Rule::NoEvidence, Rule::NoAsk]));
}

#[test]
fn odd_texts_are_looked_at_without_harm() {
    let facts = facts();
    for text in
        ["", "\n", "`", "```\n", "⟦", "# ", "- [ ]", "| a |\n|-|", &"`a/b.md` ".repeat(2_000), &"x".repeat(100_000)]
    {
        check(text, &Aim::default(), &facts, &Redactor::default());
    }
}
