//! One object of a fabric: facts and differing fields, versions, both objects as YAML, and its file, a page each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use serde_json::Value;

use crate::config::theme::Role;
use crate::domain::drift::{
    CheckOutcome, DriftCheck, DriftDetail, Excerpt, FieldClass, FieldDiff, Pair, PairKind, VersionChange, VersionLine,
    is_drift, yaml,
};
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::domain::time::age;
use crate::state::drift::object::{HEAD, ObjectView, Page, SIDE_BY_SIDE};
use crate::state::popup::Scroll;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, nothing, select, spread};
use crate::ui::{Cx, glyph};

use super::{detail, draw_lines, frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 170;
/// Rows of a screen that it takes the whole of.
const WHOLE: u16 = 30;
/// Columns between two others.
const GAP: usize = 2;
/// Columns of a value's side where git stands above live.
const SIDE: usize = 7;
/// Columns of a short commit id.
const COMMIT: usize = 8;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, view: &ObjectView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let row = &view.row;
    let gone = if view.gone { " · gone" } else { "" };
    let title = format!("{} {} · {}{gone}", text::line(&row.key.kind), text::line(&row.key.name), row.state.name());
    let inner = frame(cx, &title, Role::BorderFocus, (WIDTH, height(body)), body, buf, hits);
    let [head, rest] = split_top(inner, u16::try_from(HEAD).unwrap_or(0));
    buf.set_line(head.x, head.y, &tabs(cx, view, usize::from(head.width)), head.width);
    let columns = usize::from(rest.width);
    if let (Page::Yaml, Some(detail), Some(row)) = (view.page, view.found(), head.rows().nth(1)) {
        buf.set_line(row.x, row.y, &side_names(cx, detail, columns), row.width);
    }
    match view.page {
        Page::Fields => scrolled(cx, &fields(cx, view, columns), view.scroll, rest, buf),
        Page::Versions => versions(cx, view, rest, buf),
        Page::Yaml => match found(view) {
            Ok(detail) => scrolled(cx, &sides(cx, detail, columns), view.scroll, rest, buf),
            Err(why) => missing(cx, why, rest, buf),
        },
        Page::File => match found(view).map(|detail| &detail.file) {
            Ok(Some(Ok(excerpt))) => scrolled(cx, &file(cx, excerpt), view.scroll, rest, buf),
            Ok(Some(Err(fault))) => missing(cx, Some(fault), rest, buf),
            Ok(None) => nothing(cx, "No file of the GitOps directory states it.", rest, buf),
            Err(why) => missing(cx, why, rest, buf),
        },
    }
}

/// Rows of the popup: the same for every page, and not the whole of a large screen.
fn height(body: Rect) -> u16 {
    body.height.min((body.height / 4 * 3).max(WHOLE))
}

/// What the source has found; else why it has not, nothing while it looks.
fn found(view: &ObjectView) -> Result<&DriftDetail, Option<&Fault>> {
    match &view.detail {
        Some(Ok(detail)) => Ok(detail),
        Some(Err(fault)) => Err(Some(fault)),
        None => Err(None),
    }
}

fn missing(cx: &Cx<'_>, why: Option<&Fault>, area: Rect, buf: &mut Buffer) {
    match why {
        None => nothing(cx, "Looking…", area, buf),
        Some(fault) => {
            let lines = text::wrap(&fault.to_string(), usize::from(area.width))
                .into_iter()
                .map(|line| Line::from(cx.span(Role::Error, line.into_owned())))
                .collect::<Vec<_>>();
            draw_lines(&lines, 0, area, buf);
        }
    }
}

/// The pages, this one marked.
fn tabs(cx: &Cx<'_>, view: &ObjectView, columns: usize) -> Line<'static> {
    let count = |page: Page| match page {
        Page::Fields => Some(view.row.fields.len()),
        Page::Versions => view.found().map(|detail| detail.versions.len()),
        Page::Yaml | Page::File => None,
    };
    let mut spans = Vec::new();
    for page in Page::ALL {
        let role = if page == view.page { Role::Title } else { Role::Dim };
        let mark = if page == view.page { "▸ " } else { "  " };
        let count = count(page).filter(|count| *count > 0).map(|count| format!(" {count}")).unwrap_or_default();
        spans.push(cx.span(role, format!("{mark}{}{count}  ", page.name())));
    }
    Line::from(fit(spans, columns))
}

/// Draws lines from where they are scrolled to, and says in the border below which they are.
fn scrolled(cx: &Cx<'_>, lines: &[Line<'static>], scroll: Scroll, area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    let first = scroll.0.min(lines.len().saturating_sub(height));
    draw_lines(lines, first, area, buf);
    if lines.len() > height {
        let place = format!(" {}–{} of {} ", first + 1, (first + height).min(lines.len()), lines.len());
        let line = Line::from(cx.span(Role::Dim, place));
        buf.set_line(area.x + 1, area.bottom(), &line, area.width.saturating_sub(2));
    }
}

