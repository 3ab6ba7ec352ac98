//! Watches on directories made for the purpose.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Behind, Root, Watch};

/// Collects what is reported until all of `wanted` was.
async fn see(watch: &mut Watch, wanted: &[&Path]) {
    let mut missing: BTreeSet<PathBuf> = wanted.iter().map(|path| (*path).to_owned()).collect();
    while !missing.is_empty() {
        let Ok(changed) = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await else {
            panic!("not reported: {missing:?}");
        };
        for path in changed {
            missing.remove(&path);
        }
    }
}

async fn begin(root: Root, behind: Behind) -> Watch {
    let mut watch = Watch::new([root.clone()], behind);
    see(&mut watch, &[&root.path]).await;
    watch
}

/// The next answer.
async fn next(watch: &mut Watch) -> Vec<PathBuf> {
    tokio::time::timeout(Duration::from_secs(20), watch.changed()).await.expect("nothing was noticed")
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[tokio::test]
async fn appending_and_removing_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a.jsonl");
    append(&file, "one\n");
    let mut watch = begin(Root::deep(root.path()), Behind::Stat).await;
    append(&file, "two\n");
    see(&mut watch, &[&file]).await;
    fs::remove_file(&file).unwrap();
    see(&mut watch, &[&file]).await;
    assert!(watch.fault().is_none());
}

#[tokio::test]
async fn files_written_right_after_their_directories_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let mut watch = begin(Root::deep(root.path()), Behind::Stat).await;
    let files: Vec<_> = (0..40).map(|n| root.path().join(format!("{n}/subagents/agent-{n}.jsonl"))).collect();
    for file in &files {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        append(file, "one\n");
    }
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    see(&mut watch, &files).await;
    append(files[7], "two\n");
    see(&mut watch, &[files[7]]).await;
}

#[tokio::test]
async fn a_linked_directory_is_watched_through_the_link() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("link")).unwrap();
    let mut watch = begin(Root::deep(root.path()), Behind::Stat).await;
    append(&elsewhere.path().join("a"), "one\n");
    see(&mut watch, &[&root.path().join("link/a")]).await;
}

#[tokio::test]
async fn a_file_that_is_replaced_is_still_watched() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("TASKS.md");
    append(&file, "one\n");
    let mut watch = begin(Root::flat(&file), Behind::Stat).await;
    for n in 0..3 {
        let other = root.path().join("other");
        append(&other, &"x".repeat(n));
        fs::rename(&other, &file).unwrap();
        see(&mut watch, &[&file]).await;
    }
}

#[tokio::test]
async fn what_does_not_exist_yet_is_reported_when_it_appears() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("claude/projects/x/a.jsonl");
    let mut watch = begin(Root::deep(root.path().join("claude/projects")), Behind::Stat).await;
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    append(&file, "one\n");
    see(&mut watch, &[&file]).await;
    append(&file, "two\n");
    see(&mut watch, &[&file]).await;
}

#[tokio::test]
async fn a_directory_that_is_watched_flatly_reports_its_own_files_only() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("deep")).unwrap();
    let mut watch = begin(Root::flat(root.path()), Behind::Stat).await;
    append(&root.path().join("deep/a"), "one\n");
    append(&root.path().join("b"), "one\n");
    assert_eq!(next(&mut watch).await, [root.path().join("b")]);
}

#[tokio::test]
async fn polling_sees_the_same() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("new/a");
    let mut watch = Watch::start([Root::deep(root.path())].into_iter().collect(), Behind::Stat, false);
    see(&mut watch, &[root.path()]).await;
    fs::create_dir(root.path().join("new")).unwrap();
    append(&file, "one\n");
    watch.rescan();
    see(&mut watch, &[&file]).await;
    fs::remove_file(&file).unwrap();
    watch.rescan();
    see(&mut watch, &[&file]).await;
}

#[tokio::test]
async fn waiting_may_be_cancelled_without_losing_anything() {
    let root = tempfile::tempdir().unwrap();
    let mut watch = begin(Root::deep(root.path()), Behind::Stat).await;
    {
        let mut waiting = std::pin::pin!(watch.changed());
        assert!(futures::poll!(waiting.as_mut()).is_pending());
    }
    append(&root.path().join("a"), "one\n");
    see(&mut watch, &[&root.path().join("a")]).await;
}

#[tokio::test]
async fn with_nothing_behind_a_new_directory_stands_for_what_is_in_it() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("later/deep");
    let mut watch = begin(Root::deep(root.path()), Behind::Nothing).await;
    fs::create_dir_all(&deep).unwrap();
    see(&mut watch, &[&deep]).await;
    append(&deep.join("a"), "one\n");
    see(&mut watch, &[&deep.join("a")]).await;
    fs::remove_dir_all(root.path().join("later")).unwrap();
    see(&mut watch, &[&deep]).await;
}

