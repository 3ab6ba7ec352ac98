//! The canary: the registered command is given a made-up call that a rule holds, and one that none does. The first must be
//! denied, the second must pass in silence; then the gate holds. It has folders of its own, so nothing else hears of it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::doctor::Finding;
use crate::domain::registration::{Entry, survey};
use crate::exec::settings;

use super::said;

const AREA: &str = "gate";
/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the made-up rule holds; no command is named like that.
const MARK: &str = "hnpwb-canary-call";

/// Proves the gate with the command that is registered in this settings file for tool calls. Nothing when none is.
pub fn prove(file: &Path) -> Vec<Finding> {
    let entries = settings::read(file).ok().and_then(|text| survey(&text).ok()).map(|survey| survey.entries);
    let entries = entries.unwrap_or_default().into_iter().filter(|entry| entry.event == "PreToolUse");
    entries.map(|entry| one(file, &entry)).collect()
}

fn one(file: &Path, entry: &Entry) -> Finding {
    let place = file.display();
    match calls(entry) {
        Ok(took) => Finding::ok(
            AREA,
            format!("{place}: a made-up call that a rule holds is denied, another passes in {} ms", took.as_millis()),
        ),
        Err(why) => Finding::fail(
            AREA,
            format!("{place}: the registered command does not hold a call: {why}"),
            "run hnpwb hooks install; if it stays so, run the command by hand",
        ),
    }
}

/// Makes both calls; how long the second took.
fn calls(entry: &Entry) -> Result<Duration, String> {
    let dir = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let project = dir.path().join("project");
    std::fs::create_dir(&project).map_err(|error| error.to_string())?;
    let rule = format!("[gates]\nsets = []\n[[gate]]\nname = \"canary\"\ntool = \"Bash\"\nmatches = \"{MARK}\"\n");
    std::fs::write(project.join("hnpwb.toml"), rule).map_err(|error| error.to_string())?;
    let held = call(entry, dir.path(), &project, MARK)?;
    let decision: Option<Value> = serde_json::from_str(&held.out).ok();
    let denied = decision.as_ref().and_then(|decision| decision.pointer("/hookSpecificOutput/permissionDecision"));
    if held.code != Some(2) && (held.code != Some(0) || denied.and_then(Value::as_str) != Some("deny")) {
        let code = held.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(format!("a call that a rule holds was answered with {code} and {:?}", first_line(&held)));
    }
    let started = Instant::now();
    let passed = call(entry, dir.path(), &project, "true")?;
    let took = started.elapsed();
    if passed.code != Some(0) || !passed.out.is_empty() {
        return Err(format!("a call that no rule holds did not pass in silence: {:?}", first_line(&passed)));
    }
    Ok(took)
}

fn first_line(said: &super::Said) -> String {
    [&said.out, &said.err].iter().find_map(|text| text.lines().next()).unwrap_or_default().chars().take(200).collect()
}

fn call(entry: &Entry, home: &Path, project: &Path, command: &str) -> Result<super::Said, String> {
    let mut run = match &entry.args {
        Some(args) => {
            let mut run = Command::new(&entry.command);
            run.args(args);
            run
        }
        None => {
            let mut run = Command::new("sh");
            run.arg("-c").arg(&entry.command);
            run
        }
    };
    run.current_dir(project)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("CLAUDE_CONFIG_DIR", home.join("claude"))
        .env("CLAUDE_PROJECT_DIR", project);
    let event = json!({
        "session_id": "canary", "cwd": project, "permission_mode": "bypassPermissions", "hook_event_name": "PreToolUse",
        "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "canary",
    });
    said(&mut run, event.to_string().as_bytes(), PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::prove;
    use crate::domain::doctor::Level;
    use serde_json::json;

    fn proved(script: &str) -> Vec<crate::domain::doctor::Finding> {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("hnpwb");
        std::fs::write(&program, format!("#!/bin/sh\ncall=$(cat)\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let file = dir.path().join("settings.json");
        let handler = json!({"type": "command", "command": program, "args": ["hook"], "timeout": 9});
        std::fs::write(&file, json!({"hooks": {"PreToolUse": [{"hooks": [handler]}]}}).to_string()).unwrap();
        prove(&file)
    }

    const DENY: &str = r#"echo '{"hookSpecificOutput":{"permissionDecision":"deny"}}'"#;

    #[test]
    fn a_hook_that_denies_what_is_held_and_nothing_else_is_proved() {
        let found = proved(&format!("case \"$call\" in *hnpwb-canary-call*) {DENY};; esac"));
        assert_eq!((found.len(), found[0].level), (1, Level::Ok), "{found:?}");
    }

    #[test]
    fn one_that_lets_pass_holds_everything_or_fails_is_not() {
        for script in ["exit 0", "exit 1", DENY, "exit 2", "echo '{}'"] {
            let found = proved(script);
            assert_eq!(found[0].level, Level::Fail, "{script}: {found:?}");
        }
    }

    #[test]
    fn without_a_registration_there_is_nothing_to_prove() {
        let dir = tempfile::tempdir().unwrap();
        assert!(prove(&dir.path().join("none.json")).is_empty());
    }
}
