//! Layouts: which panes stand where. Data files with a tree of splits, checked when they are read.
//!
//! A pane stands in a layout at most once, in a split or in a stack. Panes that a layout leaves out are not lost: they
//! are reached by their number and then have the whole screen ([`Layout::missing`]).

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::document::{Checker, Section, read};
use super::paths::Paths;
use super::problem::{Problem, unknown};

/// The layout of a session that names none, on a screen that is large enough for it.
pub const DEFAULT: &str = "operator";

/// The layout for small screens.
pub const SMALL: &str = "stack";

/// Layouts that are part of the program: name and text.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("operator", include_str!("../../layouts/operator.toml")),
    ("review", include_str!("../../layouts/review.toml")),
    ("stack", include_str!("../../layouts/stack.toml")),
];

/// Splits inside splits that a file may have.
const DEEPEST: usize = 8;

/// What a pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaneKind {
    /// Tasks.
    Board,
    /// Agents with their states.
    Agents,
    /// The transcript of the selected agent.
    Transcript,
    /// The log of the repositories.
    Git,
    /// Objects of the clusters.
    Cluster,
    /// Desired against live.
    Drift,
    /// What wants the operator.
    Attention,
    /// Claims beside evidence.
    Review,
}

impl PaneKind {
    /// Every pane, in the order of their numbers on the keyboard.
    pub const ALL: [Self; 8] = [
        Self::Board,
        Self::Agents,
        Self::Transcript,
        Self::Git,
        Self::Cluster,
        Self::Drift,
        Self::Attention,
        Self::Review,
    ];

    /// The name used in layout files and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Agents => "agents",
            Self::Transcript => "transcript",
            Self::Git => "git",
            Self::Cluster => "cluster",
            Self::Drift => "drift",
            Self::Attention => "attention",
            Self::Review => "review",
        }
    }

    /// The pane of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pane| pane.name() == name)
    }
}

/// How the children of a split stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Side by side.
    Row,
    /// Above each other.
    Column,
}

/// How much of its split a child takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Of the whole split, 1 to 100.
    Percent(u16),
    /// Columns in a row, lines in a column.
    Cells(u16),
    /// A share of what the others leave, in proportion to this weight.
    Fill(u16),
}

/// A part of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Parts in a line; never empty.
    Split {
        /// Their direction.
        axis: Axis,
        /// The parts with their sizes.
        children: Vec<(Size, Node)>,
    },
    /// One pane.
    Pane(PaneKind),
    /// Panes of which one is visible, under a line of tabs: the focused one, else the one that last had the focus,
    /// else the first. Never empty.
    Stack(Vec<PaneKind>),
}

/// A checked layout: no pane twice, sizes that can be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of its file.
    pub name: String,
    /// What it is for, in one line.
    pub description: String,
    /// The whole screen, without status line and footer.
    pub root: Node,
}

impl Node {
    fn collect(&self, panes: &mut Vec<PaneKind>) {
        match self {
            Self::Split { children, .. } => {
                for (_, child) in children {
                    child.collect(panes);
                }
            }
            Self::Pane(pane) => panes.push(*pane),
            Self::Stack(stacked) => panes.extend(stacked),
        }
    }
}

impl Layout {
    /// Panes of this layout in reading order: the order in which `tab` visits them.
    pub fn panes(&self) -> Vec<PaneKind> {
        let mut panes = Vec::new();
        self.root.collect(&mut panes);
        panes
    }

    /// Panes that this layout does not have.
    pub fn missing(&self) -> Vec<PaneKind> {
        let panes = self.panes();
        PaneKind::ALL.into_iter().filter(|pane| !panes.contains(pane)).collect()
    }

    /// The built-in layout of that name.
    pub fn built_in(name: &str) -> Option<Self> {
        let (name, text) = BUILT_IN.into_iter().find(|(built_in, _)| *built_in == name)?;
        parse(text, Path::new(name), name).ok()
    }
}

impl Default for Layout {
    /// [`DEFAULT`]; were its file broken, every pane in one stack.
    fn default() -> Self {
        Self::built_in(DEFAULT).unwrap_or_else(|| Self {
            name: DEFAULT.to_owned(),
            description: String::new(),
            root: Node::Stack(PaneKind::ALL.to_vec()),
        })
    }
}

/// The layout of that name: the user's own in `layouts/` of the configuration, else the built-in one.
///
/// A file that cannot be used is reported, and the built-in layout of the same name, else [`DEFAULT`], takes its place.
pub fn load(name: &str, paths: &Paths) -> (Layout, Vec<Problem>) {
    let file = file_of(name, paths);
    let own = match file.as_deref().map(read) {
        Some(Ok(text)) => text,
        Some(Err(problem)) => return (Layout::built_in(name).unwrap_or_default(), vec![problem]),
        None => None,
    };
    match (own, file) {
        (Some(text), Some(file)) => match parse(&text, &file, name) {
            Ok(layout) => (layout, Vec::new()),
            Err(problems) => (Layout::built_in(name).unwrap_or_default(), problems),
        },
        _ => Layout::built_in(name).map_or_else(
            || {
                let known = BUILT_IN.map(|(name, _)| name);
                (
                    Layout::default(),
                    vec![Problem::whole(&paths.config.join("layouts"), unknown("layout", name, &known))],
                )
            },
            |layout| (layout, Vec::new()),
        ),
    }
}

