//! `thrash`: very many edits of one file.

use std::collections::HashMap;

use super::{Desk, News, Proof, Rule, Settings};
use crate::domain::work::{Deed, Work};

/// Files that are counted.
const FILES: usize = 1_024;

#[derive(Debug)]
struct Thrash {
    settings: Settings,
    files: HashMap<String, (usize, Proof)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Thrash { settings: settings.clone(), files: HashMap::new() })
}

impl Rule for Thrash {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                self.files.clear();
            }
            News::Answered(answer) => {
                let Deed::Edit(files) = &answer.act.deed else { return };
                if answer.act.outcome.is_failure() {
                    return;
                }
                for file in files {
                    if self.files.len() >= FILES && !self.files.contains_key(&file.path) {
                        continue;
                    }
                    let first = || (0, Proof::of(answer.act));
                    let (edits, began) = self.files.entry(file.path.clone()).or_insert_with(first);
                    *edits += 1;
                    if let Some(severity) = self.settings.severity_of(*edits) {
                        let detail = format!("{edits} edits of {}", file.path);
                        let proofs = [began.clone(), Proof::of(answer.act)];
                        desk.raise(&file.path, severity, began.place.at, detail, &proofs);
                    }
                }
            }
            News::Called(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
