//! One kind that is browsed: the columns of its server, then our own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::cluster::{ClusterView, Connection, KindRow};
use crate::domain::health::HealthState;
use crate::domain::text;
use crate::domain::time::age;
use crate::state::cluster::browse::{Browse, Sort};
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, fit, list, nothing, spread, widest};
use crate::ui::{Cx, glyph};

/// Columns of the sign before a name, and between two columns.
const SIGN: usize = 3;
const GAP: usize = 2;
/// Columns of a cell at most.
const CELL: usize = 32;
/// Columns of the longest word for a health, and with the beginning of its reason.
const HEALTH: usize = 12;
const REASON: usize = 30;
/// The beginning of a reason that still says something.
const STUMP: usize = 8;
/// Columns of generation and age, with the gap before each.
const GENERATION: usize = 6;
const AGE: usize = 6;
/// Columns of the pane from which on the generation is shown.
const ROOMY: usize = 100;

/// What the border says: how much there is, and how much of it is shown.
pub fn notes(browse: &Browse) -> Vec<String> {
    let (all, shown) = (browse.table.rows.len(), browse.list.rows.len());
    let bad = browse.table.rows.iter().filter(|row| row.health.state == HealthState::Degraded).count();
    let mut notes = Vec::new();
    if bad > 0 {
        notes.push(format!("{bad} degraded"));
    }
    if all > 0 {
        let more = if browse.table.cut { " and more" } else { "" };
        notes.push(if shown < all { format!("{shown} of {all}{more}") } else { format!("{all}{more}") });
    }
    notes
}

/// Draws the kind.
pub fn draw(cx: &Cx<'_>, browse: &Browse, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let view = cx.state.clusters.clusters.iter().find(|view| view.context == browse.of.context);
    let [top, area] = split(area);
    let plan = Plan::of(browse, area);
    let columns = usize::from(top.width.saturating_sub(1));
    buf.set_line(top.x + 1, top.y, &header(cx, browse, view, &plan, columns), top.width.saturating_sub(1));
    let wrong: Vec<_> = view.and_then(|view| view.fault.clone()).into_iter().chain(browse.fault.clone()).collect();
    let area = faults(cx, &wrong, area, buf);
    if browse.list.rows.is_empty() {
        return nothing(cx, why_nothing(browse, view, cx.state.clusters.faults_only), area, buf);
    }
    let [heads, area] = split(area);
    buf.set_line(heads.x + 1, heads.y, &plan.heads(cx, browse), heads.width.saturating_sub(1));
    let live = is_live(browse, view);
    list(cx, PaneKind::Cluster, &browse.list, area, buf, hits, |row, columns| {
        browse.table.rows.get(*row).map(|row| plan.line(cx, row, live, columns)).unwrap_or_default()
    });
}

/// The first row of an area, and the rest.
fn split(area: Rect) -> [Rect; 2] {
    let height = area.height.min(1);
    [Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area }]
}

/// What is shown is as the cluster is now. An old green is no green.
fn is_live(browse: &Browse, view: Option<&ClusterView>) -> bool {
    browse.fault.is_none() && view.is_some_and(|view| view.connection == Connection::Connected)
}

fn why_nothing(browse: &Browse, view: Option<&ClusterView>, faults_only: bool) -> &'static str {
    let is_file = view.is_some_and(|view| view.connection == Connection::Connected && view.server.is_none());
    match browse {
        Browse { table, .. } if !table.rows.is_empty() && faults_only => "Nothing that is wrong passes the filter.",
        Browse { table, .. } if !table.rows.is_empty() => "Nothing passes the filter.",
        Browse { heard: true, .. } => "There are none.",
        Browse { fault: Some(_), .. } => "Nothing was read of it so far.",
        _ if is_file => "The snapshot holds none.",
        _ if view.is_some_and(|view| view.connection == Connection::Connected) => "Reading…",
        _ => "It is read as soon as the cluster answers.",
    }
}

