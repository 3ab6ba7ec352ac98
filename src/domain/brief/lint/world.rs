//! What a brief names, held against what there is: files, branches, commands, contexts, objects, tasks and numbers.

use std::sync::LazyLock;

use regex::Regex;

use super::page::{Page, spans};
use super::words::Words;
use super::{Aim, Findings, Fix, Rule, Severity};
use crate::domain::brief::OPEN;
use crate::domain::brief::budget::Load;
use crate::domain::brief::facts::{Facts, Files, KindFacts, World};
use crate::domain::task::TaskStatus;

/// Ends of names that are surely files, even without a folder.
const ENDS: [&str; 30] = [
    "md", "rs", "py", "go", "ts", "tsx", "js", "jsx", "java", "c", "h", "cpp", "rb", "sh", "toml", "yaml", "yml",
    "json", "jsonl", "html", "css", "sql", "proto", "txt", "lock", "cfg", "ini", "xml", "tf", "j2",
];

/// Numbers that are written as words.
const NUMBERS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Patterns of places where names stand; the first group of each is the name.
struct Places {
    branches: [Regex; 3],
    contexts: [Regex; 3],
    objects: [Regex; 3],
    numbers: Regex,
    commands: Regex,
    links: Regex,
    bare: Regex,
}

static PLACES: LazyLock<Option<Places>> = LazyLock::new(|| places().ok());

fn places() -> Result<Places, regex::Error> {
    Ok(Places {
        branches: [
            Regex::new(r"(?i)\bbranch(?:es)?\s+`([^`\s]+)`")?,
            Regex::new(r"(?i)`([^`\s]+)`\s+branch\b")?,
            Regex::new(r"\bgit\s+(?:checkout|switch|merge|rebase)\s+(?:--\S+\s+)*([A-Za-z0-9][\w./-]*)")?,
        ],
        contexts: [
            Regex::new(r"--context[= ]([\w.@:/-]+)")?,
            Regex::new(r"\bkubectl\s+config\s+use-context\s+([\w.@:/-]+)")?,
            Regex::new(r"(?i)\b(?:kube(?:config)?|kubernetes|cluster)?\s*context\s+`([\w.@:/-]+)`")?,
        ],
        objects: [
            Regex::new(
                r"\bkubectl\s+(?:get|describe|edit|delete|annotate|label|patch)\s+([A-Za-z][\w.]*)[ /]([a-z0-9][a-z0-9.-]*)",
            )?,
            Regex::new(r"`([A-Za-z][A-Za-z0-9]*)/([a-z0-9][a-z0-9.-]*)`")?,
            Regex::new(r"\b([A-Z][A-Za-z]+)s?\s+`([a-z0-9][a-z0-9.-]*)`")?,
        ],
        numbers: Regex::new(&format!(
            r"(?i)\b(\d{{1,5}}|{})\s+([a-z-]{{2,40}})(?:\s+([a-z]{{3,40}}))?",
            NUMBERS.join("|")
        ))?,
        commands: Regex::new(r"(?i)\b(?:run|runs|running|execute|with|via|using)\s+$")?,
        links: Regex::new(r"\]\(([^)\s]+)\)")?,
        bare: Regex::new(r"(?:^|[\s(])@?((?:[\w.-]+/)+[\w.-]+\.[A-Za-z0-9]{1,5})(?:[\s,;:)]|\.?$)")?,
    })
}

/// Looks at what a brief names.
pub fn look(page: &Page<'_>, aim: &Aim, words: &Words, facts: &Facts, findings: &mut Findings) {
    let Some(places) = PLACES.as_ref() else { return };
    for (at, line) in page.lines.iter().enumerate() {
        let made = words.makes.is_match(line);
        if let Some(files) = facts.ground.files.as_ref().filter(|_| !made && !page.is_code(at)) {
            for path in paths(places, line, &facts.ground.root, files) {
                missing_file(at, line, &path, files, findings);
            }
        }
        branches(places, at, line, made, facts, findings);
        contexts(places, at, line, facts, findings);
        commands(places, page, at, words, facts, findings);
        objects(places, at, line, made, &facts.world, findings);
        if !page.is_code(at) {
            numbers(places, at, line, words, &facts.world, findings);
            claims(at, line, words, &facts.world, findings);
        }
    }
    task(page, aim, &facts.world, findings);
}

