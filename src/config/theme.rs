//! Themes: how each role looks. Data files with a palette and a table of roles, checked when they are read.
//!
//! A role that a theme leaves out takes its parent's style (`git.ref.head`, `git.ref`, `git`, then `text`), after
//! everything that the theme inherits was looked at.

mod role;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

pub use role::{Lane, Role};

use super::document::{Checker, read};
use super::paths::Paths;
use super::problem::{Problem, unknown};
use crate::domain::agent::AgentState;
use crate::domain::drift::DriftState;
use crate::domain::health::HealthState;
use crate::domain::task::TaskStatus;

/// The theme of a session that names none.
pub const DEFAULT: &str = "hedgehog-dark";

/// Themes that are part of the program: name and text.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("hedgehog-dark", include_str!("../../themes/hedgehog-dark.toml")),
    ("hedgehog-light", include_str!("../../themes/hedgehog-light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
];

/// Themes that a theme may inherit from, one through the other.
const LONGEST_LINE: usize = 8;

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// A checked theme: a style for every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Name of its file; empty for [`Theme::no_colour`].
    pub name: String,
    styles: BTreeMap<Role, Style>,
}

impl Theme {
    /// How a role looks. Styles without a ground of their own leave that which is under them.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// The same theme for terminals without `COLORTERM=truecolor`: each colour is the nearest of xterm's 256.
    #[must_use]
    pub fn in_256_colours(mut self) -> Self {
        for style in self.styles.values_mut() {
            style.fg = style.fg.map(nearest_indexed);
            style.bg = style.bg.map(nearest_indexed);
        }
        self
    }

    /// For `NO_COLOR` (no-color.org): modifiers alone.
    pub fn no_colour() -> Self {
        let styles = Role::ALL.map(|role| (role, Style::new().add_modifier(plain(role))));
        Self { name: String::new(), styles: styles.into_iter().collect() }
    }

    /// The built-in theme of that name.
    pub fn built_in(name: &str) -> Option<Self> {
        let text = built_in_text(name)?;
        parse(text, Path::new(name), name, &|_| Ok(None)).ok()
    }
}

impl Default for Theme {
    /// [`DEFAULT`]; were its file broken, the theme without colour.
    fn default() -> Self {
        Self::built_in(DEFAULT).unwrap_or_else(Self::no_colour)
    }
}

/// The nearest colour of xterm's cube (16 to 231) and grey ramp (232 to 255). The first sixteen are the user's own and
/// may be anything. Colours that are not RGB stay.
fn nearest_indexed(colour: Color) -> Color {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Color::Rgb(r, g, b) = colour else { return colour };
    let cube = (0..216u8)
        .map(|n| (16 + n, STEPS[usize::from(n / 36)], STEPS[usize::from(n / 6 % 6)], STEPS[usize::from(n % 6)]));
    let greys = (0..24u8).map(|n| (232 + n, 8 + 10 * n, 8 + 10 * n, 8 + 10 * n));
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    // The eye is keener for green than for red, and for red than for blue.
    let distance = |&(_, x, y, z): &(u8, u8, u8, u8)| 3 * square(r, x) + 4 * square(g, y) + 2 * square(b, z);
    cube.chain(greys).min_by_key(distance).map_or(colour, |(index, ..)| Color::Indexed(index))
}

/// How a role is told apart without colour: what wants the operator is bold or reversed, what does not is dim.
fn plain(role: Role) -> Modifier {
    match role {
        Role::Selection | Role::Gate => Modifier::REVERSED,
        Role::Match | Role::MarkdownLink => Modifier::UNDERLINED,
        Role::Title
        | Role::Accent
        | Role::BorderFocus
        | Role::Warn
        | Role::Error
        | Role::ChipKey
        | Role::AgentUser
        | Role::MarkdownHeading
        | Role::GitRefHead
        | Role::Health(HealthState::Degraded)
        | Role::Drift(
            DriftState::Drifted | DriftState::Behind | DriftState::Overdue | DriftState::Blocked | DriftState::Orphaned,
        )
        | Role::State(AgentState::Waiting | AgentState::Crashed)
        | Role::Task(TaskStatus::Blocked | TaskStatus::Review) => Modifier::BOLD,
        Role::Dim
        | Role::Border
        | Role::ChipText
        | Role::DiffRemove
        | Role::AgentThinking
        | Role::MarkdownQuote
        | Role::GitAuthor
        | Role::Health(HealthState::Unknown | HealthState::NoSignal | HealthState::NotPlaced)
        | Role::Drift(DriftState::Unknown)
        | Role::State(AgentState::Unknown | AgentState::Finished)
        | Role::Task(TaskStatus::Other) => Modifier::DIM,
        Role::Background
        | Role::Text
        | Role::Ok
        | Role::Info
        | Role::DiffAdd
        | Role::AgentAssistant
        | Role::AgentTool
        | Role::MarkdownCode
        | Role::GitHash
        | Role::GitRefBranch
        | Role::GitRefRemote
        | Role::GitRefTag
        | Role::Lane(_)
        | Role::Health(
            HealthState::Progressing | HealthState::Terminating | HealthState::Suspended | HealthState::Healthy,
        )
        | Role::Drift(
            DriftState::Deleting | DriftState::Pending | DriftState::Draft | DriftState::Unpushed | DriftState::Synced,
        )
        | Role::State(AgentState::Working | AgentState::Idle)
        | Role::Task(TaskStatus::Todo | TaskStatus::InProgress | TaskStatus::Done) => Modifier::empty(),
    }
}

