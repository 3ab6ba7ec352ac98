//! A transcript as it is watched for signals: records in, signals out.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::tests_avoided::{claimed, is_of_work, said_at};
use super::{Answer, Board, Call, Desk, Evidence, Facing, KINDS, Kind, Levels, News, Proof, Rule, Signal, key};
use crate::domain::redact::Redactor;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::{Body, Entry};
use crate::domain::work::{Place, Work};

/// Acts that are remembered: more than any signal looks back.
const ACTS: usize = 256;
/// Calls without an answer whose keys are remembered; an agent runs fewer at once.
const OPEN: usize = 64;

/// Watches one transcript. Bounded, whatever is read.
#[derive(Debug)]
pub struct Watch {
    file: PathBuf,
    /// The transcript is a sub-agent's: its own chain is the side chain.
    sub_agent: bool,
    work: Work,
    rules: Vec<(&'static Kind, Box<dyn Rule>)>,
    board: Board,
    redactor: Redactor,
    keys: VecDeque<(String, u64)>,
    /// Words of the user's own by which it says that something is done.
    claims: Vec<String>,
    /// What it said last, when nothing came after it: whether it claims anything is asked when the agent is looked at.
    last: Option<Place>,
    /// What it said last, when it says there that something is done.
    claim: Option<Proof>,
    /// The brief that it was pointed to last.
    brief: Option<String>,
    /// Lines read.
    lines: u64,
    /// Lines of the file before the first one that was read; `None` while they are not counted.
    before: Option<u64>,
}

impl Watch {
    /// Begins with a transcript of which nothing was read yet. `before` says how many lines stand before the first one
    /// that will be, where that is known.
    pub fn new(file: PathBuf, sub_agent: bool, before: Option<u64>, levels: &Levels, redactor: Redactor) -> Self {
        let wanted = KINDS.iter().map(|kind| (kind, levels.of(kind.name))).filter(|(_, settings)| !settings.off);
        let rules = wanted.map(|(kind, settings)| (kind, (kind.begin)(&settings))).collect();
        Self {
            file,
            sub_agent,
            work: Work::default(),
            rules,
            board: Board::default(),
            redactor,
            keys: VecDeque::new(),
            claims: levels.of("tests-avoided").names("claims").to_vec(),
            last: None,
            claim: None,
            brief: None,
            lines: 0,
            before,
        }
    }

    /// Takes the next line, which begins at `offset`.
    pub fn line(&mut self, format: &dyn Format, offset: u64, line: &[u8]) {
        self.read(&format.entries(offset, line));
    }

    /// Takes the entries of the next line.
    pub fn read(&mut self, entries: &[Entry]) {
        self.lines += 1;
        for entry in entries {
            self.entry(entry);
        }
    }

    /// Passes over a line that is too long to be read.
    pub fn pass_over(&mut self) {
        self.lines += 1;
    }

    /// Takes an entry of the line that was read last.
    fn entry(&mut self, entry: &Entry) {
        if entry.sidechain && !self.sub_agent {
            return;
        }
        let compactions = self.work.compactions.len();
        self.work.take(self.lines, entry);
        match &entry.body {
            Body::Prompt(said) => {
                (self.last, self.claim) = (None, None);
                if let Some(brief) = brief_of(&said.kept) {
                    self.brief = Some(brief.to_owned());
                }
                if let Some(place) = self.work.prompts.back().map(|prompt| prompt.place) {
                    self.tell(|_| Some(News::Prompt(place)));
                }
            }
            Body::Said(_) => {
                (self.last, self.claim) = (self.work.messages.back().map(|said| said.place), None);
                self.tell(|work| work.messages.back().map(|said| News::Said(said.place, &said.text)));
            }
            Body::Call { id, input, detail, .. } => {
                (self.last, self.claim) = (None, None);
                let Some(act) = self.work.acts.back() else { return };
                let key = key::call(act, input);
                if self.keys.len() == OPEN {
                    self.keys.pop_front();
                }
                self.keys.push_back((id.clone(), key));
                let detail = detail.as_deref();
                self.tell(|work| Some(News::Called(Call { act: work.acts.back()?, key, input, detail })));
                while self.work.acts.len() > ACTS {
                    self.work.acts.pop_front();
                }
            }
            Body::Result { id, output, .. } => {
                let Some(at) = self.keys.iter().position(|(call, _)| call == id) else { return };
                let Some((_, key)) = self.keys.remove(at) else { return };
                let output = key::text(&output.kept, output.bytes);
                self.tell(|work| {
                    let act = work.acts.iter().rev().find(|act| act.id == *id)?;
                    Some(News::Answered(Answer { act, key, output }))
                });
            }
            Body::Plain(_) | Body::Thinking(_) | Body::Summary(_) | Body::Note { .. } | Body::Unread { .. } => {}
        }
        if self.work.compactions.len() > compactions {
            self.tell(|work| work.compactions.last().map(|place| News::Compacted(*place)));
        }
    }

