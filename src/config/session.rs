//! The session: which folder, boards, agents, repositories, fabrics and gate rules one run works with.

mod file;
pub mod gates;
mod kept;
mod library;
mod load;
pub mod rules;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use file::{EXCLUDED, GRACE, STALE_AFTER, SessionFile, parse, parse_duration};
pub use library::LibrarySpec;
pub use load::{BUILT_IN, FILE_NAME, load};

use super::models;
use crate::domain::evidence::Require;
use crate::domain::fault::Fault;
use crate::domain::gate::rule::GateRule;
use crate::domain::health::Rules;
use crate::domain::model::Models;
use crate::domain::notify::Notify;
use crate::domain::redact::Redactor;
use crate::domain::signal::Levels;

/// A checked session: paths are absolute, patterns compiled, everything left out filled in by discovery.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its name.
    pub name: String,
    /// Where it was defined.
    pub origin: SessionOrigin,
    /// What it was read from.
    pub source: SourceText,
    /// The folder it is about, canonical.
    pub root: PathBuf,
    /// `.hnpwb` in the root, unless configured otherwise.
    pub state_dir: PathBuf,
    /// Nothing is sent to a cluster that asks for more than to be read, not even to be tried.
    pub read_only: bool,
    /// Layout it asks for.
    pub layout: Option<String>,
    /// Theme it asks for.
    pub theme: Option<String>,
    /// Files of the board.
    pub boards: Vec<PathBuf>,
    /// Names and roles of agents, and further transcripts.
    pub agents: Vec<AgentSpec>,
    /// Working trees.
    pub repos: Vec<PathBuf>,
    /// GitOps directories with their clusters.
    pub fabrics: Vec<FabricSpec>,
    /// Tool calls that are held.
    pub gates: Vec<GateRule>,
    /// Claude Code's folders (`$CLAUDE_CONFIG_DIR`, else `~/.claude`).
    pub claude_dirs: Vec<PathBuf>,
    /// Folders and files where other agents keep their transcripts.
    pub transcript_places: Vec<PathBuf>,
    /// Folder of what status lines were told.
    pub status_lines: Option<PathBuf>,
    /// Windows and prices of models.
    pub models: Arc<Models>,
    /// What the health of live objects is judged by.
    pub health: Arc<Rules>,
    /// Thresholds of the signals.
    pub levels: Arc<Levels>,
    /// When and how the operator is told.
    pub notify: Notify,
    /// Checks of the operator's own, run on a key.
    pub checks: Vec<CheckSpec>,
    /// Files of `$KUBECONFIG`, else the one at home.
    pub kubeconfig: Vec<PathBuf>,
    /// What agents can be told to read, beside what is found by convention.
    pub library: LibrarySpec,
    /// Folders of templates of briefs, the project's first.
    pub templates: Vec<PathBuf>,
    /// How long a task may be in progress without a sign of work.
    pub stale_after: Duration,
    /// What a review asks for.
    pub review: ReviewSpec,
    /// Worktrees of the root's repository, the main one first: agents that work in one belong to this session.
    pub worktrees: Vec<PathBuf>,
    /// The kubeconfig's current context, shown even when no fabric names it. None when the session names its fabrics.
    pub cluster: Option<ClusterSpec>,
    /// What discovery could not read, or could not decide.
    pub faults: Vec<Fault>,
    /// Why no cluster was found, or not the one that was meant.
    pub cluster_faults: Vec<Fault>,
    /// What hides secrets, by the user's own patterns too.
    pub redactor: Redactor,
}

impl Session {
    /// A session of a folder (canonical) with nothing in it yet.
    pub fn bare(name: &str, root: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            origin: SessionOrigin::Discovered,
            source: SourceText::default(),
            state_dir: root.join(".hnpwb"),
            root,
            read_only: false,
            layout: None,
            theme: None,
            boards: Vec::new(),
            agents: Vec::new(),
            repos: Vec::new(),
            fabrics: Vec::new(),
            gates: Vec::new(),
            claude_dirs: Vec::new(),
            transcript_places: Vec::new(),
            status_lines: None,
            models: Arc::new(models::built_in()),
            health: Rules::built_in(),
            levels: Arc::default(),
            notify: Notify::default(),
            checks: Vec::new(),
            kubeconfig: Vec::new(),
            library: LibrarySpec::default(),
            templates: Vec::new(),
            stale_after: STALE_AFTER,
            review: ReviewSpec::default(),
            worktrees: Vec::new(),
            cluster: None,
            faults: Vec::new(),
            cluster_faults: Vec::new(),
            redactor: Redactor::default(),
        }
    }
}

/// The text that a session was read from: what is in force until the operator accepts another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceText {
    /// The file; none for a session that was discovered. Of one that is built in it is a name and no file.
    pub file: Option<PathBuf>,
    /// What it says.
    pub text: String,
    /// Folder that a relative root is below; none is the folder the workbench was started in.
    pub base: Option<PathBuf>,
}

/// Where a session was defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOrigin {
    /// Nowhere: all of it was discovered.
    Discovered,
    /// In this file.
    File(PathBuf),
    /// Built in, under this name.
    BuiltIn(String),
}

/// A name and a role for transcripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpec {
    /// Name on screen.
    pub name: String,
    /// Role, if any.
    pub role: Option<String>,
    /// Glob of transcript files, `~` expanded; none names no file of its own.
    pub transcripts: Option<String>,
}

/// What a review asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewSpec {
    /// Which rows have to hold.
    pub require: Require,
    /// A sign-off is noted on its last commit, under `refs/notes/hnpwb`.
    pub git_notes: bool,
}

/// A check of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSpec {
    /// Name.
    pub name: String,
    /// Command line for `sh -c`, run in the root.
    pub run: String,
}

/// One GitOps directory and at most one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FabricSpec {
    /// Name.
    pub name: String,
    /// Working tree that holds the directory.
    pub repo: PathBuf,
    /// Directory, relative to the repository.
    pub directory: PathBuf,
    /// Names of folders below it that are no desired state.
    pub exclude: Vec<String>,
    /// Its cluster.
    pub cluster: Option<ClusterSpec>,
    /// How long a commit may take to become live.
    pub grace: Duration,
}

/// Where live objects come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterSpec {
    /// A context of a kubeconfig.
    Context {
        /// Name of the context; none is the kubeconfig's current one.
        context: Option<String>,
        /// The file; none is `$KUBECONFIG`, else `~/.kube/config`.
        kubeconfig: Option<PathBuf>,
    },
    /// A file as `kubectl get -o yaml` writes it.
    Snapshot(PathBuf),
}
