//! What is wrong with a configuration file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that a configuration file gets wrong. Shown as `file:line:column: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Line, from one; zero when the file as a whole is meant (missing, unreadable).
    pub line: u32,
    /// Column in characters, from one; zero with line zero.
    pub column: u32,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem with the file as a whole.
    pub fn whole(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.to_path_buf(), line: 0, column: 0, message: message.into() }
    }

    /// The same problem, met through another file.
    #[must_use]
    pub fn of(self, file: &Path) -> Self {
        Self::whole(file, format!("{} {}", self.file.display(), self.message))
    }

    /// A problem at a byte offset of `text`.
    pub fn at(file: &Path, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            file: file.to_path_buf(),
            line: count(before.matches('\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.message)
    }
}

/// The known word that `word` is most likely meant to be, if any is close enough.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A third of the letters may be wrong: `colum` is `column`, `gate` is not `repo`.
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(steps, _)| *steps <= allowed)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// `unknown WHAT "word"`, with the nearest known word, or all of them when there are few.
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    const FEW: usize = 12;
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("unknown {what} {word:?}; did you mean {meant:?}?"),
        None if (1..=FEW).contains(&known.len()) => {
            format!("unknown {what} {word:?}; known are {}", known.join(", "))
        }
        None => format!("unknown {what} {word:?}"),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().map(|c| c.to_ascii_lowercase()).collect();
    let to: Vec<char> = to.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::{Problem, distance, nearest, unknown};
    use std::path::Path;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\nß = 2\n  x = 3\n";
        let offset = text.find("= 2").unwrap();
        let problem = Problem::at(Path::new("f.toml"), text, offset, "no");
        assert_eq!(problem.to_string(), "f.toml:2:3: no");
        let behind = Problem::at(Path::new("f.toml"), text, 1_000, "no");
        assert_eq!((behind.line, behind.column), (4, 1));
    }

    #[test]
    fn a_file_as_a_whole_has_no_line() {
        assert_eq!(Problem::whole(Path::new("f.toml"), "not found").to_string(), "f.toml: not found");
    }

    #[test]
    fn typing_mistakes_are_few_steps_apart() {
        for (from, to, steps) in [("", "abc", 3), ("baord", "board", 1), ("gitopts", "gitops", 1), ("same", "same", 0)]
        {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }

    #[test]
    fn only_a_close_word_is_suggested() {
        let known = ["board", "agent", "repo", "fabric"];
        assert_eq!(nearest("bord", known), Some("board"));
        assert_eq!(nearest("wallpaper", known), None);
        assert_eq!(unknown("key", "agnet", &known), "unknown key \"agnet\"; did you mean \"agent\"?");
        assert_eq!(unknown("key", "zzz", &known), "unknown key \"zzz\"; known are board, agent, repo, fabric");
    }
}
