//! Repositories made for the purpose, read and followed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{Oid, Repository, Signature, Time};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{FIRST_COMMITS, GitHandle, spawn, toplevel, worktrees};
use crate::domain::commit::{Dirty, RefKind, RepoLog, Upstream};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{Event, GitNews};
use crate::source::Inbox;
use crate::source::mailbox::mailbox;
use crate::source::watch::{Behind, Watch};

fn read(path: &Path, limit: usize) -> Result<RepoLog, Fault> {
    super::read(path, limit, &Redactor::default())
}

/// A repository whose commits are a minute apart.
struct Fixture {
    dir: TempDir,
    repo: Repository,
    clock: i64,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        let repo = Repository::init_opts(dir.path(), options.initial_head("main")).unwrap();
        Self { dir, repo, clock: 1_700_000_000 }
    }

    fn top(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn commit(&mut self, reference: Option<&str>, parents: &[Oid], message: &str) -> Oid {
        self.clock += 60;
        self.commit_at(self.clock, reference, parents, message)
    }

    fn commit_at(&self, seconds: i64, reference: Option<&str>, parents: &[Oid], message: &str) -> Oid {
        let who = Signature::new("fabric-specialist", "specialist@example.invalid", &Time::new(seconds, 0)).unwrap();
        let tree = self.repo.find_tree(self.repo.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let parents: Vec<git2::Commit<'_>> = parents.iter().map(|&id| self.repo.find_commit(id).unwrap()).collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        self.repo.commit(reference, &who, &who, message, &tree, &parents).unwrap()
    }

    /// `main`: root, base, then a merge of `topic`, tagged.
    fn with_merge() -> (Self, [Oid; 4]) {
        let mut fixture = Self::new();
        let root = fixture.commit(Some("HEAD"), &[], "chore: begin");
        let topic = fixture.commit(Some("refs/heads/topic"), &[root], "feat(git): a topic\n\nWith a body.");
        let base = fixture.commit(Some("HEAD"), &[root], "fix: a base");
        let merge = fixture.commit(Some("HEAD"), &[base, topic], "Merge branch 'topic'");
        let object = fixture.repo.find_object(merge, None).unwrap();
        let who = Signature::new("orchestrator", "o@example.invalid", &Time::new(fixture.clock, 0)).unwrap();
        fixture.repo.tag("v1.0", &object, &who, "annotated", false).unwrap();
        drop(object);
        (fixture, [root, topic, base, merge])
    }
}

fn summaries(log: &RepoLog) -> Vec<&str> {
    log.rows.iter().map(|row| row.commit.summary.as_str()).collect()
}

fn names(log: &RepoLog, row: usize) -> Vec<(RefKind, &str)> {
    log.rows[row].commit.refs.iter().map(|name| (name.kind, name.name.as_str())).collect()
}

#[test]
fn a_merge_is_read_with_its_names_and_its_graph() {
    let (fixture, [.., merge]) = Fixture::with_merge();
    let log = read(fixture.dir.path(), 10).unwrap();
    assert_eq!(log.path, fixture.top());
    assert_eq!(log.branch.as_deref(), Some("main"));
    assert_eq!(log.head, Some(merge.to_string()));
    assert_eq!(summaries(&log), ["Merge branch 'topic'", "fix: a base", "feat(git): a topic", "chore: begin"]);
    assert_eq!(names(&log, 0), [(RefKind::Head, "HEAD"), (RefKind::Branch, "main"), (RefKind::Tag, "v1.0")]);
    assert_eq!(names(&log, 2), [(RefKind::Branch, "topic")]);
    assert_eq!(log.rows[0].commit.author, "fabric-specialist");
    assert!(log.rows[0].graph[0].node && log.rows[0].graph[1].down);
    assert!(log.rows[2].graph[1].node);
    assert!(!log.more);
}

#[test]
fn no_more_is_read_than_asked_for_and_it_says_so() {
    let mut fixture = Fixture::new();
    let mut last = fixture.commit(Some("HEAD"), &[], "0");
    for n in 1..600 {
        last = fixture.commit(Some("HEAD"), &[last], &n.to_string());
    }
    let log = read(fixture.dir.path(), FIRST_COMMITS).unwrap();
    assert_eq!((log.rows.len(), log.more), (FIRST_COMMITS, true));
    assert_eq!(log.rows[0].commit.id, last.to_string());
    assert!(!read(fixture.dir.path(), 600).unwrap().more);
}

#[test]
fn commits_of_one_second_come_before_their_parents() {
    let mut fixture = Fixture::new();
    let root = fixture.commit(Some("HEAD"), &[], "root");
    let mut last = root;
    for n in 0..20 {
        last = fixture.commit_at(fixture.clock, Some("refs/heads/agent"), &[last], &format!("agent {n}"));
    }
    fixture.commit_at(fixture.clock, Some("HEAD"), &[root], "main");
    let log = read(fixture.dir.path(), 100).unwrap();
    assert_eq!(summaries(&log).last(), Some(&"root"));
    assert_eq!(log.rows.len(), 22);
}

#[test]
fn ahead_and_behind_are_counted_against_the_upstream() {
    let (mut fixture, [root, topic, ..]) = Fixture::with_merge();
    let there = fixture.commit(Some("refs/remotes/origin/main"), &[topic], "feat: pushed by another");
    let mut config = fixture.repo.config().unwrap();
    config.set_str("remote.origin.url", "https://example.invalid/r.git").unwrap();
    config.set_str("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*").unwrap();
    config.set_str("branch.main.remote", "origin").unwrap();
    config.set_str("branch.main.merge", "refs/heads/main").unwrap();
    let log = read(fixture.dir.path(), 10).unwrap();
    assert_eq!(log.upstream, Some(Upstream { name: "origin/main".to_owned(), ahead: 2, behind: 1 }));
    assert_eq!(names(&log, 0), [(RefKind::Remote, "origin/main")]);
    let head = fixture.repo.head().unwrap().target().unwrap();
    for (a, b) in [(head, there), (there, head), (root, head), (head, head)] {
        let (ahead, behind) = fixture.repo.graph_ahead_behind(a, b).unwrap();
        assert_eq!(super::distance::distance(&fixture.repo, a, b), (ahead as u32, behind as u32));
    }
}

#[test]
fn a_detached_head_has_a_commit_and_no_branch() {
    let (fixture, [root, ..]) = Fixture::with_merge();
    fixture.repo.set_head_detached(root).unwrap();
    let log = read(fixture.dir.path(), 10).unwrap();
    assert_eq!((log.branch.as_deref(), log.head), (None, Some(root.to_string())));
    assert_eq!(log.rows[3].commit.refs[0].kind, RefKind::Head);
    assert_eq!(log.rows.len(), 4, "branches stay in the log");
}

#[test]
fn an_unborn_branch_is_an_empty_log() {
    let fixture = Fixture::new();
    std::fs::write(fixture.dir.path().join("new"), "x").unwrap();
    let (log, faults) = super::read::inspect(fixture.dir.path(), 10).unwrap();
    assert_eq!((log.branch.as_deref(), log.head.as_deref(), log.rows.len()), (None, None, 0));
    assert_eq!(log.dirty.untracked, 1);
    assert_eq!(faults, []);
}

#[test]
fn a_bare_repository_has_no_working_tree_to_be_dirty() {
    let dir = tempfile::tempdir().unwrap();
    Repository::init_bare(dir.path()).unwrap();
    let log = read(dir.path(), 10).unwrap();
    assert_eq!(log.dirty, Dirty::default());
    assert_eq!(log.worktrees, []);
    assert_eq!(toplevel(dir.path()), None);
}

#[test]
fn a_corrupt_name_costs_itself_alone() {
    let (fixture, _) = Fixture::with_merge();
    std::fs::write(fixture.dir.path().join(".git/refs/heads/broken"), "no commit at all\n").unwrap();
    assert_eq!(read(fixture.dir.path(), 10).unwrap().rows.len(), 4);

    std::fs::write(fixture.dir.path().join(".git/refs/heads/main"), "no commit at all\n").unwrap();
    let (log, faults) = super::read::inspect(fixture.dir.path(), 10).unwrap();
    assert_eq!(summaries(&log), ["feat(git): a topic", "chore: begin"]);
    assert!(faults.iter().any(|fault| fault.doing == "reading HEAD of" && !fault.remedy.is_empty()), "{faults:?}");
}

#[test]
fn a_shallow_history_ends_where_it_was_cut() {
    let (fixture, [_, topic, base, merge]) = Fixture::with_merge();
    std::fs::write(fixture.dir.path().join(".git/shallow"), format!("{topic}\n{base}\n")).unwrap();
    let log = read(fixture.dir.path(), 10).unwrap();
    assert_eq!(log.rows[0].commit.id, merge.to_string());
    assert!(log.rows.len() >= 3);
}

#[test]
fn every_kind_of_change_is_counted() {
    let fixture = Fixture::new();
    let write = |name: &str, text: &str| std::fs::write(fixture.dir.path().join(name), text).unwrap();
    write("kept", "1");
    write("staged", "1");
    let mut index = fixture.repo.index().unwrap();
    index.add_path(Path::new("kept")).unwrap();
    index.add_path(Path::new("staged")).unwrap();
    index.write().unwrap();
    let tree = fixture.repo.find_tree(index.write_tree().unwrap()).unwrap();
    let who = Signature::new("fabric-specialist", "s@example.invalid", &Time::new(1_700_000_000, 0)).unwrap();
    fixture.repo.commit(Some("HEAD"), &who, &who, "chore: begin", &tree, &[]).unwrap();
    assert_eq!(read(fixture.dir.path(), 1).unwrap().dirty, Dirty::default());

    write("kept", "another");
    write("staged", "another");
    index.add_path(Path::new("staged")).unwrap();
    index.write().unwrap();
    std::fs::create_dir(fixture.dir.path().join("folder")).unwrap();
    write("folder/a", "");
    write("folder/b", "");
    let dirty = read(fixture.dir.path(), 1).unwrap().dirty;
    assert_eq!(dirty, Dirty { staged: 1, unstaged: 1, untracked: 1, conflicted: 0 });
}

#[test]
fn every_worktree_lists_all_of_them_the_main_one_first() {
    let (fixture, _) = Fixture::with_merge();
    let beside = tempfile::tempdir().unwrap();
    let path = beside.path().canonicalize().unwrap().join("agent-1");
    fixture.repo.worktree("agent-1", &path, None).unwrap();
    let gone = beside.path().join("gone");
    fixture.repo.worktree("gone", &gone, None).unwrap();
    std::fs::remove_dir_all(&gone).unwrap();
    for start in [fixture.dir.path(), path.as_path()] {
        assert_eq!(worktrees(start), [fixture.top(), path.clone()]);
    }
    let log = read(&path, 1).unwrap();
    assert_eq!(log.path, path);
    let branches: Vec<Option<&str>> = log.worktrees.iter().map(|worktree| worktree.branch.as_deref()).collect();
    assert_eq!(branches, [Some("main"), Some("agent-1")]);
}

#[test]
fn a_folder_without_a_repository_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let fault = read(dir.path(), 1).unwrap_err();
    assert_eq!((fault.doing.as_str(), fault.why.as_str()), ("opening", "not a git repository"));
    assert!(fault.remedy.contains("git init"));
    assert_eq!(read(&dir.path().join("none"), 1).unwrap_err().why, "no such folder");
    assert_eq!(worktrees(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn the_top_is_found_from_below() {
    let fixture = Fixture::new();
    let deep = fixture.dir.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    assert_eq!(toplevel(&deep), Some(fixture.top()));
}

#[tokio::test]
async fn reading_a_repository_is_no_change_to_it() {
    let (fixture, _) = Fixture::with_merge();
    let top = fixture.top();
    std::fs::write(top.join("file"), "x").unwrap();
    let mut watch = Watch::new([], Behind::Nothing);
    assert_eq!(super::follow(&mut watch, std::slice::from_ref(&top)).await, []);
    super::read::inspect(&top, 10).unwrap();
    super::scope::concerns(&top, &[top.join("file")]);
    std::fs::write(top.join("another"), "x").unwrap();
    let changed = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await.unwrap();
    assert_eq!(changed, [top.join("another")]);
}

/// Waits for news in which `wanted` holds.
async fn news(inbox: &mut Inbox, wanted: impl Fn(&GitNews) -> bool) -> GitNews {
    let found = async {
        loop {
            match inbox.next().await {
                Some(Event::Git(news)) if wanted(&news) => return news,
                Some(_) => {}
                None => panic!("the worker ended"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("no such news")
}

fn follow(repos: &[&Path]) -> (GitHandle, Inbox, tokio_util::sync::DropGuard) {
    let (outbox, inbox) = mailbox();
    let cancel = CancellationToken::new();
    let handle = spawn(repos.iter().map(|&repo| repo.to_owned()).collect(), outbox, cancel.clone());
    (handle, inbox, cancel.drop_guard())
}

#[tokio::test]
async fn a_commit_a_file_and_a_new_folder_are_noticed() {
    let (mut fixture, [.., merge]) = Fixture::with_merge();
    let top = fixture.top();
    let (_handle, mut inbox, _guard) = follow(&[&top]);
    news(&mut inbox, |news| news.repos[0].rows.len() == 4).await;

    fixture.commit(Some("HEAD"), &[merge], "feat: followed");
    news(&mut inbox, |news| summaries(&news.repos[0])[0] == "feat: followed").await;
    std::fs::create_dir(top.join("folder")).unwrap();
    std::fs::write(top.join("folder/file"), "x").unwrap();
    news(&mut inbox, |news| news.repos[0].dirty.untracked == 1).await;
    std::fs::remove_file(top.join("folder/file")).unwrap();
    news(&mut inbox, |news| news.repos[0].dirty.untracked == 0).await;
}

#[tokio::test]
async fn a_folder_that_is_no_repository_costs_itself_alone_and_may_become_one() {
    let (fixture, _) = Fixture::with_merge();
    let plain = tempfile::tempdir().unwrap();
    let path = plain.path().canonicalize().unwrap();
    let (_handle, mut inbox, _guard) = follow(&[&path, fixture.dir.path()]);
    let first = news(&mut inbox, |_| true).await;
    assert_eq!((first.repos.len(), first.faults.len()), (1, 1));
    Repository::init(&path).unwrap();
    let then = news(&mut inbox, |news| news.faults.is_empty()).await;
    let paths: BTreeSet<PathBuf> = then.repos.into_iter().map(|log| log.path).collect();
    assert_eq!(paths, BTreeSet::from([path, fixture.top()]));
}

#[tokio::test]
async fn more_commits_come_when_asked_for_and_a_refresh_always_answers() {
    let mut fixture = Fixture::new();
    let mut last = fixture.commit(Some("HEAD"), &[], "0");
    for n in 1..310 {
        last = fixture.commit(Some("HEAD"), &[last], &n.to_string());
    }
    let top = fixture.top();
    let (handle, mut inbox, _guard) = follow(&[&top]);
    let first = news(&mut inbox, |_| true).await;
    assert_eq!(first.repos[0].rows.len(), FIRST_COMMITS);
    handle.load(400);
    assert!(!news(&mut inbox, |news| news.repos[0].rows.len() == 310).await.repos[0].more);
    handle.refresh();
    assert!(news(&mut inbox, |_| true).await.as_of > first.as_of);
}
