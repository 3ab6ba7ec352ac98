//! Facts become rows.

use std::path::PathBuf;

use super::claimed::Claims;
use super::command::Check;
use super::edits::{Edit, edit_after, edits};
use super::files::{self, name, short};
use super::grade::{self, Basis};
use super::runs::{self, Matter, Part, Result, Run};
use super::{CommitFact, Evidence, Facts, FileFact, Require, Row, RowKind, Source, Verdict, objects};
use crate::domain::check::CheckRun;
use crate::domain::claim::ClaimKind;
use crate::domain::transcript::todo::{TodoStatus, progress};

/// Everything that bears on a task, or on the work of an agent.
///
/// Which rows have to hold, unless the session says: for work that is said to be done its tests where it changes code, that
/// it is committed, that its criteria are ticked, that its objects are synced and that files it names are there; for any
/// other claim the rows of its own kind.
pub fn assess(facts: &Facts<'_>) -> Evidence {
    let parts = runs::parts(facts);
    let edits = edits(facts, &parts);
    let all_runs = runs::runs(&parts);
    let claims = Claims::of(facts, &parts);
    let commits = commits(facts, &parts);
    let found = objects::of_work(facts, &claims, &edits);
    let tested = edits.iter().any(|edit| edit.matter == Matter::Code && edit.patch.is_none());

    let mut rows = Vec::new();
    rows.extend(tests(facts, &claims, &edits, &all_runs, tested));
    rows.extend(build(&claims, &edits, &all_runs));
    rows.extend(files::committed(facts, &claims, &edits, &commits));
    rows.extend(files::pushed(&claims, &commits));
    rows.extend(files::named(facts, &claims, &parts, &edits));
    rows.extend(criteria(facts, &claims));
    rows.extend(objects::rows(&found, &claims));
    rows.extend(todo(&parts));
    rows.extend(checks(facts, &edits));
    for row in &mut rows {
        row.required = is_required(row, facts.require.unwrap_or(&Require::ByClaim), &claims, tested);
    }
    let basis = Basis { claimed: !claims.found.is_empty(), ran: has_passed(&all_runs), tested };
    Evidence {
        grade: grade::of(&rows, basis),
        rows,
        files: changed(facts, &edits),
        commits: commits.iter().map(|commit| commit.id.clone()).collect(),
        objects: found.iter().map(|(view, row)| (view.fabric.clone(), row.key.clone())).collect(),
        claims: claims.found.into_iter().map(|one| one.claimed).collect(),
    }
}

fn has_passed(runs: &[Run]) -> bool {
    let mut of_tests = runs.iter().filter(|run| matches!(run.check, Check::Test | Check::Validation));
    of_tests.any(|run| matches!(run.result, Result::Passed | Result::Masked))
}

