//! Secrets that are known by the name they are given to: variables, fields, options, headers, YAML keys.

use super::effort::spend;
use super::shapes::floor;
use super::values::{Class, Form, is_random, is_secret, is_shouting};
use std::ops::Range;

/// How far a name, and the blanks behind it, may go. Keeps the whole linear.
const NAME: usize = 64;
const BLANKS: usize = 24;
/// How far a quoted value may go before its end is given up.
const VALUE: usize = 4096;
/// How much of a value without quotes decides.
const ENOUGH: usize = 512;

/// Endings of names that hold no secret, although they end as those that do.
const HARMLESS: &[&str] = &[
    "nexttoken",
    "pagetoken",
    "continuetoken",
    "continuationtoken",
    "cancellationtoken",
    "publickeytoken",
    "pushsecret",
    "pullsecret",
    "publickey",
    "primarykey",
    "foreignkey",
    "partitionkey",
    "sortkey",
    "cachekey",
    "resumetoken",
    "watchcookie",
    "sshkey",
    "idempotencykey",
];

/// Whose a secret is, by a part of the name.
const OWNERS: &[(&str, &str)] = &[
    ("awssecret", "AWS secret access key"),
    ("secretaccesskey", "AWS secret access key"),
    ("awssession", "AWS session token"),
    ("amzsecurity", "AWS session token"),
    ("sharedaccesskey", "Azure shared access key"),
    ("accountkey", "Azure storage key"),
    ("azure", "Azure secret"),
    ("twilio", "Twilio token"),
    ("datadog", "Datadog key"),
    ("ddapi", "Datadog key"),
    ("ddapp", "Datadog key"),
    ("heroku", "Heroku key"),
    ("cloudflare", "Cloudflare token"),
    ("mailchimp", "Mailchimp key"),
    ("newrelic", "New Relic key"),
    ("algolia", "Algolia key"),
    ("fastly", "Fastly key"),
    ("circle", "CircleCI token"),
    ("okta", "Okta token"),
    ("pagerduty", "PagerDuty key"),
    ("mapbox", "Mapbox token"),
    ("tfetoken", "Terraform Cloud token"),
    ("discord", "Discord token"),
    ("telegram", "Telegram token"),
];

/// What a name's value is, by how the name ends.
const ENDINGS: &[(&str, Class, &str)] = &[
    ("authorization", Class::Header, "authorization"),
    ("clientkeydata", Class::Header, "client key"),
    ("clientcertificatedata", Class::Header, "client certificate"),
    ("setcookie", Class::Header, "cookie"),
    ("cookie", Class::Header, "cookie"),
    ("passwordhash", Class::Token, "password hash"),
    ("password", Class::Password, "password"),
    ("passwd", Class::Password, "password"),
    ("passphrase", Class::Password, "passphrase"),
    ("pwd", Class::Password, "password"),
    ("apikey", Class::Token, "API key"),
    ("accesskey", Class::Token, "access key"),
    ("accountkey", Class::Token, "account key"),
    ("secretkey", Class::Token, "secret key"),
    ("privatekey", Class::Token, "private key"),
    ("authkey", Class::Token, "key"),
    ("signingkey", Class::Token, "key"),
    ("encryptionkey", Class::Token, "key"),
    ("licensekey", Class::Token, "key"),
    ("appkey", Class::Token, "key"),
    ("masterkey", Class::Token, "key"),
    ("storagekey", Class::Token, "key"),
    ("credential", Class::Token, "credential"),
    ("credentials", Class::Token, "credential"),
    ("secret", Class::Token, "secret"),
    ("token", Class::Token, "token"),
    ("sig", Class::Token, "signature"),
    ("signature", Class::Token, "signature"),
    ("auth", Class::Token, "credential"),
];

/// Whether a secret known by its name can be of this kind.
pub(super) fn is_kind(kind: &str) -> bool {
    kind == "key" || ENDINGS.iter().any(|(.., named)| *named == kind) || OWNERS.iter().any(|(_, named)| *named == kind)
}