fn built_in_text(name: &str) -> Option<&'static str> {
    BUILT_IN.into_iter().find(|(built_in, _)| *built_in == name).map(|(_, text)| text)
}

/// The theme of that name: the user's own in `themes/` of the configuration, else the built-in one.
///
/// A file that cannot be used is reported, and the built-in theme of the same name, else [`DEFAULT`], takes its place.
pub fn load(name: &str, paths: &Paths) -> (Theme, Vec<Problem>) {
    let folder = paths.config.join("themes");
    let fallen = |problems| (Theme::built_in(name).unwrap_or_default(), problems);
    let file = file_of(name, &folder);
    let own = match file.as_deref().map(read) {
        Some(Ok(text)) => text,
        Some(Err(problem)) => return fallen(vec![problem]),
        None => None,
    };
    let Some((text, file)) = own.zip(file) else {
        let problem = || Problem::whole(&folder, unknown("theme", name, &BUILT_IN.map(|(name, _)| name)));
        return Theme::built_in(name).map_or_else(|| fallen(vec![problem()]), |theme| (theme, Vec::new()));
    };
    let find = |parent: &str| match file_of(parent, &folder) {
        Some(file) => Ok(read(&file)?.map(|text| (file, text))),
        None => Ok(None),
    };
    match parse(&text, &file, name, &find) {
        Ok(theme) => (theme, Vec::new()),
        Err(problems) => fallen(problems),
    }
}

/// Names are file names: nothing that leaves the folder.
fn file_of(name: &str, folder: &Path) -> Option<PathBuf> {
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    plain.then(|| folder.join(format!("{name}.toml")))
}

/// Finds a theme file of the user's by its name, with its text.
type Find<'f> = dyn Fn(&str) -> Result<Option<(PathBuf, String)>, Problem> + 'f;

/// Reads a theme file; `find` gives the user's themes that it may inherit from.
///
/// # Errors
/// Everything that is wrong with it and with those it inherits from.
pub fn parse(text: &str, file: &Path, name: &str, find: &Find) -> Result<Theme, Vec<Problem>> {
    let files = line_of_descent(text, file, find)?;
    let mut documents: Vec<(Checker, DeTable)> = files.iter().map(|(file, text)| Checker::open(text, file)).collect();
    let mut palette = BTreeMap::new();
    for (checker, document) in &mut documents {
        checker.only(document, "a theme", &["inherits", "palette", "roles"]);
        read_palette(checker, document, &mut palette);
    }
    let mut roles = BTreeMap::new();
    for (checker, document) in &mut documents {
        read_roles(checker, document, &palette, &mut roles);
    }
    let problems: Vec<Problem> = documents.into_iter().flat_map(|(checker, _)| checker.finish()).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let styles = Role::ALL.map(|role| (role, resolve(role, &roles))).into_iter().collect();
    Ok(Theme { name: name.to_owned(), styles })
}