/// The files that a brief tells its reader to read, as far as they are there, each once.
pub fn loads(page: &Page<'_>, facts: &Facts) -> Vec<Load> {
    let (Some(files), Some(places)) = (&facts.ground.files, PLACES.as_ref()) else { return Vec::new() };
    let words = super::words::built_in();
    let mut loads: Vec<Load> = Vec::new();
    for (at, line) in page.lines.iter().enumerate() {
        if page.is_code(at) || !(words.reads.is_match(line) || line.trim_start().starts_with('@')) {
            continue;
        }
        for path in paths(places, line, &facts.ground.root, files) {
            if files.is_file(&path) && !loads.iter().any(|load| load.path == path) {
                let tokens = facts.sizes.get(&path).copied();
                loads.push(Load { path, line: at, tokens });
            }
        }
    }
    loads
}

/// The paths that a line of prose names, without line numbers and marks.
fn paths(places: &Places, line: &str, root: &str, files: &Files) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        if let Some(path) = as_path(text, root, files)
            && !found.contains(&path)
        {
            found.push(path);
        }
    };
    let spans = spans(line);
    for (_, text) in &spans {
        add(text);
    }
    places.links.captures_iter(line).for_each(|found| add(&found[1]));
    for bare in places.bare.captures_iter(line) {
        let inside = bare.get(1).is_some_and(|bare| spans.iter().any(|(range, _)| range.contains(&bare.start())));
        if !inside {
            add(&bare[1]);
        }
    }
    found
}

/// A text as a path below the root, if it can be one.
fn as_path(text: &str, root: &str, files: &Files) -> Option<String> {
    let text = text.trim_start_matches('@').split('#').next()?;
    let text = text.strip_prefix(root).map_or(text, |rest| rest.trim_start_matches('/'));
    let text = text.strip_prefix("./").unwrap_or(text);
    let numbered = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | 'L'));
    let mut text = text;
    while let Some((before, after)) = text.rsplit_once(':') {
        if !numbered(after) {
            break;
        }
        text = before;
    }
    let odd = |c: char| c.is_whitespace() || "*<>{}$|=,;()[]'\"\\!?&%~^+".contains(c) || c == OPEN;
    if text.is_empty()
        || text.starts_with(['/', '-', '.']) && !text.starts_with('.')
        || text.contains(odd)
        || text.contains("//")
        || text.contains("..")
    {
        return None;
    }
    let text = text.trim_end_matches('.');
    let name = text.trim_end_matches('/').rsplit('/').next()?;
    let end = name.rsplit_once('.').filter(|(_, end)| ENDS.contains(end));
    if !text.contains('/') {
        // `src` may be a word; a name with a known end is a file.
        return end.filter(|(stem, _)| !stem.is_empty()).map(|_| text.to_owned());
    }
    if text.starts_with('/') {
        return None;
    }
    let first = text.split('/').next()?;
    // `example.org/x` is an address, `apps/v1` a version, `feature/x` a branch: only what begins in a known folder, or ends
    // as a file does, is a path.
    let known = files.is_folder(first);
    let address = first.contains('.') && !first.starts_with('.') && !known;
    (known || (end.is_some() && !address) || (text.ends_with('/') && !address))
        .then(|| text.trim_end_matches('/').to_owned())
}