#[tokio::test]
async fn folders_that_come_and_go_in_a_flat_one_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("folder");
    let mut watch = begin(Root::flat(root.path()), Behind::Nothing).await;
    fs::create_dir(&folder).unwrap();
    assert_eq!(next(&mut watch).await, [folder.as_path()]);
    fs::remove_dir(&folder).unwrap();
    assert_eq!(next(&mut watch).await, [folder]);
}

#[tokio::test]
async fn a_file_and_its_folder_may_come_later_and_go() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("docs/board/TODO.md");
    let mut watch = begin(Root::flat(&file), Behind::Nothing).await;
    for _ in 0..2 {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        append(&file, "one\n");
        see(&mut watch, &[&file]).await;
        fs::remove_dir_all(root.path().join("docs")).unwrap();
        see(&mut watch, &[&file]).await;
    }
}

#[tokio::test]
async fn other_roots_are_watched_when_following_them_returns_and_the_former_are_not() {
    let root = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| root.path().join(name));
    for folder in [&a, &b] {
        fs::create_dir(folder).unwrap();
    }
    let mut watch = Watch::new([], Behind::Nothing);
    assert!(watch.follow([Root::flat(&a)]).await);
    append(&a.join("file"), "one\n");
    see(&mut watch, &[&a.join("file")]).await;
    assert!(!watch.follow([Root::flat(&a)]).await);
    assert!(watch.follow([Root::flat(&b)]).await);
    // By then nothing of what was before is under way.
    fs::create_dir(b.join("folder")).unwrap();
    see(&mut watch, &[&b.join("folder")]).await;
    append(&a.join("file"), "two\n");
    append(&b.join("file"), "one\n");
    assert_eq!(next(&mut watch).await, [b.join("file")]);
}

#[tokio::test]
async fn a_folder_that_was_made_anew_is_watched_anew() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a");
    fs::create_dir(&folder).unwrap();
    let mut watch = Watch::new([], Behind::Nothing);
    watch.follow([Root::flat(root.path()), Root::flat(&folder)]).await;

    fs::remove_dir(&folder).unwrap();
    // Another folder first, so that not even the inode need be the same.
    fs::create_dir(root.path().join("b")).unwrap();
    fs::create_dir(&folder).unwrap();
    // That it went may be told before it is there again; what comes after it is told when it is watched.
    fs::create_dir(root.path().join("after")).unwrap();
    see(&mut watch, &[&folder, &root.path().join("after")]).await;
    append(&folder.join("file"), "one\n");
    see(&mut watch, &[&folder.join("file")]).await;
}

#[tokio::test]
async fn a_folder_that_was_away_for_a_moment_is_watched_on() {
    let root = tempfile::tempdir().unwrap();
    let [folder, away] = ["a", "b"].map(|name| root.path().join(name));
    fs::create_dir_all(folder.join("deep")).unwrap();
    for behind in [Behind::Nothing, Behind::Stat] {
        let mut watch = begin(Root::deep(root.path()), behind).await;
        fs::rename(&folder, &away).unwrap();
        fs::rename(&away, &folder).unwrap();
        append(&root.path().join("after"), "one\n");
        see(&mut watch, &[&root.path().join("after")]).await;
        append(&folder.join("deep/file"), "one\n");
        see(&mut watch, &[&folder.join("deep/file")]).await;
    }
}

#[tokio::test]
async fn reading_is_no_change() {
    let root = tempfile::tempdir().unwrap();
    append(&root.path().join("read"), "one\n");
    let mut watch = begin(Root::flat(root.path()), Behind::Nothing).await;
    fs::read(root.path().join("read")).unwrap();
    fs::read_dir(root.path()).unwrap().count();
    append(&root.path().join("written"), "one\n");
    assert_eq!(next(&mut watch).await, [root.path().join("written")]);
}

#[tokio::test]
async fn events_that_were_lost_make_every_root_suspect_where_nothing_stands_behind_them() {
    let root = tempfile::tempdir().unwrap();
    let mut watch = begin(Root::deep(root.path()), Behind::Nothing).await;
    watch.rescan();
    assert_eq!(next(&mut watch).await, [root.path()]);
}

#[tokio::test]
async fn what_was_forgotten_is_not_reported() {
    let root = tempfile::tempdir().unwrap();
    let mut watch = begin(Root::flat(root.path()), Behind::Nothing).await;
    watch.shared.report(&watch.roots, [root.path().join("a")]);
    watch.forget();
    append(&root.path().join("b"), "one\n");
    assert_eq!(next(&mut watch).await, [root.path().join("b")]);
}
