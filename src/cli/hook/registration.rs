//! The timeout that a hook was registered with: behind it Claude Code lets the call run, so the answer must come before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::config::paths::Paths;

/// Claude Code's timeout for a hook that names none.
const DEFAULT: Duration = Duration::from_secs(600);
/// What is taken for the timeout of a hook that is registered where nobody could look (managed settings, a plugin): the
/// shortest default that any version of Claude Code had. Too short refuses a call; too long lets one run.
const UNKNOWN: Duration = Duration::from_secs(60);

/// The shortest timeout under which `hnpwb hook` is registered for this event in the settings of the user or of these
/// projects; 60 s when it is found in none of them.
pub fn timeout<'a>(paths: &Paths, event: &str, projects: impl Iterator<Item = &'a Path>) -> Duration {
    let mut files: Vec<PathBuf> = paths.claude.iter().map(|dir| dir.join("settings.json")).collect();
    files.push(paths.home.join(".codex/hooks.json"));
    for project in projects {
        files.push(project.join(".claude/settings.json"));
        files.push(project.join(".claude/settings.local.json"));
        files.push(project.join(".codex/hooks.json"));
    }
    let texts = files.iter().filter_map(|file| std::fs::read(file).ok());
    texts.filter_map(|text| shortest(&text, event)).min().unwrap_or(UNKNOWN)
}

/// The shortest timeout in one settings file.
fn shortest(text: &[u8], event: &str) -> Option<Duration> {
    let settings: Value = serde_json::from_slice(text).ok()?;
    let groups = settings.get("hooks")?.get(event)?.as_array()?;
    let handlers = groups.iter().filter_map(|group| group.get("hooks")?.as_array()).flatten();
    handlers.filter(|handler| is_ours(handler)).map(seconds).min()
}

fn is_ours(handler: &Value) -> bool {
    let command = handler.get("command").and_then(Value::as_str).unwrap_or_default();
    let args = handler.get("args").and_then(Value::as_array);
    let hook = args.map_or_else(
        || command.split_whitespace().any(|word| word.trim_matches(['"', '\'']) == "hook"),
        |args| args.iter().any(|arg| arg == "hook"),
    );
    hook && command.contains("hnpwb")
}

fn seconds(handler: &Value) -> Duration {
    let timeout = handler.get("timeout").and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
    timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, UNKNOWN, shortest, timeout};
    use crate::config::paths::Paths;
    use std::time::Duration;

    #[test]
    fn the_shortest_timeout_of_our_own_entries_counts() {
        let settings = br#"{"hooks": {"PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "/bin/hnpwb hook", "timeout": 3600}]},
            {"hooks": [{"type": "command", "command": "/bin/hnpwb", "args": ["hook"], "timeout": 900},
                       {"type": "command", "command": "other hook", "timeout": 1}]}]}}"#;
        assert_eq!(shortest(settings, "PreToolUse"), Some(Duration::from_secs(900)));
    }

    #[test]
    fn an_entry_without_a_timeout_has_the_default_one() {
        let settings = br#"{"hooks": {"PreToolUse": [{"hooks": [{"command": "\"/x y/hnpwb\" hook"}]}]}}"#;
        assert_eq!(shortest(settings, "PreToolUse"), Some(DEFAULT));
    }

    #[test]
    fn a_hook_that_is_registered_out_of_sight_answers_before_any_default() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::from_vars(|name| (name == "HOME").then(|| home.path().as_os_str().to_owned()));
        assert_eq!(timeout(&paths, "PreToolUse", std::iter::empty()), UNKNOWN);
        std::fs::create_dir(home.path().join(".claude")).unwrap();
        let settings = r#"{"hooks": {"PreToolUse": [{"hooks": [{"command": "hnpwb hook"}]}]}}"#;
        std::fs::write(home.path().join(".claude/settings.json"), settings).unwrap();
        assert_eq!(timeout(&paths, "PreToolUse", std::iter::empty()), DEFAULT);
    }

    #[test]
    fn what_is_no_registration_has_no_timeout() {
        for settings in
            ["", "[]", "{}", r#"{"hooks":{"PreToolUse":[{"hooks":[{"command":"hnpwb doctor","timeout":1}]}]}}"#]
        {
            assert_eq!(shortest(settings.as_bytes(), "PreToolUse"), None, "{settings}");
        }
    }
}
