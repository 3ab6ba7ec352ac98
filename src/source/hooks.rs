//! Hook events on their way from the gate socket to the agents: of each agent the latest one counts, so nothing queues up.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::agent::hook::{HookBook, HookFact};

/// Where events are left and looked up. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct HookDesk {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    book: Mutex<Arc<HookBook>>,
    changed: Notify,
}

impl HookDesk {
    /// Takes in an event. Never waits.
    pub fn note(&self, fact: HookFact) {
        let mut book = self.inner.book.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut book).note(fact);
        drop(book);
        self.inner.changed.notify_one();
    }

    /// The latest events.
    pub fn book(&self) -> Arc<HookBook> {
        Arc::clone(&self.inner.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until an event was taken in that nobody has waited for yet. One waits at a time.
    pub async fn changed(&self) {
        self.inner.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::HookDesk;
    use crate::domain::agent::hook::HookFact;

    #[tokio::test]
    async fn an_event_wakes_and_is_there_for_who_looks() {
        let desk = HookDesk::default();
        let waiting = desk.clone();
        assert!(futures::poll!(std::pin::pin!(waiting.changed())).is_pending());
        let event = json!({"hook_event_name": "Stop", "session_id": "s1"});
        desk.note(HookFact::parse(&event, Timestamp::UNIX_EPOCH).unwrap());
        let before = desk.book();
        desk.changed().await;
        assert!(before.of("s1", None).is_some());
        assert!(futures::poll!(std::pin::pin!(waiting.changed())).is_pending());
    }
}
