//! Files that an agent's commands change: programs that write in place, that move, copy and remove, patches, and redirections.
//!
//! What is told is the file as the command names it. Whether it belongs to the work is decided where it is known what is there
//! ([`Written::counts`]): of what a command names nobody knows whether it is a folder, or was there at all.

use std::path::{Path, PathBuf};

use super::command::is_check;
use super::{FileFact, InGit};
use crate::domain::gate::command::script::{Script, Simple, is_plain, script};

/// Files that are kept of one command line.
const MOST: usize = 64;
/// Words without which no command line changes a file.
const SIGNS: [&str; 9] = [">", "sed", "perl", "apply", "am", "patch", "mv", "cp", "rm"];
/// Commands whose output is what somebody wrote; the output of others says what they found.
const AUTHORS: [&str; 10] = ["awk", "cat", "echo", "envsubst", "jq", "perl", "printf", "sed", "sort", "yq"];
/// Ways of saying that nothing is to be changed.
const DRY: [&str; 7] = ["--cached", "--check", "--dry-run", "--numstat", "--stat", "--summary", "--help"];

/// How a command changes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// In place, or another file takes its place.
    Changed,
    /// It is removed, or moved away.
    Gone,
    /// What somebody wrote goes into it.
    Made,
    /// What a command found goes into it.
    Captured,
    /// A patch is applied to files that nobody names.
    Patch,
}

/// A file that a command changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file: below the agent's folder, or absolute. Of a patch the folder that it is applied in.
    pub path: PathBuf,
    /// How.
    pub how: How,
    /// The file name of the patch; empty where it has none, and for all else.
    pub patch: String,
    /// It comes after every check of the same line.
    pub after_check: bool,
    /// Other commands stand in the line: that it failed does not say that this did.
    pub beside: bool,
}

impl Written {
    /// True for a file that is part of the work, by what is known of it: git has it, or it is there and git does not leave it
    /// out. What a command only found and nobody committed is a note, and a file that came and went was none of the work.
    pub fn counts(&self, fact: Option<&FileFact>) -> bool {
        let Some(fact) = fact else { return false };
        match (fact.exists, fact.git) {
            (_, InGit::Ignored) => false,
            (false, git) => git == InGit::Changed,
            (true, InGit::Committed | InGit::Changed) => true,
            (true, InGit::Untracked | InGit::Unknown) => self.how != How::Captured,
        }
    }

    /// True for a file that is part of the work when something else names it. Of one that is not there only its removal can be.
    pub fn may_count(&self, fact: Option<&FileFact>) -> bool {
        fact.is_some_and(|fact| fact.exists || self.how == How::Gone)
    }
}

/// The files that a command line changes. `output` is the beginning of what it said: `patch` tells the files there.
pub fn written(line: &str, output: &str) -> Vec<Written> {
    if !SIGNS.iter().any(|sign| line.contains(sign)) && !line.contains("tee") {
        return Vec::new();
    }
    let Script { commands, documents } = script(line);
    let last_check = commands.iter().rposition(|command| is_check(&command.words.join(" ")));
    let mut found: Vec<Written> = Vec::new();
    let mut begun = 0;
    for (at, command) in commands.iter().enumerate() {
        // A pipe is one command.
        if !command.piped {
            begun = at;
        }
        let after_check = last_check.is_some_and(|check| begun > check);
        let authored = |command: &Simple| AUTHORS.contains(&command.name()) || command.words.is_empty();
        let by_whom = if authored(command) { How::Made } else { How::Captured };
        let mut names = named(command, &documents, output);
        if command.name() == "tee" {
            // What it is given comes from the command before it, or from the line itself.
            let before = at.checked_sub(1).filter(|_| command.piped);
            let is_made = before.map_or(!documents.is_empty(), |before| authored(&commands[before]));
            let how = if is_made { How::Made } else { How::Captured };
            names.extend(arguments(command, &[]).into_iter().map(|name| (name, how)));
        }
        names.extend(command.into.iter().map(|name| (name.clone(), by_whom)));
        for (name, how) in names {
            // What a check says of itself changes nothing that it checks.
            let is_report = how == How::Captured && last_check.is_some() && !after_check;
            let is_patch = how == How::Patch;
            let path = if is_patch { command.folder.clone() } else { place(command, &name) };
            let Some(path) = path.filter(|_| !is_report && found.len() < MOST) else { continue };
            let patch = Path::new(&name).file_name().filter(|_| is_patch && is_plain(&name));
            let patch = patch.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let written = Written { path, how, patch, after_check, beside: commands.len() > 1 };
            if !found.contains(&written) {
                found.push(written);
            }
        }
    }
    found
}

