//! The layout tree as rectangles.

use ratatui::layout::{Constraint, Direction, Layout, Rect};

use crate::config::layout::{Axis, Node, Size};

/// Every pane or stack of a tree with its place.
pub fn slots(node: &Node, area: Rect) -> Vec<(&Node, Rect)> {
    let mut out = Vec::new();
    place(node, area, &mut out);
    out
}

fn place<'a>(node: &'a Node, area: Rect, out: &mut Vec<(&'a Node, Rect)>) {
    let Node::Split { axis, children } = node else {
        out.push((node, area));
        return;
    };
    let direction = match axis {
        Axis::Row => Direction::Horizontal,
        Axis::Column => Direction::Vertical,
    };
    let sizes = children.iter().map(|(size, _)| match *size {
        Size::Percent(percent) => Constraint::Percentage(percent),
        Size::Cells(cells) => Constraint::Length(cells),
        Size::Fill(weight) => Constraint::Fill(weight),
    });
    let areas = Layout::new(direction, sizes).split(area);
    for ((_, child), area) in children.iter().zip(areas.iter()) {
        place(child, *area, out);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::slots;
    use crate::config::layout::{Axis, Node, PaneKind, Size};

    #[test]
    fn children_share_the_area_without_gap_or_overlap() {
        let tree = Node::Split {
            axis: Axis::Row,
            children: vec![
                (Size::Percent(25), Node::Pane(PaneKind::Agents)),
                (Size::Fill(1), Node::Stack(vec![PaneKind::Git, PaneKind::Board])),
                (Size::Cells(20), Node::Pane(PaneKind::Drift)),
            ],
        };
        let widths: Vec<_> =
            slots(&tree, Rect::new(0, 0, 100, 10)).iter().map(|(_, area)| (area.x, area.width)).collect();
        assert_eq!(widths, [(0, 25), (25, 55), (80, 20)]);
    }
}
