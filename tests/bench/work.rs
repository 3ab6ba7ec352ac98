//! What looking at agents' work costs: the evidence of one task among 1 GB of transcripts, and a handoff from one of 50 MB.
//!
//!     cargo run --release --example work -- DIR
//!
//! DIR is where the transcripts are written, 1.1 GB; it is emptied before and after.
#![expect(clippy::print_stdout, reason = "it is its purpose")]

use std::error::Error;
use std::path::{Path, PathBuf};

use hnpwb::domain::agent::AgentId;
use hnpwb::domain::brief::handoff::{Cause, Wanted};
use hnpwb::domain::evidence::known::{Request, WorkOf};
use hnpwb::domain::redact::Redactor;
use hnpwb::domain::transcript::format::FORMATS;
use hnpwb::exec::brief::handoff;
use hnpwb::source::evidence::{Shelf, gather};

mod generate;
mod timing;

const FILES: usize = 900;
const BYTES: u64 = 1_000_000_000;
const LONG: u64 = 50_000_000;
const RUNS: usize = 11;

/// Transcripts of main agents below a folder, the longest first.
fn transcripts(folder: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for project in std::fs::read_dir(folder)? {
        for file in std::fs::read_dir(project?.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push((path.metadata()?.len(), path));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: work DIR")?).join("hnpwb-work");
    std::fs::remove_dir_all(&folder).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    generate::tree(&folder, FILES, BYTES, 7);
    let found = transcripts(&folder.join("projects"))?;
    let redactor = Redactor::default();
    let work = |(number, (_, path)): (usize, &(u64, PathBuf))| WorkOf {
        id: AgentId(format!("agent-{number}")),
        transcript: path.clone(),
        format: FORMATS[0],
        cwd: None,
    };
    for (what, agents) in [("one agent, of the middle", 1), ("three of the middle", 3), ("sixteen of the middle", 16)] {
        let some = found.iter().skip(found.len() / 2).take(agents);
        let bytes: u64 = some.clone().map(|(bytes, _)| bytes).sum();
        let request = Request { agents: some.enumerate().map(work).collect(), ..Request::default() };
        timing::median(&format!("evidence, first: {what}, {:.1} MB", bytes as f64 / 1e6), RUNS, || {
            std::hint::black_box(gather(&mut Shelf::new(redactor.clone()), &request));
        });
        let mut shelf = Shelf::new(redactor.clone());
        gather(&mut shelf, &request);
        timing::median("the same again, nothing was written", RUNS, || {
            drop(std::hint::black_box(gather(&mut shelf, &request)));
        });
    }
    let (bytes, longest) = found.first().ok_or("no transcripts")?;
    let request = Request { agents: vec![work((0, &(*bytes, longest.clone())))], ..Request::default() };
    timing::median(&format!("evidence, first: the longest, {:.1} MB", *bytes as f64 / 1e6), RUNS, || {
        std::hint::black_box(gather(&mut Shelf::new(redactor.clone()), &request));
    });
    let long = folder.join("long.jsonl");
    generate::long(&long, &folder, LONG, 7);
    let wanted = Wanted {
        agent: "api".to_owned(),
        transcript: long,
        format: FORMATS[0],
        cause: Cause::Asked,
        task: None,
        folder: None,
    };
    timing::median("handoff from a transcript of 50 MB", RUNS, || {
        assert!(handoff::gather(&wanted, &redactor).is_ok(), "no handoff");
    });
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
