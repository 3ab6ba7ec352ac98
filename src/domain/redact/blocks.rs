//! Secrets of many lines: PEM blocks and the data of Kubernetes Secrets.

use super::effort::spend;
use super::shapes::{decode, floor};
use super::values::is_placeholder;
use std::ops::Range;

/// How far a block may go. An RSA key of 16,384 bits in PEM has 13 kB.
const BLOCK: usize = 16 * 1024;
/// A run of base64 this long is a line of a key; anything shorter is a line number, a diff's sign, a quote.
const LINE: usize = 20;

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// What stands between the lines of a key: line breaks (also escaped), quotes, line numbers and diff signs.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\\' | '"' | '\'' | ',' | '|' | '>' | '-' | '→' | '`' | ';' | '(' | ')' | '.')
}

/// The label of the PEM line at `at` when it is of a private key, and where the line ends.
fn label(text: &str, at: usize, start: &str) -> Option<usize> {
    let from = at + start.len();
    let limit = floor(text, text.len().min(from + 64));
    let line = text.get(from..limit)?;
    let end = line.find("-----")?;
    line[..end].to_ascii_uppercase().contains("PRIVATE KEY").then_some(from + end + 5)
}

/// The body of the private key whose `-----BEGIN` is at `at`: up to its end, or as far as lines of it go.
pub(super) fn pem(text: &str, at: usize) -> Option<Range<usize>> {
    let from = label(text, at, "-----BEGIN")?;
    let limit = floor(text, text.len().min(from + BLOCK));
    let body = &text[from..limit];
    let end = memchr::memmem::find(body.as_bytes(), b"-----END").unwrap_or_else(|| key_lines(body));
    trimmed(text, from..from + end)
}

/// The lines of a private key before its `-----END` at `at`, when the text starts within the block.
pub(super) fn pem_end(text: &str, at: usize) -> Option<Range<usize>> {
    label(text, at, "-----END")?;
    let from = floor(text, at.saturating_sub(BLOCK));
    let mut start = at;
    let body = &text[from..at];
    let mut end = body.len();
    while end > 0 {
        let cut =
            body[..end].rfind(separates).map_or(0, |cut| cut + body[cut..].chars().next().map_or(1, char::len_utf8));
        let word = &body[cut..end];
        spend(word.len() + 1);
        if !word.bytes().all(is_base64) {
            break;
        }
        if word.len() >= LINE || start == at && word.len() > 4 {
            start = from + cut;
        }
        let Some(before) = body[..cut].chars().next_back() else { break };
        end = cut - before.len_utf8();
    }
    trimmed(text, start..at)
}

/// A private key's base64 that starts at `at`, without the lines around it; or a whole PEM file in base64.
pub(super) fn key_body(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if at > 0 && is_base64(bytes[at - 1]) && !bytes[..at].ends_with(b"\\n") && !bytes[..at].ends_with(b"=") {
        return None;
    }
    let head = &bytes[at..bytes.len().min(at + 64)];
    let head = &head[..head.iter().position(|&byte| !is_base64(byte)).unwrap_or(head.len())];
    if head.len() < 40 {
        return None;
    }
    let is_key = if head.starts_with(b"MII") {
        // `SEQUENCE` of a long length, then version 0: what RSA keys start with and certificates do not.
        &head[6..9] == b"IBA"
    } else if head.starts_with(b"LS0t") {
        decode(head)?.windows(11).any(|part| part == b"PRIVATE KEY")
    } else {
        [&b"MHcCAQ"[..], b"MIGHAg", b"MC4CAQ", b"b3BlbnNzaC1rZX"].iter().any(|start| head.starts_with(start))
    };
    let limit = floor(text, text.len().min(at + BLOCK));
    is_key.then(|| at..at + key_lines(&text[at..limit]))
}

/// How far lines of base64 go from the start of `body`.
fn key_lines(body: &str) -> usize {
    let (mut at, mut end) = (0, 0);
    while at < body.len() {
        let length = body[at..].find(separates).unwrap_or(body.len() - at);
        let word = &body[at..at + length];
        let heading = word.ends_with(':') || word == "4,ENCRYPTED" || word == "ENCRYPTED";
        if !heading && !word.bytes().all(is_base64) {
            break;
        }
        if word.len() >= LINE {
            end = at + length;
        }
        spend(length + 1);
        at += length + body[at + length..].chars().next().map_or(0, char::len_utf8);
        // Prose in between is not a key's.
        if at > end + 120 {
            break;
        }
    }
    end
}

