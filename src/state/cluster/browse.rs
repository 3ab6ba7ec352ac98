//! One kind that is browsed: rows with the columns of its server, their order, and which of them are shown.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;

use crate::domain::cluster::table::{Column, compare};
use crate::domain::cluster::{Browsed, ClusterView, KindRow, KindTable, ObjectRow, TableNews};
use crate::domain::fault::Fault;
use crate::state::list::List;

use super::is_wrong;

/// One kind that is browsed.
#[derive(Debug, Clone)]
pub struct Browse {
    /// The kind, and where.
    pub of: Browsed,
    /// What is known of it.
    pub table: KindTable,
    /// The server has answered; before that there is only what is watched anyway.
    pub heard: bool,
    /// Why there is no newer answer.
    pub fault: Option<Fault>,
    /// When the last good answer was asked for.
    pub as_of: Option<Timestamp>,
    /// Rows with the cursor: indices of the table's.
    pub list: List<usize>,
    /// What the rows are sorted by.
    pub sort: Sort,
    /// They are sorted the other way round.
    pub reversed: bool,
    /// Columns are shown, too, that the kind keeps for wide screens.
    pub wide: bool,
    /// Namespace and name of what the cursor is to go to as soon as it is there.
    pub goal: Option<(String, String)>,
}

/// What rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sort {
    /// Namespace and name.
    Name,
    /// A column of the kind, by its name: which columns there are is known later, and may change.
    Column(String),
    /// Health, the worst first.
    Health,
    /// How often it was changed, the most often first.
    Generation,
    /// Age, the youngest first.
    Age,
}

impl Browse {
    /// A kind of which nothing was heard yet.
    pub fn new(of: Browsed) -> Self {
        Self {
            of,
            table: KindTable::default(),
            heard: false,
            fault: None,
            as_of: None,
            list: List::default(),
            sort: Sort::Name,
            reversed: false,
            wide: false,
            goal: None,
        }
    }

    /// The row with the cursor.
    pub fn current(&self) -> Option<&KindRow> {
        self.table.rows.get(*self.list.current()?)
    }

    /// Takes an answer. What was known stays when there is none.
    pub fn take(&mut self, news: TableNews, view: Option<&ClusterView>) {
        match news.table {
            Ok(table) => {
                let selected = self.current().map(|row| (row.namespace.clone(), row.name.clone()));
                // The rows are others: the cursor finds its own by name.
                self.goal = self.goal.take().or(selected);
                self.table = table;
                self.list.rows.clear();
                (self.heard, self.fault, self.as_of) = (true, None, Some(news.as_of));
                if let Some(view) = view {
                    self.merge(view);
                }
            }
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// Takes over what the watch of this kind knows, if it is watched: the health that was derived from other objects, and
    /// before the server has answered the objects themselves.
    pub fn merge(&mut self, view: &ClusterView) {
        let start = view.objects.partition_point(|object| object.kind < self.of.kind);
        let watched = &view.objects[start..];
        let watched = &watched[..watched.partition_point(|object| object.kind == self.of.kind)];
        if !self.heard {
            let selected = self.current().map(|row| (row.namespace.clone(), row.name.clone()));
            self.goal = self.goal.take().or(selected);
            self.as_of = view.as_of.filter(|_| view.kinds.iter().any(|count| count.kind == self.of.kind));
            let row = |object: &ObjectRow| KindRow {
                cells: Vec::new(),
                namespace: object.namespace.clone(),
                name: object.name.clone(),
                health: object.health.clone(),
                created: object.created,
                generation: object.generation,
            };
            self.table.rows = watched.iter().map(|object| row(object)).collect();
            self.list.rows.clear();
            return;
        }
        for row in &mut self.table.rows {
            let place = (&row.namespace, &row.name);
            if let Ok(found) = watched.binary_search_by(|object| (&object.namespace, &object.name).cmp(&place)) {
                row.health.clone_from(&watched[found].health);
            }
        }
    }

    /// Lays the rows out anew; the cursor stays on its object, or goes to the one that is waited for.
    pub fn arrange(&mut self, faults_only: bool) {
        let here = self.current().map(|row| (row.namespace.clone(), row.name.clone()));
        let admits = |row: &KindRow| {
            (!faults_only || is_wrong(row.health.state)) && passes(&self.list.filter, row, &self.table.columns)
        };
        let mut rows: Vec<usize> = (0..self.table.rows.len()).filter(|row| admits(&self.table.rows[*row])).collect();
        let column = match &self.sort {
            Sort::Column(name) => self.table.columns.iter().position(|column| column.name == *name),
            _ => None,
        };
        rows.sort_by(|a, b| {
            let (a, b) = (&self.table.rows[*a], &self.table.rows[*b]);
            let order = self.order(column, a, b);
            let order = if self.reversed { order.reverse() } else { order };
            order.then_with(|| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)))
        });
        let is = |row: &KindRow, place: &Option<(String, String)>| {
            place.as_ref().is_some_and(|(namespace, name)| row.namespace == *namespace && row.name == *name)
        };
        let goal = self.goal.clone();
        let reached = rows.iter().any(|row| is(&self.table.rows[*row], &goal));
        let wanted = if reached { goal } else { here };
        let table = &self.table;
        self.list.replace(rows, |row| is(&table.rows[*row], &wanted));
        if reached || self.heard {
            // What is not among them now is gone: the cursor is not to jump to it later.
            self.goal = None;
        }
    }

