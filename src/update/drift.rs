//! The drift pane and the popup of one of its objects: folding, pages, and the ways from an object to all it hangs on.

use crate::config::layout::PaneKind;
use crate::domain::drift::ObjectKey;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::DetailNews;
use crate::state::State;
use crate::state::drift::Row;
use crate::state::drift::object::{HEAD, ObjectView, Page};
use crate::state::popup::Popup;

use super::cursor::{self, Motion};
use super::{act, compose};

/// Commits that are loaded at most to find one.
const MOST_COMMITS: usize = 100_000;

/// Folds or unfolds what the cursor is on.
pub fn fold(state: &mut State) {
    if state.drift.fold() {
        return;
    }
    let filtered = !state.drift.list.filter.is_empty();
    let why = if filtered { "what the filter finds is always shown" } else { "there is nothing to fold here" };
    state.say(Tone::Info, why);
}

/// Shows only what is wrong, or everything again.
pub fn faults_only(state: &mut State) {
    state.drift.faults_only = !state.drift.faults_only;
    cursor::arrange(state, PaneKind::Drift);
    let hidden = state.drift.hidden;
    let said = match (state.drift.faults_only, hidden) {
        (true, 1) => "only what is wrong: 1 object is hidden".to_owned(),
        (true, hidden) => format!("only what is wrong: {hidden} objects are hidden"),
        (false, _) => "everything is shown".to_owned(),
    };
    state.say(Tone::Info, said);
}

/// Opens what the cursor is on: an object, or what is folded.
pub fn open(state: &mut State) -> Effects {
    if let Some(Row::Group(..) | Row::Findings(..)) = state.drift.list.current() {
        fold(state);
        return Effects::new();
    }
    let Some((fabric, row)) = state.drift.current() else {
        act::details(state);
        return Effects::new();
    };
    let view = ObjectView::new(&fabric.fabric, row);
    let effect = Effect::DriftDetail(view.request.clone());
    state.screen.popup = Some(Popup::Drift(Box::new(view)));
    vec![effect]
}

/// The popup's object.
fn view(state: &mut State) -> Option<&mut ObjectView> {
    match &mut state.screen.popup {
        Some(Popup::Drift(view)) => Some(view),
        _ => None,
    }
}

/// Goes to another page of the popup.
pub fn turn(state: &mut State, forward: bool) {
    if let Some(view) = view(state) {
        view.turn_by(forward);
    }
}

/// Moves the text of a page, or the cursor among versions.
pub fn travel(state: &mut State, motion: Motion) {
    let (columns, rows) = state.screen.popup_size;
    let height = usize::from(rows).saturating_sub(HEAD).max(1);
    let Some(view) = view(state) else { return };
    let lines = view.lines(usize::from(columns));
    let page = isize::try_from(height).unwrap_or(1);
    if view.page == Page::Versions {
        let last = lines.unwrap_or(0).saturating_sub(1);
        view.version = match motion {
            Motion::Rows(rows) => view.version.saturating_add_signed(rows),
            Motion::Pages(pages) => view.version.saturating_add_signed(pages.saturating_mul(page)),
            Motion::Top => 0,
            Motion::Bottom => last,
            Motion::Row(row) => row,
        };
        view.version = view.version.min(last);
        return;
    }
    act::move_by(&mut view.scroll, motion, page);
    if let Some(lines) = lines {
        view.scroll.0 = view.scroll.0.min(lines.saturating_sub(height));
    }
}

/// An object was looked at; of use while it is still the one that is shown.
pub fn looked(state: &mut State, news: DetailNews) {
    let Some(view) = view(state) else { return };
    if (&view.request.fabric, &view.request.key) == (&news.fabric, &news.key) {
        view.take(news.detail);
    }
}

/// A fabric has changed: the popup shows what its object is like now, and asks for the rest if that is another.
pub fn renew(state: &mut State, fabric: &str) -> Effects {
    let Some(Popup::Drift(view)) = &mut state.screen.popup else { return Effects::new() };
    if view.request.fabric != fabric {
        return Effects::new();
    }
    let Some((_, row)) = state.drift.find(fabric, &view.request.key) else {
        view.gone = true;
        return Effects::new();
    };
    if view.row == *row && !view.gone {
        return Effects::new();
    }
    view.row = row.clone();
    view.gone = false;
    vec![Effect::DriftDetail(view.request.clone())]
}

/// Goes where the page points.
pub fn follow(state: &mut State) -> Effects {
    match view(state).map(|view| view.page) {
        Some(Page::Versions) => return show_commit(state),
        Some(Page::Fields | Page::Yaml) => {
            if let Some(view) = view(state) {
                view.turn(Page::File);
            }
        }
        Some(Page::File) | None => {}
    }
    Effects::new()
}

/// Selects the commit of the version at the cursor in the git log, which may have to load it first.
pub fn show_commit(state: &mut State) -> Effects {
    let Some(view) = view(state) else { return Effects::new() };
    let Some(commit) = view.current_version().map(|version| version.commit.clone()) else {
        let words =
            if view.detail.is_none() { "its versions are still being read" } else { "no commit is known of it" };
        state.say(Tone::Info, words);
        return Effects::new();
    };
    state.screen.popup = None;
    state.screen.focus_on(PaneKind::Git);
    state.git.goal = Some(commit);
    arrive(state)
}

