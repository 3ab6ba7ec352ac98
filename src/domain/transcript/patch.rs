//! Changes to files as lines: from two texts, from Claude Code's `structuredPatch`, from Codex's `apply_patch`.

mod apply;
mod hidden;

use serde::Deserialize;
use serde_json::value::RawValue;
use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

use super::{Text, json};

/// Lines around a change that are kept.
const CONTEXT: usize = 3;

/// Lines that two texts may have together, beside what they share at both ends, to be compared line by line. The time this
/// takes may grow with the square of it.
const COMPARED: usize = 1_500;

/// Changes to one or more files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// The files, in the order of the patch.
    pub files: Vec<FilePatch>,
    /// Lines beyond [`Text::CAP`] bytes that were counted and not kept.
    pub left_out: u64,
}

/// Changes to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePatch {
    /// The file, as it was named; empty where nothing names it.
    pub path: String,
    /// What happens to it.
    pub change: Change,
    /// Lines added, all of them.
    pub added: u64,
    /// Lines removed, all of them.
    pub removed: u64,
    /// The changed places.
    pub hunks: Vec<Hunk>,
}

/// What happens to a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change {
    /// Lines of it change.
    #[default]
    Update,
    /// It is new, or replaced as a whole.
    Write,
    /// It goes.
    Delete,
    /// It gets this name, and lines of it may change.
    Move(String),
}

/// One changed place of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunk {
    /// Numbers of its first line before and after the change, from 1, where they are known.
    pub start: Option<(u64, u64)>,
    /// What names the place instead, such as a function's head; may be empty.
    pub context: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happens to it.
    pub sign: Sign,
    /// Its text without a newline, raw.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It stays.
    Same,
    /// It is added.
    Added,
    /// It is removed.
    Removed,
}

impl Patch {
    /// Lines added and removed in all files.
    pub fn counts(&self) -> (u64, u64) {
        self.files.iter().fold((0, 0), |(added, removed), file| (added + file.added, removed + file.removed))
    }

    /// What changes where each old text becomes its new one; lines have no numbers, for nothing says where in the file they
    /// stand.
    pub fn between<'a>(path: &str, edits: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut build = Build::default();
        build.file(path, Change::Update);
        edits.into_iter().for_each(|(old, new)| build.compare(old, new));
        build.finish()
    }

    /// A file that is written as a whole.
    pub fn written(path: &str, text: &str) -> Self {
        let mut build = Build::default();
        build.file(path, Change::Write);
        build.hunk(Some((1, 1)), "");
        text.lines().for_each(|line| build.line(Sign::Added, line));
        build.finish()
    }

    /// Codex's patch text, wherever in `text` it begins (it may stand in a shell's here-document). `None` without one.
    ///
    /// Grammar: openai/codex, `codex-rs/apply-patch`. What does not fit it is shown as a line that stays.
    pub fn apply_patch(text: &str) -> Option<Self> {
        apply::parse(text)
    }

    /// The patch in Claude Code's own copy of a result (`toolUseResult`), with real line numbers. `None` without one.
    pub(crate) fn structured(raw: Option<&RawValue>) -> Option<Self> {
        let raw = raw?;
        // The copy may hold whole files; where it has no patch it is not looked into.
        memchr::memmem::find(raw.get().as_bytes(), b"\"structuredPatch\"")?;
        let copy: Copy<'_> = json::fields(Some(raw));
        let hunks: Vec<&RawValue> = json::elements(copy.structured_patch);
        let mut build = Build::default();
        build.file(&json::string(copy.file_path).unwrap_or_default(), Change::Update);
        for hunk in hunks {
            let hunk: RawHunk<'_> = json::fields(Some(hunk));
            let start = json::number(hunk.old_start).zip(json::number(hunk.new_start));
            build.hunk(start, "");
            for line in json::elements::<&RawValue>(hunk.lines) {
                let line = json::string(Some(line)).unwrap_or_default();
                // `\ No newline at end of file` is about the line before it.
                if !line.starts_with('\\') {
                    let (sign, text) = signed(&line);
                    build.line(sign, text);
                }
            }
        }
        Some(build.finish()).filter(|patch| patch.counts() != (0, 0))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Copy<'a> {
    #[serde(borrow)]
    file_path: Option<&'a RawValue>,
    #[serde(borrow)]
    structured_patch: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawHunk<'a> {
    #[serde(borrow)]
    old_start: Option<&'a RawValue>,
    #[serde(borrow)]
    new_start: Option<&'a RawValue>,
    #[serde(borrow)]
    lines: Option<&'a RawValue>,
}

/// A line as unified diffs write it.
fn signed(line: &str) -> (Sign, &str) {
    match line.as_bytes().first() {
        Some(b'+') => (Sign::Added, &line[1..]),
        Some(b'-') => (Sign::Removed, &line[1..]),
        Some(b' ') => (Sign::Same, &line[1..]),
        _ => (Sign::Same, line),
    }
}

/// A patch being put together: everything is counted, [`Text::CAP`] bytes of it are kept.
#[derive(Debug, Default)]
pub(super) struct Build {
    patch: Patch,
    kept: usize,
}

impl Build {
    pub(super) fn file(&mut self, path: &str, change: Change) {
        let path = crate::domain::text::prefix(path, 4_096).to_owned();
        self.patch.files.push(FilePatch { path, change, added: 0, removed: 0, hunks: Vec::new() });
    }

    pub(super) fn hunk(&mut self, start: Option<(u64, u64)>, context: &str) {
        if let Some(file) = self.patch.files.last_mut()
            && self.kept < Text::CAP
        {
            self.kept += context.len() + 8;
            file.hunks.push(Hunk { start, context: context.to_owned(), lines: Vec::new() });
        }
    }

    pub(super) fn line(&mut self, sign: Sign, text: &str) {
        let Some(file) = self.patch.files.last_mut() else { return };
        match sign {
            Sign::Same => {}
            Sign::Added => file.added += 1,
            Sign::Removed => file.removed += 1,
        }
        if self.kept + text.len() > Text::CAP {
            self.kept = Text::CAP;
            self.patch.left_out += 1;
            return;
        }
        self.kept += text.len() + 1;
        if file.hunks.is_empty() {
            file.hunks.push(Hunk::default());
        }
        if let Some(hunk) = file.hunks.last_mut() {
            hunk.lines.push(Line { sign, text: text.to_owned() });
        }
    }

    fn lines(&mut self, sign: Sign, lines: &[&str]) {
        for line in lines {
            self.line(sign, line);
        }
    }

    /// The lines in which two texts differ, with a few around them.
    pub(super) fn compare(&mut self, old: &str, new: &str) {
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
        let (changed_old, changed_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
        if changed_old.len() + changed_new.len() > COMPARED {
            let first = head.saturating_sub(CONTEXT);
            self.hunk(None, "");
            self.lines(Sign::Same, &old[first..head]);
            self.lines(Sign::Removed, changed_old);
            self.lines(Sign::Added, changed_new);
            self.lines(Sign::Same, &old[old.len() - tail..][..tail.min(CONTEXT)]);
            return;
        }
        for group in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT) {
            self.hunk(None, "");
            for op in group {
                let (tag, from, to) = op.as_tag_tuple();
                if tag == DiffTag::Equal {
                    self.lines(Sign::Same, &old[from]);
                    continue;
                }
                self.lines(Sign::Removed, &old[from]);
                self.lines(Sign::Added, &new[to]);
            }
        }
    }

    pub(super) fn finish(self) -> Patch {
        self.patch
    }
}

#[cfg(test)]
mod tests;
