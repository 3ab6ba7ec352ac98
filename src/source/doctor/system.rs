//! The machine: folders, limits on watches, git, and the session's files.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::config::paths::Paths;
use crate::domain::doctor::Finding;

use super::said;
use super::terminal::writable;

/// Watches below which large projects are polled in part.
const FEW_WATCHES: u64 = 65_536;
/// Instances below which a second program of this kind may find none left.
const FEW_INSTANCES: u64 = 128;

/// Folders of the user's, the limits of inotify, and git.
pub fn look(paths: &Paths, state_dir: &Path) -> Vec<Finding> {
    let mut findings = vec![
        writable("folders", &paths.runtime, "sockets"),
        writable("folders", &paths.state, "log and caches"),
        writable("folders", state_dir, "journal, briefs and evidence"),
    ];
    findings.push(socket_path(paths));
    findings.extend(inotify(Path::new("/proc/sys/fs/inotify")));
    findings.push(git());
    findings
}

/// A socket's path may be no longer than about a hundred bytes (unix(7)).
fn socket_path(paths: &Paths) -> Finding {
    const LONGEST: usize = 107;
    let length = paths.socket(Path::new("/")).as_os_str().len();
    if length <= LONGEST {
        return Finding::ok("folders", format!("the gate socket's path has {length} bytes"));
    }
    let found = format!("the gate socket's path has {length} bytes, {LONGEST} are possible: no agent can be held");
    Finding::fail("folders", found, "set XDG_RUNTIME_DIR to a shorter path")
}

fn inotify(folder: &Path) -> Vec<Finding> {
    const AREA: &str = "inotify";
    let limit = |name: &str| std::fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let (Some(watches), Some(instances)) = (limit("max_user_watches"), limit("max_user_instances")) else {
        return vec![Finding::warn(AREA, "its limits cannot be read", "files are polled where they cannot be watched")];
    };
    let judge = |found: u64, few: u64, name: &str| {
        if found >= few {
            return Finding::ok(AREA, format!("{name} is {found}"));
        }
        let remedy = format!("sudo sysctl fs.inotify.{name}={}", few.max(found.saturating_mul(4)));
        Finding::warn(AREA, format!("{name} is {found}: what cannot be watched is polled"), remedy)
    };
    vec![judge(watches, FEW_WATCHES, "max_user_watches"), judge(instances, FEW_INSTANCES, "max_user_instances")]
}

fn git() -> Finding {
    match said(Command::new("git").arg("--version"), b"", Duration::from_secs(10)) {
        Ok(found) if found.code == Some(0) => Finding::ok("git", found.out.trim().to_owned()),
        Ok(found) => Finding::warn(
            "git",
            format!("git says {:?}", found.err.trim()),
            "agents need it, hnpwb reads repositories itself",
        ),
        Err(error) => Finding::warn("git", format!("git: {error}"), "agents need it, hnpwb reads repositories itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::inotify;
    use crate::domain::doctor::Level;

    #[test]
    fn low_limits_are_named_with_the_command_that_raises_them() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(inotify(dir.path())[0].level, Level::Warn);
        std::fs::write(dir.path().join("max_user_watches"), "8192\n").unwrap();
        std::fs::write(dir.path().join("max_user_instances"), "128\n").unwrap();
        let found = inotify(dir.path());
        assert_eq!((found[0].level, found[1].level), (Level::Warn, Level::Ok));
        assert!(found[0].remedy.contains("fs.inotify.max_user_watches=65536"), "{found:?}");
    }
}
