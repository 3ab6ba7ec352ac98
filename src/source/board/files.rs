//! Which files make up a board: those that are named, and those that a named folder stands for.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::config::discovery::backlog::{CONFIGS, ROOT_CONFIG, TASK_FOLDERS, is_task_folder, project};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::task::{self, Project};

/// Bytes read of one file; a longer one is a fault, for half a board would look like a whole one.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// Files read of one folder.
const MAX_FILES: usize = 2_000;
/// Folders below each other in which the files of a Backlog.md project are looked for.
const MAX_DEPTH: usize = 4;

/// The files themselves, with folders replaced by the board files in them; none twice.
pub fn expand(files: &[PathBuf], faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in files {
        if !file.is_dir() {
            found.push(file.clone());
            continue;
        }
        let mut inside = match of_folder(file) {
            Ok(inside) => inside,
            Err(error) => {
                faults.push(describe(file, &error));
                continue;
            }
        };
        inside.sort();
        if inside.len() > MAX_FILES {
            let why = format!("{} board files", inside.len());
            faults.push(Fault::new("listing", file.display(), why, format!("the first {MAX_FILES} are read")));
            inside.truncate(MAX_FILES);
        }
        found.extend(inside);
    }
    let mut seen = BTreeSet::new();
    found.retain(|file| seen.insert(file.clone()));
    found
}

/// Whether a folder is read with the folders in it: a Backlog.md project, or one of its folders of tasks.
pub fn is_deep(folder: &Path) -> bool {
    project(folder).is_some() || is_task_folder(folder)
}

fn of_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if let Some(project) = project(folder) {
        for name in TASK_FOLDERS {
            let tasks = project.join(name);
            if tasks.is_dir() {
                below(&tasks, MAX_DEPTH, &mut found)?;
            }
        }
        return Ok(found);
    }
    if is_task_folder(folder) {
        below(folder, MAX_DEPTH, &mut found)?;
        return Ok(found);
    }
    let entries = std::fs::read_dir(folder)?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| task::is_board_file(path)).collect())
}

/// Markdown files in a folder and in the folders in it. Links to folders are not followed: they may lead back.
fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            if depth > 0 {
                below(&path, depth - 1, found)?;
            }
        } else if is_task_file(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_task_file(path: &Path) -> bool {
    let is_readme = path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md")) && !is_readme
}

/// Whether a changed path is one of the files, lies in one of the folders, or leads to one that is missing; the rules of a
/// project concern all of its tasks.
pub fn concerns(files: &[PathBuf], changed: &Path) -> bool {
    files.iter().any(|file| {
        file.starts_with(changed) || (changed.starts_with(file) && (task::is_board_file(changed) || is_ours(changed)))
    })
}

/// Task files in any folder, the rules of a project, and folders, which have no extension.
fn is_ours(path: &Path) -> bool {
    is_task_file(path) || is_config(path) || path.extension().is_none()
}

/// Whether a path is that of a project's rules.
pub fn is_config(path: &Path) -> bool {
    path.file_name().is_some_and(|name| CONFIGS.iter().chain(&[ROOT_CONFIG]).any(|known| name == *known))
}

/// The rules of the project that a task file belongs to, and what is wrong with them.
pub fn project_of(file: &Path) -> (Option<Project>, Option<Fault>) {
    for folder in file.ancestors().skip(1).take(MAX_DEPTH + 2) {
        let configs = CONFIGS.iter().filter(|_| folder.join("tasks").is_dir()).chain(&[ROOT_CONFIG]);
        for config in configs.map(|name| folder.join(name)) {
            let Ok((text, _)) = read_text(&config) else { continue };
            return match Project::parse(&text) {
                Ok(project) => (project, None),
                Err(why) => {
                    let remedy = "correct the YAML; until then statuses are read by their words";
                    (None, Some(Fault::new("reading the statuses in", config.display(), why, remedy)))
                }
            };
        }
    }
    (None, None)
}

/// The text of a file, and its digest if its bytes are that text: others cannot be written back.
pub fn read_text(path: &Path) -> io::Result<(String, Option<String>)> {
    // A pipe by that name would never end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 10 MB"));
    }
    let digest = sha256(&bytes);
    Ok(match String::from_utf8(bytes) {
        Ok(text) => (text, Some(digest)),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), None),
    })
}

/// Why a file or a folder could not be read.
pub fn describe(path: &Path, error: &io::Error) -> Fault {
    let (why, remedy) = match error.kind() {
        io::ErrorKind::NotFound => {
            ("no such file".to_owned(), "restore it, or take it out of [[board]] in hnpwb.toml".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            ("permission denied".to_owned(), format!("run chmod u+r {}", path.display()))
        }
        io::ErrorKind::FileTooLarge => (error.to_string(), "split it, or name another file in [[board]]".to_owned()),
        _ => (error.to_string(), "check the file; R reads it again".to_owned()),
    };
    Fault::new("reading", path.display(), why, remedy)
}
