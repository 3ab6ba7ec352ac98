//! A message in Markdown as sentences that somebody says in their own name: without code, quotes, and what stands under a
//! heading that speaks of what is to come.

/// Words of a heading or label under which nothing is claimed.
const AHEAD: [&str; 24] = [
    "next",
    "todo",
    "to do",
    "to-do",
    "plan",
    "remaining",
    "what is left",
    "what's left",
    "open",
    "pending",
    "proposal",
    "acceptance",
    "criteria",
    "definition of done",
    "done when",
    "goal",
    "blocked",
    "said",
    "claimed",
    "reported",
    "follow",
    "not done",
    "limits",
    "known issues",
];

/// One sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence<'m> {
    /// As it was written, with line breaks.
    pub raw: &'m str,
    /// In lower case on one line, without marks of Markdown; code and quotes are [`CODE`] and [`QUOTE`].
    pub plain: String,
    /// What stood in the codes, in their order.
    pub codes: Vec<&'m str>,
    /// Line of the message that it begins on, from zero.
    pub line: usize,
    /// It is a cell of a table, or begins one: only a status is read of it.
    pub cell: bool,
}

/// Stands for code in a line.
pub const CODE: &str = "⌘";
/// Stands for a quotation.
pub const QUOTE: &str = "⍰";

/// Lines that belong together: a paragraph, an item, a heading, a row.
#[derive(Debug, Clone, Copy)]
struct Block {
    start: usize,
    end: usize,
    line: usize,
    cell: bool,
}

/// The sentences of a message.
pub fn sentences(message: &str) -> Vec<Sentence<'_>> {
    let mut found = Vec::new();
    for block in blocks(message) {
        let text = &message[block.start..block.end];
        if block.cell {
            found.extend(read(text, block.line, true));
            continue;
        }
        let mut start = 0;
        for end in ends(text) {
            let raw = &text[start..end];
            let lead = raw.len() - raw.trim_start().len();
            let line = block.line + text[..start + lead].matches('\n').count();
            // "**Said.** It is done": what follows such a word is said of others.
            if raw.trim().starts_with("**") && raw.trim().ends_with(['.', ':', '*']) && label(raw.trim()) {
                break;
            }
            found.extend(read(raw.trim(), line, false));
            start = end;
        }
    }
    found
}

fn blocks(message: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut fence: Option<&str> = None;
    // Under a heading of this level, or a label, nothing is claimed.
    let mut muted: Option<usize> = None;
    let (mut at, mut goes_on, mut muted_table) = (0, false, None);
    for (number, line) in message.split_inclusive('\n').enumerate() {
        let (start, trimmed) = (at, line.trim());
        at += line.len();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        if let Some(open) = fence {
            fence = Some(open).filter(|open| !trimmed.starts_with(open));
            continue;
        }
        if mark.is_some() || trimmed.is_empty() || trimmed.starts_with('>') {
            fence = mark;
            goes_on = false;
            if trimmed.is_empty() {
                muted_table = None;
            }
            continue;
        }
        let item = is_item(trimmed);
        let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        let bold = trimmed.starts_with("**") && trimmed.trim_end_matches(':').ends_with("**");
        if level > 0 || (!item && (bold || trimmed.ends_with(':')) && !goes_on) {
            // A label is below every heading, and above what is not an item of it.
            let rank = if level > 0 { level } else { 7 };
            if muted.is_none_or(|above| rank <= above) {
                muted = label(trimmed).then_some(rank);
            }
        } else if muted == Some(7) && !item && !goes_on && !line.starts_with([' ', '\t']) {
            let after_blank = number > 0 && message[..start].ends_with("\n\n");
            muted = muted.filter(|_| !after_blank);
        }
        if trimmed.starts_with('|') {
            let heads_ahead = *muted_table.get_or_insert_with(|| label(trimmed));
            if muted.is_none() && !heads_ahead {
                found.push(Block { start, end: at, line: number, cell: true });
            }
            goes_on = false;
            continue;
        }
        muted_table = None;
        if muted.is_some() {
            goes_on = level == 0;
            continue;
        }
        match found.last_mut().filter(|_| goes_on && !item && level == 0) {
            Some(block) => block.end = at,
            None => found.push(Block { start, end: at, line: number, cell: false }),
        }
        goes_on = level == 0;
    }
    found
}

