//! Briefs about an object of a fabric: what git and the cluster have, who wrote it, and what is wanted.

use std::fmt::Write;

use serde_json::{Value, json};

use super::one_line;
use crate::domain::drift::{
    DriftDetail, DriftRow, DriftState, DriftView, FieldClass, FieldDiff, PairKind, VersionLine,
};

/// Lines of YAML that a brief has of an object that git or the cluster does not have.
const LINES: usize = 80;

/// What stands for the task in the front matter of a brief about an object: `drift/lab/VPC/vpc-1`.
pub fn task_of(view: &DriftView, row: &DriftRow) -> String {
    format!("drift/{}/{}/{}", view.fabric, row.key.kind, row.key.name)
}

/// The values of `object` and `git` for a brief about an object. `detail` adds versions, and the object itself where one
/// side is missing.
pub fn values(view: &DriftView, row: &DriftRow, detail: Option<&DriftDetail>) -> Value {
    let key = &row.key;
    let (wanted, criterion) = wanted(row.state);
    json!({
        "object": {
            "id": task_of(view, row),
            "title": format!("{} {} in {} is {}", key.kind, key.name, view.fabric, row.state.name()),
            "body": body(view, row, detail, wanted),
            "state": row.state.name(),
            "file": row.file.as_ref().map(|file| one_line(&file.to_string_lossy())),
            "line": row.line.unwrap_or(1),
            "criteria": [criterion.to_owned(), one_line(&shown(view, row))],
            "fabric": view.fabric,
        },
        "git": {
            "branch": view.branch,
            "head": view.head.as_ref().map(|head| head.chars().take(10).collect::<String>()),
        },
    })
}

/// What is to be done about a state, and what shows that it was.
fn wanted(state: DriftState) -> (&'static str, &'static str) {
    match state {
        DriftState::Drifted => (
            "Find out why live differs. Either git is to state what is live, or git is right and what was written past it \
             has to go. Say which, and why; change git where git is wrong.",
            "For each field above it is said which side is right, and why.",
        ),
        DriftState::Behind | DriftState::Overdue | DriftState::Pending => (
            "Find out why the commit has not become live: look at the GitOps tool, its last sync and its errors. Change git \
             where git is the reason.",
            "The reason is named, with the message or status that shows it.",
        ),
        DriftState::Blocked => (
            "Find out which kind and version the cluster serves, and state the object in that one; or say what has to be \
             installed first.",
            "The object is stated in a version that the cluster serves, or it is said what is missing.",
        ),
        DriftState::Orphaned => (
            "Find out where the object came from. Either it is to be stated in git, or it is not to be there.",
            "A file states the object, or it is said why it is to be deleted, and by whom.",
        ),
        DriftState::Deleting => (
            "Find out what keeps the object from going, or why it is being deleted while git still has it.",
            "The finalizer or the owner that holds it is named.",
        ),
        DriftState::Draft | DriftState::Unpushed => (
            "Review the change that is not in the cluster's branch yet. Finish it and commit it, or say why it is to be \
             dropped.",
            "The change is committed, or it is said why not.",
        ),
        DriftState::Unknown => (
            "Find out why the cluster cannot be asked about the object.",
            "The reason is named, with the error that shows it.",
        ),
        DriftState::Synced => ("Review the object as it is stated and live.", "What was asked about it is answered."),
    }
}

/// The command whose output shows the state.
fn shown(view: &DriftView, row: &DriftRow) -> String {
    format!(
        "`hnpwb drift --fabric {}` was run afterwards; what it says of {} is in the report.",
        view.fabric, row.key.name
    )
}

fn body(view: &DriftView, row: &DriftRow, detail: Option<&DriftDetail>, wanted: &str) -> String {
    let key = &row.key;
    let mut text = format!("{wanted}\n\n");
    let mut put = |label: &str, value: &str| {
        if !value.is_empty() {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "- {label}: {}", one_line(value));
        }
    };
    let group = if key.group.is_empty() { row.version.clone() } else { format!("{}/{}", key.group, row.version) };
    put("object", &format!("`{}` `{}` ({group})", key.kind, key.name));
    put("namespace", &key.namespace);
    put("fabric", &view.fabric);
    put("cluster", view.connection.name());
    put("state", &format!("{}: {}", row.state.name(), row.reason));
    put("since", &row.since.map(|since| since.to_string()).unwrap_or_default());
    put("Argo CD application", row.application.as_ref().map_or("", |application| &application.name));
    if let Some(health) = &row.health {
        put("health", &format!("{}: {} (by `{}`)", health.state.name(), health.reason, health.source));
    }
    let versions = detail.map(|detail| detail.versions.as_slice()).unwrap_or_default();
    if let Some(newest) = versions.first() {
        put("last changed by", &version(newest));
    }
    if let Some(live) = versions.iter().skip(1).find(|version| version.is_live) {
        put("live equals", &version(live));
    }
    if !row.fields.is_empty() {
        text.push_str("\n| field | git | live | |\n| --- | --- | --- | --- |\n");
        for field in &row.fields {
            let _ = writeln!(text, "{}", table_row(field));
        }
    }
    if let Some(detail) = detail.filter(|detail| row.fields.is_empty() && (detail.git.is_none() || !detail.live)) {
        text.push_str(&lonely(detail));
    }
    text
}

fn version(version: &VersionLine) -> String {
    let commit: String = version.commit.chars().take(10).collect();
    let author = if version.author.is_empty() { "somebody" } else { &version.author };
    format!("`{commit}` by {author} at {}: {}", version.at, version.summary)
}

