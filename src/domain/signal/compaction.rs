//! `compaction`: the context was compacted several times, or soon after the last time.

use super::{Desk, News, Proof, Rule, Settings, Severity};
use crate::domain::work::Work;

#[derive(Debug)]
struct Compaction {
    settings: Settings,
    seen: Vec<Proof>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Compaction { settings: settings.clone(), seen: Vec::new() })
}

impl Rule for Compaction {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        let News::Compacted(place) = news else { return };
        let before = self.seen.last().and_then(|proof| proof.place.at);
        self.seen.push(Proof::new(place, "the context was compacted"));
        let times = self.seen.len();
        let soon = before.zip(place.at).map(|(before, at)| at.duration_since(before).as_secs_f64());
        let thrash = soon.filter(|seconds| *seconds <= self.settings.number("soon"));
        if let Some(seconds) = thrash {
            let minutes = (seconds / 60.0).ceil() as u64;
            let detail = format!("the context was compacted again within {minutes} minutes");
            desk.raise(&format!("at {}", place.offset), Severity::Warn, place.at, detail, &self.seen);
        } else if let Some(severity) = self.settings.severity_of(times) {
            let detail = format!("the context was compacted {times} times");
            let since = self.seen.first().and_then(|proof| proof.place.at);
            desk.raise("times", severity, since, detail, &self.seen);
        }
    }
}