fn header(cx: &Cx<'_>, browse: &Browse, view: Option<&ClusterView>, plan: &Plan, columns: usize) -> Line<'static> {
    let kind = &browse.of.kind;
    let group = match kind.group.as_str() {
        "" => kind.version.clone(),
        group => format!("{group}/{}", kind.version),
    };
    let mut left = vec![
        cx.span(Role::Title, text::line(&kind.kind).into_owned()),
        cx.span(Role::Dim, format!("  {}", text::line(&group))),
        cx.span(Role::Accent, format!("  {}", text::line(&browse.of.context))),
    ];
    if let Some(view) = view.filter(|view| view.connection != Connection::Connected) {
        left.push(cx.span(Role::Error, format!("  {}", view.connection.name())));
    }
    if let Some(namespace) = &browse.table.namespace {
        left.push(cx.span(Role::Warn, format!("  only namespace {}", text::line(namespace))));
    }
    if plan.hides(browse) {
        let name = text::line(browse.sort.name()).to_uppercase();
        left.push(cx.span(Role::Accent, format!("  by {name}{}", direction(browse))));
    }
    let at = browse.as_of.filter(|_| !is_live(browse, view));
    let mut right: Vec<Span<'static>> = Vec::new();
    right.extend(at.map(|at| cx.span(Role::Warn, format!("as of {} ago", age(at, cx.state.now)))));
    match plan.hidden {
        0 => {}
        1 => right.push(cx.span(Role::Dim, "  1 more column")),
        hidden => right.push(cx.span(Role::Dim, format!("  {hidden} more columns"))),
    }
    spread(left, right, columns)
}

/// The sign of the direction that the rows are sorted in.
fn direction(browse: &Browse) -> &'static str {
    if browse.reversed { "↑" } else { "↓" }
}

/// Which columns have room, and how wide they are.
struct Plan {
    name: usize,
    /// Columns of the namespace, where there is more than one.
    namespace: Option<usize>,
    /// Columns of the server that are shown, with their widths.
    cells: Vec<(usize, usize)>,
    /// Columns of the server that have no room.
    hidden: usize,
    health: usize,
    generation: bool,
}

impl Plan {
    fn of(browse: &Browse, area: Rect) -> Self {
        let rows = || {
            let view = browse.list.view(usize::from(area.height));
            view.filter_map(|row| browse.table.rows.get(*browse.list.rows.get(row)?))
        };
        let column = |head: &str, text: &dyn Fn(&KindRow) -> usize| {
            rows().map(text).max().unwrap_or(0).max(text::width(head) + 1).min(CELL)
        };
        let width = |text: &str| text::width(&text::line(text));
        let row_name = |row: &usize| browse.table.rows.get(*row).map_or(0, |row| width(&row.name));
        let most = usize::from(area.width) * 2 / 5;
        let name = widest(&browse.list, area, most, row_name).max("NAME".len() + 1);
        let columns = usize::from(area.width).saturating_sub(1);
        let generation = columns >= ROOMY;
        let mut room = columns.saturating_sub(SIGN + name + AGE + if generation { GENERATION } else { 0 });
        let namespace = browse.is_spread().then(|| column("NAMESPACE", &|row| width(&row.namespace)));
        room = room.saturating_sub(namespace.map_or(0, |width| width + GAP));
        // Where every object is silent there is no reason to keep room for.
        let is_silent = |row: &KindRow| row.health.state == HealthState::NoSignal;
        let least = GAP
            + if rows().all(is_silent) {
                HEALTH
            } else if generation {
                REASON
            } else {
                HEALTH
            };
        let shown = browse.table.shown(browse.wide);
        let mut cells = Vec::new();
        for at in &shown {
            let head = browse.table.columns.get(*at).map_or("", |column| column.name.as_str());
            let wide = column(head, &|row| row.cells.get(*at).map_or(0, |cell| width(cell)));
            if room < wide + GAP + least {
                break;
            }
            room -= wide + GAP;
            cells.push((*at, wide));
        }
        let hidden = shown.len() - cells.len();
        Self { name, namespace, cells, hidden, health: room.saturating_sub(GAP), generation }
    }