fn missing_file(at: usize, line: &str, path: &str, files: &Files, findings: &mut Findings) {
    let there = if path.contains('/') { files.has(path) } else { files.has_name(path) };
    if there {
        return;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let other = files.named(name).filter(|other| *other != path);
    let fix = other.map(|other| Fix {
        what: format!("write {other}"),
        lines: at..at + 1,
        with: vec![line.replace(path, other)],
    });
    let hint = other.map(|other| format!("; there is {other}")).unwrap_or_default();
    findings.add(Rule::MissingFile, Severity::Error, at, format!("`{path}` is not in the repository{hint}"), fix);
}

fn branches(places: &Places, at: usize, line: &str, made: bool, facts: &Facts, findings: &mut Findings) {
    let Some(known) = facts.ground.branches.as_ref().filter(|_| !made) else { return };
    let mut said: Vec<&str> = Vec::new();
    for (which, place) in places.branches.iter().enumerate() {
        for found in place.captures_iter(line) {
            let Some(name) = found.get(1).map(|name| name.as_str().trim_end_matches('.')) else { continue };
            let short = name.strip_prefix("origin/").unwrap_or(name);
            let commit = name.len() >= 7 && name.chars().all(|c| c.is_ascii_hexdigit());
            let file = which == 2 && facts.ground.files.as_ref().is_some_and(|files| files.has(name));
            let odd = name.starts_with("HEAD") || name.contains(OPEN) || commit || file;
            if odd || known.contains(name) || known.contains(short) || said.contains(&name) {
                continue;
            }
            said.push(name);
            findings.error(Rule::MissingBranch, at, format!("there is no branch `{name}`"));
        }
    }
}

fn contexts(places: &Places, at: usize, line: &str, facts: &Facts, findings: &mut Findings) {
    let Some(known) = &facts.ground.contexts else { return };
    let mut said: Vec<&str> = Vec::new();
    for found in places.contexts.iter().flat_map(|place| place.captures_iter(line)) {
        let Some(name) = found.get(1).map(|name| name.as_str().trim_end_matches(['.', ','])) else { continue };
        if !known.contains(name) && !said.contains(&name) {
            said.push(name);
            findings.error(Rule::MissingContext, at, format!("the kubeconfig has no context `{name}`"));
        }
    }
}

fn commands(places: &Places, page: &Page<'_>, at: usize, words: &Words, facts: &Facts, findings: &mut Findings) {
    let Some(known) = &facts.ground.commands else { return };
    let line = page.lines[at];
    // Of a command that was given up it is said what took its place.
    if words.stale.iter().any(|stale| stale.pattern.is_match(line)) {
        return;
    }
    let mut check = |command: &str| {
        let Some(name) = program(command) else { return };
        let script = facts.ground.files.as_ref().is_some_and(|files| files.has(name.trim_start_matches("./")));
        let named = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'));
        let lower = name.starts_with(|c: char| c.is_ascii_lowercase());
        if named && lower && !script && !known.contains(name) && !words.builtins.iter().any(|builtin| builtin == name) {
            findings.warn(Rule::MissingCommand, at, format!("`{name}` is no command of this machine"));
        }
    };
    if page.is_shell(at) {
        check(line);
    } else if !page.is_code(at) {
        for (range, text) in spans(line) {
            let before = line[..range.start].trim_end_matches('`');
            if places.commands.is_match(before) && !text.contains(OPEN) {
                check(text);
            }
        }
    }
}

/// The program that a command line runs.
fn program(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("$ ");
    if line.starts_with('#') {
        return None;
    }
    let mut words = line.split_whitespace().skip_while(|word| {
        // An assignment before the command, and those that run another.
        let assigned =
            word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        assigned || matches!(*word, "sudo" | "env" | "time" | "exec" | "nohup")
    });
    words.next().map(|word| word.trim_end_matches([';', '|', '&']))
}

fn objects(places: &Places, at: usize, line: &str, made: bool, world: &World, findings: &mut Findings) {
    if world.kinds.is_empty() || made {
        return;
    }
    let mut said: Vec<(String, String)> = Vec::new();
    for found in places.objects.iter().flat_map(|place| place.captures_iter(line)) {
        let name = found[2].trim_end_matches(['.', '-']).to_owned();
        let Some(kind) = world.kind(&found[1]).filter(|kind| !kind.has(&name)) else { continue };
        if said.contains(&(kind.kind.clone(), name.clone())) {
            continue;
        }
        let message = format!("there is no {} `{name}`", kind.kind);
        if world.live_is_whole {
            findings.error(Rule::MissingObject, at, format!("{message}, neither in git nor live"));
        } else {
            findings.warn(Rule::MissingObject, at, format!("{message} in git, and not every cluster could be asked"));
        }
        said.push((kind.kind.clone(), name));
    }
}

fn numbers(places: &Places, at: usize, line: &str, words: &Words, world: &World, findings: &mut Findings) {
    let lower = line.to_lowercase();
    let vague = ["at least", "at most", "up to", "more than", "fewer than", "less than", " of the ", "another "];
    if world.kinds.is_empty() || words.adds.is_match(line) || vague.iter().any(|word| lower.contains(word)) {
        return;
    }
    for found in places.numbers.captures_iter(line) {
        let written = found[1].to_lowercase();
        let number = written.parse().ok().or_else(|| NUMBERS.iter().position(|word| *word == written));
        // The kind stands behind the number, or behind one more word: `12 large VPCs`.
        let mut named = [found.get(2), found.get(3)].into_iter().flatten().map(|word| word.as_str());
        let Some((word, kind)) = named.find_map(|word| Some((word, world.kind(word)?))) else { continue };
        let everyday = words.everyday_kinds.contains(&kind.kind.to_lowercase());
        if everyday && !word.starts_with(|c: char| c.is_ascii_uppercase()) {
            continue;
        }
        let (Some(number), Some((there, place))) = (number, counted(kind, world)) else { continue };
        if number != there {
            let message = format!("it counts {number} of kind {}; {place} {there}", kind.kind);
            findings.warn(Rule::Count, at, message);
        }
    }
}

fn counted(kind: &KindFacts, world: &World) -> Option<(usize, &'static str)> {
    match kind.count {
        Some(count) => Some((count, "live are")),
        None if world.live_is_whole => Some((kind.live.len(), "live are")),
        None => (!kind.desired.is_empty()).then_some((kind.desired.len(), "git states")),
    }
}

/// What a line claims of a task that the board sees otherwise.
fn claims(at: usize, line: &str, words: &Words, world: &World, findings: &mut Findings) {
    for (id, task) in &world.tasks {
        // Ids that are words or numbers alone stand everywhere.
        if !id.contains(|c: char| c.is_ascii_digit()) || !id.contains(|c: char| !c.is_ascii_digit()) {
            continue;
        }
        let Some(rest) = behind(line, id) else { continue };
        let rest = rest.split(['.', ';', ',']).next().unwrap_or(rest);
        let done = task.status == TaskStatus::Done;
        if words.claims_open.is_match(rest) && done {
            findings.error(Rule::TaskStatus, at, format!("it says that {id} is not done; on the board it is done"));
        } else if words.claims_done.is_match(rest) && !words.claims_open.is_match(rest) && !done {
            let status = task.status.name();
            findings.error(Rule::TaskStatus, at, format!("it says that {id} is done; on the board it is {status}"));
        }
    }
}

/// What follows a word on a line.
fn behind<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let at = line.match_indices(word).map(|(at, _)| at).find(|at| {
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let after = &line[at + word.len()..];
        // `T-1.2` is another task than `T-1`.
        let dotted = after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        !line[..*at].ends_with(inner) && !after.starts_with(inner) && !dotted
    })?;
    Some(&line[at + word.len()..])
}

