//! The drift of the demo's fabric: folding, looking at an object, going from it to its commit, and a brief about it.

use std::fs;

use crate::screen::{Launch, Screen};
use crate::stage::files_below;

/// The demo on a small screen, its drift in front, so slow that the story does not move while a test looks.
fn open(dir: &tempfile::TempDir) -> Screen {
    let home = dir.path().join("home");
    fs::create_dir(&home).expect("a home");
    let stage = dir.path().join("stage");
    let launch = Launch::new(dir.path(), &home).args(["demo", "--speed", "0.01", "--dir"]).args([&stage]);
    let mut screen = launch.size(80, 24).open();
    screen.keys("6");
    // What is judged before the cluster has answered is not what this is about.
    screen.wait("the fabric as it is", |text| text.contains("overdue  VPCPeering") && text.contains("18 objects"));
    screen
}

#[test]
fn what_is_in_order_is_folded_and_only_faults_are_left_on_a_key() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut screen = open(&dir);
    assert!(!screen.text().contains("Switch"), "{}", screen.text());
    screen.keys("jjj ");
    screen.see("= synced   ");
    screen.wait("objects one by one", |text| !text.contains("18 objects") && text.contains("server-0"));
    screen.keys("f");
    screen.wait("only faults", |text| text.contains("19 hidden") && !text.contains("server-0"));
    screen.keys("f/kind:switch state:syn\r");
    screen.wait("what the filter finds", |text| text.contains("Switch leaf-01") && !text.contains("VPCPeering"));
}

#[test]
fn an_object_leads_to_its_file_its_commit_and_a_brief() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut screen = open(&dir);
    screen.keys("j\r");
    screen.see("VPCPeering vpc-app--vpc-storage · overdue");
    screen.see("let vpc-app reach vpc-storage");
    screen.keys("\t\t");
    screen.see("- not live");
    screen.see("+ kind: VPCPeering");
    screen.keys("\t");
    screen.see("3▸ apiVersion: vpc.githedgehog.com/v1beta1");
    screen.keys("b");
    screen.see("Brief · VPCPeering");
    screen.keys("\r");
    screen.see("lint: 0 errors");
    screen.keys("\x13");
    // The key says brief, too.
    screen.see("brief /");
    let mut files = Vec::new();
    files_below(&dir.path().join("stage"), &mut files);
    let named = |path: &&std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("0001-vpcpeering-vpc-app-vpc-storage"))
    };
    let brief = files.iter().find(named).unwrap_or_else(|| panic!("a brief in {files:?}"));
    let brief = fs::read_to_string(brief).expect("the brief");
    assert!(brief.contains("- last changed by: ") && brief.contains("it is `overdue`"), "{brief}");
    screen.keys("\r");
    screen.see("let vpc-app reach vpc-storage");
    screen.keys("c");
    // The popup is gone, and the row with the cursor is the commit's.
    screen.wait("the commit", |text| {
        let here = text.lines().find(|line| line.contains('▎'));
        here.is_some_and(|line| line.contains("let vpc-app reach vpc-storage")) && !text.contains("▸ file")
    });
}
