//! Files that are changed by commands: what counts as an edit, and what does not.

use super::{CODE, Story, World, committed, task, tested};
use crate::domain::evidence::{Evidence, FileFact, InGit, RowKind, Verdict};
use crate::domain::task::{Task, TaskStatus};

/// A working tree with files of every kind.
fn world() -> World {
    let gone = |git| FileFact { path: "/p/src/gone.py".into(), git, ..FileFact::default() };
    let mut world = committed()
        .file("/p/src/new.py", InGit::Untracked, 0)
        .file("/p/dump.json", InGit::Untracked, 0)
        .file("/p/README.md", InGit::Committed, 0)
        .file("/p/target/out.py", InGit::Ignored, 0);
    world.files.insert("/p/src/gone.py".into(), gone(InGit::Changed));
    world.files.insert("/p/src/past.py".into(), FileFact { path: "/p/src/past.py".into(), ..gone(InGit::Committed) });
    world
}

/// What the row of the tests says.
fn tests(evidence: &Evidence) -> (Verdict, String) {
    let row = evidence.rows.iter().find(|row| row.kind == RowKind::Tests).unwrap();
    (row.verdict, row.shown.clone())
}

const EDIT: &str = "badge.py was edited";

/// Commands after the last run, and what they make of it.
const COMMANDS: &[(&str, Option<&str>)] = &[
    ("sed -i 's/a/b/' src/badge.py", Some(EDIT)),
    ("sed -i.bak -e 's/a/b/' src/badge.py", Some(EDIT)),
    ("sed -Ei 's/a/b/' /p/src/badge.py", Some(EDIT)),
    ("sed --in-place=.bak 's/a/b/' src/badge.py", Some(EDIT)),
    ("sed -i '' 's/a/b/' src/badge.py", Some(EDIT)),
    ("sed -n -i -f fix.sed -- src/badge.py", Some(EDIT)),
    ("cd src && sed -i s/a/b/ badge.py", Some(EDIT)),
    ("(cd src; sed -i s/a/b/ ../src/badge.py)", Some(EDIT)),
    ("sudo -u me env A=1 timeout 5 sed -i s/a/b/ src/badge.py", Some(EDIT)),
    ("bash -lc 'sed -i s/a/b/ src/badge.py'", Some(EDIT)),
    ("for x in a b; do sed -i s/$x/b/ src/badge.py; done", Some(EDIT)),
    ("F=src/badge.py; sed -i s/a/b/ \"$F\"", Some(EDIT)),
    ("perl -pi -e 's/a/b/' src/badge.py", Some(EDIT)),
    ("perl -i.bak -pe 's/a/b/' src/badge.py", Some(EDIT)),
    ("perl -0777 -i -pe 's/a/b/' ./src/badge.py", Some(EDIT)),
    ("git apply <<'EOF'\n--- a/src/badge.py\n+++ b/src/badge.py\n@@ -1 +1 @@\nEOF", Some(EDIT)),
    ("git apply fix.patch", Some("fix.patch was applied")),
    ("git -C /p apply --3way /tmp/fix.patch", Some("fix.patch was applied")),
    ("git am < fix.patch", Some("a patch was applied")),
    ("patch -p1 < fix.diff", Some("a patch was applied")),
    ("patch src/badge.py fix.diff", Some(EDIT)),
    ("patch -p1 -i fix.diff", Some("fix.diff was applied")),
    ("mv src/badge.py src/new.py", Some("new.py was edited")),
    ("mv src/badge.py /tmp/old.py", Some(EDIT)),
    ("git mv src/badge.py src/other.py", Some(EDIT)),
    ("cp /tmp/x.py src/badge.py", Some(EDIT)),
    ("cp /tmp/badge.py src/", Some(EDIT)),
    ("cp -t src /tmp/badge.py", Some(EDIT)),
    ("cp /tmp/badge.py /tmp/other.py src", Some(EDIT)),
    ("rm src/gone.py", Some("gone.py was edited")),
    ("git rm -f src/gone.py", Some("gone.py was edited")),
    ("echo x >> src/badge.py", Some(EDIT)),
    ("> src/badge.py", Some(EDIT)),
    ("echo x >| src/badge.py", Some(EDIT)),
    ("make generate &> src/badge.py", Some(EDIT)),
    ("cat > src/new.py <<EOF\nrm src/badge.py\nEOF", Some("new.py was edited")),
    ("printf x | tee src/new.py", Some("new.py was edited")),
    ("sudo tee -a src/badge.py <<< x", Some(EDIT)),
    ("true || sed -i s/a/b/ src/badge.py", Some(EDIT)),
    // Nothing is changed.
    ("sed 's/a/b/' src/badge.py", None),
    ("sed -n 1,5p src/badge.py", None),
    ("perl -ne 'print if /i/' src/badge.py", None),
    ("git apply --check fix.patch", None),
    ("patch --dry-run -p1 < fix.diff", None),
    ("git rm --cached src/badge.py", None),
    ("cat src/badge.py | wc -l 2>&1", None),
    ("diff src/badge.py src/new.py 2>/dev/null", None),
    ("grep -n 'a > src/badge.py' src/new.py", None),
    ("echo 'rm src/badge.py'", None),
    ("git commit -m \"$(cat <<'EOF'\nfix: x > src/badge.py\nEOF\n)\"", None),
    ("cat <<EOF\nsed -i s/a/b/ src/badge.py\nEOF", None),
    ("ls # > src/badge.py", None),
    ("[[ 1 > src/badge.py ]] && echo yes", None),
    ("awk '$1 > src/badge.py' dump.json", None),
    // It is not of the work.
    ("echo x > /tmp/src/badge.py", None),
    ("echo x > /dev/null", None),
    ("cd /tmp && echo x > src/badge.py", None),
    ("cd \"$DIR\" && echo x > src/badge.py", None),
    ("cp src/badge.py /tmp/", None),
    ("rm -f /tmp/x.py src/past.py src/never.py", None),
    ("rm -rf target", None),
    ("cp src/badge.py target/out.py", None),
    ("kubectl get vpcs -o json > dump.json", None),
    ("kubectl get vpcs -o json | tee dump.json", None),
    ("git diff > fix.patch", None),
    ("ssh host 'rm src/badge.py'", None),
    ("cd /tmp/other && git apply fix.patch", None),
    // Nobody knows what it changes.
    ("sed -i s/a/b/ \"$FILE\"", None),
    ("sed -i s/a/b/ src/*.py", None),
    ("find . -name '*.py' -exec sed -i s/a/b/ {} +", None),
    // Text for people is not tested, and what a check says of itself is none of what it checks.
    ("echo x >> README.md", None),
    ("pytest -q > src/badge.py", None),
];

