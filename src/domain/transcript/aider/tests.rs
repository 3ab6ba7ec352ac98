//! A history of aider, written by hand after its own writer.

use proptest::prelude::*;

use super::{Aider, lines};
use crate::domain::transcript::format::Format;
use crate::domain::transcript::{Body, Digest, Step, Tone};

const HISTORY: &str = "
# aider chat started at 2026-11-20 10:00:00

> Aider v0.90.0
> Model: gpt-5.5 with diff edit format

#### add a test
#### for the parser

Here it is:

```rust
#[test]
```

> Tokens: 12k sent, 1.2k received. Cost: $0.05 message, $0.31 session.
> Applied edit to src/parser.rs
";

fn shown(history: &str) -> Vec<Body> {
    let lines = lines(history.as_bytes());
    lines.split(|byte| *byte == b'\n').flat_map(|line| Aider.entries(0, line)).map(|entry| entry.body).collect()
}

fn digest(history: &str) -> Digest {
    let mut digest = Digest::new(false);
    for line in lines(history.as_bytes()).split(|byte| *byte == b'\n') {
        Aider.read(&mut digest, line, None);
    }
    digest
}

#[test]
fn runs_of_lines_are_what_they_were() {
    let shown = shown(HISTORY);
    assert_eq!(shown.len(), 5, "{shown:?}");
    assert!(matches!(&shown[0], Body::Note { text, .. } if text == "chat started: 2026-11-20 10:00:00"));
    assert!(
        matches!(&shown[1], Body::Note { text, .. } if text == "Aider v0.90.0 Model: gpt-5.5 with diff edit format")
    );
    assert!(matches!(&shown[2], Body::Prompt(text) if text.kept == "add a test\nfor the parser"));
    assert!(matches!(&shown[3], Body::Said(text) if text.kept == "Here it is:\n\n```rust\n#[test]\n```"));
    assert!(matches!(&shown[4], Body::Note { tone: Tone::Info, text } if text.starts_with("Tokens: 12k")));
}

#[test]
fn a_turn_is_over_when_its_tokens_are_told() {
    let found = digest(HISTORY);
    assert_eq!(
        (found.counts.prompts, found.step.clone(), found.title()),
        (1, Step::Ended, Some("add a test for the parser"))
    );
    assert!(found.last_activity.is_some());
    let (open, _) = HISTORY.split_once("Here").unwrap();
    assert_eq!(digest(open).step, Step::Asked);
    let failed = format!("{open}> litellm.APIError: gone\n");
    assert_eq!((digest(&failed).step, digest(&failed).counts.errors), (Step::Failed, 1));
}

#[test]
fn what_is_added_to_a_history_only_adds_lines() {
    let before = lines(HISTORY.as_bytes());
    let after = lines(format!("{HISTORY}\n#### more\n").as_bytes());
    assert!(after.starts_with(&before) && after.len() > before.len());
}

proptest! {
    #[test]
    fn no_word_of_an_answer_is_lost(words in "[a-z #>`]{0,60}") {
        let history = format!("#### x\n\n{words}\n");
        let all: String = shown(&history).iter().map(|body| match body {
            Body::Prompt(text) | Body::Said(text) => text.kept.clone(),
            Body::Note { text, .. } => text.clone(),
            other => panic!("{other:?}"),
        }).collect();
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        prop_assert_eq!(letters(&all), letters(&history));
    }
}
