//! Ids of tasks as words of a text.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::task::Task;

/// What stands before a number in words that are no ids, however much they look like one.
const COMMON: [&str; 20] = [
    "utf", "sha", "iso", "rfc", "tls", "ssl", "http", "aes", "rsa", "md", "ipv", "base", "us", "eu", "cve", "cwe",
    "ieee", "ascii", "arm", "x",
];
/// Words that a title's id has at least, to be found in prose.
const WORDS_IN_PROSE: usize = 3;
/// The same in the name of a branch, which is called after something anyway.
const WORDS_IN_BRANCH: usize = 2;
/// Characters that such an id has at least.
const SHORTEST: usize = 8;
/// Bytes that an id of a task has at most, where tasks are not known.
const LONGEST: usize = 80;
/// Bytes of a text that are looked at: ids stand at its beginning, and a prompt may be a whole file.
const FARTHEST: usize = 64 * 1024;

/// The ids of a board's tasks, found as words of texts.
///
/// - A **code**, `T-12`, `hnp-3.1`: a word of letters, a hyphen, a number. `T-1` is not in `T-12`, `T-1.2` or `PT-1`. A single
///   letter has to be written as it is in the id, for `t-1` is a formula; longer ones in any case. `UTF-8` is nobody's task.
/// - A **number**, `12`, `2.1`: only where a list of tasks is expected, or behind the word `task`.
/// - A **title's** id, `read-the-fabric`: a word of its own in prose with three parts at least, two in a branch's name.
///
/// Ids that were made to differ across files (`TODO/T-1`) are meant by their last part too.
#[derive(Debug, Default)]
pub struct Names {
    /// Places of tasks by id, in lower case.
    by_name: HashMap<String, Vec<usize>>,
    /// The ids with a single letter, as they are written.
    exact: BTreeSet<String>,
}

impl Names {
    /// The names of these tasks.
    pub fn of(tasks: &[Arc<Task>]) -> Self {
        let mut names = Self::default();
        for (at, task) in tasks.iter().enumerate() {
            let bare = task.id.rsplit('/').next().unwrap_or_default();
            for name in BTreeSet::from([task.id.as_str(), bare]) {
                names.by_name.entry(name.to_lowercase()).or_default().push(at);
            }
            if bare.find('-') == Some(1) {
                names.exact.insert(bare.to_owned());
            }
        }
        names
    }

    /// The tasks of exactly this id, in any case.
    pub fn called(&self, id: &str) -> Vec<usize> {
        self.by_name.get(&id.trim().to_lowercase()).cloned().unwrap_or_default()
    }

    /// The tasks that a text names, in their order.
    pub fn in_text(&self, text: &str) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        if self.by_name.is_empty() {
            return found;
        }
        let text = crate::domain::text::prefix(text, FARTHEST);
        for code in codes(text, false) {
            if self.is_meant(code) {
                found.extend(self.called(code));
            }
        }
        for word in words(text) {
            if is_title(word, WORDS_IN_PROSE) {
                found.extend(self.called(word));
            }
        }
        for id in behind_task(text) {
            found.extend(self.called(id));
        }
        found
    }

    /// The tasks that a branch or a folder is called after: `feature/T-12-retry`, `fix/read-the-fabric`.
    pub fn in_branch(&self, branch: &str) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for part in branch.split('/') {
            for code in codes(part, true) {
                if !is_common(code) {
                    found.extend(self.called(code));
                }
            }
            if is_title(part, WORDS_IN_BRANCH) {
                found.extend(self.called(part));
            }
        }
        found
    }

    /// The tasks of a list of ids, numbers included: `12, 13`, `T-1 T-2`.
    pub fn listed(&self, list: &str) -> BTreeSet<usize> {
        let parts = list.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        let bare = parts.map(|part| part.trim_start_matches('#').trim_end_matches(['.', ':', ')']));
        // A word of a sentence is no id, even if a task is called so.
        let ids = bare.filter(|part| part.contains(|c: char| c.is_ascii_digit() || c == '-'));
        ids.chain([list]).flat_map(|id| self.called(id)).collect()
    }

    fn is_meant(&self, code: &str) -> bool {
        let single = code.find('-') == Some(1);
        !is_common(code) && (!single || self.exact.contains(code))
    }
}

/// What of a text may be the id of a task, whatever tasks there are: [`Names::in_text`] finds the same in it, joined by commas.
/// At most `most`, each once.
pub fn candidates(text: &str, most: usize) -> Vec<String> {
    let codes = codes(text, false).filter(|code| !is_common(code)).map(str::to_owned);
    let titles = words(text).filter(|word| is_title(word, WORDS_IN_PROSE)).map(str::to_owned);
    let numbers = behind_task(text).map(|id| format!("task {id}"));
    let mut found: Vec<String> = Vec::new();
    for id in codes.chain(numbers).chain(titles).filter(|id| id.len() <= LONGEST) {
        if found.len() < most && !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

fn is_common(code: &str) -> bool {
    let prefix = code.split('-').next().unwrap_or_default();
    prefix.len() > 1 && COMMON.iter().any(|common| common.eq_ignore_ascii_case(prefix))
}

/// Codes in a text: a word that begins with a letter, a hyphen, a number with perhaps more numbers behind dots. In a name
/// parts are joined by hyphens, so that a code may stand behind one: `fix-T-12`.
fn codes(text: &str, joined: bool) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let is_word = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    memchr::memchr_iter(b'-', bytes).filter_map(move |hyphen| {
        let start = (0..hyphen).rev().take_while(|at| bytes[*at].is_ascii_alphanumeric()).last()?;
        let before = start.checked_sub(1).map(|at| bytes[at]);
        let begins = match before {
            None => true,
            Some(b'-') => joined,
            Some(byte) => byte < 0x80,
        };
        let mut end = hyphen + 1;
        while is_digit(end) || (bytes.get(end) == Some(&b'.') && is_digit(end - 1) && is_digit(end + 1)) {
            end += 1;
        }
        // `T-1-2` is a code of its own kind, `T-1-retry` names T-1.
        let goes_on = is_word(end) || (bytes.get(end) == Some(&b'-') && is_digit(end + 1));
        let is_code = begins && bytes[start].is_ascii_alphabetic() && is_digit(hyphen + 1) && !goes_on;
        is_code.then(|| &text[start..end])
    })
}

/// Words with hyphens in them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| word.contains('-'))
}

fn is_title(word: &str, parts: usize) -> bool {
    let (mut count, mut letters) = (0, false);
    for part in word.split('-').filter(|part| !part.is_empty()) {
        count += 1;
        letters |= part.contains(char::is_alphabetic);
    }
    letters && count >= parts && word.chars().count() >= SHORTEST
}

/// Ids behind the word `task`: `task 12`, `tasks #2.1`, `Task 3:`.
fn behind_task(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"ask").filter_map(move |at| {
        let start = at.checked_sub(1).filter(|start| matches!(bytes[*start], b't' | b'T'))?;
        let before = &text[..start];
        let before = before.strip_suffix("sub").or_else(|| before.strip_suffix("Sub")).unwrap_or(before);
        if before.ends_with(char::is_alphanumeric) {
            return None;
        }
        let rest = &text[at + 3..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let id = rest.strip_prefix([' ', '-', '#'])?.trim_start_matches(['#', ' ']);
        let len = id.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, behind) = (id[..len].trim_end_matches('.'), &id[len..]);
        // `task 3 %`, `task 3x` speak of something else.
        let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '%'));
        (!number.is_empty() && ends).then_some(number)
    })
}
