//! Events without secrets: the last place before the state, through which every one of them goes.

use super::{AgentsNews, BoardNews, CheckChange, Done, Event, GitNews, SeekChange, SeekNews, TranscriptChange};
use crate::domain::deliver::Sight;
use crate::domain::deliver::input::InputLine;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;

impl Event {
    /// The same with every secret hidden that may still be in it.
    ///
    /// Agents, tasks, commits, drift, transcript entries, objects read on demand and the hits of a search were redacted by the
    /// source that read them; here it is everything else: faults, clusters and answers. Gates stay as they were asked, because what is decided is bound to
    /// every byte of them: whoever shows one redacts it.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Agents(news) => Self::Agents(AgentsNews { faults: all(news.faults, redactor), ..news }),
            Self::Board(news) => Self::Board(BoardNews { faults: all(news.faults, redactor), ..news }),
            Self::Git(news) => Self::Git(GitNews { faults: all(news.faults, redactor), ..news }),
            Self::Transcript(mut news) => {
                news.what = match news.what {
                    TranscriptChange::Reset { mut why } => {
                        redactor.hide(&mut why);
                        TranscriptChange::Reset { why }
                    }
                    TranscriptChange::Fault(fault) => TranscriptChange::Fault(fault.redacted(redactor)),
                    TranscriptChange::Seek(SeekNews { request, what: SeekChange::Fault(fault) }) => {
                        TranscriptChange::Seek(SeekNews { request, what: SeekChange::Fault(fault.redacted(redactor)) })
                    }
                    what @ (TranscriptChange::Page(_)
                    | TranscriptChange::Appended { .. }
                    | TranscriptChange::Seek(_)) => what,
                };
                Self::Transcript(news)
            }
            Self::Cluster(view) => Self::Cluster(view.redacted(redactor)),
            Self::SourceFault(source, fault) => Self::SourceFault(source, fault.redacted(redactor)),
            Self::Done(done) => Self::Done(done.redacted(redactor)),
            Self::Search(mut news) => {
                news.faults = all(news.faults, redactor);
                Self::Search(news)
            }
            Self::Table(mut news) => {
                news.table = news.table.map_err(|fault| fault.redacted(redactor));
                Self::Table(news)
            }
            Self::Check(mut news) => {
                if let CheckChange::Failed(fault) = news.change {
                    news.change = CheckChange::Failed(fault.redacted(redactor));
                }
                Self::Check(news)
            }
            Self::Input(_)
            | Self::Wake
            | Self::Drawn(_)
            | Self::Kinds(_)
            | Self::Drift(_)
            | Self::Gate(_)
            | Self::Rules(_)
            | Self::Past(_)
            | Self::Evidence(_)
            | Self::Quit => self,
        }
    }
}

impl Done {
    fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Brief(done) => Self::Brief(done.map_err(|fault| fault.redacted(redactor))),
            // What is written by the operator stays as it is written: what leaves the program is redacted where it does.
            Self::BriefOffer(mut offer) => {
                offer.faults = all(offer.faults, redactor);
                Self::BriefOffer(offer)
            }
            Self::Made(draft, agent) => Self::Made(draft.map_err(|fault| fault.redacted(redactor)), agent),
            Self::BriefChecked(checked) => Self::BriefChecked(checked),
            Self::Draft(done) => Self::Draft(done.map_err(|fault| fault.redacted(redactor))),
            Self::Library(mut news) => {
                news.faults = all(news.faults, redactor);
                Self::Library(news)
            }
            Self::Excerpt(path, read) => Self::Excerpt(path, read.map_err(|fault| fault.redacted(redactor))),
            Self::Edited(text) => Self::Edited(text.map_err(|fault| fault.redacted(redactor))),
            Self::Passage(done) => Self::Passage(done.map_err(|fault| fault.redacted(redactor))),
            Self::Record(place, record) => Self::Record(place, record.map_err(|fault| fault.redacted(redactor))),
            // What was revealed is not hidden again.
            Self::Revealed(place, text) => Self::Revealed(place, text.map_err(|fault| fault.redacted(redactor))),
            Self::SignedOff(done) => Self::SignedOff(done.map_err(|fault| fault.redacted(redactor))),
            Self::SentBack(done) => Self::SentBack(done.map_err(|fault| fault.redacted(redactor))),
            Self::Task(done) => Self::Task(done.map_err(|fault| fault.redacted(redactor))),
            Self::CheckOutput(title, text) => Self::CheckOutput(title, text.map_err(|fault| fault.redacted(redactor))),
            Self::Object(place, Err(fault)) => Self::Object(place, Err(fault.redacted(redactor))),
            Self::Object(place, Ok(mut detail)) => {
                detail.events = detail.events.map(|events| events.map_err(|fault| fault.redacted(redactor)));
                Self::Object(place, Ok(detail))
            }
            Self::Copied(done) => Self::Copied(done.map_err(|fault| fault.redacted(redactor))),
            Self::Decided { gate, decision, outcome } => {
                Self::Decided { gate, decision, outcome: outcome.map_err(|fault| fault.redacted(redactor)) }
            }
            Self::Journal(Ok(mut lines)) => {
                for line in &mut lines {
                    redactor.hide(line);
                }
                Self::Journal(Ok(lines))
            }
            Self::Journal(Err(fault)) => Self::Journal(Err(fault.redacted(redactor))),
            Self::Hushed(kept) => Self::Hushed(kept.map_err(|fault| fault.redacted(redactor))),
            Self::GateFacts(gate, fact) => Self::GateFacts(gate, fact.map_err(|fault| fault.redacted(redactor))),
            Self::RulesAccepted(done) => Self::RulesAccepted(done.map_err(|fault| fault.redacted(redactor))),
            Self::Checked(check) => Self::Checked(Box::new(check.redacted(redactor))),
            Self::Refreshed => Self::Refreshed,
            // Briefs were redacted when they were read, and so is what the journal holds.
            Self::Briefs(read) => Self::Briefs(read.map_err(|fault| fault.redacted(redactor))),
            Self::BriefPage(page) => Self::BriefPage(page.map_err(|fault| fault.redacted(redactor))),
            Self::PaneSeen(agent, seen) => {
                let hidden = |mut sight: Box<Sight>| {
                    if let InputLine::Draft(draft) = &mut sight.input {
                        redactor.hide(draft);
                    }
                    sight
                };
                Self::PaneSeen(agent, seen.map(hidden).map_err(|fault| fault.redacted(redactor)))
            }
            Self::Sent(sent) => Self::Sent(sent),
            // What was found was redacted by the source that read it.
            Self::DriftDetail(mut news) => {
                news.detail = news.detail.map_err(|fault| fault.redacted(redactor));
                Self::DriftDetail(news)
            }
        }
    }
}

fn all(faults: Vec<Fault>, redactor: &Redactor) -> Vec<Fault> {
    faults.into_iter().map(|fault| fault.redacted(redactor)).collect()
}
