//! Rows on files and git: what was changed is there, committed, and on a remote.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::claimed::Claims;
use super::edits::Edit;
use super::runs::Part;
use super::{CommitFact, Facts, FileFact, InGit, Row, RowKind, Source, Verdict};
use crate::domain::claim::ClaimKind;

/// Rows on files that are named.
const NAMED: usize = 8;
/// Files named in one row.
const LISTED: usize = 3;

/// What was changed, and how git sees it.
pub fn committed(facts: &Facts<'_>, claims: &Claims, edits: &[Edit], commits: &[&CommitFact]) -> Option<Row> {
    let claim = claims.first(&[ClaimKind::Committed, ClaimKind::Pushed]).or_else(|| claims.first(&[ClaimKind::Done]));
    let says_so = claims.first(&[ClaimKind::Committed, ClaimKind::Pushed]).is_some();
    let changed: BTreeSet<&Path> =
        edits.iter().filter(|edit| edit.patch.is_none()).map(|edit| edit.path.as_path()).collect();
    let row = |shown, verdict, source| Row::new(RowKind::Committed, claim, shown, verdict, source);
    let against = if says_so { Verdict::Contradicted } else { Verdict::Missing };
    if changed.is_empty() {
        return match commits.last() {
            Some(commit) => {
                let shown = format!("{} {}", short(&commit.id), commit.summary);
                Some(row(shown, Verdict::Holds, Some(Source::Commit(commit.id.clone()))))
            }
            None if says_so => Some(row("no commit of it was found".to_owned(), Verdict::Missing, None)),
            None => None,
        };
    }
    let known: Vec<&FileFact> = changed.iter().filter_map(|path| facts.files.get(path)).collect();
    let open: Vec<&&FileFact> =
        known.iter().filter(|file| matches!(file.git, InGit::Changed | InGit::Untracked)).collect();
    if let Some(first) = open.first() {
        let shown = format!("not committed: {}", listed(open.iter().map(|file| file.path.as_path())));
        return Some(row(shown, against, Some(Source::File(first.path.clone(), None))));
    }
    if known.len() < changed.len() || known.iter().any(|file| file.git == InGit::Unknown) {
        let unknown = changed.iter().find(|path| facts.files.get(path).is_none_or(|file| file.git == InGit::Unknown));
        let named = unknown.map_or_else(String::new, |path| name(path));
        return Some(row(format!("git does not tell of {named}"), Verdict::Unknown, None));
    }
    let files = if known.len() == 1 { "1 file".to_owned() } else { format!("{} files", known.len()) };
    Some(match commits.last() {
        Some(commit) => {
            let shown = format!("{files}, last in {} {}", short(&commit.id), commit.summary);
            row(shown, Verdict::Holds, Some(Source::Commit(commit.id.clone())))
        }
        None => row(format!("{files} as committed"), Verdict::Holds, edits.last().map(|edit| edit.source.clone())),
    })
}

/// Whether the commits are on a remote.
pub fn pushed(claims: &Claims, commits: &[&CommitFact]) -> Option<Row> {
    let claim = claims.first(&[ClaimKind::Pushed, ClaimKind::Deployed]);
    let row = |shown, verdict, source| Row::new(RowKind::Pushed, claim, shown, verdict, source);
    let source = |commit: &CommitFact| Some(Source::Commit(commit.id.clone()));
    let Some(last) = commits.last() else {
        return claim.map(|_| row("no commit of it was found".to_owned(), Verdict::Missing, None));
    };
    let local: Vec<&&CommitFact> = commits.iter().filter(|commit| commit.pushed == Some(false)).collect();
    if let Some(first) = local.first() {
        let more = if local.len() > 1 { format!(" and {} more", local.len() - 1) } else { String::new() };
        let says_so = claims.first(&[ClaimKind::Pushed]).is_some();
        let verdict = if says_so { Verdict::Contradicted } else { Verdict::Missing };
        return Some(row(format!("{}{more}: on no remote", short(&first.id)), verdict, source(first)));
    }
    if commits.iter().any(|commit| commit.pushed.is_none()) {
        return Some(row("the repository has no remote".to_owned(), Verdict::Unknown, source(last)));
    }
    Some(row(format!("{} is on the remote", short(&last.id)), Verdict::Holds, source(last)))
}

/// Files that claims name: there, and changed by whoever names them.
pub fn named(facts: &Facts<'_>, claims: &Claims, parts: &[Part<'_>], edits: &[Edit]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    for (index, found) in claims.found.iter().enumerate() {
        let Some(part) = found.part.and_then(|part| parts.get(part)) else { continue };
        for written in &found.names.files {
            if rows.len() == NAMED {
                return rows;
            }
            let changed = edits.iter().find(|edit| edit.patch.is_none() && ends_with(&edit.path, written));
            let path = changed.map_or_else(|| part.absolute(written), |edit| edit.path.clone());
            let Some(fact) = facts.files.get(&path) else { continue };
            if !seen.insert(path.clone()) {
                continue;
            }
            let (shown, verdict) = match (fact.exists, changed.is_some(), found.claimed.kind) {
                (false, _, _) => (format!("{written} is not there"), Verdict::Contradicted),
                (true, true, _) => (format!("{written} is there, and was changed"), Verdict::Holds),
                (true, false, ClaimKind::FileWritten) => {
                    (format!("{written} is there, but no edit of it is on record"), Verdict::Unknown)
                }
                // Named in passing: that it is there is all there is to say.
                (true, false, _) => continue,
            };
            rows.push(Row::new(RowKind::Files, Some(index), shown, verdict, Some(Source::File(path, None))));
        }
    }
    rows
}

/// True if a path is the one that was written, however much of its beginning was left out.
fn ends_with(path: &Path, written: &str) -> bool {
    path.ends_with(Path::new(written.trim_start_matches("./")))
}

pub fn short(id: &str) -> String {
    id.chars().take(7).collect()
}

pub fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn listed<'p>(paths: impl ExactSizeIterator<Item = &'p Path>) -> String {
    let all = paths.len();
    let names: Vec<String> = paths.take(LISTED).map(name).collect();
    let more = if all > LISTED { format!(" and {} more", all - LISTED) } else { String::new() };
    format!("{}{more}", names.join(", "))
}
