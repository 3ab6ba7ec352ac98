//! One object of a cluster in front of the panes: described, or as YAML.

use crate::domain::cluster::{LiveDetail, ObjectPlace};
use crate::domain::fault::Fault;
use crate::state::popup::Scroll;

/// One object.
#[derive(Debug, Clone)]
pub struct LiveView {
    /// Where it is.
    pub place: ObjectPlace,
    /// What is shown of it.
    pub page: Page,
    /// What was read, or why nothing was; `None` while it is read.
    pub read: Option<Result<Box<LiveDetail>, Fault>>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

/// What is shown of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Health, conditions, owners, events, drift.
    Description,
    /// All of it as YAML.
    Yaml,
}

impl LiveView {
    /// An object that is still to be read.
    pub fn new(place: ObjectPlace, page: Page) -> Self {
        Self { place, page, read: None, scroll: Scroll::default() }
    }

    /// What was read.
    pub fn detail(&self) -> Option<&LiveDetail> {
        self.read.as_ref()?.as_deref().ok()
    }

    /// Shows another page of the same.
    pub fn turn(&mut self, page: Page) {
        if self.page != page {
            self.page = page;
            self.scroll = Scroll::default();
        }
    }
}
