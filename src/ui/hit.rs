//! Where things are on the screen: what the mouse can be on, and how much room each pane has.

use ratatui::layout::{Position, Rect};

use crate::event::{Target, Viewports};

/// What one frame drew where.
#[derive(Debug, Clone, Default)]
pub struct HitMap {
    zones: Vec<(Rect, Target)>,
    /// Room inside panes and popup.
    pub viewports: Viewports,
    /// Where text is being typed.
    pub cursor: Option<Position>,
}

impl HitMap {
    /// Adds a zone; later ones lie above earlier ones.
    pub fn add(&mut self, area: Rect, target: Target) {
        self.zones.push((area, target));
    }

    /// What is at a place.
    pub fn at(&self, column: u16, row: u16) -> Option<Target> {
        let place = Position { x: column, y: row };
        self.zones.iter().rev().find(|(area, _)| area.contains(place)).map(|(_, target)| *target)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::HitMap;
    use crate::config::layout::PaneKind;
    use crate::event::Target;

    #[test]
    fn what_was_drawn_last_lies_on_top() {
        let mut hits = HitMap::default();
        hits.add(Rect::new(0, 0, 10, 10), Target::Pane(PaneKind::Git));
        hits.add(Rect::new(2, 2, 5, 1), Target::Row(PaneKind::Git, 3));
        assert_eq!(hits.at(3, 2), Some(Target::Row(PaneKind::Git, 3)));
        assert_eq!(hits.at(0, 0), Some(Target::Pane(PaneKind::Git)));
        assert_eq!(hits.at(10, 0), None);
    }
}
