//! Board files of every format. The first byte chooses the file's name.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use hnpwb::domain::task::{FORMATS, Task, distinguish, parse};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((name, text)) = data.split_first() else { return };
    let names = ["TASKS.md", ".taskmaster/tasks/tasks.json", "backlog/tasks/task-1 - one.md", "TODO.md"];
    let path = Path::new(names[usize::from(*name) % names.len()]);
    let text = String::from_utf8_lossy(text);
    let mut tasks: Vec<Arc<Task>> = parse(path, &text).tasks.into_iter().map(Arc::new).collect();
    distinguish(&mut tasks);
    let lines = text.lines().count() as u32;
    for (at, task) in tasks.iter().enumerate() {
        assert!(task.origin.line >= 1 && task.origin.line <= lines.max(1), "{task:?}");
        assert!(tasks[..at].iter().rev().take(50).all(|other| other.id != task.id), "two tasks with one id: {task:?}");
    }
    // What one format takes for its own must not upset the others.
    for format in FORMATS {
        format.parse(path, &text);
    }
});
