//! `hnpwb`: opens the workbench on a session.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::action::{self, keymap::Keymap};
use crate::app::{self, Setup};
use crate::config::keymap;
use crate::config::layout::{self, Layout};
use crate::config::paths::Paths;
use crate::config::problem::Problem;
use crate::config::session::{self, Session};
use crate::config::theme::{self, Theme};
use crate::domain::fault::Fault;
use crate::event::SourceId;
use crate::exec::hush;
use crate::source::registry;
use crate::source::rules::Guard;
use crate::state::popup::{Popup, Scroll};
use crate::state::{Screen, SessionView, State};
use crate::{log, memory, term};

use super::output::{Exit, Failure};
use super::unusable;

/// How long what still runs may take when the program ends.
pub const LEAVE: Duration = Duration::from_millis(500);

/// How the screen is to look.
#[derive(Debug, clap::Args)]
pub struct ScreenArgs {
    /// Layout to begin with
    #[arg(long, value_name = "NAME", global = true)]
    layout: Option<String>,
    /// Theme to begin with
    #[arg(long, value_name = "NAME", global = true)]
    theme: Option<String>,
    /// Draw with ASCII characters alone
    #[arg(long, global = true)]
    ascii: bool,
}

/// Loads the session and opens the workbench on it.
pub fn open(selector: Option<&str>, dir: &Path, paths: &Paths, args: &ScreenArgs) -> Result<Exit, Failure> {
    need_terminal()?;
    let (session, problems) = session::load(selector, dir, paths).map_err(|problems| unusable(&problems))?;
    let runtime = runtime()?;
    let state = prepare(&session, problems, paths, args);
    let ended = runtime.block_on(run(session, state, paths));
    // A plugin that hangs, or a read from a disk that is gone, must not keep the shell waiting.
    runtime.shutdown_timeout(LEAVE);
    ended
}

/// Says what is missing before anything is set up.
pub fn need_terminal() -> Result<(), Failure> {
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    let remedy = "run it in a terminal, or use hnpwb status for scripts";
    let fault = Fault::new("opening", "the workbench", "standard input and output are no terminal", remedy);
    Err(Failure::new(Exit::Usage, fault))
}

/// The runtime that sources and effects run on; the loop itself stays on the main thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // It stays open for days, and most of what it reads it reads once.
    memory::keep_little();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, Fault::new("starting", "the workbench", error, "")))
}

/// Runs the workbench until it is quit.
pub async fn run(session: Session, state: State, paths: &Paths) -> Result<Exit, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Unavailable, Fault::new("running", "the workbench", error, "is this a terminal?"))
    };
    // Without a log the workbench is as good as with one.
    let _log = log::start(&paths.state, &session.redactor);
    color_eyre::install().map_err(|error| failed(&error))?;
    term::install_panic_hook();
    let guard = Guard::new(paths, &session.root, session.source.clone());
    let setup = Setup { roots: roots(&session), socket: paths.socket(&session.root), guard, session };
    Box::pin(app::run(setup, state)).await.map_err(|error| failed(&error))?;
    Ok(Exit::Done)
}

/// Folders whose agents belong to a session: its root, its worktrees and its repositories.
pub fn roots(session: &Session) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = std::iter::once(&session.root).chain(&session.worktrees).cloned().collect();
    roots.sort();
    roots.dedup();
    roots
}

/// The state that a run begins with: session, layouts, themes and keys, and what is wrong with their files.
pub fn prepare(session: &Session, mut problems: Vec<Problem>, paths: &Paths, args: &ScreenArgs) -> State {
    let (bindings, wrong) = keymap::load(paths, &action::names());
    problems.extend(wrong);
    // Each reads its own table of one file, and all of them what is no TOML.
    problems.sort();
    problems.dedup();
    let bindings: Vec<_> = bindings.iter().filter_map(|(key, name)| Some((*key, action::by_name(name)?))).collect();
    let chosen = args.layout.as_deref().or(session.layout.as_deref());
    let theme = args.theme.as_deref().or(session.theme.as_deref()).unwrap_or(theme::DEFAULT);
    let mut screen = Screen::new(
        layouts(chosen.unwrap_or(layout::DEFAULT), paths, &mut problems),
        themes(theme, paths, &mut problems),
        Keymap::new(&bindings),
    );
    screen.ascii = args.ascii;
    screen.zone = TimeZone::system();
    if chosen.is_none() {
        let small = screen.layouts.iter().position(|layout| layout.name == layout::SMALL);
        screen.by_size = small.map(|small| (small, 0));
        screen.fit(crossterm::terminal::size().unwrap_or((80, 24)));
    }
    if !problems.is_empty() {
        let lines = problems.iter().map(|problem| (String::new(), problem.to_string())).collect();
        let title = "Problems with the configuration; what is built in took its place".to_owned();
        screen.popup = Some(Popup::Detail { title, lines, scroll: Scroll::default() });
    }
    let view = SessionView {
        name: session.name.clone(),
        root: shortened(&session.root, &paths.home),
        gate_rules: session.gates.len(),
        redactor: session.redactor.clone(),
        notify: session.notify.clone(),
    };
    let mut state = State::new(Timestamp::now(), view, screen);
    state.guard.ancestors = registry::ancestors(std::process::id());
    // What is looked for and has not been heard of is named from the start.
    let fabrics = session.fabrics.iter().map(|fabric| SourceId::Drift(fabric.name.clone()));
    for source in [SourceId::Agents, SourceId::Board, SourceId::Git].into_iter().chain(fabrics) {
        state.sources.entry(source).or_default();
    }
    match hush::load(&session.state_dir) {
        Ok(hushes) => state.attention.hushes = hushes,
        Err(fault) => state.complain(&fault),
    }
    state.checks.specs.clone_from(&session.checks);
    state.linked.stale_after = session.stale_after;
    state.review.require = session.review.require.clone();
    state.review.manifests_below = session.fabrics.iter().map(|fabric| fabric.repo.clone()).collect();
    state.clusters.faults.clone_from(&session.cluster_faults);
    if let Some(fault) = session.faults.first() {
        state.complain(fault);
    }
    state
}

/// The named layout first, then the others that are built in.
fn layouts(name: &str, paths: &Paths, problems: &mut Vec<Problem>) -> Vec<Layout> {
    let (first, wrong) = layout::load(name, paths);
    problems.extend(wrong);
    let others = layout::BUILT_IN.iter().filter_map(|(name, _)| Layout::built_in(name));
    let others: Vec<Layout> = others.filter(|layout| layout.name != first.name).collect();
    std::iter::once(first).chain(others).collect()
}

/// The named theme first, then the others that are built in. `NO_COLOR` leaves one without colours.
fn themes(name: &str, paths: &Paths, problems: &mut Vec<Problem>) -> Vec<Theme> {
    // https://no-color.org: any value but an empty one counts.
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return vec![Theme::no_colour()];
    }
    let (first, wrong) = theme::load(name, paths);
    problems.extend(wrong);
    let true_colour = std::env::var_os("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    let others = theme::BUILT_IN.iter().filter_map(|(name, _)| Theme::built_in(name));
    let others: Vec<Theme> = others.filter(|theme| theme.name != first.name).collect();
    let themes = std::iter::once(first).chain(others);
    themes.map(|theme| if true_colour { theme } else { theme.in_256_colours() }).collect()
}

/// A path as the operator would write it.
fn shortened(path: &Path, home: &Path) -> String {
    match path.strip_prefix(home) {
        Ok(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Ok(rest) => format!("~/{}", rest.display()),
        Err(_) => path.display().to_string(),
    }
}
