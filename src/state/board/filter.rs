//! The filter of the board: words, and words that ask one field.

use crate::domain::task::Task;

use super::marks::Mark;

/// True if a task passes every word of a filter. `status:`, `id:`, `title:`, `file:`, `section:`, `to:` (whom the file gives
/// it to), `agent:`, `commit:`, `format:` and `waits:` (the ids it waits for) ask for a text there, `status:`, `id:` and
/// `commit:` for its beginning. `stale`, `waiting` (for a task that is not done), `blocking` and `unlinked` are tasks of which
/// that is so. Any other word is a text anywhere. A `-` in front turns a word round.
pub(super) fn admits(filter: &str, task: &Task, mark: &Mark) -> bool {
    filter.to_lowercase().split_whitespace().all(|word| match word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
        Some(word) => !passes(word, task, mark),
        None => passes(word, task, mark),
    })
}

/// Whether a task is the one of this id (in lower case), or stands below it: `T-1` asks for `T-1` and `T-1.2`, and not for
/// `T-12`.
pub fn is_called(id: &str, wanted: &str) -> bool {
    let id = id.to_lowercase();
    let bare = id.rsplit('/').next().unwrap_or_default();
    let below = |id: &str| {
        id.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', '-']))
    };
    !wanted.is_empty() && (below(&id) || below(bare))
}

fn passes(word: &str, task: &Task, mark: &Mark) -> bool {
    let contains = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
    let any = |texts: &[String], wanted: &str| texts.iter().any(|text| contains(text, wanted));
    let optional = |text: Option<&String>, wanted: &str| text.is_some_and(|text| contains(text, wanted));
    let file = || task.origin.file.to_string_lossy();
    if let Some((field, wanted)) = word.split_once(':') {
        match field {
            "status" => {
                return task.status.name().starts_with(wanted) || contains(&task.raw_status, wanted);
            }
            "id" | "task" => return is_called(&task.id, wanted),
            "title" => return contains(&task.title, wanted),
            "file" => return contains(&file(), wanted),
            "section" => return optional(task.section.as_ref(), wanted),
            "to" | "assignee" => return optional(task.assignee.as_ref(), wanted),
            "agent" => return any(&mark.agents, wanted),
            "commit" => return mark.commits.iter().any(|id| id.starts_with(wanted)),
            "format" => return task.format.starts_with(wanted),
            "waits" => return any(&task.depends_on, wanted),
            _ => {}
        }
    }
    match word {
        "stale" => return mark.stale,
        "waiting" => return !mark.waits.is_empty(),
        "blocking" => return !mark.blocks.is_empty(),
        "unlinked" => return mark.agents.is_empty() && mark.commits.is_empty() && mark.briefs == 0,
        _ => {}
    }
    [&task.id, &task.title, &task.raw_status].into_iter().any(|text| contains(text, word))
        || contains(task.status.name(), word)
        || optional(task.section.as_ref(), word)
        || optional(task.assignee.as_ref(), word)
        || any(&mark.agents, word)
}
