//! A command line as a list of simple commands in their order, each with the folder that it runs in: for what looks at what was
//! done. It reads no more than is there, where [`super::read`] reads too much on purpose.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{RESERVED, SHELLS, base_name, is_assignment, split};

/// Command lines inside command lines that are followed.
const DEPTH: usize = 4;
/// Characters that variables may be replaced by, in each line.
const EXPANDED: usize = 4 * 1024;
/// Commands that run the rest of their words as a command.
const WRAPPERS: [&str; 13] = [
    "builtin", "command", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "time",
    "timeout",
];
/// Their options that take a value.
const VALUED: [&str; 8] = ["-C", "-c", "-g", "-k", "-n", "-p", "-s", "-u"];

/// What a command line runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Its commands, in their order.
    pub commands: Vec<Simple>,
    /// The bodies of its here-documents.
    pub documents: Vec<String>,
}

/// One simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simple {
    /// Its words without quotes, assignments and wrappers; none for a redirection alone.
    pub words: Vec<String>,
    /// Files that its output goes into, as they are named.
    pub into: Vec<String>,
    /// It is given what the command before it writes.
    pub piped: bool,
    /// The folder that it runs in: below that of the whole line, or absolute. None where nobody knows.
    pub folder: Option<PathBuf>,
}

impl Simple {
    /// The program's name without its folder.
    pub fn name(&self) -> &str {
        self.words.first().map_or("", |word| base_name(word))
    }
}

/// Takes a command line apart. Time and memory grow with its length, up to a fixed factor; what is too deep is left out.
pub fn script(line: &str) -> Script {
    let mut reader = Reader { script: Script::default(), budget: 16 * line.len() + 4096 };
    reader.line(line, Some(Path::new("")), 0);
    reader.script
}

struct Reader {
    script: Script,
    /// Bytes that may still be read.
    budget: usize,
}

impl Reader {
    fn line(&mut self, line: &str, start: Option<&Path>, depth: usize) {
        let Some(rest) = self.budget.checked_sub(line.len()).filter(|_| depth <= DEPTH) else { return };
        self.budget = rest;
        let code = bare(line, &mut self.script.documents);
        let split = split(&code, HashMap::new(), EXPANDED);
        // What `cd` says holds until the subshell ends in which it says so.
        let mut folders: Vec<(Option<usize>, Option<PathBuf>)> = vec![(None, start.map(Path::to_owned))];
        for command in split.commands {
            folders.retain(|(group, _)| group.is_none_or(|group| command.groups.contains(&group)));
            let folder = folders.last().and_then(|(_, folder)| folder.clone());
            let words = unwrapped(&command.words);
            let name = words.first().map_or("", |word| base_name(word));
            match name {
                "cd" | "pushd" | "popd" => {
                    let to = words.iter().skip(1).find(|word| !word.starts_with('-'));
                    let there = to.filter(|to| name != "popd" && is_plain(to)).and_then(|to| {
                        if to.starts_with('/') { Some(PathBuf::from(to)) } else { folder.map(|at| at.join(to)) }
                    });
                    let group = command.groups.last().copied();
                    folders.retain(|(known, _)| *known != group);
                    folders.push((group, there));
                }
                "eval" => self.line(&words[1..].join(" "), folder.as_deref(), depth + 1),
                _ if SHELLS.contains(&name) => {
                    let is_flag = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
                    let at = words.iter().position(|word| is_flag(word));
                    if let Some(inner) = at.and_then(|at| words.get(at + 1)) {
                        self.line(inner, folder.as_deref(), depth + 1);
                    }
                    let (words, piped) = (vec![name.to_owned()], command.piped);
                    self.script.commands.push(Simple { words, into: command.into, piped, folder });
                }
                // What stands between the brackets is a comparison.
                "[[" => {}
                _ => {
                    let (words, piped) = (words.to_vec(), command.piped);
                    self.script.commands.push(Simple { words, into: command.into, piped, folder });
                }
            }
        }
        for inner in &split.inner {
            self.line(inner, start, depth + 1);
        }
    }
}

/// A word that is the name of a file as it stands: no pattern, no variable, nothing of the home folder.
pub fn is_plain(word: &str) -> bool {
    !word.is_empty() && !word.starts_with(['-', '~']) && !word.contains(['$', '*', '?', '[', ']', '{', '}', '`', '\n'])
}