    fn tell<'a>(&'a mut self, news: impl FnOnce(&'a Work) -> Option<News<'a>>) {
        // What is told borrows from the work, which no signal changes.
        let Some(news) = news(&self.work) else { return };
        for (kind, rule) in &mut self.rules {
            let (file, redactor, board) = (&self.file, &self.redactor, &mut self.board);
            rule.take(news, &self.work, &mut Desk { kind: kind.name, file, redactor, board });
        }
    }

    /// Looks at how the agent stands now.
    pub fn look(&mut self, facing: &Facing<'_>) {
        let last = self.last.take().and_then(|place| Some((place, said_at(&self.work, place)?)));
        if let Some((place, said)) = last {
            self.claim = claimed(said, is_of_work, &self.claims).map(|_| Proof::new(place, said));
        }
        for (kind, rule) in &mut self.rules {
            let (file, redactor, board) = (&self.file, &self.redactor, &mut self.board);
            rule.look(facing, &self.work, &mut Desk { kind: kind.name, file, redactor, board });
        }
    }

    /// The signals that stand, the most severe first, among equals the oldest.
    pub fn signals(&self) -> Vec<Signal> {
        self.placed(&self.board.standing)
    }

    /// Every signal that was raised, and how severe it became.
    pub fn told(&self) -> Vec<Signal> {
        self.placed(&self.board.told)
    }

    fn placed(&self, signals: &[Signal]) -> Vec<Signal> {
        let mut signals = signals.to_vec();
        for evidence in signals.iter_mut().flat_map(|signal| &mut signal.evidence) {
            evidence.line = self.before.and_then(|before| Some(before + evidence.line?));
        }
        signals.sort_by_key(|signal| (std::cmp::Reverse(signal.severity), signal.since));
        signals
    }

    /// True while signals stand whose lines are not numbered: somebody has to count those before the first one read.
    pub fn wants_lines(&self) -> bool {
        self.before.is_none() && !self.board.standing.is_empty()
    }

    /// Tells how many lines stand before the first one that was read.
    pub fn count_from(&mut self, before: u64) {
        self.before = Some(before);
    }

    /// What the agent had said last when it was last looked at, if it did nothing after that and says there that something is
    /// done.
    pub fn claimed(&self) -> Option<Evidence> {
        let Proof { place, quote } = self.claim.clone()?;
        let line = self.before.map(|before| before + place.line);
        Some(Evidence { file: self.file.clone(), line, offset: place.offset, quote })
    }

    /// What the agent did, as far as it was read and is remembered.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// The brief that a prompt of the agent points to, as it names the file; the latest one.
    pub fn brief(&self) -> Option<&str> {
        self.brief.as_deref()
    }
}

/// The file of a brief that a prompt names.
fn brief_of(prompt: &str) -> Option<&str> {
    let is_mark = |c: char| matches!(c, '`' | '"' | '\'' | ',' | ';' | '(' | ')');
    let named = prompt.split_whitespace().map(|word| word.trim_matches(is_mark).trim_end_matches('.'));
    named
        .into_iter()
        .find(|word| word.contains("briefs/") && Path::new(word).extension().is_some_and(|end| end == "md"))
}
