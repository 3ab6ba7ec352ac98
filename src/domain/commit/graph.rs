//! Lanes of a commit graph: which lines run beside a commit, and where they fork and join.
//!
//! Each commit has one row. A lane is a column that waits for one commit: a row opens lanes for the parents that nothing
//! waits for yet, and closes, in the row of the commit itself, every further lane that waited for it.

use std::collections::HashSet;

use super::{Cell, Commit, CommitRow};

/// Columns drawn. Lines farther right are cut off: the last cell says so with `right`.
pub const MAX_LANES: usize = 12;

/// Rows for commits that are given newest first.
pub fn rows(commits: Vec<Commit>) -> Vec<CommitRow> {
    let mut graph = Graph::default();
    commits
        .into_iter()
        .map(|commit| CommitRow { graph: clip(graph.row(&commit.id, &commit.parents)), commit })
        .collect()
}

/// Lanes as they stand below the last commit that was fed.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The commit each column waits for.
    lanes: Vec<Option<String>>,
    /// Commits that have a row: a parent among them (clocks run wrong) can no longer be reached by a line going down.
    seen: HashSet<String>,
}

impl Graph {
    /// The row of the next commit, all columns of it ([`clip`] cuts it). Empty columns at the right end are left out.
    pub fn row(&mut self, id: &str, parents: &[String]) -> Vec<Cell> {
        self.seen.insert(id.to_owned());
        let above: Vec<bool> = self.lanes.iter().map(Option::is_some).collect();
        let waiting: Vec<usize> = (0..self.lanes.len()).filter(|&lane| self.waits(lane, id)).collect();
        for &lane in &waiting {
            self.lanes[lane] = None;
        }
        let node = waiting.first().copied().unwrap_or_else(|| self.free(&above));

        let mut joined: Vec<usize> = waiting.iter().skip(1).copied().collect();
        let mut parents = parents.iter().filter(|parent| !self.seen.contains(*parent)).collect::<Vec<_>>();
        parents.dedup();
        let mut parents = parents.into_iter();
        if let Some(first) = parents.next() {
            self.set(node, first);
        }
        for parent in parents {
            let waiting = (0..self.lanes.len()).find(|&lane| self.waits(lane, parent));
            let lane = waiting.unwrap_or_else(|| self.free(&above));
            self.set(lane, parent);
            joined.push(lane);
        }
        self.draw(node, &joined, &above)
    }

    fn waits(&self, lane: usize, id: &str) -> bool {
        self.lanes[lane].as_deref() == Some(id)
    }

    /// A column with no line above and none below: one that ends in this row would seem to go on.
    fn free(&self, above: &[bool]) -> usize {
        (0..self.lanes.len())
            .find(|&lane| self.lanes[lane].is_none() && !above.get(lane).copied().unwrap_or(false))
            .unwrap_or(self.lanes.len())
    }

    fn set(&mut self, lane: usize, id: &str) {
        if lane >= self.lanes.len() {
            self.lanes.resize(lane + 1, None);
        }
        self.lanes[lane] = Some(id.to_owned());
    }

    fn draw(&mut self, node: usize, joined: &[usize], above: &[bool]) -> Vec<Cell> {
        let width = self.lanes.len().max(above.len()).max(node + 1);
        let mut cells: Vec<Cell> = (0..width)
            .map(|lane| Cell {
                up: above.get(lane).copied().unwrap_or(false),
                down: self.lanes.get(lane).is_some_and(Option::is_some),
                lane: lane as u16,
                ..Cell::default()
            })
            .collect();
        cells[node].node = true;
        for &lane in joined {
            let (from, to) = (node.min(lane), node.max(lane));
            for (column, cell) in cells.iter_mut().enumerate().take(to + 1).skip(from) {
                cell.right |= column < to;
                cell.left |= column > from;
                if !cell.up && !cell.down && !cell.node {
                    // Nothing of its own stands here: the colour is that of the line passing through.
                    cell.lane = lane as u16;
                }
            }
        }
        while self.lanes.last().is_some_and(Option::is_none) {
            self.lanes.pop();
        }
        let used = cells.iter().rposition(|cell| cell.node || cell.up || cell.down || cell.left || cell.right);
        cells.truncate(used.map_or(0, |last| last + 1));
        cells
    }
}

/// Cuts a row at [`MAX_LANES`]. A commit that stands farther right has no node in its row.
pub fn clip(mut cells: Vec<Cell>) -> Vec<Cell> {
    if cells.len() > MAX_LANES {
        cells.truncate(MAX_LANES);
        if let Some(last) = cells.last_mut() {
            last.right = true;
        }
    }
    cells
}

