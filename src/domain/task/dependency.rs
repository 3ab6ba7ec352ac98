//! Which tasks wait for which.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{Task, TaskStatus};

/// What the tasks of a board wait for. Tasks are named by their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// By task: those it waits for that are not done.
    pub waits: Vec<Vec<usize>>,
    /// By task: those that wait for it, while it is not done.
    pub blocks: Vec<Vec<usize>>,
    /// By task: ids that it names and that are no task's.
    pub unknown: Vec<Vec<String>>,
    /// Tasks that wait for themselves, by way of others or not.
    pub circular: BTreeSet<usize>,
}

impl Dependencies {
    /// Reads what the tasks say. An id is looked for in the task's own file first, whatever its case.
    pub fn of(tasks: &[Arc<Task>]) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::with_capacity(tasks.len());
        for (at, task) in tasks.iter().enumerate() {
            let bare = task.id.rsplit('/').next().unwrap_or_default();
            for name in BTreeSet::from([task.id.as_str(), bare]) {
                places.entry(name.to_lowercase()).or_default().push(at);
            }
        }
        let empty = || vec![Vec::new(); tasks.len()];
        let mut found =
            Self { waits: empty(), blocks: empty(), unknown: vec![Vec::new(); tasks.len()], ..Self::default() };
        for (at, task) in tasks.iter().enumerate() {
            for id in &task.depends_on {
                let named = places.get(&id.to_lowercase()).map_or(&[][..], Vec::as_slice);
                let own = named.iter().copied().find(|other| tasks[*other].origin.file == task.origin.file);
                match own.or(named.first().copied()) {
                    None => found.unknown[at].push(id.clone()),
                    Some(other) if tasks[other].status == TaskStatus::Done => {}
                    Some(other) if found.waits[at].contains(&other) => {}
                    Some(other) => {
                        found.waits[at].push(other);
                        found.blocks[other].push(at);
                    }
                }
            }
        }
        found.circular = circular(&found.waits);
        found
    }
}

/// Those that reach themselves: what is left when those that wait for nobody are taken away, again and again, and then
/// those that nobody left waits for.
fn circular(waits: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut left: BTreeSet<usize> = (0..waits.len()).filter(|at| !waits[*at].is_empty()).collect();
    loop {
        let awaited: BTreeSet<usize> =
            left.iter().flat_map(|at| &waits[*at]).copied().filter(|at| left.contains(at)).collect();
        let keep: BTreeSet<usize> =
            awaited.into_iter().filter(|at| waits[*at].iter().any(|other| left.contains(other))).collect();
        if keep.len() == left.len() {
            return keep;
        }
        left = keep;
    }
}

#[cfg(test)]
mod tests {
    use super::Dependencies;
    use crate::domain::task::{Task, parse, shared};
    use std::path::Path;
    use std::sync::Arc;

    fn read(file: &str, text: &str) -> Vec<Arc<Task>> {
        shared(parse(Path::new(file), text).tasks)
    }

    #[test]
    fn open_ones_are_waited_for_and_done_ones_are_not() {
        let text = "- 🔲 **T-1** a, waits for T-2, T-3 and T-9\n- ✅ **T-2** b\n- 🔄 **T-3** c\n- 🔲 **T-4** d, waits for t-3, T-3\n";
        let text = text.replace("t-3, T-3", "T-3");
        let found = Dependencies::of(&read("T.md", &text));
        assert_eq!(found.waits, [vec![2], vec![], vec![], vec![2]]);
        assert_eq!(found.blocks[2], [0, 3]);
        assert_eq!(found.unknown[0], ["T-9"]);
        assert!(found.circular.is_empty());
    }

    #[test]
    fn a_circle_is_told_and_what_only_leads_to_one_is_not() {
        let text = "- 🔲 **T-1** waits for T-2\n- 🔲 **T-2** waits for T-3\n- 🔲 **T-3** waits for T-2\n\
                    - 🔲 **T-4** waits for T-4\n- 🔲 **T-5** x\n";
        let found = Dependencies::of(&read("T.md", text));
        assert_eq!(found.circular.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn an_id_means_the_task_of_its_own_file() {
        let text = "- 🔲 **T-1** a\n- 🔲 **T-2** b, waits for T-1\n";
        let mut tasks = [read("A.md", text), read("B.md", text)].concat();
        super::super::distinguish(&mut tasks);
        assert_eq!(Dependencies::of(&tasks).waits, [vec![], vec![0], vec![], vec![2]]);
    }
}
