//! `hnpwb init`: writes what was discovered into a commented `hnpwb.toml`.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::output::{Exit, Failure, Format, OutputArgs, print_json, say};
use super::unusable;
use crate::config::discovery::{Discovery, discover};
use crate::config::paths::Paths;
use crate::config::redaction;
use crate::config::session::{ClusterSpec, FILE_NAME, FabricSpec};
use crate::domain::fault::Fault;

/// Arguments of `hnpwb init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the file instead of writing it
    #[arg(long)]
    pub print: bool,
    /// Form of the answer.
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a Path,
    written: bool,
    text: &'a str,
}

/// Writes `hnpwb.toml` into the root that is discovered from `dir`, or prints it. An existing file is left as it is.
///
/// # Errors
/// The file exists already or cannot be written: exit code 2.
pub fn run(args: &Args, dir: &Path, paths: &Paths, now: Timestamp) -> Result<Exit, Failure> {
    let redactor = &redaction::load(paths).map_err(|problems| unusable(&problems))?;
    let found = discover(dir, paths);
    let text = render(&found, paths);
    let file = found.root.join(FILE_NAME);
    for fault in found.faults.iter().chain(&found.context_faults) {
        say(&fault.clone().redacted(redactor).to_string());
    }
    if !args.print {
        create(&file, &text).map_err(|fault| Failure::new(Exit::Usage, fault))?;
    }
    let printed = match args.output.format() {
        Format::Json => print_json("init", now, &Answer { file: &file, written: !args.print, text: &text }, redactor),
        Format::Table if args.print => io::stdout().lock().write_all(text.as_bytes()),
        Format::Table => writeln!(io::stdout().lock(), "wrote {}", file.display()),
    };
    match printed {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(error) => Err(Failure::new(Exit::Usage, Fault::new("writing to", "standard output", error, ""))),
        Ok(()) => Ok(Exit::Done),
    }
}

fn create(file: &Path, text: &str) -> Result<(), Fault> {
    let fault = |error: &io::Error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let remedy = "run hnpwb init --print to see what it would say, or move the file away first";
            Fault::new("writing", file.display(), "it exists already and is yours", remedy)
        }
        _ => {
            Fault::new("writing", file.display(), error, "run hnpwb init --print and put the text where you can write")
        }
    };
    let mut created = OpenOptions::new().write(true).create_new(true).open(file).map_err(|error| fault(&error))?;
    created.write_all(text.as_bytes()).map_err(|error| fault(&error))
}

/// The session file for what was found. Reading it gives the same boards, repositories and fabrics again.
pub fn render(found: &Discovery, paths: &Paths) -> String {
    let mut out = String::new();
    let name = found.root.file_name().map_or_else(|| "session".to_owned(), |name| name.to_string_lossy().into_owned());
    out.push_str(
        "# The session of hnpwb for this folder, as it was discovered. Every table may be left out: what the file does\n\
         # not say is discovered anew on each start. Unknown keys are errors. docs/sessions.md explains each key.\n\n\
         [session]\n",
    );
    // Writing into a string cannot fail.
    let _ = writeln!(out, "name = {}", quoted(&name));
    out.push_str(
        "root = \".\"\n\
         # layout = \"operator\"        # operator, review, stack, or one of your own\n\
         # theme = \"hedgehog-dark\"    # hedgehog-dark, hedgehog-light, high-contrast, or one of your own\n\
         # state = \".hnpwb\"           # journal and briefs\n",
    );
    out.push_str("\n# Files that list tasks. As soon as one is named here, no other is looked for.\n");
    for board in &found.boards {
        let _ = writeln!(out, "[[board]]\npath = {}\n", path(board, found, paths));
    }
    if found.boards.is_empty() {
        out.push_str("# [[board]]\n# path = \"TASKS.md\"\n\n");
    }
    out.push_str(
        "# Agents are found by their transcripts; this gives one a name and a role.\n\
         # [[agent]]\n# name = \"orchestrator\"\n# role = \"orchestrator\"\n\
         # transcripts = \"~/.claude/projects/*/*.jsonl\"\n\n\
         # Working trees whose history is shown.\n",
    );
    for repo in &found.repos {
        let _ = writeln!(out, "[[repo]]\npath = {}\n", path(repo, found, paths));
    }
    if found.repos.is_empty() {
        out.push_str("# [[repo]]\n# path = \".\"\n\n");
    }
    out.push_str("# Fabrics: exactly one GitOps directory each, and at most one cluster.\n");
    for fabric in &found.fabrics {
        write_fabric(&mut out, fabric, found, paths);
    }
    if found.fabrics.is_empty() {
        out.push_str(
            "# [[fabric]]\n# name = \"fabric-1\"\n# gitops = { repo = \".\", directory = \"gitops/fabric-1\" }\n",
        );
        let context = found.context.as_deref().map_or_else(|| quoted("my-context"), quoted);
        let _ = writeln!(out, "# cluster = {{ context = {context} }}\n# grace = \"5m\"\n");
    }
    out.push_str(
        "# Tool calls that wait for you. `matches` is a regular expression on the command, or on the whole input.\n\
         # Claude Code asks `hnpwb hook`, once that is registered for PreToolUse in its settings.json.\n\
         # [[gate]]\n# name = \"push\"\n# tool = \"Bash\"\n# matches = \"git push\"\n\
         # fail = \"deny\"              # when nobody can decide: \"deny\", or \"ask\" the agent's own prompt\n\
         # deadline = \"30m\"\n\n\
         # Checks of your own: read, and not run by this version.\n\
         # [[check]]\n# name = \"tests\"\n# run = \"make test\"\n",
    );
    out
}

