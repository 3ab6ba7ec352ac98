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
mod names;
mod shapes;
mod tokens;
mod values;

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;
use serde_json::Value;

use anchors::Rule;

/// What a marker starts with.
const OPEN: &str = "‹redacted: ";
/// What a marker ends with.
const CLOSE: &str = "›";
/// The kind of what a user's own pattern found.
const OWN: &str = "own pattern";
/// No kind is longer than this.
const LONGEST: usize = 32;
/// How often a replacement may bare another secret before the rest is left.
const PASSES: usize = 8;

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands, in bytes. Both ends are boundaries of characters.
    pub range: Range<usize>,
    /// What it is, as a marker names it: `GitHub token`.
    pub kind: &'static str,
}

/// Finds and replaces secrets, also by patterns of the user's own.
///
/// Cheap to share and to call: it holds nothing but those patterns.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    own: Vec<Regex>,
}

impl Redactor {
    /// A redactor that also goes by `user_patterns`.
    ///
    /// Of a pattern with a group named `secret`, or else a first group, only that group is the secret; otherwise all
    /// that matches.
    pub fn new(user_patterns: &[Regex]) -> Self {
        Self { own: user_patterns.to_vec() }
    }

    /// `text` with a marker in place of every secret; borrowed when there is none.
    ///
    /// What is redacted already stays as it is. No more than 48 bytes come out for one that goes in.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
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

    /// Every secret in `text`, in order, none overlapping another, none within a marker.
    pub fn find(&self, text: &str) -> Vec<Secret> {
        let mut found = built_in(text);
        for pattern in &self.own {
            for groups in pattern.captures_iter(text) {
                let Some(range) = groups.name("secret").or_else(|| groups.get(1)).or_else(|| groups.get(0)) else {
                    continue;
                };
                found.push(Secret { range: range.range(), kind: OWN });
            }
        }
        if found.is_empty() { found } else { without_markers(text, merged(found)) }
    }
}

/// `text` with a marker in place of every secret that the built-in rules know; borrowed when there is none.
pub fn redact(text: &str) -> Cow<'_, str> {
    Redactor::default().redact(text)
}

/// Hides the secrets in a JSON value: those in its strings, and those that a key names.
pub fn hide_in(value: &mut Value) {
    let Cow::Owned(hidden) = redact(&value.to_string()) else { return };
    match serde_json::from_str(&hidden) {
        Ok(hidden) => *value = hidden,
        // A marker took a quotation mark along: better all of it than a part.
        Err(_) => *value = Value::String(hidden),
    }
}

fn built_in(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found: Vec<Secret> = Vec::new();
    // Up to where names were read, and up to where the last value went.
    let (mut named, mut covered) = (0, 0);
    let (mut block, mut kube) = (false, false);
    anchors::each(bytes, |at, length, rule| {
        let mut add = |range: Option<Range<usize>>, kind: &'static str| {
            let Some(range) = range else { return at };
            let end = range.end;
            found.push(Secret { range, kind });
            end
        };
        match rule {
            Rule::Token(token) => add(shapes::token(text, at, token), token.kind),
            Rule::Jwt => add(shapes::jwt(text, at), "JWT"),
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
            Rule::Crypt => add(shapes::crypt(text, at), "password hash"),
            Rule::Command(command) => {
                for range in shapes::command(text, at + length, command) {
                    add(Some(range), "password");
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
                if at >= named && at >= covered {
                    let read = names::assigned(text, at);
                    named = read.name_end;
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
fn merged(mut found: Vec<Secret>) -> Vec<Secret> {
    found.retain(|secret| !secret.range.is_empty());
    found.sort_by_key(|secret| (secret.range.start, secret.range.end));
    let mut out: Vec<Secret> = Vec::with_capacity(found.len());
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

/// The secrets without those parts of them that are markers.
fn without_markers(text: &str, secrets: Vec<Secret>) -> Vec<Secret> {
    let markers: Vec<Range<usize>> = memchr::memmem::find_iter(text.as_bytes(), OPEN.as_bytes())
        .filter_map(|at| {
            let from = at + OPEN.len();
            let limit = shapes::floor(text, text.len().min(from + LONGEST + CLOSE.len()));
            let kind = &text[from..from + text[from..limit].find(CLOSE)?];
            is_kind(kind).then(|| at..from + kind.len() + CLOSE.len())
        })
        .collect();
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

/// Whether `kind` is one that a marker of ours can name: any other text between the signs hides nothing.
fn is_kind(kind: &str) -> bool {
    const SHAPES: &[&str] = &[
        OWN,
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

fn replace(text: &str, secrets: &[Secret]) -> String {
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
