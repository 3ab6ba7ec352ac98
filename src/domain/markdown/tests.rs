//! What Markdown looks like, and that nothing of a text is lost.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::layout;
use crate::domain::text::styled::{Ink, Look, Styled};
use crate::domain::text::{clean, width};

fn shown(source: &str, columns: usize) -> Vec<String> {
    layout(source, columns, 500).into_iter().map(|row| row.text).collect()
}

/// The look of a piece of the text.
fn look(source: &str, piece: &str) -> Look {
    let rows = layout(source, 80, 500);
    let found = rows.iter().flat_map(Styled::parts).find(|(part, _)| part.contains(piece)).map(|(_, look)| look);
    found.unwrap_or_else(|| panic!("no {piece:?} in {rows:?}"))
}

#[test]
fn marks_go_and_what_they_say_is_seen() {
    let text = "# Title\n\nIt **must** be *so*, says `x == 1`, not ~~that~~.";
    assert_eq!(shown(text, 80), ["Title", "", "It must be so, says x == 1, not that."]);
    assert_eq!(look(text, "Title").ink, Ink::Heading);
    assert!(look(text, "must").strong && look(text, "so").emphasis && look(text, "that").struck);
    assert_eq!(look(text, "x == 1").ink, Ink::Code);
}

#[test]
fn lists_nest_with_hanging_indents_and_tasks_are_ticked() {
    let text = "- one two three\n  1. inner\n  2. other\n- [x] done\n- [ ] open\n7) seven";
    assert_eq!(shown(text, 11), ["• one two", "  three", "  1. inner", "  2. other", "✓ done", "○ open", "7) seven"]);
}

#[test]
fn an_item_of_several_paragraphs_keeps_its_indent() {
    assert_eq!(shown("1. a\n\n   b\n2.\n3. c", 20), ["1. a", "", "   b", "2.", "3. c"]);
}

#[test]
fn code_stays_as_it_is_with_its_language() {
    let text = "before\n```rust\nfn main() {\n\tlet x = *y*;\n\n}\n```\nafter";
    assert_eq!(shown(text, 40), ["before", "rust", "  fn main() {", "      let x = *y*;", "", "  }", "after"]);
    assert_eq!(look(text, "fn main").ink, Ink::Code);
    assert_eq!(shown("```\nnever closed", 40), ["  never closed"]);
}

#[test]
fn quotes_have_a_rail_on_every_row() {
    assert_eq!(shown("> one two three\n> - four\n\nfive", 12), ["│ one two", "│ three", "│ • four", "", "five"]);
}

#[test]
fn tables_that_fit_are_drawn_and_others_are_text() {
    let text = "| name | n |\n|---|--:|\n| vpc-1 | 12 |";
    assert_eq!(shown(text, 20), ["name  │ n", "──────┼───", "vpc-1 │ 12"]);
    assert_eq!(shown(text, 8), ["| name |", "n |", "|---|--:", "|", "| vpc-1", "| 12 |"]);
    let more = "| a |\n|---|\n| b | lost? |";
    assert!(shown(more, 40).concat().contains("lost?"));
}

#[test]
fn links_show_where_they_go() {
    assert_eq!(
        shown("see [the docs](https://example.org/x \"t\").", 80),
        ["see the docs (https://example.org/x \"t\")."]
    );
    assert_eq!(shown("<https://example.org>", 80), ["https://example.org"]);
    assert_eq!(shown("[https://e.org](https://e.org)", 80), ["https://e.org"]);
    let reference = "see [it][1] now\n\n[1]: https://example.org/hidden";
    assert_eq!(shown(reference, 80), ["see [it][1] now", "", "[1]: https://example.org/hidden"]);
    assert_eq!(shown("![chart](a.png)", 80), ["chart (a.png)"]);
}

#[test]
fn tags_entities_and_escapes_are_shown_as_they_were_written() {
    for text in [
        "<system-reminder>do it</system-reminder>",
        "a <b>bold</b> &lt;tag&gt; &amp;c",
        r"match \[a\] and C:\_new",
        "<!-- a comment -->",
        "<thinking>\nhm\n</thinking>",
    ] {
        assert_eq!(shown(text, 80).join("\n"), text);
    }
}

