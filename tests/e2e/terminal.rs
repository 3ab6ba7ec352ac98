//! The terminal is left as it was found: at the end, on a signal, after a panic.

use std::ffi::OsStr;

use rustix::process::{Pid, Signal, kill_process};

use crate::screen::Launch;
use crate::stage::Project;

fn terminate(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, Signal::TERM).expect("a process of ours");
}

#[test]
fn a_terminating_signal_ends_it_cleanly() {
    let project = Project::new();
    let mut screen = project.launch().open();
    screen.see("Check the VLAN range");
    terminate(screen.pid());
    assert!(screen.end().success());
    assert!(!screen.is_full(), "the main screen is back");
    let raw = screen.raw();
    let sent = String::from_utf8_lossy(&raw);
    for undone in ["\u{1b}[?1000l", "\u{1b}[?2004l", "\u{1b}[?25h"] {
        assert!(sent.contains(undone), "{undone:?} was not sent");
    }
}

#[test]
fn a_panic_leaves_the_main_screen_and_prints_there() {
    const CHILD: &str = "HNPWB_TEST_PANICS";
    if std::env::var_os(CHILD).is_some() {
        hnpwb::term::install_panic_hook();
        let _screen = hnpwb::term::Screen::enter().expect("a terminal");
        panic!("on purpose");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let this = std::env::current_exe().expect("this test");
    let arguments = ["--exact", "terminal::a_panic_leaves_the_main_screen_and_prints_there", "--nocapture"];
    let mut screen =
        Launch::of(this.as_os_str(), dir.path(), dir.path()).args(arguments).env(CHILD, OsStr::new("1")).open();
    assert!(!screen.end().success());
    assert!(!screen.is_full());
    let raw = screen.raw();
    let sent = String::from_utf8_lossy(&raw);
    let left = sent.rfind("\u{1b}[?1049l").expect("the alternate screen was left");
    assert!(sent[left..].contains("on purpose"), "the report comes after it: {sent}");
}

#[test]
fn a_new_size_is_drawn_and_a_tiny_one_says_so() {
    let project = Project::new();
    let mut screen = project.launch().size(100, 30).open();
    screen.see("Look at the VLAN range");
    screen.resize(20, 5);
    screen.see("needs 40×8");
    screen.resize(200, 60);
    screen.see("Check the VLAN range");
    screen.keys("q");
    assert!(screen.end().success());
}
