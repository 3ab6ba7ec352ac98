//! `hnpwb hooks`, `hnpwb doctor` and `hnpwb gate test` as their users run them.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir_all(world.project()).expect("a folder");
        world.write(
            "project/hnpwb.toml",
            "[gates]\nsets = [\"pushes\"]\n[[gate]]\nname = \"long\"\nmatches = \"deploy\"\ndeadline = \"2h\"\n",
        );
        world
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.dir.path().join(file);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(file)).expect("a file")
    }

    fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hnpwb"))
            .args(line.split_whitespace())
            .current_dir(self.project())
            .env_clear()
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.dir.path().join("run"))
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .env("LANG", "C.UTF-8")
            .env("PATH", "/usr/bin:/bin")
            .output()
            .expect("the program")
    }

    fn code(&self, line: &str) -> i32 {
        self.run(line).status.code().expect("a code")
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_slice(&self.run(line).stdout).expect("JSON")
    }
}

const SETTINGS: &str = "{\n\t\"model\": \"opus\",   // mine\n\t\"hooks\": {}\n}\n";

#[test]
fn a_hook_that_is_installed_is_found_and_removed_without_a_trace() {
    let world = World::new();
    world.write("home/.claude/settings.json", SETTINGS);
    assert_eq!(world.code("hooks status"), 1);
    assert_eq!(world.code("hooks install"), 0);
    let installed = world.read("home/.claude/settings.json");
    assert!(installed.contains("\t\"model\": \"opus\",   // mine\n"), "{installed}");
    assert!(installed.contains("7205") && installed.contains(env!("CARGO_BIN_EXE_hnpwb")), "{installed}");
    assert_eq!(world.read("home/.claude/settings.json.before-hnpwb"), SETTINGS);
    assert_eq!(world.code("hooks status"), 0);
    assert_eq!(world.code("hooks install"), 0);
    assert_eq!(world.read("home/.claude/settings.json"), installed);
    assert_eq!(world.code("hooks remove --user"), 0);
    let removed = world.read("home/.claude/settings.json");
    assert!(!removed.contains("hnpwb") && removed.contains("// mine"), "{removed}");
    assert_eq!(world.code("hooks status --user"), 1);
}

#[test]
fn a_rule_on_permissions_needs_another_registration_and_status_says_so() {
    let world = World::new();
    assert_eq!(world.code("hooks install"), 0);
    assert_eq!(world.code("hooks status"), 0);
    world.write("project/hnpwb.toml", "[gates]\nsets = []\n[[gate]]\nname = \"p\"\nevent = \"PermissionRequest\"\n");
    let status = world.run("hooks status");
    assert_eq!(status.status.code(), Some(1));
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("PermissionRequest has 5 s"), "{said}");
    assert_eq!(world.code("hooks install"), 0);
    assert_eq!(world.code("hooks status"), 0);
    assert_eq!(world.code("gate test --event PermissionRequest ls"), 1);
    assert_eq!(world.code("gate test ls"), 0);
}

#[test]
fn a_broken_settings_file_is_refused_with_its_place_and_stays() {
    let world = World::new();
    world.write("project/.claude/settings.json", "{\n  \"a\": 1\n  \"b\": 2\n}\n");
    let refused = world.run("hooks install --project");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("settings.json:2:") || said.contains("settings.json:3:"), "{said}");
    assert_eq!(world.read("project/.claude/settings.json"), "{\n  \"a\": 1\n  \"b\": 2\n}\n");
}

#[test]
fn codex_is_registered_in_its_own_file() {
    let world = World::new();
    assert_eq!(world.code("hooks install --codex"), 0);
    let text = world.read("home/.codex/hooks.json");
    assert!(text.contains("PermissionRequest") && !text.contains("SessionEnd"), "{text}");
    assert_eq!(world.code("hooks status --codex"), 0);
}

#[test]
fn the_doctor_proves_an_installed_hook_and_fails_without_one() {
    let world = World::new();
    let before = world.json("doctor -o json");
    let finding = |report: &Value, area: &str, level: &str| {
        let findings = report["findings"].as_array().expect("findings").clone();
        findings.into_iter().find(|finding| finding["area"] == area && finding["level"] == level)
    };
    assert_eq!(before["level"], "fail");
    let missing = finding(&before, "hooks", "fail").expect("a finding");
    assert!(missing["remedy"].as_str().is_some_and(|remedy| remedy.contains("hnpwb hooks install")));
    assert_eq!(world.code("doctor"), 1);

    assert_eq!(world.code("hooks install --local"), 0);
    let after = world.json("doctor -o json");
    let proof = finding(&after, "gate", "ok").unwrap_or_else(|| panic!("{after:#}"));
    assert!(proof["found"].as_str().is_some_and(|found| found.contains("is denied")), "{proof}");
    assert_ne!(after["level"], "fail", "{after:#}");
    assert!(!world.project().join(".hnpwb").exists(), "the doctor leaves nothing behind");
}

#[test]
fn what_a_rule_would_hold_is_said_with_its_place() {
    let world = World::new();
    let output = Command::new(env!("CARGO_BIN_EXE_hnpwb"))
        .args(["gate", "test", "cd x && git -C y push", "-o", "json"])
        .current_dir(world.project())
        .env_clear()
        .env("HOME", world.home())
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(1));
    let held: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(held["rules"][0]["rule"], "push-git");
    assert!(held["rules"][0]["origin"].as_str().is_some_and(|origin| origin.starts_with("set pushes:")), "{held:#}");
    assert!(held["commands"].as_array().is_some_and(|commands| commands.iter().any(|text| text == "git push")));
    assert_eq!(world.code("gate test ls"), 0);
}
