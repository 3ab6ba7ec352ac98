//! Killed in the middle of a write: whatever was acknowledged is there, and whole.
//!
//! The system itself cuts the writes short and kills the program: a limit on the size of files (`ulimit -f`, blocks of 512
//! bytes) ends it with SIGXFSZ in the middle of a journal record or of a brief.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const TASKS: &str =
    r#"{"master":{"tasks":[{"id":1,"title":"Carry on","description":"Whatever happens","status":"pending"}]}}"#;

fn run(folder: &Path, limit: Option<u32>, arguments: &str) -> Output {
    let limit = limit.map(|blocks| format!("ulimit -c 0; ulimit -f {blocks};")).unwrap_or_default();
    Command::new("sh")
        .args(["-c", &format!("{limit} exec \"$0\" {arguments}"), env!("CARGO_BIN_EXE_hnpwb")])
        .current_dir(folder.join("project"))
        .env_clear()
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("a shell")
}

#[test]
fn a_kill_in_the_middle_of_a_write_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = folder.path().join("project/.taskmaster/tasks");
    fs::create_dir_all(&tasks).unwrap();
    fs::write(tasks.join("tasks.json"), TASKS).unwrap();
    let project = folder.path().join("project");
    let (mut written, mut killed) = (0, 0);
    for limit in [Some(0), None].into_iter().chain((1..24).map(Some)).chain([None]) {
        let new = run(folder.path(), limit, "brief new --task 1");
        match new.status.code() {
            Some(0) => written += 1,
            Some(code) => panic!("limit {limit:?}: exit {code}: {}", String::from_utf8_lossy(&new.stderr)),
            None => killed += 1,
        }
        let listed = run(folder.path(), None, "brief list -o json");
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    }
    assert!(killed > 2 && written > 2, "{killed} killed, {written} written");
    // What half a record left behind was noted when the next one was written, and the chain holds.
    let verified = run(folder.path(), None, "audit verify");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let briefs: Vec<_> = fs::read_dir(project.join(".hnpwb/briefs")).unwrap().filter_map(Result::ok).collect();
    let whole = briefs.iter().map(fs::DirEntry::path).filter(|path| path.extension().is_some_and(|end| end == "md"));
    let texts: Vec<String> = whole.map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(texts.len() >= written);
    let lengths: Vec<usize> = texts.iter().map(|text| text.lines().count()).collect();
    assert!(lengths.iter().all(|lines| *lines == lengths[0]), "{lengths:?}");
    let journal = fs::read_to_string(project.join(".hnpwb/journal.jsonl")).unwrap();
    assert!(journal.ends_with('\n') && journal.lines().filter(|line| line.contains("\"brief\"")).count() >= written);
}
