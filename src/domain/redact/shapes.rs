//! Secrets that are known by their form: tokens by prefix, JWTs, URL credentials, password hashes, command lines.

use super::anchors::Command;
use super::effort::spend;
use super::tokens::{Letters, Token};
use super::values::{Class, Form, alternates, is_placeholder, is_random, is_secret};
use std::ops::Range;

/// How much of a run decides. Whatever is longer is no less of a secret, and the limit keeps a refusal cheap.
const ENOUGH: usize = 512;

/// The last boundary between characters that is not behind `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Whether a word starts at `at`: behind a blank or a sign, but also behind what escapes of JSON, URLs and terminals
/// end with (`\n`, `\u003d`, `%3D`, `ESC[32m`).
pub(super) fn starts_word(bytes: &[u8], at: usize) -> bool {
    let Some(&last) = at.checked_sub(1).and_then(|at| bytes.get(at)) else { return true };
    let back = |by: usize| at.checked_sub(by).and_then(|at| bytes.get(at)).copied();
    match last {
        b'-' | b'_' => back(2).is_none_or(|byte| !byte.is_ascii_alphanumeric()),
        b'n' | b'r' | b't' | b'b' | b'f' if back(2) == Some(b'\\') => true,
        b'm' => {
            let run = bytes[..at - 1].iter().rev().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b';');
            back(2 + run.count()) == Some(b'[')
        }
        _ if !last.is_ascii_alphanumeric() => true,
        _ => {
            back(3) == Some(b'%') && back(2).is_some_and(|byte| byte.is_ascii_hexdigit())
                || back(6) == Some(b'\\') && back(5) == Some(b'u')
        }
    }
}

fn run(bytes: &[u8], from: usize, letters: Letters, limit: usize) -> usize {
    let until = bytes.len().min(from.saturating_add(limit));
    let end = bytes[from..until].iter().position(|&byte| !letters.has(byte)).map_or(until, |length| from + length);
    spend(end - from);
    end
}

/// A credential with a known prefix at `at`; else how far its letters go.
pub(super) fn token(text: &str, at: usize, token: &Token) -> Result<Range<usize>, usize> {
    let bytes = text.as_bytes();
    if (token.random || token.max < ENOUGH || token.prefix.len() <= 3) && !starts_word(bytes, at) {
        return Err(at);
    }
    let from = at + token.prefix.len();
    let end = run(bytes, from, token.letters, ENOUGH);
    let rest = &text[from..end];
    if rest.len() < token.min || rest.len() > token.max {
        return Err(end);
    }
    if token.max < ENOUGH && bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return Err(end);
    }
    let words = rest.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.' | b'/'));
    if words || is_placeholder("", rest) || (token.random && !is_random(rest, 12) && !alternates(rest)) {
        return Err(end);
    }
    Ok(at..run(bytes, end, token.letters, usize::MAX))
}

/// A JSON web token (RFC 7519; also RFC 7516 with its five parts) at `at`: its first part decodes to a JSON object. Else
/// how far that part goes.
pub(super) fn jwt(text: &str, at: usize) -> Result<Range<usize>, usize> {
    let bytes = text.as_bytes();
    if !bytes[at..].starts_with(b"eyJ") || !starts_word(bytes, at) {
        return Err(at);
    }
    let dot = run(bytes, at, Letters::Word, 2048);
    let header = (bytes.get(dot) == Some(&b'.')).then(|| decode(&bytes[at..dot])).flatten().unwrap_or_default();
    if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&header).is_err() {
        return Err(dot);
    }
    let end = run(bytes, dot + 1, Letters::Dotted, usize::MAX);
    if end - dot > 8 { Ok(at..end) } else { Err(dot) }
}

/// Decodes base64 of either alphabet up to its padding; `None` at any other byte.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0);
    for &byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
        }
    }
    Some(out)
}

/// The password (or the token in the user's place) of the URL whose `://` is at `at`.
pub(super) fn url(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let from = at + 3;
    let limit = bytes.len().min(from + ENOUGH);
    let ends = |byte: u8| byte.is_ascii_whitespace() || byte < b' ' || b"\"'`<>\\|".contains(&byte);
    let slash = (from..limit).find(|&at| ends(bytes[at]) || b"/?#".contains(&bytes[at])).unwrap_or(limit);
    spend(slash - from);
    let colon = memchr::memchr(b':', &bytes[from..slash]).map(|at| from + at);
    let sign = memchr::memrchr(b'@', &bytes[from..slash]).or_else(|| {
        // A password with a slash in it, unless what looks like one is a port.
        let behind = &bytes[colon? + 1..slash];
        let far = memchr::memchr(b'@', &bytes[slash..limit])? + slash;
        spend(far - slash);
        let one_word = || !bytes[slash..far].iter().any(|byte| ends(*byte));
        (!behind.is_empty() && !behind.iter().all(u8::is_ascii_digit) && bytes[from] != b'[' && one_word())
            .then(|| far - from)
    });
    let sign = from + sign?;
    match colon {
        Some(colon) if colon < sign => {
            let password = colon + 1..sign;
            is_given(&text[password.clone()]).then_some(password)
        }
        _ => {
            // No user's name is so long without a dot or a dash in it.
            let user = &text[from..sign];
            let long = user.len() >= 20 && user.bytes().all(|byte| byte.is_ascii_alphanumeric());
            (long || is_random(user, 10)).then_some(from..sign)
        }
    }
}

/// Whether `password` is one, where only a password can stand.
fn is_given(password: &str) -> bool {
    password.len() >= 2
        && !is_placeholder("", password)
        && (password.len() < 4 || is_secret(Class::Header, "", password, Form::Quoted) || password.len() < 6)
        && !password.starts_with(['$', '{', '<', '%', '*'])
}