/// What was read behind a name: the name's end, so that it is not looked at again, and the secret if it is one.
pub(super) struct Assigned {
    pub name_end: usize,
    /// Where the word ends that was read as its value: names inside of it have values that were read with it.
    pub word_end: usize,
    pub secret: Option<(Range<usize>, &'static str)>,
}

/// Reads the name around `at` and what is assigned to it.
pub(super) fn assigned(text: &str, at: usize) -> Assigned {
    let bytes = text.as_bytes();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let at = if bytes[at] == b'"' { at + 1 } else { at };
    let mut start = at;
    while start > 0 && at - start < NAME && is_part(bytes[start - 1]) {
        start -= 1;
    }
    let mut end = at;
    while end < bytes.len() && end - at < NAME && is_part(bytes[end]) {
        end += 1;
    }
    // Most names in code are called, closed or passed on, which needs no closer look.
    if bytes.get(end).is_none_or(|byte| b"(){;<&?!+/#@".contains(byte)) {
        return Assigned { name_end: end, word_end: end, secret: None };
    }
    spend(end - start);
    let flag = bytes[start..end].starts_with(b"-");
    let name = text[start..end].trim_start_matches('-');
    let mut word_end = end;
    let secret = classify(name)
        .and_then(|(class, kind)| value(text, start, end, name, class, flag, &mut word_end).map(|range| (range, kind)));
    Assigned { name_end: end, word_end, secret }
}

/// What a name's value is, by how the name ends; `None` when it names no secret.
fn classify(name: &str) -> Option<(Class, &'static str)> {
    let plain: String =
        name.chars().filter(|c| !matches!(c, '-' | '_' | '.')).map(|c| c.to_ascii_lowercase()).collect();
    let mut plain = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    for suffix in ["base64", "b64", "base", "plaintext", "value"] {
        plain = plain.strip_suffix(suffix).unwrap_or(plain);
    }
    if HARMLESS.iter().any(|harmless| plain.ends_with(harmless)) {
        return None;
    }
    let (class, kind) = by_ending(name, plain)?;
    let owner = OWNERS.iter().find(|(part, _)| class == Class::Token && plain.contains(part));
    Some((class, owner.map_or(kind, |(_, kind)| kind)))
}

fn by_ending(name: &str, plain: &str) -> Option<(Class, &'static str)> {
    let ending = ENDINGS.iter().find(|(ending, ..)| plain.ends_with(ending)).map(|&(_, class, kind)| (class, kind));
    match ending {
        // `sig` and `signature` only as a whole: the parameter of a signed URL.
        Some((_, "signature")) if !matches!(plain, "sig" | "signature" | "xamzsignature" | "xgoogsignature") => None,
        Some(found) => Some(found),
        None if plain.ends_with("pass") && name.to_ascii_lowercase().ends_with("_pass") => {
            Some((Class::Password, "password"))
        }
        None if plain.ends_with("key") && is_shouting(name) => Some((Class::Token, "key")),
        None => None,
    }
}

/// The value that follows a name which ends at `end`, when it is a secret. `word_end` becomes the end of a value that is
/// not in quotes.
fn value(
    text: &str,
    start: usize,
    end: usize,
    name: &str,
    class: Class,
    flag: bool,
    word_end: &mut usize,
) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = end;
    let skip = |mut at: usize, set: &[u8]| {
        let limit = bytes.len().min(at + BLANKS);
        while at < limit && set.contains(&bytes[at]) {
            at += 1;
        }
        at
    };
    if !bytes[at..].starts_with(b"\\u003d") {
        at = skip(at, b"\\\"'`]*");
    }
    let closed = at > end;
    let blank = at;
    at = skip(at, b" \t");
    let spaced = at > blank;
    let rest = &bytes[at.min(bytes.len())..];
    let tight;
    let mut paired = false;
    // Whether only a field called `value` will do.
    let mut labelled = false;
    if rest.starts_with(b":=") || rest.starts_with(b"=>") || rest.starts_with(b"==") || rest.starts_with(b"!=") {
        at += 2;
        tight = false;
    } else if rest.starts_with(b"%3D") || rest.starts_with(b"%3d") {
        at += 3;
        tight = true;
    } else if rest.starts_with(b"\\u003d") {
        at += 6;
        tight = true;
    } else {
        match rest.first()? {
            b'=' => {
                at += 1;
                tight = !spaced && !rest.get(1).is_some_and(u8::is_ascii_whitespace);
            }
            b':' => {
                at += 1;
                tight = false;
            }
            b'>' if start > 0 && bytes[start - 1] == b'<' => {
                let from = at + 1;
                let until = from + memchr::memchr(b'<', &bytes[from..bytes.len().min(from + VALUE)])?;
                return is_secret(class, name, &text[from..until], Form::Quoted).then_some(from..until);
            }
            b'\n' | b'\r' => {
                paired = true;
                labelled = true;
                tight = false;
            }
            b',' | b'|' | b'\\' if closed || rest[0] == b'|' => {
                paired = true;
                tight = false;
                at += 1;
            }
            _ if flag && spaced => tight = true,
            // `.netrc`, and `"name=\"x\" value=\"y\"` of XML.
            _ if spaced && closed => {
                paired = true;
                tight = false;
            }
            _ if spaced && name == "password" && is_netrc(text, start) => tight = true,
            _ => return None,
        }
    }
    if paired {
        // `"name": "X", "value": "y"`, also over lines and as YAML; or the second argument of a call.
        let behind = skip(at, b" \t\r\n\\\"'+,n-");
        if let Some(label) = bytes.get(behind..behind + 5)
            && label.eq_ignore_ascii_case(b"value")
        {
            at = skip(behind + 5, b"\\\"'`*");
            at = skip(at, b" \t");
            if !matches!(bytes.get(at), Some(b':' | b'=')) {
                return None;
            }
            at += 1;
            paired = false;
        } else if labelled {
            return None;
        }
    }
    at = skip(at, b" \t*");
    at = past_type(text, at);
    let found = read(text, at)?;
    spend(found.range.len());
    if paired && !(found.quoted || bytes[at - 1] == b' ' && bytes[end..at].contains(&b'|')) {
        return None;
    }
    if !found.quoted {
        *word_end = found.range.end;
    }
    let (range, form) = settle(text, found, tight);
    if class == Class::Header {
        return header(text, name, range, form, word_end);
    }
    if paired && !is_random(&text[range.clone()], 8) {
        return None;
    }
    // The shell's working directory.
    if matches!(name, "PWD" | "OLDPWD" | "pwd") && text[range.clone()].contains('/') {
        return None;
    }
    let long = form != Form::Quoted && range.end - range.start >= ENOUGH;
    is_secret(class, name, &text[range.clone()], form)
        .then(|| range.start..if long { end_of_word(bytes, range.end, usize::MAX) } else { range.end })
}