/// Facts, then the fields that differ.
fn fields(cx: &Cx<'_>, view: &ObjectView, columns: usize) -> Vec<Line<'static>> {
    let mut lines = detail(cx, &facts(cx, view), columns);
    let mut put = |fields: &[FieldDiff], names: [&str; 3]| {
        lines.push(Line::default());
        if columns >= SIDE_BY_SIDE {
            lines.extend(table(cx, fields, names, columns));
        } else {
            lines.extend(fields.iter().flat_map(|field| stacked(cx, field, names, columns)));
        }
    };
    if !view.row.fields.is_empty() {
        put(&view.row.fields, ["field", "git", "live"]);
    }
    if let Some(CheckOutcome::Changes(fields)) = checked(cx, view).map(|check| &check.outcome) {
        put(fields, ["applying would change", "then", "now"]);
    }
    lines
}

/// What the cluster said when it was last asked what applying the object would do.
fn checked<'a>(cx: &Cx<'a>, view: &ObjectView) -> Option<&'a DriftCheck> {
    cx.state.drift.checks.get(&(view.request.fabric.clone(), view.request.key.clone()))
}

fn facts(cx: &Cx<'_>, view: &ObjectView) -> Vec<(String, String)> {
    let (row, now) = (&view.row, cx.state.now);
    let mut facts = Vec::new();
    let mut put = |label: &str, value: String| facts.push((label.to_owned(), value));
    let since = row.since.map(|since| format!(" · since {since} ({} ago)", age(since, now))).unwrap_or_default();
    put("state", format!("{} {}{since}", glyph::drift(row.state), row.state.name()));
    put("because", row.reason.clone());
    put("fabric", view.request.fabric.clone());
    put("kind", format!("{} {}/{}", row.key.kind, row.key.group, row.version));
    if !row.key.namespace.is_empty() {
        put("namespace", row.key.namespace.clone());
    }
    if let Some(file) = &row.file {
        let line = row.line.map(|line| format!(":{line}")).unwrap_or_default();
        put("file", format!("{}{line}", file.display()));
    }
    if let Some(application) = &row.application {
        put("application", format!("{} in {}", application.name, application.namespace));
    }
    if let Some(newest) = view.versions().first() {
        put("commit", version(newest, now));
    }
    if let Some(live) = view.versions().iter().skip(1).find(|version| version.is_live) {
        put("live equals", version(live, now));
    }
    if let Some(health) = &row.health {
        put("health", format!("{}: {} (by {})", health.state.name(), health.reason, health.source));
    }
    if let Some(check) = checked(cx, view) {
        let commit = check.commit.as_deref().map(|commit| format!(" {}", short(commit))).unwrap_or_default();
        let asked = format!("({} ago, as {}{commit})", age(check.at, now), check.manager);
        put("exact check", format!("{} {asked}", check.summary()));
    }
    match &view.detail {
        None => put("", "looking at its versions and its file…".to_owned()),
        Some(Err(fault)) => put("trouble", fault.to_string()),
        Some(Ok(_)) => {}
    }
    facts
}

fn version(version: &VersionLine, now: jiff::Timestamp) -> String {
    let author = if version.author.is_empty() { String::new() } else { format!(" by {}", version.author) };
    format!("{} {} ({} ago{author})", short(&version.commit), version.summary, age(version.at, now))
}

fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

/// What a field's value looks like: text as JSON has it, so that it is told from a number; the rest as YAML.
fn value_lines(value: &Value) -> Vec<String> {
    match value {
        Value::Null => vec!["nothing".to_owned()],
        Value::Object(fields) if !fields.is_empty() => yaml(value),
        Value::Array(items) if !items.is_empty() => yaml(value),
        value => vec![value.to_string()],
    }
}

