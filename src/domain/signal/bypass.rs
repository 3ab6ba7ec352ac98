//! `bypass`: the agent tried to get past a gate, a hook or a check.

use super::{Desk, News, Proof, Rule, Settings};
use crate::domain::work::{Act, Deed, Outcome, Work};

/// Words of a command by which another one is known as the same attempt.
const WORDS: usize = 2;

#[derive(Debug)]
struct Bypass {
    settings: Settings,
    /// A command that was refused: its first words, its line, and calls since.
    refused: Option<(String, Proof, usize)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Bypass { settings: settings.clone(), refused: None })
}

/// Programs that only look at the words they are given, or write them.
const LOOKS: [&str; 9] = ["grep", "rg", "echo", "printf", "cat", "sed", "awk", "man", "less"];

/// True if a part of a command line has these words, and is no search for them.
fn runs_with(command: &str, words: &str) -> bool {
    let parts = command.split(['\n', ';', '&', '|']).filter(|part| part.contains(words));
    let mut programs = parts.map(|part| part.split_whitespace().next().unwrap_or_default());
    programs.any(|program| !LOOKS.contains(&program.rsplit('/').next().unwrap_or(program)))
}

fn first_words(command: &str) -> String {
    command.split_whitespace().take(WORDS).collect::<Vec<_>>().join(" ")
}

impl Bypass {
    fn words(&self, act: &Act) -> Option<String> {
        match &act.deed {
            Deed::Run(command) => {
                let found = self.settings.names("commands").iter().find(|words| runs_with(command, words))?;
                Some(format!("a command with {found}"))
            }
            Deed::Edit(files) => {
                let names = self.settings.names("files");
                let touched = files.iter().find(|file| names.iter().any(|name| file.path.contains(name.as_str())))?;
                Some(format!("it changes {}, which holds it to its rules", touched.path))
            }
            Deed::Read(_) | Deed::Other(_) => None,
        }
    }
}

impl Rule for Bypass {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                self.refused = None;
            }
            News::Called(call) => {
                let Some(severity) = self.settings.severity(1.0) else { return };
                let cause = format!("at {}", call.act.place.offset);
                if let Some(words) = self.words(call.act) {
                    desk.raise(&cause, severity, call.act.place.at, words, &[Proof::of(call.act)]);
                    return;
                }
                let Some((words, refused, since)) = &mut self.refused else { return };
                *since += 1;
                let Deed::Run(command) = &call.act.deed else { return };
                // In another wrapping it is still the same attempt.
                if *since <= self.settings.count("calls") && command.contains(words.as_str()) {
                    let detail = format!("what was refused is tried again: {command}");
                    let proofs = [refused.clone(), Proof::of(call.act)];
                    desk.raise(&cause, severity, call.act.place.at, detail, &proofs);
                }
            }
            News::Answered(answer) if answer.act.outcome == Outcome::Refused => {
                if let Deed::Run(command) = &answer.act.deed {
                    self.refused = Some((first_words(command), Proof::of_result(answer.act), 0));
                }
            }
            News::Answered(answer) => {
                // It was let through this time.
                if let (Deed::Run(command), Some((words, ..))) = (&answer.act.deed, &self.refused)
                    && command.contains(words.as_str())
                    && answer.act.outcome == Outcome::Succeeded
                {
                    self.refused = None;
                }
            }
            News::Said(..) | News::Compacted(_) => {}
        }
    }
}
