//! Secrets in text: found, and replaced by a marker that says what was there.
//!
//! For every text that leaves the program or reaches the screen. A text is best given as it was written: a secret
//! that was cut by wrapping or truncation may no longer be known as one.
//!
//! Three ways to know a secret: what it starts with (`tokens`), what form it has (`shapes`, `blocks`), and what
//! it is assigned to (`names`, with `values` deciding whether a value only stands for one). Rules are asked only
//! where one of their `anchors` stands. Time is linear in the text for all of them.

mod anchors;
mod blocks;
mod effort;
mod json;
mod names;
mod own;
mod shapes;
mod tokens;
mod values;

use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use anchors::Rule;
use own::Own;
use tokens::Letters;

pub use own::{MOST_PATTERNS, Pattern, check_name};

/// What a marker starts with.
const OPEN: &str = "‹redacted: ";
/// What a marker ends with.
const CLOSE: &str = "›";
/// No kind is longer than this.
const LONGEST: usize = 32;
/// Sorts of letters that tokens go on with.
const LETTERS: usize = Letters::Path as usize + 1;
/// How many names inside a word are read that was a value itself, as in `--set=db.password=x`, and how many prefixes inside
/// of letters that were no token. Keeps the whole linear.
const NESTED: usize = 4;
/// How far from a command its arguments are looked for.
const ARGUMENTS: usize = 512;
/// How often a replacement may bare another secret before the rest is left.
const PASSES: usize = 8;

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret<'r> {
    /// Where it stands, in bytes. Both ends are boundaries of characters.
    pub range: Range<usize>,
    /// What it is, as a marker names it: `GitHub token`, or the name of a pattern of the user's own.
    pub kind: &'r str,
}

/// Finds and replaces secrets, also by patterns of the user's own. The default knows the built-in rules alone.
///
/// Cheap to clone, to share and to call: it holds nothing but those patterns, and holds them once.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    own: Option<Arc<Own>>,
}

impl Redactor {
    /// A redactor that also goes by these patterns, [`MOST_PATTERNS`] of them at most.
    pub fn new(mut patterns: Vec<Pattern>) -> Self {
        patterns.truncate(MOST_PATTERNS);
        Self { own: (!patterns.is_empty()).then(|| Arc::new(Own::new(patterns))) }
    }

    /// `text` with a marker in place of every secret; borrowed when there is none.
    ///
    /// What is redacted already stays as it is. No more than 48 bytes come out for one that goes in.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.until_none(text, replace)
    }

    /// [`redact`](Self::redact) for JSON: what comes out is JSON of the same shape, with markers in its strings and in
    /// place of its numbers.
    pub fn redact_json<'a>(&self, json: &'a str) -> Cow<'a, str> {
        self.until_none(json, json::replace)
    }

    /// Hides the secrets in a JSON value: those in its strings, and those that a key names. Its shape stays.
    pub fn hide_in(&self, value: &mut Value) {
        let Cow::Owned(hidden) = self.redact_json(&value.to_string()) else { return };
        // A value too deep to be read again is better lost than shown.
        *value = serde_json::from_str(&hidden).unwrap_or_else(|_| Value::from("‹redacted: unreadable›"));
    }

    /// Hides the secrets in a text where it stands.
    pub fn hide(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.redact(text) {
            *text = hidden;
        }
    }

    /// A path to be shown, without secrets; nothing is found by it any more if there was one.
    pub fn path(&self, path: PathBuf) -> PathBuf {
        match self.redact(&path.to_string_lossy()) {
            Cow::Borrowed(_) => path,
            Cow::Owned(hidden) => PathBuf::from(hidden),
        }
    }

    /// Every secret in `text`, in order, none overlapping another, none within a marker.
    pub fn find(&self, text: &str) -> Vec<Secret<'_>> {
        let mut found: Vec<Secret<'_>> = built_in(text);
        if let Some(own) = &self.own {
            own.find(text, |range, kind| found.push(Secret { range, kind }));
        }
        if found.is_empty() { found } else { self.without_markers(text, merged(found)) }
    }

    fn until_none<'a>(&self, text: &'a str, replace: impl Fn(&str, &[Secret<'_>]) -> String) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for _ in 0..PASSES {
            let secrets = self.find(&out);
            if secrets.is_empty() {
                break;
            }
            out = Cow::Owned(replace(&out, &secrets));
        }
        out
    }

    /// The secrets without those parts of them that are markers.
    fn without_markers<'r>(&self, text: &str, secrets: Vec<Secret<'r>>) -> Vec<Secret<'r>> {
        let known = |kind: &str| is_kind(kind) || self.own.as_ref().is_some_and(|own| own.is_kind(kind));
        let markers: Vec<Range<usize>> = marked(text).filter(|(_, kind)| known(kind)).map(|(range, _)| range).collect();
        if markers.is_empty() {
            return secrets;
        }
        let mut out = Vec::with_capacity(secrets.len());
        let mut next = 0;
        for Secret { range, kind } in secrets {
            let mut from = range.start;
            while markers.get(next).is_some_and(|marker| marker.end <= from) {
                next += 1;
            }
            for marker in markers[next..].iter().take_while(|marker| marker.start < range.end) {
                if from < marker.start {
                    out.push(Secret { range: from..marker.start, kind });
                }
                from = marker.end;
            }
            if from < range.end {
                out.push(Secret { range: from..range.end, kind });
            }
        }
        out
    }
}