/// Names are file names: nothing that leaves the folder.
fn file_of(name: &str, paths: &Paths) -> Option<PathBuf> {
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    plain.then(|| paths.config.join("layouts").join(format!("{name}.toml")))
}

/// Reads a layout file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, file: &Path, name: &str) -> Result<Layout, Vec<Problem>> {
    let (mut checker, document) = Checker::open(text, file);
    let description = checker.string(&document, "description").map(|found| found.value).unwrap_or_default();
    let whole = Section { table: &document, span: 0..0 };
    let mut tree = Tree { checker: &mut checker, seen: BTreeSet::new() };
    let root = tree.node(&whole, &["description"], 0);
    let problems = checker.finish();
    match root {
        Some(root) if problems.is_empty() => Ok(Layout { name: name.to_owned(), description, root }),
        _ => Err(problems),
    }
}

/// The walk over one file.
struct Tree<'c, 'a> {
    checker: &'c mut Checker<'a>,
    seen: BTreeSet<PaneKind>,
}

impl Tree<'_, '_> {
    /// One part of the screen. `also` are keys that belong to whoever holds the part.
    fn node(&mut self, section: &Section, also: &[&str], depth: usize) -> Option<Node> {
        let table = section.table;
        let known: Vec<&str> = ["split", "panes", "pane", "stack"].iter().chain(also).copied().collect();
        self.checker.only(table, "a part of the layout", &known);
        if depth > DEEPEST {
            self.checker.complain(&section.span, format!("more than {DEEPEST} splits inside each other"));
            return None;
        }
        let kinds: Vec<&str> = ["split", "pane", "stack"].into_iter().filter(|key| table.contains_key(*key)).collect();
        match kinds[..] {
            ["split"] => self.split(section, depth),
            ["pane"] => {
                let name = self.checker.string(table, "pane")?;
                self.pane(&name.value, &name.span).map(Node::Pane)
            }
            ["stack"] => {
                let names = self.checker.strings(table, "stack")?;
                if names.is_empty() {
                    self.checker.complain(&section.span, "a stack needs at least one pane");
                }
                let panes: Vec<_> = names.iter().filter_map(|name| self.pane(&name.value, &name.span)).collect();
                (!panes.is_empty()).then_some(Node::Stack(panes))
            }
            [] => {
                self.checker.complain(&section.span, "a part needs one of \"split\", \"pane\" and \"stack\"");
                None
            }
            _ => {
                let both = kinds.join("\" and \"");
                self.checker.complain(&section.span, format!("a part is one thing, not \"{both}\" at once"));
                None
            }
        }
    }

    fn split(&mut self, section: &Section, depth: usize) -> Option<Node> {
        let direction = self.checker.string(section.table, "split")?;
        let axis = match direction.value.as_str() {
            "row" => Some(Axis::Row),
            "column" => Some(Axis::Column),
            other => {
                self.checker.complain(&direction.span, unknown("split", other, &["row", "column"]));
                None
            }
        };
        let parts = self.checker.sections(section.table, "panes");
        if parts.is_empty() && !matches!(section.table.get("panes"), Some(value) if !value.get_ref().is_array()) {
            self.checker.complain(&direction.span, "a split needs \"panes\"");
        }
        let mut children = Vec::new();
        let mut percent = 0;
        for part in &parts {
            let size = self.size(part.table);
            if let Size::Percent(share) = size {
                percent += u32::from(share);
            }
            if let Some(node) = self.node(part, &["size"], depth + 1) {
                children.push((size, node));
            }
        }
        if percent > 100 {
            self.checker.complain(&direction.span, format!("the sizes of this split add up to {percent} %"));
        }
        let axis = axis?;
        (!children.is_empty()).then_some(Node::Split { axis, children })
    }

    /// The size of a part; one that is left out or wrong fills.
    fn size(&mut self, table: &DeTable) -> Size {
        const WANTED: &str = "\"30%\", a number of cells, \"fill\" or \"fill 2\"";
        let Some(value) = table.get("size") else { return Size::Fill(1) };
        let size = match value.get_ref() {
            DeValue::String(text) => parse_size(text),
            DeValue::Integer(cells) => {
                u16::from_str_radix(cells.as_str(), cells.radix()).ok().filter(|cells| *cells > 0).map(Size::Cells)
            }
            _ => None,
        };
        size.unwrap_or_else(|| {
            self.checker.complain(&value.span(), format!("\"size\" must be {WANTED}"));
            Size::Fill(1)
        })
    }

    fn pane(&mut self, name: &str, span: &Range<usize>) -> Option<PaneKind> {
        let Some(pane) = PaneKind::parse(name) else {
            self.checker.complain(span, unknown("pane", name, &PaneKind::ALL.map(PaneKind::name)));
            return None;
        };
        if !self.seen.insert(pane) {
            self.checker.complain(span, format!("the pane {name:?} stands in this layout already"));
            return None;
        }
        Some(pane)
    }
}

fn parse_size(text: &str) -> Option<Size> {
    if let Some(percent) = text.strip_suffix('%') {
        return percent.trim().parse().ok().filter(|share| (1..=100).contains(share)).map(Size::Percent);
    }
    let weight = text.strip_prefix("fill")?.trim();
    if weight.is_empty() {
        return Some(Size::Fill(1));
    }
    weight.parse().ok().filter(|weight| *weight > 0).map(Size::Fill)
}

#[cfg(test)]
mod tests;
