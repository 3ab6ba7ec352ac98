//! Folders of Backlog.md projects: one file for each task, in folders that belong together.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Folders of a project that hold tasks; what was archived is none any more.
pub const TASK_FOLDERS: [&str; 3] = ["tasks", "drafts", "completed"];
/// Where a project keeps its rules.
pub const CONFIGS: [&str; 2] = ["config.yml", "config.yaml"];
/// The same in the root of a repository, where it may also name the project's folder.
pub const ROOT_CONFIG: &str = "backlog.config.yml";

/// Folders above a project in which a root that names it is looked for.
const ABOVE: usize = 3;
/// Folders above a task's file in which its project is looked for.
const DEEPEST: usize = 6;
/// Bytes of the rules that are read.
const RULES: u64 = 64 * 1024;

/// The folder with the tasks of a project, when `folder` is one or is the root of a repository that names one.
pub fn project(folder: &Path) -> Option<PathBuf> {
    let has_tasks = |folder: &Path| folder.join("tasks").is_dir();
    if CONFIGS.iter().any(|name| folder.join(name).is_file()) && has_tasks(folder) {
        return Some(folder.to_owned());
    }
    if let Some(named) = named_by(folder).filter(|named| has_tasks(named)) {
        return Some(named);
    }
    let is_it = |root: &Path| named_by(root).is_some_and(|named| named == folder);
    (has_tasks(folder) && folder.ancestors().skip(1).take(ABOVE).any(is_it)).then(|| folder.to_owned())
}

/// The folder that the rules in a repository's root name.
fn named_by(root: &Path) -> Option<PathBuf> {
    let file = root.join(ROOT_CONFIG);
    // A pipe by that name would never end.
    if !std::fs::metadata(&file).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(RULES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let named = text.lines().find_map(|line| line.strip_prefix("backlog_directory:"));
    Some(root.join(named.map_or("backlog", |value| value.trim().trim_matches(['"', '\'']))))
}

/// True for one of a project's folders of tasks.
pub fn is_task_folder(folder: &Path) -> bool {
    let named = |folder: &Path, names: &[&str]| {
        folder.file_name().is_some_and(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    let above = folder.parent();
    named(folder, &TASK_FOLDERS)
        && above.is_some_and(|above| named(above, &["backlog", ".backlog"]) || project(above).is_some())
}

/// The folder that stands for the board of a task's file in this folder: that of its project, else the folder of tasks that it is
/// in. None for a folder that belongs to no project, or to one outside of `root`.
pub fn board_of(folder: &Path, root: &Path) -> Option<PathBuf> {
    let mut tasks = None;
    for above in folder.ancestors().take(DEEPEST).take_while(|above| above.starts_with(root)) {
        if is_task_folder(above) {
            tasks = Some(above.to_owned());
            if let Some(project) = above.parent().and_then(project).filter(|project| project.starts_with(root)) {
                return Some(project);
            }
        }
    }
    tasks
}
