//! What people call a status, in words.

use super::TaskStatus;

/// Words and what they say. The first that is found decides, so the narrower ones come first.
const WORDS: [(&str, TaskStatus); 49] = [
    ("not ", TaskStatus::Todo),
    ("incomplete", TaskStatus::Todo),
    ("unfinished", TaskStatus::Todo),
    ("fail", TaskStatus::Other),
    ("broken", TaskStatus::Other),
    ("cancel", TaskStatus::Other),
    ("abandon", TaskStatus::Other),
    ("dropped", TaskStatus::Other),
    ("archived", TaskStatus::Other),
    ("wontfix", TaskStatus::Other),
    ("won't", TaskStatus::Other),
    ("review", TaskStatus::Review),
    ("clarif", TaskStatus::Review),
    ("question", TaskStatus::Review),
    ("unclear", TaskStatus::Review),
    ("decision", TaskStatus::Review),
    ("investigat", TaskStatus::Review),
    ("uat", TaskStatus::Review),
    ("testing", TaskStatus::Review),
    ("verification", TaskStatus::Review),
    ("blocked", TaskStatus::Blocked),
    ("paused", TaskStatus::Blocked),
    ("on hold", TaskStatus::Blocked),
    ("on-hold", TaskStatus::Blocked),
    ("waiting", TaskStatus::Blocked),
    ("deferred", TaskStatus::Blocked),
    ("postponed", TaskStatus::Blocked),
    ("suspended", TaskStatus::Blocked),
    ("stuck", TaskStatus::Blocked),
    ("in progress", TaskStatus::InProgress),
    ("in-progress", TaskStatus::InProgress),
    ("in_progress", TaskStatus::InProgress),
    ("doing", TaskStatus::InProgress),
    ("wip", TaskStatus::InProgress),
    ("ongoing", TaskStatus::InProgress),
    ("working", TaskStatus::InProgress),
    ("active", TaskStatus::InProgress),
    ("started", TaskStatus::InProgress),
    ("to do", TaskStatus::Todo),
    ("to-do", TaskStatus::Todo),
    ("todo", TaskStatus::Todo),
    ("pending", TaskStatus::Todo),
    ("planned", TaskStatus::Todo),
    ("backlog", TaskStatus::Todo),
    ("queued", TaskStatus::Todo),
    ("draft", TaskStatus::Todo),
    ("complete", TaskStatus::Done),
    ("finished", TaskStatus::Done),
    ("done", TaskStatus::Done),
];

