//! Roles: what a piece of the screen means. The only colours that the screen knows.

use crate::domain::agent::AgentState;
use crate::domain::drift::DriftState;
use crate::domain::health::HealthState;
use crate::domain::task::TaskStatus;

/// What a piece of the screen means; a theme says how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The ground that everything stands on; drawn once under the whole frame.
    Background,
    /// Plain text.
    Text,
    /// Secondary text: ages, paths, counts.
    Dim,
    /// Title of a pane.
    Title,
    /// Emphasis without judgement.
    Accent,
    /// The selected row, laid over what stands in it.
    Selection,
    /// What a filter or a search found.
    Match,
    /// Border of a pane.
    Border,
    /// Border of the pane that has the focus.
    BorderFocus,
    /// Good.
    Ok,
    /// Worth a look.
    Warn,
    /// Failed.
    Error,
    /// News.
    Info,
    /// A key in the footer or in the help.
    ChipKey,
    /// What that key does.
    ChipText,
    /// Added, or desired.
    DiffAdd,
    /// Removed, or live instead.
    DiffRemove,
    /// Prompts.
    AgentUser,
    /// What the model says.
    AgentAssistant,
    /// Tool calls and their results.
    AgentTool,
    /// What the model thinks.
    AgentThinking,
    /// Heading of a text.
    MarkdownHeading,
    /// Code in a text.
    MarkdownCode,
    /// Link in a text.
    MarkdownLink,
    /// Rail of a quote in a text.
    MarkdownQuote,
    /// Hash of a commit.
    GitHash,
    /// Author of a commit.
    GitAuthor,
    /// `HEAD`.
    GitRefHead,
    /// A local branch.
    GitRefBranch,
    /// A remote branch.
    GitRefRemote,
    /// A tag.
    GitRefTag,
    /// A line of the commit graph.
    Lane(Lane),
    /// Health of an object.
    Health(HealthState),
    /// Drift of an object.
    Drift(DriftState),
    /// State of an agent.
    State(AgentState),
    /// Status of a task.
    Task(TaskStatus),
    /// A gate that waits.
    Gate,
}