/// A theme's file and those it inherits from, the oldest first. A user's theme may extend the built-in one of its name.
fn line_of_descent(text: &str, file: &Path, find: &Find) -> Result<Vec<(PathBuf, String)>, Vec<Problem>> {
    let mut files = vec![(file.to_path_buf(), text.to_owned())];
    while let Some((file, text)) = files.last() {
        let (mut checker, document) = Checker::open(text, file);
        let Some(parent) = checker.string(&document, "inherits") else { break };
        let own = find(&parent.value).map_err(|problem| vec![problem])?;
        let own = own.filter(|(file, _)| files.iter().all(|(seen, _)| seen != file));
        let built_in = || built_in_text(&parent.value).map(|text| (PathBuf::from(&parent.value), text.to_owned()));
        match own.or_else(built_in) {
            Some(_) if files.len() > LONGEST_LINE => {
                checker.complain(&parent.span, format!("more than {LONGEST_LINE} themes inherit from each other here"));
                return Err(checker.finish());
            }
            Some(found) => files.push(found),
            None => {
                let known = BUILT_IN.map(|(name, _)| name);
                let message = unknown("theme", &parent.value, &known);
                checker.complain(&parent.span, format!("{message} (or it inherits from itself)"));
                return Err(checker.finish());
            }
        }
    }
    files.reverse();
    Ok(files)
}

fn read_palette(checker: &mut Checker, document: &DeTable, palette: &mut BTreeMap<String, Color>) {
    let Some(section) = checker.section(document, "palette") else { return };
    for name in section.table.keys() {
        let name: &str = name.get_ref();
        let Some(text) = checker.string(section.table, name) else { continue };
        match Color::from_str(&text.value) {
            Ok(colour) => {
                palette.insert(name.to_owned(), colour);
            }
            Err(_) => checker.complain(
                &text.span,
                format!("{:?} is no colour: write \"#rrggbb\" or an ANSI name such as \"light-blue\"", text.value),
            ),
        }
    }
}

fn read_roles(
    checker: &mut Checker,
    document: &DeTable,
    palette: &BTreeMap<String, Color>,
    roles: &mut BTreeMap<String, Style>,
) {
    let Some(section) = checker.section(document, "roles") else { return };
    let known = Role::known_keys();
    for (key, value) in section.table {
        let name: &str = key.get_ref();
        if !known.contains(&name) {
            checker.complain(&key.span(), unknown("role", name, &known));
            continue;
        }
        let style = match value.get_ref() {
            DeValue::String(_) => colour(checker, section.table, name, palette).map(|colour| Style::new().fg(colour)),
            DeValue::Table(table) => {
                let dotted = table.keys().find(|inner| known.contains(&format!("{name}.{}", inner.get_ref()).as_str()));
                if let Some(inner) = dotted {
                    let inner_name = inner.get_ref();
                    checker.complain(&inner.span(), format!("write dotted roles in quotes: \"{name}.{inner_name}\""));
                    continue;
                }
                Some(style(checker, table, name, palette))
            }
            other => {
                checker.wrong_type(name, &value.span(), "a colour or a table with fg, bg and modifiers", other);
                None
            }
        };
        if let Some(style) = style {
            roles.insert(name.to_owned(), style);
        }
    }
}

fn style(checker: &mut Checker, table: &DeTable, role: &str, palette: &BTreeMap<String, Color>) -> Style {
    checker.only(table, &format!("the role {role:?}"), &["fg", "bg", "modifiers"]);
    let mut style =
        Style { fg: colour(checker, table, "fg", palette), bg: colour(checker, table, "bg", palette), ..Style::new() };
    for name in checker.strings(table, "modifiers").unwrap_or_default() {
        match MODIFIERS.into_iter().find(|(known, _)| *known == name.value) {
            Some((_, modifier)) => style = style.add_modifier(modifier),
            None => checker.complain(&name.span, unknown("modifier", &name.value, &MODIFIERS.map(|(known, _)| known))),
        }
    }
    style
}

/// The colour under a key: a name of the palette, `#rrggbb`, or an ANSI name.
fn colour(checker: &mut Checker, table: &DeTable, key: &str, palette: &BTreeMap<String, Color>) -> Option<Color> {
    let name = checker.string(table, key)?;
    let found = palette.get(&name.value).copied().or_else(|| Color::from_str(&name.value).ok());
    if found.is_none() {
        let known: Vec<&str> = palette.keys().map(String::as_str).collect();
        let message = unknown("colour", &name.value, &known);
        checker.complain(&name.span, format!("{message} (nor is it \"#rrggbb\" or an ANSI name)"));
    }
    found
}

/// The style of a role: its own, else its nearest parent's.
fn resolve(role: Role, roles: &BTreeMap<String, Style>) -> Style {
    let nearest = || role::ancestry(role.key()).find_map(|key| roles.get(key)).copied();
    match role {
        // Text is no ground, and a selection that looks like text is none.
        Role::Background => roles.get(role.key()).copied().unwrap_or_default(),
        Role::Selection => {
            roles.get(role.key()).copied().unwrap_or_else(|| Style::new().add_modifier(Modifier::REVERSED))
        }
        _ => nearest().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
