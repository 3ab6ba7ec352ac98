//! The terminal, tmux, and the way to a clipboard, as far as they can be known without asking the terminal itself.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::domain::doctor::{Finding, version};

use super::said;

/// The oldest tmux with all that is used: `copy-mode -q`, `load-buffer -w`, `extended-keys`.
const TMUX: [u64; 2] = [3, 2];
/// How long tmux may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the environment: variables by name.
pub type Vars<'v> = &'v dyn Fn(&str) -> Option<String>;

/// Everything there is to say of terminal, tmux and clipboard.
pub fn look(vars: Vars<'_>) -> Vec<Finding> {
    let mut findings = terminal(vars);
    match vars("TMUX").filter(|value| !value.is_empty()) {
        Some(_) => findings.extend(tmux()),
        None => findings.push(outside(vars)),
    }
    findings.push(clipboard(vars));
    findings
}

/// Colours, characters, and frames that are drawn at once.
fn terminal(vars: Vars<'_>) -> Vec<Finding> {
    const AREA: &str = "terminal";
    let name = vars("TERM").unwrap_or_default();
    let mut findings = Vec::new();
    findings.push(match name.as_str() {
        "" => Finding::fail(AREA, "TERM is not set", "set it to the terminal's name, such as xterm-256color"),
        "dumb" => Finding::fail(AREA, "TERM is dumb: nothing can be drawn", "run hnpwb in a terminal"),
        _ => Finding::ok(AREA, format!("TERM is {name}")),
    });
    let direct = matches!(vars("COLORTERM").as_deref(), Some("truecolor" | "24bit"));
    findings.push(if vars("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        Finding::ok(AREA, "NO_COLOR is set: drawn without colours")
    } else if direct || name.ends_with("-direct") {
        Finding::ok(AREA, "24-bit colours")
    } else {
        let remedy =
            "themes are drawn with the nearest of fewer colours; set COLORTERM=truecolor if the terminal has them";
        Finding::warn(AREA, "24-bit colours are not announced (COLORTERM)", remedy)
    });
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| vars(name).filter(|value| !value.is_empty()));
    let unicode = locale.as_deref().is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    findings.push(match (unicode, &locale) {
        (true, Some(locale)) => Finding::ok(AREA, format!("Unicode ({locale})")),
        _ => Finding::warn(
            AREA,
            format!("the locale is {}, which is not UTF-8", locale.as_deref().unwrap_or("not set")),
            "set LANG to one that is, such as C.UTF-8, or start hnpwb --ascii",
        ),
    });
    findings
}

fn outside(vars: Vars<'_>) -> Finding {
    const AREA: &str = "tmux";
    let ssh = vars("SSH_CONNECTION").is_some();
    let more = if ssh { " over ssh" } else { "" };
    match said(Command::new("tmux").arg("-V"), b"", PATIENCE) {
        Ok(found) => Finding::warn(
            AREA,
            format!("{} is installed, and this terminal is not in it{more}", found.out.trim()),
            "start hnpwb in tmux to deliver briefs into panes",
        ),
        Err(_) => {
            Finding::warn(AREA, format!("tmux is not installed{more}"), "install tmux to deliver briefs into panes")
        }
    }
}

