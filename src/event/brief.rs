//! What comes back about briefs: what one can begin from, what a look has found, what was written.

use std::path::PathBuf;

use jiff::Timestamp;

use super::CopyDone;
use crate::domain::agent::AgentId;
use crate::domain::brief::Draft;
use crate::domain::brief::check::Checked;
use crate::domain::brief::template::Template;
use crate::domain::deliver::BriefRef;
use crate::domain::deliver::history::Sending;
use crate::domain::fault::Fault;
use crate::domain::library::Item;

/// A draft with the name under which it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDraft {
    /// The name: letters, digits and hyphens.
    pub name: String,
    /// The draft.
    pub draft: Draft,
}

/// What a brief can begin from.
#[derive(Debug, Clone, Default)]
pub struct BriefOffer {
    /// The templates.
    pub templates: Vec<Template>,
    /// Drafts that were kept, the newest first, with the time they were last written.
    pub drafts: Vec<(KeptDraft, Timestamp)>,
    /// What is wrong with templates.
    pub faults: Vec<Fault>,
}

/// A look at a brief.
#[derive(Debug, Clone)]
pub struct BriefChecked {
    /// The generation of the request that this answers.
    pub generation: u64,
    /// What was found.
    pub checked: Checked,
}

/// The context library.
#[derive(Debug, Clone, Default)]
pub struct LibraryNews {
    /// Its files, by path.
    pub items: Vec<Item>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// A brief that was written.
#[derive(Debug, Clone)]
pub struct BriefDone {
    /// The file.
    pub file: PathBuf,
    /// Its text, front matter included.
    pub text: String,
    /// The prompt that points to it.
    pub pointer: String,
    /// It is to be sent now.
    pub send: bool,
    /// The agent it was written for, if one was selected.
    pub agent: Option<AgentId>,
    /// What became of the copy.
    pub copy: CopyDone,
}

/// The saved briefs, and what was sent of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BriefsRead {
    /// Briefs, oldest first.
    pub briefs: Vec<BriefRef>,
    /// Sendings, oldest first.
    pub sends: Vec<Sending>,
}

/// A brief, or the difference between two, as lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefPage {
    /// What it is.
    pub title: String,
    /// The lines.
    pub lines: Vec<PageLine>,
}

/// A line of a brief's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLine {
    /// It came in, or went; none for a line that is the same or is not compared.
    pub tone: Option<bool>,
    /// Its text.
    pub text: String,
}
