//! The quick reader against the full one.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::read;

/// What records are split into: raw values, parts of them at once, numbers and texts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted<'a> {
    #[serde(borrow)]
    a: Option<&'a RawValue>,
    #[serde(borrow)]
    list: Vec<Inner<'a>>,
    n: u64,
    #[serde(borrow)]
    s: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner<'a> {
    #[serde(borrow)]
    a: Option<&'a RawValue>,
    #[serde(borrow)]
    b: Option<&'a RawValue>,
}

/// What was read, so that it can be compared; raw values do not compare.
fn told<'a, T: Deserialize<'a> + std::fmt::Debug, E>(
    read: impl Fn(&'a str) -> Result<T, E>,
    text: &'a str,
) -> Option<String> {
    read(text).ok().map(|value| format!("{value:?}"))
}

/// Checks that what the quick reader reads is what the full one reads. True when it did read everything that the full one does.
fn agrees(text: &str) -> bool {
    fn of<'a, T: Deserialize<'a> + std::fmt::Debug>(text: &'a str) -> bool {
        let (quick, full) = (told(read::<T>, text), told(serde_json::from_str::<T>, text));
        assert!(quick.is_none() || quick == full, "{quick:?} instead of {full:?} in {text}");
        quick == full
    }
    let wanted = of::<Wanted<'_>>(text);
    of::<&RawValue>(text) & of::<Vec<&RawValue>>(text) & wanted
}

fn value() -> impl Strategy<Value = Value> {
    let text = || prop_oneof!["[a-z \"\\\\/\n\t\u{7f}é😀]{0,12}", "x{60,70}\\\\{0,3}", any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let key = prop_oneof![4 => "[abns]|list", 1 => "[a-z]{0,70}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

#[test]
fn what_is_as_it_is_as_a_rule_is_read_and_everything_else_is_left() {
    let raw = |text| read::<&RawValue>(text).map(RawValue::get).ok();
    for good in [
        r#"{"a":{"b":[1,-0.5e+3,true,false,null,"x\"\\\u00e9\n"]},"c":{}}"#,
        "[]",
        "[ [ ] , { } ]",
        "0",
        "-1E5",
        r#""\ud83d""#,
        r#""é""#,
    ] {
        assert_eq!(raw(good), Some(good));
    }
    for odd in [
        "",
        "{",
        "}",
        "[1,]",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":1,}"#,
        r#"{"a":1"b":2}"#,
        "[1 2]",
        "01",
        "1.",
        ".5",
        "-",
        "1e",
        "+1",
        "tru",
        "truex",
        "nul",
        r#""a"#,
        r#""\x""#,
        r#""\u12g4""#,
        r#""\u123""#,
        r#""\"#,
        "\"\t\"",
        "[\n]",
        "[1]]",
        "[}",
        "{]",
        "{\"a\":1}{",
        "1 1",
        "é",
        r"{a:1}",
        "\\n",
        r#"["a"\n]"#,
    ] {
        assert_eq!(raw(odd), None, "{odd}");
        assert!(serde_json::from_str::<&RawValue>(odd).is_err() || odd == "[\n]", "{odd}");
    }
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read::<&RawValue>(&deep(63)).is_ok() && read::<&RawValue>(&deep(64)).is_err());
    assert!(read::<Wanted<'_>>(r#"{"\u0061":1}"#).is_err(), "the full parser knows what it means");
}

#[test]
fn a_key_that_is_there_twice_is_no_more_allowed_than_it_was() {
    for twice in [r#"{"a":1,"a":2}"#, r#"{"a":null,"a":2}"#, r#"{"list":[{"b":1,"b":1}]}"#] {
        assert!(read::<Wanted<'_>>(twice).is_err() && agrees(twice), "{twice}");
    }
    assert!(read::<Wanted<'_>>(r#"{"z":1,"z":2}"#).is_ok(), "nobody wants it");
}

#[test]
fn a_string_ends_at_the_same_place_wherever_it_stands_among_blocks_of_64() {
    for before in 0..140 {
        for tail in ["", "\\\\", "\\\"", "\\\\\\\"", "\\u0022", "\\n\\n", "\\", "\\\\\\", "\\u002"] {
            let text = format!(r#"{{"a":"{}{tail}","n":7}}"#, "x".repeat(before));
            let whole = !text.contains(r#"\u002""#) && tail != "\\" && tail != "\\\\\\";
            assert_eq!(agrees(&text) && read::<Wanted<'_>>(&text).is_ok(), whole, "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_json_is_read_as_the_full_parser_reads_it(value in value()) {
        // Keys with escapes are left to it.
        let text = value.to_string();
        agrees(&text);
        prop_assert!(read::<&RawValue>(&text).is_ok(), "{}", text);
        agrees(&json!({"a": value, "list": [{"b": value}, {}], "n": 3, "s": "x"}).to_string());
    }

    #[test]
    fn what_is_broken_is_never_taken_for_whole(
        value in value(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof!["[\"\\\\{}\\[\\],:0-9a-f \u{1}]{0,3}", any::<String>()],
        cut in 0_usize..4,
    ) {
        let text = value.to_string();
        let at = crate::domain::text::prefix(&text, at.index(text.len() + 1)).len();
        let rest: String = text[at..].chars().skip(cut).collect();
        agrees(&format!("{}{with}{rest}", &text[..at]));
        agrees(&text[..at]);
    }

    #[test]
    fn anything_at_all_is_read_alike(text in "[\"\\\\{}\\[\\],:0-9a-fnrtuls. e+-]{0,40}") {
        agrees(&text);
    }
}