/// Version and options of the tmux that this runs in.
fn tmux() -> Vec<Finding> {
    const AREA: &str = "tmux";
    let ask =
        |args: &[&str]| said(Command::new("tmux").args(args), b"", PATIENCE).ok().filter(|found| found.code == Some(0));
    let Some(found) = ask(&["-V"]) else {
        return vec![Finding::fail(AREA, "TMUX is set, and tmux cannot be run", "put tmux on the PATH")];
    };
    let text = found.out.trim().to_owned();
    let mut findings = vec![match version(&text) {
        Some(found) if found.as_slice() >= TMUX.as_slice() => Finding::ok(AREA, text),
        _ => Finding::warn(AREA, format!("{text} is older than 3.2"), "update tmux: copies and deliveries rest on it"),
    }];
    let option = |name: &str| ask(&["show-options", "-gqv", name]).or_else(|| ask(&["show-options", "-sqv", name]));
    let value = |name: &str| {
        let global = ask(&["show-options", "-gqv", name]).map(|found| found.out.trim().to_owned());
        let server = || ask(&["show-options", "-sqv", name]).map(|found| found.out.trim().to_owned());
        global.filter(|value| !value.is_empty()).or_else(server).unwrap_or_default()
    };
    if option("focus-events").is_some() {
        findings.push(match value("focus-events").as_str() {
            "on" => Finding::ok(AREA, "focus-events is on"),
            _ => Finding::warn(
                AREA,
                "focus-events is off, so it is not known whether you are looking",
                "tmux set -g focus-events on",
            ),
        });
    }
    findings.push(match value("set-clipboard").as_str() {
        "off" => Finding::warn(AREA, "set-clipboard is off: copies stay in tmux", "tmux set -s set-clipboard external"),
        other => Finding::ok(AREA, format!("set-clipboard is {other}")),
    });
    let delay: u64 = value("escape-time").parse().unwrap_or(0);
    if delay > 100 {
        let found = format!("escape-time is {delay} ms: esc answers late");
        findings.push(Finding::warn(AREA, found, "tmux set -s escape-time 10"));
    }
    let lines: u64 = value("history-limit").parse().unwrap_or(0);
    if lines > 0 && lines < 2_000 {
        findings.push(Finding::warn(
            AREA,
            format!("history-limit is {lines} lines"),
            "tmux set -g history-limit 50000",
        ));
    }
    let features = ask(&["display-message", "-p", "#{client_termfeatures}"]).map(|found| found.out).unwrap_or_default();
    findings.push(if features.split(',').any(|feature| feature.trim() == "sync") {
        Finding::ok(AREA, "frames are drawn at once (synchronized output)")
    } else {
        let remedy = "if the terminal can: tmux set -as terminal-features ',*:sync'";
        Finding::warn(AREA, "it is not known whether frames are drawn at once (synchronized output)", remedy)
    });
    findings
}

/// Which way a copy goes from here.
fn clipboard(vars: Vars<'_>) -> Finding {
    const AREA: &str = "clipboard";
    if vars("TMUX").is_some_and(|value| !value.is_empty()) {
        return Finding::ok(AREA, "through tmux (load-buffer -w), read back from its buffer");
    }
    let desktop = vars("WAYLAND_DISPLAY").is_some() || vars("DISPLAY").is_some();
    let remedy = "start hnpwb in tmux for copies that are confirmed; the text is kept in a file in any case";
    let more = if desktop { "" } else { ", and there is no desktop here" };
    Finding::warn(AREA, format!("through the terminal (OSC 52), which does not confirm it{more}"), remedy)
}

/// Whether a folder can be written, as a finding of an area.
pub fn writable(area: &'static str, folder: &Path, what: &str) -> Finding {
    let nearest = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    match tempfile::tempfile_in(nearest) {
        Ok(_) => Finding::ok(area, format!("{what}: {}", folder.display())),
        Err(error) => Finding::fail(area, format!("{what}: {}: {error}", nearest.display()), "make it writable"),
    }
}

#[cfg(test)]
mod tests {
    use super::{clipboard, terminal};
    use crate::domain::doctor::Level;

    fn levels(vars: &[(&str, &str)]) -> Vec<Level> {
        let find = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        terminal(&find).into_iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn a_good_terminal_is_ok_and_a_poor_one_says_what_it_lacks() {
        let good = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "en_US.UTF-8")];
        assert_eq!(levels(&good), [Level::Ok; 3]);
        assert_eq!(
            levels(&[("TERM", "dumb"), ("LC_ALL", "C"), ("LANG", "C.UTF-8")]),
            [Level::Fail, Level::Warn, Level::Warn]
        );
        assert_eq!(levels(&[("TERM", "vt220"), ("NO_COLOR", "1"), ("LANG", "C.utf8")]), [Level::Ok; 3]);
    }

    #[test]
    fn a_copy_goes_through_tmux_where_there_is_one() {
        assert_eq!(clipboard(&|name| (name == "TMUX").then(|| "/tmp/t,1,0".to_owned())).level, Level::Ok);
        assert_eq!(clipboard(&|_| None).level, Level::Warn);
    }
}
