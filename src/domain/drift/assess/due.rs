//! Whether a commit must be live by now: by what Argo CD says where an Application keeps the file, else by the grace.

use std::path::Path;

use super::{Inputs, ObjectKey, Turn, Version, is_within_grace, short};
use crate::domain::drift::application::{APPLICATIONS, Application, Source};

/// Whether a commit must be live. The text is what an Application says about it; without one, time decided.
#[derive(Debug)]
pub(super) enum Due {
    /// It may still come.
    Waiting(Option<String>),
    /// It must be live.
    Over(Option<String>),
}

/// An Application of the cluster that keeps files of the fabric's repository live.
#[derive(Debug)]
pub(super) struct Keeper<'a> {
    /// The Application.
    pub(super) key: ObjectKey,
    application: &'a Application,
}

/// The Applications that keep anything of the repository.
pub(super) fn keepers<'a>(inputs: &Inputs<'a>) -> Vec<Keeper<'a>> {
    let (group, kind) = APPLICATIONS;
    let applications = inputs.live.objects.of_kind(group, kind);
    let repositories = &inputs.lineage.repositories;
    applications
        .filter_map(|live| Some(Keeper { key: live.key.clone(), application: live.application.as_deref()? }))
        .filter(|keeper| keeper.application.sources.iter().any(|source| repositories.contains(&source.repository)))
        .collect()
}

/// The Application that keeps a file live, with the source that does.
pub(super) fn keeper<'a, 'k>(
    inputs: &Inputs<'_>,
    keepers: &'k [Keeper<'a>],
    file: &Path,
) -> Option<(&'k Keeper<'a>, &'a Source)> {
    let repositories = &inputs.lineage.repositories;
    keepers.iter().find_map(|keeper| Some((keeper, keeper.application.source(repositories, file)?)))
}

/// Whether what `version` brought must be live by now. Notes in `turn` when time changes the answer.
pub(super) fn due(inputs: &Inputs<'_>, keepers: &[Keeper<'_>], version: &Version, turn: &mut Turn) -> Due {
    let mut by_time = |waiting: Option<String>, over: Option<String>| {
        if is_within_grace(inputs, version.at, turn) { Due::Waiting(waiting) } else { Due::Over(over) }
    };
    let Some((keeper, source)) = keeper(inputs, keepers, &version.file) else { return by_time(None, None) };
    let has = |revision: &Option<String>| inputs.lineage.has(revision.as_deref()?, &version.commit);
    let at = |revision: &Option<String>| short(revision.as_deref().unwrap_or_default()).to_owned();
    let name = &keeper.key.name;
    let application = keeper.application;
    if has(&source.applied) == Some(true) {
        let applied = at(&source.applied);
        return match application.phase.as_deref() {
            Some("Running" | "Terminating") => Due::Waiting(Some(format!("Application {name} is applying {applied}"))),
            Some("Failed" | "Error") => {
                let why = application.message.as_deref().unwrap_or("it does not say why");
                Due::Over(Some(format!("Application {name} failed on {applied}: {why}")))
            }
            _ => Due::Over(Some(format!("Application {name} has applied {applied}"))),
        };
    }
    match has(&source.compared) {
        Some(false) => {
            let compared = at(&source.compared);
            Due::Waiting(Some(format!("Application {name} is at {compared}, an earlier commit")))
        }
        Some(true) => by_time(
            Some(format!("Application {name} has seen it and not applied it yet")),
            Some(format!("Application {name} has seen it and does not apply it")),
        ),
        None => by_time(None, None),
    }
}
