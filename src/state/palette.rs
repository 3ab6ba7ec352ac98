//! What the palette offers: actions, and the kinds of the cluster that is looked at.

use crate::action::{Action, matching, spec};
use crate::domain::cluster::{Browsed, Fit, ServedKind};

use super::State;

/// One row of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Something to do.
    Action(Action),
    /// A kind to look at, in the context of this name.
    Kind(String, ServedKind),
}

impl Choice {
    /// What is browsed when a kind is chosen.
    pub fn browsed(&self) -> Option<Browsed> {
        match self {
            Self::Action(_) => None,
            Self::Kind(context, served) => Some(Browsed { context: context.clone(), kind: served.kind.clone() }),
        }
    }
}

/// What fits what was typed, the best first: whatever is called exactly that, then what begins like that, then what has it
/// somewhere. Before anything is typed every action is offered, or with `kinds` every kind.
pub fn choices(state: &State, typed: &str, kinds: bool) -> Vec<Choice> {
    let view = state.clusters.view();
    let served = view.map(|view| state.clusters.kinds_of(view)).unwrap_or_default();
    let kind = |served: ServedKind| Choice::Kind(view.map(|view| view.context.clone()).unwrap_or_default(), served);
    let typed = typed.trim();
    if kinds && typed.is_empty() {
        return served.into_iter().map(kind).collect();
    }
    let lower = typed.to_lowercase();
    let mut found: Vec<(Rank, Choice)> = Vec::new();
    if !kinds {
        found.extend(matching(typed).into_iter().map(|action| {
            let name = spec(action).map_or("", |spec| spec.name);
            let rank = match name {
                name if name == lower => Rank::ActionNamed,
                name if !lower.is_empty() && name.starts_with(&lower) => Rank::ActionBegins,
                _ => Rank::Action,
            };
            (rank, Choice::Action(action))
        }));
    }
    for served in served {
        let rank = match served.fit(typed) {
            Some(Fit::Exact) => Rank::KindNamed,
            Some(Fit::Begins) => Rank::KindBegins,
            Some(Fit::Contains) => Rank::Kind,
            None => continue,
        };
        found.push((rank, kind(served)));
    }
    // Stable: among equals the order of the actions stands, and that of the server.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, choice)| choice).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    ActionNamed,
    KindNamed,
    ActionBegins,
    KindBegins,
    Action,
    Kind,
}
