//! The signals of the agents that are not finished: each transcript's tail is read once, and then what is added to it.
//!
//! History is not read for them: a signal is about what an agent does now, and the index of a gigabyte of finished sessions
//! costs nothing more for them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::redact::Redactor;
use crate::domain::signal::{Facing, Levels, Scope, Watch};
use crate::domain::transcript::Digest;
use crate::domain::transcript::format::Format;
use crate::source::transcript::cursor::{Cursor, Fate};
use crate::source::transcript::lines::{self, Limits, Line};
use crate::source::transcript::store::open;
use crate::source::work::newlines;

/// What is read of a transcript's end at first.
const TAIL: Limits = Limits { lines: 4_000, bytes: 512 * 1024 };

/// Bytes of tails that are begun in one look; the others follow in the next, where there is one.
pub(super) const BEGUN: u64 = 4 * 1024 * 1024;

/// An agent that said nothing for this long is not watched any more.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// Bytes of a brief that are read.
const BRIEF: u64 = 256 * 1024;

/// Transcripts that are watched.
#[derive(Debug, Default)]
pub(super) struct Watches {
    by_path: HashMap<PathBuf, Watched>,
    /// Bytes of tails that one look may begin to read.
    pub(super) budget: u64,
    /// Not every transcript that is to be watched has been begun.
    pub(super) owed: bool,
}

/// One transcript that is watched.
#[derive(Debug)]
struct Watched {
    watch: Watch,
    cursor: Cursor,
    /// Offset of the first line that was read.
    from: u64,
    /// Bytes of the file when it was last read.
    size: Option<u64>,
    /// The brief that was read, by the name that the prompt gives it.
    brief: Option<(String, Scope)>,
}

/// Looks at every agent that is not finished, and notes its signals. What may be begun goes to those that were heard last.
pub(super) fn look<'a>(
    watches: &mut Watches,
    agents: &mut [Agent],
    digest: impl Fn(&Path) -> Option<&'a Digest>,
    (levels, redactor): (&Levels, &Redactor),
    now: Timestamp,
) {
    let working = at_work(agents);
    let mut budget = watches.budget;
    watches.owed = false;
    let mut watched: HashMap<PathBuf, Watched> = HashMap::new();
    let mut wanted: Vec<&mut Agent> = agents.iter_mut().filter(|agent| is_watched(agent, now)).collect();
    wanted.sort_by_key(|agent| Reverse(agent.last_activity));
    for agent in wanted {
        let Some(digest) = digest(&agent.transcript) else { continue };
        let known = watches.by_path.remove(&agent.transcript);
        let mut one = match known {
            Some(one) => one,
            None if budget == 0 => {
                watches.owed = true;
                agent.signals_owed = true;
                continue;
            }
            None => {
                budget = budget.saturating_sub(agent.size.min(TAIL.bytes));
                match Watched::begin(agent, levels, redactor) {
                    Ok(one) => one,
                    // Its pane says that it cannot be read.
                    Err(_) => continue,
                }
            }
        };
        if one.size != Some(agent.size) && !one.follow(&agent.transcript, agent.format).unwrap_or(false) {
            // It was rewritten: what was found in it is void.
            match Watched::begin(agent, levels, redactor) {
                Ok(anew) => one = anew,
                Err(_) => continue,
            }
        }
        one.size = Some(agent.size);
        one.read_brief(agent);
        let facing = Facing {
            now,
            agent,
            step: &digest.step,
            step_at: digest.step_at,
            sub_agents: working.get(&agent.id).copied().unwrap_or_default(),
            committed: agent.cwd.as_deref().filter(|_| agent.verdict.state == AgentState::Working).and_then(committed),
            scope: one.brief.as_ref().map(|(_, scope)| scope),
        };
        one.watch.look(&facing);
        if one.watch.wants_lines()
            && let Ok(before) =
                open(&agent.transcript, agent.format).and_then(|stored| newlines(&stored.lines, one.from))
        {
            one.watch.count_from(before);
        }
        agent.signals = one.watch.signals();
        agent.claimed = one.watch.claimed();
        watched.insert(agent.transcript.clone(), one);
    }
    watches.by_path = watched;
}

/// Whether an agent's signals are of use to anybody.
fn is_watched(agent: &Agent, now: Timestamp) -> bool {
    let over = matches!(agent.verdict.state, AgentState::Finished) || agent.inside_parent || agent.file_gone;
    !over && agent.last_activity.is_some_and(|at| now.duration_since(at) < LATELY)
}

/// How many sub-agents of each agent are at work.
fn at_work(agents: &[Agent]) -> BTreeMap<AgentId, usize> {
    let mut counts = BTreeMap::new();
    for parent in
        agents.iter().filter(|one| one.verdict.state == AgentState::Working).filter_map(|one| one.parent.clone())
    {
        *counts.entry(parent).or_default() += 1;
    }
    counts
}

impl Watched {
    fn begin(agent: &Agent, levels: &Levels, redactor: &Redactor) -> io::Result<Self> {
        let (path, format) = (&agent.transcript, agent.format);
        let stored = open(path, format)?;
        let end = lines::complete(&stored.lines, 0, 0, stored.size)?;
        let from = lines::backward(&stored.lines, end, TAIL)?;
        let before = (from == 0).then_some(0);
        let mut watch = Watch::new(path.clone(), agent.parent.is_some(), before, levels, redactor.clone());
        lines::forward(&stored.lines, from, end, Limits::NONE, |offset, line| take(&mut watch, format, offset, line))?;
        Ok(Self { watch, cursor: Cursor::at(&stored, end)?, from, size: None, brief: None })
    }

    /// Reads what was added; false when the transcript is another one now.
    fn follow(&mut self, path: &Path, format: &dyn Format) -> io::Result<bool> {
        let stored = open(path, format)?;
        let Fate::Same(end) = self.cursor.look(&stored)? else { return Ok(false) };
        let watch = &mut self.watch;
        self.cursor.read(&stored.lines, end, Limits::NONE, |offset, line| take(watch, format, offset, line))?;
        Ok(true)
    }

    /// Reads the brief that the agent's last prompts point to, unless it was read.
    fn read_brief(&mut self, agent: &Agent) {
        let named = self.watch.brief();
        if named == self.brief.as_ref().map(|(name, _)| name.as_str()) {
            return;
        }
        self.brief = named.map(|name| {
            let path = agent.cwd.as_deref().unwrap_or(Path::new("/")).join(name);
            // A brief that is gone allows everything, as one without paths does.
            let text = read_start(&path).unwrap_or_default();
            (name.to_owned(), Scope::of_brief(name, &text))
        });
    }
}

fn take(watch: &mut Watch, format: &dyn Format, offset: u64, line: Line<'_>) {
    match line {
        Line::Whole(line) => watch.line(format, offset, line),
        Line::TooLong(_) => watch.pass_over(),
    }
}

fn read_start(path: &Path) -> io::Result<String> {
    use std::io::Read;
    // A pipe of that name would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(BRIEF).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// When something was last committed in the working tree that holds a folder: git notes it in a log beside its HEAD.
fn committed(cwd: &Path) -> Option<Timestamp> {
    let git = cwd.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let folder = if git.is_dir() {
        git
    } else {
        // A linked worktree names its folder in a file of one line.
        let text = read_start(&git).ok()?;
        let named = PathBuf::from(text.strip_prefix("gitdir:")?.trim());
        git.parent()?.join(named)
    };
    let written = std::fs::metadata(folder.join("logs/HEAD")).ok()?.modified().ok()?;
    Timestamp::try_from(written).ok()
}