/// Where a file is that a command names; none for one that cannot be told, and for devices.
fn place(command: &Simple, name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if !is_plain(name) || path.starts_with("/dev") || path.starts_with("/proc") {
        return None;
    }
    if path.is_absolute() { Some(path.to_owned()) } else { Some(command.folder.as_ref()?.join(path)) }
}

/// The files that a program changes by itself.
fn named(command: &Simple, documents: &[String], output: &str) -> Vec<(String, How)> {
    let all = |names: Vec<String>, how: How| names.into_iter().map(|name| (name, how)).collect();
    match command.name() {
        "sed" => all(in_place(command, "efl", ""), How::Changed),
        "perl" => all(in_place(command, "eE", "CDFIMVmx"), How::Changed),
        "rm" | "unlink" => all(arguments(command, &[]), How::Gone),
        "mv" | "gmv" => moved(command, true),
        "cp" | "gcp" => moved(command, false),
        "patch" | "gpatch" => patched(command, documents, output),
        "git" => {
            let (command, sub) = of_git(command);
            match sub.as_str() {
                "rm" if is_dry(&command) => Vec::new(),
                "rm" => all(arguments(&command, &[]), How::Gone),
                "mv" => moved(&command, true),
                "apply" | "am" => applied(&command, documents, output),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn is_dry(command: &Simple) -> bool {
    command.words.iter().any(|word| DRY.contains(&word.as_str()))
}

/// The words behind the command that are no options; `valued` are options whose value is the next word.
fn arguments(command: &Simple, valued: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let (mut skip, mut ended) = (false, false);
    for word in command.words.iter().skip(1) {
        if std::mem::take(&mut skip) {
            continue;
        }
        match word.as_str() {
            "--" if !ended => ended = true,
            option if !ended && option.starts_with('-') && option.len() > 1 => skip = valued.contains(&option),
            _ => found.push(word.clone()),
        }
    }
    found
}

/// The files of `sed -i` and `perl -i`: all arguments but the script. Of letters behind one hyphen, those in `valued` take the
/// rest of the word or the next one as their value, those in `rest` the rest of the word alone.
fn in_place(command: &Simple, valued: &str, rest: &str) -> Vec<String> {
    let (mut writes, mut has_script, mut skip, mut ended) = (false, false, false, false);
    let mut found = Vec::new();
    for word in command.words.iter().skip(1) {
        if std::mem::take(&mut skip) {
            continue;
        }
        if ended || !word.starts_with('-') || word.len() == 1 {
            found.push(word.clone());
        } else if word == "--" {
            ended = true;
        } else if let Some(long) = word.strip_prefix("--") {
            writes |= long.starts_with("in-place");
            has_script |= long.starts_with("expression") || long.starts_with("file");
            skip = matches!(long, "expression" | "file" | "line-length");
        } else {
            for (at, letter) in word.char_indices().skip(1) {
                if letter == 'i' {
                    writes = true;
                    break;
                }
                if valued.contains(letter) {
                    has_script |= letter != 'l';
                    skip = at + letter.len_utf8() == word.len();
                    break;
                }
                if rest.contains(letter) {
                    break;
                }
            }
        }
    }
    // On some systems `-i` wants an ending, which is empty as a rule.
    found.retain(|word| !word.is_empty());
    if !has_script && !found.is_empty() {
        found.remove(0);
    }
    if writes { found } else { Vec::new() }
}

/// What `mv` and `cp` write: where they write to, whether that is a file or a folder; and what is moved away.
fn moved(command: &Simple, goes: bool) -> Vec<(String, How)> {
    let mut all = arguments(command, &["-t", "-S", "--suffix"]);
    let at = command.words.iter().position(|word| word == "-t");
    let folder = at.and_then(|at| command.words.get(at + 1).cloned());
    let folder = folder
        .or_else(|| command.words.iter().find_map(|word| word.strip_prefix("--target-directory=").map(str::to_owned)));
    let Some(target) = folder.or_else(|| if all.len() > 1 { all.pop() } else { None }) else { return Vec::new() };
    let name = |source: &String| Path::new(source).file_name().map(|name| name.to_string_lossy().into_owned());
    let inside = all.iter().filter_map(|source| Some(format!("{}/{}", target.trim_end_matches('/'), name(source)?)));
    let mut found: Vec<(String, How)> = inside.map(|name| (name, How::Changed)).collect();
    if all.len() == 1 && !target.ends_with('/') {
        found.insert(0, (target, How::Changed));
    }
    if goes {
        found.extend(all.into_iter().map(|name| (name, How::Gone)));
    }
    found
}

/// The command behind `git` and its own options, in the folder of `-C`; and its name.
fn of_git(command: &Simple) -> (Simple, String) {
    let mut folder = command.folder.clone();
    let mut at = 1;
    while let Some(option) = command.words.get(at).filter(|word| word.starts_with('-')) {
        let value = command.words.get(at + 1);
        match (option.as_str(), value) {
            ("-C", Some(to)) if is_plain(to) => folder = folder.map(|folder| folder.join(to)),
            ("-C" | "--git-dir" | "--work-tree", _) => folder = None,
            _ => {}
        }
        at += if matches!(option.as_str(), "-C" | "-c" | "--git-dir" | "--work-tree" | "--namespace") { 2 } else { 1 };
    }
    let words = command.words.get(at..).unwrap_or_default().to_vec();
    let sub = words.first().cloned().unwrap_or_default();
    (Simple { words, into: Vec::new(), piped: command.piped, folder }, sub)
}

/// What `git apply` changes.
fn applied(command: &Simple, documents: &[String], output: &str) -> Vec<(String, How)> {
    if is_dry(command) {
        return Vec::new();
    }
    let source = arguments(command, &["-p", "-C", "--exclude", "--include", "--directory"]).into_iter().next();
    by_patch(source, documents, output)
}

/// What `patch` changes: the file that it names, else those of the patch.
fn patched(command: &Simple, documents: &[String], output: &str) -> Vec<(String, How)> {
    const VALUED: [&str; 14] =
        ["-B", "-D", "-F", "-V", "-Y", "-d", "-g", "-i", "-o", "-p", "-r", "-x", "-z", "--directory"];
    if is_dry(command) {
        return Vec::new();
    }
    let value = |option: &str| {
        let at = command.words.iter().position(|word| word == option)?;
        command.words.get(at + 1).cloned()
    };
    if let Some(file) = value("-o").or_else(|| arguments(command, &VALUED).into_iter().next()) {
        return vec![(file, How::Changed)];
    }
    // In another folder the names are others.
    if value("-d").or_else(|| value("--directory")).is_some() {
        return vec![(String::new(), How::Patch)];
    }
    by_patch(value("-i"), documents, output)
}

/// The files of a patch: as it stands in the line, or as the program said. Where neither tells, the patch itself.
fn by_patch(source: Option<String>, documents: &[String], output: &str) -> Vec<(String, How)> {
    let new_side = |line: &str| {
        let file = line.strip_prefix("+++ ")?.split('\t').next()?.trim();
        let file = file.strip_prefix("b/").unwrap_or(file);
        (file != "/dev/null").then(|| file.to_owned())
    };
    let old_side = |line: &str| Some(line.strip_prefix("--- a/")?.split('\t').next()?.trim().to_owned());
    let said = |line: &str| {
        let file = line.strip_prefix("patching file ")?.trim();
        Some(file.trim_matches('\'').to_owned())
    };
    let lines = documents.iter().flat_map(|document| document.lines());
    let mut found: Vec<String> = lines.filter_map(|line| new_side(line).or_else(|| old_side(line))).collect();
    found.extend(output.lines().filter_map(said));
    if found.is_empty() {
        return vec![(source.unwrap_or_default(), How::Patch)];
    }
    found.into_iter().map(|file| (file, How::Changed)).collect()
}
