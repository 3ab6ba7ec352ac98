//! The cluster pane: browsing a kind, and one object in front of the panes.

use crate::config::layout::PaneKind;
use crate::domain::cluster::{Browsed, LiveDetail, ObjectPlace, TableNews};
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::KindsNews;
use crate::state::State;
use crate::state::cluster::live::{LiveView, Page};
use crate::state::describe::live;
use crate::state::input::LineInput;
use crate::state::popup::Popup;

/// What is to be read for the pane from now on, when that has changed: the kind that is browsed, while the pane is on screen.
pub fn wants(state: &mut State) -> Option<Effect> {
    let is_shown = state.screen.viewports.contains_key(&PaneKind::Cluster);
    let browse = state.clusters.browse.as_ref().filter(|_| is_shown);
    let wanted = browse.map(|browse| browse.of.clone());
    if state.clusters.looked_at == wanted {
        return None;
    }
    state.clusters.looked_at.clone_from(&wanted);
    Some(Effect::Browse(wanted))
}

/// Offers the kinds that the cluster serves.
pub fn kinds(state: &mut State) -> Effects {
    if state.clusters.view().is_none() {
        state.say(Tone::Info, "there is no cluster to look at");
        return Effects::new();
    }
    state.screen.popup = Some(Popup::Palette { input: LineInput::default(), selected: 0, kinds: true });
    vec![Effect::ListKinds]
}

/// Browses a kind; the cluster pane gets the keys.
pub fn browse(state: &mut State, of: Browsed) {
    state.screen.filter = None;
    state.clusters.begin(of);
    state.screen.focus_on(PaneKind::Cluster);
}

/// Opens what the cursor is on: a kind, or an object.
pub fn open(state: &mut State) -> Option<Effects> {
    if state.clusters.browse.is_none()
        && let Some(kind) = state.clusters.kind_here()
    {
        browse(state, kind);
        return Some(Effects::new());
    }
    state.clusters.place().map(|place| read(state, place, Page::Description))
}

/// Goes back from a kind to all of them. False when none is browsed.
pub fn leave(state: &mut State) -> bool {
    state.clusters.browse.take().is_some()
}

/// Shows the selected object, or the one that is shown, on this page. The page that is shown is read anew.
pub fn show(state: &mut State, page: Page) -> Effects {
    if let Some(Popup::Live(view)) = &mut state.screen.popup {
        if view.page != page && view.read.is_some() {
            view.turn(page);
            return Effects::new();
        }
        let place = view.place.clone();
        return read(state, place, page);
    }
    match state.clusters.place() {
        Some(place) => read(state, place, page),
        None => {
            state.say(Tone::Info, "no object is selected");
            Effects::new()
        }
    }
}

fn read(state: &mut State, place: ObjectPlace, page: Page) -> Effects {
    state.screen.popup = Some(Popup::Live(Box::new(LiveView::new(place.clone(), page))));
    vec![Effect::ReadObject(place)]
}

/// An object was read, or not. It is for the popup that asked for it, if that still stands.
pub fn object(state: &mut State, place: &ObjectPlace, found: Result<Box<LiveDetail>, Fault>) {
    if let Some(Popup::Live(view)) = &mut state.screen.popup
        && view.place == *place
    {
        view.read = Some(found);
    }
}

/// Rows of the object that is shown, in a popup of so many columns.
pub fn rows(state: &State, view: &LiveView) -> usize {
    live::rows(state, view, usize::from(state.screen.popup_size.0)).len()
}

/// Copies the object that is shown as YAML, with its secrets hidden.
pub fn copy(state: &mut State) -> Effects {
    let Some(Popup::Live(view)) = &state.screen.popup else { return Effects::new() };
    match view.detail() {
        Some(detail) => vec![Effect::Copy { text: detail.yaml.clone(), what: "object".to_owned() }],
        None => {
            state.say(Tone::Info, "it is not read yet");
            Effects::new()
        }
    }
}

/// Goes to the owner of the object that is shown, among the others of its kind.
pub fn owner(state: &mut State) {
    let Some(Popup::Live(view)) = &state.screen.popup else { return };
    let Some(owner) = view.detail().and_then(|detail| detail.owners.first()).cloned() else {
        state.say(Tone::Info, "nothing owns it");
        return;
    };
    let place = view.place.clone();
    let Some(kind) = state.clusters.kind_named(&place.context, &owner.group, &owner.kind) else {
        let name = text::line(&owner.kind).into_owned();
        state.say(Tone::Warning, format!("its owner is a {name}, which cannot be listed"));
        return;
    };
    let namespace = if kind.namespaced { place.namespace } else { String::new() };
    state.screen.popup = None;
    browse(state, Browsed { context: place.context, kind });
    if let Some(browse) = &mut state.clusters.browse {
        browse.goal = Some((namespace, owner.name));
        browse.arrange(state.clusters.faults_only);
    }
}

/// Goes to the drift of the object that is shown.
pub fn drift(state: &mut State) {
    let Some(Popup::Live(view)) = &state.screen.popup else { return };
    let found = live::drift_of(state, &view.place).next();
    let Some((fabric, key)) = found.map(|(view, row)| (view.fabric.clone(), row.key.clone())) else {
        state.say(Tone::Info, "no fabric says anything of it");
        return;
    };
    let (_, height) = state.viewport(PaneKind::Drift);
    if state.drift.reveal(&fabric, &key, usize::from(height)) {
        state.screen.popup = None;
        state.screen.focus_on(PaneKind::Drift);
    } else {
        state.say(Tone::Info, "the filter of the drift hides it");
    }
}

/// Has the context asked again that is looked at.
pub fn reconnect(state: &mut State) -> Effects {
    let Some(context) = state.clusters.context().map(str::to_owned) else {
        state.say(Tone::Info, "there is no cluster here");
        return Effects::new();
    };
    state.say(Tone::Info, format!("asking {} again", text::line(&context)));
    vec![Effect::Reconnect(context)]
}

/// Shows what is wrong alone, or everything again.
pub fn faults_only(state: &mut State) {
    state.clusters.faults_only = !state.clusters.faults_only;
    state.clusters.rearrange();
    let words = if state.clusters.faults_only { "only what is not as it should be" } else { "every object" };
    state.say(Tone::Info, words);
}

/// Changes how the kind that is browsed is shown.
pub fn change(state: &mut State, change: impl FnOnce(&mut crate::state::cluster::browse::Browse)) {
    let faults_only = state.clusters.faults_only;
    match &mut state.clusters.browse {
        Some(browse) => {
            change(browse);
            browse.arrange(faults_only);
        }
        None => state.say(Tone::Info, "choose a kind first: enter on its line, or K for all of them"),
    }
}

/// The kinds of a cluster were told.
pub fn served(state: &mut State, news: KindsNews) {
    state.clusters.served.insert(news.context, news.kinds);
}

/// The kind that is looked at was told, or not.
pub fn table(state: &mut State, news: TableNews) {
    let clusters = &mut state.clusters;
    let Some(browse) = clusters.browse.as_mut().filter(|browse| browse.of == news.of) else { return };
    let view = clusters.clusters.iter().find(|view| view.context == news.of.context);
    browse.take(news, view);
    browse.arrange(clusters.faults_only);
}
