//! The session's saved briefs with what was sent of them, and the text of one or the difference between two.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::domain::agent::AgentId;
use crate::domain::brief::{Draft, LONGEST, Read, tokens};
use crate::domain::deliver::BriefRef;
use crate::domain::deliver::history;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{BriefPage, BriefsRead, Done, PageLine};
use crate::exec::journal;

use super::list;

/// Bytes of a brief that are read: more than any has.
const LARGEST: u64 = 512 * 1024;
/// Bytes that tell what a brief is.
const HEAD: u64 = 16 * 1024;
/// Briefs that are listed, the newest.
const LISTED: usize = 500;
/// Records of the journal among which sendings are looked for, the last.
const RECORDS: usize = 20_000;

/// Reads every brief and every sending. Blocks.
pub fn read(state_dir: &Path, root: &Path, redactor: &Redactor) -> Result<BriefsRead, Fault> {
    let files = list(state_dir)?;
    let newest = files.iter().skip(files.len().saturating_sub(LISTED));
    let briefs = newest.filter_map(|file| {
        let length = file.metadata().ok()?.len();
        let text = redactor.redact(&head(file, HEAD).ok()?).into_owned();
        let mut brief = BriefRef::read(file, &text, root)?;
        if length > HEAD {
            brief.tokens = brief.tokens.max(tokens::of_bytes(length));
        }
        Some(brief)
    });
    let records = journal::read_records(state_dir, RECORDS)?;
    Ok(BriefsRead { briefs: briefs.collect(), sends: history::read(records.iter().map(Vec::as_slice)) })
}

/// Reads a brief for being shown, without secrets. Blocks.
pub fn page(brief: &BriefRef, redactor: &Redactor) -> Result<BriefPage, Fault> {
    let text = whole(&brief.file, redactor)?;
    let lines = text.lines().map(|line| PageLine { tone: None, text: line.to_owned() }).collect();
    Ok(BriefPage { title: format!("Brief {}", brief.name()), lines })
}

/// Compares a brief with an earlier one, line by line. Blocks.
pub fn difference(older: &BriefRef, newer: &BriefRef, redactor: &Redactor) -> Result<BriefPage, Fault> {
    let (before, after) = (whole(&older.file, redactor)?, whole(&newer.file, redactor)?);
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut lines = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &before, &after) {
        let (tag, old, new) = operation.as_tag_tuple();
        let mut put = |sign: char, tone, rows: &[&str]| {
            lines.extend(rows.iter().map(|row| PageLine { tone, text: format!("{sign} {row}") }));
        };
        if tag == DiffTag::Equal {
            put(' ', None, &before[old]);
        } else {
            put('-', Some(false), &before[old]);
            put('+', Some(true), &after[new]);
        }
    }
    let title = format!("Brief {:04} beside {:04}, the last one sent", newer.number, older.number);
    Ok(BriefPage { title, lines })
}

/// Reads a brief for being written anew, without secrets. Blocks.
pub fn draft(brief: &BriefRef, redactor: &Redactor) -> Result<Box<Draft>, Fault> {
    let refused = |why: &dyn std::fmt::Display| {
        Fault::new("reading", brief.file.display(), why, "see that it is there, then try again")
    };
    let most = LONGEST as u64;
    if std::fs::metadata(&brief.file).map_err(|error| refused(&error))?.len() > most {
        return Err(refused(&format!("it is longer than {LONGEST} bytes")));
    }
    let text = redactor.redact(&head(&brief.file, most).map_err(|error| refused(&error))?).into_owned();
    let from = Some(format!("{:04}", brief.number));
    Ok(Box::new(Draft { from, sent_back: Vec::new(), ..Read::new(&text).draft() }))
}

fn whole(file: &Path, redactor: &Redactor) -> Result<String, Fault> {
    let text = head(file, LARGEST).map_err(|error| Fault::new("reading", file.display(), error, "R looks again"))?;
    Ok(redactor.redact(&text).into_owned())
}