/// How a field differs, who wrote it, and nothing of what the row says anyhow.
fn remark(field: &FieldDiff) -> String {
    let class = if field.class == FieldClass::Changed { "" } else { field.class.words() };
    let by = field.manager.as_ref().map(|manager| format!("by {manager}")).unwrap_or_default();
    [class, &by].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Roles of path, git and live: what is no drift is dim.
fn roles(field: &FieldDiff) -> [Role; 3] {
    let drifts = is_drift(std::slice::from_ref(field)) && field.class != FieldClass::Pruned;
    if drifts { [Role::Text, Role::DiffAdd, Role::DiffRemove] } else { [Role::Dim; 3] }
}

/// Path, both values and remark side by side, under their names.
fn table(cx: &Cx<'_>, fields: &[FieldDiff], names: [&str; 3], columns: usize) -> Vec<Line<'static>> {
    let longest = fields.iter().map(|field| text::width(&text::line(&field.path))).max().unwrap_or(0);
    let path = longest.max(text::width(names[0])).min(columns * 3 / 10);
    let last = fields.iter().map(|field| text::width(&text::line(&remark(field)))).max().unwrap_or(0).min(columns / 5);
    let side = columns.saturating_sub(path + last + 3 * GAP) / 2;
    let widths = [path, side, side, last];
    let mut lines = vec![cells(cx, [Role::Dim; 4], [names[0], names[1], names[2], ""].map(str::to_owned), widths)];
    for field in fields {
        let wrapped = |lines: &[String], width: usize| -> Vec<String> {
            lines.iter().flat_map(|line| rows(line, width)).collect()
        };
        let parts = [
            wrapped(std::slice::from_ref(&field.path), path),
            wrapped(&value_lines(&field.desired), side),
            wrapped(&value_lines(&field.live), side),
            wrapped(&[remark(field)], last),
        ];
        let [of_path, of_git, of_live] = roles(field);
        for row in 0..parts.iter().map(Vec::len).max().unwrap_or(0) {
            let at = |part: usize| parts[part].get(row).cloned().unwrap_or_default();
            lines.push(cells(cx, [of_path, of_git, of_live, Role::Dim], [at(0), at(1), at(2), at(3)], widths));
        }
    }
    lines
}

/// Cells side by side.
fn cells(cx: &Cx<'_>, roles: [Role; 4], texts: [String; 4], widths: [usize; 4]) -> Line<'static> {
    let gap = |index: usize| " ".repeat(if index + 1 < widths.len() { GAP } else { 0 });
    let cells = roles.into_iter().zip(texts).zip(widths).enumerate();
    Line::from(
        cells.map(|(at, ((role, text), width))| cx.span(role, cell(&text, width) + &gap(at))).collect::<Vec<_>>(),
    )
}

/// Path and remark, below them both values under their names.
fn stacked(cx: &Cx<'_>, field: &FieldDiff, [_, of_first, of_second]: [&str; 3], columns: usize) -> Vec<Line<'static>> {
    let [of_path, of_git, of_live] = roles(field);
    let mut heading = vec![cx.span(of_path, text::line(&field.path).into_owned())];
    let remark = remark(field);
    if !remark.is_empty() {
        heading.push(cx.span(Role::Dim, format!("  {}", text::line(&remark))));
    }
    let mut lines = vec![Line::from(fit(heading, columns))];
    for (label, role, value) in [(of_first, of_git, &field.desired), (of_second, of_live, &field.live)] {
        let rows = value_lines(value).into_iter().flat_map(|line| rows(&line, columns.saturating_sub(SIDE)));
        for (number, row) in rows.enumerate() {
            let label = if number == 0 { label } else { "" };
            lines
                .push(Line::from(vec![cx.span(Role::Dim, format!("  {}", cell(label, SIDE - 2))), cx.span(role, row)]));
        }
    }
    lines
}

/// A line in rows of so many columns, its indentation kept.
fn rows(line: &str, columns: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(indent.min(columns / 2));
    let rows = text::wrap(line.trim_start_matches(' '), columns.saturating_sub(indent.len()).max(1));
    if rows.is_empty() { vec![String::new()] } else { rows.into_iter().map(|row| format!("{indent}{row}")).collect() }
}

/// Versions, newest first, with the one that is live.
fn versions(cx: &Cx<'_>, view: &ObjectView, area: Rect, buf: &mut Buffer) {
    let detail = match found(view) {
        Ok(detail) => detail,
        Err(why) => return missing(cx, why, area, buf),
    };
    if detail.versions.is_empty() {
        return nothing(cx, "No commit has it yet.", area, buf);
    }
    let height = usize::from(area.height).max(1);
    let first = (view.version + 1).saturating_sub(height);
    for (row, (index, version)) in area.rows().zip(detail.versions.iter().enumerate().skip(first)) {
        buf.set_line(row.x, row.y, &version_line(cx, version, usize::from(row.width)), row.width);
        if index == view.version {
            select(cx, row, buf);
        }
    }
}

fn version_line(cx: &Cx<'_>, version: &VersionLine, columns: usize) -> Line<'static> {
    let change = match &version.change {
        VersionChange::First => "first known".to_owned(),
        VersionChange::Added => "added".to_owned(),
        VersionChange::Removed => "removed".to_owned(),
        VersionChange::Fields(paths) => match paths.as_slice() {
            [] => "changed".to_owned(),
            [path] => text::line(path).into_owned(),
            [path, more @ ..] => format!("{} and {} more", text::line(path), more.len()),
        },
    };
    let live = if version.is_live { "= live " } else { "" };
    let left = vec![
        cx.span(Role::GitHash, cell(&short(&version.commit), COMMIT)),
        cx.span(Role::Ok, cell(live, 7)),
        cx.span(Role::Text, change),
        cx.span(Role::Dim, format!("  {}", text::line(&version.summary))),
    ];
    let author = text::line(&version.author).into_owned();
    let author = if columns >= SIDE_BY_SIDE { cell(&author, 20) } else { text::cut(&author, 12).into_owned() };
    let right =
        vec![cx.span(Role::GitAuthor, author), cx.span(Role::Dim, format!(" {:>4}", age(version.at, cx.state.now)))];
    spread(left, right, columns)
}

/// Where either side was read.
fn side_names(cx: &Cx<'_>, detail: &DriftDetail, columns: usize) -> Line<'static> {
    let git = detail.git.map_or_else(|| "not in git".to_owned(), |place| format!("git: {place}"));
    let context = detail.context.as_deref().map(text::line).unwrap_or_default();
    let live = if detail.live { format!("live: {context}") } else { "not live".to_owned() };
    let (git_width, signs) =
        if columns >= SIDE_BY_SIDE { ((columns - GAP) / 2 + GAP, ["", ""]) } else { (0, ["+ ", "  - "]) };
    let git = cx.span(Role::DiffAdd, cell(&format!("{}{git}", signs[0]), git_width.max(text::width(&git) + 2)));
    Line::from(fit(vec![git, cx.span(Role::DiffRemove, format!("{}{live}", signs[1]))], columns))
}

/// Git and live, side by side where there is room, else each pair's git above its live.
fn sides(cx: &Cx<'_>, detail: &DriftDetail, columns: usize) -> Vec<Line<'static>> {
    // Beside a side that git does not have nothing is a default.
    let only_live = if detail.git.is_some() { Role::Dim } else { Role::Text };
    if columns < SIDE_BY_SIDE {
        return detail.pairs.iter().flat_map(|pair| above(cx, pair, only_live, columns)).collect();
    }
    let half = (columns - GAP) / 2;
    let line = |pair: &Pair| {
        let [of_git, of_live] = match pair.kind {
            PairKind::Same => [Role::Text, Role::Text],
            PairKind::Changed => [Role::DiffAdd, Role::DiffRemove],
            PairKind::OnlyGit => [Role::DiffAdd, Role::Dim],
            PairKind::OnlyLive => [Role::Dim, only_live],
        };
        Line::from(vec![
            cx.span(of_git, cell(&indented(&pair.git), half) + &" ".repeat(GAP)),
            cx.span(of_live, cell(&indented(&pair.live), half)),
        ])
    };
    detail.pairs.iter().map(line).collect()
}

/// A pair of lines where git stands above live, with the signs of a diff; how many rows it takes is counted by
/// [`crate::state::drift::object::stacked_rows`].
fn above(cx: &Cx<'_>, pair: &Pair, only_live: Role, columns: usize) -> Vec<Line<'static>> {
    let line = |role: Role, sign: &str, text: &str| {
        Line::from(fit(vec![cx.span(role, format!("{sign} {}", indented(text)))], columns))
    };
    match pair.kind {
        PairKind::Same => vec![line(Role::Text, " ", &pair.git)],
        PairKind::Changed => vec![line(Role::DiffAdd, "+", &pair.git), line(Role::DiffRemove, "-", &pair.live)],
        PairKind::OnlyGit => vec![line(Role::DiffAdd, "+", &pair.git)],
        PairKind::OnlyLive => vec![line(only_live, " ", &pair.live)],
    }
}

/// A line made harmless, its indentation kept.
fn indented(line: &str) -> String {
    let rest = line.trim_start_matches(' ');
    format!("{}{}", " ".repeat(line.len() - rest.len()), text::line(rest))
}

/// The lines of a file with their numbers, that of the object marked.
fn file(cx: &Cx<'_>, excerpt: &Excerpt) -> Vec<Line<'static>> {
    let line = |(index, text): (usize, &String)| {
        let is_it = index == excerpt.at;
        let number = excerpt.first.map(|first| format!("{:>5}", u64::from(first) + index as u64)).unwrap_or_default();
        let role = if is_it { Role::Accent } else { Role::Dim };
        let mark = if is_it { "▸" } else { " " };
        let expanded = text.replace('\t', "    ");
        Line::from(vec![cx.span(role, format!("{number}{mark} ")), cx.span(Role::Text, indented(&expanded))])
    };
    let mut lines: Vec<Line<'static>> = excerpt.lines.iter().enumerate().map(line).collect();
    if excerpt.more {
        lines.push(Line::from(cx.span(Role::Dim, "…")));
    }
    lines
}
