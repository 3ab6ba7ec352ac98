//! The gates of a session that another workbench serves: they are seen here, and decided there.

use std::path::Path;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::client::{Unheard, ask};
use crate::domain::fault::Fault;
use crate::domain::gate::wire::{Answer, Request};
use crate::event::{Event, GateNews, GatesElsewhere, SourceId};
use crate::source::Outbox;

/// How often the other workbench is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long it may take to answer: one that was stopped (Ctrl-Z) does not.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the workbench that has the socket for its gates, as it lists them for everyone: without secrets, long texts cut.
/// `refused` says why this one could not have the socket. When no workbench answers, it was for another reason, and nothing
/// is told. News go to the slot [`SourceId::Gates`] when something is different. Needs a tokio runtime.
pub fn spawn(socket: &Path, refused: Fault, outbox: Outbox, cancel: CancellationToken) {
    let socket = socket.to_owned();
    tokio::spawn(async move {
        let mut shown: Option<GatesElsewhere> = None;
        loop {
            let other = socket.clone();
            let asked = spawn_blocking(move || ask(&other, &Request::List, PATIENCE));
            let answer = tokio::select! {
                () = cancel.cancelled() => return,
                answer = asked => answer,
            };
            let Ok(answer) = answer else { return };
            let seen = look(answer, &refused, shown.as_ref(), &socket);
            if let Some(seen) = seen.filter(|seen| shown.as_ref() != Some(seen)) {
                shown = Some(seen.clone());
                outbox.post(SourceId::Gates, Event::Gate(GateNews::Elsewhere(Box::new(seen))));
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
}

/// What an answer tells; nothing when no workbench was ever heard.
fn look(
    answer: Result<Answer, Unheard>,
    refused: &Fault,
    shown: Option<&GatesElsewhere>,
    socket: &Path,
) -> Option<GatesElsewhere> {
    let failed = |why: &str, remedy: &str| Fault::new("asking the workbench at", socket.display(), why, remedy);
    match (answer, shown) {
        (Ok(Answer::Gates { gates }), _) => Some(GatesElsewhere { gates, fault: refused.clone() }),
        (_, None) => None,
        (Err(Unheard::NoWorkbench(_)), Some(_)) => {
            let fault = failed(
                "the workbench that decided about the gates has ended",
                "quit this one and start hnpwb again to decide them here",
            );
            Some(GatesElsewhere { gates: Vec::new(), fault })
        }
        (Ok(_) | Err(Unheard::TimedOut | Unheard::Broken(_)), Some(shown)) => {
            let fault = failed("another workbench decides about the gates, and it does not answer", "look at that one");
            Some(GatesElsewhere { gates: shown.gates.clone(), fault })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::look;
    use crate::domain::fault::Fault;
    use crate::domain::gate::wire::Answer;
    use crate::source::gates::client::Unheard;

    #[test]
    fn what_was_seen_stays_while_the_other_one_is_silent_and_goes_when_it_ends() {
        let refused = Fault::new("opening", "the socket", "another workbench (pid 7) serves session x", "");
        let look = |answer, shown| look(answer, &refused, shown, Path::new("/s"));
        let ended = || Err(Unheard::NoWorkbench(Fault::new("a", "b", "c", "d")));
        assert_eq!(look(ended(), None), None, "nobody was ever there");
        let seen = look(Ok(Answer::Gates { gates: Vec::new() }), None).unwrap();
        assert_eq!(seen.fault, refused);
        let silent = look(Err(Unheard::TimedOut), Some(&seen)).unwrap();
        assert_eq!(silent.gates, seen.gates);
        assert!(silent.fault.why.contains("does not answer"));
        let over = look(ended(), Some(&silent)).unwrap();
        assert!(over.gates.is_empty() && over.fault.why.contains("has ended"));
    }
}
