//! What a shell command line would run: its simple commands as plain words, so that a rule on `git push` also sees
//! `git -C x push`, `g"it" push` and `sh -c 'git push'`.
//!
//! This is no shell. It knows the variables that the line itself sets and nothing else, and over-reads on purpose (the
//! body of a here-document counts as commands): a rule that holds one call too many costs a key, one too few costs a
//! push. What a script, an alias or an encoding hides is not seen.

pub mod script;

use std::collections::HashMap;

/// Commands that run the rest of their words as a command; any later word may be its first.
const WRAPPERS: [&str; 25] = [
    "builtin", "chroot", "command", "doas", "env", "exec", "find", "flock", "ionice", "nice", "nohup", "nsenter",
    "parallel", "script", "setsid", "ssh", "stdbuf", "strace", "su", "sudo", "time", "timeout", "unshare", "watch",
    "xargs",
];
/// Commands of which a word may itself be a command line.
const SHELLS: [&str; 12] =
    ["ash", "bash", "busybox", "dash", "eval", "fish", "ksh", "mksh", "rbash", "sh", "trap", "zsh"];
/// Words that a command may stand behind.
const RESERVED: [&str; 13] =
    ["!", "{", "}", "if", "then", "elif", "else", "while", "until", "do", "coproc", "function", "time"];

/// Command lines inside command lines that are followed.
const DEPTH: usize = 8;
/// Characters of a variable's value that are kept.
const LONGEST_VALUE: usize = 1024;
/// Words of one command that are tried as the first of a command behind a wrapper.
const STARTS: usize = 256;
/// Subshells inside subshells that are told apart.
const GROUPS: usize = 16;

/// The readings of a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings {
    /// Normalised commands: quotes and assignments gone, one space between words.
    pub texts: Vec<String>,
    /// True when the line was too deep or too long to be read to its end.
    pub cut_short: bool,
}

/// Reads a command line. Time and memory grow with its length, up to a fixed factor; a line that would take more is
/// [cut short](Readings::cut_short).
pub fn read(line: &str) -> Readings {
    let mut reader =
        Reader { found: Readings::default(), budget: 32 * line.len() + 64 * 1024, variables: HashMap::new() };
    reader.line(line, 0);
    reader.found
}

struct Reader {
    found: Readings,
    /// Bytes that may still be written or read again.
    budget: usize,
    /// What the line has set so far, also for the lines inside it.
    variables: HashMap<String, String>,
}

impl Reader {
    /// Takes `bytes` off the budget; false when there are not that many left.
    fn spend(&mut self, bytes: usize) -> bool {
        if let Some(rest) = self.budget.checked_sub(bytes) {
            self.budget = rest;
            return true;
        }
        self.found.cut_short = true;
        false
    }

    fn line(&mut self, line: &str, depth: usize) {
        if depth > DEPTH {
            self.found.cut_short = true;
            return;
        }
        if !self.spend(line.len()) {
            return;
        }
        let variables = std::mem::take(&mut self.variables);
        let split = split(line, variables, self.budget);
        self.variables = split.variables;
        self.spend(split.expanded);
        for command in &split.commands {
            self.command(&command.words, depth);
        }
        for inner in &split.inner {
            self.line(inner, depth + 1);
        }
    }

    /// Adds the readings of one simple command.
    fn command(&mut self, words: &[String], depth: usize) {
        let Some(first) = words.iter().position(|word| !is_assignment(word) && !RESERVED.contains(&word.as_str()))
        else {
            return;
        };
        let (name, rest) = (base_name(&words[first]), &words[first + 1..]);
        for start in subcommand_starts(rest) {
            self.keep(name, &rest[start..]);
        }
        if SHELLS.contains(&name) || WRAPPERS.contains(&name) {
            for word in rest.iter().filter(|word| word.contains(char::is_whitespace)) {
                self.line(word, depth + 1);
            }
        }
        if name == "eval" {
            self.line(&rest.join(" "), depth + 1);
        }
        if WRAPPERS.contains(&name) {
            if rest.len() > STARTS {
                self.found.cut_short = true;
            }
            for start in 0..rest.len().min(STARTS) {
                if !rest[start].starts_with('-') {
                    self.bare(&rest[start..], depth);
                }
            }
        }
    }

    /// The readings of a command behind a wrapper, which are those of a command without wrappers of its own: the
    /// words behind a second wrapper are tried as first words anyway.
    fn bare(&mut self, words: &[String], depth: usize) {
        let name = base_name(&words[0]);
        let rest = &words[1..];
        for start in subcommand_starts(rest) {
            self.keep(name, &rest[start..]);
        }
        if name == "eval" {
            self.line(&rest.join(" "), depth + 1);
        }
    }

