//! A row of the review, and a sign-off: what they say and where it stands.

use super::{Lines, put};
use crate::domain::evidence::{Evidence, Grade, Overall, Source};
use crate::domain::sign_off::{SignOff, Standing};
use crate::domain::time::age;
use crate::state::State;
use crate::state::review::Subject;

/// All of the selected row.
pub fn row(state: &State) -> Option<(String, Lines)> {
    let row = *state.review.list.current()?;
    let mut lines = Lines::new();
    if let Some(claim) = state.review.claim(row) {
        put(&mut lines, "claimed", &claim.text);
        put(&mut lines, "by", &claim.by);
        if let Some(at) = claim.at {
            put(&mut lines, "when", &format!("{at} ({} ago)", age(at, state.now)));
        }
        put(&mut lines, "said in", &claim.source.words());
    }
    let shown = state.review.shown(row);
    if let Some(shown) = shown {
        put(&mut lines, "shown", &shown.shown);
        put(&mut lines, "verdict", shown.verdict.name());
        put(&mut lines, "required", if shown.required { "yes" } else { "no" });
        put(&mut lines, "stands in", &shown.source.as_ref().map(Source::words).unwrap_or_default());
        put(&mut lines, "in full", shown.quote.as_deref().unwrap_or_default());
    }
    let title = shown.map_or_else(|| "claim".to_owned(), |shown| shown.kind.name().to_owned());
    Some((title, lines))
}

/// What the selected row says, to be copied.
pub fn copyable(state: &State) -> Option<String> {
    let row = *state.review.list.current()?;
    let shown = state.review.shown(row).map(|shown| format!("{}: {}", shown.kind.name(), shown.shown));
    shown.or_else(|| state.review.claim(row).map(|claim| claim.text.clone()))
}

/// What is looked at, in a few words.
pub fn title(state: &State) -> Option<String> {
    Some(match state.review.subject.as_ref()? {
        Subject::Task(id) => {
            let task = state.board.tasks.iter().find(|task| task.id == *id)?;
            let title = task.title.strip_prefix(id.as_str()).unwrap_or(&task.title).trim_start_matches([' ', ':', '-']);
            format!("{id} {title}")
        }
        Subject::Agent(id) => state.agents.find(id)?.name.clone(),
    })
}

/// What a look at all the rows ends in, in one line.
pub fn verdict(evidence: &Evidence) -> String {
    let short = evidence.rows.iter().filter(|row| row.is_short()).count();
    let required = evidence.rows.iter().filter(|row| row.required).count();
    let grade = evidence.grade.name();
    let first = || {
        let mut worst: Vec<_> = evidence.short().collect();
        worst.sort_by_key(|row| std::cmp::Reverse(row.verdict));
        worst.first().map(|row| format!(": {}, {}", row.kind.name(), row.shown)).unwrap_or_default()
    };
    match evidence.overall() {
        Overall::NoClaim => "nothing is claimed".to_owned(),
        Overall::Holds => format!("holds: {required} of {required} required rows, {grade}"),
        Overall::Contradicted => format!("contradicted{}", first()),
        Overall::Short if short == 0 => format!("not shown: {grade} and no more"),
        Overall::Short => format!("{short} of {required} required rows short{}", first()),
    }
}

/// How a task stands with the operator, in a few words; empty where nobody signed it off.
pub fn standing(state: &State, id: &str) -> String {
    match state.review.standing.get(id) {
        Some(Standing::Signed(at)) => format!("signed off {} ago", age(*at, state.now)),
        Some(Standing::Superseded(at, why)) => {
            format!("signed off {} ago, superseded: {why}", age(*at, state.now))
        }
        Some(Standing::Open) | None => String::new(),
    }
}

/// What a sign-off rests on.
pub fn sign_off(sign_off: &SignOff) -> Lines {
    let mut lines = Lines::new();
    put(&mut lines, "task", &format!("{} {}", sign_off.task, sign_off.title));
    put(&mut lines, "board", &format!("{}:{} says {}", sign_off.board.display(), sign_off.line, sign_off.raw_status));
    put(&mut lines, "grade", sign_off.grade.name());
    if sign_off.grade < Grade::Observed {
        put(&mut lines, "", "below observed: nothing but words, or what was run is not what is there");
    }
    for (tree, head) in &sign_off.heads {
        let name = tree.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        put(&mut lines, "checked out", &format!("{} in {name}", head.chars().take(10).collect::<String>()));
    }
    let commits: Vec<String> = sign_off.commits.iter().map(|id| id.chars().take(10).collect()).collect();
    put(&mut lines, "commits", &commits.join(", "));
    for object in &sign_off.objects {
        let generation = object.generation.map(|number| format!(", generation {number}")).unwrap_or_default();
        put(&mut lines, "object", &format!("{} {}: {}{generation}", object.kind, object.name, object.state));
    }
    for (file, digest) in &sign_off.files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let digest = digest.as_ref().map_or_else(|| "no digest".to_owned(), |digest| digest.chars().take(12).collect());
        put(&mut lines, "file", &format!("{name} {digest}"));
    }
    for cited in &sign_off.evidence {
        let verdict = cited
            .verdict
            .map(|verdict| format!("{}{}: ", verdict.name(), if cited.required { "" } else { " (not required)" }));
        let source = cited.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        put(&mut lines, &cited.what, &format!("{}{}{source}", verdict.unwrap_or_default(), cited.text));
    }
    put(&mut lines, "reason", sign_off.reason.as_deref().unwrap_or_default());
    lines
}