fn write_fabric(out: &mut String, fabric: &FabricSpec, found: &Discovery, paths: &Paths) {
    let directory = if fabric.directory.as_os_str().is_empty() { Path::new(".") } else { &fabric.directory };
    let _ = writeln!(out, "[[fabric]]\nname = {}", quoted(&fabric.name));
    let _ = writeln!(
        out,
        "gitops = {{ repo = {}, directory = {}, exclude = [{}] }}",
        path(&fabric.repo, found, paths),
        quoted(&directory.to_string_lossy()),
        fabric.exclude.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
    );
    match (&fabric.cluster, &found.context) {
        (Some(ClusterSpec::Context { context: Some(context), .. }), _) => {
            let _ = writeln!(out, "cluster = {{ context = {} }}", quoted(context));
        }
        (Some(ClusterSpec::Context { context: None, .. }), _) => out.push_str("cluster = {}\n"),
        (Some(ClusterSpec::Snapshot(file)), _) => {
            let _ = writeln!(out, "cluster = {{ snapshot = {} }}", path(file, found, paths));
        }
        (None, Some(context)) => {
            let _ = writeln!(out, "# cluster = {{ context = {} }}    # if this is its cluster", quoted(context));
        }
        (None, None) => out.push_str("# cluster = { context = \"my-context\" }\n"),
    }
    let _ = match fabric.grace.as_secs() {
        seconds if seconds % 60 == 0 => writeln!(out, "grace = \"{}m\"\n", seconds / 60),
        seconds => writeln!(out, "grace = \"{seconds}s\"\n"),
    };
}

/// A path as the file writes it: below the root relative, below the home directory with `~`.
fn path(path: &Path, found: &Discovery, paths: &Paths) -> String {
    if let Ok(inside) = path.strip_prefix(&found.root) {
        return quoted(if inside.as_os_str().is_empty() { ".".into() } else { inside.to_string_lossy() }.as_ref());
    }
    path.strip_prefix(&paths.home)
        .map_or_else(|_| quoted(&path.to_string_lossy()), |inside| quoted(&format!("~/{}", inside.to_string_lossy())))
}

/// A TOML string, whatever is in it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::{create, render};
    use crate::config::discovery::discover;
    use crate::config::paths::Paths;
    use crate::config::session::parse;
    use crate::config::tests::{VPC, write};
    use std::fs;
    use std::path::Path;

    fn paths(home: &Path) -> Paths {
        Paths::from_vars(|name| (name == "HOME").then(|| home.as_os_str().to_owned()))
    }

    #[test]
    fn what_is_written_reads_as_what_was_found() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        let (root, paths) = (base.join("a \"strange\" name"), paths(&base));
        write(&base, ".kube/config", "current-context: env-1\ncontexts: [{name: env-1}]\n");
        write(&root, ".git/HEAD", "ref: refs/heads/main\n");
        write(&root, "it's/TODO.md", "- [ ] a\n- [ ] b\n");
        write(&root, "gitops/env-1/a.yaml", VPC);
        write(&root, "gitops/env\\2/a.yaml", VPC);
        let found = discover(&root, &paths);
        let text = render(&found, &paths);
        let read = parse(&text, Path::new("hnpwb.toml"), &root, &paths);
        let read = read.unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
        assert_eq!(read.root, root);
        assert_eq!(read.name.as_deref(), Some("a \"strange\" name"));
        assert_eq!((read.boards, read.repos, read.fabrics), (found.boards, found.repos, found.fabrics), "{text}");
    }

    #[test]
    fn nothing_found_still_makes_a_file_that_reads() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        let text = render(&discover(folder.path(), &paths), &paths);
        let read = parse(&text, Path::new("hnpwb.toml"), folder.path(), &paths).unwrap();
        assert!(read.boards.is_empty() && read.repos.is_empty() && read.fabrics.is_empty(), "{text}");
    }

    #[test]
    fn every_line_that_is_commented_out_would_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        let text = render(&discover(folder.path(), &paths), &paths);
        let is_example =
            |line: &str| line.starts_with("[[") || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let live: Vec<&str> =
            text.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or(line)).collect();
        let read = parse(&live.join("\n"), Path::new("hnpwb.toml"), folder.path(), &paths);
        let read = read.unwrap_or_else(|problems| panic!("{problems:?}\n{}", live.join("\n")));
        assert_eq!((read.gates.len(), read.fabrics.len(), read.checks.len(), read.agents.len()), (1, 1, 1, 1));
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hnpwb.toml");
        create(&file, "first").unwrap();
        let fault = create(&file, "second").unwrap_err();
        assert!(fault.why.contains("exists already") && !fault.remedy.is_empty(), "{fault}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "first");
    }
}
