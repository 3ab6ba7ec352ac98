//! The two ways an event reaches the loop: a bounded queue, and slots in which the latest wins. Neither lets a secret through.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::domain::redact::Redactor;
use crate::event::{Event, SourceId};

/// Events that may wait in the queue before their senders have to.
const QUEUE: usize = 64;

/// The senders' end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    queue: mpsc::Sender<Event>,
    slots: Arc<Slots>,
    redactor: Redactor,
}

/// The loop's end.
#[derive(Debug)]
pub struct Inbox {
    queue: mpsc::Receiver<Event>,
    slots: Arc<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    events: Mutex<BTreeMap<SourceId, Event>>,
    filled: Notify,
}

impl Slots {
    fn put(&self, slot: SourceId, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).insert(slot, event);
        self.filled.notify_one();
    }

    fn take(&self) -> Option<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).pop_first().map(|(_, event)| event)
    }
}

/// Makes a connected pair that hides what the built-in rules know.
pub fn mailbox() -> (Outbox, Inbox) {
    redacting_mailbox(Redactor::default())
}

/// Makes a connected pair; `redactor` hides the secrets in what goes through, and is there for the sources to use.
pub fn redacting_mailbox(redactor: Redactor) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let slots = Arc::new(Slots::default());
    (Outbox { queue: sender, slots: Arc::clone(&slots), redactor }, Inbox { queue: receiver, slots })
}

impl Outbox {
    /// Queues an event; waits while the queue is full. False once the loop is gone.
    pub async fn send(&self, event: Event) -> bool {
        self.queue.send(event.redacted(&self.redactor)).await.is_ok()
    }

    /// Puts an event into its slot, in place of one that was not taken yet. Never waits.
    pub fn post(&self, slot: SourceId, event: Event) {
        self.slots.put(slot, event.redacted(&self.redactor));
    }

    /// What hides secrets: for large data, which a source redacts where it reads it, away from the loop's own threads.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// True once the loop is gone and nothing sent will be seen.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

impl Inbox {
    /// The next event: queued ones first, then those in slots. `None` when every sender is gone.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            tokio::select! {
                biased;
                event = self.queue.recv() => return event,
                () = self.slots.filled.notified() => {}
            }
        }
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.queue.try_recv().ok().or_else(|| self.slots.take())
    }
}

#[cfg(test)]
mod tests {
    use super::mailbox;
    use crate::domain::fault::Fault;
    use crate::event::{Event, SourceId};

    fn fault(text: &str) -> Event {
        Event::SourceFault(SourceId::Git, Fault::new("reading", text, "no", ""))
    }

    fn text(event: Option<Event>) -> Option<String> {
        match event {
            Some(Event::SourceFault(_, fault)) => Some(fault.on),
            _ => None,
        }
    }

    #[tokio::test]
    async fn in_a_slot_the_latest_wins_and_in_the_queue_none_is_lost() {
        let (outbox, mut inbox) = mailbox();
        outbox.post(SourceId::Git, fault("old"));
        outbox.post(SourceId::Git, fault("new"));
        assert!(outbox.send(fault("first")).await);
        assert!(outbox.send(fault("second")).await);
        let mut seen = Vec::new();
        while let Some(on) = text(inbox.try_next()) {
            seen.push(on);
        }
        assert_eq!(seen, ["first", "second", "new"]);
    }

    #[tokio::test]
    async fn a_post_wakes_a_waiting_loop() {
        let (outbox, mut inbox) = mailbox();
        let waiting = tokio::spawn(async move { text(inbox.next().await) });
        outbox.post(SourceId::Board, fault("news"));
        assert_eq!(waiting.await.ok().flatten().as_deref(), Some("news"));
    }

    #[tokio::test]
    async fn a_full_queue_makes_the_sender_wait() {
        let (outbox, mut inbox) = mailbox();
        for n in 0..super::QUEUE {
            assert!(outbox.send(fault(&n.to_string())).await);
        }
        let late = outbox.clone();
        let mut sending = std::pin::pin!(late.send(fault("late")));
        assert!(futures::poll!(sending.as_mut()).is_pending());
        assert_eq!(text(inbox.try_next()).as_deref(), Some("0"));
        assert!(sending.await);
    }
}