/// The words of the command itself: behind assignments, words such as `if`, and wrappers such as `sudo`.
fn unwrapped(words: &[String]) -> &[String] {
    let mut at = 0;
    let skips = |word: &String| is_assignment(word) || RESERVED.contains(&word.as_str());
    while words.get(at).is_some_and(skips) {
        at += 1;
    }
    while words.get(at).is_some_and(|word| WRAPPERS.contains(&base_name(word))) {
        at += 1;
        while let Some(word) = words.get(at) {
            let is_own = word.starts_with('-') || is_assignment(word) || word.starts_with(|c: char| c.is_ascii_digit());
            if !is_own {
                break;
            }
            at += if VALUED.contains(&word.as_str()) { 2 } else { 1 };
        }
    }
    words.get(at..).unwrap_or_default()
}

/// Where a character of a line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Single,
    Double,
    /// `$(` or `(`: code once more.
    Group,
}

/// A line without what is no command in it: comments, arithmetic, and the bodies of here-documents, which go into `documents`.
fn bare(line: &str, documents: &mut Vec<String>) -> String {
    let chars: Vec<char> = line.chars().collect();
    let at = |index: usize| chars.get(index).copied();
    let mut code = String::with_capacity(line.len());
    let mut inside: Vec<Inside> = Vec::new();
    // Ends of here-documents that begin behind this line, and whether tabs before them do not count.
    let mut open: Vec<(String, bool)> = Vec::new();
    let mut i = 0;
    while let Some(c) = at(i) {
        let in_code = inside.last().is_none_or(|inside| *inside == Inside::Group);
        let next = at(i + 1);
        match c {
            '\'' if inside.last() == Some(&Inside::Single) => drop(inside.pop()),
            _ if inside.last() == Some(&Inside::Single) => {}
            '\\' => {
                code.push(c);
                i += 1;
                code.extend(next);
                i += 1;
                continue;
            }
            '"' if inside.last() == Some(&Inside::Double) => drop(inside.pop()),
            '$' if next == Some('(') && at(i + 2) == Some('(') => {
                if let Some(end) = closing(&chars, i + 3) {
                    code.push('0');
                    i = end;
                    continue;
                }
            }
            '$' if next == Some('(') => {
                code.push_str("$(");
                inside.push(Inside::Group);
                i += 2;
                continue;
            }
            _ if !in_code => {}
            '\'' => inside.push(Inside::Single),
            '"' => inside.push(Inside::Double),
            '(' if next == Some('(') => {
                if let Some(end) = closing(&chars, i + 2) {
                    code.push('0');
                    i = end;
                    continue;
                }
                inside.push(Inside::Group);
            }
            '(' => inside.push(Inside::Group),
            ')' => drop(inside.pop_if(|inside| *inside == Inside::Group)),
            '#' if code.chars().next_back().is_none_or(|before| before.is_whitespace() || ";&|(".contains(before)) => {
                while at(i).is_some_and(|c| c != '\n') {
                    i += 1;
                }
                continue;
            }
            '<' if next == Some('<') => {
                i += 2;
                code.push_str("<<");
                if at(i) == Some('<') {
                    code.push('<');
                    i += 1;
                    continue;
                }
                let (end, behind) = document_end(&chars, i);
                code.extend(&chars[i..behind]);
                open.push(end);
                i = behind;
                continue;
            }
            '\n' => {
                code.push(c);
                i += 1;
                for (end, dashed) in open.drain(..) {
                    let (body, behind) = document(&chars, i, &end, dashed);
                    documents.push(body);
                    i = behind;
                }
                continue;
            }
            _ => {}
        }
        code.push(c);
        i += 1;
    }
    code
}

/// The index behind the `))` that closes what begins at `start`, on the same line.
fn closing(chars: &[char], start: usize) -> Option<usize> {
    let line = chars.get(start..)?;
    let line = &line[..line.iter().position(|c| *c == '\n').unwrap_or(line.len())];
    line.windows(2).position(|two| two == [')', ')']).map(|at| start + at + 2)
}

/// The word behind `<<` that ends a here-document, with whether tabs before it do not count; and the index behind it.
fn document_end(chars: &[char], start: usize) -> ((String, bool), usize) {
    let mut i = start;
    let dashed = chars.get(i) == Some(&'-');
    i += usize::from(dashed);
    while chars.get(i).is_some_and(|c| matches!(c, ' ' | '\t')) {
        i += 1;
    }
    let mut end = String::new();
    while let Some(c) = chars.get(i).filter(|c| !c.is_whitespace() && !";|&<>()".contains(**c)) {
        if !matches!(c, '\'' | '"' | '\\') {
            end.push(*c);
        }
        i += 1;
    }
    ((end, dashed), i)
}

