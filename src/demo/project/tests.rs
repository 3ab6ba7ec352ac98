//! The stage as it stands before the first step.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use git2::{Repository, Sort, StatusOptions};
use jiff::Timestamp;

use super::{Stage, build, repository, tree};
use crate::config::paths::Paths;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn stage() -> Stage {
    build(None, now()).unwrap()
}

fn commits(repo: &Repository, glob: &str) -> Vec<git2::Oid> {
    let mut walk = repo.revwalk().unwrap();
    walk.set_sorting(Sort::TIME).unwrap();
    walk.push_glob(glob).unwrap();
    walk.map(Result::unwrap).collect()
}

#[test]
fn the_history_has_merges_tags_branches_and_ends_at_the_bundled_files() {
    let stage = stage();
    let repo = Repository::open(&stage.root).unwrap();
    let all = commits(&repo, "refs/heads/*");
    assert_eq!(all.len(), 32);
    assert_eq!(all.iter().filter(|id| repo.find_commit(**id).unwrap().parent_count() == 2).count(), 2);
    assert_eq!(repo.tag_names(None).unwrap().len(), 3);
    assert_eq!(repo.branches(Some(git2::BranchType::Local)).unwrap().count(), 4);
    let authors: BTreeSet<String> =
        all.iter().map(|id| repo.find_commit(*id).unwrap().author().name().unwrap().to_owned()).collect();
    assert!(authors.len() >= 6, "{authors:?}");
    let head = repo.head().unwrap().peel_to_commit().unwrap();
    assert_eq!(head.time().seconds(), now().as_second() - 3_960);
    for (path, text) in tree::files().filter(|(path, _)| *path != tree::DRAFT) {
        let blob = head.tree().unwrap().get_path(Path::new(path)).unwrap_or_else(|_| panic!("{path} is not committed"));
        assert_eq!(repo.find_blob(blob.id()).unwrap().content(), text.as_bytes(), "{path}");
    }
}

#[test]
fn only_the_draft_is_uncommitted_and_everything_is_pushed() {
    let stage = stage();
    let repo = Repository::open(&stage.root).unwrap();
    let statuses =
        repo.statuses(Some(StatusOptions::new().include_untracked(true).recurse_untracked_dirs(true))).unwrap();
    let dirty: Vec<String> = statuses.iter().map(|entry| entry.path().unwrap().to_owned()).collect();
    assert_eq!(dirty, [tree::DRAFT]);
    let main = repo.find_branch("main", git2::BranchType::Local).unwrap();
    let upstream = main.upstream().unwrap();
    assert_eq!(main.get().target(), upstream.get().target());
}

#[test]
fn git_itself_finds_nothing_wrong_with_repository_and_worktree() {
    let stage = stage();
    for (folder, arguments) in [
        (&stage.root, &["fsck", "--strict"][..]),
        (&stage.worktree, &["status", "--porcelain"]),
        (&stage.root, &["fetch"]),
    ] {
        let Ok(output) = Command::new("git").arg("-C").arg(folder).args(arguments).output() else {
            eprintln!("skipped: git is not installed");
            return;
        };
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_board_lists_fourteen_tasks_with_the_five_marks() {
    let stage = stage();
    let board = fs::read_to_string(stage.root.join("project_management/TASK_TRACKING.md")).unwrap();
    let marks = ["✅", "🔄", "🔲", "⏸️", "❓"];
    let tasks = board.lines().filter(|line| marks.iter().any(|mark| line.starts_with(&format!("- {mark} **T-"))));
    assert_eq!(tasks.count(), 14);
    assert!(marks.iter().all(|mark| board.contains(&format!("- {mark} "))));
}

#[test]
fn every_folder_of_the_user_is_replaced_by_one_inside_the_stage() {
    let stage = stage();
    let Paths { home, config, state, runtime, claude, transcripts, kubeconfig } = stage.paths();
    let folders = [vec![home, config, state, runtime], claude, transcripts, kubeconfig].concat();
    for folder in folders {
        assert!(folder.starts_with(&stage.folder), "{}", folder.display());
    }
    assert!(stage.paths().socket(&stage.root).as_os_str().len() < super::SOCKET_PATH);
}

#[test]
fn a_temporary_stage_is_gone_after_use_and_a_named_one_stays() {
    let stage = stage();
    let folder = stage.folder.clone();
    drop(stage);
    assert!(!folder.exists());

    let keep = tempfile::tempdir().unwrap();
    let dir = keep.path().join("new");
    drop(build(Some(dir.clone()), now()).unwrap());
    assert!(dir.join("hedgehog-netbox-plugin/hnpwb.toml").exists());
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let keep = tempfile::tempdir().unwrap();
    fs::write(keep.path().join("mine"), "mine").unwrap();
    let fault = build(Some(keep.path().to_owned()), now()).unwrap_err();
    assert!(fault.to_string().contains("not empty"), "{fault}");
    assert_eq!(fs::read_dir(keep.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_too_deep_for_a_socket_is_refused_with_a_remedy() {
    let keep = tempfile::tempdir().unwrap();
    let fault = build(Some(keep.path().join("x".repeat(90))), now()).unwrap_err();
    assert!(fault.remedy.contains("shorter"), "{fault}");
}

#[test]
fn a_revert_touches_only_what_the_commit_touched() {
    let stage = stage();
    let write = |path: &str, text: &str| fs::write(stage.root.join(path), text).unwrap();
    let read = |path: &str| fs::read_to_string(stage.root.join(path)).unwrap();
    let before = read("docs/sync.md");
    write("docs/sync.md", "changed\n");
    write("docs/new.md", "new\n");
    let paths = ["docs/sync.md".to_owned(), "docs/new.md".to_owned()];
    let done = repository::commit(&stage.root, "docs-writer", "docs: change", &paths, now()).unwrap().unwrap();
    assert_eq!((done.branch.as_str(), done.files), ("main", 2));
    assert_eq!(repository::commit(&stage.root, "docs-writer", "docs: again", &paths, now()).unwrap(), None);
    write("docs/drift.md", "somebody else's\n");
    repository::revert(&stage.root, "docs-writer", &done.id, now()).unwrap();
    assert_eq!(read("docs/sync.md"), before);
    assert!(!stage.root.join("docs/new.md").exists());
    assert_eq!(read("docs/drift.md"), "somebody else's\n");
}
