//! A seeded corpus of secrets in the places where they turn up: none of them survives.

use super::kinds::{Seed, cases, survivor};
use super::redact;
use crate::domain::redact::Redactor;
use crate::domain::transcript::raw;
use std::collections::{BTreeMap, BTreeSet};

/// The places: each takes a piece of text and gives it back as it stands there.
fn places(s: &mut Seed, piece: &str) -> Vec<(&'static str, String)> {
    let json = serde_json::to_string(&serde_json::json!({"type": "tool_result", "content": piece, "ok": true}))
        .unwrap_or_default();
    let nested = serde_json::to_string(&serde_json::json!({"message": json, "n": 1})).unwrap_or_default();
    vec![
        ("alone", piece.to_owned()),
        ("JSON", json),
        ("JSON in JSON", nested),
        ("JSON with lines", serde_json::to_string(&format!("first\n{piece}\nlast")).unwrap_or_default()),
        ("shell", format!("$ env A=b {piece} && ./run --fast")),
        ("shell, quoted", format!("run -H '{piece}' -v")),
        ("log", format!("2026-01-02T03:04:{:02}Z INFO request {piece}", s.below(60))),
        ("diff", format!("@@ -1,2 +1,2 @@\n-old line\n+{piece}\n context")),
        ("removed", format!("-{piece}")),
        ("Markdown", format!("- Use `{piece}` for **now**.")),
        ("Markdown block", format!("```\n{piece}\n```")),
        ("YAML list", format!("args:\n  - {piece}\n")),
        ("coloured", format!("\u{1b}[32m{piece}\u{1b}[0m")),
        ("numbered", format!("    12→{piece}")),
    ]
}

/// `text` with something before each line, as diffs and numbered listings have it.
fn prefixed(text: &str, before: impl Fn(usize) -> String) -> String {
    text.lines().enumerate().map(|(at, line)| before(at) + line + "\n").collect()
}

#[test]
fn no_secret_survives_anywhere() {
    let mut leaks = BTreeMap::new();
    let mut kinds = BTreeSet::new();
    for seed in 1..=20 {
        let mut s = Seed(seed * 0x9E37_79B9_7F4A);
        for case in cases(&mut s) {
            kinds.insert(case.what);
            let piece = case.piece();
            for (place, text) in places(&mut s, &piece) {
                let out = redact(&text);
                if let Some(part) = survivor(&case.value, &out) {
                    leaks.insert(
                        (case.what, place),
                        format!("{} in {place}: {part:?} of {text:?} in {out:?}", case.what),
                    );
                }
                assert_eq!(redact(&out), out, "twice is as once: {} in {place}", case.what);
            }
        }
    }
    assert!(kinds.len() >= 90, "{}", kinds.len());
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.into_values().take(40).collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_secret_survives_in_a_record_that_is_shown_as_it_stands() {
    let mut s = Seed(0x0DD5_EED5);
    for case in cases(&mut s) {
        let piece = case.around.replace("{}", &case.value);
        for (place, text) in places(&mut s, &piece) {
            let result = serde_json::json!([{"type": "tool_result", "tool_use_id": "t", "content": text}]);
            let record =
                serde_json::json!({"message": {"content": result}, "toolUseResult": {"stdout": text}, "type": "user"});
            for line in [record.to_string(), text.clone()] {
                let shown = raw::redacted(line.as_bytes(), line.len() as u64, &Redactor::default());
                let part = survivor(&case.value, &shown.text);
                assert!(part.is_none(), "{} in {place}: {part:?} of {line} in {}", case.what, shown.text);
                assert!(shown.hidden > 0, "{} in {place}: nothing was counted", case.what);
            }
        }
    }
}

#[test]
fn assignments_hide_their_values_in_every_notation() {
    let mut s = Seed(0x5EED_1234_5678);
    let notations = [
        "api_key = \"{}\"",
        "apiKey: '{}',",
        "const API_KEY: &str = \"{}\";",
        "let token: String = \"{}\".into();",
        "password: str = '{}'",
        "os.environ[\"API_TOKEN\"] = \"{}\"",
        "headers['X-Api-Key'] = '{}';",
        ".header(\"X-Api-Key\", \"{}\")",
        "<password>{}</password>",
        "{\"name\": \"DB_PASSWORD\", \"value\": \"{}\"}",
        "- name: DB_PASSWORD\n  value: \"{}\"",
        "-   - name: API_TOKEN\n-     value: {}",
        "export GITHUB_TOKEN={}",
        "spring.datasource.password={}",
        "**Password:** {}",
        "| password | {} |",
        "ENV SECRET_KEY {}=x SECRET_KEY={}",
        "set clientSecret := \"{}\"",
        "{\\\"apiKey\\\":\\\"{}\\\"}",
        "{\\\\\\\"secret\\\\\\\":\\\\\\\"{}\\\\\\\",\\\\\\\"x\\\\\\\":1}",
        "\"auth\": \"{}\"",
        "token=\"{}\"&x",
        "PGPASSWORD={} psql -h db",
        "?api_key\\u003d{}\\u0026x=1",
    ];
    for notation in notations.map(|notation| notation.replace("ENV SECRET_KEY {}=x ", "ENV ")) {
        for _ in 0..20 {
            let value = format!("{}{}{}", s.alnum(12), s.below(10), s.alnum(11));
            let text = notation.replace("{}", &value);
            let out = redact(&text);
            assert!(survivor(&value, &out).is_none(), "{text}\n{out}");
            assert!(out.contains("‹redacted: "), "{out}");
        }
    }
}

#[test]
fn private_keys_are_hidden_whole_or_in_part() {
    let mut s = Seed(0xBEE5);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        let start = if label.starts_with("OPENSSH") { "b3BlbnNzaC1rZXktdjEA" } else { "MIIEowIBAAKCAQEA" };
        let mut body = vec![format!("{start}{}", s.base64(64 - start.len()))];
        body.extend((0..12).map(|_| s.base64(64)));
        body.push(format!("{}==", s.base64(30)));
        let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
        let lines = body.join("\n");
        let whole = format!("before\n{begin}\n{lines}\n{end}\nafter");
        let texts = [
            whole.clone(),
            serde_json::to_string(&serde_json::json!({"private_key": whole, "client_email": "a@b"}))
                .unwrap_or_default(),
            serde_json::to_string(&serde_json::to_string(&whole).unwrap_or_default()).unwrap_or_default(),
            prefixed(&whole, |_| "+".to_owned()),
            prefixed(&whole, |at| format!("{at:>6}→")),
            format!("{begin}\n{}", body[..13].join("\n")),
            format!("{}\n{end}\nafter", body[3..].join("\n")),
            body[..13].join("\n"),
        ];
        for text in texts {
            let out = redact(&text);
            for line in &body[3..13] {
                assert!(survivor(line, &out).is_none(), "{text}\n{out}");
            }
            assert_eq!(redact(&out), out);
            assert!(!text.contains("after") || out.contains("after"), "{out}");
        }
    }
}