/// The brief's own task: is it still to be done, and can it be?
fn task(page: &Page<'_>, aim: &Aim, world: &World, findings: &mut Findings) {
    let Some((id, task)) = aim.task.as_ref().and_then(|id| Some((id, world.tasks.get(id)?))) else { return };
    // A review is of what is said to be done, and a retry of what was.
    if task.status == TaskStatus::Done && !matches!(aim.template.as_str(), "review" | "retry") {
        findings.error(Rule::TaskStatus, 0, format!("the board says that {id} is done"));
    }
    for other in &task.depends_on {
        let Some(status) =
            world.tasks.get(other).map(|other| other.status).filter(|status| *status != TaskStatus::Done)
        else {
            continue;
        };
        let said = page.lines.iter().any(|line| behind(line, other).is_some());
        if !said {
            let status = status.name();
            let message = format!("{id} waits for {other}, which is {status}, and the brief does not say so");
            let context = page.part(crate::domain::brief::part::Part::Context);
            let fix = context.map(|section| Fix {
                what: "say so under Context".to_owned(),
                lines: section.body.start..section.body.start,
                with: vec![String::new(), format!("- It waits for {other}, which is {status}.")],
            });
            findings.add(Rule::TaskDependency, Severity::Warning, 0, message, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, as_path, behind, program};

    #[test]
    fn paths_are_told_from_other_words() {
        let files = Files::new(["src/a.rs", "docs/adr/0001-x.md", ".claude/context/x.md"].map(str::to_owned));
        let path = |text: &str| as_path(text, "/home/me/p", &files);
        for (text, wanted) in [
            ("src/a.rs:12-20", "src/a.rs"),
            ("./src/b.rs", "src/b.rs"),
            ("docs/adr/", "docs/adr"),
            ("/home/me/p/src/c.rs#L3", "src/c.rs"),
            ("README.md", "README.md"),
            (".claude/context/y.md", ".claude/context/y.md"),
            ("@docs/z.md", "docs/z.md"),
        ] {
            assert_eq!(path(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "/etc/passwd",
            "https://x/y.md",
            "src/*.rs",
            "vpc.githedgehog.com/v1beta1",
            "apps/v1",
            "feature/x",
            "a b.md",
            "state.rows",
            "v1.2",
            "origin/main",
            "../x.md",
            "-x",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }

    #[test]
    fn the_program_of_a_line_is_found() {
        assert_eq!(program("  $ RUST_LOG=x sudo cargo test;"), Some("cargo"));
        assert_eq!(program("# comment"), None);
    }

    #[test]
    fn an_id_is_a_word_of_its_own() {
        assert_eq!(behind("T-1 is done", "T-1"), Some(" is done"));
        assert_eq!(behind("see T-12 and T-1.2, T-1.", "T-1"), Some("."));
        assert_eq!(behind("AT-1", "T-1"), None);
    }
}
