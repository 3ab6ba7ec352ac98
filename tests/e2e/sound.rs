//! What is missing, broken or hostile is said in its place, and nothing else stops.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::stage::{Project, append, files_below};

#[test]
fn a_folder_that_is_no_repository_says_so_and_the_rest_goes_on() {
    let project = Project::bare();
    project.write("TODO.md", "- [ ] one\n- [ ] two\n");
    project.append(&project.record("A prompt outside any repository."));
    let mut screen = project.launch().size(200, 60).open();
    screen.see("in no git repository");
    screen.see("A prompt outside any repository.");
    screen.see("two");
}

#[test]
fn a_broken_kubeconfig_is_named_and_the_rest_goes_on() {
    let project = Project::new();
    fs::create_dir_all(project.path("home/.kube")).expect("a folder");
    fs::write(project.path("home/.kube/config"), "clusters: [\n  - nonsense").expect("a file");
    let mut screen = project.launch().size(200, 60).open();
    screen.see(".kube/config");
    screen.see("Check the VLAN range");
}

#[test]
fn a_read_only_folder_costs_the_briefs_and_nothing_else() {
    let project = Project::new();
    let root = project.root();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o555)).expect("permissions");
    // Whoever may write everywhere (root) needs another obstacle in the same place.
    let obstacle = root.join(".hnpwb");
    let writable = fs::write(&obstacle, "in the way").is_ok();
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Check the VLAN range");
    screen.keys("1b\r");
    screen.see("lint: 0 errors");
    screen.keys("\x13");
    screen.wait("the reason", |text| {
        text.contains(".hnpwb") && (text.contains("denied") || text.contains("xists") || text.contains("irectory"))
    });
    screen.keys("\x1b");
    screen.see("Look at the VLAN range, please.");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("permissions");
    if writable {
        fs::remove_file(obstacle).expect("the obstacle");
    }
}

#[test]
fn half_a_line_waits_for_the_other_half() {
    let project = Project::new();
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Look at the VLAN range, please.");
    let record = project.record("In two halves.");
    let (first, second) = record.split_at(record.len() / 2);
    project.append(first);
    project.append(second);
    screen.see("In two halves.");
    assert!(!screen.text().contains("not JSON"), "{}", screen.text());
}

#[test]
fn a_transcript_that_is_replaced_is_read_anew() {
    let project = Project::new();
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Look at the VLAN range, please.");
    let other = project.path("other");
    fs::write(&other, project.record("Another file altogether.")).expect("a file");
    fs::rename(other, project.transcript()).expect("a rename");
    screen.see("Another file altogether.");
}

#[test]
fn escape_sequences_in_text_are_shown_and_not_obeyed() {
    let project = Project::new();
    project.append(&project.record("before \u{1b}]0;owned\u{7}\u{1b}[31mafter\u{202e}"));
    let mut screen = project.launch().size(200, 60).open();
    screen.see("before");
    screen.see("after");
    let raw = screen.raw();
    let sent = String::from_utf8_lossy(&raw);
    assert!(!sent.contains("]0;owned\u{7}") && !sent.contains('\u{202e}'));
}

