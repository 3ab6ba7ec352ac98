//! Looks at what evidence is made from: what agents did, the files that they changed, their commits. Only when asked, and only
//! at what was asked for; what was read of a transcript is kept and followed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use git2::{ErrorCode, Oid, Repository, Status};
use jiff::Timestamp;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::work::Reading;
use crate::domain::agent::AgentId;
use crate::domain::digest::sha256;
use crate::domain::evidence::known::{Gathered, Request, WorkOf};
use crate::domain::evidence::{CommitFact, FileFact, InGit, Told};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{Event, SourceId};
use crate::source::Outbox;

/// Bytes of a transcript's end that are read: claims and what bears on them stand there.
const REACH: u64 = 8 * 1024 * 1024;
/// Bytes of a file whose digest is taken; of a longer one only its time tells.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Files that are looked at.
const FILES: usize = 1_000;
/// Commits that are looked up.
const COMMITS: usize = 1_000;
/// Remote branches that a commit is looked for on.
const REMOTES: usize = 200;
/// Least pause between two looks; a look that takes long is repeated less often.
const PAUSE: Duration = Duration::from_millis(200);

/// Asks for a look. When the last one is dropped, the worker ends.
#[derive(Debug, Clone)]
pub struct EvidenceHandle {
    requests: Sender<Arc<Request>>,
}

impl EvidenceHandle {
    /// This is wanted from now on: looked at now, and told.
    pub fn look(&self, request: Request) {
        self.requests.send_replace(Arc::new(request));
    }
}

/// Looks whenever it is asked, until cancelled. News goes to the slot [`SourceId::Evidence`].
pub fn spawn(outbox: Outbox, cancel: CancellationToken) -> EvidenceHandle {
    let (requests, asked) = channel(Arc::new(Request::default()));
    tokio::spawn(async move {
        cancel.run_until_cancelled(run(outbox, asked)).await;
    });
    EvidenceHandle { requests }
}

async fn run(outbox: Outbox, mut asked: Receiver<Arc<Request>>) {
    let redactor = outbox.redactor().clone();
    let mut shelf = Shelf::new(redactor.clone());
    while asked.changed().await.is_ok() {
        let request = Arc::clone(&asked.borrow_and_update());
        let begun = Instant::now();
        let look = tokio::task::spawn_blocking(move || {
            let gathered = gather(&mut shelf, &request);
            (shelf, gathered)
        });
        match look.await {
            Ok((kept, gathered)) => {
                shelf = kept;
                outbox.post(SourceId::Evidence, Event::Evidence(Arc::new(gathered)));
            }
            Err(error) => {
                shelf = Shelf::new(redactor.clone());
                let fault = Fault::new("looking at", "the evidence", error, "press R to try again; the log says more");
                outbox.post(SourceId::Evidence, Event::SourceFault(SourceId::Evidence, fault));
            }
        }
        tokio::time::sleep((begun.elapsed() * 4).max(PAUSE)).await;
    }
}

/// What is kept from look to look.
#[derive(Debug, Default)]
pub struct Shelf {
    readings: HashMap<AgentId, (PathBuf, Reading, Arc<Told>)>,
    digests: HashMap<PathBuf, (Option<SystemTime>, u64, Option<String>)>,
    /// Hides secrets in what is read.
    redactor: Redactor,
}

impl Shelf {
    /// An empty one.
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, ..Self::default() }
    }
}

/// Looks at everything that is asked for. Blocks.
///
/// A transcript that cannot be read tells nothing: its pane says why.
pub fn gather(shelf: &mut Shelf, request: &Request) -> Gathered {
    shelf.readings.retain(|id, _| request.agents.iter().any(|agent| agent.id == *id));
    let mut gathered = Gathered::default();
    let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
    let mut hashes: BTreeSet<String> = request.commits.iter().cloned().collect();
    for agent in &request.agents {
        let Some(told) = told(shelf, agent) else { continue };
        paths.extend(told.files(agent.cwd.as_deref(), &request.repos));
        hashes.extend(told.work.commits.iter().map(|commit| commit.hash.clone()));
        gathered.told.insert(agent.id.clone(), told);
    }
    let mut trees = Trees::default();
    for path in paths.into_iter().take(FILES) {
        let fact = file_fact(shelf, &mut trees, &path);
        gathered.files.insert(path, fact);
    }
    shelf.digests.retain(|path, _| gathered.files.contains_key(path));
    gathered.commits = commits(&request.repos, hashes.into_iter().take(COMMITS));
    for commit in &mut gathered.commits {
        shelf.redactor.hide(&mut commit.summary);
    }
    gathered
}

