//! Tests of layout files: the built-in ones, and what is said about broken ones.

use super::{Axis, BUILT_IN, Layout, Node, PaneKind, Size, load, parse};
use crate::config::paths::Paths;
use crate::config::tests::stems;
use std::path::Path;

fn wrong(text: &str) -> Vec<String> {
    parse(text, Path::new("l.toml"), "l").unwrap_err().iter().map(ToString::to_string).collect()
}

fn paths(config: &Path) -> Paths {
    let config = config.as_os_str().to_owned();
    Paths::from_vars(move |name| match name {
        "HOME" => Some("/nonexistent".into()),
        "XDG_CONFIG_HOME" => Some(config.clone()),
        _ => None,
    })
}

#[test]
fn every_layout_of_the_folder_is_built_in_and_clean_and_shows_every_pane() {
    assert_eq!(stems("layouts"), BUILT_IN.map(|(name, _)| name));
    for (name, text) in BUILT_IN {
        let layout = parse(text, Path::new(name), name).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(layout.missing(), [], "{name}");
        assert!(!layout.description.is_empty(), "{name}");
    }
}

#[test]
fn a_tree_is_read_as_it_is_written() {
    let text = r#"
        split = "row"
        panes = [
          { size = "30%", pane = "agents" },
          { size = 12, pane = "git" },
          { size = "fill 2", split = "column", panes = [ { pane = "board" }, { stack = ["drift", "cluster"] } ] },
        ]"#;
    let layout = parse(text, Path::new("l.toml"), "l").unwrap();
    let column = vec![
        (Size::Fill(1), Node::Pane(PaneKind::Board)),
        (Size::Fill(1), Node::Stack(vec![PaneKind::Drift, PaneKind::Cluster])),
    ];
    let children = vec![
        (Size::Percent(30), Node::Pane(PaneKind::Agents)),
        (Size::Cells(12), Node::Pane(PaneKind::Git)),
        (Size::Fill(2), Node::Split { axis: Axis::Column, children: column }),
    ];
    assert_eq!(layout.root, Node::Split { axis: Axis::Row, children });
    assert_eq!(layout.missing(), [PaneKind::Transcript, PaneKind::Attention, PaneKind::Review]);
}

#[test]
fn everything_wrong_with_a_layout_is_said_at_once() {
    let text = "split = \"row\"\nwidth = 3\npanes = [\n  { size = \"60%\", pane = \"bord\" },\n  { size = \"50%\", \
                pane = \"git\" },\n  { size = 0, stack = [\"git\"] },\n  { pane = \"drift\", stack = [] },\n]\n";
    assert_eq!(
        wrong(text),
        [
            "l.toml:1:9: the sizes of this split add up to 110 %",
            "l.toml:2:1: unknown key \"width\"; known are split, panes, pane, stack, description (in a part of the layout)",
            "l.toml:4:26: unknown pane \"bord\"; did you mean \"board\"?",
            "l.toml:6:12: \"size\" must be \"30%\", a number of cells, \"fill\" or \"fill 2\"",
            "l.toml:6:24: the pane \"git\" stands in this layout already",
            "l.toml:7:3: a part is one thing, not \"pane\" and \"stack\" at once",
        ]
    );
}

#[test]
fn an_empty_file_and_a_split_without_panes_are_no_layouts() {
    assert_eq!(wrong(""), ["l.toml:1:1: a part needs one of \"split\", \"pane\" and \"stack\""]);
    assert_eq!(wrong("split = \"row\""), ["l.toml:1:9: a split needs \"panes\""]);
}

#[test]
fn endless_nesting_is_refused() {
    assert!(parse("split = \"row\"\npanes = [{ pane = \"git\" }]", Path::new("l"), "l").is_ok());
    let open = "split = \"row\", panes = [{ ".repeat(12);
    let deep = format!("split = \"row\"\npanes = [{{ {open}pane = \"git\" {}}}]", "}] ".repeat(12));
    assert!(wrong(&deep).iter().any(|said| said.contains("more than 8 splits")), "{:?}", wrong(&deep));
}

#[test]
fn the_users_file_comes_first_and_a_bad_one_falls_back() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    let layouts = paths.config.join("layouts");
    std::fs::create_dir_all(&layouts).unwrap();
    std::fs::write(layouts.join("stack.toml"), "pane = \"git\"").unwrap();
    std::fs::write(layouts.join("review.toml"), "pane = 3").unwrap();

    let (own, problems) = load("stack", &paths);
    assert_eq!((own.panes(), problems), (vec![PaneKind::Git], Vec::new()));
    let (fallen, problems) = load("review", &paths);
    assert_eq!((Some(fallen), problems.len()), (Layout::built_in("review"), 1));
    let (unknown, problems) = load("operatr", &paths);
    assert_eq!(unknown.name, "operator");
    assert!(problems[0].message.contains("did you mean \"operator\""), "{problems:?}");
    let (outside, problems) = load("../secret", &paths);
    assert_eq!((outside.name.as_str(), problems.len()), ("operator", 1));
}

#[test]
fn the_example_in_the_document_is_right() {
    let document = include_str!("../../../docs/layouts.md");
    let example = document.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(parse(example, Path::new("docs/layouts.md"), "example").is_ok());
}