/// Puts the cursor of the git log on the commit that it is to go to, once that is loaded.
pub fn arrive(state: &mut State) -> Effects {
    let Some(goal) = state.git.goal.take() else { return Effects::new() };
    let (_, height) = state.viewport(PaneKind::Git);
    if state.git.has(&goal) {
        state.git.select(&goal, usize::from(height));
        return Effects::new();
    }
    let loaded = state.git.repos.iter().map(|repo| repo.rows.len()).max().unwrap_or(0);
    if state.git.repos.iter().any(|repo| repo.more) && state.git.limit < MOST_COMMITS {
        state.git.limit = state.git.limit.max(loaded).max(1) * 2;
        state.git.goal = Some(goal);
        return vec![Effect::LoadCommits(state.git.limit)];
    }
    let short: String = goal.chars().take(7).collect();
    state.say(Tone::Warning, format!("{short} is not in the log of the session's repositories"));
    Effects::new()
}

/// Selects the object in the cluster that the fabric is compared with.
pub fn show_live(state: &mut State) {
    let Some(view) = view(state) else { return };
    let Some(detail) = view.found() else {
        return state.say(Tone::Info, "it is still being looked at");
    };
    if !detail.live {
        return state.say(Tone::Info, "the cluster does not have it");
    }
    let (context, key) = (detail.context.clone(), view.request.key.clone());
    if select_live(state, context.as_deref(), &key) {
        state.screen.popup = None;
        state.screen.focus_on(PaneKind::Cluster);
    } else {
        state.say(Tone::Info, "the cluster pane does not list it");
    }
}

/// Selects the Argo CD Application that keeps the object live, in the same cluster.
pub fn show_application(state: &mut State) {
    let Some(view) = view(state) else { return };
    let context = view.found().and_then(|detail| detail.context.clone());
    let Some(application) = view.row.application.clone() else {
        return state.say(Tone::Info, "no Argo CD Application covers its file");
    };
    if select_live(state, context.as_deref(), &application) {
        state.screen.popup = None;
        state.screen.focus_on(PaneKind::Cluster);
    } else {
        state.say(Tone::Info, format!("the cluster pane does not list the Application {}", application.name));
    }
}

/// Puts the cluster pane's cursor on an object; whatever hides it goes. False when it is not listed.
fn select_live(state: &mut State, context: Option<&str>, key: &ObjectKey) -> bool {
    let (_, height) = state.viewport(PaneKind::Cluster);
    let pane = &mut state.clusters;
    let Some(cluster) = pane.clusters.iter().position(|cluster| Some(cluster.context.as_str()) == context) else {
        return false;
    };
    let found = pane.clusters[cluster].objects.iter().position(|object| {
        (&object.kind.group, &object.kind.kind, &object.name) == (&key.group, &key.kind, &key.name)
            && (!object.kind.namespaced || object.namespace == key.namespace)
    });
    let Some(object) = found else { return false };
    // Whatever hides it goes: the kind that is browsed, the filter, faults only.
    (pane.browse, pane.faults_only) = (None, false);
    // Neither a kind that is browsed nor what hides objects may stand in the way.
    pane.browse = None;
    pane.faults_only = false;
    pane.list.filter.clear();
    pane.arrange(None);
    // Another cluster may have an object of the same name.
    let wanted = crate::state::cluster::Row::Object(cluster, object);
    let Some(row) = pane.list.rows.iter().position(|row| *row == wanted) else { return false };
    pane.list.select(row, usize::from(height));
    true
}

/// Copies what the page is about: the commit of a version, else where the object is stated.
pub fn copy(state: &mut State) -> Effects {
    let Some(view) = view(state) else { return Effects::new() };
    let version = view.current_version().filter(|_| view.page == Page::Versions);
    let (what, text) = match (version, &view.row.file) {
        (Some(version), _) => ("commit id", version.commit.clone()),
        (None, Some(file)) => {
            let line = view.row.line.map(|line| format!(":{line}")).unwrap_or_default();
            ("manifest", format!("{}{line}", file.display()))
        }
        (None, None) => ("object name", format!("{}/{}", view.row.key.kind, view.row.key.name)),
    };
    vec![Effect::Copy { text, what: what.to_owned() }]
}

/// Has the cluster asked what applying the popup's object, else the one under the cursor, would do.
pub fn check(state: &mut State) -> Effects {
    let of_popup = view(state).map(|view| (view.request.fabric.clone(), view.request.key.clone()));
    let selected = || state.drift.current().map(|(view, row)| (view.fabric.clone(), row.key.clone()));
    let Some((fabric, key)) = of_popup.or_else(selected) else {
        state.say(Tone::Warning, "no object is selected: the cluster is asked about one object");
        return Effects::new();
    };
    state.say(Tone::Info, format!("asking the cluster what applying {} {} would do", key.kind, key.name));
    vec![Effect::CheckDrift { fabric, key }]
}

/// Begins a brief about the popup's object, else about the one under the cursor.
pub fn brief(state: &mut State) -> Effects {
    let subject = match &state.screen.popup {
        Some(Popup::Drift(shown)) => {
            let fabric = state.drift.fabrics.iter().find(|view| view.fabric == shown.request.fabric);
            fabric.map(|fabric| compose::object(state, fabric, &shown.row, shown.found()))
        }
        _ => state.drift.current().map(|(view, row)| compose::object(state, view, row, None)),
    };
    let Some(subject) = subject else {
        state.say(Tone::Warning, "no object is selected: a brief from here is about an object of a fabric");
        return Effects::new();
    };
    compose::offer(state, subject)
}