#[test]
fn a_session_file_with_mistakes_names_every_one_of_them() {
    let project = Project::new();
    project.write("hnpwb.toml", "[session]\nnme = \"x\"\n\n[[gate]]\nname = \"push\"\nmatches = \"(\"\n");
    let output = project.run(&["status"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("hnpwb.toml:2:1") && said.contains("hnpwb.toml:6:"), "{said}");
}

#[test]
fn status_is_one_json_object_with_the_promised_names() {
    let project = Project::new();
    let output = project.run(&["status", "-o", "json"]);
    assert!(output.status.success(), "{output:?}");
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(status["schema"], "hnpwb.status/1");
    assert_eq!(status["agents"][0]["prompts"], 1);
    assert_eq!(status["agents"][0]["records"], 1);
    assert_eq!(status["tasks"].as_array().map(Vec::len), Some(2));
    assert_eq!(status["tasks"][0]["origin"]["line"], 3);
    assert!(status["attention"].is_array() && status["gates"].is_array() && status["fabrics"].is_array());
}

#[test]
fn a_long_transcript_is_read_from_end_to_end_by_keys() {
    let project = Project::new();
    let records: String = (1..=5_000).map(|n| project.record(&format!("Prompt number {n}."))).collect();
    project.append(&records);
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Prompt number 5000.");
    screen.keys("3g");
    screen.see("Look at the VLAN range, please.");
    screen.see("Prompt number 1.");
    screen.keys("G");
    screen.see("Prompt number 5000.");
    screen.keys("[[[");
    screen.see("Prompt number 4997.");
    screen.keys("/number 4321\r");
    screen.see("/number 4321");
}

#[test]
fn a_line_of_sixty_megabytes_costs_the_screen_nothing() {
    let project = Project::new();
    project.append(&project.record(&"long ".repeat(12_000_000)));
    project.append(&project.record("After the long one."));
    let mut screen = project.launch().size(200, 60).open();
    screen.see("After the long one.");
    screen.keys("3kkk");
    screen.see("MB more");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_far_as_they_go() {
    let project = Project::new();
    let mut record = project.record("before MARK after").into_bytes();
    let at = record.windows(4).position(|window| window == b"MARK").expect("the mark");
    record[at..at + 4].copy_from_slice(&[0xff, 0xfe, 0x80, 0xc0]);
    append(&project.transcript(), &record);
    append(&project.transcript(), b"no JSON at all\n");
    let mut screen = project.launch().size(200, 60).open();
    screen.see("before");
    screen.see("not JSON");
}

#[test]
fn a_commit_and_a_task_appear_by_themselves() {
    let project = Project::new();
    let mut screen = project.launch().size(200, 60).open();
    screen.see("feat(board): first tasks");
    project.write("TASKS.md", "# Tasks\n\n- [ ] Check the VLAN range\n- [ ] A task that is new\n");
    screen.see("A task that is new");
    project.commit("docs(board): one more task");
    screen.see("docs(board): one more task");
}

#[test]
fn an_agent_that_begins_later_appears_by_itself() {
    let project = Project::bare();
    let mut screen = project.launch().size(200, 60).open();
    screen.see("No agent has worked in this folder");
    project.append(&project.record("The first words here."));
    screen.see("The first words here.");
}

/// A kubeconfig for a server on loopback, and a user with these credentials.
fn kubeconfig(project: &Project, port: u16, user: &str) {
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters:\n- name: lab\n  cluster: {{server: 'http://127.0.0.1:{port}'}}\n\
         contexts:\n- name: lab\n  context: {{cluster: lab, user: somebody}}\nusers:\n- name: somebody\n  user: {user}\n"
    );
    fs::create_dir_all(project.path("home/.kube")).expect("a folder");
    fs::write(project.path("home/.kube/config"), config).expect("a file");
}

#[test]
fn a_login_plugin_that_hangs_neither_holds_the_screen_nor_the_shell() {
    let project = Project::new();
    // Longer than anything is waited for here; it ends by itself.
    let plugin =
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, args: ['150'], interactiveMode: Never}}";
    kubeconfig(&project, 1, plugin);
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Check the VLAN range");
    screen.see("connecting");
    screen.keys("q");
    assert!(screen.end().success());
}

#[test]
fn a_server_that_refuses_is_unreachable_in_its_pane_and_the_rest_goes_on() {
    let project = Project::new();
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    kubeconfig(&project, port, "{}");
    let mut screen = project.launch().size(200, 60).open();
    screen.see("unreachable");
    screen.see("Check the VLAN range");
}

#[test]
fn a_secret_reaches_neither_screen_nor_copy_nor_file() {
    // Put together here, so that no scanner finds it in the tree.
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let project = Project::new();
    project.write("TASKS.md", &format!("# Tasks\n\n- [ ] Rotate {secret}\n- [ ] Another\n"));
    project.commit(&format!("chore: forget {secret}"));
    project.append(&project.record(&format!("Use the token {secret} for the push.")));
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Use the token ‹redacted: GitHub token› for the push.");
    screen.see("Rotate ‹redacted");
    screen.see("forget ‹redacted");
    screen.keys("3y");
    screen.see("not confirmed");
    screen.keys("1b\r");
    screen.see("lint: 0 errors");
    screen.keys("\x13");
    screen.see("brief /");
    let raw = screen.raw();
    let half = &secret[..secret.len() / 2];
    assert!(!String::from_utf8_lossy(&raw).contains(half), "on the screen");
    let mut files = Vec::new();
    files_below(&project.root().join(".hnpwb"), &mut files);
    assert!(files.iter().any(|file| file.ends_with("clipboard.txt")), "{files:?}");
    for file in files {
        let text = fs::read(&file).expect("a file");
        assert!(!String::from_utf8_lossy(&text).contains(half), "in {}", file.display());
    }
    for command in [["status", "-o", "json"], ["audit", "-o", "json"]] {
        let output = project.run(&command);
        assert!(!String::from_utf8_lossy(&output.stdout).contains(half), "in {command:?}");
    }
}
