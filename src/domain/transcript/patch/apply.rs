//! The text that Codex's `apply_patch` takes.

use super::{Build, Change, Patch, signed};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

pub(super) fn parse(text: &str) -> Option<Patch> {
    let (_, body) = text.split_once(BEGIN)?;
    let mut build = Build::default();
    let mut moved = None;
    let mut lines = body.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        if line.trim_end() == END {
            break;
        }
        if let Some(path) = line.strip_prefix("*** Add File: ") {
            build.file(path.trim(), Change::Write);
        } else if let Some(path) = line.strip_prefix("*** Delete File: ") {
            build.file(path.trim(), Change::Delete);
        } else if let Some(path) = line.strip_prefix("*** Update File: ") {
            let change = lines.peek().and_then(|next| next.strip_prefix("*** Move to: "));
            if let Some(to) = change {
                moved = Some(to.trim().to_owned());
                lines.next();
            }
            build.file(path.trim(), moved.take().map_or(Change::Update, Change::Move));
        } else if line == "*** End of File" {
        } else if let Some(context) = line.strip_prefix("@@") {
            build.hunk(None, context.trim());
        } else {
            let (sign, text) = signed(line);
            build.line(sign, text);
        }
    }
    Some(build.finish()).filter(|patch| !patch.files.is_empty())
}
