//! Trailers of a commit's message that name tasks: `Task: T-12`, `Refs: T-12, T-13`.

/// Keys whose value is a list of tasks and nothing else.
const EXPLICIT: [&str; 5] = ["task", "tasks", "task-id", "subtask", "board"];
/// Keys that name tasks among other things: `Closes: #12` is an issue, `Closes: T-12` a task.
const OTHERS: [&str; 10] =
    ["refs", "ref", "references", "closes", "fixes", "resolves", "issue", "part-of", "relates-to", "see"];

/// The trailers in the body of a message that may name tasks: key, value, and whether the key says that tasks are meant.
///
/// They stand in the last paragraph, as `git interpret-trailers` reads them; a paragraph with other lines in it counts as
/// long as the line itself is a trailer, since not every tool keeps them apart.
pub fn trailers(body: &str) -> impl Iterator<Item = (&str, &str, bool)> {
    let body = body.trim_end();
    let last = body.rfind("\n\n").map_or(body, |at| &body[at + 2..]);
    last.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        let (key, value) = (key.trim(), value.trim());
        let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(key));
        let explicit = is(&EXPLICIT);
        (!value.is_empty() && (explicit || is(&OTHERS))).then_some((key, value, explicit))
    })
}

#[cfg(test)]
mod tests {
    use super::trailers;

    #[test]
    fn trailers_stand_in_the_last_paragraph() {
        let body =
            "Task: T-1 was hard, see below.\n\nMore.\n\nTask: T-12\nRefs: T-3, #7\nSigned-off-by: x <x@y.example>\n";
        let found: Vec<_> = trailers(body).collect();
        assert_eq!(found, [("Task", "T-12", true), ("Refs", "T-3, #7", false)]);
        assert_eq!(trailers("").count(), 0);
        assert_eq!(trailers("TASK-ID:  7 ").collect::<Vec<_>>(), [("TASK-ID", "7", true)]);
    }
}