fn is_item(line: &str) -> bool {
    let bullet = line.strip_prefix(['-', '*', '+']).is_some_and(|rest| rest.starts_with(' '));
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    bullet || (digits > 0 && line[digits..].starts_with([')', '.']) && line[digits + 1..].starts_with(' '))
}

/// True for a heading or label that speaks of what is to come, or of what others say.
fn label(line: &str) -> bool {
    let words: String = line.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\'' | '’')).collect();
    let words = words.to_lowercase().replace('’', "'");
    let words = words.trim();
    let many = words.split(' ').count() > 8;
    !many && AHEAD.iter().any(|ahead| starts_a_word(words, ahead))
}

fn starts_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
}

/// Where the sentences of a block end.
fn ends(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut code, mut quoted_to) = (false, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match c {
            _ if at < quoted_to => {}
            '`' => code = !code,
            '"' | '“' | '«' if !text[..at].ends_with(char::is_alphanumeric) => {
                let after = &text[at + c.len_utf8()..];
                quoted_to = after.find(closing(c)).map_or(0, |end| at + c.len_utf8() + end);
            }
            '.' | '!' | '?' | ';' if !code && next.is_none_or(|next| next.is_whitespace() || next == '*') => {
                let abbreviated = ["e.g", "i.e", "etc", "vs"].iter().any(|short| text[..at].ends_with(short));
                let number = c == '.' && is_item(&format!("{}. ", text[..at].trim_start()));
                if !abbreviated && !number {
                    // Closing marks belong to the sentence.
                    let close = text[at + 1..].bytes().take_while(|byte| *byte == b'*').count();
                    found.push(at + 1 + close);
                }
            }
            _ => {}
        }
    }
    found.push(text.len());
    found.dedup();
    found
}

/// The mark that ends what this one begins.
fn closing(quote: char) -> char {
    match quote {
        '“' => '”',
        '«' => '»',
        other => other,
    }
}

fn read(raw: &str, line: usize, cell: bool) -> Option<Sentence<'_>> {
    let mut plain = String::with_capacity(raw.len());
    let mut codes = Vec::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '`' => {
                let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
                let body = &rest[ticks..];
                let Some(end) = body.find(&rest[..ticks]) else {
                    rest = body;
                    continue;
                };
                codes.push(&body[..end]);
                plain.push_str(CODE);
                rest = &body[end + ticks..];
                continue;
            }
            '"' | '“' | '«' => {
                let close = closing(c);
                let before = plain.chars().next_back();
                if let Some(end) = after.find(close).filter(|_| before.is_none_or(|c| !c.is_alphanumeric())) {
                    plain.push_str(QUOTE);
                    rest = &after[end + close.len_utf8()..];
                    continue;
                }
            }
            '*' | '_' if !(plain.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)) => {}
            // The address of a link is not said.
            ']' if after.starts_with('(') => {
                rest = after.find(')').map_or("", |end| &after[end + 1..]);
                continue;
            }
            '[' if !matches!(after.as_bytes(), [_, b']', ..]) => {}
            '’' => plain.push('\''),
            c if c.is_whitespace() => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            c => plain.extend(c.to_lowercase()),
        }
        rest = after;
    }
    let plain = strip(plain.trim()).to_owned();
    (!plain.is_empty()).then_some(Sentence { raw, plain, codes, line, cell })
}

/// Without the marks of a heading or an item, and party poppers.
fn strip(plain: &str) -> &str {
    let plain = plain.trim_start_matches(['#', '🎉', '🚀', '✨', ' ', '\u{fe0f}', '–', '—']);
    let plain = if is_item(plain) { plain.split_once(' ').map_or("", |(_, rest)| rest) } else { plain };
    // A list's dash may be left alone when stars were marks.
    plain.trim_start_matches(['-', '+', ' ', '🎉', '🚀', '✨', '\u{fe0f}'])
}