struct Read {
    range: Range<usize>,
    quoted: bool,
}

/// Whether the word `password` at `at` is that of a `.netrc` line.
fn is_netrc(text: &str, at: usize) -> bool {
    let from = floor(text, at.saturating_sub(160));
    let before = &text[from..at];
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    line.contains("login ") || line.contains("machine ")
}

/// The value at `at`: in quotes (of which any number may be escaped alike), or up to where a word ends.
fn read(text: &str, at: usize) -> Option<Read> {
    let bytes = text.as_bytes();
    let mut open = at;
    while bytes.get(open) == Some(&b'\\') && open - at < 16 {
        open += 1;
    }
    let depth = open - at;
    // Prefixes of string literals: b"", r"", f"", @"".
    if depth == 0 && matches!(bytes.get(open), Some(b'b' | b'r' | b'f' | b'u' | b'@')) {
        open += usize::from(matches!(bytes.get(open + 1), Some(b'"' | b'\'')));
    }
    if let Some(&quote @ (b'"' | b'\'' | b'`')) = bytes.get(open) {
        let from = open + 1;
        let limit = bytes.len().min(from + VALUE);
        for hit in memchr::memchr2_iter(quote, b'\n', &bytes[from..limit]) {
            let until = from + hit;
            if bytes[until] == b'\n' {
                break;
            }
            let slashes = bytes[from..until].iter().rev().take_while(|&&byte| byte == b'\\').count();
            if slashes <= depth || (depth == 0 && slashes % 2 == 0) {
                return Some(Read { range: from..until - slashes.min(depth), quoted: true });
            }
        }
        return Some(Read { range: from..end_of_word(bytes, from, from + VALUE), quoted: true });
    }
    let end = end_of_word(bytes, at, at + ENOUGH);
    (end > at).then_some(Read { range: at..end, quoted: false })
}

