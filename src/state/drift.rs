//! The drift pane: each fabric with its counts, then its objects by urgency with their differing fields below them. Fabrics
//! and the objects of one state can be folded; what is synced is, until somebody wants to see it.

mod filter;
mod findings;
pub mod object;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::slice;

use crate::domain::drift::{DriftCheck, DriftRow, DriftState, DriftView, Finding, ObjectKey, Severity, is_drift};

use super::list::List;

/// Fields that are listed below an object; its details have all of them.
const FIELDS: usize = 4;

/// The drift pane.
#[derive(Debug, Default)]
pub struct Drift {
    /// Fabrics, in the order of their names.
    pub fabrics: Vec<DriftView>,
    /// Only what is wrong is shown, and what cannot be told.
    pub faults_only: bool,
    /// How many objects are not shown for that.
    pub hidden: usize,
    /// The last exact check of each object, by fabric and object.
    pub checks: BTreeMap<(String, ObjectKey), DriftCheck>,
    /// Fabrics that are folded.
    folded: BTreeSet<String>,
    /// States of fabrics that are folded while they are not by themselves, or the other way round.
    toggled: BTreeSet<(String, DriftState)>,
    /// Codes of which a fabric has many findings, and which are not folded.
    unfolded: BTreeSet<(String, &'static str)>,
    /// Rows with the cursor.
    pub list: List<Row>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A fabric, by index.
    Fabric(usize),
    /// The folded objects of one state: index of the fabric, the state, how many.
    Group(usize, DriftState, usize),
    /// An object, by index of fabric and object.
    Object(usize, usize),
    /// A field of an object, by index of fabric, object and field.
    Field(usize, usize, usize),
    /// Fields of an object that are not listed: index of fabric and object, how many.
    More(usize, usize, usize),
    /// A finding, by index of fabric and finding.
    Finding(usize, usize),
    /// The folded findings of one code: index of the fabric and of the first of them, how many.
    Findings(usize, usize, usize),
}

/// What the cursor is on, however the rows are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// A fabric.
    Fabric(String),
    /// The folded objects of one state.
    Group(String, DriftState),
    /// An object, and the field of it if it is on one.
    Object(String, ObjectKey, Option<String>),
    /// A finding: its code, file and line.
    Finding(String, &'static str, PathBuf, Option<u32>),
    /// The folded findings of one code.
    Findings(String, &'static str),
}

impl Drift {
    /// The object that the cursor is on, or on a field of.
    pub fn current(&self) -> Option<(&DriftView, &DriftRow)> {
        match *self.list.current()? {
            Row::Object(fabric, object) | Row::Field(fabric, object, _) | Row::More(fabric, object, _) => {
                self.object(fabric, object)
            }
            Row::Fabric(_) | Row::Group(..) | Row::Finding(..) | Row::Findings(..) => None,
        }
    }

    /// The fabric that the cursor is on or in.
    pub fn current_fabric(&self) -> Option<&DriftView> {
        self.fabrics.get(fabric_of(*self.list.current()?))
    }

    /// An object of a fabric.
    pub fn find(&self, fabric: &str, key: &ObjectKey) -> Option<(&DriftView, &DriftRow)> {
        let view = self.fabrics.iter().find(|view| view.fabric == fabric)?;
        let row = view.rows.iter().find(|row| row.key == *key)?;
        Some((view, row))
    }

    fn object(&self, fabric: usize, object: usize) -> Option<(&DriftView, &DriftRow)> {
        let view = self.fabrics.get(fabric)?;
        let row = view.rows.get(object)?;
        Some((view, row))
    }

    /// True if a fabric's rows are folded into its own.
    pub fn is_folded(&self, fabric: &str) -> bool {
        self.list.filter.is_empty() && self.folded.contains(fabric)
    }

    /// Takes news of one fabric, in place of what was known of it.
    pub fn put(&mut self, view: DriftView) {
        match self.fabrics.binary_search_by(|known| known.fabric.cmp(&view.fabric)) {
            Ok(index) => self.fabrics[index] = view,
            Err(index) => self.fabrics.insert(index, view),
        }
    }

    /// What the cursor is on.
    pub fn anchor(&self) -> Option<Anchor> {
        let row = *self.list.current()?;
        let view = self.fabrics.get(fabric_of(row))?;
        let fabric = view.fabric.clone();
        Some(match row {
            Row::Fabric(_) => Anchor::Fabric(fabric),
            Row::Group(_, state, _) => Anchor::Group(fabric, state),
            Row::Object(_, object) | Row::More(_, object, _) => {
                Anchor::Object(fabric, view.rows.get(object)?.key.clone(), None)
            }
            Row::Field(_, object, field) => {
                let object = view.rows.get(object)?;
                Anchor::Object(fabric, object.key.clone(), Some(object.fields.get(field)?.path.clone()))
            }
            Row::Finding(_, finding) => {
                let finding = view.findings.get(finding)?;
                Anchor::Finding(fabric, finding.code, finding.file.clone(), finding.line)
            }
            Row::Findings(_, first, _) => Anchor::Findings(fabric, view.findings.get(first)?.code),
        })
    }

    /// Lays the rows out anew after objects, filter or folds have changed; the cursor stays on what it was on, or goes to
    /// what that is folded into.
    pub fn arrange(&mut self, anchor: Option<&Anchor>) {
        let mut rows = Vec::new();
        self.hidden = 0;
        for (index, view) in self.fabrics.iter().enumerate() {
            rows.push(Row::Fabric(index));
            let unfiltered = self.list.filter.is_empty();
            let admitted = |row: &DriftRow| unfiltered || filter::admits(&self.list.filter, view, row);
            if self.faults_only {
                let passed_over = view.groups().filter(|(state, _)| !needs_a_look(*state));
                let rows = passed_over.flat_map(|(_, group)| &view.rows[group]);
                self.hidden += rows.filter(|row| admitted(row)).count();
            }
            if self.is_folded(&view.fabric) {
                continue;
            }
            for (state, group) in view.groups() {
                if self.faults_only && !needs_a_look(state) {
                    continue;
                }
                let is_folded = self.is_group_folded(&view.fabric, state);
                if is_folded && unfiltered {
                    rows.push(Row::Group(index, state, group.len()));
                    continue;
                }
                for number in group {
                    let object = &view.rows[number];
                    if !admitted(object) {
                        continue;
                    }
                    rows.push(Row::Object(index, number));
                    let differing = |field: &usize| is_drift(slice::from_ref(&object.fields[*field]));
                    let fields: Vec<usize> = (0..object.fields.len()).filter(differing).collect();
                    rows.extend(fields.iter().take(FIELDS).map(|field| Row::Field(index, number, *field)));
                    if fields.len() > FIELDS {
                        rows.push(Row::More(index, number, fields.len() - FIELDS));
                    }
                }
            }
            rows.extend(self.finding_rows(index, view));
        }
        let target = anchor.and_then(|anchor| self.locate(&rows, anchor));
        self.list.replace(rows, |row| Some(*row) == target);
    }

    /// The row of what the cursor was on, else the nearest that stands for it.
    fn locate(&self, rows: &[Row], anchor: &Anchor) -> Option<Row> {
        let (Anchor::Fabric(name)
        | Anchor::Group(name, _)
        | Anchor::Object(name, ..)
        | Anchor::Finding(name, ..)
        | Anchor::Findings(name, _)) = anchor;
        let fabric = self.fabrics.iter().position(|view| view.fabric == *name)?;
        let view = &self.fabrics[fabric];
        let group = |state: DriftState| {
            let folded = |row: &&Row| matches!(row, Row::Group(of, in_state, _) if (*of, *in_state) == (fabric, state));
            rows.iter().find(folded)
        };
        let of_code = |code: &str| {
            let is = |row: &&Row| {
                matches!(row, Row::Finding(of, number) | Row::Findings(of, number, _)
                    if *of == fabric && view.findings[*number].code == code)
            };
            rows.iter().find(is)
        };
        let header = || rows.iter().find(|row| **row == Row::Fabric(fabric));
        let found = match anchor {
            Anchor::Fabric(_) => None,
            Anchor::Group(_, state) => group(*state).or_else(|| {
                // Unfolded: its first object stands where it stood.
                let first = view.rows.iter().position(|row| row.state == *state)?;
                rows.iter().find(|row| matches!(row, Row::Object(of, object) if *of == fabric && *object >= first))
            }),
            Anchor::Object(_, key, path) => {
                let object = view.rows.iter().position(|row| row.key == *key)?;
                let is_field = |row: &&Row| {
                    matches!(row, Row::Field(of, in_object, field) if (*of, *in_object) == (fabric, object)
                        && Some(&view.rows[object].fields[*field].path) == path.as_ref())
                };
                let itself = || rows.iter().find(|row| **row == Row::Object(fabric, object));
                rows.iter().find(is_field).or_else(itself).or_else(|| group(view.rows[object].state)).or_else(|| {
                    // Filtered away: the header, if that is all there is.
                    header().filter(|_| self.is_folded(name))
                })
            }
            Anchor::Finding(_, code, file, line) => {
                let same = |finding: &Finding| (finding.code, &finding.file, finding.line) == (code, file, *line);
                let finding = view.findings.iter().position(same)?;
                let folded = || of_code(code).filter(|row| matches!(row, Row::Findings(..)));
                rows.iter().find(|row| **row == Row::Finding(fabric, finding)).or_else(folded)
            }
            Anchor::Findings(_, code) => of_code(code),
        };
        match anchor {
            Anchor::Fabric(_) => header().copied(),
            _ => found.copied(),
        }
    }

    /// Folds what the cursor is in, or unfolds what it is on. False where there is nothing to fold, and while a filter is in
    /// force: what it finds is always shown.
    pub fn fold(&mut self) -> bool {
        let Some(row) = self.list.current().copied().filter(|_| self.list.filter.is_empty()) else { return false };
        let Some(view) = self.fabrics.get(fabric_of(row)) else { return false };
        let (fabric, anchor) = (view.fabric.clone(), self.anchor());
        match row {
            Row::Fabric(_) => {
                if !self.folded.remove(&fabric) {
                    self.folded.insert(fabric);
                }
            }
            Row::Group(_, state, _) => self.fold_group(fabric, state, false),
            Row::Object(_, object) | Row::Field(_, object, _) | Row::More(_, object, _) => {
                let Some(state) = view.rows.get(object).map(|row| row.state) else { return false };
                self.fold_group(fabric, state, true);
            }
            Row::Findings(_, first, _) => {
                let Some(code) = view.findings.get(first).map(|finding| finding.code) else { return false };
                self.unfolded.insert((fabric, code));
            }
            Row::Finding(_, number) => {
                let Some(code) = view.findings.get(number).map(|finding| finding.code) else { return false };
                if !self.fold_code(fabric, code) {
                    return false;
                }
            }
        }
        self.arrange(anchor.as_ref());
        true
    }

    /// Folds the objects of every state and the findings of every code, or unfolds all of them when they are.
    pub fn fold_all(&mut self) {
        let groups: BTreeSet<(String, DriftState)> =
            self.fabrics.iter().flat_map(|view| view.groups().map(|(state, _)| (view.fabric.clone(), state))).collect();
        let codes = self.codes();
        let is_open = |(fabric, state): &(String, DriftState)| !self.is_group_folded(fabric, *state);
        let fold = groups.iter().any(is_open) || codes.iter().any(|code| self.unfolded.contains(code));
        let anchor = self.anchor();
        for (fabric, state) in groups {
            self.fold_group(fabric, state, fold);
        }
        self.unfolded = if fold { BTreeSet::new() } else { codes };
        if !fold {
            self.folded.clear();
        }
        self.arrange(anchor.as_ref());
    }

    fn is_group_folded(&self, fabric: &str, state: DriftState) -> bool {
        let toggled = self.toggled.contains(&(fabric.to_owned(), state));
        self.list.filter.is_empty() && (folds_itself(state) != toggled)
    }

    fn fold_group(&mut self, fabric: String, state: DriftState, folded: bool) {
        if folded == folds_itself(state) {
            self.toggled.remove(&(fabric, state));
        } else {
            self.toggled.insert((fabric, state));
        }
    }

    /// Puts the cursor on the first object of a fabric in a state, in a view of `height` rows.
    pub fn select(&mut self, fabric: &str, state: DriftState, height: usize) {
        let view = self.fabrics.iter().find(|view| view.fabric == fabric);
        let first = view.and_then(|view| view.rows.iter().find(|row| row.state == state)).map(|row| row.key.clone());
        if let Some(key) = first {
            self.reveal(fabric, &key, height);
        }
    }

    /// Puts the cursor on an object in a view of `height` rows, whatever it is folded into or hidden by. False when the
    /// fabric does not have it.
    pub fn reveal(&mut self, fabric: &str, key: &ObjectKey, height: usize) -> bool {
        let Some((view, row)) = self.find(fabric, key) else { return false };
        let (state, admitted) = (row.state, filter::admits(&self.list.filter, view, row));
        if !admitted {
            self.list.filter.clear();
        }
        self.faults_only &= needs_a_look(state);
        self.folded.remove(fabric);
        self.fold_group(fabric.to_owned(), state, false);
        self.arrange(Some(&Anchor::Object(fabric.to_owned(), key.clone(), None)));
        self.list.select(self.list.selected, height);
        true
    }
}

fn fabric_of(row: Row) -> usize {
    match row {
        Row::Fabric(fabric)
        | Row::Group(fabric, ..)
        | Row::Object(fabric, _)
        | Row::Field(fabric, ..)
        | Row::More(fabric, ..)
        | Row::Finding(fabric, _)
        | Row::Findings(fabric, ..) => fabric,
    }
}

/// True for what is wrong, and for what cannot be told: a cluster that does not answer hides nothing.
fn needs_a_look(state: DriftState) -> bool {
    state.is_fault() || state == DriftState::Unknown
}

/// True for objects that nobody needs to see one by one.
fn folds_itself(state: DriftState) -> bool {
    state == DriftState::Synced
}
