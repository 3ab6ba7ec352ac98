//! Secrets in a patch: looked for in each side of a hunk as a whole, because a key of many lines is none line by line.

use std::ops::Range;

use super::{Change, FilePatch, Hunk, Line, Patch, Sign};
use crate::domain::redact::Redactor;

impl Patch {
    /// The same with every secret in it hidden.
    #[must_use]
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        let files = self.files.into_iter().map(|file| FilePatch {
            path: redactor.redact(&file.path).into_owned(),
            change: match file.change {
                Change::Move(to) => Change::Move(redactor.redact(&to).into_owned()),
                other => other,
            },
            hunks: file.hunks.into_iter().map(|hunk| hide(hunk, redactor)).collect(),
            ..file
        });
        Self { files: files.collect(), ..self }
    }
}

fn hide(mut hunk: Hunk, redactor: &Redactor) -> Hunk {
    hunk.context = redactor.redact(&hunk.context).into_owned();
    for gone in [Sign::Added, Sign::Removed] {
        hide_side(&mut hunk.lines, gone, redactor);
    }
    hunk
}

/// Hides the secrets of the lines that are there on one side: all but those with the sign of the other.
fn hide_side(lines: &mut [Line], other: Sign, redactor: &Redactor) {
    let mut text = String::new();
    let mut places: Vec<(usize, Range<usize>)> = Vec::new();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.sign != other) {
        places.push((number, text.len()..text.len() + line.text.len()));
        text.push_str(&line.text);
        text.push('\n');
    }
    // The last secret first, so that the places of those before it hold.
    for secret in redactor.find(&text).into_iter().rev() {
        let marker = format!("‹redacted: {}›", secret.kind);
        for (number, place) in &places {
            let (from, to) = (secret.range.start.max(place.start), secret.range.end.min(place.end));
            if from < to {
                lines[*number].text.replace_range(from - place.start..to - place.start, &marker);
            }
        }
    }
}
