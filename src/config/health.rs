//! The rules of health: the user's files in `$XDG_CONFIG_HOME/hnpwb/health/`, in the order of their names, before those that
//! are built in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::read;
use super::paths::Paths;
use super::problem::Problem;
use crate::domain::health::Rules;

/// Files that are read at most.
const FILES: usize = 100;

/// The rules, and everything that is wrong with the user's files. One with a mistake changes nothing, and costs no other.
pub fn load(paths: &Paths) -> (Arc<Rules>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut own = Rules::default();
    for file in files(&paths.config.join("health"), &mut problems) {
        match read(&file) {
            Ok(None) => {}
            Ok(Some(text)) => match parse(&text, &file) {
                (rules, wrong) if wrong.is_empty() => own = own.before(&rules),
                (_, wrong) => problems.extend(wrong),
            },
            Err(problem) => problems.push(problem),
        }
    }
    let built_in = Rules::built_in();
    let rules = if own == Rules::default() { built_in } else { Arc::new(own.before(&built_in)) };
    (rules, problems)
}

/// Reads a file of rules: what is right is returned beside everything that is wrong.
fn parse(text: &str, file: &Path) -> (Rules, Vec<Problem>) {
    let (rules, mistakes) = Rules::parse(text);
    let problems = mistakes.into_iter().map(|mistake| Problem::at(file, text, mistake.at, mistake.message));
    (rules, problems.collect())
}

fn files(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(Problem::whole(folder, format!("cannot be read: {error}")));
            return Vec::new();
        }
    };
    let is_rules = |file: &PathBuf| file.extension().is_some_and(|end| end == "toml");
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_rules).collect();
    found.sort();
    if found.len() > FILES {
        problems.push(Problem::whole(folder, format!("has more than {FILES} files; the first {FILES} are read")));
        found.truncate(FILES);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::load;
    use crate::config::paths::Paths;
    use crate::domain::health::{HealthState, Rules};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use std::fs;

    fn paths(folder: &tempfile::TempDir) -> Paths {
        let config = folder.path().as_os_str().to_owned();
        Paths::from_vars(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone()))
    }

    #[test]
    fn the_users_rules_come_first_and_a_bad_file_costs_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(&folder);
        assert_eq!(load(&paths), (Rules::built_in(), Vec::new()));
        let rules = paths.config.join("health");
        fs::create_dir_all(&rules).unwrap();
        let rule = |state: &str| {
            format!(
                "[[kind]]\ngroup = \"longhorn.io\"\nkind = \"Volume\"\n[[kind.rule]]\nwhen = \".status.robustness == degraded\"\nstate = \"{state}\"\n"
            )
        };
        fs::write(rules.join("a.toml"), "[[kind]]\nkind = 5\n").unwrap();
        fs::write(rules.join("b.toml"), rule("progressing")).unwrap();
        fs::write(rules.join("c.toml"), rule("suspended")).unwrap();
        fs::write(rules.join("notes.txt"), "not read").unwrap();
        let (found, problems) = load(&paths);
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].contains("a.toml:1:1: [[kind]] needs a \"group\"") && said[1].contains("a.toml:2:8:"),
            "{said:?}"
        );
        let volume =
            json!({ "apiVersion": "longhorn.io/v1", "kind": "Volume", "status": { "robustness": "degraded" } });
        assert_eq!(found.judge(&volume).health.state, HealthState::Progressing);
        assert_eq!(Rules::built_in().judge(&volume).health.state, HealthState::Degraded);
    }

    #[derive(Default)]
    struct Tally {
        all: u32,
        exact: u32,
        degraded: u32,
        degraded_as_healthy: u32,
        healthy: u32,
        healthy_as_degraded: u32,
    }

    /// Samples of `HNPWB_CR_HEALTH`: a folder of JSON files, each a list of `{expect, input, yaml}` with Argo CD's verdict. The
    /// words were chosen by half of the groups.
    #[test]
    fn judged_as_others_judge() {
        let Some(folder) = std::env::var_os("HNPWB_CR_HEALTH") else { return };
        let rules = Rules::built_in();
        let mut tallies = BTreeMap::from([("chosen by", Tally::default()), ("other half", Tally::default())]);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let group = name.split("__").next().unwrap();
            let hash = group.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
            let tally = tallies.get_mut(if hash % 2 == 1 { "chosen by" } else { "other half" }).unwrap();
            let samples: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            for sample in samples {
                let object: Value = serde_saphyr::from_str(sample["yaml"].as_str().unwrap()).unwrap();
                let found = match rules.judge(&object).health.state {
                    HealthState::Healthy => "Healthy",
                    HealthState::Degraded => "Degraded",
                    HealthState::Suspended => "Suspended",
                    // All of these kinds have a status by their schema, so that one without is on its way.
                    HealthState::Progressing | HealthState::Terminating | HealthState::NoSignal => "Progressing",
                    HealthState::Unknown | HealthState::NotPlaced => "Unknown",
                };
                let expected = sample["expect"].as_str().unwrap();
                tally.all += 1;
                tally.exact += u32::from(found == expected);
                tally.degraded += u32::from(expected == "Degraded");
                tally.degraded_as_healthy += u32::from((expected, found) == ("Degraded", "Healthy"));
                tally.healthy += u32::from(expected == "Healthy");
                tally.healthy_as_degraded += u32::from((expected, found) == ("Healthy", "Degraded"));
            }
        }
        let share = |part: u32, of: u32| 100.0 * f64::from(part) / f64::from(of.max(1));
        let said: Vec<String> = tallies
            .iter()
            .map(|(half, tally)| {
                format!(
                    "{half}: {} of {} exact ({:.1} %); degraded shown healthy {} of {}; healthy shown degraded {} of {}",
                    tally.exact,
                    tally.all,
                    share(tally.exact, tally.all),
                    tally.degraded_as_healthy,
                    tally.degraded,
                    tally.healthy_as_degraded,
                    tally.healthy
                )
            })
            .collect();
        let sum = |of: fn(&Tally) -> u32| tallies.values().map(of).sum::<u32>();
        let exact = share(sum(|tally| tally.exact), sum(|tally| tally.all));
        let wrong_green = share(sum(|tally| tally.degraded_as_healthy), sum(|tally| tally.degraded));
        let report = format!("{said:#?}\nall: {exact:.1} % exact, {wrong_green:.1} % of degraded shown healthy");
        // On standard output with --nocapture, for the figures of docs/health.md.
        std::io::Write::write_all(&mut std::io::stdout(), format!("{report}\n").as_bytes()).unwrap();
        assert!(exact >= 70.0 && wrong_green <= 3.0, "{report}");
    }
}
