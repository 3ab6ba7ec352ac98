//! What a task's own words name: its id, whom it is given to, what it waits for.

/// Phrases that are followed by the ids of what a task waits for.
const WAITS: [&str; 5] = ["waits for", "waiting for", "depends on", "blocked by", "blocked on"];

/// Ids kept for one task.
pub const MOST: usize = 64;

/// The id that a text begins with, as trackers write them: capitals, a hyphen, a number: `HNP-12`, `T-3.1`.
pub fn leading_id(text: &str) -> Option<&str> {
    let letters = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = text.split_at(letters);
    let number = rest.strip_prefix('-')?;
    let digits = number.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let digits = number[..digits].trim_end_matches('.').len();
    let named = name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase());
    let ends = !number[digits..].starts_with(|c: char| c.is_alphanumeric() || c == '-');
    let numbered = number.starts_with(|c: char| c.is_ascii_digit());
    (named && numbered && ends).then(|| &text[..letters + 1 + digits])
}

/// Ids behind `waits for` and the like, in the order in which they stand.
pub fn waits_for(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<String> = Vec::new();
    for phrase in WAITS {
        for (at, _) in lower.match_indices(phrase) {
            let mut rest = &text[at + phrase.len()..];
            loop {
                rest = rest
                    .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '*' | '_' | '`' | '&'));
                rest = rest.strip_prefix("and ").unwrap_or(rest);
                let Some(id) = leading_id(rest).filter(|_| found.len() < MOST) else { break };
                if !found.iter().any(|known| known == id) {
                    found.push(id.to_owned());
                }
                rest = &rest[id.len()..];
            }
        }
    }
    found
}

/// A title without a name at its end that it is given to, and that name: `… *(tester)*`, `… (@tester)`, `… @tester`.
pub fn given_to(title: &str) -> (&str, Option<&str>) {
    let trimmed = title.trim_end();
    let (before, name) = if let Some(inner) = trimmed.strip_suffix(")*").or_else(|| trimmed.strip_suffix(")_")) {
        match inner.rfind("*(").or_else(|| inner.rfind("_(")) {
            Some(at) => (&inner[..at], inner[at + 2..].trim_start_matches('@')),
            None => return (title, None),
        }
    } else {
        match trimmed.trim_end_matches(')').rsplit_once('@') {
            Some((before, name)) if before.ends_with([' ', '(']) => (before.trim_end_matches('('), name),
            _ => return (title, None),
        }
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    if is_name && !before.trim().is_empty() { (before.trim_end(), Some(name)) } else { (title, None) }
}

#[cfg(test)]
mod tests {
    use super::{given_to, leading_id, waits_for};

    #[test]
    fn an_id_is_capitals_a_hyphen_and_a_number() {
        assert_eq!(leading_id("T-103 Attach it"), Some("T-103"));
        assert_eq!(leading_id("HNP2-4.1: sync"), Some("HNP2-4.1"));
        assert_eq!(leading_id("T-3. Then"), Some("T-3"));
        for text in ["Sync-2 it", "T-", "T-x", "TCP-based", "-1", "", "2026-11-20 notes", "A-1b", "UTF-8-clean", "é-1"]
        {
            assert_eq!(leading_id(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_task_waits_for_is_named_behind_a_phrase() {
        assert_eq!(waits_for("Move it, waits for T-302"), ["T-302"]);
        assert_eq!(waits_for("- **Depends on:** A-1, `A-2` and A-3, then B-1; blocked by A-2"), ["A-1", "A-2", "A-3"]);
        assert_eq!(waits_for("T-1 waits for nobody"), Vec::<String>::new());
    }

    #[test]
    fn a_name_at_the_end_is_whom_it_is_given_to() {
        assert_eq!(given_to("Badge *(netbox-engineer)*"), ("Badge", Some("netbox-engineer")));
        assert_eq!(given_to("Badge (@tester)"), ("Badge", Some("tester")));
        assert_eq!(given_to("Badge @tester "), ("Badge", Some("tester")));
        for title in ["Badge (red)", "mail a@b.example", "Badge *(red and blue)*", "*(x)*", "@x", "Badge )*", ""] {
            assert_eq!(given_to(title), (title, None), "{title}");
        }
    }
}
