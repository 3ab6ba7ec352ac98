//! One connection to the gate socket: one request, one answer.

use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::CancellationToken;

use crate::domain::agent::hook::HookFact;
use crate::domain::gate::wire::{Answer, GateRequest, LONGEST_LINE, Request, decode, encode};
use crate::domain::gate::{GateId, GateState};
use crate::event::{Event, GateNews};
use crate::source::Outbox;
use crate::source::gates::{Gates, HANDOVER, Handover, wait};
use crate::source::hooks::HookDesk;

/// How long a client may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(10);
/// What a client is told when the workbench ends while it waits.
const CLOSING: &str = "the workbench is closing; start hnpwb again and repeat the request";

/// Serves one client.
pub(super) async fn serve(
    stream: UnixStream,
    uid: u32,
    seated: bool,
    gates: &Gates,
    outbox: &Outbox,
    hooks: &HookDesk,
    cancel: &CancellationToken,
) {
    // The folder's mode keeps others out already; this holds where modes do not.
    if !admits(uid, stream.peer_cred().ok().map(|peer| peer.uid())) {
        // Not a word: a stranger is to learn nothing, not even what this is.
        return;
    }
    let (read, mut write) = stream.into_split();
    let mut reader = BufReader::new(read);
    if !seated {
        refuse(&mut write, "too many requests at a time; try again later").await;
        return;
    }
    let line = tokio::select! {
        () = cancel.cancelled() => return refuse(&mut write, CLOSING).await,
        line = tokio::time::timeout(REQUEST, request_line(&mut reader)) => line,
    };
    let line = match line {
        Ok(Ok(Some(line))) => line,
        // It hung up without a word.
        Ok(Ok(None) | Err(_)) => return,
        Err(_) => return refuse(&mut write, "no complete request came within ten seconds").await,
    };
    if line.len() > LONGEST_LINE {
        return refuse(&mut write, "the request is longer than 16 MB").await;
    }
    match decode::<Request>(&line) {
        Ok(Request::Gate(request)) => hold(*request, reader, write, gates, outbox, cancel).await,
        Ok(Request::List) => {
            answer(&mut write, &Answer::Gates { gates: gates.list() }).await;
        }
        Ok(Request::Line) => {
            answer(&mut write, &Answer::Line { line: gates.line() }).await;
        }
        Ok(Request::Hooks) => {
            let book = hooks.book();
            let facts = book.facts().map(|fact| fact.clone().redacted(gates.redactor())).collect();
            answer(&mut write, &Answer::Hooks { facts }).await;
        }
        Ok(Request::Event { event }) => {
            if let Some(fact) = HookFact::parse(&event, Timestamp::now()) {
                hooks.note(fact);
            }
            answer(&mut write, &Answer::Noted).await;
        }
        Err(why) => refuse(&mut write, &why).await,
    }
}

/// Whether a user may ask at a socket of this owner: the owner, and root, who could read all of it anyway. The kernel says
/// who it is; one that it does not name may not.
fn admits(owner: u32, peer: Option<u32>) -> bool {
    peer.is_some_and(|peer| peer == owner || peer == 0)
}

/// One line without its end; one byte more than allowed when it is too long, none at the end of the stream.
async fn request_line(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = LONGEST_LINE as u64 + 1;
    reader.take(limit).read_until(b'\n', &mut line).await?;
    if line.pop_if(|byte| *byte == b'\n').is_some() || line.len() as u64 == limit {
        return Ok(Some(line));
    }
    Ok(None)
}

/// Holds whoever asked until the gate ends.
async fn hold(
    request: GateRequest,
    mut reader: BufReader<OwnedReadHalf>,
    mut write: OwnedWriteHalf,
    gates: &Gates,
    outbox: &Outbox,
    cancel: &CancellationToken,
) {
    let (digest, wait) = (request.digest(), wait(&request));
    let deadline = tokio::time::Instant::now() + wait;
    let (gate, mut given) = match gates.admit(request, Timestamp::now()) {
        Ok(admitted) => admitted,
        Err(why) => return refuse(&mut write, &why).await,
    };
    let id = gate.id.clone();
    if !outbox.send(Event::Gate(GateNews::Requested(Box::new(gate)))).await {
        gates.end(&id, GateState::Abandoned);
        return refuse(&mut write, CLOSING).await;
    }
    let ended = tokio::select! {
        biased;
        given = &mut given => return deliver(given.ok(), id, digest, &mut write).await,
        () = hung_up(&mut reader) => GateState::Abandoned,
        () = tokio::time::sleep_until(deadline) => GateState::Expired,
        () = cancel.cancelled() => GateState::Abandoned,
    };
    if !gates.end(&id, ended) {
        // The operator was faster by a hair: a decision that was taken counts.
        return deliver(given.await.ok(), id, digest, &mut write).await;
    }
    let news = if ended == GateState::Expired {
        answer(&mut write, &Answer::Expired { gate: id.clone() }).await;
        GateNews::Expired(id, Timestamp::now())
    } else {
        refuse(&mut write, CLOSING).await;
        GateNews::Abandoned(id, Timestamp::now())
    };
    outbox.send(Event::Gate(news)).await;
}

/// Writes the decision, and tells whoever made it that it was written.
async fn deliver(given: Option<Handover>, gate: GateId, digest: String, write: &mut OwnedWriteHalf) {
    let Some(Handover { decision, landed }) = given else { return };
    let said = Answer::Decided {
        gate,
        digest,
        approved: decision.approved,
        reason: decision.reason,
        answers: decision.answers,
    };
    if answer(write, &said).await {
        // Nobody may be listening any more; the answer stands.
        let _ = landed.send(());
    }
}

/// Returns when the other end closes, or says more than the one line that it may.
async fn hung_up(reader: &mut BufReader<OwnedReadHalf>) {
    // Whatever comes, the answer is the same: this client cannot be waited for.
    let _ = reader.read_u8().await;
}

async fn refuse(write: &mut OwnedWriteHalf, why: &str) {
    answer(write, &Answer::Refused { why: why.to_owned(), closing: why == CLOSING }).await;
}

/// Writes an answer; false when the other end is gone or does not read.
async fn answer(write: &mut OwnedWriteHalf, answer: &Answer) -> bool {
    let Ok(line) = encode(answer) else { return false };
    let written = async {
        write.write_all(line.as_bytes()).await?;
        write.shutdown().await
    };
    matches!(tokio::time::timeout(HANDOVER, written).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::admits;

    #[test]
    fn the_owner_and_root_may_ask_and_nobody_else() {
        for (owner, peer, may) in [
            (1000, Some(1000), true),
            (1000, Some(0), true),
            (1000, Some(1001), false),
            (1000, Some(65534), false),
            (1000, None, false),
            (0, Some(0), true),
            (0, Some(1000), false),
        ] {
            assert_eq!(admits(owner, peer), may, "{owner} {peer:?}");
        }
    }
}
