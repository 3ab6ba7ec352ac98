//! One object of a fabric, looked at closely: what stands in the popup of that name.

use crate::domain::drift::{DetailRequest, DriftDetail, DriftRow, PairKind, VersionLine};
use crate::domain::fault::Fault;
use crate::state::popup::Scroll;

/// Columns from which on git and live stand side by side; below it they stand one below the other.
pub const SIDE_BY_SIDE: usize = 100;

/// Rows of the popup that are not the page's: its tabs, and a gap below them.
pub const HEAD: usize = 2;

/// An object that is looked at.
#[derive(Debug, Clone)]
pub struct ObjectView {
    /// Which it is.
    pub request: DetailRequest,
    /// Its row, as last known.
    pub row: DriftRow,
    /// The fabric does not have it any more.
    pub gone: bool,
    /// What its source has found; `None` while it looks.
    pub detail: Option<Result<DriftDetail, Fault>>,
    /// What is shown of it.
    pub page: Page,
    /// How far the page is scrolled.
    pub scroll: Scroll,
    /// The version under the cursor, by index.
    pub version: usize,
}

/// A page of the popup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Facts and differing fields.
    Fields,
    /// Versions.
    Versions,
    /// Both objects as YAML.
    Yaml,
    /// The file that states it.
    File,
}

impl Page {
    /// Every page, in their order.
    pub const ALL: [Self; 4] = [Self::Fields, Self::Versions, Self::Yaml, Self::File];

    /// The name on its tab.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::Versions => "versions",
            Self::Yaml => "yaml",
            Self::File => "file",
        }
    }
}

impl ObjectView {
    /// A view of an object of which only its row is known.
    pub fn new(fabric: &str, row: &DriftRow) -> Self {
        Self {
            request: DetailRequest { fabric: fabric.to_owned(), key: row.key.clone() },
            row: row.clone(),
            gone: false,
            detail: None,
            page: Page::Fields,
            scroll: Scroll::default(),
            version: 0,
        }
    }

    /// What its source has found, if it has.
    pub fn found(&self) -> Option<&DriftDetail> {
        self.detail.as_ref()?.as_ref().ok()
    }

    /// Its versions, newest first.
    pub fn versions(&self) -> &[VersionLine] {
        self.found().map(|detail| detail.versions.as_slice()).unwrap_or_default()
    }

    /// The version under the cursor; on other pages than theirs the newest.
    pub fn current_version(&self) -> Option<&VersionLine> {
        self.versions().get(if self.page == Page::Versions { self.version } else { 0 })
    }

    /// Goes to another page, from its beginning; a file begins at the object.
    pub fn turn(&mut self, page: Page) {
        self.page = page;
        self.scroll = Scroll::default();
        if let (Page::File, Some(Some(Ok(excerpt)))) = (page, self.found().map(|detail| detail.file.as_ref())) {
            // Some lines above it say where one is.
            self.scroll.0 = excerpt.at.saturating_sub(2);
        }
    }

    /// The page after this one, or before it; round and round.
    pub fn turn_by(&mut self, forward: bool) {
        let at = Page::ALL.iter().position(|page| *page == self.page).unwrap_or(0);
        let step = if forward { 1 } else { Page::ALL.len() - 1 };
        self.turn(Page::ALL[(at + step) % Page::ALL.len()]);
    }

    /// Takes what its source has found; cursor and place stay.
    pub fn take(&mut self, detail: Result<DriftDetail, Fault>) {
        let first = self.detail.is_none();
        let commit = self.versions().get(self.version).map(|version| version.commit.clone());
        self.detail = Some(detail);
        let same = self.versions().iter().position(|version| Some(&version.commit) == commit.as_ref());
        self.version = same.unwrap_or(0);
        if first && self.page == Page::File {
            self.turn(Page::File);
        }
    }

    /// Lines of the page in so many columns, where they can be counted without laying them out.
    pub fn lines(&self, columns: usize) -> Option<usize> {
        let detail = self.found()?;
        match self.page {
            Page::Fields => None,
            Page::Versions => Some(detail.versions.len()),
            Page::Yaml if columns >= SIDE_BY_SIDE => Some(detail.pairs.len()),
            Page::Yaml => Some(detail.pairs.iter().map(|pair| stacked_rows(pair.kind)).sum()),
            Page::File => {
                let excerpt = detail.file.as_ref()?.as_ref().ok()?;
                Some(excerpt.lines.len() + usize::from(excerpt.more))
            }
        }
    }
}

/// Rows that a pair of lines takes where git stands above live.
pub fn stacked_rows(kind: PairKind) -> usize {
    if kind == PairKind::Changed { 2 } else { 1 }
}