    /// Keeps one reading, as it is and without its options.
    fn keep(&mut self, name: &str, rest: &[String]) {
        if self.found.cut_short {
            // Nothing that could be added would change the outcome, and adding up lengths takes time too.
            return;
        }
        let length = name.len() + rest.iter().map(|word| word.len() + 1).sum::<usize>();
        if !self.spend(2 * length) {
            return;
        }
        let mut whole = String::with_capacity(length);
        let mut plain = String::with_capacity(length);
        whole.push_str(name);
        plain.push_str(name);
        for word in rest {
            whole.push(' ');
            whole.push_str(word);
            if !word.starts_with('-') {
                plain.push(' ');
                plain.push_str(word);
            }
        }
        if plain != whole {
            self.found.texts.push(plain);
        }
        self.found.texts.push(whole);
    }
}

/// Where the subcommand may begin: at once, or behind options and what may be their values.
fn subcommand_starts(rest: &[String]) -> impl Iterator<Item = usize> {
    let mut end = 0;
    while end < rest.len() && (rest[end].starts_with('-') || (end > 0 && takes_value(&rest[end - 1]))) {
        end += 1;
    }
    // Behind an option that may take a value either word can be the subcommand.
    (0..=end.min(rest.len())).filter({
        let values: Vec<bool> = rest[..end].iter().map(|word| !word.starts_with('-')).collect();
        move |&start| start == 0 || start == end || values[start]
    })
}

fn takes_value(word: &str) -> bool {
    word.starts_with('-') && !word.contains('=')
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let name = name.strip_suffix('+').unwrap_or(name);
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    })
}

fn base_name(word: &str) -> &str {
    match word.rsplit_once('/') {
        Some((_, name)) if !name.is_empty() => name,
        _ => word,
    }
}

/// A command line taken apart.
#[derive(Debug, Default)]
struct Split {
    /// Simple commands, in their order.
    commands: Vec<Command>,
    /// Command lines found inside words: `$(…)`, backquotes, here-strings.
    inner: Vec<String>,
    /// Variables that it set, and those set before.
    variables: HashMap<String, String>,
    /// Characters that variables were replaced by; more than allowed when some were left as they are.
    expanded: usize,
}

/// A simple command.
#[derive(Debug, Default)]
struct Command {
    /// Its words without quotes; none for a redirection alone.
    words: Vec<String>,
    /// Files that its output goes into.
    into: Vec<String>,
    /// The subshells that it runs in, the outermost first.
    groups: Vec<usize>,
    /// It is given what the command before it writes.
    piped: bool,
}

#[derive(Default)]
struct Splitter {
    split: Split,
    /// Characters that variables may be replaced by.
    allowed: usize,
    command: Command,
    word: Option<String>,
    /// Something in the word stands for what nobody knows before it runs.
    guessed: bool,
    redirect: Redirect,
    /// Subshells so far.
    groups: usize,
    /// Subshells that are open and not told apart any more.
    deeper: usize,
}

/// What the next word is for.
#[derive(Default, PartialEq, Clone, Copy)]
enum Redirect {
    #[default]
    None,
    /// The name of a file that is read, or where a here-document ends.
    From,
    /// The name of a file that is written.
    Into,
    /// The same, or the number of a descriptor.
    Copy,
    /// Text that the command reads, a command line if the command is a shell.
    Text,
}

impl Splitter {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let guessed = std::mem::take(&mut self.guessed);
        let Some(word) = self.word.take() else { return };
        if let Some((name, value)) = word.split_once('=')
            && is_assignment(&word)
            && value.len() <= LONGEST_VALUE
        {
            self.split.variables.insert(name.trim_end_matches('+').to_owned(), value.to_owned());
        }
        match std::mem::take(&mut self.redirect) {
            // `{git,push}` is two words.
            Redirect::None if word.starts_with('{') && word.ends_with('}') && word.contains(',') => {
                self.command.words.extend(word[1..word.len() - 1].split(',').map(str::to_owned));
            }
            Redirect::None => self.command.words.push(word),
            Redirect::Copy if word.chars().all(|c| c.is_ascii_digit()) => {}
            Redirect::Into | Redirect::Copy if !guessed => self.command.into.push(word),
            Redirect::From | Redirect::Into | Redirect::Copy => {}
            Redirect::Text => self.split.inner.push(word),
        }
    }

    /// Puts in what stands at `start`, just behind a dollar, if it names a variable that is known; answers the index
    /// behind it. `IFS` is taken for white space, which is what it is good for in a command.
    fn variable(&mut self, chars: &[char], start: usize, quoted: bool) -> usize {
        let braced = chars.get(start) == Some(&'{');
        let first = start + usize::from(braced);
        let name: String = chars[first.min(chars.len())..]
            .iter()
            .take_while(|c| **c == '_' || c.is_ascii_alphanumeric())
            .take(LONGEST_VALUE)
            .collect();
        let end = first + name.len();
        let value = if name == "IFS" { Some(" ") } else { self.split.variables.get(&name).map(String::as_str) };
        // `${X:-y}` and its kin are left as they are.
        let Some(value) = value.filter(|_| !braced || chars.get(end) == Some(&'}')) else {
            self.push('$');
            return start;
        };
        self.split.expanded += value.len();
        if self.split.expanded <= self.allowed {
            for c in value.to_owned().chars() {
                if c.is_whitespace() && !quoted { self.end_word() } else { self.push(c) }
            }
        }
        end + usize::from(braced)
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirect = Redirect::None;
        if self.command.words.is_empty() && self.command.into.is_empty() {
            return;
        }
        let groups = self.command.groups.clone();
        let command = std::mem::replace(&mut self.command, Command { groups, ..Command::default() });
        self.split.commands.push(command);
    }

    fn open_group(&mut self) {
        if self.command.groups.len() < GROUPS {
            self.groups += 1;
            self.command.groups.push(self.groups);
        } else {
            self.deeper += 1;
        }
    }

    fn close_group(&mut self) {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            None => drop(self.command.groups.pop()),
        }
    }
}