/// Lines of the commit graph that can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// The first.
    L0,
    /// The second.
    L1,
    /// The third.
    L2,
    /// The fourth.
    L3,
    /// The fifth.
    L4,
    /// The sixth.
    L5,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 6] = [Self::L0, Self::L1, Self::L2, Self::L3, Self::L4, Self::L5];
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 69] = [
        Self::Background,
        Self::Text,
        Self::Dim,
        Self::Title,
        Self::Accent,
        Self::Selection,
        Self::Match,
        Self::Border,
        Self::BorderFocus,
        Self::Ok,
        Self::Warn,
        Self::Error,
        Self::Info,
        Self::ChipKey,
        Self::ChipText,
        Self::DiffAdd,
        Self::DiffRemove,
        Self::AgentUser,
        Self::AgentAssistant,
        Self::AgentTool,
        Self::AgentThinking,
        Self::MarkdownHeading,
        Self::MarkdownCode,
        Self::MarkdownLink,
        Self::MarkdownQuote,
        Self::GitHash,
        Self::GitAuthor,
        Self::GitRefHead,
        Self::GitRefBranch,
        Self::GitRefRemote,
        Self::GitRefTag,
        Self::Lane(Lane::L0),
        Self::Lane(Lane::L1),
        Self::Lane(Lane::L2),
        Self::Lane(Lane::L3),
        Self::Lane(Lane::L4),
        Self::Lane(Lane::L5),
        Self::Health(HealthState::Degraded),
        Self::Health(HealthState::Unknown),
        Self::Health(HealthState::Progressing),
        Self::Health(HealthState::Terminating),
        Self::Health(HealthState::Suspended),
        Self::Health(HealthState::NotPlaced),
        Self::Health(HealthState::NoSignal),
        Self::Health(HealthState::Healthy),
        Self::Drift(DriftState::Drifted),
        Self::Drift(DriftState::Behind),
        Self::Drift(DriftState::Overdue),
        Self::Drift(DriftState::Blocked),
        Self::Drift(DriftState::Orphaned),
        Self::Drift(DriftState::Deleting),
        Self::Drift(DriftState::Unknown),
        Self::Drift(DriftState::Pending),
        Self::Drift(DriftState::Draft),
        Self::Drift(DriftState::Unpushed),
        Self::Drift(DriftState::Synced),
        Self::State(AgentState::Waiting),
        Self::State(AgentState::Crashed),
        Self::State(AgentState::Working),
        Self::State(AgentState::Idle),
        Self::State(AgentState::Unknown),
        Self::State(AgentState::Finished),
        Self::Task(TaskStatus::Todo),
        Self::Task(TaskStatus::InProgress),
        Self::Task(TaskStatus::Blocked),
        Self::Task(TaskStatus::Review),
        Self::Task(TaskStatus::Done),
        Self::Task(TaskStatus::Other),
        Self::Gate,
    ];

    /// The role of a line of the commit graph; lines beyond the sixth begin again at the first.
    pub fn lane(number: usize) -> Self {
        Self::Lane(Lane::ALL[number % Lane::ALL.len()])
    }

    /// The name used in theme files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Text => "text",
            Self::Dim => "dim",
            Self::Title => "title",
            Self::Accent => "accent",
            Self::Selection => "selection",
            Self::Match => "match",
            Self::Border => "border",
            Self::BorderFocus => "border.focus",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Info => "info",
            Self::ChipKey => "chip.key",
            Self::ChipText => "chip.text",
            Self::DiffAdd => "diff.add",
            Self::DiffRemove => "diff.remove",
            Self::AgentUser => "agent.user",
            Self::AgentAssistant => "agent.assistant",
            Self::AgentTool => "agent.tool",
            Self::AgentThinking => "agent.thinking",
            Self::MarkdownHeading => "markdown.heading",
            Self::MarkdownCode => "markdown.code",
            Self::MarkdownLink => "markdown.link",
            Self::MarkdownQuote => "markdown.quote",
            Self::GitHash => "git.hash",
            Self::GitAuthor => "git.author",
            Self::GitRefHead => "git.ref.head",
            Self::GitRefBranch => "git.ref.branch",
            Self::GitRefRemote => "git.ref.remote",
            Self::GitRefTag => "git.ref.tag",
            Self::Lane(lane) => match lane {
                Lane::L0 => "lane.0",
                Lane::L1 => "lane.1",
                Lane::L2 => "lane.2",
                Lane::L3 => "lane.3",
                Lane::L4 => "lane.4",
                Lane::L5 => "lane.5",
            },
            Self::Health(health) => match health {
                HealthState::Degraded => "health.degraded",
                HealthState::Unknown => "health.unknown",
                HealthState::Progressing => "health.progressing",
                HealthState::Terminating => "health.terminating",
                HealthState::Suspended => "health.suspended",
                HealthState::NotPlaced => "health.not-placed",
                HealthState::NoSignal => "health.no-signal",
                HealthState::Healthy => "health.healthy",
            },
            Self::Drift(drift) => match drift {
                DriftState::Drifted => "drift.drifted",
                DriftState::Behind => "drift.behind",
                DriftState::Overdue => "drift.overdue",
                DriftState::Blocked => "drift.blocked",
                DriftState::Orphaned => "drift.orphaned",
                DriftState::Deleting => "drift.deleting",
                DriftState::Unknown => "drift.unknown",
                DriftState::Pending => "drift.pending",
                DriftState::Draft => "drift.draft",
                DriftState::Unpushed => "drift.unpushed",
                DriftState::Synced => "drift.synced",
            },
            Self::State(state) => match state {
                AgentState::Waiting => "state.waiting",
                AgentState::Crashed => "state.crashed",
                AgentState::Working => "state.working",
                AgentState::Idle => "state.idle",
                AgentState::Unknown => "state.unknown",
                AgentState::Finished => "state.finished",
            },
            Self::Task(task) => match task {
                TaskStatus::Todo => "task.todo",
                TaskStatus::InProgress => "task.in-progress",
                TaskStatus::Blocked => "task.blocked",
                TaskStatus::Review => "task.review",
                TaskStatus::Done => "task.done",
                TaskStatus::Other => "task.other",
            },
            Self::Gate => "gate",
        }
    }

    /// Names that a theme file may use: every role, and the parents they fall back to.
    pub fn known_keys() -> Vec<&'static str> {
        let mut keys: Vec<&str> = Self::ALL.iter().flat_map(|role| ancestry(role.key())).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// A dotted name and what it falls back to: `git.ref.head`, `git.ref`, `git`, `text`.
pub fn ancestry(key: &'static str) -> impl Iterator<Item = &'static str> {
    let parents = std::iter::successors(Some(key), |name| name.rfind('.').map(|dot| &name[..dot]));
    parents.chain((key != "text").then_some("text"))
}

#[cfg(test)]
mod tests {
    use super::{Role, ancestry};
    use std::collections::BTreeSet;

    #[test]
    fn every_role_is_listed_once_under_a_name_of_its_own() {
        let roles: BTreeSet<Role> = Role::ALL.into_iter().collect();
        let keys: BTreeSet<&str> = Role::ALL.iter().map(|role| role.key()).collect();
        assert_eq!((roles.len(), keys.len()), (Role::ALL.len(), Role::ALL.len()));
    }

    #[test]
    fn states_are_named_as_everywhere_else() {
        for role in Role::ALL {
            let name = match role {
                Role::Health(health) => health.name(),
                Role::Drift(drift) => drift.name(),
                Role::State(state) => state.name(),
                Role::Task(task) => task.name(),
                _ => continue,
            };
            assert_eq!(role.key().split_once('.').map(|(_, state)| state), Some(name));
        }
    }

    #[test]
    fn a_dotted_name_falls_back_step_by_step() {
        assert_eq!(ancestry("git.ref.head").collect::<Vec<_>>(), ["git.ref.head", "git.ref", "git", "text"]);
        assert_eq!(ancestry("text").collect::<Vec<_>>(), ["text"]);
    }

    #[test]
    fn lanes_begin_again_after_the_sixth() {
        assert_eq!(Role::lane(0), Role::lane(6));
        assert_ne!(Role::lane(0), Role::lane(5));
    }
}