#[test]
fn a_command_that_changes_a_file_of_the_work_is_an_edit_of_it() {
    for (command, wanted) in COMMANDS {
        let (verdict, shown) = tests(&world().look(&tested().runs(command)));
        match wanted {
            Some(what) => {
                assert_eq!(verdict, Verdict::Stale, "{command}: {shown}");
                assert!(shown.ends_with(&format!("passed, then {what}")), "{command}: {shown}");
            }
            None => assert_eq!(verdict, Verdict::Holds, "{command}: {shown}"),
        }
    }
}

#[test]
fn the_row_leads_to_the_line_of_the_command_and_the_file_is_one_of_the_work() {
    let story = Story::default().prompt("Do T-1").runs("sed -i s/a/b/ src/badge.py").says("T-1 is complete.");
    let evidence = world().look(&story);
    let row = evidence.rows.iter().find(|row| row.kind == RowKind::Tests).unwrap();
    assert_eq!((row.verdict, row.source.as_ref().unwrap().words().as_str()), (Verdict::Missing, "a.jsonl:2"));
    assert_eq!(evidence.files.iter().map(|file| file.path.as_os_str()).collect::<Vec<_>>(), [CODE]);
}

#[test]
fn within_a_line_what_comes_after_the_check_counts() {
    let of = |line: &str| tests(&world().look(&tested().runs(line))).0;
    assert_eq!(of("sed -i s/a/b/ src/badge.py && pytest -q"), Verdict::Holds);
    assert_eq!(of("pytest -q && sed -i s/a/b/ src/badge.py"), Verdict::Stale);
    assert_eq!(of("pytest -q && sed -i s/a/b/ src/badge.py && pytest -q"), Verdict::Holds);
}

#[test]
fn a_command_that_failed_alone_changed_nothing() {
    let of = |line: &str| tests(&world().look(&tested().fails(line))).0;
    assert_eq!(of("sed -i s/a/b/ src/badge.py"), Verdict::Holds);
    assert_eq!(of("sed -i s/a/b/ src/badge.py && kubectl get vpcs"), Verdict::Stale);
}

#[test]
fn a_file_that_the_task_or_a_prompt_names_counts_wherever_it_is_now() {
    let mut named = world();
    named.task = Some(Task { body: "Remove `src/past.py`.".to_owned(), ..task(TaskStatus::Done) });
    let story = tested().runs("rm src/past.py");
    assert_eq!(tests(&named.look(&story)), (Verdict::Stale, "pytest -q passed, then past.py was edited".to_owned()));
    let prompt = "Do T-1, and remove past.py";
    let story =
        Story::default().prompt(prompt).edits(CODE).runs("pytest -q").runs("rm src/past.py").says("T-1 is done.");
    assert_eq!(tests(&world().look(&story)).0, Verdict::Stale);
    let elsewhere = Task { body: "See lib/past.py and past.pyc.".to_owned(), ..task(TaskStatus::Done) };
    named.task = Some(elsewhere);
    assert_eq!(tests(&named.look(&tested().runs("rm src/past.py"))).0, Verdict::Holds);
}

#[test]
fn what_is_edited_otherwise_too_counts_outside_of_the_tree() {
    let story = |command: &str| {
        Story::default().prompt("Do T-1").edits("/q/x.py").runs("pytest -q").runs(command).says("T-1 is done.")
    };
    assert_eq!(tests(&world().look(&story("sed -i s/a/b/ /q/x.py"))).0, Verdict::Stale);
    assert_eq!(tests(&world().look(&story("sed -i s/a/b/ /q/y.py"))).0, Verdict::Holds);
}
