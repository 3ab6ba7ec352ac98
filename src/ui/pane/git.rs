//! The git log: the graph, the names that point at a commit, what it says, who made it and how long ago.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::{Lane, Role};
use crate::domain::commit::{Cell, Commit, CommitRow, Ref, RefKind, RepoLog, conventional};
use crate::domain::text;
use crate::domain::time::age;
use crate::event::SourceId;
use crate::state::git::Row;
use crate::ui::Cx;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, list, nothing, pending, spread};

/// What the border says.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let repos = &cx.state.git.repos;
    let worktrees: usize = repos.iter().map(|repo| repo.worktrees.len()).sum();
    let counts = [(repos.len(), "repositories"), (worktrees, "worktrees")];
    counts.into_iter().filter(|(count, _)| *count > 1).map(|(count, word)| format!("{count} {word}")).collect()
}

/// Draws the log.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let git = &cx.state.git;
    let area = faults(cx, &git.faults, area, buf);
    if !git.heard {
        return pending(cx, &SourceId::Git, "Reading the history…", area, buf);
    }
    if git.repos.is_empty() {
        let words = "This folder is in no git repository. Run git init, or name one in hnpwb.toml under [[repo]].";
        return nothing(cx, words, area, buf);
    }
    list(cx, PaneKind::Git, &git.list, area, buf, hits, |row, columns| match *row {
        Row::Repo(repo) => git.repos.get(repo).map_or_else(Line::default, |repo| header(cx, repo, columns)),
        Row::Commit(repo, row) => {
            let repo = git.repos.get(repo);
            let found = repo.and_then(|repo| Some((repo, repo.rows.get(row)?)));
            found.map_or_else(Line::default, |(repo, row)| line(cx, repo, row, columns))
        }
    });
}

fn header(cx: &Cx<'_>, repo: &RepoLog, columns: usize) -> Line<'static> {
    let name = repo
        .path
        .file_name()
        .map_or_else(|| repo.path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let mut left = vec![
        cx.span(Role::Title, text::line(&cx.state.session.redactor.redact(&name)).into_owned()),
        cx.span(Role::GitRefBranch, format!("  {}", text::line(repo.branch.as_deref().unwrap_or("(detached)")))),
    ];
    if let Some(upstream) = &repo.upstream {
        if upstream.ahead > 0 {
            left.push(cx.span(Role::Warn, format!(" ↑{}", upstream.ahead)));
        }
        if upstream.behind > 0 {
            left.push(cx.span(Role::Warn, format!(" ↓{}", upstream.behind)));
        }
    }
    let dirty = repo.dirty;
    let counts = [
        ("staged", dirty.staged),
        ("changed", dirty.unstaged),
        ("new", dirty.untracked),
        ("in conflict", dirty.conflicted),
    ];
    for (word, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        left.push(cx.span(Role::Info, format!("  {count} {word}")));
    }
    if repo.rows.is_empty() {
        left.push(cx.span(Role::Dim, "  no commit yet"));
    }
    spread(left, Vec::new(), columns)
}

fn line(cx: &Cx<'_>, repo: &RepoLog, row: &CommitRow, columns: usize) -> Line<'static> {
    let commit = &row.commit;
    let mut left: Vec<Span<'static>> = row.graph.iter().flat_map(|cell| graph(cx, *cell)).collect();
    left.push(cx.span(Role::GitHash, commit.id.chars().take(7).collect::<String>()));
    left.push(Span::raw(" "));
    left.extend(names(cx, repo, commit, columns));
    left.extend(summary(cx, &text::line(&commit.summary)));
    let mut right = Vec::new();
    if columns >= 70 {
        right.push(cx.span(Role::GitAuthor, cell(&text::line(&commit.author), 14)));
    }
    right.push(cx.span(Role::Dim, format!("{:>4}", age(commit.at, cx.state.now))));
    spread(left, right, columns)
}

/// The names that point at a commit. The branch that is checked out stands for HEAD, and long names give way to the summary.
fn names(cx: &Cx<'_>, repo: &RepoLog, commit: &Commit, columns: usize) -> Vec<Span<'static>> {
    let checked_out = |name: &Ref| name.kind == RefKind::Branch && repo.branch.as_ref() == Some(&name.name);
    let on_branch = commit.refs.iter().any(checked_out);
    let most = (columns / 4).max(8);
    let mut out = Vec::new();
    for name in &commit.refs {
        let role = match name.kind {
            RefKind::Head if on_branch => continue,
            RefKind::Branch if checked_out(name) => Role::GitRefHead,
            RefKind::Head => Role::GitRefHead,
            RefKind::Branch => Role::GitRefBranch,
            RefKind::Remote => Role::GitRefRemote,
            RefKind::Tag => Role::GitRefTag,
        };
        out.push(cx.span(role, format!("[{}] ", text::cut(&text::line(&name.name), most))));
    }
    out
}

/// A summary with what kind of change it is drawn quieter than what it says.
fn summary(cx: &Cx<'_>, summary: &str) -> Vec<Span<'static>> {
    let Some(parts) = conventional(summary) else { return vec![cx.span(Role::Text, summary.to_owned())] };
    let scope = parts.scope.map(|scope| format!("({scope})")).unwrap_or_default();
    vec![
        cx.span(Role::Accent, format!("{}{scope}", parts.kind)),
        cx.span(if parts.breaking { Role::Warn } else { Role::Dim }, if parts.breaking { "!: " } else { ": " }),
        cx.span(Role::Text, parts.subject.to_owned()),
    ]
}

/// One cell of the graph, two columns wide.
fn graph(cx: &Cx<'_>, cell: Cell) -> [Span<'static>; 2] {
    let role = Role::Lane(Lane::ALL[usize::from(cell.lane) % Lane::ALL.len()]);
    let sign = if cell.node {
        "●"
    } else {
        match (cell.up, cell.down, cell.left, cell.right) {
            (false, false, false, false) => " ",
            (true, _, false, false) | (false, true, false, false) => "│",
            (false, false, _, _) => "─",
            (true, false, true, false) => "╯",
            (true, false, false, true) => "╰",
            (false, true, true, false) => "╮",
            (false, true, false, true) => "╭",
            (true, false, true, true) => "┴",
            (false, true, true, true) => "┬",
            (true, true, true, false) => "┤",
            (true, true, false, true) => "├",
            (true, true, true, true) => "┼",
        }
    };
    [cx.span(role, sign), cx.span(role, if cell.right { "─" } else { " " })]
}
