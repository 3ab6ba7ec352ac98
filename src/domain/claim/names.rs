//! What a sentence names: files and commits, found by their form.

use crate::domain::text;

/// Names kept of one kind.
const MOST: usize = 32;
/// Bytes of a name.
const LONGEST: usize = 300;

/// Endings by which a word without a slash is a file.
const ENDINGS: [&str; 42] = [
    "rs", "py", "go", "js", "ts", "tsx", "jsx", "mjs", "java", "kt", "c", "h", "cc", "cpp", "hpp", "cs", "rb", "php",
    "sh", "bash", "sql", "html", "css", "scss", "vue", "svelte", "md", "rst", "txt", "json", "toml", "yaml", "yml",
    "xml", "ini", "cfg", "conf", "proto", "tf", "lua", "swift", "ipynb",
];

/// What a sentence names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Paths of files, as they were written.
    pub files: Vec<String>,
    /// Ids of commits, as they were written, in lower case.
    pub commits: Vec<String>,
    /// Every other word that could name something: of tasks, objects, branches. Whoever knows those looks them up.
    pub words: Vec<String>,
}

impl Names {
    /// True if this name stands in the sentence as a whole word.
    pub fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word == name)
    }
}

/// Reads the names of a sentence as it was written.
pub fn of(raw: &str) -> Names {
    let mut names = Names::default();
    let breaks = |c: char| {
        c.is_whitespace() || matches!(c, '`' | '"' | '“' | '”' | '(' | ')' | '[' | ']' | '|' | '<' | '>' | ',' | ';')
    };
    for word in raw.split(breaks) {
        let word = word.trim_matches(|c: char| matches!(c, '*' | ':' | '!' | '?' | '\'' | '’')).trim_end_matches('.');
        // Emphasis that ends before a full stop.
        let word = word.trim_matches('*');
        if word.is_empty() || word.len() > LONGEST {
            continue;
        }
        if is_commit(word) {
            keep(&mut names.commits, &word.to_lowercase());
        } else if is_file(word) {
            keep(&mut names.files, without_line(word));
        }
        keep(&mut names.words, word);
    }
    names
}

fn keep(names: &mut Vec<String>, name: &str) {
    let name = text::prefix(name, LONGEST);
    if names.len() < MOST && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn is_commit(word: &str) -> bool {
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    (7..=40).contains(&word.len())
        && hex
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_file(word: &str) -> bool {
    let path = without_line(word);
    let strange =
        path.contains("://") || path.contains(['*', '{', '$', '=', '…', '@', '\\', '%']) || path.starts_with("//");
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let known = ENDINGS.contains(&ending.to_lowercase().as_str());
    // "v1.0", "3.5" and "e.g" are none, and neither is a domain.
    !strange
        && known
        && (!stem.is_empty() || path.contains('/'))
        && !stem.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// `a.rs:12:3` and `a.rs:5-8` without their lines.
fn without_line(word: &str) -> &str {
    let end = word.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ':' | '-' | '#' | 'L'));
    if word[end.len()..].starts_with([':', '#']) { end } else { word }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn files_and_commits_are_known_by_their_form() {
        let names = of(
            "Wrote `src/a.rs`, tests/b.py:12 and (docs/x.md); committed as **3f9a1c2** for v1.0, see https://h/x.md.",
        );
        assert_eq!(names.files, ["src/a.rs", "tests/b.py", "docs/x.md"]);
        assert_eq!(names.commits, ["3f9a1c2"]);
        assert!(of("deadbeef accede e.g. 1234567 and 3.5").commits.is_empty(), "words and numbers are no commits");
    }

    #[test]
    fn other_words_are_there_to_be_looked_up() {
        let names = of("**T-202** is complete: `vpc-ml--gpu--server-03` is live.");
        assert!(names.has("T-202") && names.has("vpc-ml--gpu--server-03") && !names.has("vpc-ml"));
    }
}