/// The status that `words` speak of; [`TaskStatus::Other`] when they speak of none.
pub fn status(words: &str) -> TaskStatus {
    let words = words.to_lowercase();
    let begins_a_word = |at: usize| !words[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    let says = |word: &str| words.match_indices(word).any(|(at, _)| begins_a_word(at));
    match WORDS.iter().find(|(word, _)| says(word)) {
        Some((_, status)) => *status,
        None if ["ready", "open", "new"].contains(&words.trim()) => TaskStatus::Todo,
        None if ["closed", "resolved", "merged", "shipped"].contains(&words.trim()) => TaskStatus::Done,
        None => TaskStatus::Other,
    }
}

/// Whether words say that something was given up or has failed.
pub fn is_given_up(words: &str) -> bool {
    let words = words.to_lowercase();
    WORDS.iter().any(|(word, status)| *status == TaskStatus::Other && words.contains(word))
}

/// Words that may stand in a heading that names a status and nothing else.
const FILLERS: [&str; 17] = [
    "tasks",
    "task",
    "items",
    "item",
    "work",
    "features",
    "the",
    "and",
    "for",
    "all",
    "list",
    "current",
    "currently",
    "now",
    "high",
    "low",
    "priority",
];

/// The status that a heading gives to what stands below it: `BACKLOG`, `In Progress`, `Completed tasks (3)`.
/// `None` for a heading that is about something.
pub fn section(heading: &str) -> Option<TaskStatus> {
    let exact = match what(heading).as_str() {
        "backlog" | "todo" | "to do" | "to-do" | "pending" | "planned" | "not started" | "upcoming" | "next"
        | "next up" | "queued" => TaskStatus::Todo,
        "in progress" | "in-progress" | "doing" | "wip" | "ongoing" | "active" => TaskStatus::InProgress,
        "blocked" | "paused" | "on hold" | "waiting" | "deferred" => TaskStatus::Blocked,
        "review" | "in review" | "needs review" | "ready for review" | "ready for uat" | "needs clarification" => {
            TaskStatus::Review
        }
        "done" | "completed" | "complete" | "finished" | "recently completed" => TaskStatus::Done,
        "cancelled" | "canceled" | "abandoned" | "dropped" => TaskStatus::Other,
        _ => return None,
    };
    Some(exact)
}

/// Whether a heading only groups what stands below it: `Current work`, `All tasks`.
pub fn is_grouping(heading: &str) -> bool {
    heading.contains(char::is_alphanumeric) && what(heading).is_empty()
}

/// The words of a heading, in lower case, that are about something.
fn what(heading: &str) -> String {
    let heading = heading.to_lowercase();
    let rest = heading.split_once('(').map_or(heading.as_str(), |(before, _)| before);
    let rest = rest.trim_matches(|c: char| !c.is_alphanumeric());
    let words = rest.split(|c: char| c.is_whitespace() || c == '/' || c == '&');
    words.filter(|word| !word.is_empty() && !FILLERS.contains(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a text is nothing but a status, as it may follow a mark at the end of a title: `**COMPLETE** (100%)`.
pub fn is_bare_status(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '%').filter(|word| !word.is_empty());
    words.clone().count() <= 4
        && words.into_iter().all(|word| {
            let word = word.to_lowercase();
            word.chars().all(|c| c.is_ascii_digit() || c == '%')
                || matches!(
                    word.as_str(),
                    "in" | "on" | "hold" | "progress" | "not" | "to" | "do" | "all" | "ready" | "for" | "yet"
                )
                || status(&word) != TaskStatus::Other
        })
}

#[cfg(test)]
mod tests {
    use super::{TaskStatus, is_bare_status, is_grouping, section, status};

    #[test]
    fn negations_are_never_done() {
        for words in ["Not complete", "incomplete", "not started", "NOT DONE yet"] {
            assert_eq!(status(words), TaskStatus::Todo, "{words}");
        }
        assert_eq!(status("Failed / done wrong"), TaskStatus::Other);
        assert_eq!(status("abandoned"), TaskStatus::Other);
    }

    #[test]
    fn common_words_have_their_status() {
        let cases = [
            ("Complete", TaskStatus::Done),
            ("Done", TaskStatus::Done),
            ("In Progress", TaskStatus::InProgress),
            ("To Do", TaskStatus::Todo),
            ("Needs review", TaskStatus::Review),
            ("Blocked by infrastructure", TaskStatus::Blocked),
            ("deferred", TaskStatus::Blocked),
            ("Ready", TaskStatus::Todo),
            ("Purple", TaskStatus::Other),
            ("", TaskStatus::Other),
        ];
        for (words, expected) in cases {
            assert_eq!(status(words), expected, "{words}");
        }
    }

    #[test]
    fn only_a_heading_that_is_about_nothing_else_is_a_section() {
        assert_eq!(section("BACKLOG"), Some(TaskStatus::Todo));
        assert_eq!(section("Completed Tasks (3)"), Some(TaskStatus::Done));
        assert_eq!(section("Current work in progress:"), Some(TaskStatus::InProgress));
        assert_eq!(section("Backlog sync of fabrics"), None);
        assert_eq!(section("Done means deployed"), None);
        assert_eq!(section(""), None);
        assert!(is_grouping("Current work:") && !is_grouping("Current work on sync") && !is_grouping("—"));
    }

    #[test]
    fn what_follows_a_mark_is_a_status_or_prose() {
        for text in ["", "**COMPLETE**", " (50%)", "IN PROGRESS", " - done!"] {
            assert!(is_bare_status(text), "{text}");
        }
        for text in ["and wrote the docs", "complete the form with care", "by the operator"] {
            assert!(!is_bare_status(text), "{text}");
        }
    }
}