/// Puts every commit before its parents, and changes the given order no more than that needs.
///
/// Commits made within one second, or under a clock that runs wrong, do not come in order by time alone.
pub fn children_first(commits: Vec<Commit>) -> Vec<Commit> {
    use std::cmp::Reverse;
    use std::collections::{BinaryHeap, HashMap};

    let place: HashMap<&str, usize> = commits.iter().enumerate().map(|(n, commit)| (commit.id.as_str(), n)).collect();
    let parents: Vec<Vec<usize>> = commits
        .iter()
        .map(|commit| commit.parents.iter().filter_map(|parent| place.get(parent.as_str()).copied()).collect())
        .collect();
    let mut children = vec![0_usize; commits.len()];
    for &parent in parents.iter().flatten() {
        children[parent] += 1;
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..commits.len()).filter(|&n| children[n] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(commits.len());
    while let Some(Reverse(n)) = ready.pop() {
        order.push(n);
        for &parent in &parents[n] {
            children[parent] -= 1;
            if children[parent] == 0 {
                ready.push(Reverse(parent));
            }
        }
    }
    let mut left: Vec<Option<Commit>> = commits.into_iter().map(Some).collect();
    let mut sorted: Vec<Commit> = order.into_iter().filter_map(|n| left[n].take()).collect();
    // Ids are digests, so a circle cannot be; if one is given all the same, no commit is lost.
    sorted.extend(left.into_iter().flatten());
    sorted
}

#[cfg(test)]
mod tests {
    use super::{Cell, Commit, Graph, MAX_LANES, children_first, rows};
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn commit(id: &str, parents: &[&str]) -> Commit {
        Commit {
            id: id.to_owned(),
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
            summary: String::new(),
            body: String::new(),
            author: String::new(),
            at: Timestamp::UNIX_EPOCH,
            refs: Vec::new(),
        }
    }

    /// The graph as box characters, a line each.
    fn picture(history: &[(&str, &[&str])]) -> String {
        let commits = history.iter().map(|(id, parents)| commit(id, parents)).collect();
        let lines: Vec<String> =
            rows(commits).iter().map(|row| row.graph.iter().copied().map(glyph).collect()).collect();
        lines.join("\n")
    }

    fn glyph(cell: Cell) -> char {
        if cell.node {
            return 'o';
        }
        match (cell.up, cell.down, cell.left, cell.right) {
            (false, false, false, false) => ' ',
            (true, true, false, false) => '│',
            (false, false, _, _) => '─',
            (true, false, true, false) => '╯',
            (true, false, false, true) => '╰',
            (false, true, true, false) => '╮',
            (false, true, false, true) => '╭',
            (true, true, true, false) => '┤',
            (true, true, false, true) => '├',
            (true, false, true, true) => '┴',
            (false, true, true, true) => '┬',
            (true, true, true, true) => '┼',
            (true, false, false, false) => '╵',
            (false, true, false, false) => '╷',
        }
    }

    #[test]
    fn a_straight_history_is_one_column() {
        assert_eq!(picture(&[("c", &["b"]), ("b", &["a"]), ("a", &[])]), "o\no\no");
    }

    #[test]
    fn a_merge_opens_a_lane_and_the_fork_closes_it() {
        let history: [(&str, &[&str]); 4] = [("m", &["b", "t"]), ("t", &["a"]), ("b", &["a"]), ("a", &[])];
        assert_eq!(picture(&history), "o╮\n│o\no│\no╯");
    }

    #[test]
    fn a_lane_is_used_again_once_it_is_free() {
        let history: [(&str, &[&str]); 7] = [
            ("m2", &["m1", "y"]),
            ("y", &["m1"]),
            ("m1", &["b", "x"]),
            ("x", &["a"]),
            ("b", &["a"]),
            ("a", &["r"]),
            ("r", &[]),
        ];
        // The lane that ends in the row of `m1` is not the one that begins there.
        assert_eq!(picture(&history), "o╮\n│o\no┴╮\n│ o\no │\no─╯\no");
    }

    #[test]
    fn an_octopus_reaches_every_parent() {
        let history: [(&str, &[&str]); 5] =
            [("m", &["a", "b", "c"]), ("a", &["r"]), ("b", &["r"]), ("c", &["r"]), ("r", &[])];
        assert_eq!(picture(&history), "o┬╮\no││\n│o│\n││o\no┴╯");
    }

    #[test]
    fn a_root_beside_other_lines_ends_its_lane() {
        let history: [(&str, &[&str]); 4] = [("b", &["a"]), ("y", &["x"]), ("x", &[]), ("a", &[])];
        assert_eq!(picture(&history), "o\n│o\n│o\no");
    }

    #[test]
    fn a_parent_that_came_before_its_child_leaves_no_line_behind() {
        let mut graph = Graph::default();
        graph.row("p", &[]);
        graph.row("child", &["p".to_owned()]);
        assert_eq!(graph.row("other", &[]).len(), 1);
    }

    #[test]
    fn a_wide_graph_is_cut_and_says_so() {
        let tips: Vec<Commit> = (0..40).map(|n| commit(&format!("t{n}"), &[&format!("p{n}")])).collect();
        let rows = rows(tips);
        assert!(rows.iter().all(|row| row.graph.len() <= MAX_LANES));
        assert!(rows[39].graph[MAX_LANES - 1].right);
        assert!(!rows[MAX_LANES - 1].graph[MAX_LANES - 1].right);
    }

    #[test]
    fn commits_of_the_same_second_are_put_in_order() {
        let mixed = vec![commit("b", &["p"]), commit("p", &[]), commit("a", &["c"]), commit("c", &["p"])];
        let ids: Vec<String> = children_first(mixed).into_iter().map(|commit| commit.id).collect();
        assert_eq!(ids, ["b", "a", "c", "p"]);
    }

    /// Histories in which commit `n` has parents among those after it.
    fn history() -> impl Strategy<Value = Vec<Vec<usize>>> {
        proptest::collection::vec(proptest::collection::vec(1_usize..8, 0..4), 1..40).prop_map(|steps| {
            let count = steps.len();
            steps
                .into_iter()
                .enumerate()
                .map(|(n, parents)| {
                    let mut parents: Vec<usize> =
                        parents.into_iter().map(|step| n + step).filter(|&parent| parent < count).collect();
                    parents.sort_unstable();
                    parents.dedup();
                    parents
                })
                .collect()
        })
    }

    /// Columns that a line leaving the node sideways reaches in this row, the node's own included.
    fn beside(row: &[Cell], node: usize) -> Vec<usize> {
        let mut reached = vec![node];
        let mut right = node;
        while row[right].right {
            right += 1;
            reached.push(right);
        }
        let mut left = node;
        while row[left].left {
            left -= 1;
            reached.push(left);
        }
        reached
    }

    proptest! {
        #[test]
        fn every_parent_edge_is_a_line_through_the_rows(history in history()) {
            let mut graph = Graph::default();
            let name = |n: usize| format!("c{n}");
            let rows: Vec<Vec<Cell>> = history
                .iter()
                .enumerate()
                .map(|(n, parents)| graph.row(&name(n), &parents.iter().map(|&p| name(p)).collect::<Vec<_>>()))
                .collect();
            let nodes: Vec<usize> = rows.iter().map(|row| row.iter().position(|cell| cell.node).unwrap()).collect();
            for row in &rows {
                prop_assert_eq!(row.iter().filter(|cell| cell.node).count(), 1);
                prop_assert!(!row[0].left && !row[row.len() - 1].right, "no line leaves the picture");
                for pair in row.windows(2) {
                    prop_assert_eq!(pair[0].right, pair[1].left, "both halves of a line are there");
                }
            }
            for (above, below) in rows.iter().zip(&rows[1..]) {
                for column in 0..above.len().max(below.len()) {
                    let down = above.get(column).is_some_and(|cell| cell.down);
                    let up = below.get(column).is_some_and(|cell| cell.up);
                    prop_assert_eq!(down, up, "a line that leaves a row arrives in the next");
                }
            }
            for (child, parents) in history.iter().enumerate() {
                for &parent in parents {
                    let connected = beside(&rows[child], nodes[child]).into_iter().any(|column| {
                        rows[child][column].down
                            && (child + 1..parent).all(|n| {
                                rows[n].get(column).is_some_and(|cell| cell.up && cell.down)
                            })
                            && rows[parent].get(column).is_some_and(|cell| cell.up)
                            && beside(&rows[parent], nodes[parent]).contains(&column)
                    });
                    prop_assert!(connected, "{} to {}", child, parent);
                }
            }
        }

        #[test]
        fn putting_in_order_loses_nothing_and_puts_children_first(history in history(), seed in any::<u64>()) {
            let mut commits: Vec<Commit> = history
                .iter()
                .enumerate()
                .map(|(n, parents)| {
                    let names: Vec<String> = parents.iter().map(|p| format!("c{p}")).collect();
                    commit(&format!("c{n}"), &names.iter().map(String::as_str).collect::<Vec<_>>())
                })
                .collect();
            commits.sort_by_key(|commit| {
                let n: u64 = commit.id[1..].parse().unwrap();
                (n + 1).wrapping_mul(seed | 1)
            });
            let sorted = children_first(commits);
            prop_assert_eq!(sorted.len(), history.len());
            let place = |id: &str| sorted.iter().position(|commit| commit.id == id);
            for commit in &sorted {
                for parent in &commit.parents {
                    prop_assert!(place(&commit.id) < place(parent));
                }
            }
        }
    }
}
