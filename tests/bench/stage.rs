//! Sets up what `tests/bench/measure` measures on: a project with a board, a history and a GitOps directory, as many
//! transcripts as wanted, and a cluster that answers until standard input ends.
//!
//!     cargo run --example stage -- DIR FILES BYTES RUNNING [LONG]
//!
//! DIR must be empty or missing; `. DIR/env` puts a shell on the stage. RUNNING of the sessions are registered as running,
//! as the process that serves the cluster. With LONG there is one more, of so many bytes, which was written last. Transcripts
//! and objects are the same on every run; `DIR/counts.json` says what was written, in the names of `hnpwb status -o json`.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use hnpwb::demo::api::Api;
use hnpwb::demo::project::{self, Stage, objects};
use jiff::Timestamp;

mod generate;

const SEED: u64 = 20_261_120;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "stage DIR FILES BYTES RUNNING [LONG]";
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or(usage)?);
    let files: usize = arguments.next().ok_or(usage)?.parse()?;
    let bytes: u64 = arguments.next().ok_or(usage)?.parse()?;
    let running: usize = arguments.next().ok_or(usage)?.parse()?;
    let long: Option<u64> = arguments.next().map(|bytes| bytes.parse()).transpose()?;

    let stage = project::build(Some(dir.clone()), Timestamp::now()).map_err(|fault| fault.to_string())?;
    let written = generate::tree_of(&stage.claude, &stage.root, files, bytes, SEED);
    fs::write(dir.join("counts.json"), written.json())?;
    if let Some(bytes) = long {
        generate::long(&stage.claude.join("projects/-work-0/long.jsonl"), &stage.root, bytes, SEED);
    }
    register(&stage, running)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(&stage, &written.largest))
}

/// Serves the cluster until standard input ends; says so with the path of the largest transcript.
async fn serve(stage: &Stage, largest: &Path) -> Result<(), Box<dyn Error>> {
    let api = Api::start(objects::kinds())?;
    for object in objects::seed(Timestamp::now()).map_err(|fault| fault.to_string())? {
        api.put(object).map_err(|fault| fault.to_string())?;
    }
    stage.write_kubeconfig(&api.kubeconfig("demo")).map_err(|fault| fault.to_string())?;
    writeln!(io::stdout(), "{}", largest.display())?;
    tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// Enters the first sessions into Claude Code's registry, with this process as theirs.
fn register(stage: &Stage, running: usize) -> Result<(), Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Field 22 of proc_pid_stat(5), counted from the end of the second.
    let start = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(19)).ok_or("no start time")?;
    for (n, session) in sessions(&stage.claude.join("projects"))?.into_iter().take(running).enumerate() {
        let status = if n % 3 == 0 { "busy" } else { "idle" };
        let entry = format!(
            r#"{{"pid":{},"procStart":"{start}","sessionId":"{session}","cwd":"{}","version":"2.1.329","kind":"interactive","status":"{status}","statusUpdatedAt":{}}}"#,
            std::process::id(),
            stage.root.display(),
            Timestamp::now().as_millisecond(),
        );
        fs::write(stage.claude.join(format!("sessions/{n}.json")), entry)?;
    }
    Ok(())
}

/// Every session, those of sub-agents left out.
fn sessions(projects: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for project in fs::read_dir(projects)? {
        for file in fs::read_dir(project?.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            }
        }
    }
    found.sort();
    Ok(found)
}
