//! `secret`: a secret was written into a file, or is part of a command.

use super::{Desk, News, Proof, Rule, Settings};
use crate::domain::transcript::Detail;
use crate::domain::transcript::patch::Sign;
use crate::domain::work::{Deed, Work};

#[derive(Debug)]
struct Secret {
    settings: Settings,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Secret { settings: settings.clone() })
}

impl Rule for Secret {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        let News::Called(call) = news else { return };
        let written = match (&call.act.deed, call.detail) {
            (Deed::Edit(_), Some(Detail::Patch(patch))) => {
                let lines = patch.files.iter().flat_map(|file| &file.hunks).flat_map(|hunk| &hunk.lines);
                let added = lines.filter(|line| line.sign == Sign::Added).map(|line| line.text.as_str());
                added.collect::<Vec<_>>().join("\n")
            }
            (Deed::Run(command), _) => command.clone(),
            (Deed::Edit(_) | Deed::Read(_) | Deed::Other(_), _) => return,
        };
        let found = desk.redactor().find(&written);
        let (Some(first), Some(severity)) = (found.first(), self.settings.severity_of(found.len())) else { return };
        let sort = first.kind.to_owned();
        let place = match &call.act.deed {
            Deed::Run(_) => "a command".to_owned(),
            Deed::Edit(_) | Deed::Read(_) | Deed::Other(_) => call.act.deed.line(),
        };
        let detail = format!("a secret ({sort}) was written into {place}");
        let cause = format!("at {}", call.act.place.offset);
        desk.raise(&cause, severity, call.act.place.at, detail, &[Proof::of(call.act)]);
    }
}
