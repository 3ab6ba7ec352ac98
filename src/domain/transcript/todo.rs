//! To-do lists that an agent keeps.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json;
use crate::domain::text;

/// Items of a list that are kept.
const MOST: usize = 200;

/// Bytes of an item that are kept.
const ITEM: usize = 1_000;

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TodoItem {
    /// How far it is.
    pub status: TodoStatus,
    /// What is to be done, raw.
    pub text: String,
}

/// How far a thing to be done is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TodoStatus {
    /// Not begun.
    Open,
    /// At work.
    Doing,
    /// Done.
    Done,
    /// Given up.
    Dropped,
}

impl TodoStatus {
    fn named(name: &str) -> Self {
        match name {
            "completed" | "complete" | "done" => Self::Done,
            "in_progress" | "in-progress" | "active" => Self::Doing,
            "deleted" | "cancelled" | "canceled" | "dropped" => Self::Dropped,
            _ => Self::Open,
        }
    }
}

/// `3 of 7 done`; what was given up does not count.
pub fn progress(items: &[TodoItem]) -> String {
    let all = items.iter().filter(|item| item.status != TodoStatus::Dropped).count();
    let done = items.iter().filter(|item| item.status == TodoStatus::Done).count();
    format!("{done} of {all} done")
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input<'a> {
    #[serde(borrow)]
    todos: Option<&'a RawValue>,
    #[serde(borrow)]
    plan: Option<&'a RawValue>,
    #[serde(borrow)]
    subject: Option<&'a RawValue>,
    #[serde(borrow)]
    task_id: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    active_form: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    step: Option<&'a RawValue>,
    #[serde(borrow)]
    active_form: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

/// The list in the input of `TodoWrite`, `TaskCreate`, `TaskUpdate` or Codex's `update_plan`; `None` for other tools, and
/// where there is nothing in it.
pub(super) fn of_call(tool: &str, input: Option<&RawValue>) -> Option<Vec<TodoItem>> {
    let one = |text: String, status: Option<&RawValue>| {
        (!text.is_empty()).then(|| vec![TodoItem { status: status_of(status), text }])
    };
    let read: Input<'_> = json::fields(input);
    match tool {
        "TodoWrite" => many(read.todos),
        "update_plan" => many(read.plan),
        "TaskCreate" => one(head(read.subject), None),
        "TaskUpdate" => {
            let id = json::string(read.task_id).unwrap_or_default();
            let id = if id.is_empty() { json::number(read.task_id).map(|n| n.to_string()) } else { Some(id.into()) };
            let named = [read.subject, read.active_form].map(head).into_iter().find(|text| !text.is_empty());
            let id = id.map(|id| format!("#{}", text::prefix(&id, 60)));
            one([id, named].into_iter().flatten().collect::<Vec<_>>().join(" "), read.status)
        }
        _ => None,
    }
}

fn many(raw: Option<&RawValue>) -> Option<Vec<TodoItem>> {
    let items = json::elements::<&RawValue>(raw).into_iter().take(MOST).map(|raw| {
        let item: Item<'_> = json::fields(Some(raw));
        let named = [item.content, item.step, item.active_form].map(head).into_iter().find(|text| !text.is_empty());
        TodoItem { status: status_of(item.status), text: named.unwrap_or_else(|| "(no text)".to_owned()) }
    });
    Some(items.collect::<Vec<_>>()).filter(|items| !items.is_empty())
}

fn status_of(raw: Option<&RawValue>) -> TodoStatus {
    TodoStatus::named(&json::string(raw).unwrap_or(Cow::Borrowed("")))
}

fn head(raw: Option<&RawValue>) -> String {
    let head = json::head(raw, ITEM).unwrap_or_default();
    text::prefix(&head, ITEM).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{TodoStatus, of_call, progress};

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn items(tool: &str, json: &str) -> Vec<(TodoStatus, String)> {
        let items = of_call(tool, Some(raw(json))).unwrap_or_default();
        items.into_iter().map(|item| (item.status, item.text)).collect()
    }

    #[test]
    fn lists_of_claude_and_codex_are_read() {
        use TodoStatus::{Doing, Done, Open};
        let claude = r#"{"todos":[{"content":"read","status":"completed","activeForm":"Reading"},{"content":"write","status":"in_progress"},{"content":"test","status":"pending"},7]}"#;
        assert_eq!(
            items("TodoWrite", claude),
            [
                (Done, "read".to_owned()),
                (Doing, "write".to_owned()),
                (Open, "test".to_owned()),
                (Open, "(no text)".to_owned())
            ]
        );
        let codex =
            r#"{"explanation":"x","plan":[{"step":"look","status":"completed"},{"step":"act","status":"pending"}]}"#;
        assert_eq!(items("update_plan", codex), [(Done, "look".to_owned()), (Open, "act".to_owned())]);
        assert_eq!(progress(&of_call("update_plan", Some(raw(codex))).unwrap()), "1 of 2 done");
    }

    #[test]
    fn single_tasks_are_lists_of_one() {
        use TodoStatus::{Dropped, Open};
        assert_eq!(items("TaskCreate", r#"{"subject":"fix it","description":"d"}"#), [(Open, "fix it".to_owned())]);
        assert_eq!(items("TaskUpdate", r#"{"taskId":"3","status":"deleted"}"#), [(Dropped, "#3".to_owned())]);
        assert_eq!(items("TaskUpdate", r#"{"taskId":3,"subject":"s"}"#), [(Open, "#3 s".to_owned())]);
    }

    #[test]
    fn what_is_no_list_is_none() {
        assert_eq!(items("TodoWrite", r#"{"todos":"none"}"#), []);
        assert_eq!(items("Bash", r#"{"todos":[{"content":"x"}]}"#), []);
        assert_eq!(of_call("TodoWrite", None), None);
    }
}