fn built_in<'r>(text: &str) -> Vec<Secret<'r>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Secret<'r>> = Vec::new();
    // Up to where names were read, and up to where the last value went.
    let (mut named, mut covered) = (0, 0);
    // Up to where a word was read as a value, and how many names inside of it were read as well.
    let (mut word, mut nested) = (0, 0);
    // Up to where hashes were looked for, and the arguments of each command.
    let (mut hashed, mut argued) = (0, [0; anchors::COMMANDS]);
    // Up to where letters of each sort went that were no token, and how many prefixes in them were tried.
    let mut tried = [(0, 0); LETTERS + 1];
    let (mut block, mut kube) = (false, false);
    anchors::each(bytes, |at, length, rule| {
        let mut add = |range: Option<Range<usize>>, kind: &'static str| {
            let Some(range) = range else { return at };
            let end = range.end;
            found.push(Secret { range, kind });
            end
        };
        match rule {
            Rule::Token(_) | Rule::Jwt => {
                let (letters, kind) = match rule {
                    Rule::Token(token) => (token.letters as usize, token.kind),
                    _ => (LETTERS, "JWT"),
                };
                let (end, tries) = &mut tried[letters];
                if at < *end && *tries >= NESTED {
                    return at;
                }
                let secret = match rule {
                    Rule::Token(token) => shapes::token(text, at, token),
                    _ => shapes::jwt(text, at),
                };
                match secret {
                    Ok(range) => add(Some(range), kind),
                    Err(looked) if looked > at => {
                        *tries = if at < *end { *tries + 1 } else { 1 };
                        *end = looked.max(*end);
                        at
                    }
                    Err(_) => at,
                }
            }
            Rule::PemBegin => {
                block = true;
                add(blocks::pem(text, at), "private key")
            }
            Rule::PemEnd if block => at,
            Rule::PemEnd => {
                block = true;
                add(blocks::pem_end(text, at), "private key")
            }
            Rule::KeyBody => add(blocks::key_body(text, at), "private key"),
            Rule::Url => {
                add(shapes::url(text, at), "URL credential");
                at
            }
            Rule::Dsn => add(shapes::dsn(text, at), "password"),
            Rule::Scheme => {
                let kind = if length == 5 { "basic credential" } else { "bearer token" };
                add(shapes::scheme(text, at, at + length), kind);
                at
            }
            Rule::Crypt if at < hashed => at,
            Rule::Crypt => match shapes::crypt(text, at) {
                Ok(range) => add(Some(range), "password hash"),
                Err(end) => {
                    hashed = end;
                    at
                }
            },
            Rule::Command(command) => {
                let looked = &mut argued[command.number];
                // Where two of them share a line, each argument is looked at once.
                let from = shapes::floor(text, (at + length).max(*looked));
                if from <= at + ARGUMENTS {
                    let (secrets, end) = shapes::command(text, from, command);
                    *looked = end;
                    for range in secrets {
                        add(Some(range), "password");
                    }
                }
                at
            }
            Rule::KubeSecret => {
                let is_kind = bytes[at.saturating_sub(12)..at + length].windows(4).any(|part| part == b"kind");
                let secrets = if kube || !is_kind { Vec::new() } else { blocks::kube_secrets(text) };
                kube |= is_kind;
                for range in secrets {
                    add(Some(range), "Kubernetes secret");
                }
                at
            }
            Rule::Telegram => add(shapes::telegram(text, at), "Telegram token"),
            Rule::Discord => add(shapes::discord(text, at), "Discord token"),
            Rule::Name => {
                nested = if at < word { nested + 1 } else { 0 };
                if at >= named && at >= covered && nested <= NESTED {
                    let read = names::assigned(text, at);
                    named = read.name_end;
                    word = read.word_end.max(word);
                    if let Some((range, kind)) = read.secret {
                        covered = range.end;
                        add(Some(range), kind);
                    }
                }
                at
            }
        }
    });
    found
}

