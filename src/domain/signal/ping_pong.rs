//! `ping-pong`: two calls that take turns, each with the same input every time.

use std::collections::VecDeque;

use super::{Desk, News, Proof, Rule, Settings, key};
use crate::domain::work::{Deed, Work};

/// Calls that are looked back at; more turns than this prove nothing more.
const MOST: usize = 64;

#[derive(Debug)]
struct PingPong {
    settings: Settings,
    calls: VecDeque<(u64, Proof)>,
    raised: Option<(String, usize)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(PingPong { settings: settings.clone(), calls: VecDeque::new(), raised: None })
}

impl PingPong {
    /// How many of the last calls take turns.
    fn turns(&self) -> usize {
        let mut back = self.calls.iter().rev().map(|(key, _)| *key);
        let (Some(one), Some(other)) = (back.next(), back.next()) else { return 0 };
        if one == other {
            return 0;
        }
        2 + back.zip([one, other].into_iter().cycle()).take_while(|(key, wanted)| key == wanted).count()
    }
}

impl Rule for PingPong {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                self.calls.clear();
                self.raised = None;
            }
            // Edits that take each other back are told as that.
            News::Called(call) if matches!(call.act.deed, Deed::Edit(_)) && desk.stands("revert", None) => {}
            News::Called(call) => {
                if self.calls.len() == MOST {
                    self.calls.pop_front();
                }
                self.calls.push_back((call.key, Proof::of(call.act)));
                let turns = self.turns();
                let Some(severity) = self.settings.severity_of(turns / 2) else {
                    if let Some((cause, since)) = &mut self.raised {
                        *since += 1;
                        if *since >= self.settings.count("calm") {
                            desk.lower(cause);
                            self.raised = None;
                        }
                    }
                    return;
                };
                let proofs: Vec<Proof> =
                    self.calls.iter().skip(self.calls.len() - turns).map(|(_, proof)| proof.clone()).collect();
                // Whichever of the two comes first, it is the same cause.
                let other = self.calls.iter().rev().nth(1).map_or(call.key, |(key, _)| *key);
                let cause = key::cause(call.key ^ other);
                if let Some((old, _)) = self.raised.replace((cause.clone(), 0)).filter(|(old, _)| *old != cause) {
                    desk.lower(&old);
                }
                let quotes = proofs.iter().rev().take(2).map(|proof| proof.quote.as_str()).collect::<Vec<_>>();
                let detail = format!("two calls take turns, {} times: {}", turns / 2, quotes.join(" ⇄ "));
                desk.raise(&cause, severity, proofs.first().and_then(|proof| proof.place.at), detail, &proofs);
            }
            News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
