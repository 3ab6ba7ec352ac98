//! `reading`: calls that only look, one after the other, with no file changed.

use super::{Desk, News, Proof, Rule, Settings};
use crate::domain::transcript::Detail;
use crate::domain::work::{Deed, Work};

#[derive(Debug)]
struct Reading {
    settings: Settings,
    run: usize,
    began: Option<Proof>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Reading { settings: settings.clone(), run: 0, began: None })
}

impl Rule for Reading {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        let over = match news {
            News::Prompt(_) => true,
            News::Called(call) => {
                // Whoever plans is to look and to change nothing.
                let plans = matches!(call.detail, Some(Detail::Plan(_))) || call.act.tool == "EnterPlanMode";
                let looks =
                    matches!(call.act.deed, Deed::Read(_)) || self.settings.names("tools").contains(&call.act.tool);
                if looks {
                    self.run += 1;
                    let proof = Proof::of(call.act);
                    let began = self.began.get_or_insert_with(|| proof.clone());
                    if let Some(severity) = self.settings.severity_of(self.run) {
                        let detail = format!("{} calls in a row only look, and no file was changed", self.run);
                        desk.raise("reading", severity, began.place.at, detail, &[began.clone(), proof]);
                    }
                }
                plans || matches!(call.act.deed, Deed::Edit(_) | Deed::Run(_))
            }
            News::Answered(_) | News::Said(..) | News::Compacted(_) => false,
        };
        if over {
            (self.run, self.began) = (0, None);
            desk.lower_all();
        }
    }
}