/// The password of a Go MySQL data source name (`user:password@tcp(host)/db`) whose `@` is at `at`.
pub(super) fn dsn(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let from = at.saturating_sub(128);
    let stops = |byte: u8| byte.is_ascii_whitespace() || b"\"'`".contains(&byte);
    let word = (from..at).rev().find(|&at| stops(bytes[at])).map_or(from, |at| at + 1);
    let colon = word + memchr::memchr(b':', &bytes[word..at])?;
    text.is_char_boundary(colon + 1).then_some(())?;
    is_given(&text[colon + 1..at]).then_some(colon + 1..at)
}

/// What follows the word `Bearer` or `Basic`, which ends at `end`.
pub(super) fn scheme(text: &str, at: usize, end: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if !starts_word(bytes, at) {
        return None;
    }
    let from = match bytes.get(end..) {
        Some([b' ', ..]) => end + 1,
        Some([b'%', b'2', b'0', ..]) => end + 3,
        _ => return None,
    };
    let until = run(bytes, from, Letters::Path, ENOUGH);
    let value = &text[from..until];
    let secret = if end - at == 5 {
        value.len() >= 8
            && decode(value.as_bytes()).is_some_and(|pair| {
                pair.contains(&b':') && std::str::from_utf8(&pair).is_ok_and(|pair| !pair.contains(char::is_control))
            })
    } else {
        value.len() >= 10 && !is_placeholder("", value) && (is_random(value, 10) || alternates(value))
    };
    secret.then(|| from..run(bytes, until, Letters::Path, usize::MAX))
}

/// A `crypt(3)` hash (also argon2, scrypt, htpasswd and LDAP forms) at `at`; else how far it was looked for: what starts in
/// between ends alike.
pub(super) fn crypt(text: &str, at: usize) -> Result<Range<usize>, usize> {
    let bytes = text.as_bytes();
    let has = |byte: u8| byte.is_ascii_alphanumeric() || b"./$=,+-{}_".contains(&byte);
    let limit = bytes.len().min(at + ENOUGH);
    let end = (at..limit).find(|&at| !has(bytes[at])).unwrap_or(limit);
    spend(end - at);
    let last = text[at..end].rsplit(['$', '}']).next().unwrap_or_default();
    let secret = last.len() >= 20 && !last.contains('{') && (is_random(last, 6) || alternates(last));
    if secret { Ok(at..end) } else { Err(end) }
}

/// A Telegram bot token whose `:AA` is at `at`: eight to ten digits before, 35 letters behind.
pub(super) fn telegram(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let digits = bytes[..at].iter().rev().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let end = run(bytes, at + 1, Letters::Word, ENOUGH);
    let whole = (8..=10).contains(&digits) && (34..=36).contains(&(end - at - 1));
    whole.then(|| at - digits..end)
}

/// A Discord bot token at `at`: a number in base64, a time and a signature.
pub(super) fn discord(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if !starts_word(bytes, at) {
        return None;
    }
    let first = run(bytes, at, Letters::Word, 40);
    let second = (bytes.get(first) == Some(&b'.')).then(|| run(bytes, first + 1, Letters::Word, 40))?;
    let third = (bytes.get(second) == Some(&b'.')).then(|| run(bytes, second + 1, Letters::Word, 60))?;
    let whole = (22..=30).contains(&(first - at))
        && (5..=8).contains(&(second - first))
        && (25..=45).contains(&(third - second));
    (whole && decode(&bytes[at..first])?.iter().all(u8::is_ascii_digit)).then_some(at..third)
}

/// The passwords among the arguments of a command, which stand from `from` on; and how far they were looked for.
pub(super) fn command(text: &str, from: usize, command: Command) -> (Vec<Range<usize>>, usize) {
    let limit = floor(text, text.len().min(from + ENOUGH));
    let limit = memchr::memchr(b'\n', &text.as_bytes()[from..limit]).map_or(limit, |length| from + length);
    // An option at the end of what is looked at still has its value behind it.
    let behind = floor(text, text.len().min(limit + ENOUGH));
    let line = &text[from..behind];
    let line = &line[..line.find('\n').unwrap_or(line.len())];
    spend(limit - from);
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(&text.as_bytes()[from..limit], b" -") {
        let at = at + 1;
        for option in command.options {
            let Some(rest) = line[at..].strip_prefix(option) else { continue };
            let separated = rest.trim_start_matches([' ', '=']);
            let alone = separated.len() < rest.len();
            if alone && !command.apart || !alone && option.starts_with("--") {
                continue;
            }
            let value = separated.trim_start_matches(['\\', '"', '\'']);
            let start = from + at + option.len() + (rest.len() - value.len());
            let quote = separated.trim_start_matches('\\').bytes().next().filter(|byte| matches!(byte, b'"' | b'\''));
            let closed = quote.and_then(|quote| memchr::memchr(quote, value.as_bytes()));
            let length = closed.or_else(|| value.find(|c: char| c.is_whitespace() || "\"'`;|&)\\".contains(c)));
            let mut range = start..start + length.unwrap_or(value.len());
            spend(range.len());
            while text[range.clone()].ends_with('\\') {
                range.end -= 1;
            }
            if command.pair {
                let Some(colon) = text[range.clone()].find(':') else { continue };
                range.start += colon + 1;
            }
            let value = &text[range.clone()];
            let secret = if alone || command.pair {
                is_given(value)
            } else {
                is_secret(Class::Password, "", value, Form::Tight)
            };
            if secret {
                found.push(range);
            }
        }
    }
    (found, limit)
}