fn told(shelf: &mut Shelf, agent: &WorkOf) -> Option<Arc<Told>> {
    if let Some((path, reading, told)) = shelf.readings.get_mut(&agent.id)
        && *path == agent.transcript
        && let Ok(more) = reading.follow(path, agent.format)
    {
        if more {
            *told = Arc::new(Told::of(reading.work.clone()));
        }
        return Some(Arc::clone(told));
    }
    let reading = Reading::begin(&agent.transcript, agent.format, REACH, Some(shelf.redactor.clone())).ok()?;
    let told = Arc::new(Told::of(reading.work.clone()));
    shelf.readings.insert(agent.id.clone(), (agent.transcript.clone(), reading, Arc::clone(&told)));
    Some(told)
}

/// Repositories by the folder that was asked for.
#[derive(Default)]
struct Trees(BTreeMap<PathBuf, Option<Repository>>);

impl Trees {
    fn around(&mut self, folder: &Path) -> Option<&Repository> {
        self.0.entry(folder.to_owned()).or_insert_with(|| Repository::discover(folder).ok()).as_ref()
    }
}

fn file_fact(shelf: &mut Shelf, trees: &mut Trees, path: &Path) -> FileFact {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let git = in_git(trees, path, metadata.is_some());
    let Some(metadata) = metadata else {
        return FileFact { path: path.to_owned(), git, ..FileFact::default() };
    };
    let modified = metadata.modified().ok();
    let known = shelf.digests.get(path).filter(|(at, size, _)| *at == modified && *size == metadata.len());
    let digest = match known {
        Some((.., digest)) => digest.clone(),
        None => digest_of(path, metadata.len()),
    };
    shelf.digests.insert(path.to_owned(), (modified, metadata.len(), digest.clone()));
    let modified = modified.and_then(|at| Timestamp::try_from(at).ok());
    FileFact { path: path.to_owned(), exists: true, modified, digest, git }
}

fn digest_of(path: &Path, size: u64) -> Option<String> {
    let mut bytes = Vec::new();
    if size > LARGEST {
        return None;
    }
    File::open(path).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(sha256(&bytes))
}

fn in_git(trees: &mut Trees, path: &Path, exists: bool) -> InGit {
    // Git names its working tree without links.
    let folder =
        path.ancestors().skip(1).find_map(|folder| std::fs::canonicalize(folder).ok().map(|real| (folder, real)));
    let Some((folder, real)) = folder else { return InGit::Unknown };
    let Some(repo) = trees.around(&real) else { return InGit::Unknown };
    let below = repo.workdir().and_then(|top| std::fs::canonicalize(top).ok()).and_then(|top| {
        let real = real.join(path.strip_prefix(folder).ok()?);
        real.strip_prefix(top).ok().map(Path::to_owned)
    });
    let Some(below) = below else { return InGit::Unknown };
    match repo.status_file(&below) {
        Ok(status) if status.is_ignored() => InGit::Ignored,
        Ok(status) if status.is_wt_new() => InGit::Untracked,
        Ok(status) if status == Status::CURRENT => InGit::Committed,
        Ok(_) => InGit::Changed,
        // Neither there nor known to git: what was there is gone in both.
        Err(error) if error.code() == ErrorCode::NotFound && !exists => InGit::Committed,
        Err(_) => InGit::Unknown,
    }
}

fn commits(repos: &[PathBuf], hashes: impl Iterator<Item = String>) -> Vec<CommitFact> {
    let repos: Vec<(Repository, Option<Vec<Oid>>)> = repos
        .iter()
        .filter_map(|path| Repository::discover(path).ok())
        .map(|repo| {
            let remotes = remotes(&repo);
            (repo, remotes)
        })
        .collect();
    let mut found: BTreeMap<String, CommitFact> = BTreeMap::new();
    for hash in hashes {
        let fact = repos.iter().find_map(|(repo, remotes)| {
            let commit = repo.revparse_single(&hash).ok()?.peel_to_commit().ok()?;
            let id = commit.id();
            let is_on = |tip: &Oid| *tip == id || repo.graph_descendant_of(*tip, id).unwrap_or(false);
            let summary = commit.summary_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            Some(CommitFact {
                id: id.to_string(),
                summary: summary.unwrap_or_default(),
                pushed: remotes.as_ref().map(|tips| tips.iter().any(is_on)),
            })
        });
        found.extend(fact.map(|fact| (fact.id.clone(), fact)));
    }
    found.into_values().collect()
}