/// Takes a command line apart after the shell's rules of quoting (POSIX.1-2017, Shell Command Language, 2.2 and 2.3).
///
/// Variables are replaced by at most `allowed` characters.
fn split(line: &str, variables: HashMap<String, String>, allowed: usize) -> Split {
    let chars: Vec<char> = line.chars().collect();
    let at = |index: usize| chars.get(index).copied();
    let mut s = Splitter { allowed, ..Splitter::default() };
    s.split.variables = variables;
    let mut i = 0;
    while let Some(c) = at(i) {
        i += 1;
        match c {
            '\\' => {
                match at(i) {
                    Some('\n') | None => {}
                    Some(next) => s.push(next),
                }
                i += 1;
            }
            '\'' => {
                s.word.get_or_insert_default();
                while let Some(c) = at(i).filter(|&c| c != '\'') {
                    s.push(c);
                    i += 1;
                }
                i += 1;
            }
            '"' => {
                s.word.get_or_insert_default();
                while let Some(c) = at(i).filter(|&c| c != '"') {
                    i += 1;
                    match (c, at(i)) {
                        ('\\', Some('\n')) => i += 1,
                        ('\\', Some(next @ ('"' | '\\' | '$' | '`'))) => {
                            s.push(next);
                            i += 1;
                        }
                        ('$', Some('(')) => i = substitution(&chars, i + 1, ')', &mut s),
                        ('$', _) => i = s.variable(&chars, i, true),
                        ('`', _) => i = substitution(&chars, i, '`', &mut s),
                        _ => s.push(c),
                    }
                }
                i += 1;
            }
            '$' if at(i) == Some('(') => i = substitution(&chars, i + 1, ')', &mut s),
            // `$'…'` and `$"…"` are quotes; the dollar is not part of the word.
            '$' if matches!(at(i), Some('\'' | '"')) => {}
            '$' => i = s.variable(&chars, i, false),
            '`' => i = substitution(&chars, i, '`', &mut s),
            '<' | '>' => {
                // A number right before it names the descriptor and is no word.
                if s.word.as_deref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
                    s.word = None;
                }
                s.end_word();
                let mut same = 1;
                while at(i) == Some(c) {
                    same += 1;
                    i += 1;
                }
                let (mut copies, mut closes) = (false, false);
                while let Some(next) = at(i).filter(|next| matches!(next, '&' | '|' | '-' | '>')) {
                    closes = copies && next == '-';
                    copies |= next == '&';
                    i += 1;
                }
                s.redirect = match c {
                    // `2>&-` takes no word.
                    _ if closes => Redirect::None,
                    '<' if same == 3 => Redirect::Text,
                    '<' => Redirect::From,
                    _ if copies => Redirect::Copy,
                    _ => Redirect::Into,
                };
            }
            '&' if at(i) == Some('>') => s.end_word(),
            ';' | '&' | '|' | '\n' | '\r' | '(' | ')' => {
                s.end_command();
                match c {
                    '(' => s.open_group(),
                    ')' => s.close_group(),
                    '|' if at(i) == Some('|') => i += 1,
                    '|' => s.command.piped = true,
                    _ => {}
                }
            }
            _ if c.is_whitespace() => s.end_word(),
            _ => s.push(c),
        }
    }
    s.end_command();
    s.split
}

