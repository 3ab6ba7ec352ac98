//! `revert`: edits of a file that take an earlier edit of it back, line by line.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Desk, News, Proof, Rule, Settings};
use crate::domain::transcript::Detail;
use crate::domain::transcript::patch::{FilePatch, Sign};
use crate::domain::work::Work;

/// Files that are remembered.
const FILES: usize = 64;
/// Edits that are remembered of each.
const EDITS: usize = 32;

/// What an edit takes away and what it puts there.
type Turn = (u64, u64);

#[derive(Debug, Default)]
struct Seen {
    edits: VecDeque<Turn>,
    reverts: Vec<Proof>,
}

#[derive(Debug)]
struct Revert {
    settings: Settings,
    files: HashMap<String, Seen>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Revert { settings: settings.clone(), files: HashMap::new() })
}

/// `None` for an edit that only adds or only removes: to take that back is to change one's mind once.
fn turn(file: &FilePatch) -> Option<Turn> {
    let of = |sign: Sign| {
        let mut hasher = DefaultHasher::new();
        let mut lines = 0;
        for line in file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.sign == sign) {
            line.text.trim_end().hash(&mut hasher);
            lines += 1;
        }
        (lines > 0).then(|| hasher.finish())
    };
    of(Sign::Removed).zip(of(Sign::Added))
}

impl Rule for Revert {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                self.files.clear();
            }
            News::Called(call) => {
                let Some(Detail::Patch(patch)) = call.detail else { return };
                for file in &patch.files {
                    let Some((from, to)) = turn(file) else { continue };
                    if self.files.len() >= FILES && !self.files.contains_key(&file.path) {
                        continue;
                    }
                    let seen = self.files.entry(file.path.clone()).or_default();
                    if seen.edits.contains(&(to, from)) {
                        seen.reverts.push(Proof::of(call.act));
                        if let Some(severity) = self.settings.severity_of(seen.reverts.len()) {
                            let detail =
                                format!("{} edits of {} take earlier ones back", seen.reverts.len(), file.path);
                            let since = seen.reverts.first().and_then(|proof| proof.place.at);
                            desk.raise(&file.path, severity, since, detail, &seen.reverts);
                        }
                    }
                    if seen.edits.len() == EDITS {
                        seen.edits.pop_front();
                    }
                    seen.edits.push_back((from, to));
                    seen.reverts.truncate(EDITS);
                }
            }
            News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