/// Where an unquoted value ends, or `limit`.
fn end_of_word(bytes: &[u8], from: usize, limit: usize) -> usize {
    let limit = bytes.len().min(limit);
    let stops = |byte: u8| byte <= b' ' || b"\"'`,;)]}<>|&\\".contains(&byte);
    let marker = |at: usize| bytes[at..].starts_with("‹".as_bytes());
    let mut end = (from..limit).find(|&at| stops(bytes[at]) || marker(at)).unwrap_or(limit);
    spend(end.saturating_sub(from));
    // The limit may fall into a character.
    while end > from && bytes.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    end
}

/// Steps over a type and its `=` (`: &str = "…"`), when a string follows.
fn past_type(text: &str, at: usize) -> usize {
    let ahead = &text[at..floor(text, at + 40)];
    let Some((before, behind)) = ahead.split_once('=') else { return at };
    let is_type = before.len() > 2
        && before.ends_with(' ')
        && before.bytes().all(|byte| byte.is_ascii_alphabetic() || b"&'<>: |[]_".contains(&byte));
    let blanks = behind.len() - behind.trim_start_matches(' ').len();
    let is_string = behind[blanks..].starts_with(['"', '\'', '`', 'b', 'r', 'f', '\\']);
    if is_type && is_string { at + before.len() + 1 + blanks } else { at }
}

/// Tells how the value was written.
fn settle(text: &str, found: Read, tight: bool) -> (Range<usize>, Form) {
    if found.quoted {
        return (found.range, Form::Quoted);
    }
    let bytes = text.as_bytes();
    let end = found.range.end;
    let form = match bytes.get(end) {
        _ if tight => Form::Tight,
        None | Some(b'"' | b'\'' | b'\\' | b'`') => Form::Plain,
        Some(b' ' | b'\t') => {
            let rest = &bytes[end..bytes.len().min(end + 3)];
            let goes_on = rest.get(1).is_some_and(|byte| b"=+?{!<>*/-".contains(byte));
            if goes_on { Form::Code } else { Form::Plain }
        }
        Some(byte) if byte.is_ascii_control() => Form::Plain,
        Some(_) => Form::Code,
    };
    (found.range, form)
}

/// The secret part of a header's value: behind the scheme of `Authorization`, all pairs of a cookie.
fn header(text: &str, name: &str, range: Range<usize>, form: Form, word_end: &mut usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let lower = name.to_ascii_lowercase();
    let stops = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    let line_end = |limit: usize| {
        if form == Form::Quoted {
            return range.end.min(floor(text, limit));
        }
        let limit = limit.min(bytes.len());
        let end = (range.start..limit).find(|&at| stops(bytes[at])).unwrap_or(limit);
        spend(end.saturating_sub(range.start));
        floor(text, end)
    };
    let line = range.start..line_end(range.start + ENOUGH);
    if lower.ends_with("cookie") {
        *word_end = line.end.max(*word_end);
        let is_pair = |(key, value): (&str, &str)| {
            key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
                && is_secret(Class::Token, "cookie", value, Form::Quoted)
        };
        let secret = text[line].split(';').filter_map(|pair| pair.trim().split_once('=')).any(is_pair);
        return secret.then(|| range.start..line_end(usize::MAX));
    }
    if lower.ends_with("authorization") {
        let value = &text[line.clone()];
        let scheme = value.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
        let known = ["bearer", "basic", "token", "bot", "apikey", "digest", "negotiate", "key", "splunk", "genie"];
        if value.as_bytes().get(scheme) == Some(&b' ') {
            let word = value[..scheme].to_ascii_lowercase();
            let from = range.start + scheme + 1;
            if word == "digest" || word.starts_with("aws4") {
                return is_random(&text[from..line.end], 8).then(|| from..line_end(usize::MAX));
            }
            if known.contains(&word.as_str()) {
                let until = end_of_word(bytes, from, line.end);
                return is_secret(Class::Header, "", &text[from..until], Form::Tight).then(|| {
                    from..end_of_word(bytes, from, if form == Form::Quoted { range.end } else { usize::MAX })
                });
            }
            return None;
        }
    }
    let form = if form == Form::Code { Form::Plain } else { form };
    is_secret(Class::Token, name, &text[range.clone()], form).then(|| {
        let end = if form == Form::Quoted { range.end } else { end_of_word(bytes, range.start, usize::MAX) };
        range.start..end
    })
}
