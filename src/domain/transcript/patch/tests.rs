//! Patches from each of their sources.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::{Change, Patch, Sign};
use crate::domain::redact::Redactor;
use crate::domain::transcript::Text;

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

/// The lines of a patch as a unified diff writes them, hunks set off by `@@`.
fn lines(patch: &Patch) -> Vec<String> {
    let mut out = Vec::new();
    for hunk in patch.files.iter().flat_map(|file| &file.hunks) {
        let start = hunk.start.map(|(old, new)| format!(" {old} {new}")).unwrap_or_default();
        out.push(format!("@@{start}{}", hunk.context));
        out.extend(hunk.lines.iter().map(|line| {
            let sign = match line.sign {
                Sign::Same => ' ',
                Sign::Added => '+',
                Sign::Removed => '-',
            };
            format!("{sign}{}", line.text)
        }));
    }
    out
}

fn numbered(count: usize, before: &str) -> String {
    (0..count).map(|n| format!("{before}{n}")).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn two_texts_differ_in_the_lines_that_changed() {
    let patch = Patch::between("a.rs", [("one\ntwo\nthree", "one\n2\nthree\nfour")]);
    assert_eq!(lines(&patch), ["@@", " one", "-two", "+2", " three", "+four"]);
    assert_eq!(patch.counts(), (2, 1));
    assert_eq!(lines(&Patch::between("a", [("", "new\n")])), ["@@", "+new"]);
}

#[test]
fn far_changes_are_hunks_of_their_own() {
    let old = numbered(40, "");
    let new = old.replace("\n5\n", "\nfive\n").replace("\n30\n", "\nthirty\n");
    assert_eq!(Patch::between("a", [(old.as_str(), new.as_str())]).files[0].hunks.len(), 2);
}

#[test]
fn texts_that_have_little_in_common_are_compared_in_bounded_time() {
    let (old, new) = (numbered(5_000, "old "), numbered(5_000, "new "));
    let patch = Patch::between("a", [(format!("head\n{old}tail").as_str(), format!("head\n{new}tail").as_str())]);
    assert_eq!(patch.counts(), (5_000, 5_000));
    assert!(patch.left_out > 0, "{} bytes were kept", Text::CAP);
}

#[test]
fn a_structured_patch_has_real_line_numbers() {
    let copy = r#"{"filePath":"/a/b.rs","oldString":"x","structuredPatch":[{"oldStart":12,"oldLines":2,"newStart":13,"newLines":2,"lines":[" keep","-old","+new \u001b","\\ No newline at end of file"]},17]}"#;
    let patch = Patch::structured(Some(raw(copy))).unwrap();
    assert_eq!(patch.files[0].path, "/a/b.rs");
    assert_eq!(lines(&patch)[..4], ["@@ 12 13", " keep", "-old", "+new \u{1b}"]);
    assert_eq!(Patch::structured(Some(raw(r#"{"filePath":"/a","structuredPatch":[]}"#))), None);
    assert_eq!(Patch::structured(Some(raw(r#""structuredPatch""#))), None);
    assert_eq!(Patch::structured(Some(raw(r#"{"structuredPatch":{"lines":3}}"#))), None);
    assert_eq!(Patch::structured(Some(raw(r#"{"stdout":"plain"}"#))), None);
}

#[test]
fn codex_patches_name_files_and_places() {
    let text = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: new.txt\n+hello\n+you\n*** Update File: src/a.rs\n*** Move to: src/b.rs\n@@ fn main() {\n same\n-old\n+new\n@@\n+tail\n*** End of File\n*** Delete File: gone.txt\n*** End Patch\nEOF";
    let patch = Patch::apply_patch(text).unwrap();
    let files: Vec<_> = patch.files.iter().map(|file| (file.path.as_str(), &file.change, file.added)).collect();
    assert_eq!(
        files,
        [
            ("new.txt", &Change::Write, 2),
            ("src/a.rs", &Change::Move("src/b.rs".to_owned()), 2),
            ("gone.txt", &Change::Delete, 0)
        ]
    );
    assert_eq!(lines(&patch), ["@@", "+hello", "+you", "@@fn main() {", " same", "-old", "+new", "@@", "+tail"]);
    assert_eq!(Patch::apply_patch("no patch"), None);
    assert!(Patch::apply_patch("*** Begin Patch\n*** Update File: cut").is_some(), "a patch may be cut off");
}

#[test]
fn a_key_of_many_lines_is_hidden_on_both_sides() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let key = format!("-----BEGIN {0}-----\n{body}\n{body}\n-----END {0}-----", "PRIVATE KEY");
    for patch in [Patch::written("key.pem", &key), Patch::between("key.pem", [(key.as_str(), "")])] {
        let patch = patch.redacted(&Redactor::default());
        let text = lines(&patch).join("\n");
        assert!(!text.contains(body) && text.contains("redacted"), "{text}");
    }
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let patch = Patch::between("a", [("x", format!("token = \"{secret}\"").as_str())]).redacted(&Redactor::default());
    assert!(!lines(&patch).concat().contains(&secret[8..]));
    assert_eq!(patch.counts(), (1, 1));
}

proptest! {
    #[test]
    fn both_texts_can_be_read_from_their_patch(
        old in prop::collection::vec("[ab]{0,2}", 0..12), new in prop::collection::vec("[ab]{0,2}", 0..12),
    ) {
        let (old, new) = (old.join("\n"), new.join("\n"));
        let patch = Patch::between("a", [(old.as_str(), new.as_str())]);
        let (added, removed) = patch.counts();
        let lines = |text: &str| text.lines().count() as u64;
        prop_assert_eq!(lines(&old) + added, lines(&new) + removed);
        for hunk in &patch.files[0].hunks {
            let side = |other| hunk.lines.iter().filter(|line| line.sign != other).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
            prop_assert!(old.contains(&side(Sign::Added)) && new.contains(&side(Sign::Removed)));
        }
    }

    #[test]
    fn any_text_is_a_patch_or_none(text in "(\\*\\*\\* (Begin Patch|Update File: a|Move to: b|End Patch)\n|[+-@ ]x?\n|é){0,12}") {
        let _ = Patch::apply_patch(&text);
    }
}