fn head(file: &Path, bytes: u64) -> io::Result<String> {
    let mut text = Vec::new();
    File::open(file)?.take(bytes).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// [`read`], off the runtime's own threads.
pub async fn read_all(state_dir: PathBuf, root: PathBuf, redactor: Redactor) -> Done {
    Done::Briefs(off_thread(move || read(&state_dir, &root, &redactor)).await)
}

/// [`page`], off the runtime's own threads.
pub async fn show(brief: BriefRef, redactor: Redactor) -> Done {
    Done::BriefPage(off_thread(move || page(&brief, &redactor)).await)
}

/// [`draft`], off the runtime's own threads.
pub async fn reopen(brief: BriefRef, agent: Option<AgentId>, redactor: Redactor) -> Done {
    Done::Made(off_thread(move || draft(&brief, &redactor)).await, agent)
}

/// [`difference`], off the runtime's own threads.
pub async fn compare(older: BriefRef, newer: BriefRef, redactor: Redactor) -> Done {
    Done::BriefPage(off_thread(move || difference(&older, &newer, &redactor)).await)
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Fault::new("reading", "briefs", error, "")))
}

#[cfg(test)]
mod tests {
    use super::{difference, draft, page, read};
    use crate::domain::brief::Draft;
    use crate::domain::redact::Redactor;
    use crate::event::KeptDraft;
    use crate::exec::brief::{Place, write};
    use crate::exec::draft::{Drafts, list};
    use jiff::Timestamp;

    #[test]
    fn briefs_are_listed_and_compared_without_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        let folder = state.join("briefs");
        std::fs::create_dir_all(&folder).unwrap();
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        std::fs::write(folder.join("0001-a.md"), format!("---\ntask: x\n---\n\n# A\none\n{secret}\n")).unwrap();
        std::fs::write(folder.join("0002-b.md"), "# B\none\ntwo\n").unwrap();
        std::fs::write(folder.join("notes.md"), "no brief").unwrap();
        let redactor = Redactor::default();
        let found = read(&state, dir.path(), &redactor).unwrap();
        let names: Vec<String> = found.briefs.iter().map(crate::domain::deliver::BriefRef::name).collect();
        assert_eq!(names, ["0001 A", "0002 B"]);
        let shown = page(&found.briefs[0], &redactor).unwrap();
        assert!(shown.lines.iter().all(|line| !line.text.contains(&secret[8..])));
        let diff = difference(&found.briefs[0], &found.briefs[1], &redactor).unwrap();
        let texts: Vec<&str> = diff.lines.iter().map(|line| line.text.as_str()).collect();
        assert!(texts.contains(&"+ two") && texts.contains(&"  one") && texts.contains(&"- # A"), "{texts:?}");
        assert!(read(&dir.path().join("none"), dir.path(), &redactor).unwrap().briefs.is_empty());
    }

    #[tokio::test]
    async fn a_brief_that_is_written_anew_says_where_it_comes_from_and_outlives_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        let redactor = Redactor::default();
        let place = Place { root: dir.path(), state_dir: &state, redactor: &redactor };
        let task = Some("T-1".to_owned());
        let first = Draft { template: "retry".to_owned(), task, text: "# A\n\none\n".to_owned(), ..Draft::default() };
        let written = write(place, &first, Timestamp::UNIX_EPOCH).unwrap();
        let briefs = read(&state, dir.path(), &redactor).unwrap().briefs;
        let again = *draft(&briefs[0], &redactor).unwrap();
        assert_eq!(again, Draft { from: Some("0001".to_owned()), ..first });
        let kept = KeptDraft { name: "d".to_owned(), draft: Draft { text: "# A\n\ntwo".to_owned(), ..again } };
        Drafts::new(state.clone(), redactor.clone()).keep_now(&kept).unwrap();
        let found = list(&state);
        assert_eq!((found.len(), &found[0].0), (1, &kept));
        let second = write(place, &kept.draft, Timestamp::UNIX_EPOCH).unwrap();
        assert!(second.file.ends_with("0002-a.md") && second.text.contains("\nfrom: \"0001\"\n"), "{}", second.text);
        assert_eq!(std::fs::read_to_string(&written.file).unwrap(), written.text, "the first stays as it was");
        std::fs::remove_file(&written.file).unwrap();
        assert!(draft(&briefs[0], &redactor).is_err());
    }
}
