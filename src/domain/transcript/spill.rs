//! Output that was too long for its record and went to a file of its own (`tool-results/` beside the transcript).

use super::Text;
use crate::domain::text;

const OPEN: &str = "<persisted-output>";
const CLOSE: &str = "</persisted-output>";

/// What the line that stands for such output begins with.
pub(crate) const MARK: &str = "[spilled";

/// Text in which spilled output is a line that names its size and its file: `[spilled, 54.3KB in tool-results/a.txt]`, with
/// the preview below it. Other text is as it was.
pub(super) fn marked(text: Text) -> Text {
    let Some(rest) = text.kept.trim_start().strip_prefix(OPEN) else { return text };
    let (said, preview) = rest.trim_start().split_once('\n').unwrap_or((rest, ""));
    let size = between(said, "(", ")").filter(|size| size.starts_with(|c: char| c.is_ascii_digit()));
    let file = said.split_once("saved to:").map(|(_, file)| file.trim()).filter(|file| !file.is_empty());
    if size.is_none() && file.is_none() {
        return text;
    }
    let file = file.map(|file| format!(" in {}", file.rfind("tool-results/").map_or(file, |at| &file[at..])));
    let size = size.map(|size| format!(", {size}"));
    let mark = format!("{MARK}{}{}]\n", size.unwrap_or_default(), file.unwrap_or_default());
    let preview = preview.trim().strip_suffix(CLOSE).unwrap_or(preview.trim()).trim();
    let kept = text::prefix(&[&mark, preview].concat(), Text::CAP).trim_end().to_owned();
    Text { bytes: kept.len() as u64, lines: kept.lines().count() as u64, kept }
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    Some(text.split_once(open)?.1.split_once(close)?.0)
}

#[cfg(test)]
mod tests {
    use super::marked;
    use crate::domain::transcript::Text;

    fn text(kept: &str) -> Text {
        Text { kept: kept.to_owned(), bytes: kept.len() as u64, lines: kept.lines().count() as u64 }
    }

    #[test]
    fn spilled_output_is_a_line_with_its_size_and_file_above_its_preview() {
        let spilled = "<persisted-output>\nOutput too large (54.3KB). Full output saved to: /h/.claude/projects/p/s/tool-results/b1.txt\n\nPreview (first 2KB):\nline 1\nline 2\n...\n</persisted-output>";
        let marked = marked(text(spilled));
        assert_eq!(marked.kept, "[spilled, 54.3KB in tool-results/b1.txt]\nPreview (first 2KB):\nline 1\nline 2\n...");
        assert_eq!((marked.lines, marked.bytes), (5, marked.kept.len() as u64));
    }

    #[test]
    fn other_text_is_as_it_was() {
        for other in ["ok", "<persisted-output>", "<persisted-output>\nsomething else\n</persisted-output>", ""] {
            assert_eq!(marked(text(other)), text(other));
        }
    }
}