    /// The rows are sorted by a column that has no room.
    fn hides(&self, browse: &Browse) -> bool {
        match &browse.sort {
            Sort::Name | Sort::Health | Sort::Age => false,
            Sort::Generation => !self.generation,
            Sort::Column(name) => {
                let shown = self.cells.iter().filter_map(|(at, _)| browse.table.columns.get(*at));
                !shown.into_iter().any(|column| column.name == *name)
            }
        }
    }

    fn heads(&self, cx: &Cx<'_>, browse: &Browse) -> Line<'static> {
        let head = |sort: &Sort, width: usize| {
            let is_sorted = browse.sort == *sort;
            let sign = if is_sorted { direction(browse) } else { "" };
            let name = text::line(sort.name()).to_uppercase();
            let name = cell(&name, text::width(&name).min(width.saturating_sub(text::width(sign))));
            let role = if is_sorted { Role::Accent } else { Role::Dim };
            cx.span(role, cell(&format!("{name}{sign}"), width))
        };
        let gap = || Span::raw(" ".repeat(GAP));
        let mut spans = vec![Span::raw(" ".repeat(SIGN)), head(&Sort::Name, self.name)];
        if let Some(width) = self.namespace {
            spans.extend([gap(), cx.span(Role::Dim, cell("NAMESPACE", width))]);
        }
        for (column, width) in &self.cells {
            let name = browse.table.columns.get(*column).map(|column| column.name.clone()).unwrap_or_default();
            spans.extend([gap(), head(&Sort::Column(name), *width)]);
        }
        spans.extend([gap(), head(&Sort::Health, self.health)]);
        // Numbers stand at the right of their columns, and so do the heads of these.
        let right = |sort: Sort, width: usize| {
            let span = head(&sort, width);
            Span::styled(format!("{:>width$}", span.content.trim_end()), span.style)
        };
        if self.generation {
            spans.extend([gap(), right(Sort::Generation, GENERATION - GAP)]);
        }
        spans.extend([gap(), right(Sort::Age, AGE - GAP)]);
        Line::from(spans)
    }

    fn line(&self, cx: &Cx<'_>, row: &KindRow, live: bool, columns: usize) -> Line<'static> {
        let state = row.health.state;
        let (role, name_role) = if live { (Role::Health(state), Role::Text) } else { (Role::Dim, Role::Dim) };
        let gap = || Span::raw(" ".repeat(GAP));
        let fixed = |text: &str, width: usize| cell(&text::line(text), width);
        let mut spans =
            vec![cx.span(role, format!(" {} ", glyph::health(state))), cx.span(name_role, fixed(&row.name, self.name))];
        if let Some(width) = self.namespace {
            spans.extend([gap(), cx.span(Role::Dim, fixed(&row.namespace, width))]);
        }
        for (column, width) in &self.cells {
            let text = row.cells.get(*column).map(String::as_str).unwrap_or_default();
            spans.extend([gap(), cx.span(name_role, fixed(text, *width))]);
        }
        spans.push(gap());
        let is_silent = state == HealthState::NoSignal || self.health < HEALTH + STUMP;
        let reason = if is_silent { "" } else { row.health.reason.as_str() };
        let health = [
            cx.span(role, cell(state.name(), HEALTH)),
            cx.span(Role::Dim, fixed(reason, self.health.saturating_sub(HEALTH))),
        ];
        spans.extend(fit(health.to_vec(), self.health));
        if self.generation {
            let generation = row.generation.map(|generation| generation.to_string()).unwrap_or_default();
            spans.extend([gap(), cx.span(Role::Dim, format!("{generation:>0$}", GENERATION - GAP))]);
        }
        let age = row.created.map(|at| age(at, cx.state.now)).unwrap_or_default();
        spans.extend([gap(), cx.span(Role::Dim, format!("{age:>0$}", AGE - GAP))]);
        Line::from(fit(spans, columns))
    }
}
