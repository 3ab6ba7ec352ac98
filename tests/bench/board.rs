//! What a board costs: 2,000 tasks in 200 files read at once, one of them after a change, links and rows.
//!
//!     cargo run --release --example board
#![expect(clippy::print_stdout, reason = "it is its purpose")]

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hnpwb::domain::agent::{Agent, AgentId};
use hnpwb::domain::commit::{Commit, CommitRow, RepoLog};
use hnpwb::domain::link::{Facts, Links};
use hnpwb::domain::redact::Redactor;
use hnpwb::domain::transcript::format::FORMATS;
use hnpwb::source::board::Shelf;
use hnpwb::state::board::Board;
use hnpwb::state::board::marks::Surroundings;
use jiff::Timestamp;

const FILES: usize = 200;
const TASKS: usize = 10;
const COMMITS: usize = 500;
const AGENTS: usize = 50;
const RUNS: usize = 21;

/// Processor time of the first thread, which other work on the machine does not add to.
fn spent() -> Duration {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
}

/// Median of processor time and of wall-clock time, each with the least.
fn told(what: &str, mut run: impl FnMut()) {
    let (mut spent_on, mut passed): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (before, began) = (spent(), Instant::now());
        run();
        passed.push(began.elapsed());
        spent_on.push(spent().saturating_sub(before));
    }
    spent_on.sort();
    passed.sort();
    println!(
        "{what:<48} CPU {:>9.3?} (least {:>9.3?})  wall {:>9.3?} (least {:>9.3?})",
        spent_on[RUNS / 2],
        spent_on[0],
        passed[RUNS / 2],
        passed[0]
    );
}

/// One file, in three formats in turn.
fn file(number: usize) -> (String, String) {
    let id = |task: usize| format!("T-{}", number * TASKS + task);
    let mut text = String::new();
    match number % 3 {
        0 => {
            text.push_str("# Tracker\n\n**Legend**: ✅ Complete | 🔄 In Progress | 🔲 Not Started\n\n");
            for task in 0..TASKS {
                let mark = ["✅", "🔄", "🔲"][task % 3];
                let _ = write!(
                    text,
                    "### {mark} {} Sync the fabric\n\n- [x] one\n- [ ] two\n\nWhy, in a few words.\n\n",
                    id(task)
                );
            }
            (format!("{number:03}-TASKS.md"), text)
        }
        1 => {
            for task in 0..TASKS {
                let _ = writeln!(
                    text,
                    "- [{}] **{}** Check it, waits for T-3\n  a note",
                    if task % 2 == 0 { 'x' } else { ' ' },
                    id(task)
                );
            }
            (format!("{number:03}-TODO.md"), text)
        }
        _ => {
            let tasks: Vec<String> = (0..TASKS)
                .map(|task| {
                    format!(
                        "{{\"id\": {}, \"title\": \"Show drift\", \"status\": \"pending\", \"dependencies\": []}}",
                        number * TASKS + task
                    )
                })
                .collect();
            let _ = write!(text, "{{\"master\": {{\"tasks\": [\n{}\n]}}}}\n", tasks.join(",\n"));
            (format!("{number:03}-tasks.json"), text)
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut files: Vec<PathBuf> = Vec::new();
    for number in 0..FILES {
        let (name, text) = file(number);
        files.push(folder.path().join(name));
        std::fs::write(&files[number], text)?;
    }
    let (redactor, now) = (Redactor::default(), Timestamp::now());
    let mut shelf = Shelf::default();
    let news = shelf.read(&files, now, &redactor);
    println!("{} tasks in {} files", news.tasks.len(), news.files.len());
    told("board, cold", || {
        shelf.clear();
        std::hint::black_box(shelf.read(&files, now, &redactor));
    });
    let (changed, text) = (files[0].clone(), std::fs::read_to_string(&files[0])?);
    let mut turn = false;
    told("board, one changed file", || {
        turn = !turn;
        let text = if turn { text.replace("🔄", "✅") } else { text.clone() };
        if std::fs::write(&changed, text).is_ok() {
            shelf.forget([changed.as_path()]);
            std::hint::black_box(shelf.read(&files, now, &redactor));
        }
    });
    let commits = (0..COMMITS).map(|number| {
        let parents = if number + 1 < COMMITS { vec![format!("{:040}", number + 1)] } else { Vec::new() };
        let commit = Commit {
            id: format!("{number:040}"),
            parents,
            summary: format!("fix(sync): retry T-{number}"),
            body: format!("Because it failed.\n\nTask: T-{}\n", number * 2),
            author: "A".to_owned(),
            at: now,
            refs: Vec::new(),
        };
        CommitRow { commit, graph: Vec::new() }
    });
    let repos = [RepoLog { rows: commits.collect(), ..RepoLog::default() }];
    let agents: Vec<Agent> = (0..AGENTS)
        .map(|number| {
            let bare = Agent::bare(AgentId(format!("agent-{number}")), FORMATS[0], PathBuf::new());
            Agent { branch: Some(format!("feature/T-{number}")), last_activity: Some(now), ..bare }
        })
        .collect();
    let facts = Facts { tasks: &news.tasks, agents: &agents, repos: &repos, ..Facts::default() };
    told("links of all tasks", || drop(std::hint::black_box(Links::of(&facts))));
    let links = Links::of(&facts);
    let around =
        Surroundings { links: &links, agents: &agents, repos: &repos, now, stale_after: Duration::from_secs(7_200) };
    let mut board = Board { tasks: news.tasks.clone(), files: Some(FILES), ..Board::default() };
    told("marks of all tasks, rows", || {
        board.mark_all(around);
        board.arrange(None);
    });
    "status:todo file:tasks -stale".clone_into(&mut board.list.filter);
    told("rows under a filter", || board.arrange(None));
    Ok(())
}