#[test]
fn the_data_of_kubernetes_secrets_is_hidden() {
    let mut s = Seed(0x00C0_FFEE);
    for _ in 0..20 {
        let (a, b) = (s.base64(24), s.base64(40));
        let yaml = format!(
            "apiVersion: v1\ndata:\n  username: {a}\n  blob: \"{b}\"\nkind: Secret\nmetadata:\n  name: registry\n---\nkind: ConfigMap\ndata:\n  mode: leaf-and-spine\n"
        );
        let text = format!(
            "kind: Secret\nstringData:\n  conf: |\n    user {a}\n    other {b}\nmetadata:\n  name: registry\n---\nkind: ConfigMap\ndata:\n  mode: leaf-and-spine\n"
        );
        let diff = prefixed(&yaml, |_| "+".to_owned());
        let json = format!(
            r#"{{"kind":"Secret","data":{{"username":"{a}","blob":"{b}"}},"metadata":{{"name":"registry"}}}} leaf-and-spine"#
        );
        let nested = serde_json::to_string(&json).unwrap_or_default();
        let pretty = format!(
            "{{\n  \"kind\": \"Secret\",\n  \"data\": {{\n    \"username\": \"{a}\",\n    \"blob\": \"{b}\"\n  }},\n  \"registry\": 1}} leaf-and-spine"
        );
        for text in [yaml, text, diff, json, nested, pretty] {
            let out = redact(&text);
            assert!(survivor(&a, &out).is_none() && survivor(&b, &out).is_none(), "{text}\n{out}");
            assert!(out.contains("registry") && out.contains("leaf-and-spine"), "{out}");
        }
    }
}

#[test]
fn data_of_anything_else_stays() {
    let text = r#"{"grant":"client_secret","data":{"fabric":"leaf-and-spine"}}"#;
    assert_eq!(redact(text), text);
}

#[test]
fn what_surrounds_a_secret_stays_readable() {
    let mut s = Seed(7);
    let token = format!("ghp_{}", s.alnum(36));
    assert_eq!(
        redact(&format!("curl -H 'Authorization: Bearer {token}' https://api.internal")),
        "curl -H 'Authorization: Bearer ‹redacted: GitHub token›' https://api.internal"
    );
    assert_eq!(
        redact("git clone https://me:hunter42@host/x"),
        "git clone https://me:‹redacted: URL credential›@host/x"
    );
    assert_eq!(redact("DB_PASSWORD=hunter42 ./run"), "DB_PASSWORD=‹redacted: password› ./run");
}

#[test]
fn a_marker_that_is_none_of_ours_hides_nothing() {
    let token = format!("ghp_{}", Seed(9).alnum(36));
    for text in [format!("‹redacted: {token}›"), format!("password: ‹redacted: password›{token}")] {
        assert!(!redact(&text).contains(&token[4..]), "{text}");
    }
}