/// The lines from `start` to the one that is `end`; and the index behind that one.
fn document(chars: &[char], start: usize, end: &str, dashed: bool) -> (String, usize) {
    let mut body = String::new();
    let mut i = start;
    while i < chars.len() {
        let length = chars[i..].iter().position(|c| *c == '\n').unwrap_or(chars.len() - i);
        let line: String = chars[i..i + length].iter().collect();
        i = (i + length + 1).min(chars.len());
        let shown = line.trim_end_matches('\r');
        if end == if dashed { shown.trim_start_matches('\t') } else { shown } {
            break;
        }
        body.push_str(&line);
        body.push('\n');
    }
    (body, i)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::script;

    /// The commands of a line, each with the folder and the files that its output goes into.
    fn read(line: &str) -> Vec<String> {
        let one = |command: &super::Simple| {
            let folder = command.folder.as_ref().map_or_else(|| "?".to_owned(), |at| at.display().to_string());
            let into: Vec<String> = command.into.iter().map(|file| format!(" >{file}")).collect();
            format!("{folder}|{}{}", command.words.join(" "), into.concat())
        };
        script(line).commands.iter().map(one).collect()
    }

    #[test]
    fn commands_stand_in_their_order_and_in_their_folders() {
        for (line, wanted) in [
            ("a b; c", &["|a b", "|c"] as &[&str]),
            ("cd x && a && cd y/z; b", &["x|a", "x/y/z|b"]),
            ("(cd x && a) && b", &["x|a", "|b"]),
            ("(cd x; a); (b; cd y; c)", &["x|a", "|b", "y|c"]),
            ("cd /p && (cd x; a); b", &["/p/x|a", "/p|b"]),
            ("cd $HOME; a; cd /q; b", &["?|a", "/q|b"]),
            ("cd; a", &["?|a"]),
            ("bash -lc 'cd x; a'; b", &["x|a", "|bash", "|b"]),
            ("sudo -u me env A=1 timeout 5 cp a b", &["|cp a b"]),
            ("A=1 B=2 nice -n 5 mv a b", &["|mv a b"]),
            ("if a; then b; fi", &["|a", "|b", "|fi"]),
            ("echo $(a b)", &["|echo b", "|a b"]),
            ("a > x 2>> y 2>&1 &> z >&w >| v", &["|a >x >y >z >w >v"]),
            ("a < x 2>&- b", &["|a b"]),
            ("> x", &["| >x"]),
            ("a > $(mktemp)", &["|a", "|mktemp"]),
            ("a # > x\nb", &["|a", "|b"]),
            ("[[ $a > b ]] && c", &["|c"]),
            ("(( a > 5 )) && b $((1 > 0))", &["|0", "|b 0"]),
            ("awk '$1 > 5' x", &["|awk $1 > 5 x"]),
        ] {
            assert_eq!(read(line), wanted, "{line}");
        }
    }

    #[test]
    fn a_pipe_is_no_other_way_of_going_on() {
        let piped: Vec<bool> = script("a | b |& c || d && e\n| f").commands.iter().map(|one| one.piped).collect();
        assert_eq!(piped, [false, true, true, false, false, true]);
    }

    #[test]
    fn what_a_here_document_holds_is_no_command() {
        for line in [
            "cat > a <<EOF\nif x > y:\n  rm z\nEOF\nb",
            "cat > a <<'EOF'\nx > y\nEOF\nb",
            "cat > a <<-\"EOF\"\n\tx > y\n\tEOF\nb",
            "cat <<EOF > a\nx > y\nEOF\nb",
        ] {
            assert_eq!(read(line), ["|cat >a", "|b"], "{line}");
            assert!(script(line).documents[0].contains("x > y"), "{line}");
        }
        let commit = "git commit -m \"$(cat <<'EOF'\nfix: a > b\nEOF\n)\" && c";
        assert!(read(commit).iter().all(|command| !command.contains(" >b")), "{:?}", read(commit));
        assert!(read(commit).contains(&"|c".to_owned()), "{:?}", read(commit));
        assert_eq!(read("cat <<EOF\nno end > a"), ["|cat"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_within_bounds(line in "(?s)[ -~\\n\\u{e9}\\u{1f994}]{0,200}") {
            let bytes: usize = script(&line).commands.iter().flat_map(|one| &one.words).map(String::len).sum();
            prop_assert!(bytes <= 64 * line.len() + 64 * 1024);
        }

        #[test]
        fn quotes_and_operators_never_panic(line in "[$(){}'\"`\\\\<>&|;! =#,A-C\\n-]{0,80}") {
            let _ = script(&line);
        }
    }
}