    fn order(&self, column: Option<usize>, a: &KindRow, b: &KindRow) -> Ordering {
        match &self.sort {
            Sort::Name => (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)),
            Sort::Health => a.health.state.cmp(&b.health.state),
            Sort::Generation => Reverse(a.generation).cmp(&Reverse(b.generation)),
            Sort::Age => Reverse(a.created).cmp(&Reverse(b.created)),
            Sort::Column(_) => {
                let Some(column) = column else { return Ordering::Equal };
                let holds = self.table.columns[column].holds;
                let cell = |row: &'_ KindRow| row.cells.get(column).cloned().unwrap_or_default();
                compare(holds, &cell(a), &cell(b))
            }
        }
    }

    /// Sorts by what stands next to the right of what the rows are sorted by now; after the last by the first again.
    pub fn sort_next(&mut self) {
        let shown = self.table.shown(self.wide).into_iter().map(|at| Sort::Column(self.table.columns[at].name.clone()));
        let mut orders = vec![Sort::Name];
        orders.extend(shown);
        orders.extend([Sort::Health, Sort::Generation, Sort::Age]);
        let at = orders.iter().position(|order| *order == self.sort).map_or(0, |at| (at + 1) % orders.len());
        self.sort = orders.swap_remove(at);
        self.reversed = false;
    }

    /// Objects in more than one namespace.
    pub fn is_spread(&self) -> bool {
        let mut namespaces = self.table.rows.iter().map(|row| &row.namespace);
        namespaces.next().is_some_and(|first| namespaces.any(|other| other != first))
    }
}

impl Sort {
    /// The head of the column.
    pub fn name(&self) -> &str {
        match self {
            Self::Name => "NAME",
            Self::Column(name) => name,
            Self::Health => "HEALTH",
            Self::Generation => "GEN",
            Self::Age => "AGE",
        }
    }
}

/// True if a row passes every word of a filter: `role:leaf` asks the column of that name, `health:`, `ns:` and `name:` ask ours,
/// any other word asks all of them.
fn passes(filter: &str, row: &KindRow, columns: &[Column]) -> bool {
    filter.to_lowercase().split_whitespace().all(|word| {
        let contains = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
        if let Some((field, wanted)) = word.split_once(':') {
            match field {
                "name" => return contains(&row.name, wanted),
                "ns" | "namespace" => return contains(&row.namespace, wanted),
                "health" => return row.health.state.name().starts_with(wanted),
                _ => {}
            }
            // Heads of several words are asked without their spaces.
            let is_it = |column: &&Column| column.name.to_lowercase().replace(' ', "") == field;
            if let Some(at) = columns.iter().position(|column| is_it(&column)) {
                return row.cells.get(at).is_some_and(|cell| contains(cell, wanted));
            }
        }
        let own = [&row.name, &row.namespace, &row.health.reason];
        own.into_iter().chain(&row.cells).any(|text| contains(text, word)) || row.health.state.name().contains(word)
    })
}