/// `range` without the blanks, quotes and escapes at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = &text[range.clone()];
    let mut start = range.start + part.len() - part.trim_start_matches([' ', '\n', '\r', '\t', '"']).len();
    while text[start..range.end].starts_with("\\n") {
        start += 2;
    }
    let mut end = start + text[start..range.end].trim_end_matches([' ', '\n', '\r', '\t', '"', '+', '-']).len();
    while text[start..end].ends_with("\\n") {
        end -= 2;
    }
    (end > start + 3).then_some(start..end)
}

/// The values under `data` and `stringData` of every Kubernetes Secret in `text`, YAML and JSON.
pub(super) fn kube_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    json_data(text, &mut found);
    let mut from = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") || line.get(1..).is_some_and(|line| line.starts_with("---")) {
            document(&text[from..at], from, &mut found);
            from = at;
        }
        at += line.len();
    }
    document(&text[from..], from, &mut found);
    found
}

/// One YAML document, which stands at `from`.
fn document(text: &str, from: usize, found: &mut Vec<Range<usize>>) {
    spend(text.len());
    let prefix = |c: char| c.is_whitespace() || "+-→|".contains(c) || c.is_ascii_digit();
    if text.lines().any(|line| line.trim_start_matches(prefix).trim_end() == "kind: Secret") {
        yaml_data(text, from, found);
    }
}

/// How far in a line's content starts, behind a diff's sign.
fn indent(line: &str) -> usize {
    let sign = usize::from(line.starts_with(['+', '-']) && !line.starts_with("- "));
    line.len() - line[sign..].trim_start().len()
}

fn yaml_data(document: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    let mut under: Option<usize> = None;
    let mut block: Option<usize> = None;
    let mut from = offset;
    for line in document.split_inclusive('\n') {
        let start = from;
        from += line.len();
        let content = line.trim_end();
        let depth = indent(content);
        let rest = &content[depth.min(content.len())..];
        if rest.is_empty() {
            continue;
        }
        if under.is_some_and(|base| depth <= base) {
            under = None;
            block = None;
        }
        if under.is_none() {
            under = matches!(rest, "data:" | "stringData:").then_some(depth);
            continue;
        }
        if block.is_some_and(|key| depth <= key) {
            block = None;
        }
        let value = if block.is_some() { Some(rest) } else { rest.split_once(": ").map(|(_, value)| value.trim()) };
        let Some(value) = value else { continue };
        if value.starts_with(['|', '>']) && block.is_none() {
            block = Some(depth);
            continue;
        }
        let value = value.trim_matches(['"', '\'']);
        let at = content.len() - content.len().min(content.rfind(value).map_or(0, |at| content.len() - at));
        keep(value, start + at, found);
    }
}

fn json_data(text: &str, found: &mut Vec<Range<usize>>) {
    for key in ["data", "stringData"] {
        // An object inside of one that was read ends where that does, and was read with it.
        let mut read = 0;
        for (at, _) in text.match_indices(key) {
            let rest = &text[at + key.len()..];
            let object = rest.trim_start_matches(['\\', '"', ' ', ':', '\n']);
            if at < read || rest.len() == object.len() || !object.starts_with('{') || !text[..at].ends_with('"') {
                continue;
            }
            let start = text.len() - object.len();
            let limit = text.len().min(start + BLOCK);
            let end = memchr::memchr(b'}', &text.as_bytes()[start..limit]).map_or(limit, |length| start + length);
            read = end;
            spend(end - start);
            let mut from = start;
            let mut is_value = false;
            for part in text[start..floor(text, end)].split('"') {
                // key, colon, value, comma: a value is what stands behind a colon and before the next quote.
                if is_value {
                    keep(part.trim_end_matches('\\'), from, found);
                }
                is_value = part.trim().trim_end_matches('\\').trim_end() == ":";
                from += part.len() + 1;
            }
        }
    }
}

fn keep(value: &str, at: usize, found: &mut Vec<Range<usize>>) {
    if value.len() >= 4 && !value.contains("{{") && !value.contains("${") && !is_placeholder("", value) {
        found.push(at..at + value.len());
    }
}
