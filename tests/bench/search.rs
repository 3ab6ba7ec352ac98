//! How fast transcripts are searched, beside a program that searches their bytes: `rg` where it is installed, else `grep`.
//!
//!     cargo run --release --example search -- DIR [RUNS]
//!
//! Writes 1 GB in 900 files to DIR unless it is there, then prints a table with the medians. Everything is read once before,
//! so that files come from the page cache if they fit. A search ends at its 2,000th hit; the other program never does.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hnpwb::domain::agent::AgentId;
use hnpwb::domain::redact::Redactor;
use hnpwb::domain::search::{Pattern, SearchFile, SearchNews, SearchRequest, Stage};
use hnpwb::domain::transcript::claude::Claude;
use hnpwb::event::Event;
use hnpwb::source::mailbox::mailbox;
use hnpwb::source::search::search;

mod generate;

const SEED: u64 = 20_261_120;
const FILES: usize = 900;
const BYTES: u64 = 1_000_000_000;

/// What is searched for, and what it stands for.
const PATTERNS: [(&str, &str); 8] = [
    ("a rare word, case as typed", "Xylograph"),
    ("a rare word, any case", "xylograph"),
    ("a common word", "reconcile"),
    ("one of three rare words", "xylograph|heliotype|daguerreotype"),
    ("a rare word between others", r"\bfn \w+_test\b"),
    ("a word of every record, but of no text", "userType"),
    ("no word, rare", r"\b[xqz]\w{3}\d{3}\b"),
    ("no word, common letters", r"[aeiou]{3}[^aeiou ]{4}"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("search DIR [RUNS]")?);
    let runs: usize = arguments.next().map_or(Ok(5), |runs| runs.to_string_lossy().parse())?;
    if !dir.join("projects").exists() {
        generate::tree(&dir, FILES, BYTES, SEED);
        plant(&dir)?;
    }
    let files = files_below(&dir.join("projects"))?;
    let bytes: u64 =
        files.iter().map(|file| fs::read(&file.path).map(|text| text.len() as u64)).sum::<io::Result<u64>>()?;
    let other = if Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok() { "rg" } else { "grep" };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut out = io::stdout();
    writeln!(out, "{} files, {:.2} GB, medians of {runs}\n", files.len(), bytes as f64 / 1e9)?;
    writeln!(
        out,
        "| what | pattern | hits | searched | time | speed | processor | `{other} -c` |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    for (what, typed) in PATTERNS {
        let pattern = Arc::new(Pattern::new(typed).map_err(|mistake| mistake.why)?);
        let (mut took, mut theirs) = (Vec::new(), Vec::new());
        let (mut last, mut busy) = (None, Duration::ZERO);
        for _ in 0..runs {
            let request = SearchRequest { generation: 1, pattern: Arc::clone(&pattern), files: files.clone() };
            let (began, before) = (Instant::now(), processor_time()?);
            last = Some(runtime.block_on(searched(request)));
            took.push(began.elapsed());
            busy += processor_time()?.saturating_sub(before);
            theirs.push(by_other(other, typed, &dir)?);
        }
        let Some((hits, news)) = last else { return Err("no runs".into()) };
        let (took, theirs) = (median(&mut took), median(&mut theirs));
        let done = news.progress.bytes_done as f64 / 1e9;
        let first = if news.stage == Stage::Full { "first " } else { "" };
        writeln!(
            out,
            "| {what} | `{}` | {first}{hits} | {done:.2} GB | {} ms | {:.2} GB/s | {} ms | {} ms |",
            typed.replace('|', "\\|"),
            took.as_millis(),
            done / took.as_secs_f64(),
            busy.as_millis() / runs as u128,
            theirs.as_millis(),
        )?;
    }
    let mut took = Vec::new();
    for n in 1..=runs as u64 {
        took.push(runtime.block_on(dropped(files.clone(), Duration::from_millis(17 * n)))?);
    }
    took.sort();
    let longest = took.last().copied().unwrap_or_default();
    writeln!(
        out,
        "\nfrom dropping a search without a word to the end of its threads: {:?}, at most {longest:?}",
        median(&mut took)
    )?;
    let status = fs::read_to_string("/proc/self/status")?;
    writeln!(out, "\n{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default())?;
    Ok(())
}

/// The number of hits, and the last news.
async fn searched(request: SearchRequest) -> (usize, SearchNews) {
    let (outbox, mut inbox) = mailbox();
    let searching = tokio::spawn(async move { search(Arc::new(request), Redactor::default(), &outbox).await });
    let mut hits = 0;
    loop {
        let Some(Event::Search(news)) = inbox.next().await else { panic!("the search has ended without an end") };
        hits += news.hits.len();
        if news.stage != Stage::Running {
            searching.await.expect("the search to end");
            return (hits, news);
        }
    }
}

/// How long the threads of a search go on when it is dropped after a while.
async fn dropped(files: Vec<SearchFile>, after: Duration) -> Result<Duration, Box<dyn Error>> {
    let pattern = Arc::new(Pattern::new(r"[aeiou]{3}[^aeiou ]{4}").map_err(|mistake| mistake.why)?);
    let request = Arc::new(SearchRequest { generation: 1, pattern, files });
    let (outbox, _inbox) = mailbox();
    let (kept, searched) =
        (Arc::clone(&request), tokio::time::timeout(after, search(request, Redactor::default(), &outbox)).await);
    let began = Instant::now();
    if searched.is_ok() {
        return Err("the search was over before it could be dropped".into());
    }
    // Each thread holds the request for as long as it works.
    while Arc::strong_count(&kept) > 1 {
        tokio::task::yield_now().await;
    }
    Ok(began.elapsed())
}

/// How long the other program takes to count lines with a match, in the same case.
fn by_other(program: &str, pattern: &str, dir: &Path) -> io::Result<Duration> {
    let mut command = Command::new(program);
    match program {
        "rg" => command.args(["-c", "-S", "-j2", "--no-config", "--no-ignore", "--hidden"]),
        _ => command.env("LC_ALL", "C").args(["-rcE"]),
    };
    if program == "grep" && pattern.to_lowercase() == pattern {
        command.arg("-i");
    }
    let began = Instant::now();
    // Not into /dev/null: grep looks for that, and then stops at the first match.
    command.args(["-e", pattern]).arg(dir.join("projects")).output()?;
    Ok(began.elapsed())
}

/// Processor time of all threads so far, in steps of ten milliseconds (proc_pid_stat(5), fields 14 and 15).
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Every transcript, the largest first.
fn files_below(dir: &Path) -> io::Result<Vec<SearchFile>> {
    let (mut folders, mut found) = (vec![dir.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.push((entry.metadata()?.len(), entry.path()));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    let file = |(_, path): (u64, PathBuf)| SearchFile {
        agent: AgentId(path.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
        format: &Claude,
        path,
    };
    Ok(found.into_iter().map(file).collect())
}

/// Puts a record with rare words into every fortieth transcript.
fn plant(dir: &Path) -> io::Result<()> {
    for (n, file) in files_below(&dir.join("projects"))?.iter().enumerate().filter(|(n, _)| n % 40 == 0) {
        let text = format!("An Xylograph of fn vlan_{n}_test, as a heliotype: qabc123.");
        let content = format!(r#"[{{"type":"text","text":"{text}"}}]"#);
        let mut out = OpenOptions::new().append(true).open(&file.path)?;
        writeln!(out, r#"{{"type":"assistant","message":{{"role":"assistant","content":{content}}}}}"#)?;
    }
    Ok(())
}