/// One secret for all that overlap, of the kind that says most about it.
fn merged<'r>(mut found: Vec<Secret<'r>>) -> Vec<Secret<'r>> {
    found.retain(|secret| !secret.range.is_empty());
    found.sort_by_key(|secret| (secret.range.start, secret.range.end));
    let mut out: Vec<Secret<'r>> = Vec::with_capacity(found.len());
    for secret in found {
        match out.last_mut() {
            Some(last) if secret.range.start < last.range.end => {
                last.range.end = last.range.end.max(secret.range.end);
                if is_vague(last.kind) && !is_vague(secret.kind) {
                    last.kind = secret.kind;
                }
            }
            _ => out.push(secret),
        }
    }
    out
}

/// Whether a kind only repeats the name that the secret was given to.
fn is_vague(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_lowercase()) || matches!(kind, "API key" | "Kubernetes secret")
}

/// Where in `text` the markers of the built-in rules stand, in order.
pub fn markers(text: &str) -> Vec<Range<usize>> {
    marked(text).filter(|(_, kind)| is_kind(kind)).map(|(range, _)| range).collect()
}

/// What has the form of a marker, with the kind that it names.
fn marked(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    memchr::memmem::find_iter(text.as_bytes(), OPEN.as_bytes()).filter_map(|at| {
        let from = at + OPEN.len();
        let limit = shapes::floor(text, text.len().min(from + LONGEST + CLOSE.len()));
        let kind = &text[from..from + text[from..limit].find(CLOSE)?];
        Some((at..from + kind.len() + CLOSE.len(), kind))
    })
}

/// Whether `kind` is one that a marker of ours can name: any other text between the signs hides nothing.
fn is_kind(kind: &str) -> bool {
    const SHAPES: &[&str] = &[
        own::UNNAMED,
        "JWT",
        "private key",
        "URL credential",
        "password",
        "basic credential",
        "bearer token",
        "password hash",
        "Kubernetes secret",
        "Telegram token",
        "Discord token",
    ];
    SHAPES.contains(&kind) || names::is_kind(kind) || tokens::TOKENS.iter().any(|token| token.kind == kind)
}

fn replace(text: &str, secrets: &[Secret<'_>]) -> String {
    let mut out = String::with_capacity(text.len() + secrets.len() * 16);
    let mut from = 0;
    for Secret { range, kind } in secrets {
        out.push_str(&text[from..range.start]);
        out.push_str(OPEN);
        out.push_str(kind);
        out.push_str(CLOSE);
        from = range.end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests;