/// Commits that are linked to the task or were made in its part of the work, the oldest first.
fn commits<'a>(facts: &Facts<'a>, parts: &[Part<'_>]) -> Vec<&'a CommitFact> {
    let made: Vec<&str> = parts
        .iter()
        .flat_map(|part| part.of.told.work.commits.iter().filter(|commit| part.scope.has(commit.place)))
        .map(|commit| commit.hash.as_str())
        .collect();
    let is_of_it = |id: &str| facts.linked.contains(&id) || made.iter().any(|hash| id.starts_with(hash));
    let mut found: Vec<&CommitFact> = facts.commits.iter().filter(|commit| is_of_it(&commit.id)).collect();
    // Logs list the newest first; what is in none of them comes first of all.
    let place = |id: &str| facts.repos.iter().find_map(|repo| repo.rows.iter().position(|row| row.commit.id == id));
    found.sort_by_key(|commit| std::cmp::Reverse(place(&commit.id).unwrap_or(usize::MAX)));
    found
}

fn changed(facts: &Facts<'_>, edits: &[Edit]) -> Vec<FileFact> {
    let mut paths: Vec<&PathBuf> = edits.iter().filter(|edit| edit.patch.is_none()).map(|edit| &edit.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().filter_map(|path| facts.files.get(path).cloned()).collect()
}

/// A file that was written after a run, by whomever.
fn written_after<'f>(facts: &'f Facts<'_>, run: &Run, edits: &[Edit]) -> Option<&'f FileFact> {
    let began = run.began?;
    let relevant = edits.iter().filter(|edit| edit.matter != Matter::Prose);
    // A checkout writes files anew, too: what was run is not surely what is there now.
    relevant.filter_map(|edit| facts.files.get(&edit.path)).find(|file| file.modified.is_some_and(|at| at > began))
}

/// Tests after the last edit, and what came of them.
fn tests(facts: &Facts<'_>, claims: &Claims, edits: &[Edit], runs: &[Run], tested: bool) -> Option<Row> {
    let said = claims.first(&[ClaimKind::TestsPass]);
    let of_tests = || runs.iter().filter(|run| run.check == Check::Test);
    if said.is_none() && !tested && of_tests().next().is_none() {
        return None;
    }
    // "The build passes" is a claim on checks that the row of builds answers.
    let only_builds =
        said.is_some() && !tested && of_tests().next().is_none() && runs.iter().any(|run| run.check != Check::Test);
    if only_builds {
        return None;
    }
    let claim = said.or_else(|| claims.first(&[ClaimKind::Done]));
    let Some(run) = runs::last(of_tests()) else {
        let verdict = if said.is_some() { Verdict::Contradicted } else { Verdict::Missing };
        let source = edits.last().map(|edit| edit.source.clone());
        return Some(Row::new(RowKind::Tests, claim, "no test command was run".to_owned(), verdict, source));
    };
    let mut found = result(facts, RowKind::Tests, claim, run, edits);
    if said.is_some() && matches!(run.result, Result::Failed(_)) {
        found.verdict = Verdict::Contradicted;
    }
    if let Some(edit) = edit_after(run, edits).filter(|edit| claims.is_later(said, edit)) {
        // Who says so had edited since, and knew of no run of what it then was.
        found.verdict = Verdict::Contradicted;
        found.shown = format!("{} after the last run of {}, and then this was claimed", edit.words(), run.command);
    }
    Some(found)
}

/// Builds, linters and validations: the last run of each kind that failed, else the last that passed.
fn build(claims: &Claims, edits: &[Edit], runs: &[Run]) -> Option<Row> {
    let claim = claims.first(&[ClaimKind::TestsPass]);
    let of_kind = |check: Check| runs::last(runs.iter().filter(|run| run.check == check));
    let last: Vec<&Run> = [Check::Validation, Check::Build, Check::Lint].into_iter().filter_map(of_kind).collect();
    let failed = last.iter().find(|run| matches!(run.result, Result::Failed(_)));
    let run = failed.or_else(|| last.first())?;
    Some(result(&Facts::default(), RowKind::Build, claim, run, edits))
}

fn result(facts: &Facts<'_>, kind: RowKind, claim: Option<usize>, run: &Run, edits: &[Edit]) -> Row {
    let command = &run.command;
    let (shown, verdict) = match run.result {
        Result::Failed(code) => {
            let code = code.map_or_else(|| "it failed".to_owned(), |code| format!("exit {code}"));
            (format!("{command}: {code}"), Verdict::Missing)
        }
        Result::Open => (format!("{command}: no result is on record"), Verdict::Unknown),
        Result::Masked | Result::Passed => {
            if let Some(edit) = edit_after(run, edits) {
                (format!("{command} passed, then {}", edit.words()), Verdict::Stale)
            } else if let Some(file) = written_after(facts, run, edits) {
                (format!("{command} passed, then {} was written", name(&file.path)), Verdict::Stale)
            } else if run.result == Result::Masked {
                (format!("{command}: its exit status is not that of the check"), Verdict::Unknown)
            } else {
                (format!("{command}: exit 0, after the last edit"), Verdict::Holds)
            }
        }
    };
    Row { quote: Some(run.quote.clone()), ..Row::new(kind, claim, shown, verdict, Some(run.source.clone())) }
}

/// Whether the criteria are ticked.
fn criteria(facts: &Facts<'_>, claims: &Claims) -> Option<Row> {
    let (_, task) = facts.task?;
    let said = claims.first(&[ClaimKind::CriteriaMet]);
    let source = |line: u32| Some(Source::Task { id: task.id.clone(), file: task.origin.file.clone(), line });
    let (done, total) = (task.criteria.done, task.criteria.total);
    let claim = said.or_else(|| claims.first(&[ClaimKind::Done]));
    if total == 0 {
        return None;
    }
    let open = task.boxes.iter().find(|one| !one.done);
    let shown = match open {
        Some(open) => format!("{done} of {total} ticked; open: {}", open.text),
        None => format!("{done} of {total} ticked"),
    };
    let verdict = if done == total { Verdict::Holds } else { Verdict::Missing };
    Some(Row::new(RowKind::Criteria, claim, shown, verdict, source(open.map_or(task.origin.line, |open| open.line))))
}

/// What is open in the agents' own lists.
fn todo(parts: &[Part<'_>]) -> Vec<Row> {
    let of_part = |part: &Part<'_>| {
        let (items, written) = part.of.told.work.todo();
        let written = written.filter(|place| part.scope.has(*place))?;
        let open = items.iter().find(|item| matches!(item.status, TodoStatus::Open | TodoStatus::Doing));
        let shown = match open {
            Some(open) => format!("{}: {}; open: {}", part.of.name, progress(items), open.text),
            None => format!("{}: {}", part.of.name, progress(items)),
        };
        let verdict = if open.is_some() { Verdict::Missing } else { Verdict::Holds };
        (!items.is_empty()).then(|| Row::new(RowKind::Todo, None, shown, verdict, Some(part.source(written))))
    };
    parts.iter().filter_map(of_part).collect()
}

/// The operator's own checks: the last run of each.
fn checks(facts: &Facts<'_>, edits: &[Edit]) -> Vec<Row> {
    let of_check = |check: &String| {
        let Some(run) = facts.runs.iter().filter(|run| run.name == *check).max_by_key(|run| run.at) else {
            return Row::new(RowKind::Checks, None, format!("{check} was not run"), Verdict::Missing, None);
        };
        let (shown, verdict) = match (run.exit(), outdated(facts, run, edits)) {
            (Some(0), None) => (format!("{check} passed"), Verdict::Holds),
            (Some(0), Some(why)) => (format!("{check} passed, then {why}"), Verdict::Stale),
            (Some(code), _) => (format!("{check}: exit {code}"), Verdict::Missing),
            (None, _) => (format!("{check}: {}", run.outcome()), Verdict::Missing),
        };
        Row::new(RowKind::Checks, None, shown, verdict, Some(Source::Check(check.clone())))
    };
    facts.checks.iter().map(of_check).collect()
}

/// What happened after a run that it does not know of.
fn outdated(facts: &Facts<'_>, run: &CheckRun, edits: &[Edit]) -> Option<String> {
    let relevant = || edits.iter().filter(|edit| edit.matter != Matter::Prose);
    if let Some(edit) = relevant().find(|edit| edit.at.is_some_and(|at| at > run.at)) {
        return Some(edit.words());
    }
    let written = relevant().filter_map(|edit| facts.files.get(&edit.path));
    if let Some(file) = written.into_iter().find(|file| file.modified.is_some_and(|at| at > run.at)) {
        return Some(format!("{} was written", name(&file.path)));
    }
    let heads: Vec<&str> = facts.repos.iter().filter_map(|repo| repo.head.as_deref()).collect();
    let head = run.head.as_deref()?;
    (!heads.is_empty() && !heads.contains(&head)).then(|| format!("{} was no longer checked out", short(head)))
}

fn is_required(row: &Row, require: &Require, claims: &Claims, tested: bool) -> bool {
    match require {
        Require::These(kinds) => kinds.contains(&row.kind),
        Require::ByClaim => {
            let said = |kinds: &[ClaimKind]| claims.first(kinds).is_some();
            let done = said(&[ClaimKind::Done]);
            match row.kind {
                RowKind::Tests => said(&[ClaimKind::TestsPass]) || (done && tested),
                RowKind::Committed => done || said(&[ClaimKind::Committed, ClaimKind::Pushed]),
                RowKind::Pushed => said(&[ClaimKind::Pushed, ClaimKind::Deployed]),
                RowKind::Files => row.claim.is_some(),
                RowKind::Criteria => done || said(&[ClaimKind::CriteriaMet]),
                RowKind::Synced => done || said(&[ClaimKind::Deployed]),
                RowKind::Build | RowKind::Healthy | RowKind::Todo | RowKind::Checks => false,
            }
        }
    }
}