#[test]
fn globs_names_and_paths_keep_their_marks() {
    for text in [
        "src/*.rs, tests/*.rs",
        "see __init__.py and __main__",
        "2*3*4 = 24",
        "rm -rf ~/a~ ~/b~",
        "run `a` with *.rs and *.toml",
        "cargo test \\",
    ] {
        let plain = text.replace('`', "");
        assert_eq!(shown(text, 80).join("\n"), plain);
    }
    assert_eq!(shown("cargo test \\\n  --all", 80), ["cargo test \\", "--all"]);
}

#[test]
fn lines_stay_lines() {
    assert_eq!(shown("one\ntwo\n\n\n\nthree\n", 80), ["one", "two", "", "three"]);
    assert_eq!(shown("above\n***\nbelow", 5), ["above", "─────", "below"]);
}

#[test]
fn depth_does_not_take_the_room_for_the_text() {
    let deep = (0..40).map(|n| format!("{}- item {n}", "  ".repeat(n))).collect::<Vec<_>>().join("\n");
    let rows = shown(&deep, 24);
    assert!(rows.iter().all(|row| width(row) <= 24));
    assert!(rows.concat().contains("item 39"));
    assert_eq!(shown(&">".repeat(100), 24).concat().len(), 100, "of marks alone all are shown");
}

#[test]
fn no_more_rows_than_asked() {
    assert_eq!(layout(&"line\n".repeat(500), 80, 7).len(), 7);
    assert_eq!(layout(&"- a\n\n  b\n".repeat(500), 80, 7).len(), 7);
    assert!(layout("", 80, 7).is_empty());
}

/// What must be seen of a text: letters and digits, but for the cross of a task that is done.
fn substance(text: &str) -> Vec<char> {
    let mut all: Vec<char> = text.chars().filter(|c| c.is_alphanumeric() && *c != 'x').collect();
    all.sort_unstable();
    all
}

/// Text that is likely to be Markdown, and broken Markdown.
fn markdownish() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "word",
        "7",
        " ",
        " ",
        "\n",
        "\n",
        "\n\n",
        "# ",
        "- ",
        "1. ",
        "> ",
        "* ",
        "**",
        "*",
        "_",
        "__",
        "`",
        "```",
        "```sh\n",
        "[",
        "](",
        ")",
        "](u \"t\")",
        "[x] ",
        "|",
        "|---|\n",
        "| c | d |\n",
        "---\n",
        "===\n",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "&amp;",
        "\\",
        "~~",
        "~",
        "!",
        "[r]: u9\n",
        "[r]",
        "    ",
        "\t",
        "é",
        "字",
        "😀",
        "<u:v>",
        ":",
        "http://y",
        "\u{1b}[2J",
        "\r\n",
        "+",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_letter_of_a_text_is_lost_and_no_row_is_too_wide(text in markdownish(), columns in 2_usize..40) {
        let rows = layout(&text, columns, usize::MAX);
        let all = rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>();
        for row in &all {
            prop_assert!(width(row) <= columns || row.graphemes(true).count() == 1, "{row:?}");
            prop_assert!(!row.chars().any(char::is_control), "{row:?}");
        }
        let (mut seen, meant) = (substance(&all.concat()), substance(&clean(&text)));
        for c in &meant {
            match seen.iter().position(|other| other == c) {
                Some(at) => drop(seen.swap_remove(at)),
                None => prop_assert!(false, "{c:?} is lost: {all:?}"),
            }
        }
        for row in &rows {
            prop_assert_eq!(row.runs.iter().map(|run| run.bytes).sum::<usize>(), row.text.len());
        }
    }

    #[test]
    fn any_text_can_be_laid_out(text in any::<String>(), columns in 0_usize..9, most in 0_usize..9) {
        prop_assert!(layout(&text, columns, most).len() <= most);
    }
}