/// Where the remote branches are; none where there is no remote.
fn remotes(repo: &Repository) -> Option<Vec<Oid>> {
    if repo.remotes().ok()?.is_empty() {
        return None;
    }
    let branches = repo.references_glob("refs/remotes/*").ok()?.flatten().take(REMOTES);
    Some(branches.filter_map(|branch| Some(branch.peel_to_commit().ok()?.id())).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use serde_json::json;

    use super::{Shelf, gather};
    use crate::domain::agent::{Agent, AgentId};
    use crate::domain::claim::ClaimKind;
    use crate::domain::evidence::known::{Known, Request, WorkOf, request};
    use crate::domain::evidence::{InGit, Require};
    use crate::domain::link::{Links, Names};
    use crate::domain::redact::Redactor;
    use crate::domain::transcript::claude::Claude;

    fn git(folder: &Path, args: &[&str]) {
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "init.defaultBranch=main"];
        let output = Command::new("git").args(who).args(args).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn no_secret_of_a_transcript_gets_into_the_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let (transcript, secret) = (folder.path().join("s.jsonl"), ["gh", "p_", &"a1B2".repeat(9)].concat());
        let call = json!({"type": "tool_use", "id": "1", "name": "Bash", "input": {"command": format!("pytest --token {secret}")}});
        let result = json!({"type": "tool_result", "tool_use_id": "1", "is_error": true, "content": format!("Exit code 1\nFAILED {secret}")});
        let text = json!({"type": "text", "text": format!("All tests pass with {secret}. It is done.")});
        let records = [
            json!({"type": "user", "message": {"content": format!("use {secret}")}}),
            json!({"type": "assistant", "message": {"content": [call]}}),
            json!({"type": "user", "message": {"content": [result]}}),
            json!({"type": "assistant", "message": {"content": [text]}}),
        ];
        let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
        fs::write(&transcript, lines.concat()).unwrap();
        let mut agent = Agent::bare(AgentId("s".to_owned()), &Claude, transcript);
        agent.cwd = Some(folder.path().to_owned());
        let agents = [agent];
        let (links, names, require) = (Links::default(), Names::default(), Require::default());
        let wanted = request([], Some(&agents[0].id), &links, &agents, &[]);
        let gathered = gather(&mut Shelf::new(Redactor::default()), &wanted);
        let known = Known {
            tasks: &[],
            names: &names,
            agents: &agents,
            links: &links,
            gathered: &gathered,
            repos: &[],
            fabrics: &[],
            manifests_below: &[],
            checks: &[],
            runs: &[],
            require: &require,
        };
        let evidence = known.of_agent(&agents[0].id);
        assert!(evidence.rows.iter().any(|row| row.quote.is_some()) && !evidence.claims.is_empty(), "{evidence:?}");
        assert!(!format!("{evidence:?} {gathered:?}").contains(&secret[4..]), "{evidence:?}");
    }

    #[test]
    fn claims_files_and_commits_are_found_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (work, remote) = (folder.path().join("work"), folder.path().join("remote.git"));
        fs::create_dir(&work).unwrap();
        git(folder.path(), &["init", "-q", "--bare", "remote.git"]);
        git(&work, &["init", "-q"]);
        git(&work, &["remote", "add", "origin", remote.to_str().unwrap()]);
        fs::write(work.join("a.rs"), "a").unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-q", "-m", "feat: a (T-1)"]);
        git(&work, &["push", "-q", "origin", "HEAD:main"]);
        git(&work, &["fetch", "-q"]);
        fs::write(work.join("a.rs"), "b").unwrap();
        git(&work, &["commit", "-q", "-am", "feat: b (T-1)"]);
        fs::write(work.join("c.rs"), "c").unwrap();
        let transcript = folder.path().join("s.jsonl");
        let edit = |id: &str, file: &str| {
            let input = json!({"file_path": work.join(file), "old_string": "a", "new_string": "b"});
            json!({"type": "assistant", "message": {"content": [{"type": "tool_use", "id": id, "name": "Edit", "input": input}]}})
        };
        let said = json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "T-1 is done."}]}});
        let lines: Vec<String> = [edit("1", "a.rs"), edit("2", "c.rs"), edit("3", "gone.rs"), said]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(&transcript, lines.concat()).unwrap();
        let repo = git2::Repository::open(&work).unwrap();
        let head = repo.head().unwrap().peel_to_commit().unwrap();
        let first = head.parent(0).unwrap().id().to_string();
        let id = AgentId("s".to_owned());
        let agent = WorkOf { id: id.clone(), transcript, format: &Claude, cwd: Some(work.clone()) };
        let commits = vec![first.clone(), head.id().to_string()];
        let request = Request { agents: vec![agent], commits, repos: vec![work.clone()] };
        let mut shelf = Shelf::default();
        let gathered = gather(&mut shelf, &request);
        assert_eq!(gathered.told[&id].said[0].claims[0].kind, ClaimKind::Done);
        let of = |name: &str| &gathered.files[&work.join(name)];
        assert_eq!((of("a.rs").git, of("c.rs").git), (InGit::Committed, InGit::Untracked));
        assert!(!of("gone.rs").exists && of("a.rs").digest.is_some());
        let pushed = |id: &str| gathered.commits.iter().find(|commit| commit.id == id).unwrap().pushed;
        assert_eq!((pushed(&first), pushed(&head.id().to_string())), (Some(true), Some(false)));
        fs::write(work.join("a.rs"), "bb").unwrap();
        let again = gather(&mut shelf, &request);
        assert_eq!(again.files[&work.join("a.rs")].git, InGit::Changed);
        assert_ne!(again.files[&work.join("a.rs")].digest, of("a.rs").digest);
    }
}