/// Notes a command substitution as a line of its own, and the plain text in the word; answers the index behind it.
fn substitution(chars: &[char], start: usize, close: char, s: &mut Splitter) -> usize {
    let mut depth = 1;
    let mut end = start;
    while let Some(&c) = chars.get(end) {
        match c {
            '\\' => end += 1,
            _ if c == close => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            '(' if close == ')' => depth += 1,
            _ => {}
        }
        end += 1;
    }
    let inner: String = chars[start..end.min(chars.len())].iter().collect();
    // `$(echo push)` most often stands for what it echoes; the last word is the best guess that costs nothing.
    if let Some(last) = inner.split_whitespace().last() {
        s.word.get_or_insert_default().push_str(last);
    }
    s.guessed = true;
    s.split.inner.push(inner);
    end + 1
}

#[cfg(test)]
mod tests {
    use super::read;
    use proptest::prelude::*;

    fn runs(line: &str, wanted: &str) -> bool {
        read(line).texts.iter().any(|text| text == wanted || text.starts_with(&format!("{wanted} ")))
    }

    #[test]
    fn a_push_is_seen_through_what_may_stand_around_it() {
        let lines = [
            "git push",
            "git   push origin main",
            "git -C x push",
            "git -c a.b=c -C 'x y' --no-pager push --force",
            "git --git-dir=/x/.git push",
            "git -p push",
            "GIT_DIR=/x/.git git push",
            "A=1 B='two words' git push",
            "/usr/bin/git push",
            "g\"it\" pu''sh",
            "g\\it push",
            "git \\\n  push",
            "cd x && git push",
            "cd x;git push",
            "true || git push",
            "sleep 1 & git push",
            "yes | git push",
            "(cd x; git push)",
            "{ git push; }",
            "if git push; then echo ok; fi",
            "for r in a b; do git -C $r push; done",
            "! git push",
            "sh -c 'git push'",
            "bash -lc \"cd x && git -C y push\"",
            "sh -c \"sh -c 'git push'\"",
            "eval git push",
            "eval 'git -C x' push",
            "env -i X=1 git push",
            "sudo -u root git -C x push",
            "timeout 5 git -C x push",
            "nohup git push &",
            "find . -name x -exec git -C {} push \\;",
            "echo x | xargs -n 1 git -C",
            "echo $(git push)",
            "echo \"done: $(git -C x push)\"",
            "echo `git push`",
            "2>/dev/null git push",
            "2>&- git push",
            "git push >log 2>&1",
            "bash <<< 'git -C x push'",
            "bash <<EOF\ngit -C x push\nEOF",
            "ssh host 'git -C x push'",
            "git $(echo push)",
            "$'git' push",
            "G='git -C /x'; $G push",
            "GIT=/usr/bin/git && \"${GIT}\" push",
            "export A=push; sh -c \"git $A\"",
            "git${IFS}push",
            "{git,push}",
        ];
        for line in lines {
            // The xargs line takes its subcommand from a pipe: nothing to be seen there, and no panic either.
            assert_eq!(runs(line, "git push"), !line.ends_with("git -C"), "{line}: {:?}", read(line));
        }
    }

    #[test]
    fn other_commands_are_not_taken_for_it() {
        for line in
            ["git stash push", "git log --oneline", "git commit -m push", "echo git; echo push", "git -C x pull"]
        {
            assert!(!runs(line, "git push"), "{line}: {:?}", read(line));
        }
    }

    #[test]
    fn a_line_too_deep_to_be_read_says_so() {
        let deep = format!("{}git push{}", "$(".repeat(40), ")".repeat(40));
        assert!(read(&deep).cut_short);
        assert!(!read("sh -c 'git push'").cut_short);
    }

    #[test]
    fn a_line_of_many_options_is_given_up_on_early() {
        assert!(read(&format!("xargs {}", "-a x ".repeat(100_000))).cut_short);
        assert!(!read(&format!("echo {}", "word ".repeat(100_000))).cut_short);
    }

    #[test]
    fn variables_that_grow_without_end_are_cut_short() {
        let line = format!("A={}; echo {}", "x".repeat(1000), "$A".repeat(1000));
        assert!(read(&line).cut_short);
        assert!(!read("A=1; B=$A$A; echo $B $UNKNOWN ${B:-x}").cut_short);
    }

    proptest! {
        #[test]
        fn any_text_is_read_within_bounds(line in "(?s)[ -~\\n\\u{e9}\\u{1f994}]{0,200}") {
            let found = read(&line);
            let bytes: usize = found.texts.iter().map(String::len).sum();
            prop_assert!(bytes <= 32 * line.len() + 64 * 1024);
        }

        #[test]
        fn quoting_a_word_changes_nothing(words in proptest::collection::vec("[a-z]{1,6}", 1..6)) {
            let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            prop_assert_eq!(read(&quoted.join(" ")), read(&words.join("  ")));
        }

        #[test]
        fn nested_quotes_and_operators_never_panic(line in "[$(){}'\"`\\\\<>&|;! =,A-C-]{0,80}") {
            let _ = read(&line);
        }
    }
}
