//! A passage of one agent's transcript for another agent, with its source.

use super::{Draft, one_line};
use crate::domain::redact::Redactor;

/// Characters of the quoted passage's first line that stand in the title.
const TITLE: usize = 60;

/// Makes the brief: what was quoted, whose it is, and how far it is to be believed. `quote` is the passage as
/// [`crate::domain::transcript::passage::Passage::cited`] writes it as a quote, with its source in its last line.
pub fn make(from: &str, to: &str, quote: &str, redactor: &Redactor) -> Draft {
    let quote = redactor.redact(quote);
    let from = redactor.redact(&one_line(from)).into_owned();
    let first = quote.lines().map(|line| one_line(line.trim_start_matches('>'))).find(|line| !line.is_empty());
    let first: String = first.unwrap_or_default().chars().take(TITLE).collect();
    let title = format!("From {from}: {first}");
    let text = format!(
        "# {title}\n\nThe operator passes this on to you from {from}, another agent of this project. It is what that agent said or \
         saw, not something that was checked; its last line says where it stands.\n\n{}\n\n## Success criteria\n\n- [ ] \
         What of it bears on your task is taken into account, or it is said why not.\n\n## Evidence to show\n\nHow you checked \
         what you build on before you relied on it: a command and its result, or a file and line. Say so if it contradicts \
         what you see. Ask if it is not clear what it means for you.",
        quote.trim_end()
    );
    Draft { template: "relay".to_owned(), agent: Some(one_line(to)), text, ..Draft::default() }
}

#[cfg(test)]
mod tests {
    use super::make;
    use crate::domain::brief::check::check;
    use crate::domain::brief::facts::Facts;
    use crate::domain::brief::lint::Aim;
    use crate::domain::redact::Redactor;

    #[test]
    fn a_relay_keeps_the_source_and_hides_secrets() {
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        let quote = format!("> the port is 8443\n> token {secret}\n>\n> — api, /t/a.jsonl:7\n");
        let made = make("api", "docs", &quote, &Redactor::default());
        assert_eq!((made.title().as_str(), made.agent.as_deref()), ("From api: the port is 8443", Some("docs")));
        assert!(made.text.contains("> — api, /t/a.jsonl:7") && !made.text.contains(&secret[8..]), "{}", made.text);
        assert!(made.text.starts_with("# From api"));
        let found = check(&made.text, &Aim::default(), &Facts::default(), &Redactor::default());
        assert_eq!(found.errors(), 0, "{:?}", found.findings);
    }
}
