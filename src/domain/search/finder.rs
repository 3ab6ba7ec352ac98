//! Tells lines that may hold a match from those that cannot, by their bytes.

use aho_corasick::{AhoCorasick, Input, MatchKind};
use memchr::memmem;

use super::needle::{Needle, rarity};
use super::wording;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::format::Format;

/// Bytes of a needle that are looked for at first: more than these are not compared at once anyway.
const WINDOW: usize = 4;
/// Texts that can be looked for all at once.
const AT_ONCE: usize = 64;

/// Finds lines that may hold a match. A line that it passes over has none.
#[derive(Debug, Clone)]
pub enum Finder {
    /// Nothing is known: every line may.
    Every,
    /// Lines with this text.
    One(Box<memmem::Finder<'static>>),
    /// Lines with one of several texts.
    Several(Several),
}

/// Looks for several texts, or for one in several spellings.
#[derive(Debug, Clone)]
pub struct Several {
    windows: AhoCorasick,
    /// For each window the needles that it is a part of, and where in them.
    needles: Vec<Vec<(Needle, usize)>>,
}

impl Finder {
    /// What finds candidates by these needles in lines of a format.
    pub(super) fn new(needles: Option<&[Needle]>, format: &dyn Format) -> Self {
        let Some(needles) = needles else { return Self::Every };
        // Which words others put into what they show is not known here.
        if format.name() != Claude.name() {
            return Self::Every;
        }
        let needles = wording::with_marks(needles);
        match &needles[..] {
            [] => Self::Every,
            [Needle { bytes, fold: false }] => Self::One(Box::new(memmem::Finder::new(bytes).into_owned())),
            several => Several::new(several).map_or(Self::Every, Self::Several),
        }
    }

    /// A place at or behind `from` in the next line that may hold a match.
    pub fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::Every => (from < bytes.len()).then_some(from),
            Self::One(finder) => finder.find(bytes.get(from..)?).map(|at| from + at),
            Self::Several(several) => several.find(bytes, from),
        }
    }
}

impl Several {
    fn new(needles: &[Needle]) -> Option<Self> {
        let shortest = needles.iter().map(|needle| needle.bytes.len()).min()?;
        let spellings =
            |length| needles.iter().map(|needle| spelled(window(needle, length).1, needle.fold).len()).sum();
        // Windows of one length: none begins another, so that at each place only one can be found.
        let length = (1..=shortest.min(WINDOW)).rev().find(|length| {
            let count: usize = spellings(*length);
            count <= AT_ONCE
        })?;
        let mut windows: Vec<Vec<u8>> = Vec::new();
        let mut sources: Vec<Vec<(Needle, usize)>> = Vec::new();
        for needle in needles {
            let (at, bytes) = window(needle, length);
            for spelling in spelled(bytes, needle.fold) {
                let known = windows.iter().position(|window| *window == spelling);
                let index = known.unwrap_or_else(|| {
                    windows.push(spelling);
                    sources.push(Vec::new());
                    windows.len() - 1
                });
                sources[index].push((needle.clone(), at));
            }
        }
        let windows = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(windows).ok()?;
        Some(Self { windows, needles: sources })
    }

    fn find(&self, bytes: &[u8], mut from: usize) -> Option<usize> {
        while from < bytes.len() {
            let found = self.windows.find(Input::new(bytes).range(from..))?;
            let sources = &self.needles[found.pattern().as_usize()];
            if sources.iter().any(|(needle, at)| stands_at(needle, bytes, found.start().checked_sub(*at))) {
                return Some(found.start());
            }
            from = found.start() + 1;
        }
        None
    }
}

fn stands_at(needle: &Needle, bytes: &[u8], at: Option<usize>) -> bool {
    let Some(text) = at.and_then(|at| bytes.get(at..at + needle.bytes.len())) else { return false };
    if needle.fold { text.eq_ignore_ascii_case(&needle.bytes) } else { text == needle.bytes }
}

/// The part of a needle that will be found least often, and where in the needle it begins.
fn window(needle: &Needle, length: usize) -> (usize, &[u8]) {
    let parts = needle.bytes.windows(length).enumerate();
    let rare = |bytes: &[u8]| bytes.iter().map(|byte| usize::from(rarity(*byte))).sum::<usize>();
    parts.max_by_key(|(_, bytes)| rare(bytes)).unwrap_or((0, &needle.bytes))
}

/// Every way to write some bytes when case is ignored, or the one when it is not.
fn spelled(bytes: &[u8], fold: bool) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::with_capacity(bytes.len())];
    for byte in bytes {
        let mut also = Vec::new();
        if fold && byte.is_ascii_lowercase() {
            also.clone_from(&all);
        }
        for (texts, byte) in [(&mut all, *byte), (&mut also, byte.to_ascii_uppercase())] {
            for text in texts {
                text.push(byte);
            }
        }
        all.append(&mut also);
    }
    all
}