fn table_row(field: &FieldDiff) -> String {
    let value = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        value => format!("`{}`", one_line(&value.to_string()).replace('|', "\\|")),
    };
    let by = field.manager.as_ref().map(|manager| format!("written by {manager}")).unwrap_or_default();
    let class = match field.class {
        FieldClass::Changed => "",
        class => class.words(),
    };
    let remarks = [class, &by].into_iter().filter(|remark| !remark.is_empty()).collect::<Vec<_>>().join(", ");
    format!(
        "| `{}` | {} | {} | {} |",
        one_line(&field.path),
        value(&field.desired),
        value(&field.live),
        one_line(&remarks)
    )
}

/// The object as the only side has it that does.
fn lonely(detail: &DriftDetail) -> String {
    let of_git = detail.git.is_some();
    let place = detail.git.unwrap_or("the cluster");
    let lines = detail.pairs.iter().filter(|pair| pair.kind != PairKind::Changed);
    let lines: Vec<&str> = lines.map(|pair| if of_git { pair.git.as_str() } else { pair.live.as_str() }).collect();
    let cut = if lines.len() > LINES { "\n# the rest is left out" } else { "" };
    let shown = lines.iter().take(LINES).copied().collect::<Vec<_>>().join("\n");
    format!("\nAs {place} has it:\n\n````yaml\n{shown}{cut}\n````\n")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{task_of, values};
    use crate::domain::brief::template::built_in;
    use crate::domain::cluster::Connection;
    use crate::domain::drift::{
        DriftDetail, DriftRow, DriftState, DriftView, FieldClass, FieldDiff, ObjectKey, VersionChange, VersionLine,
        side_by_side,
    };
    use crate::domain::health::{Health, HealthState};

    fn row(state: DriftState) -> DriftRow {
        let key = ObjectKey::new("vpc.githedgehog.com", "VPC", "default", "vpc-1");
        DriftRow {
            key,
            version: "v1beta1".into(),
            state,
            reason: "spec.vlan differs from every commit".into(),
            file: Some("gitops/vpcs.yaml".into()),
            line: Some(12),
            since: Some(Timestamp::UNIX_EPOCH),
            health: Some(Health { state: HealthState::Healthy, reason: "Ready=True".into(), source: ".status".into() }),
            generation: None,
            fields: Vec::new(),
            application: None,
        }
    }

    fn view() -> DriftView {
        DriftView {
            fabric: "lab".into(),
            connection: Connection::Connected,
            head: Some("0123456789abcdef".into()),
            branch: Some("main".into()),
            rows: std::sync::Arc::default(),
            findings: std::sync::Arc::default(),
            as_of: None,
        }
    }

    fn detail() -> DriftDetail {
        let version = |commit: &str, is_live| VersionLine {
            commit: commit.repeat(20),
            at: Timestamp::UNIX_EPOCH,
            author: "Robin Example".into(),
            summary: format!("fix: version {commit}"),
            change: VersionChange::First,
            is_live,
        };
        DriftDetail {
            context: Some("lab".into()),
            versions: vec![version("ab", false), version("cd", true)],
            git: None,
            live: true,
            pairs: side_by_side(None, Some(&json!({ "kind": "VPC", "spec": { "vlan": 3 } }))),
            file: None,
        }
    }

    fn written(row: &DriftRow, detail: Option<&DriftDetail>) -> String {
        let mut values = values(&view(), row, detail);
        values["agent"] = json!({ "name": "fabric-specialist" });
        let template = built_in().into_iter().find(|template| template.name == "drift").unwrap();
        template.render(&[], &values).unwrap()
    }

    #[test]
    fn a_brief_says_what_differs_who_wrote_it_and_what_is_wanted() {
        let mut row = row(DriftState::Drifted);
        row.fields = vec![FieldDiff {
            path: "spec.vlan".into(),
            desired: json!(1001),
            live: json!("a|b"),
            class: FieldClass::Changed,
            manager: Some("kubectl-edit".into()),
        }];
        assert_eq!(task_of(&view(), &row), "drift/lab/VPC/vpc-1");
        let text = written(&row, Some(&detail()));
        for part in [
            "drift/lab/VPC/vpc-1: VPC vpc-1 in lab is drifted",
            "You are fabric-specialist.",
            "# VPC vpc-1 in lab is drifted",
            "| `spec.vlan` | `1001` | `\"a\\|b\"` | written by kubectl-edit |",
            "- last changed by: `ababababab` by Robin Example at 1970-01-01T00:00:00Z: fix: version ab",
            "- live equals: `cdcdcdcdcd`",
            "- The object is stated in `gitops/vpcs.yaml:12`; it is `drifted`.",
            "on branch `main` at commit `0123456789`.",
            "- [ ] For each field above it is said which side is right",
            "- [ ] `hnpwb drift --fabric lab` was run afterwards",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(!text.contains("yaml\n") && !text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn an_orphan_is_shown_as_the_cluster_has_it_and_no_file_is_named() {
        let orphan = DriftRow { file: None, line: None, ..row(DriftState::Orphaned) };
        let text = written(&orphan, Some(&detail()));
        assert!(text.contains("As the cluster has it:\n\n````yaml\nkind: VPC\nspec:\n  vlan: 3\n````"), "{text}");
        assert!(text.contains("- No file of the GitOps directory states the object; it is `orphaned`."), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn every_state_has_its_own_wish_or_shares_a_true_one() {
        use DriftState::{Behind, Blocked, Deleting, Draft, Drifted, Orphaned, Overdue, Synced, Unknown};
        let wishes: std::collections::BTreeSet<&str> =
            [Drifted, Behind, Blocked, Orphaned, Deleting, Draft, Unknown, Synced]
                .map(|state| super::wanted(state).0)
                .into();
        assert_eq!(wishes.len(), 8);
        assert_eq!(super::wanted(Behind), super::wanted(Overdue));
    }
}
