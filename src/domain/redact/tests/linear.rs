//! What would be slow if anything were read again and again. Nothing is timed: what the rules look at is counted.

use crate::domain::redact::{Redactor, effort};

/// Beginnings that go on for ever.
const PARTS: &[&str] = &[
    "sk-",
    "eyJ",
    "-eyJ",
    "eyJhIjoxfQ.",
    "token=",
    "password=\"",
    "token: \\\"",
    "://a:b",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "MIIEowIBAA",
    "ghp_",
    "$6$a",
    "curl -u ",
    "bearer ",
    "\\",
    "\"",
    "AKIA",
    "\"data\":{",
    "kind: Secret\n",
    "@tcp(",
    ":AA",
    "MTE",
    "authorization: ",
    "cookie: a=",
    "sshpass -p",
    "‹redacted: ",
    "a=",
    "_key",
    "secret\n",
    "{ssha}",
    "$argon2",
    "-----BEGIN PRIVATE KEY-----\n",
    "token|",
    "token\n",
    "token,\"",
    "data:\n ",
    "{\"data\":{\"a",
    "\"kind\":\"Secret\"",
    "authorization: bearer ",
    "authorization: digest ",
    "cookie: ",
    "mysql -p",
    "sshpass -p ",
    "curl -",
    "curl -u a:b",
    "curl --user curl -u ",
    "--- a\n",
    "secret: x1y2z3 ",
    " ",
    "a1b2c3d4e5",
];

/// How often one byte of a text may be looked at. The longest window is 4 kB; no chain of beginnings gets near that.
const MOST: usize = 160;

fn looked_at(text: &str) -> usize {
    effort::of(|| Redactor::default().find(text).len())
}

#[test]
fn no_two_beginnings_make_more_than_linear_work_together() {
    let mut worst = Vec::new();
    for one in PARTS {
        for other in PARTS {
            let unit = [*one, *other].concat();
            let text = unit.repeat(12_000 / unit.len());
            let (short, long) = (looked_at(&text[..floor(&text, text.len() / 4)]), looked_at(&text));
            worst.push((long / text.len(), unit.clone()));
            assert!(long <= MOST * text.len(), "{unit:?}: {long} of {}", text.len());
            assert!(long <= 6 * short + 64 * 1024, "{unit:?}: {short}, four times as much text {long}");
        }
    }
    worst.sort();
    let most: Vec<_> = worst.iter().rev().take(5).collect();
    assert!(worst.last().is_some_and(|(most, _)| *most > 1), "nothing is counted: {most:?}");
}

#[test]
fn what_is_longer_than_any_window_is_linear_too() {
    for unit in [
        "token=",
        "curl -u a:b ",
        "://",
        "$6$a",
        "cookie: a=1;",
        "authorization: bearer ",
        "\"kind\":\"Secret\"\"data\":{",
    ] {
        let text = unit.repeat(400_000 / unit.len());
        let looked = looked_at(&text);
        assert!(looked <= MOST * text.len(), "{unit:?}: {looked} of {}", text.len());
    }
}

#[test]
fn little_comes_out_however_much_is_found() {
    for part in PARTS {
        let text = part.repeat(60_000 / part.len());
        assert!(Redactor::default().redact(&text).len() <= text.len() * 48, "{part}");
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
